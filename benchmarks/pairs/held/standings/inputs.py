TEAMS = ["Ajax", "Brest", "Celtic*", "Dinamo", "Everton", "Fram*", "Genoa", "Hertha*", "Inter*"]


def calls(chance):
    for _ in range(50):
        pairs = [chance.sample(TEAMS, 2) for _ in range(chance.randrange(1, 9))]
        goals = [0, 0, 1, 1, 2, 3, None] if chance.random() < 0.2 else [0, 0, 1, 1, 2, 3]
        yield "standings:table", [[[*pair, chance.choice(goals), chance.choice(goals)] for pair in pairs]], {}
    for _ in range(50):
        teams = chance.sample(TEAMS, chance.randrange(1, 9))
        yield "standings:draw", [teams], {"groups": chance.choice([2, 2, 2, 3, 4])}


def essence(result):
    """A draw without its lots, its id and its time."""
    if isinstance(result, list):
        return result
    kept = {key: value for key, value in result.items() if key not in ("id", "at")}
    kept["groups"] = [[team if team.endswith("*") else "" for team in group] for group in result["groups"]]
    return kept
