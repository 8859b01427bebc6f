"""What can be known of an `if` test without running it."""

import ast
from collections import Counter
from enum import Enum
from functools import cached_property


class Truth(Enum):
    """TYPING: false at run time, true for a type checker; MAIN: true only for the script itself."""

    UNKNOWN = "unknown"
    TRUE = "true"
    FALSE = "false"
    TYPING = "typing"
    NOT_TYPING = "not typing"
    MAIN = "main"
    NOT_MAIN = "not main"


_OPPOSITE = {
    Truth.UNKNOWN: Truth.UNKNOWN,
    Truth.TRUE: Truth.FALSE,
    Truth.FALSE: Truth.TRUE,
    Truth.TYPING: Truth.NOT_TYPING,
    Truth.NOT_TYPING: Truth.TYPING,
    Truth.MAIN: Truth.NOT_MAIN,
    Truth.NOT_MAIN: Truth.MAIN,
}
_TYPING_MODULES = ("typing", "typing_extensions")


class TruthTeller:
    """Knows the constants of one module: `TYPE_CHECKING` under any name, names set once to a constant."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree

    def of(self, test: ast.expr) -> Truth:
        match test:
            case ast.Constant(value=value):
                return Truth.TRUE if value else Truth.FALSE
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(attr="TYPE_CHECKING"):
                return Truth.TYPING
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _OPPOSITE[self.of(operand)]
            case ast.BoolOp(op=ast.And(), values=values):
                return _all([self.of(value) for value in values])
            case ast.BoolOp(op=ast.Or(), values=values):
                return _OPPOSITE[_all([_OPPOSITE[self.of(value)] for value in values])]
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _main(left, op, right)
        return Truth.UNKNOWN

    def _name(self, name: str) -> Truth:
        if name == "TYPE_CHECKING" or name in self._typing_names:
            return Truth.TYPING
        constant = self._constants.get(name) if name in self._assigned else None
        return Truth.UNKNOWN if constant is None else Truth.TRUE if constant else Truth.FALSE

    @cached_property
    def _typing_names(self) -> frozenset[str]:
        """Names that `TYPE_CHECKING` was imported as."""
        return frozenset(
            alias.asname
            for node in self._tree.body
            if isinstance(node, ast.ImportFrom) and node.module in _TYPING_MODULES
            for alias in node.names
            if alias.name == "TYPE_CHECKING" and alias.asname
        )

    @cached_property
    def _assigned(self) -> dict[str, bool]:
        """Names that a plain statement of the module sets to a constant."""
        return {
            target.id: bool(node.value.value)
            for node in self._tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    @cached_property
    def _constants(self) -> dict[str, bool]:
        """Names set to a constant by one plain statement of the module and bound nowhere else in it."""
        bound: Counter[str] = Counter()
        for node in ast.walk(self._tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                    bound[name] += 1
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    bound.update(names)
                case ast.alias(name=name, asname=asname):
                    bound[asname or name.partition(".")[0]] += 1
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    bound[name] += 1
        return {name: value for name, value in self._assigned.items() if bound[name] == 1}


def _all(parts: list[Truth]) -> Truth:
    """The truth of `and`: false when any part is false at run time, and false in the strongest known way."""
    for decisive in (Truth.FALSE, Truth.TYPING, Truth.MAIN):
        if decisive in parts:
            return decisive
    if all(part is Truth.TRUE for part in parts):
        return Truth.TRUE
    rest = [part for part in parts if part is not Truth.TRUE]
    return rest[0] if len(set(rest)) == 1 else Truth.UNKNOWN


def _main(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Truth:
    """`__name__ == "__main__"`, either way round."""
    match (left, right):
        case (ast.Name(id="__name__"), ast.Constant(value="__main__")) | (
            ast.Constant(value="__main__"),
            ast.Name(id="__name__"),
        ):
            return (
                Truth.MAIN if isinstance(op, ast.Eq) else Truth.NOT_MAIN if isinstance(op, ast.NotEq) else Truth.UNKNOWN
            )
    return Truth.UNKNOWN
