"""All objects of a class share a list that each of them should have for itself."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import is_movable, moved, stands_alone
from gitops_healer.repair.search.edits import after, before, indent_of, unit_of
from gitops_healer.repair.search.scope import kind_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

_MUTABLE = frozenset({"list", "dict", "set", "deque"})


@repair_template(
    prior=0.049,
    examples=(
        Example(
            "class A:\n    xs = []\n\n    def __init__(self, n):\n        self.xs.append(n)\n",
            "class A:\n\n    def __init__(self, n):\n        self.xs = []\n        self.xs.append(n)\n",
        ),
        Example(
            "class A:\n    xs = []\n\n    def add(self, x):\n        self.xs.append(x)\n",
            "class A:\n    def __init__(self):\n        self.xs = []\n\n    def add(self, x):\n"
            "        self.xs.append(x)\n",
        ),
    ),
)
def instance_attribute(target: Target) -> Iterator[Rewrite]:
    """Give each object its own list or dict: `xs = []` of the class becomes `self.xs = []` of `__init__`."""
    owners = [n for n in target.nodes if isinstance(n, ast.ClassDef)]
    above = target.source.parents.get(target.node)
    owners += [above] if isinstance(above, ast.ClassDef) else []
    for owner in owners:
        for statement in owner.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if kind_of(value) in _MUTABLE and is_movable(target, statement) and not owner.decorator_list:
                    yield from _moved(target, owner, statement, name)


def _moved(target: Target, owner: ast.ClassDef, statement: ast.stmt, name: str) -> Iterator[Rewrite]:
    made = next((n for n in owner.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    text = f"self.{target.text(statement)}"
    line = statement.lineno if isinstance(target.node, ast.Module) else _first_use(target, name)
    if "\n" in text or "\r" in text or not line or len(owner.body) < 2:
        return
    title = f"Give each object its own {name}"
    if made is None:
        start, end = target.source.span(statement)
        newline, indent = target.source.newline_at(statement.lineno), indent_of(target, statement)
        head = f"def __init__(self):{newline}{indent}{unit_of(target)}"
        if not owner.bases:
            yield Rewrite((Span(start, end, head + text),), line, title, 1.0)
        return
    first = next((one for one in made.body if not _is_text(one)), made.body[-1])
    if stands_alone(target, first) and made.args.args and made.args.args[0].arg == "self":
        put = after(target, first, text) if _is_text(first) or _is_super(first) else before(target, first, text)
        yield Rewrite(moved(target, statement, put), line, title, 1.0)


def _first_use(target: Target, name: str) -> int:
    """A line of a method that uses the attribute, 0 when it does not."""
    uses = [n.lineno for n in target.nodes if isinstance(n, ast.Attribute) and n.attr == name]
    return next((line for line in uses if line in target.lines), 0)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_super(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("super()")
