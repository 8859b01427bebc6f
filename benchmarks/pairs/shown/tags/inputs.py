TAGS = ["#Color", "colour", "gray", "Grey ", "photo", "pics", "sea", "boat", "#sun"]


def calls(chance):
    for number in range(60):
        names = chance.sample(["a1", "b2", "c3", "d4", "e5"], chance.randrange(1, 6))
        things = [{"name": name, "tags": chance.sample(TAGS, chance.randrange(6))} for name in names]
        wanted = chance.choice(names) if number % 15 != 7 else "zz"
        yield "tags:related", [things, wanted], {"least": 0.5} if chance.random() < 0.2 else {}
        if number % 2:
            yield "tags:suggest", [things, chance.sample(TAGS, 2)], {}


def essence(result):
    if isinstance(result, list):
        return result
    related = [[name, likeness, sorted(shared)] for name, likeness, shared in result["related"]]
    return {"related": related, "bag": result["bag"], "all": sorted(result["all"])}
