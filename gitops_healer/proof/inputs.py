"""Inputs that were recorded or declared, and why others cannot be used."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Final

from gitops_healer.code.declared import declared_cases
from gitops_healer.code.literals import value_of_json
from gitops_healer.code.source import read_source
from gitops_healer.core.calls import Input
from gitops_healer.core.execution import Execution
from gitops_healer.core.sampling import UNKNOWN_ERROR, error_of, input_of, shape, stratified
from gitops_healer.core.shadowing import Origin, Sample
from gitops_healer.evidence.tools import Tools
from gitops_healer.proof.filling import REDACTED, filled
from gitops_healer.registry import Scene

READ: Final = 2000
"""The newest calls of each outcome and name that are looked at."""
_REASONS: Final = 20
OTHER: Final = "other reasons"


@dataclass(frozen=True)
class Gathered:
    """samples: different inputs, in fair order; unreplayable: reason -> calls that cannot be made again; total: calls
    that were looked at, those that come again and those that cannot be made again too; masked: inputs from which
    secrets were left out."""

    samples: tuple[Sample, ...] = ()
    unreplayable: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    masked: tuple[Input, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """The same with the calls themselves. names: under which they were recorded, that of today first."""

    executions: tuple[Execution, ...] = ()
    unreplayable: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    names: tuple[str, ...] = ()
    masked: tuple[Input, ...] = ()


def recorded_samples(scene: Scene, tool: str, *, window: timedelta, most: int) -> Gathered:
    """Inputs of recorded calls of a tool, under all names that it had; at most `most`, none older than `window`."""
    found = recorded_executions(scene, tool, window=window, most=most)
    return Gathered(tuple(map(_sample, found.executions)), found.unreplayable, found.total, found.masked)


def recorded_executions(scene: Scene, tool: str, *, window: timedelta, most: int) -> Recorded:
    """Recorded calls that can be made again, passed and failed, each input once (as it ended last), in fair order."""
    names = Tools(scene).names(tool)
    since = scene.now - window
    calls = [
        call
        for name in names
        for ok in (False, True)
        for call in scene.executions.executions(name, since=since, ok=ok, limit=READ)
    ]
    usable, reasons = _sorted_out(calls)
    masked = tuple(dict.fromkeys(input_of(call) for call in calls if call.unreplayable == REDACTED and not call.cut))
    return Recorded(stratified(usable, most, now=scene.now), _counted(reasons), len(calls), names, masked)


def filled_samples(masked: Sequence[Input], most: int, seed: int) -> tuple[Sample, ...]:
    """At most `most` different inputs with made-up values where secrets were left out; the same for the same seed."""
    random = Random(seed)
    order = random.sample(masked, min(len(masked), most))
    made = dict.fromkeys(one for given in order if (one := filled(given, random)) is not None)
    return tuple(Sample(one, Origin.GENERATED, stratum=shape(one)) for one in made)


def declared_samples(scene: Scene, tool: str, path: str, symbol: str = "") -> tuple[Sample, ...]:
    """Inputs of the test cases that a tool declares in its source. symbol: its qualified name inside of the file, that
    in the tool's name by default."""
    data = scene.repository.read(scene.commit, path)
    source = read_source(path, data) if data is not None else None
    cases = declared_cases(source, symbol or tool.partition(":")[2]) if source is not None else ()
    given = dict.fromkeys(case.given for case in cases)
    return tuple(Sample(one, Origin.DECLARED, stratum=shape(one)) for one in given)


def _sample(call: Execution) -> Sample:
    given, error = input_of(call), error_of(call)
    failed = "" if call.ok else call.error.type if call.error else UNKNOWN_ERROR
    return Sample(given, Origin.RECORDED, failed, f"{error} {shape(given)}".strip())


def _sorted_out(calls: Iterable[Execution]) -> tuple[Sequence[Execution], Counter[str]]:
    """Calls that can be made again, and how many cannot be, by reason."""
    usable: list[Execution] = []
    reasons: Counter[str] = Counter()
    known: dict[tuple[str, str], str] = {}
    for call in calls:
        reason = _obstacle(call)
        if not reason:
            given = input_of(call)
            reason = known[given] if given in known else known.setdefault(given, _unreadable(given))
        if reason:
            reasons[reason] += 1
        else:
            usable.append(call)
    return usable, reasons


def _obstacle(call: Execution) -> str:
    if call.unreplayable:
        return call.unreplayable
    if "inputs" in call.cut:
        return "inputs too long to be kept"
    return "" if call.replayable else "inputs not recorded"


def _unreadable(given: tuple[str, str]) -> str:
    """Lines of other programs may hold anything."""
    try:
        args, kwargs = value_of_json(given[0]), value_of_json(given[1])
    except ValueError:
        return "inputs hold a value that cannot be made again"
    return "" if isinstance(args, list) and isinstance(kwargs, dict) else "inputs are no list and object of arguments"


def _counted(reasons: Counter[str]) -> dict[str, int]:
    """Most frequent first; many different ones, as other programs may give them, are counted together."""
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ranked[_REASONS:])
    return dict(ranked[:_REASONS]) | ({OTHER: rest} if rest else {})
