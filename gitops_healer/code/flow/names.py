"""What is known of the names of one function without running it: what they are bound to, what may change them.

Everything errs on one side: a name that may be changed, shared or shadowed in any way counts as such.
"""

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from gitops_healer.code.flow.changes import Changes
from gitops_healer.code.flow.syntax import BINDERS, BLOCKS, DEFERRED, children, grows, names_in, spelled, stored_names

_LIST_METHODS = frozenset({"split", "rsplit", "splitlines", "readlines"})
_LIST_FUNCTIONS = frozenset({"os.listdir", "re.findall", "re.split", "glob.glob"})
_KIND_OF_BUILTIN = {"list": "list", "sorted": "list", "str": "str", "repr": "str", "dict": "dict", "tuple": "tuple"}
_KIND_OF_ANNOTATION = {"list": "list", "List": "list", "str": "str", "dict": "dict", "Dict": "dict"}


class ModuleNames:
    """Names that a module binds at its top, and the functions in it, to tell whether a builtin is shadowed."""

    def __init__(self, tree: ast.Module, functions: Iterable[tuple[str, Any]]) -> None:
        self._tree = tree
        self._functions = functions

    @cached_property
    def names(self) -> frozenset[str] | None:
        """None: a star import may have bound anything."""
        found: set[str] = set()
        waiting: list[Any] = list(self._tree.body)
        while waiting:
            node = waiting.pop()
            cls = node.__class__
            if cls in BINDERS:
                found.update(stored_names(node))
            if cls is ast.Assign:
                waiting += node.targets
            elif cls not in DEFERRED and cls is not ast.Expr:
                waiting += children(node)
        return None if "*" in found else frozenset(found)

    @cached_property
    def _scopes(self) -> dict[str, "Scope"]:
        return {name: Scope(function, name, self) for name, function in self._functions}

    def shadows(self, name: str, qualname: str = "") -> bool:
        """Whether a name means something else than the builtin in the functions around a function."""
        if self.names is None or name in self.names:
            return True
        outer = qualname.rpartition(".<locals>.")[0]
        while outer:
            scope = self._scopes.get(outer)
            if scope is not None and scope.binds(name):
                return True
            outer = outer.rpartition(".<locals>.")[0]
        return False


