"""Whether a condition held for the values that were seen, as far as these are plain: no code of the project runs."""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Any

_MOST = 64  # combinations of values
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other, ast.NotIn: lambda one, other: one not in other,
}  # fmt: skip


def outcomes(condition: str, values: Mapping[str, tuple[str, ...]]) -> frozenset[bool]:
    """What the condition gives for the values seen, in all combinations: empty where that cannot be told.

    values: name (or `self.x`) -> reprs. Names, plain constants, comparisons, `len`, `not`, `and` and `or` are
    understood.
    """
    tree = _parsed(condition)
    names = sorted(_names(tree)) if tree is not None else []
    known = [_read(values.get(name, ())) for name in names]
    if tree is None or not names or not all(known):
        return frozenset()
    found: set[bool] = set()
    for chosen in islice(product(*known), _MOST):
        try:
            found.add(bool(_value(tree, dict(zip(names, chosen, strict=True)))))
        except (TypeError, ValueError, LookupError, ArithmeticError, NotImplementedError):
            return frozenset()
    return frozenset(found)


@lru_cache(maxsize=20_000)
def _parsed(condition: str) -> ast.expr | None:
    try:
        return ast.parse(condition, mode="eval").body
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=20_000)
def _read(values: tuple[str, ...]) -> tuple[Any, ...]:
    """Values of reprs; none when one of them is no literal."""
    try:
        return tuple(ast.literal_eval(one) for one in values)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return ()


def _names(tree: ast.AST) -> Iterator[str]:
    """`x`, `self.x`; what is called is left out."""
    match tree:
        case ast.Attribute():
            yield ast.unparse(tree)
        case ast.Name(id=name):
            yield name
        case ast.Call(args=arguments):
            for argument in arguments:
                yield from _names(argument)
        case _:
            for child in ast.iter_child_nodes(tree):
                yield from _names(child)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            return values[ast.unparse(node)]
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return not _value(inner, values)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]):
            return len(_value(inner, values))
        case ast.Compare(left=left, ops=operators, comparators=others):
            return _compared(left, operators, others, values)
    raise NotImplementedError(type(node).__name__)


def _compared(left: ast.expr, operators: list[ast.cmpop], others: list[ast.expr], values: Mapping[str, Any]) -> bool:
    now = _value(left, values)
    for sign, other in zip(operators, others, strict=True):
        then = _value(other, values)
        if not _COMPARED[type(sign)](now, then):
            return False
        now = then
    return True
