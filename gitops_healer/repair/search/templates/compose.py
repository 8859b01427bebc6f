"""A small expression is missing that stands nowhere else in the code."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from gitops_healer.repair.search.blocks import Draft, by_size, written
from gitops_healer.repair.search.edits import put
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import ADD, MULTIPLY, beside, can_stand, plain, short
from gitops_healer.repair.search.templates._terms import Term, terms_at
from gitops_healer.repair.search.types import NUMBERS, Types, fits, heads, surely, type_of

_MOST = 250
_EACH = 24  # for each statement of the function
_SLICED = ("list", "tuple", "str", "bytes")
_PAIRED = 7  # terms of a fitting type that are combined with each other

Made = tuple[str, float]


@repair_template(
    prior=0.04,
    examples=(
        Example(
            "def f(out: list[int], end: int):\n    out[-1] = end\n",
            "def f(out: list[int], end: int):\n    out[-1] = max(out[-1], end)\n",
        ),
        Example(
            "def f(path: list[str], task: str):\n    return path\n",
            "def f(path: list[str], task: str):\n    return path[path.index(task):]\n",
        ),
        Example(
            "def tax(n: int) -> int:\n    return n // 5\n\ndef f(a: int, n: int):\n    return a > 50\n",
            "def tax(n: int) -> int:\n    return n // 5\n\ndef f(a: int, n: int):\n    return a - tax(n) > 50\n",
        ),
        Example(
            "def f(n: int, coin: int, coins: dict[int, int]):\n    return n // coin\n",
            "def f(n: int, coin: int, coins: dict[int, int]):\n    return min(n // coin, coins.get(coin, 0))\n",
        ),
        Example(
            "def f(n: int, below: bool):\n    return n\n",
            "def f(n: int, below: bool):\n    return -n if below else n\n",
        ),
        Example(
            'def f(text: str, width: int):\n    return text[:width] + "..."\n',
            'def f(text: str, width: int):\n    return text[:width - 3] + "..."\n',
        ),
    ),
)
def compose(target: Target) -> Iterator[Rewrite]:
    """Calculate with one more thing in scope: `end` -> `max(xs[-1], end)`, `total` -> `total - discount(order)`."""
    yield from written(target, _drafts(target), by_size(target, _EACH, _MOST))


def _drafts(target: Target) -> Iterator[Draft]:
    for node in target.places:
        weight = _weight(target, node)
        types = type_of(target, node) if weight else frozenset()
        if not weight or not (types or isinstance(target.parent(node), ast.Return)):
            continue
        now = target.text(node)
        for text, share in _composed(target, node, types):
            if text != now and can_stand(target, node, text):
                likely = min(1.0, weight * share)
                yield Draft(likely, node.lineno, partial(_rewrite, target, node, text, likely))


def _rewrite(target: Target, node: ast.expr, text: str, weight: float) -> Rewrite:
    title = f"Use {short(text)} instead of {short(target.text(node))}"
    return Rewrite((put(target, node, text),), node.lineno, title, weight)


def _weight(target: Target, node: ast.expr) -> float:
    """How likely something is missing in the place of an expression; 0 where nothing can be."""
    if isinstance(node, ast.Slice | ast.Lambda | ast.Starred | ast.JoinedStr | ast.Compare | ast.BoolOp):
        return 0.0
    parent = target.parent(node)
    match parent:
        case ast.Return() | ast.Assign() | ast.Yield():
            return 1.0
        case ast.Call(func=inner) if inner is node:
            return 0.0
        case ast.Subscript(value=inner) if inner is node:
            return 0.0
        case ast.Call() | ast.keyword() | ast.Compare() | ast.AugAssign() | ast.Slice() | ast.Subscript():
            return 0.8
        case ast.Tuple() | ast.List() | ast.Dict() | ast.ListComp() | ast.GeneratorExp() | ast.Lambda():
            return 0.6
        case ast.For() | ast.comprehension() | ast.BinOp():
            return 0.5
    return 0.0


def _composed(target: Target, node: ast.expr, types: Types) -> Iterator[Made]:
    """New texts for a node with weights: the node with a term, one term, two terms."""
    now = target.text(node)
    kept = _kept_in(target, node)
    terms = [_likelier(term, kept) for term in terms_at(target, node) if term.text != now]
    wanted = types | (target.returned if isinstance(target.parent(node), ast.Return) else frozenset())
    fixed = isinstance(node, ast.Constant)
    if surely(types, *NUMBERS) and not surely(types, "bool"):
        if not fixed:
            yield from _numbers(target, node, terms)
        yield from _pairs(terms, now, wanted)
    elif surely(types, *_SLICED) and not fixed:
        yield from _parts(target, node, terms)
        yield from _joined(target, node, types, terms)
    if not fixed:
        yield from _chosen(target, node, types, terms)
    for term in terms:
        if not term.simple and term.types and wanted and fits(term.types, wanted):
            known = 0.35 if now in term.text else 0.2
            yield term.text, known * term.weight


def _kept_in(target: Target, node: ast.expr) -> str:
    """What the statement around gives a value to, when it is not only a name."""
    statement = target.statement_of(node)
    places = statement.targets if isinstance(statement, ast.Assign) else ()
    return next((target.text(one) for one in places if isinstance(one, ast.Subscript | ast.Attribute)), "")


def _likelier(term: Term, kept: str) -> Term:
    """What is in the place of the new value already often takes part in it."""
    return replace(term, weight=min(1.0, 2.5 * term.weight)) if kept and term.text.startswith(kept) else term


def _numbers(target: Target, node: ast.expr, terms: list[Term]) -> Iterator[Made]:
    added, inside = beside(target, node, ADD), plain(target, node)
    multiplied = beside(target, node, MULTIPLY)
    for term in terms:
        if not surely(term.types, "int", "float", "Decimal", "Fraction") and (term.types or "[" not in term.text):
            continue
        share = (0.8 if term.types else 0.5) * term.weight
        yield f"max({term.text}, {inside})", 0.6 * share
        yield f"min({inside}, {term.text})", 0.6 * share
        yield f"max({inside}, {term.text})", 0.3 * share
        yield f"{added} - {term.beside(MULTIPLY)}", 0.8 * share
        yield f"{added} + {term.beside(MULTIPLY)}", 0.8 * share
        yield f"{term.beside(ADD)} + {multiplied}", 0.3 * share
        yield f"{term.beside(ADD)} - {multiplied}", 0.6 * share
        yield f"{multiplied} * {term.beside(MULTIPLY + 1)}", 0.4 * share
        if term.text.startswith("len("):
            yield f"{multiplied} / {term.text}", 0.5 * share
    for rank, number in enumerate(_offsets(target)):
        yield f"{added} - {number}", 0.25 / (1 + 0.3 * rank)
        yield f"{added} + {number}", 0.2 / (1 + 0.3 * rank)


def _offsets(target: Target) -> list[int]:
    """Numbers above one that stand in the target, and lengths of its strings: what has to be left for them."""
    constants = [n.value for n in target.places if isinstance(n, ast.Constant)]
    found = [len(one) for one in constants if isinstance(one, str) and 1 < len(one) <= 5]
    found += [one for one in constants if type(one) is int and 1 < one <= 10_000]
    return list(dict.fromkeys([*found, 2]))[:6]


def _pairs(terms: list[Term], now: str, wanted: Types) -> Iterator[Made]:
    """Two things in scope, combined."""
    kept = [term for term in terms if term.types and surely(term.types, *NUMBERS) and fits(term.types, wanted)]
    for number, one in enumerate(kept[:_PAIRED]):
        for other in kept[number + 1 : _PAIRED]:
            share = 0.3 * one.weight * other.weight * (1.0 if one.simple and other.simple else 0.6)
            yield f"{one.beside(ADD)} - {other.beside(MULTIPLY)}", share
            yield f"{other.beside(ADD)} - {one.beside(MULTIPLY)}", share
            yield f"{one.beside(ADD)} + {other.beside(MULTIPLY)}", 0.8 * share
            yield f"{one.beside(MULTIPLY)} * {other.beside(MULTIPLY + 1)}", 0.5 * share
            yield f"min({one.text}, {other.text})", 0.4 * share
            yield f"max({one.text}, {other.text})", 0.4 * share


def _parts(target: Target, node: ast.expr, terms: list[Term]) -> Iterator[Made]:
    """Slices by what is in scope, and from or to where something stands."""
    text = beside(target, node, 16)
    item = _item(type_of(target, node))
    for term in terms:
        if surely(term.types, "int"):
            yield f"{text}[{term.text}:]", 0.3 * term.weight
            yield f"{text}[:{term.text}]", 0.3 * term.weight
            yield f"{text}[-{term.beside(13)}:]", 0.1 * term.weight
        if term.simple and item and surely(term.types, *heads(item)):
            yield f"{text}[{text}.index({term.text}):]", 0.5 * term.weight
            yield f"{text}[:{text}.index({term.text})]", 0.4 * term.weight
            yield f"{text}[{text}.index({term.text}) + 1:]", 0.4 * term.weight


def _item(types: Types) -> Types:
    """What may be looked for in a sequence."""
    found = {"str" if one == "str" else one.partition("[")[2].removesuffix("]").partition(",")[0] for one in types}
    return frozenset(one for one in found if one)


def _joined(target: Target, node: ast.expr, types: Types, terms: list[Term]) -> Iterator[Made]:
    added, kinds = beside(target, node, ADD), heads(types)
    for term in terms:
        if not term.simple and surely(term.types, *kinds) and len(kinds) == 1:
            yield f"{added} + {term.beside(MULTIPLY)}", 0.4 * term.weight
            yield f"{term.beside(ADD)} + {added}", 0.3 * term.weight


def _chosen(target: Target, node: ast.expr, types: Types, terms: list[Term]) -> Iterator[Made]:
    """One or the other by a truth value in scope: `-n if below else n`, `xs if wanted else []`."""
    inside, now = beside(target, node, 3), target.text(node)
    deciders = [term for term in terms if surely(term.types, "bool") and term.text not in now]
    others = [term for term in terms if term.simple and term.types and types and fits(term.types, types)]
    for rank, term in enumerate(deciders[:4]):
        share = 0.7 * term.weight / (1 + 0.5 * rank)
        if surely(types, "int", "float"):
            yield f"-{beside(target, node, 13)} if {term.text} else {inside}", 0.8 * share
            yield f"{inside} if {term.text} else -{beside(target, node, 13)}", 0.4 * share
        for empty in _EMPTY.get(next(iter(heads(types)), ""), ()):
            yield f"{inside} if {term.text} else {empty}", 0.4 * share
            yield f"{empty} if {term.text} else {inside}", 0.4 * share
        for other in [one for one in others if one.text != term.text][:3]:
            yield f"{inside} if {term.text} else {other.text}", 0.4 * share * other.weight
            yield f"{other.text} if {term.text} else {inside}", 0.4 * share * other.weight


_EMPTY = {"int": ("0",), "float": ("0",), "str": ('""',), "list": ("[]",), "dict": ("{}",), "tuple": ("()",)}
