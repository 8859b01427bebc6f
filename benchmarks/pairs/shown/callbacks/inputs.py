NAMES = ["Ada", "Bo", "Cy", "Dee", "Eli", "Flo"]


def calls(chance):
    for _ in range(60):
        people = [{"name": name} for name in chance.sample(NAMES, chance.randrange(1, 7))]
        for person in people:
            if chance.random() < 0.3:
                person["phone"] = chance.choice(["+49 30 4411", "030 2708", "112"])
        yield "callbacks:rota", [people], {"first_hour": chance.choice([8, 9, 13])}
