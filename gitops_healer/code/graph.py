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


class Resolver:
    """Says what import statements lead to. facts_of: the facts of a Python file of the tree."""

    def __init__(self, layout: Layout, facts_of: Callable[[str], Facts]) -> None:
        self._layout = layout
        self._facts_of = facts_of
        self._own_names: dict[str, frozenset[str]] = {}

    def edges(self, path: str) -> Iterator[Edge]:
        """The edges that leave one file, each (target, line, kind) once."""
        seen: set[tuple[str, int, EdgeKind]] = set()
        for item in self._facts_of(path).imports:
            kind = _EDGE_KINDS.get(item.kind)
            if kind is None:
                continue
            for target in self.targets(path, item):
                if target.path == path or (target.package and kind is not EdgeKind.LOAD):
                    continue
                means = EdgeKind.PACKAGE if target.package else kind
                key = (target.path, item.line, means)
                if key not in seen:
                    seen.add(key)
                    yield Edge(path, target.path, item.line, means)

    def targets(self, path: str, item: Import) -> Iterator[Target]:
        """The files of this tree that an import statement of `path` leads to, for each name that it binds."""
        if item.names:
            return self._from(path, item)
        return self._plain(path, item)

    def _plain(self, path: str, item: Import) -> Iterator[Target]:
        """`import a.b.c`. Where only `a` is of this tree the rest is made at run time or fails, but `a` runs."""
        name, whole = item.module, True
        while name:
            file = self._layout.resolve(path, name)
            if file is not None:
                yield Target(file, item.bound, not whole)
                yield from (Target(above, item.bound, True) for above in self._layout.ancestors(file))
                return
            name, whole = name.rpartition(".")[0], False

    def _from(self, path: str, item: Import) -> Iterator[Target]:
        layout = self._layout
        base = layout.relative(path, item.level, item.module) if item.level else layout.resolve(path, item.module)
        directory = self._directory(path, item)
        if base is None and directory is None:
            return
        passed: set[str] = set()
        for name, bound in self._expanded(item, base):
            inner = None if directory is None else layout.file_at(f"{directory}/{name}" if directory else name)
            if inner is not None and (base is None or name not in self._names_of(base)):
                yield Target(inner, bound, False)
                passed.update(layout.ancestors(inner))
            elif base is not None:
                yield Target(base, bound, False)
                passed.update(layout.ancestors(base))
        yield from (Target(above, "", True) for above in sorted(passed))

    def _directory(self, path: str, item: Import) -> str | None:
        """Where submodules of the module of a `from` statement lie."""
        if not item.level:
            return self._layout.directory_of(path, item.module)
        directory = self._layout.relative_dir(path, item.level)
        if directory is None:
            return None
        rest = item.module.replace(".", "/")
        return f"{directory}/{rest}" if directory and rest else directory or rest

    def _expanded(self, item: Import, base: str | None) -> Iterator[tuple[str, str]]:
        """The names of a `from` statement; a star also stands for the submodules that `__all__` lists."""
        for name, bound in item.names:
            yield name, bound
            if name == "*" and base is not None and base.endswith("__init__.py"):
                yield from ((listed, listed) for listed in self._facts_of(base).exports or ())

    def _names_of(self, base: str) -> frozenset[str]:
        """Names to which a package itself gives a meaning, so that no submodule of that name is what is imported."""
        if not base.endswith("__init__.py"):
            return frozenset()
        if base not in self._own_names:
            facts = self._facts_of(base)
            imported = (
                bound
                for item in facts.imports
                if item.kind.at_load
                for name, bound in item.names
                if not self._is_submodule(base, item, name)
            )
            self._own_names[base] = facts.names | frozenset(imported)
        return self._own_names[base]

    def _is_submodule(self, base: str, item: Import, name: str) -> bool:
        """`from . import name` in the package itself: its submodule, not something else of the same name."""
        own = base.removesuffix("__init__.py").removesuffix("/")
        return self._directory(base, item) == own and self._layout.file_at(f"{own}/{name}" if own else name) is not None


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
