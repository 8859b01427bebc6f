"""A variable starts with the wrong value."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import likeliest
from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.scope import NUMBERS, SIZED, UNKNOWN, Scope, kind_of, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_NUMBERS = ("0", "1", "-1", 'float("inf")', 'float("-inf")')
_STARTS = {"int": _NUMBERS, "float": _NUMBERS, "str": ('""',), "bool": ("True", "False")}
_EMPTY = {"list": "[]", "dict": "{}", "set": "set()"}
_CONTAINERS = (("list", "[]"), ("dict", "{}"), ("set", "set()"))
_MOST = 300


@repair_template(
    prior=0.03,
    examples=(
        Example(
            "def f(xs):\n    n = 1\n    for x in xs:\n        n += x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        Example(
            "def f(xs):\n    best = 0\n    for x in xs:\n        best = max(best, x)\n    return best\n",
            "def f(xs):\n    best = xs[0]\n    for x in xs:\n        best = max(best, x)\n    return best\n",
        ),
        Example(
            "def f(a):\n    seen = []\n    while a not in seen:\n        seen.add(a)\n    return a\n",
            "def f(a):\n    seen = set()\n    while a not in seen:\n        seen.add(a)\n    return a\n",
        ),
        Example("COUNT = 1\n", "COUNT = 0\n"),
        Example(
            "def f(start):\n    queue = []\n    while queue:\n        print(queue.pop())\n",
            "def f(start):\n    queue = [start]\n    while queue:\n        print(queue.pop())\n",
        ),
    ),
)
def initial_value(target: Target) -> Iterator[Rewrite]:
    """Start a variable with another value: 0, 1, infinity, the first item, an empty or other container, a parameter."""
    yield from likeliest(target, _first_values(target), _MOST)


def _first_values(target: Target) -> Iterator[Rewrite]:
    scope = scope_of(target)
    for node in target.statements:
        match node:
            case ast.Assign(targets=[place], value=value) | ast.AnnAssign(target=place, value=ast.expr() as value):
                if name_of(place) and _is_start(value):
                    yield from _starts(target, scope, node, name_of(place), value)


def _is_start(value: ast.expr) -> bool:
    match value:
        case ast.Constant() | ast.Name() | ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.List(elts=items) | ast.Set(elts=items) | ast.Tuple(elts=items):
            return len(items) < 2
        case ast.Dict(keys=keys):
            return len(keys) < 2
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" | "float" | "len" | "int" | "str"), args=args):
            return len(args) < 2
        case ast.Subscript(value=ast.Name(), slice=ast.Constant()):
            return True
    return False


def _starts(target: Target, scope: Scope, node: ast.stmt, name: str, value: ast.expr) -> Iterator[Rewrite]:
    now = target.text(value)
    later = _kinds(target, scope, node, name, value)
    for weight, new in _values(scope, node, name, later):
        if new not in (now, name):
            yield Rewrite(
                (replaced(target, value, new),), node.lineno, f"Start {name} with {new} instead of {now}", weight
            )


def _kinds(target: Target, scope: Scope, node: ast.stmt, name: str, value: ast.expr) -> frozenset[str]:
    """What the variable holds: by its first value, and by what is done with it in other places."""
    own = kind_of(value)
    return scope.kinds.get(name, UNKNOWN) | ({own} if own else UNKNOWN)


def _values(scope: Scope, node: ast.stmt, name: str, kinds: frozenset[str]) -> Iterator[tuple[float, str]]:
    for rank, new in enumerate(dict.fromkeys(text for kind in sorted(kinds) for text in _STARTS.get(kind, ()))):
        yield 1 / (1 + 0.3 * rank), new
    holds_container = not kinds or bool(kinds & {"list", "dict", "set", "tuple", "deque"})
    for kind, new in _CONTAINERS:
        if holds_container:
            yield (1.0 if kind in kinds else 0.5), new
    if not kinds:
        yield from ((0.3, new) for new in ("0", "1", '""', "False", "True"))
    yield 0.3, "None"
    for rank, (other, held) in enumerate(scope.visible(node).items()):
        if other not in (name, "self", "cls"):
            yield from ((weight / (1 + 0.3 * rank), new) for weight, new in _from_variable(other, held, kinds))


def _from_variable(other: str, held: frozenset[str], kinds: frozenset[str]) -> Iterator[tuple[float, str]]:
    number = not kinds or bool(kinds & NUMBERS)
    if not held or not kinds or held & kinds:
        yield 0.5, other
    if number and (not held or held & NUMBERS):
        yield 0.2, f"{other} + 1"
        yield 0.2, f"{other} - 1"
    if number and (not held or held & SIZED):
        yield 0.5, f"len({other})"
        yield 0.2, f"len({other}) - 1"
    if "None" in kinds or (number and (not held or held & {"list", "tuple", "str"})):
        yield 0.5, f"{other}[0]"
    if "list" in kinds:
        yield 0.4, f"[{other}]"
    if "set" in kinds:
        yield 0.4, f"{{{other}}}"
    if kinds & {"list"} and held & {"list", "tuple", "set"}:
        yield 0.4, f"list({other})"
