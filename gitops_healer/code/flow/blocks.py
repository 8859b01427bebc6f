"""Control flow that can be told statement by statement: what never runs, what runs once, what is nested too deeply."""

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

from gitops_healer.code.flow.loops import LoopReader, is_worth_reading
from gitops_healer.code.flow.names import ModuleNames, Scope
from gitops_healer.code.flow.syntax import COMPREHENSIONS, PURE_METHODS, spelled

Found = Callable[[str, ast.AST, ast.AST, str], None]
"""Takes the kind, the first and the last node, and the detail."""
Function = ast.FunctionDef | ast.AsyncFunctionDef

_DEEP = 4
_GUARDS = 2
_LONG = 8
"""Nesting is worth flattening from so many levels, guard clauses and lines on."""
_FEW = 12
"""So many tests are compared faster with each other than by their text."""
_LEAVING = frozenset({ast.Return, ast.Raise, ast.Break, ast.Continue})
_WITH_VALUE = frozenset({ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return})
_READ = frozenset({ast.Call, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.ListComp, ast.SetComp, ast.DictComp})
_LOOPS = frozenset({ast.For, ast.AsyncFor, ast.While})
_HOLDERS = frozenset(
    {ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler, ast.Match, ast.match_case}
)
_SAYS_SO = frozenset({ast.Raise, ast.Assert, ast.Pass})
_ASKING = frozenset({"isinstance", "issubclass", "callable", "hasattr", "len", "type", "bool", "int", "str"})
_WORDS = {
    ast.Return: "return", ast.Raise: "raise", ast.Break: "break", ast.Continue: "continue", ast.If: "if and else",
    ast.Try: "try", ast.TryStar: "try", ast.While: "endless while", ast.Match: "match",
}  # fmt: skip


