"""What costs more than it has to inside of loops."""

import ast
from collections.abc import Callable
from typing import Any

from gitops_healer.code.flow_names import COMPREHENSIONS, Scope, children, grows, names_in, spelled

Report = Callable[[str, ast.AST, str], None]
"""Takes the kind, where it is, and the detail."""

_LEAVES = frozenset({ast.Name, ast.Constant})
_SMALL = 8
"""A loop over so many constants at most is no loop worth counting."""
_REDUCERS = frozenset({"max", "min", "sum"})
_MAKERS = frozenset({"sorted", "list", "set", "tuple", "frozenset"})
_VIEWS = frozenset({"keys", "values", "items"})
_LAZY = frozenset({"range", "enumerate", "zip", "reversed", "map", "filter"})
TAKERS = frozenset({"sorted", "set", "frozenset", "sum", "min", "max", "any", "all", "tuple", "list"})
Loops = tuple[Any, ...]
"""The loops and comprehensions around a place that go round more than once, the outermost first."""


def is_worth_reading(node: Any) -> bool:
    """Whether an expression outside of loops may be a case by itself; most are not, and this is asked of each."""
    cls = node.__class__
    if cls is ast.Call:
        func, arguments = node.func, node.args
        if func.__class__ is ast.Name and func.id in TAKERS:
            return True
        return bool(arguments) and arguments[0].__class__ in COMPREHENSIONS
    if cls is ast.Compare:
        return node.ops[0].__class__ in (ast.In, ast.NotIn)
    return cls in _COMPOUND_VALUES


_COMPOUND_VALUES = COMPREHENSIONS | {ast.UnaryOp, ast.BoolOp}


