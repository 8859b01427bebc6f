"""What is meant stands in another function of the project, about other names."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from gitops_healer.repair.search.blocks import Draft, by_size, written
from gitops_healer.repair.search.edits import put
from gitops_healer.repair.search.ingredients import gather
from gitops_healer.repair.search.scope import renamed
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._calls import BUILTINS
from gitops_healer.repair.search.templates._places import (
    alike,
    can_stand,
    conditions,
    functions_of_module,
    one_line,
    short,
    variables_at,
)
from gitops_healer.repair.search.templates._terms import closeness
from gitops_healer.repair.search.types import Types, fits, type_of

_MOST = 80
_EACH = 5  # for each statement of the function
_SOURCES = 400  # texts that are looked at
_FREE = 2  # names of the other function that are given another meaning
_CHOICES = 4  # variables that each of them may stand for
_SIMPLE = (ast.Name, ast.Constant, ast.Attribute)


@repair_template(
    prior=0.03,
    examples=(
        Example(
            "def g(order):\n    return order.total() * order.rate\n\ndef f(x):\n    return x.total()\n",
            "def g(order):\n    return order.total() * order.rate\n\ndef f(x):\n    return x.total() * x.rate\n",
        ),
        Example(
            "def g(rows):\n    if len(rows[0]) > 3:\n        return 1\n\ndef f(xs):\n    if xs:\n        return 2\n",
            "def g(rows):\n    if len(rows[0]) > 3:\n        return 1\n\n"
            "def f(xs):\n    if len(xs[0]) > 3:\n        return 2\n",
        ),
    ),
)
def borrowed_expression(target: Target) -> Iterator[Rewrite]:
    """Use an expression of another function, about the variables here: `order.net()` -> `line.net()`."""
    yield from written(target, _drafts(target), by_size(target, _EACH, _MOST))


@dataclass(frozen=True)
class _Loan:
    """free: names that mean nothing in the target; kept: names and attributes that say what it is about."""

    text: str
    expr: ast.expr
    free: tuple[str, ...]
    kept: frozenset[str]


@lru_cache(maxsize=16)
def _loans(target: Target, deciding: bool) -> tuple[_Loan, ...]:
    """Expressions of other functions with at least one and at most a few names that are not known here."""
    known = {*target.ingredients.module_names, *functions_of_module(target), *BUILTINS, "self", "cls"}
    own = set(target.locals)
    found = []
    for text in _texts(target, deciding):
        expr = _read(text)
        names = _names(expr) if expr is not None else ()
        free = tuple(name for name in names if name not in known)
        if expr is not None and free and len(free) <= _FREE and not set(free) <= own:
            found.append(_Loan(text, expr, free, _about(expr)))
    return tuple(found)


def _texts(target: Target, deciding: bool) -> Iterator[str]:
    here, known = target.qualname, target.ingredients
    known = known if known.statements or known.calls else gather(target.source)
    if deciding:
        yield from (text for text, origin in known.conditions[:_SOURCES] if origin != here)
        return
    yield from (text for text, origin in known.calls[:_SOURCES] if origin != here)
    for text, origin in known.statements[:_SOURCES]:
        if origin != here and (value := _value_of(text)):
            yield value


@lru_cache(maxsize=8192)
def _value_of(text: str) -> str:
    """What a statement returns or assigns, "" when that is nothing that is put together."""
    try:
        statement = ast.parse(text).body[0]
    except (SyntaxError, ValueError, IndexError):
        return ""
    value = statement.value if isinstance(statement, ast.Return | ast.Assign) else None
    if value is None or isinstance(value, (*_SIMPLE, ast.Call)):
        return ""
    return ast.get_source_segment(text, value) or ""


@lru_cache(maxsize=8192)
def _read(text: str) -> ast.expr | None:
    """An expression that means the same elsewhere: nothing in it waits, yields or binds names of its own."""
    if not one_line(text):
        return None
    try:
        expr = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    bound = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda, ast.comprehension, ast.JoinedStr)
    return None if any(isinstance(n, (*bound, ast.Starred)) for n in ast.walk(expr)) else expr


def _names(expr: ast.expr) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.id for n in ast.walk(expr) if isinstance(n, ast.Name)))


def _about(expr: ast.AST) -> frozenset[str]:
    """Attributes, methods and functions that an expression speaks of."""
    attributes = {n.attr for n in ast.walk(expr) if isinstance(n, ast.Attribute)}
    called = {n.func.id for n in ast.walk(expr) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return frozenset(attributes | called)


def _drafts(target: Target) -> Iterator[Draft]:
    deciding = frozenset(conditions(target))
    for node in target.places:
        if node not in deciding and not _is_slot(target, node):
            continue
        now, types, about = target.text(node), type_of(target, node), _about(node)
        names = frozenset(_names(node))
        near = _nearest(target, node)
        for loan in _loans(target, node in deciding):
            fit = _fit(target, node, loan, types, about)
            for text, weight in _meant(loan, near, names) if fit else ():
                if text != now and can_stand(target, node, text):
                    likely = min(1.0, fit * weight)
                    yield Draft(likely, node.lineno, partial(_rewrite, target, node, text, likely))


def _is_slot(target: Target, node: ast.expr) -> bool:
    """Whether an expression stands where any other could."""
    if isinstance(node, ast.Slice | ast.Lambda | ast.JoinedStr | ast.Starred):
        return False
    parent = target.parent(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return False
    return isinstance(parent, ast.Return | ast.Assign | ast.AugAssign | ast.Call | ast.keyword | ast.Compare)


def _fit(target: Target, node: ast.expr, loan: _Loan, types: Types, about: frozenset[str]) -> float:
    """How well another function's expression goes in a place, 0 when its type speaks against it."""
    kind = type_of(target, loan.expr)
    if types and kind and not fits(kind, types):
        return 0.0
    shared = len(about & loan.kept)
    if not shared and not isinstance(node, _SIMPLE) and type(node) is not type(loan.expr):
        return 0.0
    known = 1.0 if types and kind else 0.6
    return known * (0.6 if shared else 0.3) / (1 + 0.1 * max(0, len(ast.dump(loan.expr)) // 100 - 1))


@lru_cache(maxsize=2048)
def _nearest(target: Target, node: ast.expr) -> Mapping[str, float]:
    near = {name: share * closeness(target, name, node.lineno) for name, _, share in variables_at(target, node)}
    return dict(sorted(near.items(), key=lambda pair: -pair[1])[:12])


def _meant(loan: _Loan, near: Mapping[str, float], names: frozenset[str]) -> Iterator[tuple[str, float]]:
    """The expression about variables here: about those of the same name, else about those near."""
    choices = [_choices(name, near, names) for name in loan.free]
    for chosen in product(*choices):
        if len({name for name, _ in chosen}) < len(chosen):
            continue
        text, weight = loan.text, 1.0
        for number, (old, (_, share)) in enumerate(zip(loan.free, chosen, strict=True)):
            text, weight = renamed(text, old, f"_{number}_"), weight * share
        for number, (new, _) in enumerate(chosen):
            text = text.replace(f"_{number}_", new)
        yield text, weight


def _choices(name: str, near: Mapping[str, float], names: frozenset[str]) -> list[tuple[str, float]]:
    if name in near:
        return [(name, 1.0)]
    found = [(one, w * (0.5 + 0.5 * alike(one, name)) * (1.0 if one in names else 0.6)) for one, w in near.items()]
    return sorted(found, key=lambda pair: -pair[1])[:_CHOICES]


def _rewrite(target: Target, node: ast.expr, text: str, weight: float) -> Rewrite:
    title = f"Use {short(text)} instead of {short(target.text(node))}, as elsewhere"
    return Rewrite((put(target, node, text),), node.lineno, title, weight)
