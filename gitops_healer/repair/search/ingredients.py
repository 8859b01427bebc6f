"""What repairs are made of: names, constants, calls and expressions that stand elsewhere in the code already.

Most of what a fix needs is somewhere near (the "plastic surgery hypothesis", Barr et al., FSE 2014).
"""

import ast
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_healer.code.source import Function, Source

_MOST = 3000  # texts of each kind that are kept, and
_LONGEST = 200  # characters of each
_ODD = (ast.JoinedStr, ast.FormattedValue)


@dataclass(frozen=True)
class Ingredients:
    """Of one module, nearest first. module_names: names that the module binds (functions, classes, constants, imports);
    arities: callable -> (fewest, most) positional arguments, most -1 when open; attributes: how often each attribute
    is read; constants: source texts of numbers and strings; conditions, calls, statements: source texts as they stand,
    with the qualified name of the function that they come from; words: strings and numbers of the failing tests;
    fields: class -> attributes that it declares or sets; modules: dotted name of each other file -> names it binds.

    Methods are `Class.method` in arities, without self. Texts from other files follow those of the module, and their
    functions are named `path:qualname`.
    """

    module_names: tuple[str, ...] = ()
    arities: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    attributes: Mapping[str, int] = field(default_factory=dict)
    constants: tuple[str, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def gather(source: Source, others: Iterable[Source] = (), tests: Iterable[Source] = ()) -> Ingredients:
    """Ingredients for repairs of one module. others: files of the same repository; tests: those that fail, of which
    only words are taken."""
    others = tuple(one for one in others if one.path != source.path)
    files = [("", source), *((f"{one.path}:", one) for one in others)]
    names = tuple(dict.fromkeys(_bound(source.tree.body)))
    return Ingredients(
        module_names=names,
        arities=_arities(source.tree) | _imported(source, others),
        attributes=Counter(n.attr for n in ast.walk(source.tree) if isinstance(n, ast.Attribute) and _read(n)),
        constants=_distinct(constants_of(source)),
        conditions=_origins((c, lead, one) for lead, one in files for c in _conditions(one.tree)),
        calls=_origins((n, lead, one) for lead, one in files for n in ast.walk(one.tree) if isinstance(n, ast.Call)),
        statements=_origins((n, lead, one) for lead, one in files for n in _simple(one.tree)),
        words=_distinct(word for one in tests for word in constants_of(one)),
        fields={name: names for one in (*others[::-1], source) for name, names in _fields(one.tree)},
        modules={_dotted(one.path): tuple(dict.fromkeys(_bound(one.tree.body))) for one in others},
    )


def _dotted(path: str) -> str:
    """`src/shop/orders.py` -> `shop.orders`."""
    return path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")


def _read(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:_MOST]


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names that statements of a module bind, also below `if`, `try` and `with`."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                imported = (one.asname or one.name.partition(".")[0] for one in names)
                yield from (name for name in imported if name not in ("*", "annotations"))
            case _:
                yield from (n.id for n in _own(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
                for name in ("body", "orelse", "finalbody"):
                    yield from _bound(getattr(statement, name, ()))
                for handler in getattr(statement, "handlers", ()):
                    yield from _bound(handler.body)


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """What a statement is made of, the statements in it and comprehensions left out."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr | ast.withitem):
            yield from (n for n in ast.walk(child) if not isinstance(n, ast.comprehension))


def arity(function: Function | ast.Lambda, *, bound: bool = False) -> tuple[int, int]:
    """(fewest, most) positional arguments, most -1 when open. bound: without the first (self, cls)."""
    a = function.args
    most = len(a.posonlyargs) + len(a.args) - bound
    return max(0, most - len(a.defaults)), -1 if a.vararg else max(0, most)


def _arities(tree: ast.Module) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            found[statement.name] = arity(statement)
        elif isinstance(statement, ast.ClassDef):
            found |= _of_class(statement)
    return found


def _of_class(node: ast.ClassDef) -> dict[str, tuple[int, int]]:
    """Arities of the methods, and of the class itself when it says how it is made."""
    found: dict[str, tuple[int, int]] = {}
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            free = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in method.decorator_list)
            found[f"{node.name}.{method.name}"] = arity(method, bound=not free)
    made = found.get(f"{node.name}.__init__")
    if made is None and any("dataclass" in ast.unparse(one) for one in node.decorator_list) and not node.bases:
        fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
        made = (sum(one.value is None for one in fields), len(fields))
    return found | ({node.name: made} if made else {})


def _fields(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Classes with their fields, properties, and what methods set on `self`."""
    for owner in ast.walk(tree):
        if not isinstance(owner, ast.ClassDef):
            continue
        declared = [n.target.id for n in owner.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
        methods = [n for n in owner.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        properties = [n.name for n in methods if any("property" in ast.unparse(one) for one in n.decorator_list)]
        stored = [n for method in methods for n in ast.walk(method) if isinstance(n, ast.Attribute) and not _read(n)]
        own = [n.attr for n in stored if isinstance(n.value, ast.Name) and n.value.id == "self"]
        yield owner.name, tuple(dict.fromkeys([*declared, *own, *properties]))


def _imported(source: Source, others: Iterable[Source]) -> dict[str, tuple[int, int]]:
    """Arities of what the module imports from other files of the repository."""
    modules = {one.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): one for one in others}
    found: dict[str, tuple[int, int]] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            tail = node.module
            files = [one for name, one in modules.items() if name == tail or name.endswith("." + tail)]
            known = _arities(files[0].tree) if len(files) == 1 else {}
            found |= {one.asname or one.name: known[one.name] for one in node.names if one.name in known}
    return found


def constants_of(source: Source) -> Iterator[str]:
    """Source texts of numbers and strings, docstrings and parts of f-strings left out, in the order of the text."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool | None) or node.value is ...:
            continue
        parent = source.parents[node]
        if not isinstance(parent, (ast.Expr, *_ODD)) and not _in_string(source, node):
            text = source.text(node)
            if "\n" not in text and len(text) <= _LONGEST:
                yield text


def _in_string(source: Source, node: ast.AST) -> bool:
    return any(isinstance(above, ast.JoinedStr) for above in source.above(node))


def conditions_of(node: ast.AST) -> tuple[ast.expr, ...]:
    """What one node decides by: the test of a branch, a loop or an assertion, filters, operands of `and` and `or`."""
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return (test,)
        case ast.comprehension(ifs=tests) | ast.BoolOp(values=tests):
            return tuple(tests)
        case _:
            return ()


def _conditions(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        yield from conditions_of(node)


def _simple(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements inside of functions that hold no other statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and not isinstance(node, ast.Pass | ast.Match):
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not docstring and not isinstance(node, ast.Import | ast.ImportFrom):
                yield node


def _origins(found: Iterable[tuple[ast.expr | ast.stmt, str, Source]]) -> tuple[tuple[str, str], ...]:
    """Texts with the functions that they stand in, each text once; outside of functions nothing is taken."""
    kept: dict[str, str] = {}
    for node, lead, source in found:
        if len(kept) >= _MOST:
            break
        if (qualname := qualname_of(source, node)) and not _in_string(source, node):
            text = _dedented(source, node)
            if text and len(text) <= _LONGEST:
                kept.setdefault(text, lead + qualname)
    return tuple(kept.items())


def _dedented(source: Source, node: ast.expr | ast.stmt) -> str:
    """The text of a node as it would stand at the left edge."""
    text = source.text(node).replace("\r\n", "\n")
    first, line_end, rest = text.partition("\n")
    if not line_end:
        return text
    indent = source.indent_at(node.lineno)
    lines = rest.split("\n")
    if all(line.startswith(indent) or not line.strip() for line in lines):
        return "\n".join([first, *(line.removeprefix(indent) for line in lines)])
    return "" if isinstance(node, ast.stmt) else first + "\n" + textwrap.dedent(rest)


def qualname_of(source: Source, node: ast.AST) -> str:
    """`Class.method` of the outermost function around a node, "" outside of functions."""
    names: list[str] = []
    inside = False
    for above in source.above(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            names, inside = [above.name], True
        elif isinstance(above, ast.ClassDef):
            names = [above.name, *names] if inside else []
    return ".".join(names)