class LoopReader:
    """Reads the loops of one function."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self.scope = scope
        self._report = report
        self._said: set[tuple[str, str, int]] = set()

    # Statements

    def read(self, loop: Any) -> None:
        """A `for` or `while` with everything in it."""
        self._loop(loop, ())

    def value(self, node: Any) -> None:
        """An expression outside of loops, which is read as far as it is a comprehension or needless list by itself."""
        cls = node.__class__
        if cls is ast.Call:
            if node.func.__class__ is ast.Name and node.func.id in TAKERS:
                self._needless(node)
            if node.args and node.args[0].__class__ in COMPREHENSIONS:
                self._comprehension(node.args[0], ())
        elif cls is ast.Compare:
            self._membership(node, ())
        elif cls is ast.UnaryOp or cls is ast.BoolOp:
            for part in (node.operand,) if cls is ast.UnaryOp else node.values:
                if is_worth_reading(part):
                    self.value(part)
        elif cls in COMPREHENSIONS:
            self._comprehension(node, ())

    def _statements(self, body: list[Any], loops: Loops) -> None:
        last = body[-1].__class__
        if last is ast.Return or last is ast.Raise:
            loops = ()  # runs once, however many loops are around it
        elif last is ast.Break:
            loops = loops[:-1]
        for node in body:
            cls = node.__class__
            if cls is ast.For or cls is ast.While or cls is ast.AsyncFor:
                self._loop(node, loops)
            elif cls is ast.If:
                self._if(node, loops)
            elif cls is ast.Try or cls is ast.TryStar:
                for block in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
                    if block:
                        self._statements(block, loops)
            elif cls is ast.With or cls is ast.AsyncWith:
                for item in node.items:
                    self._expression(item.context_expr, loops)
                self._statements(node.body, loops)
            elif cls is ast.Match:
                self._expression(node.subject, loops)
                for case in node.cases:
                    self._statements(case.body, loops)
            elif cls is ast.FunctionDef or cls is ast.AsyncFunctionDef or cls is ast.ClassDef:
                continue  # runs later, elsewhere
            else:
                if loops and (cls is ast.AugAssign or cls is ast.Assign):
                    self._building(node, loops)
                for part in children(node):
                    if part.__class__ not in _LEAVES:
                        self._expression(part, loops)

    def _if(self, node: Any, loops: Loops) -> None:
        """With its `elif`s, of which there may be more than Python allows calls in calls."""
        rest = [node]
        while len(rest) == 1 and rest[0].__class__ is ast.If:
            node = rest[0]
            self._expression(node.test, loops)
            self._statements(node.body, loops)
            rest = node.orelse
        if rest:
            self._statements(rest, loops)

    def _loop(self, node: Any, loops: Loops) -> None:
        inner = (*loops, node)
        if node.__class__ is ast.While:
            self._expression(node.test, inner)
        else:
            if _is_small(node.iter):
                inner = loops
            elif node.__class__ is ast.For:
                self._for(node, loops)
            self._consumed(node.iter, loops, made=("sorted",))
            self._expression(node.iter, loops)
        self._statements(node.body, inner)
        if node.orelse:
            self._statements(node.orelse, loops)

    def _for(self, node: ast.For, loops: Loops) -> None:
        self._index_loop(node)
        self._copied_source(node)
        self._search(node)
        self._join(node)

    # Expressions

    def _expression(self, root: Any, loops: Loops) -> None:
        stack = [root]
        pop = stack.pop
        while stack:
            node = pop()
            cls = node.__class__
            if cls in _LEAVES:
                continue
            if cls is ast.Attribute:
                stack.append(node.value)
            elif cls is ast.Call:
                func = node.func
                if func.__class__ is ast.Name:
                    if func.id in TAKERS:
                        self._builtin(node, loops)
                else:
                    if loops:
                        self._method(node, loops)
                    stack.append(func)
                stack += node.args
                for keyword in node.keywords:
                    stack.append(keyword.value)
            elif cls is ast.Compare:
                if node.ops[0].__class__ in (ast.In, ast.NotIn):
                    self._membership(node, loops)
                stack.append(node.left)
                stack += node.comparators
            elif cls in COMPREHENSIONS:
                self._comprehension(node, loops)
            elif cls is not ast.Lambda:
                stack += children(node)

    def _comprehension(self, node: Any, loops: Loops) -> None:
        first = node.generators[0]
        self._consumed(first.iter, loops, made=("sorted",))
        self._expression(first.iter, loops)
        inner = loops if _is_small(first.iter) else (*loops, node)
        for generator in node.generators:
            if generator is not first:
                self._expression(generator.iter, inner)
            for test in generator.ifs:
                self._expression(test, inner)
        for part in (node.key, node.value) if node.__class__ is ast.DictComp else (node.elt,):
            if part.__class__ not in _LEAVES:
                self._expression(part, inner)

    # Kinds

    def _report_once(self, kind: str, node: ast.AST, name: str, detail: str, loops: Loops) -> None:
        """For what one change of the outermost loop would end wherever it stands in it."""
        key = kind, name, id(loops[0])
        if key not in self._said:
            self._said.add(key)
            self._report(kind, node, detail)

    def _membership(self, node: ast.Compare, loops: Loops) -> None:
        """`x in xs`, where xs is a list that is no longer than it needs to be for that to matter."""
        right: Any = node.comparators[0]
        if right.__class__ is ast.Call:
            self._consumed(right, loops, made=_MAKERS)
            inner = self._sole_argument(right, ("list", "tuple"))
            if inner is not None and _is_view(inner):
                self._report("needless_list", right, ast.unparse(right))
        if not loops or right.__class__ is not ast.Name:
            return
        name = right.id
        if self.scope.kind_of(name) != "list":
            return
        changes = self.scope.changes(loops[-1])
        if name in changes.stored or not changes.only_appends(name):
            return
        if not changes.may_change(name) and self._is_short(name):
            return
        self._report("membership_in_list", node, f"{ast.unparse(node.left)} in {name}")

    def _is_short(self, name: str) -> bool:
        """Whether a name is only ever bound to a list that is written out."""
        values = self.scope.values(name)
        return bool(values) and all(isinstance(value, ast.List) and value.elts for value in values)

    def _method(self, node: ast.Call, loops: Loops) -> None:
        func: Any = node.func
        if func.__class__ is not ast.Attribute or func.value.__class__ is not ast.Name:
            return
        name, attr, arguments = func.value.id, func.attr, node.args
        if attr in ("insert", "pop"):
            wanted = 2 if attr == "insert" else 1
            if len(arguments) == wanted and _is_zero(arguments[0]) and self._is_list_of(name, loops[-1]):
                detail = f"{name}.{attr}(0{', ...' if wanted == 2 else ''})"
                self._report_once("front_of_list", node, name, detail, loops)
        elif attr in ("index", "count", "remove"):
            if len(arguments) == 1 and isinstance(arguments[0], ast.Name):
                self._own_search(node, name, attr, arguments[0].id, loops)
        elif attr == "compile" and name == "re" and arguments:
            parts = [*arguments, *(keyword.value for keyword in node.keywords)]
            if all(self._is_flag(part) or self.scope.is_unchanged(part, loops[-1]) for part in parts):
                self._report("regex_in_loop", node, ast.unparse(arguments[0]))

    @staticmethod
    def _is_flag(node: Any) -> bool:
        """`re.I | re.M` and the like."""
        if isinstance(node, ast.BinOp):
            return LoopReader._is_flag(node.left) and LoopReader._is_flag(node.right)
        return spelled(node).startswith("re.")

    def _is_list_of(self, name: str, loop: Any) -> bool:
        """Whether a name means one list all the time a loop runs."""
        return self.scope.kind_of(name) == "list" and name not in self.scope.changes(loop).stored

    def _own_search(self, node: ast.Call, name: str, attr: str, item: str, loops: Loops) -> None:
        for loop in loops:
            if loop.__class__ is ast.For and loop.target.__class__ is ast.Name and loop.target.id == item:
                source = loop.iter
                if attr == "remove":
                    found = spelled(_copied(source)) == name and self.scope.kind_of(name) == "list"
                else:
                    found = spelled(source) == name
                if found and name not in self.scope.changes(loop).stored:
                    self._report("search_in_own_loop", node, f"{name}.{attr}({item})")

    def _builtin(self, node: Any, loops: Loops) -> None:
        name = node.func.id
        self._needless(node)
        if loops and name in _REDUCERS and len(node.args) == 1 and not node.keywords:
            argument = node.args[0]
            if isinstance(argument, ast.Name) and self._is_invariant(argument, loops[-1]) and self._is_own(name):
                self._report("invariant_call", node, f"{name}({argument.id})")
        if node.args and name != "list":
            self._consumed(node.args[0], loops, made=("sorted",))

    def _consumed(self, node: Any, loops: Loops, made: Any) -> None:
        """A call whose result is used up at once, so that making it again each time serves nothing."""
        if not loops or node.__class__ is not ast.Call or node.func.__class__ is not ast.Name:
            return
        name = node.func.id
        if name in made and len(node.args) == 1 and not node.keywords and isinstance(node.args[0], ast.Name):
            argument = node.args[0]
            if self._is_invariant(argument, loops[-1]) and self._is_own(name):
                kind = "sort_in_loop" if name == "sorted" else "invariant_call"
                self._report(kind, node, f"{name}({argument.id})")

    def _is_invariant(self, node: ast.Name, loop: Any) -> bool:
        return self.scope.is_unchanged(node, loop)

    def _is_own(self, name: str) -> bool:
        return self.scope.is_builtin(name)

    def _sole_argument(self, node: Any, names: Any) -> Any:
        """What `list(...)` is given, when that is all."""
        match node:
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in names:
                return argument if not isinstance(argument, ast.Starred) and self._is_own(name) else None
        return None

    def _needless(self, node: Any) -> None:
        """A list that is made only to be read once by a builtin that takes any iterable."""
        taker = node.func.id
        if len(node.args) != 1:
            return
        argument = node.args[0]
        if argument.__class__ is ast.ListComp:
            needless = taker in ("set", "frozenset") or (taker in ("any", "all") and self._is_plain(argument))
        else:
            made = ("list", "tuple", "sorted") if taker == "list" else ("list", "tuple")
            needless = self._sole_argument(argument, made) is not None and not (taker == "tuple" and node.keywords)
        if needless and self._is_own(taker):
            inner = "[...]" if argument.__class__ is ast.ListComp else f"{argument.func.id}(...)"
            self._report("needless_list", node, f"{taker}({inner})")

    def _is_plain(self, node: ast.ListComp) -> bool:
        """Whether stopping early would leave nothing undone."""
        changes = self.scope.changes(node)
        return not changes.calls and not changes.suspends and not any(part.is_async for part in node.generators)

    def _copied_source(self, node: ast.For) -> None:
        """`for x in list(lazy)`, where nothing in the loop changes what is read."""
        inner = self._sole_argument(node.iter, ("list", "tuple"))
        if inner is None:
            return
        lazy = _is_view(inner) or inner.__class__ is ast.GeneratorExp
        if inner.__class__ is ast.Call and inner.func.__class__ is ast.Name and self._is_own(inner.func.id):
            if inner.func.id in ("range", "sorted"):
                self._report("needless_list", node.iter, ast.unparse(node.iter))
                return
            lazy = inner.func.id in _LAZY
        if not lazy:
            return
        changes = self.scope.changes(node)
        if changes.is_quiet and not names_in(inner) & changes.stored:
            self._report("needless_list", node.iter, ast.unparse(node.iter))

    def _building(self, node: Any, loops: Loops) -> None:
        """`text += ...` and `items = items + [...]`."""
        target = node.target if node.__class__ is ast.AugAssign else node.targets[0]
        if target.__class__ is not ast.Name:
            return
        name, grown = target.id, node.__class__ is ast.AugAssign and node.op.__class__ is ast.Add
        if not grown and not (node.__class__ is ast.Assign and len(node.targets) == 1 and grows(node.value, name)):
            return
        kind = self.scope.kind_of(name)
        if kind not in ("str", "list"):
            return
        changes = self.scope.changes(loops[-1])
        if not changes.only_grows(name):
            return
        if kind == "str" and changes.reads[name] == changes.own_reads[name]:
            self._report_once("string_building", node, name, name, loops)
        elif kind == "list" and not grown:
            self._report_once("list_concatenation", node, name, name, loops)

    def _index_loop(self, node: ast.For) -> None:
        match node:
            case ast.For(
                target=ast.Name(id=index),
                iter=ast.Call(
                    func=ast.Name(id="range"), keywords=[],
                    args=[ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)], keywords=[])],
                ),
            ):  # fmt: skip
                pass
            case _:
                return
        changes = self.scope.changes(node)
        reads = sum(
            isinstance(part, ast.Subscript)
            and isinstance(part.slice, ast.Name)
            and part.slice.id == index
            and spelled(part.value) == name
            and isinstance(part.ctx, ast.Load)
            for statement in node.body
            for part in ast.walk(statement)
        )
        only = 0 < reads == changes.reads[index] == self.scope.loads(index) and not self.scope.is_captured(index)
        own = self.scope.is_builtin("range") and self.scope.is_builtin("len")
        known = self.scope.kind_of(name) in ("list", "str")  # others may mean something else by their items
        once = len(self.scope.values(index)) == 1
        if only and own and known and once and not changes.may_change(name):
            self._report("index_loop", node, f"{name}[{index}]")

    def _search(self, node: ast.For) -> None:
        """A loop that does nothing but set a flag, and goes on when it is set."""
        match node.body:
            case [ast.If(test=test, body=[ast.Assign(targets=[ast.Name(id=flag)], value=ast.Constant(value=bool(to)))],
                         orelse=[])]:  # fmt: skip
                pass
            case _:
                return
        changes = self.scope.changes(node)
        values = [value.value if isinstance(value, ast.Constant) else None for value in self.scope.values(flag)]
        if changes.calls or changes.suspends or node.orelse or flag in names_in(test) or (not to) not in values:
            return
        if all(isinstance(value, bool) for value in values) and self._ends(node.iter):
            self._report("search_goes_on", node, f"{flag} = {to}")

    def _ends(self, source: Any) -> bool:
        """Whether nothing waits for the loop to read all of its source: it is no open file or generator."""
        if isinstance(source, ast.Name):
            values = self.scope.values(source.id)
            return source.id in self.scope.arguments or bool(self.scope.kind_of(source.id)) or not values
        return isinstance(source, ast.Attribute | ast.List | ast.Tuple) or _is_view(source)

    def _join(self, outer: ast.For) -> None:
        match outer.body:
            case [ast.For(target=ast.Name(id=b), iter=ys, orelse=[], body=[ast.If(test=test, orelse=[])]) as inner]:
                pass
            case _:
                return
        match (outer.target, test):
            case (
                ast.Name(id=a),
                ast.Compare(left=ast.Name() | ast.Attribute() | ast.Subscript() as left, ops=[ast.Eq()],
                            comparators=[ast.Name() | ast.Attribute() | ast.Subscript() as right]),
            ):  # fmt: skip
                pass
            case _:
                return
        known = isinstance(ys, ast.Name | ast.Attribute) and spelled(ys) and not _is_small(inner.iter)
        sides = [names_in(left), names_in(right)]
        plain = isinstance(outer.iter, ast.Name | ast.Attribute) and _is_key(left) and _is_key(right)
        if known and plain and sides in ([{a}, {b}], [{b}, {a}]) and not names_in(ys) & {a, b}:
            self._report("quadratic_join", outer, ast.unparse(test))


def _is_key(node: Any) -> bool:
    """A name, or one attribute or constant item of it."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Constant)
    return isinstance(node, ast.Name) or isinstance(node.value, ast.Name)


def _is_zero(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and node.value is not False


def _is_small(source: Any) -> bool:
    """A few things written out, or a few numbers."""
    match source:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return len(parts) <= _SMALL and not any(isinstance(part, ast.Starred) for part in parts)
        case ast.Call(func=ast.Name(id="range"), args=[*_, ast.Constant(value=int(stop))]):
            return stop <= _SMALL
    return False


def _is_view(node: Any) -> bool:
    """`d.keys()` and its kin."""
    return (
        node.__class__ is ast.Call
        and node.func.__class__ is ast.Attribute
        and node.func.attr in _VIEWS
        and not node.args
        and not node.keywords
        and bool(spelled(node.func.value))
    )


def _copied(source: Any) -> Any:
    """What `xs[:]`, `list(xs)` or `xs.copy()` copies."""
    match source:
        case ast.Subscript(value=inner, slice=ast.Slice(lower=None, upper=None, step=None)):
            return inner
        case ast.Call(func=ast.Name(id="list"), args=[inner]) | ast.Call(func=ast.Attribute(value=inner, attr="copy")):
            return inner
    return None
