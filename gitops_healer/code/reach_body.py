"""What the body of one function does by itself, and whom it calls with what.

The body is read once from top to bottom, every branch of it. A name holds all that it may be; what cannot be told is
UNKNOWN, and calling it is an effect.
"""

import ast
from collections.abc import Sequence
from dataclasses import replace

from gitops_healer.code.effects import Effect
from gitops_healer.code.reach_calls import Calls
from gitops_healer.code.reach_names import every
from gitops_healer.code.reach_scope import Summary
from gitops_healer.code.reach_types import is_builtin
from gitops_healer.code.reach_values import NOTHING, UNKNOWN, Kind, Known, Origin, Value, made

_OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le",
    ast.Gt: "gt", ast.GtE: "ge", ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip
_READS = frozenset("os.environ os.environb sys.argv sys.path sys.modules sys.stdin sys.stdout sys.stderr".split())


class Body(Calls):
    """Reads one function."""

    def read(self) -> Summary:
        self._bind_parameters()
        if isinstance(self.node, ast.Lambda):
            self.summary.returns = self.value(self.node.body)
        else:
            self._block(self.node.body)
        held = self.summary.yields
        if held is not None:
            self.summary.returns = Known((made("generator", *held.values),), frozenset(), held.origins)
        if not isinstance(self.node, ast.Lambda) and self.node.returns is not None:
            told = self.annotated(self.node.returns)
            if told.values and UNKNOWN not in told.values:
                self.summary.returns = replace(self.summary.returns, values=told.values)
        return self.summary

    def _bind_parameters(self) -> None:
        own, given = self.node.args, dict(self.function.given)
        first = [arg.arg for arg in (*own.posonlyargs, *own.args)][:1]
        for arg in every(own):
            origin = Origin(arg.arg, self.path, self.function.name)
            told = self.annotated(arg.annotation) if arg.annotation is not None else Known()
            values = tuple(value for value in told.values if value.kind is not Kind.UNKNOWN)
            if not values:
                values = given.get(arg.arg) or (Value(Kind.PARAMETER, arg.arg, self.path, owner=self.function.name),)
            if arg is own.vararg:
                values = (made("tuple", *values),)
            elif arg is own.kwarg:
                values = (made("dict", *values),)
            self._env[arg.arg] = Known(values, frozenset({origin}), frozenset({origin}))
        if self.owner is not None and first and isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._bind_own(first[0], self._marks(self.node))
        positional = [*own.posonlyargs, *own.args]
        pairs = [*zip(positional[len(positional) - len(own.defaults) :], own.defaults, strict=True)]
        pairs += [(arg, value) for arg, value in zip(own.kwonlyargs, own.kw_defaults, strict=True) if value is not None]
        self.summary.defaults = frozenset(
            arg.arg
            for arg, value in pairs
            if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
            or (isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
                and value.func.id in ("list", "dict", "set", "defaultdict", "deque"))
        )  # fmt: skip

    def _bind_own(self, name: str, marks: set[str]) -> None:
        of = self.function.of if self.function.of[1] else self.owner
        assert of is not None
        if "staticmethod" in marks:
            return
        if "classmethod" in marks or self.function.name.endswith((".__new__", ".__init_subclass__")):
            self._env[name] = Known((Value(Kind.CLASS, of[1], of[0]),))
        else:
            origin = frozenset({Origin(name, self.path, self.function.name)})
            self._env[name] = Known((Value(Kind.OBJECT, of[1], of[0]),), origin, origin)

    def _marks(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
        """Dotted names of the decorators."""
        found = set()
        for mark in node.decorator_list:
            target = mark.func if isinstance(mark, ast.Call) else mark
            found |= {value.name for value in self._project.dotted(self.path, target)}
        return found

    def _block(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            self._statement(node)

    def _branch(self, *bodies: Sequence[ast.stmt]) -> None:
        self._nested += 1
        for body in bodies:
            self._block(body)
        self._nested -= 1

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._env[name] = Known((self._inner(Kind.FUNCTION, name),))
            case ast.ClassDef(name=name):
                self._env[name] = Known((self._inner(Kind.CLASS, name),))
            case ast.Return(value=value):
                if value is not None:
                    self.summary.returns |= self.value(value)
            case ast.Assign(targets=targets, value=value):
                known = self.value(value)
                for target in targets:
                    self._assign(target, known)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                known = self.value(value) if value is not None else Known()
                told = self.annotated(annotation)
                if told.values and UNKNOWN not in told.values:
                    known = replace(known, values=told.values)
                if value is not None or isinstance(target, ast.Name):
                    self._assign(target, known)
            case ast.AugAssign(target=target, op=operator, value=value):
                self._augment(target, operator, value)
            case (
                ast.For(target=target, iter=iterated, body=body, orelse=orelse)
                | ast.AsyncFor(target=target, iter=iterated, body=body, orelse=orelse)
            ):
                self._nested += 1
                self._assign(target, self.iterate(self.value(iterated), node.lineno))
                self._nested -= 1
                self._branch(body, orelse)
            case ast.While(test=test, body=body, orelse=orelse) | ast.If(test=test, body=body, orelse=orelse):
                self._truth(test)
                self._branch(body, orelse)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    entered = self._enter(self.value(item.context_expr), node.lineno)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, entered)
                self._block(body)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                for handler in handlers:
                    if handler.name:
                        self._env[handler.name] = Known((made("Exception"),))
                self._branch(body, *(handler.body for handler in handlers), orelse, final)
            case ast.TryStar(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                self._branch(body, *(handler.body for handler in handlers), orelse, final)
            case ast.Match(subject=subject, cases=cases):
                known = self.value(subject)
                for case in cases:
                    self._bind_pattern(case.pattern, known)
                    if case.guard is not None:
                        self.value(case.guard)
                self._branch(*(case.body for case in cases))
            case ast.Global(names=names):
                self._globals.update(names)
            case ast.Nonlocal(names=names):
                self._free.update(names)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Attribute | ast.Subscript):
                        self._change(target)
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.value(child)

    def _inner(self, kind: Kind, name: str) -> Value:
        around = self.function if self.function.given or self.function.around else None
        return Value(kind, f"{self.function.name}.<locals>.{name}", self.path, self.function.of, around=around)

    def _bind_pattern(self, pattern: ast.pattern, known: Known) -> None:
        for node in ast.walk(pattern):
            name = getattr(node, "name", None) or getattr(node, "rest", None)
            if name and isinstance(node, ast.MatchAs | ast.MatchStar | ast.MatchMapping):
                whole = isinstance(node, ast.MatchAs) and node is pattern
                values = known.values if whole else (UNKNOWN,)
                if isinstance(node, ast.MatchAs) and isinstance(node.pattern, ast.MatchClass):
                    values = tuple(
                        self.annotations.instance(one) for one in self._project.dotted(self.path, node.pattern.cls)
                    )
                self._bind(name, Known(values, known.origins | known.inner, known.inner))

    def _assign(self, target: ast.expr, known: Known) -> None:
        match target:
            case ast.Name(id=name):
                if name in self._globals:
                    self.summary.does(Effect.GLOBAL_STATE, f"{name} = ...", target.lineno)
                elif name not in self._free:
                    self._bind(name, known)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._assign(part, known.items)
            case ast.Starred(value=part):
                self._assign(part, Known((made("list", *known.values),), known.origins, known.inner))
            case ast.Attribute() | ast.Subscript():
                self._change(target, known)

    def _bind(self, name: str, known: Known) -> None:
        before = self._env.get(name)
        self._env[name] = before | known if before is not None and self._nested else known

    def _change(self, target: ast.Attribute | ast.Subscript, known: Known | None = None) -> None:
        base = self.value(target.value)
        text = ast.unparse(target)
        if isinstance(target, ast.Subscript):
            self.value(target.slice)
            self._dunder(base, "__setitem__" if known is not None else "__delitem__", target.lineno)
        elif known is not None and isinstance(target.value, ast.Name) and target.value.id in self.parameters[:1]:
            self.summary.sets[target.attr] = self.summary.sets.get(target.attr, Known()) | known
        for value in base.values:
            if value.kind in (Kind.CLASS, Kind.MODULE, Kind.OUTER) and (
                isinstance(target, ast.Attribute) or value.kind is Kind.OUTER
            ):
                self.summary.does(Effect.GLOBAL_STATE, f"{text} = ...", target.lineno)
        self._mutation(base, text, target.lineno)

    def _augment(self, target: ast.expr, operator: ast.operator, value: ast.expr) -> None:
        given = self.value(value)
        if isinstance(target, ast.Name):
            before = self._load(target)
            if target.id in self._globals:
                self.summary.does(Effect.GLOBAL_STATE, f"{target.id} = ...", target.lineno)
            containers = {"list", "dict", "set", "collections.deque", "collections.Counter"}
            if any(one.name in containers for one in before.values if one.kind is Kind.MADE):
                self._mutation(before, f"{target.id} += ...", target.lineno)
            name = _OPERATORS.get(type(operator), "")
            done = self._dunder(before, f"__i{name}__", target.lineno)
            done = done or self._operate(before, given, name, value.lineno)
            if target.id not in self._globals | self._free:
                self._bind(target.id, done | before)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            before = self._read_target(target)
            self._operate(before, given, _OPERATORS.get(type(operator), ""), value.lineno)
            self._change(target, before)

    def _read_target(self, target: ast.Attribute | ast.Subscript) -> Known:
        loaded = ast.copy_location(
            ast.Attribute(target.value, target.attr, ast.Load())
            if isinstance(target, ast.Attribute)
            else ast.Subscript(target.value, target.slice, ast.Load()),
            target,
        )
        return self.value(loaded)

    def value(self, node: ast.expr) -> Known:
        match node:
            case ast.Constant(value=value):
                return Known() if value is None else Known((made(type(value).__name__),))
            case ast.Name():
                return self._load(node)
            case ast.Attribute(value=value, attr=attr):
                return self.attribute(self.value(value), attr, node)
            case ast.Call():
                return self._call(node)
            case ast.Subscript():
                return self._item(node)
            case ast.BinOp(left=left, op=operator, right=right):
                return self._operate(self.value(left), self.value(right), _OPERATORS[type(operator)], node.lineno)
            case ast.UnaryOp(op=operator, operand=operand):
                known = self._truth(operand) if isinstance(operator, ast.Not) else self.value(operand)
                self._dunder(known, f"__{_OPERATORS.get(type(operator), 'bool')}__", node.lineno)
                return Known((made("bool"),)) if isinstance(operator, ast.Not) else replace(known, origins=frozenset())
            case ast.BoolOp(values=values):
                found = Known()
                for part in values:
                    found |= self.value(part)
                return found
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._truth(test)
                return self.value(body) | self.value(orelse)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._held(type(node).__name__.lower(), [self.value(part) for part in parts])
            case ast.Dict(keys=keys, values=values):
                for key in keys:
                    if key is not None:
                        self.value(key)
                return self._held("dict", [self.value(one) if key else self.value(one).items
                                           for key, one in zip(keys, values, strict=True)])  # fmt: skip
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Lambda():
                name = f"<lambda {node.lineno}:{node.col_offset}>"
                function = self._inner(Kind.FUNCTION, name)
                self._module.lambdas[function.name] = node
                return Known((function,))
            case ast.NamedExpr(target=target, value=value):
                known = self.value(value)
                self._assign(target, known)
                return known
            case ast.Await(value=value):
                return self.value(value)
            case ast.Yield(value=value):
                given = self.value(value) if value is not None else Known()
                self.summary.yields = given if self.summary.yields is None else self.summary.yields | given
                return NOTHING
            case ast.YieldFrom(value=value):
                given = self.iterate(self.value(value), node.lineno)
                self.summary.yields = given if self.summary.yields is None else self.summary.yields | given
                return NOTHING
            case ast.Starred(value=value):
                return self.iterate(self.value(value), node.lineno)
            case ast.JoinedStr(values=values):
                for part in values:
                    if isinstance(part, ast.FormattedValue):
                        self._show(self.value(part.value), "format", node.lineno)
                return Known((made("str"),))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return NOTHING

    @staticmethod
    def _held(name: str, parts: Sequence[Known]) -> Known:
        values = [value for part in parts for value in part.values]
        origins = frozenset(origin for part in parts for origin in part.origins | part.inner)
        return Known((made(name, *values),), frozenset(), origins)

    def _item(self, node: ast.Subscript) -> Known:
        base = self.value(node.value)
        self.value(node.slice)
        for value in base.values:
            if value.kind is Kind.OUTER and value.name in _READS:
                self.summary.does(Effect.GLOBAL_STATE, value.name, node.lineno)
        done = self._dunder(base, "__getitem__", node.lineno)
        if done is not None:
            return done
        if isinstance(node.slice, ast.Slice):
            return Known(base.values, frozenset(), base.inner)
        if any(value.kind is Kind.MADE and value.name in ("str", "bytes") for value in base.values):
            return base
        outer = tuple(value for value in base.values if value.kind is Kind.MADE and not is_builtin(value.name))
        held = base.items
        return replace(held, values=outer) if outer and UNKNOWN in held.values else held

    def _operate(self, left: Known, right: Known, name: str, line: int) -> Known:
        done = self._dunder(left, f"__{name}__", line)
        back = self._dunder(right, f"__r{name}__", line) if done is None else None
        if done is not None or back is not None:
            return done if done is not None else back if back is not None else NOTHING
        values = tuple(value for value in left.values if value.kind is Kind.MADE)
        if not values:
            values = tuple(value for value in right.values if value.kind is Kind.MADE and not is_builtin(value.name))
        return Known(values or (UNKNOWN,), frozenset(), left.inner | right.inner)

    def _compare(self, node: ast.Compare) -> Known:
        left = self.value(node.left)
        for operator, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part)
            if isinstance(operator, ast.In | ast.NotIn):
                if self._dunder(right, "__contains__", node.lineno) is None:
                    self._dunder(right, "__iter__", node.lineno)
            elif type(operator) in _OPERATORS:
                self._dunder(left, f"__{_OPERATORS[type(operator)]}__", node.lineno)
            left = right
        return Known((made("bool"),))

    def _truth(self, node: ast.expr) -> Known:
        known = self.value(node)
        self._show(known, "bool", node.lineno)
        return known

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Known:
        self._nested += 1
        for part in node.generators:
            self._assign(part.target, self.iterate(self.value(part.iter), node.lineno))
            for test in part.ifs:
                self._truth(test)
        if isinstance(node, ast.DictComp):
            self.value(node.key)
            held = self.value(node.value)
        else:
            held = self.value(node.elt)
        self._nested -= 1
        name = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "generator")
        return Known((made(name, *held.values),), frozenset(), held.origins)
