"""Packages that lean on something less steady than themselves."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.coupling import Leaning, leanings
from gitops_healer.code.graph import Edge, EdgeKind
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.detectors._imports import imports_among, module_names
from gitops_healer.registry import Scene, detector

_MIN_IMPORTERS = 5
_MIN_PACKAGES = 5
_MOST_EDGES = 10


@detector(reads="code")
def unstable_dependency(scene: Scene) -> Iterable[Finding]:
    """A package that many need imports one that changes more easily than itself.

    What it is: the Stable Dependencies Principle (Martin 2003): depend in the direction of stability. Instability of a
    package is Ce / (Ca + Ce): Ca modules outside import something of it, Ce modules of it import something outside.
    Found are packages that at least five modules import, and that import, at load time, a package whose instability
    is larger by `min_difference` (0.3) or more.

    Why it matters: what is easy to change there drags along everybody who relies on the stable package.

    Silent: for tests, for a package and what lies inside of it, and in repositories of fewer than five packages.
    Imports inside of functions are taken for deliberate; they count in the instability and are not reported.

    How to fix: move what is needed down into the stable package, or let the caller hand it in.
    """
    name_of = module_names(scene.code)
    package_of = {name: _package(path, name) for path, name in name_of.items()}
    if len(set(package_of.values())) < _MIN_PACKAGES:
        return
    lines: dict[tuple[str, str], list[Edge]] = {}
    for edge in imports_among(scene.code, name_of):
        lines.setdefault((name_of[edge.source], name_of[edge.target]), []).append(edge)
    policy = scene.settings.detection.unstable_dependency
    for leaning in leanings(lines, package_of, policy.min_difference, _MIN_IMPORTERS):
        loading = [edge for pair in leaning.edges for edge in lines[pair] if edge.kind is EdgeKind.LOAD]
        if loading:
            yield _finding(leaning, sorted(loading))


def _package(path: str, name: str) -> str:
    return name if path.endswith("__init__.py") else name.rpartition(".")[0]


def _finding(leaning: Leaning, edges: list[Edge]) -> Finding:
    first = edges[0]
    pair = f"{leaning.source} -> {leaning.target}"
    return Finding(
        unstable_dependency.name,
        first.source,
        pair,
        first.line,
        first.line,
        Severity.LOW,
        f"{leaning.source} (instability {leaning.stable:.2f}) depends on {leaning.target} ({leaning.unstable:.2f})",
        fingerprint(unstable_dependency.name, pair, ""),
        risk=Risk.MEDIUM,
        priority=1,
        evidence=tuple(_evidence(leaning, edges)),
        others=tuple(sorted({edge.source for edge in edges} - {first.source})),
    )


def _evidence(leaning: Leaning, edges: list[Edge]) -> Iterator[str]:
    yield f"{leaning.importers} modules outside import something of {leaning.source}"
    yield from (f"{edge.source}:{edge.line} imports {edge.target}" for edge in edges[:_MOST_EDGES])
    if len(edges) > _MOST_EDGES:
        yield f"and {len(edges) - _MOST_EDGES} more imports"
