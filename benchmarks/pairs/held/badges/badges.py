"""Badges for visitors, and who may go where."""

import threading

from gitops_healer.recorder import tool

LEVELS = ["visitor", "staff", "lead", "owner"]
DOORS = {"lobby": "visitor", "office": "staff", "lab": "lead", "safe": "owner"}
_CACHE = {}


def level_of(person):
    return LEVELS.index(person.get("role") or "visitor")


def doors_for(level, night):
    key = (level, night)
    if key not in _CACHE:
        names = {door for door, least in DOORS.items() if LEVELS.index(least) <= level}
        _CACHE[key] = names - {"lab"} if night else names
    return _CACHE[key]


@tool
def badge(person, night=False):
    """What is printed on a badge; the doors in no order."""
    name = person["name"].strip().title()
    initials = "".join(part[0] for part in name.split())
    escort = level_of(person) == 0 and not person.get("known", False)
    return {"name": name, "initials": initials, "doors": list(doors_for(level_of(person), night)), "escort": escort}


@tool
def headcount(people):
    """How many there are of each role, counted by threads, names in the order in which they were done."""
    counts, names, lock = dict.fromkeys(LEVELS, 0), [], threading.Lock()

    def count(person):
        with lock:
            counts[LEVELS[level_of(person)]] += 1
            names.append(person["name"])

    threads = [threading.Thread(target=count, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"counts": counts, "total": len(names), "names": names}
