NAMES = ["ada king", "Bo", " lin  wu", "maria de la cruz", "JOHN o'neil", "ö z"]


def person(chance):
    made = {"name": chance.choice(NAMES)}
    if chance.random() < 0.8:
        made["role"] = chance.choice(["visitor", "staff", "staff", "lead", "owner", None])
    if chance.random() < 0.4:
        made["known"] = chance.random() < 0.5
    return made


def calls(chance):
    for _ in range(60):
        yield "badges:badge", [person(chance)], {"night": chance.random() < 0.3}
    for _ in range(30):
        yield "badges:headcount", [[person(chance) for _ in range(chance.randrange(5))]], {}


def essence(result):
    return {key: sorted(value) if key in ("doors", "names") else value for key, value in result.items()}
