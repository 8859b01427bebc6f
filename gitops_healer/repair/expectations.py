"""What the project's tests expect of a function, read from their source: calls with plain arguments, and results."""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_healer.code.source import Function, Source
from gitops_healer.core.codec import canonical
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.inputs import Input, bind, echoes, shown
from gitops_healer.repair.remedy import raises, returns, spelled

_SELF_ASSERTS = {"assertEqual": 2, "assertEquals": 2, "assertIs": 2, "assertAlmostEqual": 2, "assertListEqual": 2,
                 "assertDictEqual": 2}  # fmt: skip
_SELF_CONSTANTS = {"assertIsNone": None, "assertTrue": True, "assertFalse": False}


@dataclass(frozen=True)
class Expectation:
    """A test expects `function(*given)` to give a value (Python source) or to raise an error (class name).

    given: canonical JSON, or None when the arguments are not plain; where: `path:line`; test: the test function.
    """

    given: Input | None
    value: str
    error: str
    where: str
    test: str


def read_expectations(source: Source, name: str) -> Iterator[Expectation]:
    """All expectations about functions called `name` in one test file."""
    functions = [node for node in ast.walk(source.tree) if isinstance(node, Function)]
    for node in sorted(functions, key=lambda function: function.lineno):
        rows = tuple(_rows(node))
        for inner in ast.walk(node):
            for call, value, error in _asserted(inner, name):
                for row in rows or ({},):
                    yield Expectation(
                        _given(call, row) if _stateless(call, node) else None,
                        _value(value, row),
                        error,
                        f"{source.path}:{call.lineno}",
                        node.name,
                    )


def witness(circumstance: Circumstance, expectations: Iterable[Expectation]) -> Iterator[Evidence]:
    """Expectations about the failing inputs, or about inputs that are odd in the same way."""
    for expectation in expectations:
        if expectation.given is None or not (expectation.value or expectation.error):
            continue
        same = expectation.given in circumstance.failing
        bound = bind(circumstance.site, expectation.given)
        alike = bound is not None and circumstance.culprits.like(bound, circumstance.names)
        if same or alike:
            remedy = raises(expectation.error) if expectation.error else returns(expectation.value)
            what = f"{expectation.test} ({expectation.where}) expects {expectation.value or expectation.error}"
            reason = f"{what} for {shown(circumstance.site, expectation.given)}"
            elsewhere = bound is not None and not same and expectation.given in circumstance.holding
            doubtful = elsewhere and circumstance.repeats(bound or {})
            came_back = bound is not None and echoes(bound, expectation.value)
            weight = Weight.HINT if doubtful or came_back else Weight.CLEAR
            yield Evidence(remedy, weight, "test", reason, general=False)


def constants(source: Source, test: str) -> tuple[str, ...]:
    """Plain values in the comparisons of one test function, in the order of the text: what it may expect."""
    found: dict[str, None] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == test:
            for inner in ast.walk(node):
                for value in _compared(inner):
                    text = _literal_source(value, {})
                    if text:
                        found.setdefault(text)
            for row in _rows(node):
                found |= dict.fromkeys(text for value in row.values() if (text := spelled(value)))
    return tuple(found)


def _compared(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Assert(test=ast.Compare(left=left, comparators=rights)):
            yield from (left, *rights)
        case ast.Assert(test=ast.UnaryOp(op=ast.Not())):
            yield ast.Constant(False)
        case ast.Call(func=ast.Attribute(attr=attr), args=args) if attr in _SELF_ASSERTS:
            yield from args[:2]
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in _SELF_CONSTANTS:
            yield ast.Constant(_SELF_CONSTANTS[attr])


def _asserted(node: ast.AST, name: str) -> Iterator[tuple[ast.Call, ast.expr | None, str]]:
    """(call of the function, expected value, expected error)."""
    match node:
        case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right])):
            yield from _sides(left, right, name)
        case ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call)) if _calls(call, name):
            yield call, None, ""
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            error = next((found for item in items if (found := _raising(item.context_expr))), "")
            for inner in (n for statement in body for n in ast.walk(statement) if error):
                if isinstance(inner, ast.Call) and _calls(inner, name):
                    yield inner, None, error
        case ast.Call(func=ast.Attribute(attr=attr), args=[left, right, *_]) if attr in _SELF_ASSERTS:
            yield from _sides(left, right, name)
        case ast.Call(func=ast.Attribute(attr=attr), args=[ast.Call() as call, *_]) if attr in _SELF_CONSTANTS:
            if _calls(call, name):
                yield call, ast.Constant(_SELF_CONSTANTS[attr]), ""


