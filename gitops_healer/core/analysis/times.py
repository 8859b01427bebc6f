"""Hours, days and commits at which more calls fail than at others, from the counts of every call."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from gitops_healer.core.analysis.statistics import binomial_deviance, chi_square_tail, dispersion
from gitops_healer.core.analysis.types import Literal, Pattern, PatternKind
from gitops_healer.core.execution import Slice

ALPHA: Final = 0.005
LIFT: Final = 0.1
"""Or twice as many as elsewhere and at least 2 % of the calls."""
LEAST: Final = 20
"""Calls inside and outside."""
SHOWN: Final = 3

_KINDS: Final = {"hour": PatternKind.HOUR, "weekday": PatternKind.WEEKDAY, "commit": PatternKind.COMMIT}


def time_patterns(slices: Sequence[Slice]) -> tuple[Pattern, ...]:
    """The surest first. slices: by the hour or finer.

    Likelihood ratio of two shares against one over the dispersion between hours, as chi-square, times the conditions
    tried (Bonferroni). A rule on time must have failures on three days (two at the turn of the year), on most of the
    days that it covers: an outage is no law of time.
    """
    members: defaultdict[Literal, list[Slice]] = defaultdict(list)
    for piece in slices:
        for literal in _moments(piece.start, piece.commit):
            members[literal].append(piece)
    rated = [_rated(literal, inside, slices, len(members)) for literal, inside in members.items()]
    found = sorted((one for one in rated if one is not None), key=lambda one: (one.p, one.sentence))
    return tuple(found[:SHOWN])


def _moments(start: datetime, commit: str | None) -> Iterator[Literal]:
    yield Literal("hour", "=", start.hour)
    yield Literal("weekday", "=", f"{start:%A}")
    if start.weekday() >= 5:
        yield Literal("weekday", "is at the weekend", None)
    if start.day >= 29:
        yield Literal("day of the month", ">=", 29)
    if start.day == 1:
        yield Literal("day of the month", "=", 1)
    if (start.month, start.day) in ((12, 31), (1, 1)):
        yield Literal("day", "is at the turn of the year", None)
    if commit is not None:
        yield Literal("commit", "=", commit)


def _rated(literal: Literal, inside: Sequence[Slice], slices: Sequence[Slice], tried: int) -> Pattern | None:
    covered = {id(piece) for piece in inside}
    others = [piece for piece in slices if id(piece) not in covered]
    calls, failed = _sums(inside)
    other_calls, other_failed = _sums(others)
    if min(calls, other_calls) < LEAST or not failed:
        return None
    share, other = failed / calls, other_failed / other_calls
    if share - other < LIFT and not (share >= 2 * other and share >= 0.02):
        return None
    spread = max(dispersion([(s.failed, s.total) for s in side]) for side in (inside, others))
    gain = binomial_deviance(failed + other_failed, calls + other_calls)
    gain -= binomial_deviance(failed, calls) + binomial_deviance(other_failed, other_calls)
    p = tried * chi_square_tail(gain / spread)
    if p >= ALPHA or not _returns(literal, inside, other):
        return None
    sentence = f"where the {literal}, {share:.0%} of {calls:,} fail, of the others {other:.0%}"
    kind = _KINDS.get(literal.feature, PatternKind.DAY)
    return Pattern(kind, sentence, (literal,), calls, share, other, p, failed / (failed + other_failed))


def _sums(slices: Sequence[Slice]) -> tuple[int, int]:
    return sum(piece.total for piece in slices), sum(piece.failed for piece in slices)


def _returns(literal: Literal, inside: Sequence[Slice], other: float) -> bool:
    """Whether on three of the days, and on most, more calls failed than elsewhere."""
    if literal.feature == "commit":
        return True
    calls, failed = Counter[date](), Counter[date]()
    for piece in inside:
        calls[piece.start.date()] += piece.total
        failed[piece.start.date()] += piece.failed
    worse = sum(failed[day] > other * calls[day] for day in calls)
    return worse >= (2 if literal.feature == "day" else 3) and 2 * worse > len(calls)
