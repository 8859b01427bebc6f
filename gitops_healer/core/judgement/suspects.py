"""How likely each commit is to be the culprit before anything is run: by what it touches, and by when failures began.

Both only say where to look first. No weight can make a commit certain: runs have to name it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log
from typing import Final

from gitops_healer.core.attribution import Candidate
from gitops_healer.core.judgement.noisy_search import ANY

Place = tuple[str, str]
"""(path, name of a function without its classes): frames of older recordings say no more."""
Tally = tuple[int, int]
"""(calls, failed ones)"""

FUNCTION: Final = 8.0
"""It changed what fails itself, or a function on the way to it: 8 to 1, as was measured to save 10 to 18 % of runs."""
REACHED: Final = 4.0
IDLE: Final = 0.1
"""Only tests or texts: they can break a test, and a program that reads them."""
_MOST_BY_COUNTS: Final = 4.0
_HEARD: Final = 20
"""Calls of a commit that count at most: failures come in bursts, and a thousand of one burst say little more."""
_NAMED: Final = 3


@dataclass(frozen=True)
class Step:
    """What one commit changed against its first parent. upgrade: ours, "" for people's; functions: that came, went or
    are different; everywhere: files that may reach anything (dependencies, configuration, data); idle: nothing but
    tests and texts."""

    commit: str
    title: str
    author: str
    upgrade: str = ""
    paths: frozenset[str] = frozenset()
    functions: frozenset[Place] = frozenset()
    everywhere: tuple[str, ...] = ()
    idle: bool = False


@dataclass(frozen=True)
class Reach:
    """What runs when it fails. functions: those that fail and those on the way; files: where these are, and all that
    these import."""

    functions: frozenset[Place] = frozenset()
    files: frozenset[str] = frozenset()


def suspects(
    steps: Sequence[Step], reach: Reach, before: Tally = (0, 0), tallies: Mapping[str, Tally] | None = None
) -> tuple[Candidate, ...]:
    """Candidates with weights, in the order of the steps (newest last). before: calls at the last good commit and
    earlier; tallies: calls by commit, as far as they were recorded with one."""
    tallies = tallies or {}
    told = by_counts((before, *(tallies.get(step.commit, (0, 0)) for step in steps)))
    found = []
    for step, factor in zip(steps, told, strict=True):
        weight, reasons = by_touch(step, reach)
        if factor >= 2:
            reasons = (*reasons, "recorded failures began with it")
        elif factor <= 0.5:
            reasons = (*reasons, "recorded failures did not begin with it")
        found.append(Candidate(step.commit, step.title, step.author, step.upgrade, weight * factor, reasons))
    return tuple(found)


def by_touch(step: Step, reach: Reach) -> tuple[float, tuple[str, ...]]:
    """(how much more likely than a commit that touches nothing of it, why)"""
    changed = sorted(step.functions & reach.functions)
    if changed:
        return FUNCTION, (f"it changed {_listed([name for _, name in changed])}, which runs when it fails",)
    reached = sorted(step.paths & reach.files)
    if reached:
        return REACHED, (f"it changed {_listed(reached)}, which is loaded by what fails",)
    if step.everywhere:
        return REACHED, (f"it changed {_listed(sorted(step.everywhere))}, which may reach everything",)
    if step.idle:
        return IDLE, ("it changed only tests or texts",)
    return 1.0, ()


def by_counts(tallies: Sequence[Tally]) -> tuple[float, ...]:
    """A factor for each commit but the first of `tallies` (what was before): the likelihood of all counts when failures
    began with it, against that of the average candidate, between 1/4 and 4.

    Likelihood: calls before it fail at one rate and those from it on at a higher one, both unknown (Jeffreys priors);
    where the rate did not rise, all fail at one rate.
    """
    heard = [_bounded(tally) for tally in tallies]
    totals = [0, *accumulate(total for total, _ in heard)]
    failures = [0.0, *accumulate(failed for _, failed in heard)]
    if not totals[-1]:
        return (1.0,) * (len(tallies) - 1)
    scores, pooled = [], _log_evidence(totals[-1], failures[-1])
    for at in range(1, len(tallies)):
        early = totals[at], failures[at]
        late = totals[-1] - totals[at], failures[-1] - failures[at]
        rose = late[0] and (not early[0] or late[1] / late[0] > early[1] / early[0])
        scores.append(_log_evidence(*early) + _log_evidence(*late) if rose else pooled)
    top = max(scores)
    mean = top + log(sum(exp(score - top) for score in scores) / len(scores))
    bound = log(_MOST_BY_COUNTS)
    return tuple(exp(max(-bound, min(bound, score - mean))) for score in scores)


def _bounded(tally: Tally) -> tuple[int, float]:
    total, failed = tally
    heard = min(total, _HEARD)
    return heard, min(failed, total) * heard / total if total > 0 else 0.0


def _log_evidence(total: float, failed: float) -> float:
    return ANY.log_evidence(failed, total - failed)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
