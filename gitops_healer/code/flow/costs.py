"""What costs more than it has to where it stands in a loop: single expressions and statements."""

import ast
from collections.abc import Callable
from typing import Any

from gitops_healer.code.flow.names import Scope
from gitops_healer.code.flow.syntax import grows, is_view, spelled

Report = Callable[[str, ast.AST, str], None]
"""Takes the kind, where it is, and the detail."""
Loops = tuple[Any, ...]
"""The loops and comprehensions around a place that go round more than once, the outermost first."""

TAKERS = frozenset({"sorted", "set", "frozenset", "sum", "min", "max", "any", "all", "tuple", "list"})
"""Builtins that take any iterable and read it once."""
_COPIERS: dict[str, tuple[str, ...]] = {"list": ("list", "tuple", "sorted"), "any": (), "all": ()}
"""What need not be made for a builtin, where that differs; `any` and `all` may be given one so that all of it runs."""
METHODS = frozenset({"insert", "pop", "index", "count", "remove", "compile"})
_REDUCERS = frozenset({"max", "min", "sum"})
_MAKERS = frozenset({"sorted", "list", "set", "tuple", "frozenset"})


class Costs:
    """The kinds that show in one expression, given the loops around it."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self._scope = scope
        self._report = report
        self._said: set[tuple[str, str, int]] = set()

    def _report_once(self, kind: str, node: ast.AST, name: str, detail: str, loops: Loops) -> None:
        """For what one change of the outermost loop would end wherever it stands in it."""
        key = kind, name, id(loops[0])
        if key not in self._said:
            self._said.add(key)
            self._report(kind, node, detail)

    def membership(self, node: ast.Compare, loops: Loops) -> None:
        """`x in xs`, where xs is a list that may be long."""
        right: Any = node.comparators[0]
        if right.__class__ is ast.Call:
            self.consumed(right, loops, made=_MAKERS)
            self._among_values(node, right, loops)
            inner = self.sole_argument(right, ("list", "tuple"))
            if inner is not None and is_view(inner):
                self._report("needless_list", right, ast.unparse(right))
        if not loops or right.__class__ is not ast.Name:
            return
        name = right.id
        if self._scope.kind_of(name) not in ("list", "tuple"):
            return
        changes = self._scope.changes(loops[-1])
        if name in changes.stored or not changes.only_appends(name):
            return
        if not changes.may_change(name) and self._is_short(name):
            return
        self._report("membership_in_list", node, f"{ast.unparse(node.left)} in {name}")

    def _among_values(self, node: ast.Compare, right: ast.Call, loops: Loops) -> None:
        """`x in d.values()`, where d does not change."""
        match right:
            case ast.Call(func=ast.Attribute(value=ast.Name() as table, attr="values"), args=[], keywords=[]):
                if loops and self._scope.is_unchanged(table, loops[-1]):
                    self._report("membership_in_list", node, f"{ast.unparse(node.left)} in {table.id}.values()")

    def _is_short(self, name: str) -> bool:
        """Whether a name is only ever bound to a list that is written out."""
        values = self._scope.values(name)
        return bool(values) and all(isinstance(value, ast.List) and value.elts for value in values)

    def method(self, node: ast.Call, loops: Loops) -> None:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="insert"), args=[first, _]):
                self._front(node, name, first, f"{name}.insert(0, ...)", loops)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="pop"), args=[first]):
                self._front(node, name, first, f"{name}.pop(0)", loops)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="index" | "count" | "remove" as attr),
                args=[ast.Name(id=item)],
            ):
                self._own_search(node, name, attr, item, loops)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr="compile"), args=[pattern, *_]):
                parts = [*node.args, *(keyword.value for keyword in node.keywords)]
                if all(self._is_flag(part) or self._scope.is_unchanged(part, loops[-1]) for part in parts):
                    self._report("regex_in_loop", node, ast.unparse(pattern))

    def deletion(self, node: ast.Delete, loops: Loops) -> None:
        match node.targets:
            case [ast.Subscript(value=ast.Name(id=name), slice=index)]:
                self._front(node, name, index, f"del {name}[0]", loops)

    def _front(self, node: ast.AST, name: str, index: ast.expr, detail: str, loops: Loops) -> None:
        if not _is_zero(index) or not self._is_list_of(name, loops[-1]):
            return
        if not self._is_short(name) or name in self._scope.changes(loops[0]).fed:
            self._report_once("front_of_list", node, name, detail, loops)

    @staticmethod
    def _is_flag(node: Any) -> bool:
        """`re.I | re.M` and the like."""
        if isinstance(node, ast.BinOp):
            return Costs._is_flag(node.left) and Costs._is_flag(node.right)
        return spelled(node).startswith("re.")

    def _is_list_of(self, name: str, loop: Any) -> bool:
        """Whether a name means one list all the time a loop runs."""
        return self._scope.kind_of(name) == "list" and name not in self._scope.changes(loop).stored

    def _own_search(self, node: ast.Call, name: str, attr: str, item: str, loops: Loops) -> None:
        for loop in loops:
            if loop.__class__ is ast.For and loop.target.__class__ is ast.Name and loop.target.id == item:
                source = loop.iter
                if attr == "remove":
                    found = spelled(_copied(source)) == name and self._scope.kind_of(name) == "list"
                else:
                    found = spelled(source) == name
                if found and name not in self._scope.changes(loop).stored:
                    self._report("search_in_own_loop", node, f"{name}.{attr}({item})")

    def builtin(self, node: Any, loops: Loops) -> None:
        name = node.func.id
        self.needless(node)
        if loops and name in _REDUCERS and (call := self._invariant(node, loops)):
            self._report("invariant_call", node, call)
        if node.args and name != "list":
            self.consumed(node.args[0], loops)

    def consumed(self, node: Any, loops: Loops, made: frozenset[str] = frozenset({"sorted"})) -> None:
        """A call whose result is used up at once, so that making it again each time serves nothing."""
        if not loops or node.__class__ is not ast.Call or node.func.__class__ is not ast.Name:
            return
        if node.func.id in made and (call := self._invariant(node, loops)):
            self._report("sort_in_loop" if node.func.id == "sorted" else "invariant_call", node, call)

    def _invariant(self, node: Any, loops: Loops) -> str:
        """`f(xs)` of a builtin and a name that means the same all the time the innermost loop runs, else ""."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Name(id=argument) as value], keywords=[]):
                same = self._scope.is_unchanged(value, loops[-1]) and self._is_own(name)
                return f"{name}({argument})" if same else ""
        return ""

    def _is_own(self, name: str) -> bool:
        return self._scope.is_builtin(name)

    def sole_argument(self, node: Any, names: Any) -> Any:
        """What `list(...)` is given, when that is all."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in names:
                return argument if not isinstance(argument, ast.Starred) and self._is_own(name) else None
        return None

    def needless(self, node: Any) -> None:
        """A list that is made only to be read once by a builtin that takes any iterable."""
        taker = node.func.id
        if len(node.args) != 1:
            return
        argument = node.args[0]
        if argument.__class__ is ast.ListComp:
            needless = taker in ("set", "frozenset") or (taker in ("any", "all") and self._is_plain(argument))
        else:
            made = _COPIERS.get(taker, ("list", "tuple"))
            needless = self.sole_argument(argument, made) is not None
        if needless and self._is_own(taker):
            inner = "[...]" if argument.__class__ is ast.ListComp else f"{argument.func.id}(...)"
            self._report("needless_list", node, f"{taker}({inner})")

    def _is_plain(self, node: ast.ListComp) -> bool:
        """Whether stopping early would leave nothing undone."""
        changes = self._scope.changes(node)
        return not changes.calls and not changes.suspends and not any(part.is_async for part in node.generators)

    def building(self, node: Any, loops: Loops) -> None:
        """`text += ...` and `items = items + [...]`."""
        target = node.target if node.__class__ is ast.AugAssign else node.targets[0]
        if target.__class__ is not ast.Name:
            return
        name, grown = target.id, node.__class__ is ast.AugAssign and node.op.__class__ is ast.Add
        if not grown and not (node.__class__ is ast.Assign and len(node.targets) == 1 and grows(node.value, name)):
            return
        kind = self._scope.kind_of(name)
        if kind not in ("str", "bytes", "list"):
            return
        changes = self._scope.changes(loops[-1])
        if not changes.only_grows(name):
            return
        if kind != "list" and changes.reads[name] == changes.own_reads[name]:
            self._report_once("string_building", node, name, name, loops)
        elif not grown and kind == "list":
            self._report_once("list_concatenation", node, name, name, loops)


def _is_zero(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and node.value is not False


def _copied(source: Any) -> Any:
    """What `xs[:]`, `list(xs)` or `xs.copy()` copies."""
    match source:
        case ast.Subscript(value=inner, slice=ast.Slice(lower=None, upper=None, step=None)):
            return inner
        case ast.Call(func=ast.Name(id="list"), args=[inner]) | ast.Call(func=ast.Attribute(value=inner, attr="copy")):
            return inner
    return None
