"""What a new `if` may ask and what it may give back: from the code around, the kinds of variables, the docstring."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import permutations

from gitops_healer.repair.search.blocks import function_of, is_generator, own_nodes
from gitops_healer.repair.search.edits import operand
from gitops_healer.repair.search.scope import (
    NUMBERS,
    SIZED,
    UNKNOWN,
    kind_of,
    kinds_of_annotation,
    kinds_of_types,
    names_in,
    renamed,
    scope_of,
)
from gitops_healer.repair.search.target import Target

_NEAREST = 7  # variables that a new condition speaks of; more of them are hardly ever meant
_PAIRED = 5  # variables that are compared with each other
_CONTAINERS = frozenset({"list", "dict", "set", "tuple", "str", "deque", "frozenset", "range"})
_OPPOSITE: dict[type[ast.cmpop], str] = {
    ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
    ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_EMPTY = {
    "int": ("0", "1", "-1"), "float": ("0.0", "0"), "str": ('""',), "list": ("[]",), "dict": ("{}",), "set": ("set()",),
    "tuple": ("()",), "bool": ("False", "True"), "None": ("None",), "bytes": ('b""',),
}  # fmt: skip
_SPECIAL = frozenset({"None", "0", "1", "0.0", "''", "b''", "[]", "{}", "()", "set()", "False", "deque([])"})
_NAMED = re.compile(r"(?<![\w.])(None|True|False|-?\d+|\[\]|\{\}|\(\)|\"\"|'')(?![\w.])")
_IN_WORDS = {"empty list": "[]", "empty dict": "{}", "empty string": '""', "empty set": "set()", "empty tuple": "()"}


@lru_cache(maxsize=500)
def conditions(target: Target, place: ast.stmt) -> Mapping[str, float]:
    """Conditions that can be asked before a statement, with weights 0 to 1."""
    scope = scope_of(target)
    visible = {name: kinds for name, kinds in scope.visible(place).items() if name not in ("self", "cls")}
    near = scope.closeness(place)
    found: dict[str, float] = {}
    values = target.values_at(place.lineno)
    for weight, text in (
        *_atoms(visible, near, values),
        *_pairs(target, visible, near),
        *_written(target, visible, near),
    ):
        found[text] = max(weight, found.get(text, 0.0))
    return found


def _atoms(
    visible: Mapping[str, frozenset[str]], near: Mapping[str, float], values: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[float, str]]:
    for name in list(visible)[:_NEAREST]:
        seen = values.get(name, ())
        unseen = 0.4 if seen and not any(_is_special(value) for value in seen) else 1.0
        for weight, text in _atoms_of(name, visible[name]):
            yield weight * unseen * near.get(name, 0.3), text


def _is_special(value: str) -> bool:
    """Whether a repr is that of a value for which guards are written: nothing, zero, below zero, one."""
    return value in _SPECIAL or value.startswith("-")


def _atoms_of(name: str, kinds: frozenset[str]) -> Iterator[tuple[float, str]]:
    unknown = not kinds
    if "None" in kinds or unknown:
        yield (1.0 if kinds else 0.6), f"{name} is None"
        yield 0.4, f"{name} is not None"
    if kinds & SIZED or unknown:
        yield (1.0 if kinds else 0.8), f"not {name}"
    if kinds & (SIZED | {"None", "bool"}) or unknown:
        yield 0.4, name
    if "bool" in kinds:
        yield 0.8, f"not {name}"
    if kinds & SIZED:
        yield 0.3, f"len({name}) == 1"
        yield 0.2, f"len({name}) < 2"
    if kinds & NUMBERS or unknown:
        less = 1.0 if kinds else 0.5
        ranked = (("== 0", 0.8), ("< 0", 0.7), ("<= 0", 0.5), ("== 1", 0.5), ("> 0", 0.4), ("<= 1", 0.3), ("> 1", 0.2))
        yield from ((weight * less, f"{name} {test}") for test, weight in ranked)


def _pairs(
    target: Target, visible: Mapping[str, frozenset[str]], near: Mapping[str, float]
) -> Iterator[tuple[float, str]]:
    """Comparisons of two variables; what is given stands on the right of what is counted."""
    names = sorted(list(visible)[:_PAIRED], key=lambda name: name in target.parameters)
    for one, other in permutations(names, 2):
        weight = 0.6 * min(near.get(one, 0.3), near.get(other, 0.3))
        kinds, others = visible[one], visible[other]
        alike = not kinds or not others or bool(kinds & others) or bool(kinds & NUMBERS and others & NUMBERS)
        if alike and names.index(one) < names.index(other):
            yield weight, f"{one} == {other}"
            yield weight * 0.7, f"{one} != {other}"
        if alike and not (kinds | others) & {"list", "dict", "set", "None", "bool"}:
            yield weight * 0.7, f"{one} < {other}"
            yield weight * 0.6, f"{one} <= {other}"
        if others & _CONTAINERS and not kinds & {"list", "dict", "set"}:
            yield weight, f"{one} in {other}"
            yield weight, f"{one} not in {other}"
        if others & SIZED and "int" in kinds:
            yield weight, f"{one} >= len({other})"
            yield weight * 0.7, f"{one} < len({other})"


def _written(
    target: Target, visible: Mapping[str, frozenset[str]], near: Mapping[str, float]
) -> Iterator[tuple[float, str]]:
    """Conditions that stand in the target already, their opposites, the same about another variable, and those of the
    module."""
    known = {*visible, "self", "cls", *target.ingredients.module_names}
    bound = {*target.locals}
    for node in _tests(target):
        text, names = target.text(node), names_in(target.text(node))
        if names is None or "\n" in text:
            continue
        if _readable(names, known, bound):
            weight = 0.7 * max([near.get(name, 0.3) for name in names], default=0.3)
            yield weight, text
            yield 0.7 * weight, opposite(target, node)
        yield from _about_others(text, names & bound, visible, near)
    for text, _ in target.ingredients.conditions:
        names = names_in(text)
        if names is not None and "\n" not in text and names & set(visible) and _readable(names, known, bound):
            weight = max(near.get(name, 0.3) for name in names & set(visible))
            yield 0.35 * weight, text
            yield 0.3 * weight, _denied(text)


def _readable(names: frozenset[str], known: set[str], bound: set[str]) -> bool:
    """Whether all names are bound: those of the function here, others (builtins, imports) by trust."""
    return all(name in known or (name not in bound and "." not in name) for name in names)


def _about_others(
    text: str, local: frozenset[str], visible: Mapping[str, frozenset[str]], near: Mapping[str, float]
) -> Iterator[tuple[float, str]]:
    if len(local) == 1:
        (name,) = local
        for other in list(visible)[:_PAIRED]:
            kinds = visible.get(name, UNKNOWN)
            if other != name and (not kinds or not visible[other] or kinds & visible[other]):
                yield 0.4 * near.get(other, 0.3), renamed(text, name, other)


def _tests(target: Target) -> Iterator[ast.expr]:
    for node in target.nodes:
        match node:
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                if target.source.faithful(test):
                    yield test
            case ast.BoolOp(values=values):
                yield from (value for value in values if target.source.faithful(value))


def opposite(target: Target, test: ast.expr) -> str:
    """The condition that holds when the given one does not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return target.text(inner)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{operand(target, left)} {_OPPOSITE[type(operator)]} {operand(target, right)}"
        case ast.BoolOp() | ast.IfExp() | ast.NamedExpr() | ast.Lambda() | ast.Compare():
            return f"not ({target.text(test)})"
    return f"not {target.text(test)}"


