"""A default is made once, when the function is defined, and shared by all calls."""

import ast
from collections.abc import Iterator

from gitops_healer.code.source import Function
from gitops_healer.repair.search.edits import before, own_lines, put
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._places import short

_FIXED = frozenset(
    "frozenset tuple int float str bool bytes field Path PurePath object Decimal Fraction re.compile".split()
)


@repair_template(
    prior=0.03,
    examples=(
        Example(
            "def f(x, seen=[]):\n    seen.append(x)\n    return seen\n",
            "def f(x, seen=None):\n    if seen is None:\n        seen = []\n    seen.append(x)\n    return seen\n",
        ),
        Example(
            'def f(*, at=now()):\n    """When."""\n    return at\n',
            'def f(*, at=None):\n    """When."""\n    if at is None:\n        at = now()\n    return at\n',
        ),
        Example(
            "class A:\n    def f(self, xs={}):\n        self.xs = xs\n",
            "class A:\n    def f(self, xs=None):\n        self.xs = {} if xs is None else xs\n",
        ),
        Example("def f(x, seen=None):\n    return x\n", "def f(x, seen=()):\n    return x\n"),
    ),
)
def default_argument(target: Target) -> Iterator[Rewrite]:
    """Make a default anew for each call: `seen=[]` -> `seen=None` with `if seen is None: seen = []`."""
    functions = [n for n in (target.node, *target.nodes) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        for name, default in _defaults(function):
            if _is_made(default):
                yield from _made_anew(target, function, name, default)
            elif isinstance(default, ast.Constant) and default.value is None:
                for rank, other in enumerate(("()", "0", '""', "False")):
                    title = f"Let {short(name)} be {short(other)} unless given"
                    yield Rewrite((put(target, default, other),), default.lineno, title, 0.2 / (1 + rank))


def _defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    a = function.args
    positional = [*a.posonlyargs, *a.args]
    pairs = [*zip(positional[::-1], a.defaults[::-1], strict=False), *zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    yield from ((one.arg, default) for one, default in pairs if default is not None)


def _is_made(default: ast.expr) -> bool:
    if isinstance(default, ast.Call):
        return ast.unparse(default.func) not in _FIXED
    return isinstance(default, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _made_anew(target: Target, function: Function, name: str, default: ast.expr) -> Iterator[Rewrite]:
    none = put(target, default, "None")
    text = target.text(default)
    docstring = ast.get_docstring(function, clean=False) is not None
    first = function.body[1] if docstring and len(function.body) > 1 else function.body[0]
    title = f"Make the default of {short(name)} anew for each call"
    one_line = first.lineno == function.lineno or not own_lines(target, first)
    if not one_line and not (docstring and first is function.body[0]) and "\n" not in text:
        unit = "\t" if target.source.indent_at(first.lineno).endswith("\t") else "    "
        guard = before(target, first, f"if {name} is None:\n{unit}{name} = {text}")
        yield Rewrite((none, guard), default.lineno, title, 1.0)
    uses = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    if len(uses) == 1 and "\n" not in text:
        for form, weight in ((f"{text} if {name} is None else {name}", 0.7), (f"{name} or {text}", 0.3)):
            spans: tuple[Span, ...] = (none, put(target, uses[0], form))
            yield Rewrite(spans, default.lineno, title, weight)
