"""Small questions about syntax trees that the readers of control flow share."""

import ast
from collections.abc import Iterable
from typing import Any

DEFERRED = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
BINDERS = frozenset(
    {ast.Name, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.MatchAs}
    | {ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal}
)
BLOCKS = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler}
    | {ast.Match, ast.match_case}
)

PURE_BUILTINS = frozenset(
    "abs all any ascii bool bytes callable chr complex dict divmod enumerate filter float format frozenset hasattr"
    " hash hex id int isinstance issubclass iter len list map max min oct ord pow range repr reversed round set slice"
    " sorted str sum tuple type zip".split()
)
"""They change none of their arguments."""
PURE_METHODS = frozenset(
    "capitalize casefold copy count decode encode endswith expandtabs find format format_map get index isalnum isalpha"
    " isascii isdecimal isdigit isdisjoint isidentifier islower isnumeric isprintable isspace issubset issuperset"
    " istitle isupper items join keys ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust"
    " rpartition rsplit rstrip split splitlines startswith strip swapcase title translate union upper values zfill"
    " difference intersection symmetric_difference".split()
)
"""They change neither their object nor their arguments, on every built-in type that has them."""
_FIELDS = {
    cls: tuple(name for name in cls._fields if name not in ("ctx", "op", "ops", "kind", "type_comment", "conversion"))
    for cls in vars(ast).values()
    if isinstance(cls, type) and issubclass(cls, ast.AST) and cls not in (ast.Name, ast.Constant)
}
_VIEWS = frozenset({"keys", "values", "items"})
_SMALL = 8
"""A loop over so many constants at most is no loop worth counting."""


def children(node: Any) -> list[Any]:
    """The nodes below a node, operators and contexts apart."""
    found: list[Any] = []
    for name in _FIELDS.get(node.__class__, ()):
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += value
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def root_name(node: Any) -> str:
    """The name that a chain of attributes, items and calls begins with; "" when it begins otherwise."""
    while True:
        cls = node.__class__
        if cls is ast.Name:
            return str(node.id)
        if cls is ast.Attribute or cls is ast.Subscript:
            node = node.value
        elif cls is ast.Call:
            node = node.func
        else:
            return ""


def spelled(node: Any) -> str:
    """`a.b.c` of names and attributes, else ""."""
    if node.__class__ is ast.Name:
        return str(node.id)
    if node.__class__ is ast.Attribute:
        value = spelled(node.value)
        return f"{value}.{node.attr}" if value else ""
    return ""


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def stored_names(node: ast.AST) -> Iterable[str]:
    """Names that a node binds by itself, not by what is below it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def grows(value: ast.expr | None, name: str) -> bool:
    """`name + something` or `something + name`: whatever the name was, it still is."""
    match value:
        case ast.BinOp(left=ast.Name(id=left), op=ast.Add()) if left == name:
            return True
        case ast.BinOp(op=ast.Add(), right=ast.Name(id=right)) if right == name:
            return True
    return False


def is_small(source: Any) -> bool:
    """A few things written out, or a few numbers."""
    match source:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return len(parts) <= _SMALL and not any(isinstance(part, ast.Starred) for part in parts)
        case ast.Call(func=ast.Name(id="range"), args=[*_, ast.Constant(value=int(stop))]):
            return stop <= _SMALL
    return False


def is_view(node: Any) -> bool:
    """`d.keys()` and its kin."""
    return (
        node.__class__ is ast.Call
        and node.func.__class__ is ast.Attribute
        and node.func.attr in _VIEWS
        and not node.args
        and not node.keywords
        and bool(spelled(node.func.value))
    )
