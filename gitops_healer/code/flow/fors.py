"""`for` loops whose whole shape says that they do too much."""

import ast
from typing import Any

from gitops_healer.code.flow.costs import Costs, Report
from gitops_healer.code.flow.names import Scope
from gitops_healer.code.flow.syntax import is_small, is_view, names_in, spelled

_LAZY = frozenset({"range", "enumerate", "zip", "reversed", "map", "filter"})


class Fors:
    """The kinds that show in a whole `for` loop."""

    def __init__(self, scope: Scope, costs: Costs, report: Report) -> None:
        self._scope = scope
        self._costs = costs
        self._report = report

    def read(self, node: ast.For) -> None:
        self._index_loop(node)
        self._copied_source(node)
        self._search(node)
        self._join(node)

    def _copied_source(self, node: ast.For) -> None:
        """`for x in list(lazy)`, where nothing in the loop changes what is read."""
        inner = self._costs.sole_argument(node.iter, ("list", "tuple"))
        if inner is None:
            return
        lazy = is_view(inner) or inner.__class__ is ast.GeneratorExp
        if inner.__class__ is ast.Call and inner.func.__class__ is ast.Name and self._scope.is_builtin(inner.func.id):
            if inner.func.id in ("range", "sorted"):
                self._report("needless_list", node.iter, ast.unparse(node.iter))
                return
            lazy = inner.func.id in _LAZY
        if not lazy:
            return
        changes = self._scope.changes(node)
        if changes.is_quiet and not names_in(inner) & changes.stored:
            self._report("needless_list", node.iter, ast.unparse(node.iter))

    def _index_loop(self, node: ast.For) -> None:
        match node:
            case ast.For(
                target=ast.Name(id=index),
                iter=ast.Call(
                    func=ast.Name(id="range"), keywords=[],
                    args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)], keywords=[])],
                ),
            ):  # fmt: skip
                pass
            case _:
                return
        changes = self._scope.changes(node)
        reads = sum(
            isinstance(part, ast.Subscript)
            and isinstance(part.slice, ast.Name)
            and part.slice.id == index
            and spelled(part.value) == name
            and isinstance(part.ctx, ast.Load)
            for statement in node.body
            for part in ast.walk(statement)
        )
        only = 0 < reads == changes.reads[index] == self._scope.loads(index) and not self._scope.is_captured(index)
        own = self._scope.is_builtin("range") and self._scope.is_builtin("len")
        known = self._scope.kind_of(name) in ("list", "str")  # others may mean something else by their items
        once = len(self._scope.values(index)) == 1
        if only and own and known and once and not changes.may_change(name):
            self._report("index_loop", node, f"{name}[{index}]")

    def _search(self, node: ast.For) -> None:
        """A loop that does nothing but set a flag, and goes on when it is set."""
        match node.body:
            case [ast.If(test=test, body=[ast.Assign(targets=[ast.Name(id=flag)], value=ast.Constant(value=bool(to)))],
                         orelse=[])]:  # fmt: skip
                pass
            case _:
                return
        changes = self._scope.changes(node)
        values = [value.value if isinstance(value, ast.Constant) else None for value in self._scope.values(flag)]
        if changes.calls or changes.suspends or node.orelse or flag in names_in(test) or (not to) not in values:
            return
        if all(isinstance(value, bool) for value in values) and self._ends(node.iter):
            self._report("search_goes_on", node, f"{flag} = {to}")

    def _ends(self, source: Any) -> bool:
        """Whether nothing waits for the loop to read all of its source: it is no open file or generator."""
        if isinstance(source, ast.Name):
            values = self._scope.values(source.id)
            return source.id in self._scope.arguments or bool(self._scope.kind_of(source.id)) or not values
        return isinstance(source, ast.Attribute | ast.List | ast.Tuple) or is_view(source)

    def _join(self, outer: ast.For) -> None:
        match outer.body:
            case [ast.For(target=ast.Name(id=b), iter=ys, orelse=[], body=[ast.If(test=test, orelse=[])]) as inner]:
                pass
            case _:
                return
        match (outer.target, test):
            case (
                ast.Name(id=a),
                ast.Compare(left=ast.Name() | ast.Attribute() | ast.Subscript() as left, ops=[ast.Eq()],
                            comparators=[ast.Name() | ast.Attribute() | ast.Subscript() as right]),
            ):  # fmt: skip
                pass
            case _:
                return
        known = isinstance(ys, ast.Name | ast.Attribute) and spelled(ys) and not is_small(inner.iter)
        sides = [names_in(left), names_in(right)]
        plain = isinstance(outer.iter, ast.Name | ast.Attribute) and _is_key(left) and _is_key(right)
        if known and plain and sides in ([{a}, {b}], [{b}, {a}]) and not names_in(ys) & {a, b}:
            self._report("quadratic_join", outer, ast.unparse(test))


def _is_key(node: Any) -> bool:
    """A name, or one attribute or constant item of it."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant)
    return isinstance(node, ast.Name) or isinstance(node.value, ast.Name)
