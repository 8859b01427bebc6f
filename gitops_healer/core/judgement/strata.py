"""Kinds of inputs: what tells calls that fail from calls that pass, learnt from the time before a merge alone.

A tool may fail more often because other inputs come, and not because it changed (Simpson's paradox). So calls are told
apart by one property of their inputs, or two together: the one that says most about failing, by mutual information on
the calls before the merge. What is only seen after the merge decides nothing: else the merge's own failures would
explain themselves away.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isfinite, log, sqrt
from typing import Any, Final

from gitops_healer.core.watching import Stratum

DEEPEST: Final = 3
MOST_FIELDS: Final = 64
MOST_STRATA: Final = 12
SHORT: Final = 16
"""Characters of a text that may be one of a few words."""
FEW: Final = 100
"""Whole numbers below it may be one of a few."""
MOST_DIGITS: Final = 40
LEAST_CALLS: Final = 10
"""Recorded calls before the merge that a kind needs to stand by itself."""
LEAST_EACH: Final = 5
"""Recorded calls before the merge that failed, and that passed, without which nothing is told apart."""
PAIRED: Final = 6
CERTAIN: Final = 5.0
"""Standard deviations of a normal distribution: 1 in 3 million, since many fields are tried."""
OTHERS: Final = "all others"
ABSENT: Final = "absent"


@dataclass(frozen=True)
class Sample:
    """A recorded call. kinds: see `kinds`; weight: how many calls it stands for."""

    kinds: Mapping[str, str]
    ok: bool
    weight: float = 1.0


# What an input is like


def kinds(args: str | None, kwargs: str | None) -> dict[str, str]:
    """{field: kind} of a call's inputs, given as JSON; {} for what is no JSON. Never raises.

    A field is an argument ("argument 1", "limit", "order.items[0]") and says of what type and size it is; or an
    argument and "=" for short texts and small numbers, and says which; or an argument and "is" for numbers, and says
    of which sign; or an argument and "in" for texts, and says of which characters.
    """
    found: dict[str, str] = {}
    positional, named = _loaded(args), _loaded(kwargs)
    arguments = [(f"argument {at}", value) for at, value in enumerate(positional, 1)] if _is_list(positional) else []
    if isinstance(named, dict):
        arguments += [(_spelled(name), value) for name, value in named.items()]
    for path, value in arguments:
        for field, kind in _kinds_of(path, value, DEEPEST):
            if len(found) >= MOST_FIELDS:
                return found
            found[field] = kind
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _loaded(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _kinds_of(path: str, value: Any, deep: int) -> Iterator[tuple[str, str]]:
    match value:
        case None | bool():
            yield path, json.dumps(value)
        case int() | float():
            yield path, _number(value)
            if _is_finite(value):
                yield f"{path} is", "below 0" if value < 0 else "above 0" if value > 0 else "0"
            if isinstance(value, int) and abs(value) < FEW:
                yield f"{path} =", str(value)
        case str():
            yield path, f"text of {_length(len(value))}"
            yield f"{path} in", _characters(value)
            if len(value) <= SHORT:
                yield f"{path} =", json.dumps(value)
        case list():
            yield path, f"list of {_length(len(value))}"
            if value and deep > 1:
                yield from _kinds_of(f"{path}[0]", value[0], deep - 1)
        case dict():
            yield path, f"object of {_length(len(value))}"
            if deep > 1:
                for name in sorted(value)[:MOST_FIELDS]:
                    yield from _kinds_of(f"{path}.{_spelled(name)}", value[name], deep - 1)


def _is_finite(value: int | float) -> bool:
    return isinstance(value, int) or isfinite(value)  # the largest whole numbers are no floats


def _number(value: int | float) -> str:
    if not _is_finite(value):
        return "number that is not finite"
    name, whole = "whole number" if isinstance(value, int) else "number", abs(int(value))
    if not whole:
        return f"{name} below 1"
    digits = len(str(whole)) if whole < 10**MOST_DIGITS else MOST_DIGITS
    return f"{name} of {digits} digit{'s' if digits > 1 else ''}"


def _length(length: int) -> str:
    """Classes that double: 0, 1, 2 to 3, 4 to 7."""
    if length < 2:
        return str(length)
    low = 1 << length.bit_length() - 1
    return f"{low} to {2 * low - 1}"


def _characters(text: str) -> str:
    if not text.isascii():
        return "characters beyond ASCII"
    return "digits" if text.isdigit() else "letters" if text.isalpha() else "ASCII"


def _spelled(name: str) -> str:
    return name if name.isidentifier() and name.isascii() and len(name) <= 40 else json.dumps(name)[:40]


# Which property tells most


def strata_of(before: Sequence[Sample], after: Sequence[Sample]) -> tuple[Stratum, ...]:
    """Both sides by kind of input, at most twelve; () when nothing separates failing from passing calls before."""
    failing = sum(not sample.ok for sample in before)
    if min(failing, len(before) - failing) < LEAST_EACH:
        return ()
    field = _telling(before)
    return tuple(_strata(field, before, after)) if field else ()


Field = tuple[str, ...]


def _kind(sample: Sample, field: Field) -> str:
    return ", ".join(f"{part} {sample.kinds.get(part, ABSENT)}" for part in field)


def _telling(before: Sequence[Sample]) -> Field:
    """The field, or pair of fields, that says most about failing, () when none says enough."""
    names = Counter(name for sample in before for name in sample.kinds)
    single = [(_score(before, (name,)), (name,)) for name in sorted(names)]
    best = sorted(single, key=lambda scored: (-scored[0], scored[1]))
    pairs = combinations([field[0] for _, field in best[:PAIRED]], 2)
    score, field = max(
        [*best, *((_score(before, pair), pair) for pair in pairs)],
        key=lambda scored: (scored[0], -len(scored[1])),
        default=(0.0, ()),
    )
    return field if score > 0 else ()


def _score(before: Sequence[Sample], field: Field) -> float:
    """Twice the mutual information of kind and outcome over all calls (the G statistic), less what as many kinds give
    by chance (Schwarz 1978); 0 when that much is likely without any relation."""
    table: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    shown = _shown(before, field)
    for sample in before:
        kind = _kind(sample, field)
        table[kind if kind in shown else OTHERS][sample.ok] += 1
    if len(table) < 2:
        return 0.0
    g, freedom = _g(list(table.values())), len(table) - 1
    return g - freedom * log(len(before)) if _deviations(g, freedom) >= CERTAIN else 0.0


def _shown(before: Sequence[Sample], field: Field) -> frozenset[str]:
    """Kinds that are frequent enough to stand by themselves."""
    counts = Counter(_kind(sample, field) for sample in before)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return frozenset(kind for kind, number in ranked[: MOST_STRATA - 1] if number >= LEAST_CALLS)


def _g(rows: Sequence[Sequence[int]]) -> float:
    columns = [sum(column) for column in zip(*rows, strict=True)]
    total = sum(columns)
    terms = (
        number * log(number * total / (sum(row) * column))
        for row in rows
        for number, column in zip(row, columns, strict=True)
        if number
    )
    return 2 * sum(terms)


def _deviations(g: float, freedom: int) -> float:
    """Of a normal distribution, that are as unlikely as a chi-square of g (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return (float((max(0.0, g) / freedom) ** (1 / 3)) - (1 - spread)) / sqrt(spread)


def _strata(field: Field, before: Sequence[Sample], after: Sequence[Sample]) -> Iterator[Stratum]:
    shown = _shown(before, field)
    sides = [_weighed(side, field, shown) for side in (before, after)]
    for kind in sorted(shown | sides[0].keys() | sides[1].keys(), key=lambda kind: (kind == OTHERS, kind)):
        old, new = (side.get(kind, (0.0, 0.0)) for side in sides)
        yield Stratum(kind, round(old[0], 3), round(old[1], 3), round(new[0], 3), round(new[1], 3))


def _weighed(side: Iterable[Sample], field: Field, shown: frozenset[str]) -> dict[str, tuple[float, float]]:
    """{kind: (calls, failed calls)}."""
    found: dict[str, tuple[float, float]] = {}
    for sample in side:
        kind = _kind(sample, field)
        kind = kind if kind in shown else OTHERS
        total, failed = found.get(kind, (0.0, 0.0))
        found[kind] = total + sample.weight, failed + (0.0 if sample.ok else sample.weight)
    return found