@lru_cache(maxsize=5_000)
def _denied(text: str) -> str:
    """The opposite of a condition that is known as text only."""
    test = ast.parse(text, mode="eval").body
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return ast.unparse(inner)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return f"{ast.unparse(left)} {_OPPOSITE[type(operator)]} {ast.unparse(right)}"
        case ast.BoolOp() | ast.IfExp() | ast.NamedExpr() | ast.Lambda() | ast.Compare():
            return f"not ({text})"
    return f"not {text}"


def results(target: Target, place: ast.stmt) -> Mapping[str, float]:
    """What a new `return` at a place may give back, with weights; "" for nothing, alone in generators."""
    function = function_of(target, place)
    if function is None:
        return {}
    returns = [n.value for n in own_nodes(function) if isinstance(n, ast.Return) and n.value is not None]
    if is_generator(function) or (not returns and "None" in kinds_of_types(target.returned) | _annotated(function)):
        return {"": 1.0}
    found: dict[str, float] = {} if returns else {"": 1.0}
    visible = scope_of(target).visible(place)
    for weight, text in (*_returned(target, returns, visible), *_by_kind(target, function, returns, visible)):
        found[text] = max(weight, found.get(text, 0.0))
    return found


def _annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    return kinds_of_annotation(function.returns) if function.returns is not None else UNKNOWN


def _returned(
    target: Target, returns: list[ast.expr], visible: Mapping[str, frozenset[str]]
) -> Iterator[tuple[float, str]]:
    """What other returns give back, as far as its names are bound here."""
    bound = {*target.locals}
    for value in returns:
        text, names = target.text(value), names_in(target.text(value))
        if names is not None and "\n" not in text and _readable(names, {*visible, "self", "cls"}, bound):
            yield (0.9 if isinstance(value, ast.Constant) or not names else 0.7), text


def _by_kind(
    target: Target,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    returns: list[ast.expr],
    visible: Mapping[str, frozenset[str]],
) -> Iterator[tuple[float, str]]:
    by_text = frozenset(kind for value in returns if (kind := kind_of(value)))
    kinds = kinds_of_types(target.returned) | by_text | _annotated(function)
    for kind in sorted(kinds):
        yield from ((0.8 / (1 + 0.4 * rank), text) for rank, text in enumerate(_EMPTY.get(kind, ())))
    yield 0.6, "None"
    for text in _NAMED.findall(target.docstring):
        yield 0.6, text.replace("''", '""')
    yield from ((0.6, text) for words, text in _IN_WORDS.items() if words in target.docstring.lower())
    if not kinds - {"None"}:
        yield from ((0.4, text) for text in ("False", "0", "[]", '""', "True", "1", "-1", "{}"))
    for rank, (name, held) in enumerate(visible.items()):
        if "." not in name and rank < _NEAREST and (not held or not kinds or held & kinds):
            yield 0.5 / (1 + 0.2 * rank), name
