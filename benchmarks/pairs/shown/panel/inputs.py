NAMES = ["Ada", "Bo", "Cy", "Dee", "Eli", "Flo", "Gus", "Hal", "Ida", "Jo"]


def calls(chance):
    for number in range(80):
        people = []
        for name in chance.sample(NAMES, chance.randrange(1, 11)):
            person = {"name": name, "age": chance.choice(["young", "old"])}
            if chance.random() < 0.9:
                person["region"] = chance.choice(["north", "south", "west"])
            people.append(person)
        if number % 16 == 5:
            people = []
        options = {"by": "age"} if chance.random() < 0.3 else {}
        yield "panel:draw", [people, chance.randrange(1, 8)], options


def essence(result):
    """Names by lot are only as many as there are; the estimate is by chance."""
    return {**result, "names": len(result["names"]), "error": 0 <= result["error"] <= 1}
