"""Goes through the loops of a function and everything in them, knowing which loops are around each place."""

import ast
from typing import Any

from gitops_healer.code.flow.costs import METHODS, TAKERS, Costs, Loops, Report
from gitops_healer.code.flow.fors import Fors
from gitops_healer.code.flow.names import Scope
from gitops_healer.code.flow.syntax import COMPREHENSIONS, children, is_small

_LEAVES = frozenset({ast.Name, ast.Constant})


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
        self._costs = Costs(scope, report)
        self._fors = Fors(scope, self._costs, report)

    # Statements

    def read(self, loop: Any) -> None:
        """A `for` or `while` with everything in it."""
        self._loop(loop, ())

    def value(self, node: Any) -> None:
        """An expression outside of loops, which is read as far as it is a comprehension or needless list by itself."""
        cls = node.__class__
        if cls is ast.Call:
            if node.func.__class__ is ast.Name and node.func.id in TAKERS:
                self._costs.needless(node)
            if node.args and node.args[0].__class__ in COMPREHENSIONS:
                self._comprehension(node.args[0], ())
        elif cls is ast.Compare:
            self._costs.membership(node, ())
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
                    self._costs.building(node, loops)
                elif loops and cls is ast.Delete:
                    self._costs.deletion(node, loops)
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
            if is_small(node.iter):
                inner = loops
            elif node.__class__ is ast.For:
                self._fors.read(node)
            self._costs.consumed(node.iter, loops)
            self._expression(node.iter, loops)
        self._statements(node.body, inner)
        if node.orelse:
            self._statements(node.orelse, loops)

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
                        self._costs.builtin(node, loops)
                else:
                    if loops and func.__class__ is ast.Attribute and func.attr in METHODS:
                        self._costs.method(node, loops)
                    stack.append(func)
                stack += node.args
                for keyword in node.keywords:
                    stack.append(keyword.value)
            elif cls is ast.Compare:
                if node.ops[0].__class__ in (ast.In, ast.NotIn):
                    self._costs.membership(node, loops)
                stack.append(node.left)
                stack += node.comparators
            elif cls in COMPREHENSIONS:
                self._comprehension(node, loops)
            elif cls is not ast.Lambda:
                stack += children(node)

    def _comprehension(self, node: Any, loops: Loops) -> None:
        first = node.generators[0]
        self._costs.consumed(first.iter, loops)
        self._expression(first.iter, loops)
        inner = loops if is_small(first.iter) else (*loops, node)
        for generator in node.generators:
            if generator is not first:
                self._expression(generator.iter, inner)
            for test in generator.ifs:
                self._expression(test, inner)
        for part in (node.key, node.value) if node.__class__ is ast.DictComp else (node.elt,):
            if part.__class__ not in _LEAVES:
                self._expression(part, inner)
