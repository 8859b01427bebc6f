"""Tables of a league."""

import random
import time
import uuid

from gitops_healer.recorder import tool


def blank(name):
    return {"team": name, "played": 0, "points": 0, "goals": 0, "against": 0}


@tool
def table(matches):
    """Who is where. matches: [home, away, home goals, away goals]; without goals it was not played."""
    rows = {}
    for home, away, scored, got in matches:
        ours, theirs = rows.setdefault(home, blank(home)), rows.setdefault(away, blank(away))
        if scored is None or got is None:
            continue
        for row, made, had in ((ours, scored, got), (theirs, got, scored)):
            row["played"] += 1
            row["goals"] += made
            row["against"] += had
            row["points"] += 3 if made > had else 1 if made == had else 0
    return sorted(rows.values(), key=lambda row: (-row["points"], row["against"] - row["goals"], row["team"]))


@tool
def draw(teams, groups=2):
    """Groups by lot, seeded teams apart. Each draw has an id and says when it was made."""
    seeded = [team for team in teams if team.endswith("*")]
    others = [team for team in teams if not team.endswith("*")]
    random.shuffle(others)
    pots = [[] for _ in range(groups)]
    for number, team in enumerate(seeded):
        pots[number % groups].append(team)
    for team in others:
        smallest = min(pots, key=len)
        smallest.append(team)
    fixtures = sum(len(pot) * (len(pot) - 1) // 2 for pot in pots)
    return {
        "id": str(uuid.uuid4()),
        "at": time.time(),
        "groups": pots,
        "sizes": [len(pot) for pot in pots],
        "fixtures": fixtures,
        "seeded": [team.rstrip("*") for team in seeded],
    }
