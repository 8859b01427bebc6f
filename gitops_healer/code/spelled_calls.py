"""Calls of a function whose arguments stand in the text: in examples of docstrings, in tests, in tables of parametrized
tests. Nothing is run; what is no literal (or simple arithmetic) is left out."""

import ast
import doctest
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from gitops_healer.code.literals import json_of, value_of_source
from gitops_healer.core.calls import Input

MOST: Final = 500
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LARGEST: Final = 10**120
_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow,
}  # fmt: skip

Row = Mapping[str, ast.expr]


def calls_in_documentation(tree: ast.Module, name: str) -> tuple[Input, ...]:
    """Of a function by this name, in the examples of all docstrings of its module."""
    found: list[Input] = []
    for node in ast.walk(tree):
        text = ast.get_docstring(node) if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Module)) else None
        if text and f"{name}(" in text and ">>>" in text:
            found += _in_examples(text, name)
    return tuple(dict.fromkeys(found))[:MOST]


def calls_in_tests(tree: ast.Module, name: str) -> tuple[Input, ...]:
    """Of a function by this name, in a file of tests: with literals, or with parameters of a parametrized test."""
    found: list[Input] = []
    for function in ast.walk(tree):
        if isinstance(function, _FUNCTIONS):
            calls = [node for node in ast.walk(function) if _calls(node, name)]
            known = _assigned(function) if calls else {}
            rows = [{**known, **row} for row in _rows(function)] if calls else []
            found += [given for call in calls for row in rows or [known] if (given := _given(call, row)) is not None]
            if len(found) >= MOST:
                break
    return tuple(dict.fromkeys(found))[:MOST]


def _in_examples(text: str, name: str) -> Iterator[Input]:
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    known: dict[str, ast.expr] = {}
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if _calls(node, name) and (given := _given(node, known)) is not None:
                yield given
        known |= _assigned(tree)


def _assigned(tree: ast.AST) -> dict[str, ast.expr]:
    """What names are given; of several times the last, since it is only an input that is wanted."""
    assigns = (node for node in ast.walk(tree) if isinstance(node, ast.Assign) and len(node.targets) == 1)
    return {node.targets[0].id: node.value for node in assigns if isinstance(node.targets[0], ast.Name)}


def _calls(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return name == (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", ""))


def _given(call: ast.AST, row: Row) -> Input | None:
    """None when an argument is no literal, and none of the row's."""
    assert isinstance(call, ast.Call)
    try:
        positional: list[Any] = []
        for node in call.args:
            if isinstance(node, ast.Starred):
                positional += list(_value(node.value, row))
            else:
                positional.append(_value(node, row))
        named: dict[str, Any] = {}
        for keyword in call.keywords:
            value = _value(keyword.value, row)
            named |= {keyword.arg: value} if keyword.arg else dict(value)
        inner = ",".join(f"{json_of(key)}:{json_of(named[key])}" for key in sorted(named))
        return json_of(positional), f"{{{inner}}}"
    except (ValueError, TypeError, ArithmeticError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr, row: Row) -> Any:
    """Raises ValueError, TypeError or ArithmeticError."""
    if isinstance(node, ast.Name) and node.id in row:
        return _value(row[node.id], {})
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, row)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _computed(_ARITHMETIC[type(node.op)], _value(node.left, row), _value(node.right, row))
    return value_of_source(node)


def _computed(apply: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Of numbers of common size: nobody's text makes us compute for long."""
    for number in (left, right):
        if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > _LARGEST:
            raise ValueError("no number of common size")
    if apply is operator.pow and abs(right) > 400:
        raise ValueError("too large a power")
    return apply(left, right)


def _rows(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Row]:
    """What the parameters of a parametrized test hold, row by row; of several tables one after another."""
    for mark in function.decorator_list:
        if not isinstance(mark, ast.Call) or not ast.unparse(mark.func).endswith("parametrize") or len(mark.args) < 2:
            continue
        names, table = _names(mark.args[0]), mark.args[1]
        for line in table.elts if isinstance(table, ast.List | ast.Tuple) else ():
            cells = _cells(line, len(names))
            if len(cells) == len(names):
                yield dict(zip(names, cells, strict=True))


def _names(node: ast.expr) -> list[str]:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return []
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else [str(part) for part in value]


def _cells(line: ast.expr, count: int) -> Sequence[ast.expr]:
    if isinstance(line, ast.Call) and ast.unparse(line.func).endswith("param"):
        return line.args
    return line.elts if count > 1 and isinstance(line, ast.List | ast.Tuple) else [line]
