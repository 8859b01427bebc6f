"""What is known of the names of one function without running it: what they are bound to, what may change them.

Everything errs on one side: a name that may be changed, shared or shadowed in any way counts as such.
"""

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

DEFERRED = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef})
COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_BINDERS = frozenset(
    {ast.Name, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.alias, ast.ExceptHandler, ast.MatchAs}
    | {ast.MatchStar, ast.MatchMapping, ast.Global, ast.Nonlocal}
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
_LIST_METHODS = frozenset({"split", "rsplit", "splitlines", "readlines"})
_MODULE_LIST_CALLS = frozenset({("os", "listdir"), ("re", "findall"), ("glob", "glob"), ("re", "split")})
_LIST_ANNOTATIONS = frozenset({"list", "List"})


_FIELDS = {
    cls: tuple(name for name in cls._fields if name not in ("ctx", "op", "ops", "kind", "type_comment", "conversion"))
    for cls in vars(ast).values()
    if isinstance(cls, type) and issubclass(cls, ast.AST) and cls not in (ast.Name, ast.Constant)
}


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


_BLOCKS = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler}
    | {ast.Match, ast.match_case}
)


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
            if cls in _BINDERS:
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
    def _bound(self) -> tuple[dict[str, list[ast.expr | None]], set[str], set[str], Counter[str]]:
        bindings: dict[str, list[ast.expr | None]] = {}
        captured: set[str] = set()
        aliased: set[str] = set()
        loads: Counter[str] = Counter()
        waiting: list[Any] = list(self._function.body)
        plain: set[int] = set()
        while waiting:
            node = waiting.pop()
            cls = node.__class__
            if cls in DEFERRED:
                captured |= names_in(node)
            else:
                waiting += children(node)
            if cls is ast.Name:
                if node.ctx.__class__ is ast.Load:
                    loads[node.id] += 1
                elif id(node) not in plain:
                    bindings.setdefault(node.id, []).append(None)
            elif cls is ast.Assign or (cls is ast.AnnAssign and node.value is not None):
                aliased |= _aliases(node.value)
                for target in node.targets if cls is ast.Assign else [node.target]:
                    if target.__class__ is ast.Name:
                        bindings.setdefault(target.id, []).append(node.value)
                        plain.add(id(target))
            elif cls is ast.AugAssign and node.target.__class__ is ast.Name and node.op.__class__ is ast.Add:
                bindings.setdefault(node.target.id, []).append(ast.BinOp(node.target, node.op, node.value))
                plain.add(id(node.target))
            elif cls in _BINDERS:
                for name in stored_names(node):
                    bindings.setdefault(name, []).append(None)
        return bindings, captured, aliased, loads

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
            elif cls in _BLOCKS:
                for field in ("body", "orelse", "handlers", "finalbody", "cases"):
                    waiting += getattr(node, field, ())
        return found

    def values(self, name: str) -> list[ast.expr | None]:
        """What a name is bound to in this function; None for what is no plain assignment."""
        return self._bound[0].get(name, [])

    def loads(self, name: str) -> int:
        """How often it is read, nested functions apart."""
        return self._bound[3][name]

    def binds(self, name: str) -> bool:
        return name in self.arguments or name in self._bound[0]

    def is_captured(self, name: str) -> bool:
        """Whether a nested function, lambda or class mentions it."""
        return name in self._bound[1]

    def is_aliased(self, name: str) -> bool:
        """Whether something else was made to mean the same object."""
        values = self.values(name)
        return name in self._bound[2] or any(isinstance(value, ast.Name | ast.IfExp | ast.BoolOp) for value in values)

    def is_builtin(self, name: str) -> bool:
        return not self.binds(name) and not self._module.shadows(name, self._qualname)

    def kind_of(self, name: str) -> str:
        """list, str or dict when every binding of a local name says so, else ""."""
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
            case ast.Constant(value=str()) | ast.JoinedStr():
                return "str"
            case ast.Call(func=ast.Name(id="list" | "sorted" | "str" | "repr" | "dict" as name)) if self.is_builtin(
                name
            ):
                return {"sorted": "list", "repr": "str"}.get(name, name)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format")):
                return "str"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=attr)) if (
                module,
                attr,
            ) in _MODULE_LIST_CALLS:
                return "list"
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in _LIST_METHODS:
                return "list"
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                return "str"
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.kind_of_value(left) or self.kind_of_value(right)
            case ast.BinOp(left=left, op=ast.Mult()):
                return self.kind_of_value(left)
        return ""

    def changes(self, loop: ast.AST) -> "Changes":
        """What may change while a loop runs."""
        found = self._changes.get(id(loop))
        if found is None:
            found = self._changes[id(loop)] = Changes(loop, self)
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


