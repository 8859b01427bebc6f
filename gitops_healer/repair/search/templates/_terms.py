"""What a new expression may be made of: variables in scope, expressions of the function, and what is one step away."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gitops_healer.repair.search.edits import tightness
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.templates._calls import readable_at, takes
from gitops_healer.repair.search.templates._places import functions_of_module, one_line, variables_at
from gitops_healer.repair.search.types import NUMBERS, SIZED, Types, fits, heads, held, inside_of, surely, type_of

_NEAREST = 8  # variables
_KEYS = 3  # variables that one container is asked for
_SEQUENCES = ("list", "tuple", "str", "deque", "bytes")
_MAPPINGS = ("dict", "defaultdict", "Counter", "OrderedDict")


@dataclass(frozen=True)
class Term:
    """A piece of code with what is known of its type. weight: 0 to 1, how near it is; simple: whether it is only a
    name; tight: how tightly it binds, as `edits.tightness` counts."""

    text: str
    types: Types
    weight: float
    simple: bool = False
    tight: int = 16

    def beside(self, least: int) -> str:
        """The text, in parentheses unless it binds at least so tightly."""
        return self.text if self.tight >= least else f"({self.text})"


@lru_cache(maxsize=2048)
def terms_at(target: Target, node: ast.expr, most: int = 36) -> tuple[Term, ...]:
    """Terms that can be read at a node, nearest first, each text once."""
    names = tuple(_variables(target, node))
    found: dict[str, Term] = {}
    for term in (*names, *_written(target, node), *_one_step(target, names)):
        known = found.get(term.text)
        if known is None or known.weight < term.weight:
            found[term.text] = term
    return tuple(sorted(found.values(), key=lambda term: -term.weight)[:most])


def _variables(target: Target, node: ast.expr) -> Iterator[Term]:
    near = sorted(variables_at(target, node), key=lambda one: -one[2] * closeness(target, one[0], node.lineno))
    for name, types, weight in near[: 2 * _NEAREST]:
        yield Term(name, types, weight * closeness(target, name, node.lineno), simple=True)


def closeness(target: Target, name: str, line: int) -> float:
    """1 for names of the line, falling with the lines between to 0.3."""
    lines = _lines_of(target).get(name)
    far = min((abs(one - line) for one in lines), default=100) if lines else 100
    return max(0.3, 1 / (1 + 0.1 * far))


@lru_cache(maxsize=16)
def _lines_of(target: Target) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for node in target.nodes:
        if isinstance(node, ast.Name):
            found.setdefault(node.id, []).append(node.lineno)
        elif isinstance(node, ast.arg):
            found.setdefault(node.arg, []).append(node.lineno)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found.setdefault(f"self.{node.attr}", []).append(node.lineno)
    return found


@lru_cache(maxsize=16)
def _expressions(target: Target) -> tuple[tuple[ast.expr, str], ...]:
    """Expressions of the target that could stand elsewhere as they are, with their texts."""
    found = []
    for node in target.places:
        parent = target.parent(node)
        callee = isinstance(parent, ast.Call) and parent.func is node
        small = isinstance(node, ast.Subscript | ast.Call | ast.Attribute | ast.BinOp)
        if small and not callee and one_line(text := target.text(node)) and len(text) < 50:
            found.append((node, text))
    return tuple(found)


def _written(target: Target, node: ast.expr) -> Iterator[Term]:
    """Expressions that stand in the target."""
    for expr, text in _expressions(target):
        if expr is not node and readable_at(target, node, text) is not None:
            near = max(0.3, 1 / (1 + 0.1 * abs(expr.lineno - node.lineno)))
            types = type_of(target, expr)
            yield Term(text, types, 0.7 * near, tight=tightness(expr))
            if isinstance(expr, ast.Subscript):
                yield from (Term(other, types, 0.6 * near) for other in _beside(target, expr))


def _beside(target: Target, node: ast.Subscript) -> Iterator[str]:
    """The entries next to one that is asked for by a constant: `pair[1]` for `pair[0]`."""
    match node.slice:
        case ast.Constant(value=int(place)) if type(place) is int:
            whole = target.text(node.value)
            yield from (f"{whole}[{one}]" for one in (place + 1, place - 1) if one >= 0)


def _one_step(target: Target, names: tuple[Term, ...]) -> Iterator[Term]:
    """Lengths, items and entries of containers, and what functions of the module give for a variable."""
    nearest = names[:_NEAREST]
    for term in nearest:
        if surely(term.types, *SIZED):
            yield Term(f"len({term.text})", frozenset({"int"}), 0.6 * term.weight)
        if surely(term.types, *_SEQUENCES):
            yield Term(f"{term.text}[-1]", held(term.types), 0.35 * term.weight)
            yield Term(f"{term.text}[0]", held(term.types), 0.35 * term.weight)
        yield from _entries(term, nearest)
    yield from _given(target, nearest)


def _entries(whole: Term, keys: tuple[Term, ...]) -> Iterator[Term]:
    mapping = surely(whole.types, *_MAPPINGS)
    if not mapping and not surely(whole.types, *_SEQUENCES):
        return
    wanted = held(whole.types) if mapping else frozenset({"int"})
    kept = [one for one in keys if one.types and one.text != whole.text and fits(one.types, wanted)]
    for rank, key in enumerate(one for one in kept[:_KEYS] if not surely(one.types, *SIZED - {"str", "tuple"})):
        weight = 0.4 * min(whole.weight, key.weight) / (1 + 0.3 * rank)
        yield Term(f"{whole.text}[{key.text}]", _values(whole.types, mapping), weight)
        if mapping and surely(_values(whole.types, mapping), *NUMBERS):
            yield Term(f"{whole.text}.get({key.text}, 0)", _values(whole.types, mapping), 0.8 * weight)


def _values(types: Types, mapping: bool) -> Types:
    """What a subscript gives."""
    if not mapping:
        return held(types)
    inside = [one.partition("[")[2].removesuffix("]").partition(", ")[2] for one in types]
    return frozenset(one for one in inside if one)


def _given(target: Target, names: tuple[Term, ...]) -> Iterator[Term]:
    """`f(x)` and `self.f(x)` for functions of the module that take one argument, `self.f()`."""
    own = getattr(target.node, "name", "")
    for callee, function in functions_of_module(target).items():
        if callee.removeprefix("self.") == own or callee.removeprefix("self.").startswith("__"):
            continue
        types = _declared(function)
        if callee.startswith("self.") and target.parameters[:1] == ("self",) and takes(target, callee, 0):
            yield Term(f"{callee}()", types, 0.35)
        elif takes(target, callee, 1):
            first = _annotation(function, callee.startswith("self."))
            kept = [one for one in names if not first or not one.types or heads(one.types) & first]
            for rank, term in enumerate(kept[:_KEYS]):
                yield Term(f"{callee}({term.text})", types, 0.35 * term.weight / (1 + 0.3 * rank))


def _declared(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Types:
    match function.returns:
        case ast.Name(id=name):
            return frozenset({name})
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name in (*_SEQUENCES, *_MAPPINGS, "set"):
            return frozenset({f"{name}[{inside_of(inner)}]"})
    return frozenset()


def _annotation(function: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> frozenset[str]:
    """The type that the first argument is declared with, when it is one plain name."""
    positional = [*function.args.posonlyargs, *function.args.args][bound:]
    match positional[0].annotation if positional else None:
        case ast.Name(id=name) if name not in ("Any", "object", "T"):
            return frozenset({name})
        case ast.Subscript(value=ast.Name(id=name)) if name in (*_SEQUENCES, *_MAPPINGS, "set"):
            return frozenset({name})
    return frozenset()
