"""Which of the patches that pass is what was meant.

Patches that do the same on all observed calls are one behaviour. A behaviour is as likely as its patches together, each
weighed by a log-linear model over `features`; the likeliest and smallest patch speaks for it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.trials import Observed
from gitops_healer.repair.search import features
from gitops_healer.repair.search.searching import Survivor

# How much each feature speaks for a patch (see `features`).
WEIGHTS: Mapping[str, float] = {
    "prior": 1.0,
    "size": -0.7,
    "foreign": -0.3,
    "unused": -1.2,
    "used": 0.8,
    "degenerate": -2.0,
    "two": -1.0,
    "caution": -0.7,
    "same": 1.3,
    "errs": -2.5,
    "heals": 0.5,
    "hangs": -4.0,
    "kept": 2.0,
    "broke": -4.0,
}
# How much speaks for the first patch being right at all: beside its share of the likelihood, what kind of patch it is.
CONFIDENCE: Mapping[str, float] = {
    "one": -1.5,
    "share": 0.8,
    "prior": 0.25,
    "tests": 0.4,
    "size": -0.3,
    "same": 1.0,
    "kept": 1.0,
    "broke": -3.0,
    "caution": -1.0,
    "two": -1.0,
    "foreign": -0.3,
    "rivals": -1.5,
}
_UNSEEN = "?"
_LONGEST, _CONTEXT = 120, 30  # characters of a call or an ending that are shown, and before a difference
_SEEN = 8  # calls without which nothing is certain
_CERTAIN = 0.9  # confidence from which a patch is not asked about


@dataclass(frozen=True, eq=False)
class Scored:
    survivor: Survivor
    features: features.Features
    score: float


@dataclass(frozen=True, eq=False)
class Behaviour:
    """Patches that do the same, best first. endings: on all observed calls; share: of all likelihood."""

    members: tuple[Scored, ...]
    endings: tuple[str, ...]
    share: float = 0.0

    @property
    def best(self) -> Scored:
        return self.members[0]


@dataclass(frozen=True)
class Ranking:
    """behaviours: likeliest first; calls: what was observed, by place in `endings`; before: how they end unchanged."""

    behaviours: tuple[Behaviour, ...]
    calls: tuple[str, ...]
    tested: tuple[bool, ...]
    before: tuple[str, ...] = ()

    @property
    def certain(self) -> bool:
        """One behaviour is far likelier than all others, and the calls that were seen could tell them apart."""
        return self.visible and self.confidence >= _CERTAIN

    @property
    def visible(self) -> bool:
        """Whether enough calls were seen that no test makes, and the mistake shows in one that a test makes: else
        nothing was compared (functions that return functions, or leave their results elsewhere)."""
        if not self.behaviours:
            return False
        seen = list(zip(self.before, self.behaviours[0].endings, self.tested, strict=False))
        others = sum(not tested and new[:1] in ("=", "!") for _, new, tested in seen)
        return others >= _SEEN and any(tested and old != new for old, new, tested in seen)

    @property
    def confidence(self) -> float:
        """0 to 1: that the first patch is what is meant (a logistic model, fitted by `benchmarks/ranking.py`)."""
        if not self.behaviours:
            return 0.0
        found = grounds(self.behaviours[0].best.features, self.behaviours[0].share)
        return 1 / (1 + math.exp(-features.summed(found, CONFIDENCE)))


def grounds(found: features.Features, share: float) -> dict[str, float]:
    """What confidence in a first patch rests on: its features, `one`, and the log odds of its share (at most 6)."""
    odds = math.log(share / (1 - share)) if share < 1 else 6.0
    return {**found, "one": 1.0, "share": max(-6.0, min(6.0, odds))}


def rank(
    survivors: Sequence[Survivor],
    observations: Sequence[Observed],
    more: Mapping[int, features.Features],
) -> Ranking:
    """observations: of each function in which a survivor is, versions numbered like the survivors; more: further
    features of a survivor."""
    scored = [
        scored_of(survivor, observations, number, more.get(number, {})) for number, survivor in enumerate(survivors)
    ]
    groups: dict[tuple[str, ...], list[Scored]] = {}
    for number, one in enumerate(scored):
        # What could not be observed (it needs a fresh import) is like nothing else.
        groups.setdefault(_endings(observations, number) or (_UNSEEN, f"{number}"), []).append(one)
    behaviours = [
        Behaviour(_ordered(members), () if endings[:1] == (_UNSEEN,) else endings)
        for endings, members in groups.items()
    ]
    shares = features.shares([_together(behaviour.members) for behaviour in behaviours])
    with_shares = [Behaviour(b.members, b.endings, share) for b, share in zip(behaviours, shares, strict=True)]
    ordered = sorted(with_shares, key=lambda b: (-b.share, _best_first(b.best)))
    calls = tuple(call for observed in observations for call in observed.calls)
    tested = tuple(tested for observed in observations for tested in observed.tested)
    return Ranking(tuple(ordered), calls, tested, _endings(observations, -1))


def _ordered(members: Sequence[Scored]) -> tuple[Scored, ...]:
    """Best first, with `rivals`: how many others the same template has for the same line that no call tells from the
    best one. `items[0]` and `items[-1]` are not the same because nothing that was seen had two items."""
    best, *others = sorted(members, key=_best_first)
    mine = best.survivor.proposal
    alike = [one.survivor.proposal for one in others]
    count = sum((one.template, one.path, one.line) == (mine.template, mine.path, mine.line) for one in alike)
    return (replace(best, features={**best.features, "rivals": math.log1p(count)}), *others)


def scored_of(survivor: Survivor, observations: Iterable[Observed], number: int, more: features.Features) -> Scored:
    found = features.of_text(survivor.proposal)
    behaviour = [features.of_behaviour(observed, number) for observed in observations]
    for name in {name for one in behaviour for name in one}:
        values = [one[name] for one in behaviour if name in one]
        found[name] = sum(values) / len(values)
    found |= more
    return Scored(survivor, found, features.summed(found, WEIGHTS))


def _endings(observations: Iterable[Observed], number: int) -> tuple[str, ...]:
    """On all observed calls, "" where it was not observed; empty when it was nowhere."""
    parts = [observed.endings.get(number) or ("",) * len(observed.calls) for observed in observations]
    endings = tuple(ending for part in parts for ending in part)
    return endings if any(endings) else ()


def _together(members: Sequence[Scored]) -> float:
    """The best one, raised a little for others that say the same: they are not independent witnesses."""
    best = members[0].score
    others = sum(math.exp(one.score - best) for one in members[1:])
    return best + 0.5 * math.log1p(others)


def _best_first(scored: Scored) -> tuple[float, int, str]:
    proposal = scored.survivor.proposal
    return -scored.score, sum(len(edit.old) + len(edit.new) for edit in proposal.change.edits), proposal.title


def difference(ranking: Ranking, one: Behaviour, other: Behaviour, most: int = 3) -> tuple[str, ...]:
    """Calls that end differently, shortest first: `f(3) gives 1, not: gives 2`."""
    found = [
        (call, mine, its)
        for call, mine, its in zip(ranking.calls, one.endings, other.endings, strict=False)
        if mine != its and mine and its
    ]
    found.sort(key=lambda item: (item[1].startswith("~") or item[2].startswith("~"), len(item[0]), item[0]))
    return tuple(
        f"{_short(call)} {_told(*_apart(mine, its))}, not: {_told(*_apart(its, mine))}"
        for call, mine, its in found[:most]
    )


def _apart(mine: str, its: str) -> tuple[str, str]:
    """(how the call ends, what it gives, from a little before where the other one differs)"""
    same = 0
    while same < min(len(mine), len(its)) and mine[same] == its[same]:
        same += 1
    begin = max(2, same - _CONTEXT) if same > 2 * _CONTEXT else 2
    return mine[:2], ("…" if begin > 2 else "") + _short(mine[begin:])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _told(how: str, what: str) -> str:
    return {"= ": f"gives {what}", "! ": f"raises {what}"}.get(how, "takes too long")
