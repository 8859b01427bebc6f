"""The import graph with four kinds of edges, and its cycles."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from gitops_healer.code.facts import Facts, Import, ImportKind
from gitops_healer.code.layout import Layout


class EdgeKind(Enum):
    """LOAD: runs while the importer is imported; LAZY: later, if at all; TYPING: only for type checkers;
    PACKAGE: `__init__.py` files that run on the way to what is imported."""

    LOAD = "load"
    LAZY = "lazy"
    TYPING = "typing"
    PACKAGE = "package"


class Edge(NamedTuple):
    """source and target: paths; line: of the import statement."""

    source: str
    target: str
    line: int
    kind: EdgeKind


class Target(NamedTuple):
    """What one name of an import statement leads to. bound: the name that it binds; package: only passed through."""

    path: str
    bound: str
    package: bool


class Cycle(NamedTuple):
    """Modules that need each other to be imported. paths: sorted; edges: the LOAD edges among them, sorted."""

    paths: tuple[str, ...]
    edges: tuple[Edge, ...]


_EDGE_KINDS = {
    ImportKind.MODULE: EdgeKind.LOAD,
    ImportKind.CONDITIONAL: EdgeKind.LOAD,
    ImportKind.TRY: EdgeKind.LOAD,
    ImportKind.FUNCTION: EdgeKind.LAZY,
    ImportKind.MAIN: EdgeKind.LAZY,
    ImportKind.TYPE_CHECKING: EdgeKind.TYPING,
}


def edges_of(path: str, facts: Facts, layout: Layout, facts_of: Callable[[str], Facts]) -> Iterator[Edge]:
    """The edges that leave one file, each (target, line, kind) once."""
    seen: set[tuple[str, int, EdgeKind]] = set()
    for item in facts.imports:
        kind = _EDGE_KINDS.get(item.kind)
        if kind is None:
            continue
        for target in targets_of(path, item, layout, facts_of):
            means = EdgeKind.PACKAGE if target.package and kind is EdgeKind.LOAD else kind
            if target.path != path and not (target.package and kind is not EdgeKind.LOAD):
                key = (target.path, item.line, means)
                if key not in seen:
                    seen.add(key)
                    yield Edge(path, target.path, item.line, means)


def targets_of(path: str, item: Import, layout: Layout, facts_of: Callable[[str], Facts]) -> Iterator[Target]:
    """The files of this tree that an import statement of `path` leads to, for each name that it binds."""
    if not item.names:
        file = layout.resolve(path, item.module)
        if file is not None:
            yield Target(file, item.bound, False)
            yield from (Target(above, item.bound, True) for above in layout.ancestors(file))
        else:
            yield from _attributes(path, item, layout)
        return
    base = layout.relative(path, item.level, item.module) if item.level else layout.resolve(path, item.module)
    directory = _directory(path, item, layout)
    passed = [base, *layout.ancestors(base)] if base is not None else []
    for name, bound in _expanded(item, base, facts_of):
        inner = None if directory is None else layout.file_at(f"{directory}/{name}" if directory else name)
        if inner is not None and (base is None or not _binds(base, name, layout, facts_of)):
            yield Target(inner, bound, False)
            yield from (Target(above, bound, True) for above in passed or layout.ancestors(inner))
        elif base is not None:
            yield Target(base, bound, False)
            yield from (Target(above, bound, True) for above in passed[1:])


def _attributes(path: str, item: Import, layout: Layout) -> Iterator[Target]:
    """`import a.b` where only `a` is of this tree: it fails or is made at run time, but `a` runs."""
    name = item.module
    while "." in name:
        name = name.rpartition(".")[0]
        file = layout.resolve(path, name)
        if file is not None:
            yield Target(file, item.bound, True)
            return


def _directory(path: str, item: Import, layout: Layout) -> str | None:
    """Where submodules of the module of a `from` statement lie."""
    if item.level:
        directory = layout.relative_dir(path, item.level)
        if directory is None:
            return None
        rest = item.module.replace(".", "/")
        return f"{directory}/{rest}" if directory and rest else directory or rest
    return layout.directory_of(path, item.module)


def _expanded(item: Import, base: str | None, facts_of: Callable[[str], Facts]) -> Iterable[tuple[str, str]]:
    """The names of a `from` statement; a star also stands for the submodules that `__all__` lists."""
    for name, bound in item.names:
        yield name, bound
        if name == "*" and base is not None and base.endswith("__init__.py"):
            yield from ((listed, listed) for listed in facts_of(base).exports or ())


def _binds(base: str, name: str, layout: Layout, facts_of: Callable[[str], Facts]) -> bool:
    """Whether a package itself gives a name its meaning, so that the submodule of that name is not what is imported."""
    if not base.endswith("__init__.py"):
        return False
    facts = facts_of(base)
    if name in facts.names:
        return True
    return any(
        bound == name and not _is_submodule(base, item, imported, layout)
        for item in facts.imports
        if item.kind.at_load
        for imported, bound in item.names
    )


def _is_submodule(base: str, item: Import, imported: str, layout: Layout) -> bool:
    """`from . import name` in the package itself: its submodule, not something else of the same name."""
    directory = _directory(base, item, layout)
    own = base.removesuffix("/__init__.py")
    return directory == own and layout.file_at(f"{directory}/{imported}") is not None


def cycles_of(paths: Iterable[str], edges: Iterable[Edge]) -> tuple[Cycle, ...]:
    """The strongly connected components of more than one module of the LOAD edges, by their first path."""
    inside = set(paths)
    load = [edge for edge in edges if edge.kind is EdgeKind.LOAD and edge.source in inside and edge.target in inside]
    graph: dict[str, list[str]] = {path: [] for path in sorted(inside)}
    for edge in load:
        graph[edge.source].append(edge.target)
    knots = [tuple(sorted(knot)) for knot in components(graph) if len(knot) > 1]
    knot_of = {path: knot for knot in knots for path in knot}
    within: dict[tuple[str, ...], list[Edge]] = {knot: [] for knot in knots}
    for edge in load:
        knot = knot_of.get(edge.source)
        if knot is not None and knot_of.get(edge.target) is knot:
            within[knot].append(edge)
    return tuple(Cycle(knot, tuple(sorted(set(within[knot]), key=_order))) for knot in sorted(knots))


def _order(edge: Edge) -> tuple[str, str, int]:
    return edge.source, edge.target, edge.line


def components(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Strongly connected components, by Tarjan's algorithm without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    for start in graph:
        if start in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(start, iter(graph[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph.get(target, ()))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node) if stack[-1] != node else len(stack) - 1
                    found.append(stack[cut:])
                    on_stack.difference_update(stack[cut:])
                    del stack[cut:]
    return found
