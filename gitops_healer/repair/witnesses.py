"""All witnesses heard: executions, tests, docstring, siblings, callers."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gitops_healer.code.source import Source
from gitops_healer.repair.callers import read_callers
from gitops_healer.repair.docstring import read_docstring
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight, settle
from gitops_healer.repair.expectations import Expectation, witness
from gitops_healer.repair.inputs import Input, bind, echoes, shown
from gitops_healer.repair.remedy import returns, spelled
from gitops_healer.repair.siblings import read_siblings


def hear(
    circumstance: Circumstance, expectations: Iterable[Expectation], callers: Sequence[Source]
) -> tuple[Evidence, ...]:
    """Everything that speaks for or against a remedy, clear evidence first, each once."""

    def witnesses() -> Iterator[Evidence]:
        yield from witness(circumstance, expectations)
        yield from read_docstring(circumstance)
        yield from read_executions(circumstance)
        yield from read_siblings(circumstance)
        yield from read_callers(circumstance, callers)

    found = settle(circumstance, witnesses())
    return tuple(sorted(found, key=lambda one: one.weight is not Weight.CLEAR))


def read_executions(circumstance: Circumstance) -> Iterator[Evidence]:
    """What the tool gave for the same input before, or gives for inputs that are odd in the same way."""
    if not circumstance.whole:
        return
    before = {given: result for given, result in circumstance.passing if given in circumstance.failing}
    yield from _agreed(circumstance, before, "the same input")
    alike: dict[Input, str | None] = {}
    elsewhere: dict[Input, str | None] = {}
    for given, result in circumstance.passing:
        bound = bind(circumstance.site, given)
        if given not in before and bound is not None and circumstance.culprits.like(bound, circumstance.names):
            (elsewhere if circumstance.repeats(bound) else alike)[given] = result
    yield from _agreed(circumstance, alike, "an input of the same kind")
    # What is odd is the same, and it works: for another reason, so it says little of this case.
    for one in _agreed(circumstance, elsewhere, "an input with the same oddity"):
        yield replace(one, weight=Weight.HINT)


def _agreed(circumstance: Circumstance, seen: dict[tuple[str, str], str | None], kind: str) -> Iterator[Evidence]:
    values = {_python(result) for result in seen.values()}
    agreed = Weight.CLEAR if len(values) == 1 else Weight.HINT
    for value in sorted(values - {""}):
        given = next(given for given, result in seen.items() if _python(result) == value)
        bound = bind(circumstance.site, given)
        weight = Weight.HINT if bound is not None and echoes(bound, value) else agreed
        count = sum(_python(result) == value for result in seen.values())
        more = f" ({count} such inputs)" if count > 1 else ""
        reason = f"{kind} succeeded: {shown(circumstance.site, given)} gave {value}{more}"
        yield Evidence(returns(value), weight, "execution", reason, general=False)


def _python(result: str | None) -> str:
    """Python source of a recorded result, "" when it was not recorded or is long."""
    try:
        return "" if result is None else spelled(json.loads(result))
    except (ValueError, RecursionError):
        return ""