class BlockReader:
    """Reads the functions of one module one by one, and what stands outside of them."""

    def __init__(self, found: Found, module: ModuleNames) -> None:
        self._found = found
        self._module = module
        self._function: Function | None = None
        self._qualname = ""
        self._loops: LoopReader | None = None
        self._open_loops = 0

    def read_module(self, tree: ast.Module) -> None:
        """What stands outside of functions, without what depends on the names of one function."""
        self._open_loops = 1
        self._block(tree.body, 0)
        self._open_loops = 0

    def read_function(self, function: Function, qualname: str) -> None:
        self._function, self._qualname, self._loops = function, qualname, None
        body = function.body
        self._block(body, 0)
        if body[-1].__class__ is ast.If or body[-1].__class__ is ast.With:
            self._guards(body, 0)

    def _block(self, body: list[Any], depth: int) -> bool:
        """Reads one block. Returns whether whatever follows it cannot be reached."""
        leaving: Any = None
        for node in body:
            if leaving is not None:
                self._unreachable(leaving, node, body)
                break
            cls = node.__class__
            if cls is ast.Expr:
                value = node.value
                if value.__class__ is ast.Call and value.args and value.args[0].__class__ in COMPREHENSIONS:
                    self._value(value)
            elif cls in _WITH_VALUE:
                if node.value.__class__ in _READ:
                    self._value(node.value)
                if cls is ast.Return:
                    leaving = node
            elif cls in _LEAVING or ((handler := _COMPOUND.get(cls)) is not None and handler(self, node, depth)):
                leaving = node
        return leaving is not None

    def _value(self, value: Any) -> None:
        if not self._open_loops and is_worth_reading(value):
            self._loop_reader.value(value)

    @property
    def _loop_reader(self) -> LoopReader:
        if self._loops is None:
            scope = Scope(self._function, self._qualname, self._module)
            self._loops = LoopReader(scope, lambda kind, node, detail: self._found(kind, node, node, detail))
        return self._loops

    # Statements; each returns whether what follows cannot be reached

    def _if(self, node: ast.If, depth: int) -> bool:
        tests: list[ast.expr] = []
        leaves = True
        if node.test.__class__ is ast.Compare:
            self._lookup(node)
        while True:
            test = node.test
            tests.append(test)
            cls = test.__class__
            if cls is ast.Constant:
                self._constant(node)
            if cls in _READ:
                self._value(test)
            leaves &= self._block(node.body, depth + 1)
            rest: list[Any] = node.orelse
            if len(rest) != 1 or rest[0].__class__ is not ast.If:
                break
            node = rest[0]
        if len(tests) > 1:
            self._duplicates(tests)
        return (self._block(rest, depth + 1) and leaves) if rest else False

    def _loop(self, node: Any, depth: int) -> bool:
        if not self._open_loops:
            self._loop_reader.read(node)
        self._open_loops += 1
        body = node.body
        if body[-1].__class__ in (ast.If, ast.With) and self._function is not None:
            self._guards(body, depth + 1)
        leaves = self._block(body, depth + 1)
        self._open_loops -= 1
        if node.orelse:
            self._block(node.orelse, depth + 1)
        endless = node.__class__ is ast.While and node.test.__class__ is ast.Constant and bool(node.test.value)
        if node.__class__ is ast.While and node.test.__class__ is ast.Constant and not node.test.value:
            self._never("constant_condition", body, "while " + repr(node.test.value))
        elif leaves and len(body) > 1 and not node.orelse:
            self._once(node, endless)
        return endless and ast.Break not in _jumps(body)

    def _once(self, node: Any, endless: bool) -> None:
        jumps = list(_jumps(node.body))
        ends = node.body[-1].__class__
        if ast.Continue in jumps or ends is ast.Raise or (endless and jumps.count(ast.Break) > 1):
            return
        if node.__class__ is not ast.While and (ends is ast.Break or node.__class__ is ast.AsyncFor):
            return  # the first one is what is wanted
        self._found("loop_runs_once", node, node, _WORDS.get(ends, "leaves"))

    def _with(self, node: Any, depth: int) -> bool:
        self._block(node.body, depth + 1)
        return False  # what is entered may swallow exceptions, and so go on below

    def _try(self, node: Any, depth: int) -> bool:
        leaves = self._block(node.body, depth + 1)
        if node.orelse:
            if leaves:
                self._never("unreachable_code", node.orelse, "in the else of a try")
            else:
                leaves = self._block(node.orelse, depth + 1)
        for handler in node.handlers:
            leaves &= self._block(handler.body, depth + 1)
        if len(node.handlers) > 1 and node.__class__ is ast.Try:
            self._shadowed(node.handlers)
        return (bool(node.finalbody) and self._block(node.finalbody, depth + 1)) or leaves

    def _match(self, node: ast.Match, depth: int) -> bool:
        leaves = [self._block(case.body, depth + 1) for case in node.cases]
        last = node.cases[-1]
        wild = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None and last.guard is None
        return wild and all(leaves)

    # Kinds

    def _unreachable(self, leaving: Any, first: Any, body: list[Any]) -> None:
        rest = body[body.index(first) :]
        alone = first if len(rest) == 1 else None
        if alone.__class__ in _SAYS_SO or _calls_out(alone):
            return  # says that nobody should get there
        self._never("unreachable_code", rest, f"after {_WORDS[leaving.__class__]}")

    def _never(self, kind: str, body: list[Any], detail: str) -> None:
        """Statements that never run, unless they are there for something else: to make a generator, to be imported by
        type checkers."""
        for node in body:
            for part in ast.walk(node):
                if isinstance(part, ast.Yield | ast.YieldFrom | ast.Await):
                    return
        if not all(isinstance(node, ast.Import | ast.ImportFrom | ast.Pass) for node in body):
            self._found(kind, body[0], body[-1], detail)

    def _constant(self, node: ast.If) -> None:
        assert isinstance(node.test, ast.Constant)
        value = node.test.value
        if not value:
            self._never("constant_condition", node.body, f"if {value!r}")
        elif node.orelse:
            self._never("constant_condition", node.orelse, f"else of if {value!r}")

    def _duplicates(self, tests: list[ast.expr]) -> None:
        repeated = next(_repeated(tests), None)
        if repeated is not None:
            number, later = repeated
            if all(self._asks(one) for one in tests[number : tests.index(later)]):
                self._found("duplicate_condition", later, later, ast.unparse(later))

    def _asks(self, node: Any) -> bool:
        """Whether an expression only looks."""
        for part in ast.walk(node):
            if isinstance(part, ast.Call):
                func = part.func
                plain = isinstance(func, ast.Name) and func.id in _ASKING
                if not plain and not (isinstance(func, ast.Attribute) and func.attr in PURE_METHODS):
                    return False
            elif isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
                return False
        return True

    def _shadowed(self, handlers: list[ast.ExceptHandler]) -> None:
        earlier: list[str] = []
        for handler in handlers:
            names = [spelled(part) for part in _types(handler)]
            covering = [next((one for one in earlier if self._covers(one, name)), "") for name in names]
            if names and all(covering):
                self._found("shadowed_except", handler, handler, f"{', '.join(names)} after {covering[0]}")
            earlier += [name for name in names if name]

    def _covers(self, broad: str, narrow: str) -> bool:
        if broad == narrow:
            return True
        one, other = getattr(builtins, broad, None), getattr(builtins, narrow, None)
        if not (isinstance(one, type) and isinstance(other, type) and issubclass(other, one)):
            return False
        return self._is_builtin(broad) and self._is_builtin(narrow)

    def _is_builtin(self, name: str) -> bool:
        return self._loop_reader.scope.is_builtin(name) if self._function else not self._module.shadows(name)

    def _lookup(self, node: ast.If) -> None:
        """`if k in d: x = d[k] else: x = default`."""
        if len(node.body) != 1 or len(node.orelse) != 1:
            return
        match (node.test, node.body[0], node.orelse[0]):
            case (
                ast.Compare(left=key, ops=[ast.In()], comparators=[ast.Name() | ast.Attribute() as table]),
                ast.Assign(targets=[target], value=ast.Subscript(value=value, slice=index)),
                ast.Assign(targets=[other], value=default),
            ):
                plain = isinstance(default, ast.Constant | ast.Name) and isinstance(key, ast.Constant | ast.Name)
                alike = same(target, other) and same(table, value) and same(key, index)
                if plain and alike and spelled(target) and spelled(table) not in ("", "self"):
                    self._found("repeated_lookup", node, node, f"{spelled(table)}[{ast.unparse(key)}]")

    def _guards(self, body: list[Any], depth: int) -> None:
        """A chain of `if`s each of which is all that is left of its block."""
        first, levels = body[-1], 0
        while True:
            last = body[-1]
            if last.__class__ is ast.If and not last.orelse:
                levels += 1
            elif last.__class__ is not ast.With:
                break
            body, depth = last.body, depth + 1
        long = first.end_lineno - first.lineno >= _LONG
        if levels >= _GUARDS and depth >= _DEEP and long and len(body) > 1:
            self._found("deep_nesting", first, first, f"{levels} levels")