def _stateless(call: ast.Call, test: Function) -> bool:
    """Whether the arguments are all that the result depends on: a function, a method of a class, or of a new instance
    that was made without arguments and is used for nothing else."""
    match call.func:
        case ast.Attribute(value=ast.Call(args=[], keywords=[])) | ast.Name():
            return True
        case ast.Attribute(value=ast.Name(id=name)):
            made = [n.value for n in ast.walk(test) if isinstance(n, ast.Assign) and _binds(n, name)]
            uses = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(test)) - len(made)
            fresh = len(made) == 1 and isinstance(made[0], ast.Call) and not made[0].args and not made[0].keywords
            return not made or (fresh and uses == 1)
        case ast.Attribute(value=value):
            return not isinstance(value, ast.Call)
        case _:
            return False


def _binds(assignment: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in assignment.targets)


def _sides(left: ast.expr, right: ast.expr, name: str) -> Iterator[tuple[ast.Call, ast.expr, str]]:
    for call, value in ((left, right), (right, left)):
        called = call.value if isinstance(call, ast.Await) else call
        if isinstance(called, ast.Call) and _calls(called, name):
            yield called, value, ""


def _calls(call: ast.Call, name: str) -> bool:
    match call.func:
        case ast.Name(id=called) | ast.Attribute(attr=called):
            return called == name
        case _:
            return False


def _raising(context: ast.expr) -> str:
    match context:
        case ast.Call(func=ast.Attribute(attr="raises" | "assertRaises" | "assertRaisesRegex"), args=[error, *_]):
            return _error_name(error)
        case ast.Call(func=ast.Name(id="raises"), args=[error, *_]):
            return _error_name(error)
        case _:
            return ""


def _error_name(error: ast.expr) -> str:
    match error:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Tuple(elts=[first, *_]):
            return _error_name(first)
        case _:
            return ""


def _rows(function: Function) -> Iterator[Mapping[str, Any]]:
    """The rows of `@pytest.mark.parametrize("a, b", [...])`: {name: value}, rows that are not plain left out."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(
                func=ast.Attribute(attr="parametrize"), args=[names, ast.List(elts=rows) | ast.Tuple(elts=rows), *_]
            ):
                titles = _titles(names)
                for row in rows:
                    values = _literal(_parameter(row))
                    cells = [values] if len(titles) == 1 else values
                    if isinstance(cells, list | tuple) and len(cells) == len(titles) and values is not _NO_LITERAL:
                        yield dict(zip(titles, cells, strict=True))


def _parameter(row: ast.expr) -> ast.expr:
    match row:
        case ast.Call(func=ast.Attribute(attr="param"), args=args):
            return args[0] if len(args) == 1 else ast.Tuple(list(args), ast.Load())
        case _:
            return row


def _titles(names: ast.expr) -> list[str]:
    value = _literal(names)
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    return [str(part).strip() for part in parts]


class _NoLiteral:
    """What an expression gives that is not a plain value."""


_NO_LITERAL = _NoLiteral()


def _literal(node: ast.expr, names: Mapping[str, Any] | None = None) -> Any:
    if isinstance(node, ast.Name) and names and node.id in names:
        return names[node.id]
    match node:
        case ast.Call(func=ast.Attribute(attr="approx") | ast.Name(id="approx"), args=[value, *_]):
            return _literal(value, names)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _NO_LITERAL


def _literal_source(node: ast.expr, names: Mapping[str, Any]) -> str:
    value = _literal(node, names)
    return "" if value is _NO_LITERAL else spelled(value)


def _value(node: ast.expr | None, row: Mapping[str, Any]) -> str:
    return "" if node is None else _literal_source(node, row)


def _given(call: ast.Call, row: Mapping[str, Any]) -> Input | None:
    """The arguments as they would be recorded; None when one of them is not plain JSON."""
    args = [_literal(argument, row) for argument in call.args]
    kwargs = {k.arg: _literal(k.value, row) for k in call.keywords}
    if _NO_LITERAL in [*args, *kwargs.values()] or None in kwargs:
        return None
    try:
        given = canonical(args), canonical(kwargs)
        return given if json.loads(given[0]) == args else None
    except (TypeError, ValueError):
        return None
