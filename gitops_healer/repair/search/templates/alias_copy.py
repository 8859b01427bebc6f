"""Two names share one object where each should have its own."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.search.blocks import function_of, stands_alone
from gitops_healer.repair.search.edits import before, put, replaced
from gitops_healer.repair.search.scope import UNKNOWN, Scope, kind_of, name_of, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_COPIES = {
    "list": ("{}[:]", "list({})"), "dict": ("dict({})", "{}.copy()"), "set": ("set({})", "{}.copy()"),
    "deque": ("{}.copy()",), "bytearray": ("{}[:]",),
}  # fmt: skip
_FRESH = {"list": "[]", "dict": "{}", "set": "set()"}
_FIXED = frozenset(
    {"int", "float", "str", "bool", "None", "bytes", "complex", "range", "frozenset", "type", "function"}
)


@repair_template(
    prior=0.033,
    examples=(
        Example(
            "def f(row):\n    out = row\n    out.append(1)\n    return out\n",
            "def f(row):\n    out = list(row)\n    out.append(1)\n    return out\n",
        ),
        Example(
            "def f(xs, x):\n    path = []\n    xs.append(path)\n    path.append(x)\n    return xs\n",
            "def f(xs, x):\n    path = []\n    xs.append(path[:])\n    path.append(x)\n    return xs\n",
        ),
        Example("def f(n):\n    return [[0] * n] * n\n", "def f(n):\n    return [[0] * n for _ in range(n)]\n"),
        Example(
            "def f(x):\n    y = x.copy()\n    return y\n",
            "def f(x):\n    import copy\n    y = copy.deepcopy(x)\n    return y\n",
        ),
    ),
)
def alias_copy(target: Target) -> Iterator[Rewrite]:
    """Copy instead of sharing: `out = list(row)`, `xs.append(path[:])`, `[[0] * n for _ in range(n)]`, a deep copy."""
    scope = scope_of(target)
    for statement in target.statements:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner, attr="clear"), args=[])) if name_of(owner):
                yield from _made_anew(target, scope, statement, owner)
    for node in target.expressions:
        match node:
            case ast.Name() | ast.Attribute() | ast.Subscript() if target.source.faithful(node) and _is_kept(
                target, node
            ):
                kinds = scope.visible(target.statement_of(node)).get(name_of(node), UNKNOWN)
                if not kinds or kinds - _FIXED:
                    yield from _copied(target, node, kinds)
            case ast.BinOp(left=ast.List(elts=[inner]) as left, op=ast.Mult(), right=right):
                if kind_of(inner) in ("list", "dict", "set") or _is_repeated(inner):
                    new = f"[{target.text(inner)} for _ in range({target.text(right)})]"
                    spans = (put(target, node, new),)
                    yield Rewrite(spans, node.lineno, f"Make each item of {target.text(left)} anew", 1.0)
            case ast.Call() if kind := _shallow(node):
                yield from _deepened(target, node, kind)


def _made_anew(target: Target, scope: Scope, statement: ast.stmt, owner: ast.expr) -> Iterator[Rewrite]:
    """`x.clear()` empties the object that others keep as well; `x = []` does not."""
    name = name_of(owner)
    if isinstance(owner, ast.Name) and name not in scope.assigned(statement):
        return
    kinds = scope.visible(statement).get(name, UNKNOWN) | scope.kinds.get(name, UNKNOWN)
    for rank, kind in enumerate([one for one in _FRESH if not kinds or one in kinds]):
        new = f"{target.text(owner)} = {_FRESH[kind]}"
        spans = (replaced(target, statement, new),)
        yield Rewrite(spans, statement.lineno, f"Begin anew: `{new}`", 0.7 / (1 + rank))


def _is_repeated(inner: ast.expr) -> bool:
    return isinstance(inner, ast.BinOp) and isinstance(inner.left, ast.List)


def _is_kept(target: Target, node: ast.expr) -> bool:
    """Whether the value goes where it may be changed later: into a variable, a container, a call or the caller."""
    match target.parent(node):
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.NamedExpr(value=value):
            return value is node
        case ast.Return() | ast.Yield() | ast.keyword() | ast.List() | ast.Tuple() | ast.Dict():
            return True
        case ast.Call(
            func=ast.Attribute(attr="append" | "add" | "insert" | "put" | "appendleft" | "setdefault"), args=args
        ):
            return node in args
        case ast.Call(func=ast.Name(id=name), args=args):
            return node in args and name == getattr(target.node, "name", "")
    return False


def _copied(target: Target, node: ast.expr, kinds: frozenset[str]) -> Iterator[Rewrite]:
    text = target.text(node)
    forms = [form for kind in sorted(kinds) for form in _COPIES.get(kind, ())]
    forms = forms or (["list({})", "{}[:]", "dict({})", "{}.copy()"] if not kinds else ["{}.copy()"])
    fit = 1.0 if kinds & _COPIES.keys() else 0.4
    for rank, form in enumerate(forms):
        new = form.format(text)
        yield Rewrite((put(target, node, new),), node.lineno, f"Copy {text} as {new}", fit / (1 + 0.3 * rank))
    yield from _deep(target, node, text, 0.4 * fit)


def _shallow(node: ast.Call) -> str:
    """The text of the form that copies only the outermost object, "" when the call does something else."""
    match node:
        case ast.Call(func=ast.Attribute(attr="copy"), args=[], keywords=[]):
            return "method"
        case ast.Call(func=ast.Name(id="list" | "dict"), args=[ast.Name() | ast.Attribute()], keywords=[]):
            return "call"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="copy"), attr="copy"), args=[_], keywords=[]):
            return "call"
    return ""


def _deepened(target: Target, node: ast.Call, kind: str) -> Iterator[Rewrite]:
    if not target.source.faithful(node):
        return
    copied = node.func.value if kind == "method" and isinstance(node.func, ast.Attribute) else node.args[0]
    text = target.text(copied)
    yield from _deep(target, node, text, 0.8)
    of_dict = [f"{{key: {kind}(value) for key, value in {text}.items()}}" for kind in ("list", "set", "dict")]
    for rank, new in enumerate((f"[list(one) for one in {text}]", *of_dict)):
        yield Rewrite((put(target, node, new),), node.lineno, f"Copy the items of {text} too", 0.3 / (1 + 0.3 * rank))


def _deep(target: Target, node: ast.expr, text: str, weight: float) -> Iterator[Rewrite]:
    names = target.ingredients.module_names
    title = f"Copy {text} with all that is in it"
    if "deepcopy" in names:
        yield Rewrite((put(target, node, f"deepcopy({text})"),), node.lineno, title, weight)
    elif "copy" in names:
        yield Rewrite((put(target, node, f"copy.deepcopy({text})"),), node.lineno, title, weight)
    else:
        yield from _deep_by_import(target, node, text, title, weight)


def _deep_by_import(target: Target, node: ast.expr, text: str, title: str, weight: float) -> Iterator[Rewrite]:
    statement = target.statement_of(node)
    taken = {"copy", "deepcopy"} & {*target.locals}
    if stands_alone(target, statement) and function_of(target, statement) is not None and not taken:
        spans = (before(target, statement, "import copy"), put(target, node, f"copy.deepcopy({text})"))
        if spans[0].start != spans[1].start:
            yield Rewrite(spans, node.lineno, title, 0.5 * weight)