_COMPOUND: dict[type, Callable[[BlockReader, Any, int], bool]] = {
    ast.If: BlockReader._if,
    ast.For: BlockReader._loop,
    ast.AsyncFor: BlockReader._loop,
    ast.While: BlockReader._loop,
    ast.With: BlockReader._with,
    ast.AsyncWith: BlockReader._with,
    ast.Try: BlockReader._try,
    ast.TryStar: BlockReader._try,
    ast.Match: BlockReader._match,
}


def _repeated(tests: list[ast.expr]) -> Iterator[tuple[int, ast.expr]]:
    """Tests that stand earlier in their chain as well, with the number of the earlier one."""
    if len(tests) <= _FEW:
        for number, test in enumerate(tests):
            yield from ((number, later) for later in tests[number + 1 :] if same(test, later))
        return
    seen: dict[str, int] = {}
    for number, test in enumerate(tests):
        first = seen.setdefault(ast.dump(test), number)
        if first != number:
            yield first, test


def same(one: Any, other: Any) -> bool:
    """Whether two expressions are written the same, layout apart."""
    if one.__class__ is not other.__class__:
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if not isinstance(one, ast.AST):
        return bool(one == other)
    return all(same(getattr(one, name, None), getattr(other, name, None)) for name in one._fields)


def _calls_out(node: Any) -> bool:
    """A call that says by its name that nobody gets there."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    name = spelled(node.value.func).rpartition(".")[2].lower()
    return any(word in name for word in ("never", "unreachable", "fail"))


def _types(handler: ast.ExceptHandler) -> list[ast.expr]:
    if isinstance(handler.type, ast.Tuple):
        return handler.type.elts
    return [] if handler.type is None else [handler.type]


def _jumps(body: list[Any]) -> Iterator[type]:
    """The `break`s and `continue`s of a loop's body that are the loop's own."""
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        cls = node.__class__
        if cls is ast.Break or cls is ast.Continue:
            yield cls
        elif cls in _LOOPS:
            waiting += node.orelse
        elif cls in _HOLDERS:
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                waiting += getattr(node, field, ())
