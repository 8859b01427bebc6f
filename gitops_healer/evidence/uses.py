"""Where a file uses a name of a module: told by its text, without running anything."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)


@dataclass(frozen=True)
class Use:
    """line: from 1; symbol: the function or class that it stands in, "" for the module; call: when it is called."""

    line: int
    symbol: str
    call: ast.Call | None = None


def uses_of(tree: ast.Module, name: str, *, member: bool, here: bool) -> tuple[Use, ...]:
    """Where a name is imported, read or called. member: it is reached through an object; here: it is defined in this
    file, else only what imports bring is meant."""
    return tuple(_Reading(tree, name, member, here).uses())


class _Reading:
    def __init__(self, tree: ast.Module, name: str, member: bool, here: bool) -> None:
        self._tree = tree
        self._name = name
        self._member = member
        imported = {alias.asname or alias.name for node in _imports(tree) for alias in node.names if alias.name == name}
        starred = any(alias.name == "*" for node in _imports(tree) for alias in node.names)
        self._bound = imported | ({name} if here or starred else set())
        self._modules = {
            alias.asname or alias.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }

    def uses(self) -> Iterator[Use]:
        """Nodes are visited without recursion: hostile code nests deeply."""
        waiting: list[tuple[ast.AST, str, frozenset[str], ast.Call | None]] = [(self._tree, "", frozenset(), None)]
        while waiting:
            node, symbol, local, call = waiting.pop()
            if isinstance(node, ast.ImportFrom) and not self._member:
                yield from (Use(alias.lineno, symbol) for alias in node.names if alias.name == self._name)
            elif self._is_use(node, local):
                yield Use(getattr(node, "lineno", 1), symbol, call)
            if isinstance(node, _SCOPES):
                name = getattr(node, "name", "<lambda>")
                symbol = f"{symbol}.{name}" if symbol else name
                local = local | _bound_in(node) if isinstance(node, _FUNCTIONS) else local
            for child in ast.iter_child_nodes(node):
                called = node if isinstance(node, ast.Call) and child is node.func else None
                waiting.append((child, symbol, local, called))

    def _is_use(self, node: ast.AST, local: frozenset[str]) -> bool:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                return not self._member and name in self._bound and name not in local
            case ast.Attribute(attr=attr, ctx=ast.Load(), value=value):
                return attr == self._name and (self._member or _root(value) in self._modules)
            case _:
                return False


def _imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _bound_in(node: ast.AST) -> frozenset[str]:
    """Parameters of a function and what its body assigns, without what it declares global."""
    arguments = getattr(node, "args", None)
    names = {item.arg for item in ast.walk(arguments) if isinstance(item, ast.arg)} if arguments else set[str]()
    free = set[str]()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        elif isinstance(inner, ast.Global | ast.Nonlocal):
            free.update(inner.names)
    return frozenset(names - free)


# Whether a call fits


def misfit(arguments: ast.arguments, call: ast.Call, *, bound: bool) -> str:
    """Why a call does not fit the parameters, as a clause; "" when it does, or when that cannot be told. bound: the
    first parameter is the object itself."""
    positional = [item.arg for item in (*arguments.posonlyargs, *arguments.args)][1 if bound else 0 :]
    starred = any(isinstance(item, ast.Starred) for item in call.args)
    doubled = any(keyword.arg is None for keyword in call.keywords)
    only = {item.arg for item in arguments.posonlyargs}
    named = {*positional, *(item.arg for item in arguments.kwonlyargs)} - only
    if not starred and arguments.vararg is None and len(call.args) > len(positional):
        return f"passes {len(call.args)} arguments by position, and it takes {len(positional)}"
    if arguments.kwarg is None:
        unknown = [keyword.arg for keyword in call.keywords if keyword.arg and keyword.arg not in named]
        if unknown:
            return f"passes {unknown[0]}, which is no parameter"
    if starred or doubled:
        return ""
    given = {*positional[: len(call.args)], *(keyword.arg for keyword in call.keywords)}
    optional = positional[len(positional) - len(arguments.defaults) :] if arguments.defaults else []
    needed = [name for name in positional if name not in optional]
    needed += [
        item.arg for item, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None
    ]
    missing = [name for name in needed if name not in given]
    return f"does not pass {missing[0]}, which it needs" if missing else ""
