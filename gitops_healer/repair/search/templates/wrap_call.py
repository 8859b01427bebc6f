"""A call or a conversion is missing."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from gitops_healer.repair.search.blocks import by_size, likeliest
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._calls import BUILTINS, has_attribute, takes
from gitops_healer.repair.search.templates._places import (
    beside,
    change,
    functions_of_module,
    in_default,
    others_for,
    plain,
    short,
)
from gitops_healer.repair.search.types import NUMBERS, SIZED, Types, heads, surely, type_of

# What stands for the expression is `·`; likeliest first.
_FOR_NUMBER = "abs(·) int(·) max(0,~·) round(·) float(·) str(·) max(1,~·) round(·,~2)"
_FORMS: dict[str, str] = {
    "int": "abs(·) max(0,~·) str(·) float(·) max(1,~·) range(·)",
    "float": _FOR_NUMBER,
    "Decimal": "abs(·) int(·) max(0,~·) float(·) round(·,~2)",
    "str": "·.strip() len(·) ·.lower() int(·) ·.split() ·.upper() float(·) list(·) ·.strip().lower() ·.rstrip() "
    "repr(·) sorted(·) ·[::-1] set(·) ·.encode() ·.title() ord(·) ·.splitlines() ·.lstrip() "
    "·.capitalize() ·.casefold()",
    "bytes": "·.decode() len(·) ·.strip()",
    "list": "sorted(·) len(·) list(·) ·.copy() set(·) sum(·) reversed(·) tuple(·) max(·) min(·) ·[::-1] any(·) "
    "all(·) enumerate(·) str(·) dict(·) iter(·) ·.pop()",
    "tuple": "list(·) sorted(·) len(·) set(·) sum(·) max(·) min(·) tuple(·) enumerate(·) str(·)",
    "set": "sorted(·) len(·) list(·) set(·) ·.copy() frozenset(·) min(·) max(·) tuple(·) sum(·)",
    "dict": "·.items() ·.values() dict(·) list(·) sorted(·) len(·) ·.copy() ·.keys() list(·.items()) sorted(·.items()) "
    "list(·.values()) sum(·.values()) max(·.values())",
    "generator": "list(·) sum(·) sorted(·) tuple(·) set(·) max(·) min(·) any(·) all(·) dict(·) next(·)",
    "datetime": "·.date() ·.isoformat() str(·)",
    "date": "·.isoformat() str(·)",
    "timedelta": "·.total_seconds() abs(·)",
    "Path": "str(·) ·.resolve()",
    "bool": "int(·)",
    "": "list(·) str(·) len(·) int(·) abs(·) sorted(·) ·.strip() float(·) set(·) ·.lower() ·.copy() sum(·) tuple(·) "
    "max(0,~·) reversed(·) dict(·) ·.items()",
}
_LIKE = {
    "deque": "list", "range": "list", "map": "generator", "filter": "generator", "zip": "generator",
    "enumerate": "generator", "reversed": "generator", "list_iterator": "generator", "defaultdict": "dict",
    "Counter": "dict", "OrderedDict": "dict", "dict_keys": "set", "dict_values": "tuple", "dict_items": "set",
    "frozenset": "set", "Fraction": "float", "PosixPath": "Path", "mappingproxy": "dict",
}  # fmt: skip
_MOST = 12  # forms that are tried at one place, and
_MOST_OF_ALL = 250  # rewrites of one function, and
_EACH = 18  # for each of its statements
_MOST_UNKNOWN = 8  # where nothing is known of the type
_SAME = ("list", "set", "dict", "tuple", "str", "int", "float")


@repair_template(
    prior=0.051,
    examples=(
        Example("def f(a, b):\n    return a - b\n", "def f(a, b):\n    return abs(a - b)\n"),
        Example("def f(x: str):\n    return x == 'yes'\n", "def f(x: str):\n    return x.strip() == 'yes'\n"),
        Example("def f(x: list):\n    return x  # kept\n", "def f(x: list):\n    return x.copy()  # kept\n"),
        Example(
            "def f(x: dict):\n    for k in x:\n        g(k)\n", "def f(x: dict):\n    for k in list(x):\n        g(k)\n"
        ),
        Example("def f(a):\n    return a.strip\n", "def f(a):\n    return a.strip()\n"),
        Example(
            "def g(x):\n    return x\n\ndef f(a):\n    return [g(a), a]\n",
            "def g(x):\n    return x\n\ndef f(a):\n    return [g(a), g(a)]\n",
        ),
        Example(
            "def f(n: int, most: int):\n    return n * 2\n",
            "def f(n: int, most: int):\n    return min(n * 2, most)\n",
        ),
    ),
)
def wrap_call(target: Target) -> Iterator[Rewrite]:
    """Call something on a value that is used as it is: `abs(x)`, `sorted(xs)`, `text.strip()`, `max(0, n)`."""
    yield from likeliest(target, _all(target), by_size(target, _EACH, _MOST_OF_ALL))


def _all(target: Target) -> Iterator[Rewrite]:
    for node in target.places:
        weight = _weight(target, node)
        if weight:
            yield from _wrapped(target, node, weight)
            yield from _bounded(target, node, weight)
            if isinstance(node, ast.Call):
                yield from _replaced(target, node, weight)
        if isinstance(node, ast.Attribute):
            yield from _called(target, node)


def _weight(target: Target, node: ast.expr) -> float:
    """How likely a call is missing around an expression; 0 where none can be."""
    if isinstance(node, ast.Constant | ast.Slice | ast.Compare | ast.Lambda | ast.Dict | ast.Starred | ast.JoinedStr):
        return 0.0
    if isinstance(node, ast.Name) and not _is_variable(target, node):
        return 0.0
    parent = target.parent(node)
    match parent:
        case ast.Call(func=inner) if inner is node:
            return 0.0
        case ast.Attribute() | ast.Await() | ast.Expr() | ast.withitem() | ast.Raise():
            return 0.0
        case ast.Subscript(value=inner) if inner is node:
            return 0.1
        case ast.Return() | ast.For() | ast.AsyncFor() | ast.comprehension() | ast.Assign():
            return 1.0
        case ast.Call() | ast.Compare() | ast.keyword():
            return 0.7
        case ast.FormattedValue() | ast.Tuple():
            return 0.4
        case _:
            return 0.5


def _is_variable(target: Target, node: ast.Name) -> bool:
    known = node.id in target.locals or node.id in target.inner_names(node)
    return known and node.id not in ("self", "cls")


def _wrapped(target: Target, node: ast.expr, weight: float) -> Iterator[Rewrite]:
    types = type_of(target, node)
    closed, inside = beside(target, node, 16), plain(target, node)
    most = _MOST if types else _MOST_UNKNOWN
    for rank, form in enumerate(_forms(target, types, node)[: most if weight >= 0.5 else most // 2]):
        text = (closed if form.startswith("·") else inside).join(form.replace("~", " ").split("·"))
        likely = weight / (1 + rank / 3) * (0.9 if types else 0.4)
        yield from change(target, node, text, f"Wrap {short(target.text(node))} as {short(text)}", likely)


def _forms(target: Target, types: Types, node: ast.expr) -> list[str]:
    """Forms for the types, those first that are used elsewhere in the target or the module."""
    kinds = heads(types) - {"NoneType"}
    if not kinds and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Pow | ast.Div):
        kinds = frozenset({"float"})
    names = dict.fromkeys(_LIKE.get(kind, kind) for kind in sorted(kinds)) or {"": None}
    starred = isinstance(target.parent(node), ast.Starred)
    found = ["reversed(·)", "sorted(·)"] if starred else []
    found += [form for name in names for form in _FORMS.get(name, "str(·) list(·)" if name == "" else "str(·)").split()]
    used = _used(target)
    own = [f"{name}(·)" for name, _ in used.most_common(30) if takes(target, name, 1)]
    own += [f"{name}(·)" for name in functions_of_module(target) if takes(target, name, 1) and name not in used]
    own = [form for form in own if form != f"{getattr(target.node, 'name', '')}(·)" or used[form[:-3]] >= 10]
    parent = target.parent(node)
    around = ast.unparse(parent.func) + "(·)" if isinstance(parent, ast.Call) else ""
    forms = dict.fromkeys(form for form in (*found[:_MOST], *own[:5]) if form != around)
    return sorted(forms, key=lambda form: -min(1, used[form.partition("(")[0].removeprefix("·.")]))


@lru_cache(maxsize=16)
def _used(target: Target) -> Counter[str]:
    """Names of functions and methods that the file calls, with how often; those of the target count ten times."""
    found: Counter[str] = Counter()
    inside = {id(node) for node in target.nodes}
    for node in ast.walk(target.source.tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            found[name] += 10 if id(node) in inside else 1
            if name != ast.unparse(node.func):
                found[ast.unparse(node.func)] += 1
    return found


def _replaced(target: Target, call: ast.Call, weight: float) -> Iterator[Rewrite]:
    """Another call on what a call is given: `str(name)` -> `name.strip()`."""
    if not isinstance(call.func, ast.Name) or call.func.id not in BUILTINS or len(call.args) != 1 or call.keywords:
        return
    inner = call.args[0]
    if not isinstance(inner, ast.Starred | ast.GeneratorExp | ast.Constant):
        closed, inside = beside(target, inner, 16), plain(target, inner)
        for rank, form in enumerate(_forms(target, type_of(target, inner), inner)[:8]):
            text = (closed if form.startswith("·") else inside).join(form.replace("~", " ").split("·"))
            title = f"Use {short(text)} instead of {short(target.text(call))}"
            yield from change(target, call, text, title, 0.3 * weight / (1 + rank / 3))


def _bounded(target: Target, node: ast.expr, weight: float) -> Iterator[Rewrite]:
    """`n` -> `min(n, most)` and `max(n, least)` for numbers."""
    types = type_of(target, node)
    if (types and not surely(types, *NUMBERS)) or in_default(target, node) or isinstance(node, ast.ListComp):
        return
    text = plain(target, node)
    weight *= 1.0 if types else 0.3
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    limits = [(name, share) for name, share in others_for(target, node, 4, ("int", "float")) if name not in names]
    if types:
        limits += [(n, share / 2) for n, share in others_for(target, node, 6) if n not in names]
    sized = [(f"len({name})", share / 2) for name, share in others_for(target, node, 2, tuple(SIZED))]
    for limit, share in (*limits, *sized):
        for function in ("min", "max"):
            new = f"{function}({text}, {limit})"
            yield from change(target, node, new, f"Keep within {short(limit)}", 0.35 * weight * share)


def _called(target: Target, node: ast.Attribute) -> Iterator[Rewrite]:
    """`text.strip` -> `text.strip()`."""
    parent = target.parent(node)
    if isinstance(parent, ast.Call | ast.keyword) or node.attr in BUILTINS:
        return
    text = f"{target.text(node.value)}.{node.attr}"
    method = takes(target, f"self.{node.attr}", 0) if ast.unparse(node.value) == "self" else None
    of_class = any(n.endswith(f".{node.attr}") and a[0] == 0 for n, a in target.ingredients.arities.items())
    of_builtin = has_attribute(target, node.value, node.attr)
    known = of_builtin if of_builtin is not None else f".{node.attr}()" in " ".join(_FORMS.values())
    if method or (of_class and method is None) or known:
        end = target.source.span(node)[1]
        yield Rewrite((Span(end, end, "()"),), node.lineno, f"Call {short(text)}", 0.9)
