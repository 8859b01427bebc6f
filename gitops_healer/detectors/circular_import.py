"""Modules that need each other while they are imported."""

from collections import Counter
from collections.abc import Iterable, Iterator

from gitops_healer.code.graph import Cycle, Edge, components
from gitops_healer.code.model import CodeModel
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import Scene, detector

_RULE = "circular_import"
_MOST_EVIDENCE = 40
_MOST_NAMES = 5
_MOST_CUT = 10
_WEIGHED = 300
"""Larger knots have their worst edge guessed by degree, since weighing each would take its square in steps."""


@detector(reads="code")
def circular_import(scene: Scene) -> Iterable[Finding]:
    """Modules that import each other while they are imported, so that one of them meets the other half made.

    Imports inside of functions, below `if TYPE_CHECKING:`, `if __name__ == "__main__":` or a constant false condition
    make no cycle, and neither does passing through the `__init__.py` of a package without taking a name from it.

    Why it matters: which of the modules is whole when the other asks for a name depends on who is imported first, so
    that code works in one program and raises ImportError or AttributeError in the next.

    How to fix: the evidence names the imports of the cycle, and of those of more than two imports a smallest set to
    remove (exact for up to 12 modules). Import where the name is used, for type checkers alone when only annotations
    need it, or move what both need to a module below them.
    """
    limit = scene.settings.detection.circular_import.max_modules
    for cycle in scene.code.cycles():
        yield _finding(scene.code, cycle, limit)


def _finding(model: CodeModel, cycle: Cycle, limit: int) -> Finding:
    names = sorted(model.module_name(path) or path for path in cycle.paths)
    edge = worst_edge(cycle)
    size = len(names)
    shown = ", ".join(names[:_MOST_NAMES]) + (f" and {size - _MOST_NAMES} more" if size > _MOST_NAMES else "")
    large = (
        f" More than {limit} modules are not repaired (detection.circular_import.max_modules)." if size > limit else ""
    )
    return Finding(
        rule=_RULE,
        path=edge.source,
        symbol=shown,
        start=edge.line,
        end=edge.line,
        severity=Severity.MEDIUM,
        message=f"{shown} import each other while they are imported.{large}",
        fingerprint=fingerprint(_RULE, model.knot(cycle), ""),
        risk=Risk.LOW if size <= 3 else Risk.MEDIUM,
        priority=min(7, 3 + size // 3),
        evidence=tuple(_evidence(model, cycle)),
        others=tuple(path for path in cycle.paths if path != edge.source),
    )


def _evidence(model: CodeModel, cycle: Cycle) -> Iterator[str]:
    for edge in cycle.edges[:_MOST_EVIDENCE]:
        yield _named(model, edge)
    if len(cycle.edges) > _MOST_EVIDENCE:
        yield f"and {len(cycle.edges) - _MOST_EVIDENCE} more imports"
    if len(cycle.edges) > 2:
        cut = model.cut(cycle)
        shown = ", ".join(_named(model, edge) for edge in cut[:_MOST_CUT])
        more = f" and {len(cut) - _MOST_CUT} more" if len(cut) > _MOST_CUT else ""
        yield f"{len(cut)} of {len(cycle.edges)} imports would have to go for no cycle to be left: {shown}{more}"


def _named(model: CodeModel, edge: Edge) -> str:
    return f"{model.module_name(edge.source)} imports {model.module_name(edge.target)} ({edge.source}:{edge.line})"


def worst_edge(cycle: Cycle) -> Edge:
    """The import whose absence leaves the fewest modules in cycles; among equals the one by the module that most
    others of the cycle import, since what everybody needs should need nobody; then the first."""
    pairs = Counter((edge.source, edge.target) for edge in cycle.edges)
    imported = Counter(target for _, target in pairs)
    left = {pair: _left(pairs, pair) if len(pairs) <= _WEIGHED else 0 for pair in pairs}
    best = min(pairs, key=lambda pair: (left[pair], pairs[pair], imported[pair[1]] - imported[pair[0]], pair))
    return next(edge for edge in cycle.edges if (edge.source, edge.target) == best)


def _left(pairs: Iterable[tuple[str, str]], without: tuple[str, str]) -> int:
    graph: dict[str, list[str]] = {}
    for source, target in pairs:
        if (source, target) != without:
            graph.setdefault(source, []).append(target)
    return sum(len(knot) for knot in components(graph) if len(knot) > 1)
