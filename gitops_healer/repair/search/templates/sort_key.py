"""Things are put in order by the wrong thing."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._calls import is_open
from gitops_healer.repair.search.templates._places import change, in_fstring, short, variables_at
from gitops_healer.repair.search.types import held, may_be, surely, type_of

_ORDERING = ("sorted", "min", "max", "sort", "nlargest", "nsmallest", "groupby")
_PLACES = 3  # items of a pair that are offered


@repair_template(
    prior=0.03,
    examples=(
        Example(
            "def f(xs: list, d: dict):\n    return sorted(xs)\n",
            "def f(xs: list, d: dict):\n    return sorted(xs, key=lambda x: d[x])\n",
        ),
        Example(
            "def f(xs: list):\n    xs.sort()  # kept\n", "def f(xs: list):\n    xs.sort(key=lambda x: x[1])  # kept\n"
        ),
        Example(
            "def f(xs):\n    return sorted(xs, key=lambda p: p[0])\n",
            "def f(xs):\n    return sorted(xs, key=lambda p: (-p[0], p[1]))\n",
        ),
        Example(
            "def f(xs):\n    return min(xs, key=lambda p: p.age)\n\ndef g(p):\n    return p.age, p.name\n\n"
            "def h(xs):\n    return sorted(xs, key=lambda p: p.age)\n",
            "def f(xs):\n    return min(xs, key=lambda p: p.age)\n\ndef g(p):\n    return p.age, p.name\n\n"
            "def h(xs):\n    return sorted(xs, key=lambda p: (p.age, p.name))\n",
        ),
    ),
)
def sort_key(target: Target) -> Iterator[Rewrite]:
    """Order by something else: `sorted(xs, key=lambda x: d[x])`, `key=lambda p: (-p[0], p[1])`."""
    for node in target.places:
        if not isinstance(node, ast.Call) or in_fstring(target, node) or not _orders(node):
            continue
        key = next((one.value for one in node.keywords if one.arg == "key"), None)
        if isinstance(key, ast.Lambda) and len(key.args.args) == 1:
            yield from _other_body(target, key.body, key.args.args[0].arg)
        elif key is None and not is_open(node) and (node.args or isinstance(node.func, ast.Attribute)):
            yield from _with_key(target, node)


def _orders(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return name in _ORDERING and not (name in ("min", "max") and len(call.args) != 1)


def _with_key(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    what = call.func.value if isinstance(call.func, ast.Attribute) and not call.args else None
    item = held(type_of(target, what if what is not None else call.args[-1]))
    forms: list[tuple[str, float]] = []
    if may_be(item, "tuple", "list", "str"):
        forms += [(f"lambda x: x[{place}]", 0.5 / (1 + 0.5 * rank)) for rank, place in enumerate((1, 0, -1))]
    for name, types, near in variables_at(target, call):
        if surely(types, "dict", "Counter", "defaultdict"):
            forms += [(f"lambda x: {name}[x]", 0.7 * near), (f"lambda x: -{name}[x]", 0.4 * near)]
            forms += [(f"lambda x: (-{name}[x], x)", 0.4 * near), (f"lambda x: ({name}[x], x)", 0.3 * near)]
    for names in target.ingredients.fields.values():
        forms += [(f"lambda x: x.{name}", 0.3) for name in names[:6]] if not surely(item, "str", "int") else []
    end = target.source.span(call)[1] - 1
    last = max((target.source.span(one)[1] for one in (*call.args, *(k.value for k in call.keywords))), default=end)
    if target.source.data[last:end].strip():
        return
    for text, weight in forms[:16]:
        lead = ", " if call.args or call.keywords else ""
        yield Rewrite((Span(last, last, f"{lead}key={text}"),), call.lineno, f"Order by {short(text)}", weight)


def _other_body(target: Target, body: ast.expr, name: str) -> Iterator[Rewrite]:
    """The same and something more, so that equal ones are in order too; the other way round."""
    text = target.text(body)
    match body:
        case ast.Subscript(value=ast.Name(), slice=ast.Constant(value=int(place))):
            others = [f"{name}[{one}]" for one in range(_PLACES) if one != place]
        case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner == name:
            classes = [names for names in target.ingredients.fields.values() if attribute in names]
            others = [f"{name}.{one}" for names in classes for one in names if one != attribute]
            others += [f"{name}.{one}" for one in target.ingredients.attributes if one != attribute]
            others += [text.removesuffix(attribute) + one for one in _read_of(target, name) if one != attribute]
        case _:
            return
    for rank, other in enumerate(dict.fromkeys(others[:8])):
        for form in (f"({text}, {other})", f"({other}, {text})", f"(-{text}, {other})", f"({text}, -{other})"):
            yield from change(target, body, form, f"Order by {short(form)}", 0.5 / (1 + 0.4 * rank))


def _read_of(target: Target, name: str) -> list[str]:
    """Attributes that the file reads of things of that name."""
    nodes = [n for n in ast.walk(target.source.tree) if isinstance(n, ast.Attribute)]
    return list(dict.fromkeys(n.attr for n in nodes if isinstance(n.value, ast.Name) and n.value.id == name))