def grows(value: ast.expr | None, name: str) -> bool:
    """`name + something` or `something + name`: whatever the name was, it still is."""
    match value:
        case ast.BinOp(left=ast.Name(id=left), op=ast.Add()) if left == name:
            return True
        case ast.BinOp(op=ast.Add(), right=ast.Name(id=right)) if right == name:
            return True
    return False


def _annotated(annotation: ast.expr | None) -> str:
    match annotation:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) | ast.Constant(value=str(name)):
            first = name.partition("[")[0]
            return "list" if first in _LIST_ANNOTATIONS else first if first in ("str", "dict") else ""
    return ""


class Changes:
    """What may be changed by one run of a loop or comprehension.

    stored: names bound anew; calls: whether anything is called that may do anything; suspends: whether others run in
    between (`yield`, `await`); reaches: whether attributes or items of anything are set.
    """

    def __init__(self, loop: ast.AST, scope: Scope) -> None:
        self._scope = scope
        self.stored: set[str] = set()
        self.calls = False
        self.suspends = False
        self.reaches = False
        self.reads: Counter[str] = Counter()
        self.own_reads: Counter[str] = Counter()  # in `x = x + y`
        self.grown: Counter[str] = Counter()  # `x += y`, `x = x + y`
        self._stores: Counter[str] = Counter()
        self._safe: Counter[str] = Counter()
        self._appends: Counter[str] = Counter()
        self._touched: set[str] = set()
        waiting: list[Any] = [loop]
        while waiting:
            node = waiting.pop()
            if node.__class__ is not ast.Constant:
                self._look(node)
                waiting += children(node)

    def may_change(self, name: str) -> bool:
        """Whether the object of a local name is used in any way that could change it or hand it on."""
        return name in self.stored or not self.only_appends(name) or self._appends[name] > 0

    def only_appends(self, name: str) -> bool:
        """Whether all that may happen to the object of a local name is that something is put at its end."""
        return name not in self._touched and self.reads[name] <= self._safe[name] + self._appends[name]

    def only_grows(self, name: str) -> bool:
        """Whether a name is bound anew only to what it was with something added, and not handed on in between."""
        return 0 < self.grown[name] == self._stores[name] and self.reads[name] <= self._safe[name]

    @property
    def is_quiet(self) -> bool:
        """Nothing is called or set that could change what is not a local name."""
        return not (self.calls or self.suspends or self.reaches)

    def _look(self, node: Any) -> None:
        cls = node.__class__
        if cls is ast.Name:
            if node.ctx.__class__ is ast.Load:
                self.reads[node.id] += 1
            else:
                self.stored.add(node.id)
                self._stores[node.id] += 1
        elif cls is ast.Call:
            self._call(node)
        elif cls is ast.Subscript or cls is ast.Attribute:
            if node.ctx.__class__ is not ast.Load:
                self.reaches = True
                self._touched.add(root_name(node))
            elif cls is ast.Subscript:
                self._spare(node.value)
        elif cls is ast.Compare:
            self._spare(node.left, *node.comparators)
        elif cls is ast.For or cls is ast.comprehension:
            self._spare(node.iter)
        elif cls is ast.If or cls is ast.While or cls is ast.IfExp or cls is ast.Assert:
            self._spare(node.test)
        elif cls is ast.UnaryOp:
            self._spare(node.operand)
        elif cls is ast.BinOp:
            self._spare(node.left, node.right)
        elif cls is ast.FormattedValue or cls is ast.Starred:
            self._spare(node.value)
        elif cls is ast.AugAssign:
            self._spare(node.value)
            if node.target.__class__ is ast.Name:
                self.grown[node.target.id] += node.op.__class__ is ast.Add
        elif cls is ast.Assign:
            target = node.targets[0]
            if len(node.targets) == 1 and target.__class__ is ast.Name and grows(node.value, target.id):
                self.grown[target.id] += 1
                self.own_reads[target.id] += 1
        elif (
            cls is ast.Yield or cls is ast.YieldFrom or cls is ast.Await or cls is ast.AsyncFor or cls is ast.AsyncWith
        ):
            self.suspends = True
        elif cls is ast.With:
            self.calls = True
        elif cls in _BINDERS:
            self.stored.update(stored_names(node))

    def _call(self, node: ast.Call) -> None:
        func = node.func
        if isinstance(func, ast.Name) and func.id in PURE_BUILTINS and self._scope.is_builtin(func.id):
            self._spare(*node.args)
        elif isinstance(func, ast.Attribute) and func.attr in PURE_METHODS:
            self._spare(func.value)
            if func.attr == "join":
                self._spare(*node.args)
        elif isinstance(func, ast.Attribute) and func.attr == "append" and isinstance(func.value, ast.Name):
            self._appends[func.value.id] += 1
            self.reaches = True
        else:
            self.calls = True

    def _spare(self, *nodes: Any) -> None:
        for node in nodes:
            if node.__class__ is ast.Name:
                self._safe[node.id] += 1
