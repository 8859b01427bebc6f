"""A function gives back the wrong thing."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._places import change, class_of, others_for, plain, short, variables_at
from gitops_healer.repair.search.types import UNKNOWN, fits, heads, type_of

_PLAIN = {
    "bool": ("True", "False"), "int": ("0", "1", "-1"), "float": ("0.0", "0"), "str": ('""',), "list": ("[]",),
    "dict": ("{}",), "set": ("set()",), "tuple": ("()",), "NoneType": ("None",),
}  # fmt: skip


@repair_template(
    prior=0.023,
    examples=(
        Example("def f(a, b):\n    a += g(b)\n    return g(b)\n", "def f(a, b):\n    a += g(b)\n    return a\n"),
        Example(
            "def f(a):\n    best = 0\n    return  # kept\n",
            "def f(a):\n    best = 0\n    return best  # kept\n",
        ),
        Example(
            "def f(a):\n    if a:\n        return 0\n    return ''\n",
            "def f(a):\n    if a:\n        return ''\n    return ''\n",
        ),
        Example(
            "def f(a):\n    if a:\n        return [1], 2\n    return None\n",
            "def f(a):\n    if a:\n        return [1], 2\n    return None, 2\n",
        ),
        Example(
            "class A:\n    def f(self):\n        return None\n", "class A:\n    def f(self):\n        return self\n"
        ),
        Example("def f(a, b):\n    return a\n", "def f(a, b):\n    return a, b\n"),
    ),
)
def return_value(target: Target) -> Iterator[Rewrite]:
    """Return something else: a variable, a plain value, what another return gives, `self`."""
    returns = [n for n in target.statements if isinstance(n, ast.Return)]
    for statement in returns:
        if statement.value is None:
            yield from _bare(target, statement)
        else:
            yield from _others(target, statement.value, returns)


def _bare(target: Target, statement: ast.Return) -> Iterator[Rewrite]:
    at = target.source.span(statement)[1]
    names = [(name, weight) for name, _, weight in variables_at(target, statement)]
    for rank, (name, weight) in enumerate([*names[::-1][:8], ("False", 0.3), ("None", 0.1), ("[]", 0.2), ("0", 0.2)]):
        if name != "None":
            yield Rewrite(
                (Span(at, at, f" {name}"),), statement.lineno, f"Return {short(name)}", weight / (1 + rank / 4)
            )


def _others(target: Target, value: ast.expr, returns: list[ast.Return]) -> Iterator[Rewrite]:
    found: dict[str, float] = {}
    for text, weight in (*_variables(target, value), *_values(target, value), *_as_elsewhere(target, value, returns)):
        found.setdefault(text, weight)
    for text, weight in found.items():
        yield from change(target, value, text, f"Return {short(text)} instead of {short(target.text(value))}", weight)


def _variables(target: Target, value: ast.expr) -> Iterator[tuple[str, float]]:
    """Variables that fit what the function gives, in the place of an expression; a second one beside a first."""
    if isinstance(value, ast.Name):
        near = [
            (name, weight) for name, types, weight in variables_at(target, value) if name != value.id and weight > 0.3
        ]
        yield from ((f"{value.id}, {name}", 0.15 * weight) for name, weight in near[:4])
        yield from ((f"{name}, {value.id}", 0.1 * weight) for name, weight in near[:4])
        return
    wanted = target.returned or UNKNOWN
    for rank, (name, types, weight) in enumerate(variables_at(target, value)[:12]):
        if not wanted or fits(types, wanted):
            yield name, 0.5 * weight / (1 + rank / 8)
    if target.parameters[:1] == ("self",):
        yield "self", 0.2
        yield from _of_base(target)


def _of_base(target: Target) -> Iterator[tuple[str, float]]:
    """What the method of the base class gives."""
    owner, method = class_of(target), target.node
    if owner is not None and owner.bases and isinstance(method, ast.FunctionDef) and not method.args.vararg:
        yield f"super().{method.name}({', '.join(target.parameters[1:])})", 0.2


def _values(target: Target, value: ast.expr) -> Iterator[tuple[str, float]]:
    """Plain values of the types that the function gives."""
    kinds = heads(target.returned | type_of(target, value)) or heads(_PLAIN)
    likely = 0.4 if isinstance(value, ast.Constant) else 0.15
    for kind in kinds:
        for rank, text in enumerate(_PLAIN.get(kind, ())):
            yield text, likely / (1 + rank / 2)


def _as_elsewhere(target: Target, value: ast.expr, returns: list[ast.Return]) -> Iterator[tuple[str, float]]:
    """What other returns give, and the rest of a tuple that they give."""
    for other in returns:
        if other.value is None or other.value is value or "\n" in target.text(other.value):
            continue
        yield target.text(other.value), 0.5
        if isinstance(other.value, ast.Tuple) and not isinstance(value, ast.Tuple):
            rest = ", ".join(plain(target, one) for one in other.value.elts[1:])
            yield f"{plain(target, value)}, {rest}", 0.4
    yield from ((name, 0.2) for name, _ in others_for(target, value, 2) if isinstance(value, ast.Constant))
