"""Which conditions go with failing (or with being slow): rules of one or two literals, found by exact counting.

Every condition that enough calls share is tried with Fisher's exact test, and its p-value is multiplied by the number
of rules that were tried (Bonferroni), so that noise gives a rule in less than one of a hundred tools. Half of the calls
is held back where there are enough, and a rule must be confirmed there. Equal inputs count once: a call that a
client tries again a thousand times says no more than one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from gitops_healer.core.analysis.features import Inputs, inputs_of
from gitops_healer.core.analysis.statistics import fisher_tail
from gitops_healer.core.analysis.types import Literal, Pattern, PatternKind
from gitops_healer.core.codec import digest
from gitops_healer.core.execution import Execution

ALPHA: Final = 0.005
"""Chance of a rule where there is none."""
LIFT: Final = 0.25
"""The bad share among the covered must be higher than among the others by so much."""
LEAST: Final = 5
HELD_OUT_FROM: Final = 80
"""Different inputs from which on half is held back."""
THRESHOLDS: Final = 12
BEST: Final = 16
"""Single conditions that are tried in pairs, at most three of one feature."""
SHOWN: Final = 5


@dataclass(frozen=True)
class Case:
    """One input, or one call. literals: what holds of it."""

    literals: frozenset[Literal]
    bad: bool
    half: bool


@dataclass(frozen=True)
class _Rule:
    literals: tuple[Literal, ...]
    covered: int  # bits: which cases
    p: float = 1.0


def input_patterns(
    executions: Sequence[Execution], parameters: Sequence[str] = (), bad: Callable[[Execution], bool] | None = None
) -> tuple[Pattern, ...]:
    """Rules on the arguments. bad: what is sought, failing calls by default. An input that both passed and failed
    counts as what it did more often."""
    grouped: defaultdict[Hashable, list[Execution]] = defaultdict(list)
    for execution in executions:
        grouped[execution.args, execution.kwargs].append(execution)
    described: list[tuple[Inputs, bool, bool]] = []
    for key, same in grouped.items():
        inputs = inputs_of(same[0], parameters)
        if inputs is not None:
            wrong = sum(not e.ok if bad is None else bad(e) for e in same)
            described.append((inputs, 2 * wrong > len(same), digest(*map(str, _tuple(key)))[0] in "01234567"))
    return find(_cases(described))


def _tuple(key: Hashable) -> tuple[object, ...]:
    return key if isinstance(key, tuple) else (key,)


def _cases(described: Sequence[tuple[Inputs, bool, bool]]) -> list[Case]:
    """Adds what can only be said beside the others: thresholds, and paths that are missing."""
    cuts = _thresholds([inputs for inputs, _, _ in described])
    paths = {path for inputs, _, _ in described for path in inputs.paths}
    paths = {path for path in paths if not all(path in inputs.paths for inputs, _, _ in described)}
    return [
        Case(frozenset(inputs.literals | set(_compared(inputs, cuts)) | set(_missing(inputs, paths))), bad, half)
        for inputs, bad, half in described
    ]


def _thresholds(all_inputs: Sequence[Inputs]) -> dict[tuple[str, str], list[float]]:
    """At most 12 cuts of each measure, at quantiles that do not look at the outcome, and zero."""
    seen: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for inputs in all_inputs:
        for key, number in inputs.measures.items():
            seen[key].append(number)
    cuts = {}
    for key, numbers in seen.items():
        numbers.sort()
        chosen = {numbers[i * (len(numbers) - 1) // THRESHOLDS] for i in range(1, THRESHOLDS)} | {0.0}
        cuts[key] = sorted(cut for cut in chosen if numbers[0] <= cut < numbers[-1])
    return cuts


def _compared(inputs: Inputs, cuts: dict[tuple[str, str], list[float]]) -> Iterator[Literal]:
    for (path, what), number in inputs.measures.items():
        subject = path if what == "value" else f"the {what} of {path}"
        for cut in cuts[path, what]:
            shown = int(cut) if cut.is_integer() else cut
            yield Literal(subject, "<=" if number <= cut else ">", shown)
        if what == "value" and number < 0:
            yield Literal(subject, "<", 0)


def _missing(inputs: Inputs, paths: Iterable[str]) -> Iterator[Literal]:
    for path in paths:
        yield Literal(path, "is given" if path in inputs.paths else "is missing", None)


def find(cases: Sequence[Case]) -> tuple[Pattern, ...]:
    """The rules that stand, the one that explains most first, each explaining something that those before do not."""
    held_out = [case for case in cases if not case.half] if len(cases) >= HELD_OUT_FROM else []
    learned = [case for case in cases if case.half] if held_out else list(cases)
    rules = _search(learned)
    stands = [rule for rule in rules if not held_out or _confirmed(rule.literals, held_out)]
    found, left = [], _bits(cases, lambda case: case.bad)
    for rule in stands:
        covered = _bits(cases, lambda case, rule=rule: case.literals.issuperset(rule.literals))  # type: ignore[misc]
        if (covered & left).bit_count() >= LEAST:
            found.append(_pattern(rule, cases, covered, bool(held_out) or None))
            left &= ~covered
    return tuple(found[:SHOWN])


def _bits(cases: Sequence[Case], holds: Callable[[Case], bool]) -> int:
    return int("".join("1" if holds(case) else "0" for case in reversed(cases)) or "0", 2)


def _search(cases: Sequence[Case]) -> list[_Rule]:
    """Rules with a corrected p below ALPHA, best first. Conditions that cover the very same cases are one."""
    bad = _bits(cases, lambda case: case.bad)
    total, marked = len(cases), bad.bit_count()
    if min(marked, total - marked) < LEAST:
        return []
    singles = _singles(cases)
    tried = len(singles)
    rated = sorted((_rated(rule, bad, total) for rule in singles), key=lambda rule: (rule.p, str(rule.literals[0])))
    pairs = [
        _Rule((a.literals[0], b.literals[0]), a.covered & b.covered)
        for a, b in combinations(_various(rated), 2)
        if (a.covered & b.covered).bit_count() >= LEAST and a.covered & b.covered not in (a.covered, b.covered)
    ]
    # They were chosen from all: every pair of all counts as tried.
    better = [_times(_rated(rule, bad, total), tried * (tried - 1) / 2) for rule in pairs]
    found = [rule for rule in [_times(rule, tried) for rule in rated] + better if rule.p < ALPHA / 2]
    found = [rule for rule in found if _lift(rule.covered, bad, total) >= LIFT]
    return sorted(found, key=lambda rule: (rule.p, len(rule.literals), str(rule.literals)))


def _various(rated: Sequence[_Rule]) -> list[_Rule]:
    seen, found = Counter[str](), list[_Rule]()
    for rule in rated:
        feature = rule.literals[0].feature.rpartition(" of ")[2]
        seen[feature] += 1
        if seen[feature] <= 3:
            found.append(rule)
    return found[:BEST]


def _singles(cases: Sequence[Case]) -> list[_Rule]:
    counts = Counter(literal for case in cases for literal in case.literals)
    members: defaultdict[Literal, int] = defaultdict(int)
    for number, case in enumerate(cases):
        for literal in case.literals:
            if LEAST <= counts[literal] <= len(cases) - LEAST:
                members[literal] |= 1 << number
    simplest: dict[int, Literal] = {}
    for literal in sorted(members, key=_plainness):
        simplest.setdefault(members[literal], literal)
    return [_Rule((literal,), covered) for covered, literal in simplest.items()]


_ORDER: Final = ("is of type", "is missing", "is empty", "<", "=", "is", ">", "<=")


def _plainness(literal: Literal) -> tuple[int, int, str]:
    """Of two conditions that cover the same calls the one that says why is shown."""
    place = _ORDER.index(literal.test) if literal.test in _ORDER else len(_ORDER)
    return place, len(literal.feature), str(literal)


def _rated(rule: _Rule, bad: int, total: int) -> _Rule:
    hits, drawn = (rule.covered & bad).bit_count(), rule.covered.bit_count()
    return replace(rule, p=fisher_tail(hits, drawn, bad.bit_count(), total) if hits else 1.0)


def _times(rule: _Rule, tried: float) -> _Rule:
    return replace(rule, p=min(1.0, rule.p * tried))


def _shares(covered: int, bad: int, total: int) -> tuple[float, float]:
    inside = covered.bit_count()
    hits = (covered & bad).bit_count()
    return hits / inside if inside else 0.0, (bad.bit_count() - hits) / (total - inside) if total > inside else 0.0


def _lift(covered: int, bad: int, total: int) -> float:
    inside, outside = _shares(covered, bad, total)
    return inside - outside


def _confirmed(rule: tuple[Literal, ...], cases: Sequence[Case]) -> bool:
    bad = _bits(cases, lambda case: case.bad)
    covered = _bits(cases, lambda case: case.literals.issuperset(rule))
    rated = _rated(_Rule(rule, covered), bad, len(cases))
    return rated.p < 0.05 and _lift(covered, bad, len(cases)) >= LIFT / 2


def _pattern(rule: _Rule, cases: Sequence[Case], covered: int, confirmed: bool | None) -> Pattern:
    bad = _bits(cases, lambda case: case.bad)
    inside, outside = _shares(covered, bad, len(cases))
    explained = (covered & bad).bit_count() / max(1, bad.bit_count())
    said = " and ".join(map(str, rule.literals))
    sentence = f"where {said}, {inside:.0%} of {covered.bit_count():,} fail, of the others {outside:.0%}"
    return Pattern(
        PatternKind.INPUT, sentence, rule.literals, covered.bit_count(), inside, outside, rule.p, explained, confirmed
    )
