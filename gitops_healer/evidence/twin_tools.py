"""Tools that do the same: by their code, and by what was recorded of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from gitops_healer.core.execution import Execution
from gitops_healer.core.scanning import CloneFamily
from gitops_healer.core.tools import Tool, Use
from gitops_healer.evidence.tools import Tools
from gitops_healer.registry import Scene

_SAMPLE: Final = 1000
_LEAST_COMMON: Final = 3
"""With fewer equal inputs than this equal results say nothing."""

_Inputs = tuple[str | None, str | None]
_Gave = tuple[bool, str | None]


@dataclass(frozen=True)
class Side:
    """A tool of a pair, its recorded calls, and the files that mention its name, without its own."""

    tool: Tool
    use: Use
    mentioned_in: tuple[str, ...]


@dataclass(frozen=True)
class Twins:
    """Two tools. similarity: share of the code that is the same, names and literals apart, None when the code is not
    alike; varies: what differs between the copies; inputs: how many equal inputs were recorded of both, of which
    `agreeing` gave equal results (or failed alike). keep: the side that is better kept, because `why`."""

    keep: Side
    other: Side
    why: str
    similarity: float | None
    varies: tuple[str, ...]
    inputs: int
    agreeing: int

    @property
    def same(self) -> str:
        """What is the same, in a sentence."""
        said = []
        if self.similarity is not None:
            said.append(f"{self.similarity:.0%} of their code is the same, names and literals apart")
        if self.inputs:
            said.append(f"{self.agreeing:,} of {self.inputs:,} equal recorded inputs gave equal results")
        return "; ".join(said)

    @property
    def differs(self) -> str:
        """What is known to differ, or that nothing is."""
        found = list(self.varies)
        if self.keep.tool.signature != self.other.tool.signature:
            found.append(f"signature {self.keep.tool.signature} -> {self.other.tool.signature}")
        if self.inputs > self.agreeing:
            found.append(f"{self.inputs - self.agreeing:,} equal inputs gave different results")
        return "; ".join(found) or "nothing that is known"


def twins(scene: Scene, least: float) -> tuple[Twins, ...]:
    """Pairs, most alike first. least: share of the code that must be the same where nothing was recorded of both.

    Tools that gave different results for equal inputs are no twins, however alike their code is.
    """
    tools = Tools(scene)
    by_place = {(tool.path, tool.symbol): name for name, tool in tools.tools.items()}
    pairs = {pair: family for family in scene.code.families() for pair in _pairs(scene, family, by_place)}
    recorded = {name: _results(scene, tools, name) for name in tools.tools}
    found = []
    for one, two in sorted(pairs.keys() | set(_alike(recorded))):
        family = pairs.get((one, two))
        common = recorded[one].keys() & recorded[two].keys()
        agreeing = sum(recorded[one][key] == recorded[two][key] for key in common)
        alike = family is not None and family.similarity >= least
        if agreeing < len(common) or not (alike or len(common) >= _LEAST_COMMON):
            continue
        sides = _side(scene, tools, one), _side(scene, tools, two)
        keep, other, why = _better(*sides)
        similarity = family.similarity if family else None
        varies = family.varies if family else ()
        found.append(Twins(keep, other, why, similarity, varies, len(common), agreeing))
    return tuple(sorted(found, key=lambda pair: (-(pair.similarity or 0.0), -pair.inputs, pair.keep.tool.name)))


def _pairs(scene: Scene, family: CloneFamily, by_place: Mapping[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """Names of tools that are whole copies of each other in a family."""
    names = set()
    for place in family.places:
        module = scene.code.module_name(place.path) or ""
        for symbol in (place.symbol, place.symbol.removeprefix(f"{module}.")):
            if (name := by_place.get((place.path, symbol))) is not None:
                names.add(name)
    yield from combinations(sorted(names), 2)


def _results(scene: Scene, tools: Tools, name: str) -> dict[_Inputs, _Gave]:
    """{(args, kwargs): (it returned, its result or kind of failure)} of inputs that always gave the same."""
    found: dict[_Inputs, _Gave] = {}
    unsteady = set()
    for each in (name, *tools.aliases.get(name, ())):
        for call in scene.executions.executions(each, limit=_SAMPLE):
            if call.replayable and "inputs" not in call.cut and "result" not in call.cut:
                key, gave = (call.args, call.kwargs), _gave(call)
                if found.setdefault(key, gave) != gave:
                    unsteady.add(key)
    return {key: gave for key, gave in found.items() if key not in unsteady and (not gave[0] or gave[1] is not None)}


def _gave(call: Execution) -> _Gave:
    return call.ok, call.result if call.ok else (call.error.type if call.error else "")


def _alike(
    recorded: Mapping[str, Mapping[_Inputs, _Gave]],
) -> Iterator[tuple[str, str]]:
    """Pairs that gave equal results, different ones for different inputs, for enough equal inputs."""
    by_call: dict[tuple[_Inputs, _Gave], list[str]] = {}
    for name in sorted(recorded):
        for key, gave in recorded[name].items():
            if gave[0]:
                by_call.setdefault((key, gave), []).append(name)
    shared: dict[tuple[str, str], set[str | None]] = {}
    for (_, gave), names in by_call.items():
        for pair in combinations(names, 2):
            shared.setdefault(pair, set()).add(gave[1])
    yield from (pair for pair, results in shared.items() if len(results) >= _LEAST_COMMON)


def _side(scene: Scene, tools: Tools, name: str) -> Side:
    tool = tools.tools[name]
    word = tool.symbol.rpartition(".")[2]
    paths = (path for path in scene.code.included if path != tool.path)
    mentioned = tuple(path for path in paths if word in scene.code.facts(path, detail=True).details.mentions)
    return Side(tool, tools.use(name), mentioned)


def _better(one: Side, two: Side) -> tuple[Side, Side, str]:
    """The one that is called more; with equal calls the one that fails less, is mentioned more, comes first."""
    if one.use.calls != two.use.calls:
        keep, other = (one, two) if one.use.calls > two.use.calls else (two, one)
        return keep, other, f"it is called more: {keep.use.calls:,} calls to {other.use.calls:,}"
    if one.use.failed != two.use.failed:
        keep, other = (one, two) if one.use.failed < two.use.failed else (two, one)
        return keep, other, f"it fails less: {keep.use.failed:,} calls to {other.use.failed:,}"
    if len(one.mentioned_in) != len(two.mentioned_in):
        keep, other = (one, two) if len(one.mentioned_in) > len(two.mentioned_in) else (two, one)
        return keep, other, f"more files mention it: {len(keep.mentioned_in)} to {len(other.mentioned_in)}"
    return one, two, "nothing tells them apart but their names"
