"""A loop starts, ends or steps in the wrong way, or goes over the wrong thing."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.edits import operand, replaced
from gitops_healer.repair.search.scope import UNKNOWN, Scope, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_ORDERED = frozenset({"list", "tuple", "str", "range", "bytes"})
_VIEWS = ("items", "keys", "values")
_ODD = (ast.Lambda, ast.IfExp, ast.Starred, ast.Yield, ast.NamedExpr)
Found = Iterator[tuple[float, str]]


@repair_template(
    prior=0.037,
    examples=(
        Example(
            "def f(n):\n    return [i for i in range(n)]\n", "def f(n):\n    return [i for i in range(1, n + 1)]\n"
        ),
        Example(
            "def f(a, b):\n    for i in range(a, b):  # all\n        print(i)\n",
            "def f(a, b):\n    for i in range(a, b + 1):  # all\n        print(i)\n",
        ),
        Example(
            "def f(xs):\n    for x in xs:\n        print(x)\n", "def f(xs):\n    for x in xs[1:]:\n        print(x)\n"
        ),
        Example(
            "def f(d):\n    for k, v in d:\n        print(k, v)\n",
            "def f(d):\n    for k, v in d.items():\n        print(k, v)\n",
        ),
        Example(
            "def f(xs):\n    for i in range(len(xs), 0):\n        print(xs[i])\n",
            "def f(xs):\n    for i in range(len(xs) - 1, -1, -1):\n        print(xs[i])\n",
        ),
        Example(
            "def f(xs):\n    return [b - a for a, b in zip(xs, xs)]\n",
            "def f(xs):\n    return [b - a for a, b in zip(xs, xs[1:])]\n",
        ),
    ),
)
def loop_range(target: Target) -> Iterator[Rewrite]:
    """Loop over another range or part: `range(1, n + 1)`, a negative step, `xs[1:]`, `reversed(xs)`, `d.items()`."""
    scope = scope_of(target)
    for place, iterable in _loops(target):
        now = target.text(iterable)
        best: dict[str, float] = {}
        for weight, new in _instead(target, scope, place, iterable):
            best[new] = max(weight, best.get(new, 0.0))
        for new, weight in best.items():
            if new != now:
                spans = (replaced(target, iterable, new),)
                yield Rewrite(spans, iterable.lineno, f"Loop over {new} instead of {now}", weight)


def _loops(target: Target) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in target.nodes:
        if not isinstance(node, ast.For | ast.comprehension) or isinstance(node.iter, _ODD):
            continue
        if not getattr(node, "is_async", 0) and target.source.faithful(node.iter):
            yield node.target, node.iter


def _instead(target: Target, scope: Scope, place: ast.expr, iterable: ast.expr) -> Found:
    match iterable:
        case ast.Call(func=ast.Name(id="range"), args=[_, *_] as args, keywords=[]) if not _starred(args):
            yield from _ranges(target, args)
            yield from _from_variables(target, scope, iterable, args)
            yield from _of_sequence(target.text(iterable), UNKNOWN | {"range"}, place, 0.5)
        case ast.Call(func=ast.Name(id="enumerate"), args=[sequence, *start]) if not _starred([sequence]):
            yield from _enumerations(target, sequence, bool(start))
        case ast.Call(func=ast.Name(id="zip"), args=[_, _, *_] as args) if not _starred(args):
            yield from _zips(target, iterable, args)
        case ast.Call(func=ast.Attribute(value=owner, attr=view), args=[], keywords=[]) if view in _VIEWS:
            text = operand(target, owner)
            yield from ((1.0, f"{text}.{other}()") for other in _VIEWS if other != view)
            yield from ((0.4, f"{function}({text}.{view}())") for function in ("sorted", "list"))
        case ast.Call(func=ast.Name(id="reversed" | "sorted" | "list" | "set"), args=[sequence], keywords=[]):
            yield 0.6, target.text(sequence)
            yield from _of_sequence(operand(target, sequence), UNKNOWN, place, 0.5)
        case ast.Subscript(value=value, slice=ast.Slice()):
            yield 0.7, target.text(value)
            yield from _of_sequence(operand(target, value), UNKNOWN, place, 0.6)
        case _:
            kinds = scope.visible(target.statement_of(iterable)).get(name_of(iterable), UNKNOWN)
            yield from _of_sequence(operand(target, iterable), kinds, place, 1.0)


def _starred(args: list[ast.expr]) -> bool:
    return any(isinstance(one, ast.Starred) for one in args)


def _ranges(target: Target, args: list[ast.expr]) -> Found:
    match args:
        case [stop]:
            end = target.text(stop)
            more, less = shifted(target, stop, 1), shifted(target, stop, -1)
            yield from ((1.0, f"range({one})") for one in (more, less))
            yield from ((0.9, f"range(1, {one})") for one in (end, more))
            yield from (
                (0.5, f"range({text})") for text in (f"{less}, -1, -1", f"0, {end}, 2", f"1, {less}", f"2, {end}")
            )
            yield from (
                (0.3, f"range({text})") for text in (f"2, {more}", f"-1, {end}", f"{end}, 0, -1", f"1, {end}, 2")
            )
        case [start, stop]:
            yield from _two_ended(target, start, stop, "")
            yield 0.7, f"range({target.text(stop)})"
            yield 0.5, f"range({shifted(target, stop, -1)})"
            for step in ("-1", "2"):
                yield from _two_ended(target, start, stop, f", {step}", 0.5)
                yield 0.5, f"range({target.text(start)}, {target.text(stop)}, {step})"
            yield 0.5, f"range({target.text(stop)}, {target.text(start)}, -1)"
            yield 0.5, f"range({shifted(target, stop, -1)}, {shifted(target, start, -1)}, -1)"
            yield 0.6, f"range({shifted(target, start, -1)}, {shifted(target, stop, -1)}, -1)"
        case [start, stop, step]:
            text = target.text(step)
            yield from _two_ended(target, start, stop, f", {text}")
            both = f"{target.text(start)}, {target.text(stop)}"
            yield 0.7, f"range({both})"
            yield 0.6, f"range({both}, {_negated(target, step)})"
            yield from ((0.4, f"range({both}, {shifted(target, step, by)})") for by in (1, -1))
            yield 0.4, f"range({target.text(stop)}, {target.text(start)}, {text})"


def _from_variables(target: Target, scope: Scope, iterable: ast.expr, args: list[ast.expr]) -> Found:
    """Loops that begin where another variable stands, as the inner one of two nested loops often does."""
    if len(args) > 2:
        return
    texts = [target.text(one) for one in args]
    visible = scope.visible(target.statement_of(iterable))
    numbers = [name for name, kinds in visible.items() if not kinds or "int" in kinds]
    for rank, name in enumerate([one for one in numbers if one not in (*texts, "self", "cls") and "." not in one][:4]):
        for start in (name, f"{name} + 1"):
            yield 0.6 / (1 + 0.3 * rank), f"range({start}, {texts[-1]})"


def _two_ended(target: Target, start: ast.expr, stop: ast.expr, step: str, fit: float = 1.0) -> Found:
    first, last = target.text(start), target.text(stop)
    for by in (1, -1):
        yield fit, f"range({first}, {shifted(target, stop, by)}{step})"
        yield fit, f"range({shifted(target, start, by)}, {last}{step})"
        yield 0.5 * fit, f"range({shifted(target, start, by)}, {shifted(target, stop, by)}{step})"
    yield 0.6 * fit, f"range(0, {last}{step})"
    yield 0.6 * fit, f"range(1, {last}{step})"


def shifted(target: Target, node: ast.expr, by: int) -> str:
    """The expression plus or minus one, in its shortest form: `n` for `n - 1` plus one."""
    match node:
        case ast.Constant(value=int() as value):
            return str(value + by)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return str(by - value)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int() as value)):
            total = (value if isinstance(op, ast.Add) else -value) + by
            text = target.text(left)
            return text if total == 0 else f"{text} {'+' if total > 0 else '-'} {abs(total)}"
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.FloorDiv() | ast.Mod() | ast.Pow()):
            return f"{target.text(node)} {'+' if by > 0 else '-'} 1"
    return f"{operand(target, node)} {'+' if by > 0 else '-'} 1"


def _negated(target: Target, step: ast.expr) -> str:
    if isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub):
        return target.text(step.operand)
    return f"-{operand(target, step)}"


def _enumerations(target: Target, sequence: ast.expr, started: bool) -> Found:
    text = target.text(sequence)
    yield from ((1.0, f"enumerate({text}, {start})") for start in ("1", "0", "2"))
    yield 0.8 if started else 0.0001, f"enumerate({text})"
    for part in (f"{operand(target, sequence)}[1:]", f"{operand(target, sequence)}[:-1]"):
        yield 0.6, f"enumerate({part})"
        yield 0.5, f"enumerate({part}, 1)"
    yield 0.3, f"enumerate(sorted({text}))"
    yield 0.3, f"enumerate(reversed({text}))"


def _zips(target: Target, call: ast.Call, args: list[ast.expr]) -> Found:
    texts = [target.text(one) for one in args]
    rest = "".join(
        f", {target.text(one.value)}" if one.arg is None else f", {one.arg}={target.text(one.value)}"
        for one in call.keywords
        if one.arg
    )
    if any(one.arg is None for one in call.keywords):
        return
    for number, arg in enumerate(args):
        for part in (f"{operand(target, arg)}[1:]", f"{operand(target, arg)}[:-1]", f"reversed({texts[number]})"):
            yield 0.7, f"zip({', '.join([*texts[:number], part, *texts[number + 1 :]])}{rest})"
        if isinstance(arg, ast.Subscript) and isinstance(arg.slice, ast.Slice):
            whole = target.text(arg.value)
            yield 0.7, f"zip({', '.join([*texts[:number], whole, *texts[number + 1 :]])}{rest})"


def _of_sequence(text: str, kinds: frozenset[str], place: ast.expr, fit: float) -> Found:
    """Parts, orders and views of what is looped over."""
    pairs = isinstance(place, ast.Tuple) and len(place.elts) == 2
    ordered = not kinds or bool(kinds & _ORDERED)
    if ordered:
        yield from ((0.8 * fit, f"{text}[{part}]") for part in ("1:", ":-1"))
        yield from ((0.3 * fit, f"{text}[{part}]") for part in ("::-1", "2:", "1:-1", "::2"))
        yield 0.7 * fit, f"reversed({text})"
    if "range" not in kinds:
        yield 0.6 * fit, f"sorted({text})"
        yield 0.2 * fit, f"set({text})"
    if not kinds or "dict" in kinds:
        yield from (
            (fit * (1.0 if "dict" in kinds else 0.4), f"{text}.{view}()") for view in ("items", "values", "keys")
        )
    if pairs:
        yield from ((0.8 * fit, one) for one in (f"enumerate({text})", f"zip({text}, {text}[1:])"))
        yield 0.5 * fit, f"enumerate({text}, 1)"
    elif ordered and "range" not in kinds and isinstance(place, ast.Name):
        yield 0.5 * fit, f"range(len({text}))"
    if "int" in kinds or not kinds:
        yield (1.0 if kinds else 0.3) * fit, f"range({text})"
