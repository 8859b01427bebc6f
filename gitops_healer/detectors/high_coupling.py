"""Modules in the middle of everything."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.coupling import Coupling, abstract_classes, couplings
from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.model import CodeModel
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import Scene, detector

_MIN_IMPORTERS = 10
_MOST_NAMES = 8


@detector(reads="code")
def high_coupling(scene: Scene) -> Iterable[Finding]:
    """A module that many import and that imports very many itself, so that every change passes through it.

    What it is: it imports more than `max_fan_out` (20) modules of this repository, at load time or later, and at
    least ten that are no tests import it. Imports for type checkers alone do not count. The evidence gives fan-in,
    fan-out, instability, abstractness and the distance from the main sequence (Martin 2003); none of them is judged
    by itself.

    Why it matters: a change in any of the modules that it imports may reach all that import it.

    Silent: for tests, packages (`__init__.py`) and `__main__.py`, whose work is to gather, and for modules that few
    import, such as settings, routes and the place where a program is put together.

    How to fix: split it by who needs what of it, or let it be handed what it now fetches by itself.
    """
    code = scene.code
    most = scene.settings.detection.high_coupling.max_fan_out
    load, lazy = EdgeKind.LOAD, EdgeKind.LAZY
    pairs = {(edge.source, edge.target) for edge in code.edges() if edge.kind is load or edge.kind is lazy}
    for path, coupling in sorted(couplings(pairs).items()):
        if len(coupling.imports) > most and not is_test_path(path) and _is_in_the_middle(path, coupling):
            yield _finding(code, path, coupling, most)


def _is_in_the_middle(path: str, coupling: Coupling) -> bool:
    importers = sum(not is_test_path(importer) for importer in coupling.importers)
    return importers >= _MIN_IMPORTERS and not path.endswith(("__init__.py", "__main__.py"))


def _finding(code: CodeModel, path: str, coupling: Coupling, most: int) -> Finding:
    name = code.module_name(path) or path
    out, into = len(coupling.imports), len(coupling.importers)
    return Finding(
        high_coupling.name,
        path,
        name,
        1,
        max(1, code.outlines[path].lines),
        Severity.LOW,
        f"{name} imports {out} modules of this repository and is imported by {into}",
        fingerprint(high_coupling.name, name, ""),
        risk=Risk.MEDIUM,
        priority=min(4, 1 + out // most),
        evidence=tuple(_evidence(code, path, coupling, most)),
    )


def _evidence(code: CodeModel, path: str, coupling: Coupling, most: int) -> Iterator[str]:
    yield f"{len(coupling.imports)} modules imported, {most} are allowed (detection.high_coupling.max_fan_out)"
    yield f"imports {_names(code, coupling.imports)}"
    yield f"imported by {_names(code, coupling.importers)}"
    facts = code.facts(path, detail=True)
    abstractness = abstract_classes(facts) / max(1, len(facts.classes))
    yield (
        f"instability {coupling.instability:.2f}, abstractness {abstractness:.2f}, "
        f"distance from the main sequence {coupling.distance(abstractness):.2f}"
    )


def _names(code: CodeModel, paths: Iterable[str]) -> str:
    names = sorted(code.module_name(path) or path for path in paths)
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