class Scope:
    """Names of one function."""

    def __init__(self, function: Any, qualname: str, module: ModuleNames) -> None:
        self._function = function
        self._qualname = qualname
        self._module = module
        self._changes: dict[int, Changes] = {}

    @cached_property
    def arguments(self) -> dict[str, ast.expr | None]:
        """Arguments with their annotations."""
        signature = self._function.args
        plain = [*signature.posonlyargs, *signature.args, *signature.kwonlyargs]
        stars = [item for item in (signature.vararg, signature.kwarg) if item is not None]
        return {item.arg: item.annotation for item in plain} | {item.arg: None for item in stars}

    @cached_property
    def _uses(self) -> "_Uses":
        return _Uses(self._function.body)

    @cached_property
    def _assigned(self) -> dict[str, list[ast.expr]]:
        """What plain assignments bind names to: enough to see what is not worth a closer look, and cheap."""
        found: dict[str, list[ast.expr]] = {}
        waiting: list[Any] = list(self._function.body)
        while waiting:
            node = waiting.pop()
            cls = node.__class__
            if cls is ast.Assign or cls is ast.AnnAssign:
                target = node.targets[0] if cls is ast.Assign else node.target
                if target.__class__ is ast.Name and node.value is not None:
                    found.setdefault(target.id, []).append(node.value)
            elif cls in BLOCKS:
                for field in ("body", "orelse", "handlers", "finalbody", "cases"):
                    waiting += getattr(node, field, ())
        return found

    def values(self, name: str) -> list[ast.expr | None]:
        """What a name is bound to in this function; None for what is no plain assignment."""
        return self._uses.values.get(name, [])

    def loads(self, name: str) -> int:
        """How often it is read, nested functions apart."""
        return self._uses.loads[name]

    def binds(self, name: str) -> bool:
        return name in self.arguments or name in self._uses.values

    def is_captured(self, name: str) -> bool:
        """Whether a nested function, lambda or class mentions it."""
        return name in self._uses.captured

    def is_aliased(self, name: str) -> bool:
        """Whether something else was made to mean the same object."""
        values = self.values(name)
        return name in self._uses.aliased or any(
            isinstance(value, ast.Name | ast.IfExp | ast.BoolOp) for value in values
        )

    def is_builtin(self, name: str) -> bool:
        return not self.binds(name) and not self._module.shadows(name, self._qualname)

    def kind_of(self, name: str) -> str:
        """list, tuple, str, bytes or dict when every binding of a local name says so, else ""."""
        if name not in self.arguments and not any(map(self.kind_of_value, self._assigned.get(name, ()))):
            return ""
        if self.is_captured(name):
            return ""
        if name in self.arguments:
            unbound = not [value for value in self.values(name) if not grows(value, name)]
            return _annotated(self.arguments[name]) if unbound else ""
        kinds = {self.kind_of_value(value) for value in self.values(name) if not grows(value, name)}
        return kinds.pop() if len(kinds) == 1 else ""

    def kind_of_value(self, value: ast.expr | None) -> str:
        match value:
            case ast.List() | ast.ListComp():
                return "list"
            case ast.Dict() | ast.DictComp():
                return "dict"
            case ast.Constant(value=str()) | ast.JoinedStr() | ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                return "str"
            case ast.Constant(value=bytes()):
                return "bytes"
            case ast.Call(func=ast.Name(id="tuple"), args=[]):
                return ""  # stays empty
            case ast.Call(func=func):
                return self._kind_of_call(func)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.kind_of_value(left) or self.kind_of_value(right)
            case ast.BinOp(left=left, op=ast.Mult()):
                return self.kind_of_value(left)
        return ""

    def _kind_of_call(self, func: ast.expr) -> str:
        match func:
            case ast.Name(id=name) if name in _KIND_OF_BUILTIN:
                return _KIND_OF_BUILTIN[name] if self.is_builtin(name) else ""
            case ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format"):
                return "str"
            case ast.Attribute(attr=attr):
                return "list" if attr in _LIST_METHODS or spelled(func) in _LIST_FUNCTIONS else ""
        return ""

    def changes(self, loop: ast.AST) -> Changes:
        """What may change while a loop runs."""
        found = self._changes.get(id(loop))
        if found is None:
            found = self._changes[id(loop)] = Changes(loop, self.is_builtin)
        return found

    def is_unchanged(self, node: Any, loop: ast.AST) -> bool:
        """Whether an expression of constants and local names means the same, unchanged, all the time a loop runs."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return self.is_fixed(name, loop) and not self.changes(loop).may_change(name)
        return False

    def is_fixed(self, name: str, loop: ast.AST) -> bool:
        """Whether a local name is never bound anew while a loop runs, and nobody else can reach its object."""
        if not self.binds(name) or self.is_captured(name) or self.is_aliased(name):
            return False
        return name not in self.changes(loop).stored


def _aliases(value: Any) -> set[str]:
    """Names whose very object an assignment hands on."""
    match value:
        case ast.Name(id=name):
            return {name}
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.BoolOp(values=parts):
            return set().union(*(_aliases(part) for part in parts))
        case ast.IfExp(body=body, orelse=orelse):
            return _aliases(body) | _aliases(orelse)
        case ast.Dict(values=parts):
            return set().union(*(_aliases(part) for part in parts))
    return set()


def _annotated(annotation: ast.expr | None) -> str:
    match annotation:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) | ast.Constant(value=str(name)):
            return _KIND_OF_ANNOTATION.get(name.partition("[")[0], "")
    return ""


class _Uses:
    """How the names of one function are used.

    values: what each is bound to, None for anything but a plain assignment; captured: names that nested functions,
    lambdas and classes mention; aliased: names whose object another name or display was given; loads: how often each
    is read.
    """

    def __init__(self, body: list[ast.stmt]) -> None:
        self.values: dict[str, list[ast.expr | None]] = {}
        self.captured: set[str] = set()
        self.aliased: set[str] = set()
        self.loads: Counter[str] = Counter()
        self._plain: set[int] = set()  # targets that are known with their value
        waiting: list[Any] = list(body)
        while waiting:
            node = waiting.pop()
            cls = node.__class__
            self._look(node)
            if cls in DEFERRED:
                self.captured |= names_in(node)
            else:
                waiting += children(node)

    def _look(self, node: Any) -> None:
        cls = node.__class__
        if cls is ast.Name and node.ctx.__class__ is ast.Load:
            self.loads[node.id] += 1
        elif cls is ast.Name:
            if id(node) not in self._plain:
                self._bind(node.id, None)
        elif cls is ast.Assign or (cls is ast.AnnAssign and node.value is not None):
            self.aliased |= _aliases(node.value)
            for target in node.targets if cls is ast.Assign else [node.target]:
                self._assign(target, node.value)
        elif cls is ast.AugAssign and node.op.__class__ is ast.Add:
            self._assign(node.target, ast.BinOp(node.target, node.op, node.value))
        elif cls in BINDERS:
            for name in stored_names(node):
                self._bind(name, None)

    def _assign(self, target: Any, value: ast.expr) -> None:
        if target.__class__ is ast.Name:
            self._plain.add(id(target))
            self._bind(target.id, value)

    def _bind(self, name: str, value: ast.expr | None) -> None:
        self.values.setdefault(name, []).append(value)
