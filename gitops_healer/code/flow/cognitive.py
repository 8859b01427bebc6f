"""Cognitive complexity: how hard the control flow of a function is to follow.

The rules are those of SonarSource's white paper (G. Ann Campbell, "Cognitive Complexity", version 1.7, 2023):

| what | adds |
|---|---|
| `if`, conditional expression, `for`, `while`, `except`, `match` | 1, and 1 more for each level it is nested in |
| `elif`; `else` of an `if`, a loop or a `try` | 1 |
| a sequence of the same boolean operator (`a and b and c`) | 1, and 1 each time the operator changes |
| calling itself, by name or as `self.name`, under some condition | 1, however often |
| nested functions and lambdas | nothing, but what is in them is one level deeper |
| `try`, `finally`, `with`, comprehensions, `case`, `break`, `continue`, early returns | nothing |

A function that only wraps another one (a decorator: one `def`, then `return`) does not make that one deeper; methods
of a class that stands in a function begin at the top again. Python's own constructs are counted as Sonar's analyser
for Python does.
"""

import ast
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LEAVES = frozenset({ast.Name, ast.Constant})
_COMPREHENSIONS = frozenset({ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
_SIMPLE = frozenset({ast.Expr, ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Raise, ast.Delete})
_SILENT = frozenset({ast.Pass, ast.Break, ast.Continue, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal})
_FLAT = _SIMPLE | _SILENT


def cognitive_complexity(function: ast.FunctionDef | ast.AsyncFunctionDef, branches: int | None = None) -> int:
    """The number of a function with everything that stands in it; 0 means that it runs straight through.

    branches: McCabe's number as radon counts it, when it is known; it spares reading functions that have none.
    """
    if branches == 1 and _runs_straight(function.body):
        return 0
    reader = _Reader(function)
    total = reader.function(function, 0)
    return total + (reader.recursive and (total > 0 or reader.repeats))


def _runs_straight(body: Sequence[Any]) -> bool:
    """Whether nothing nested can add to what is known to have no branches."""
    for node in body:
        cls = node.__class__
        if cls not in _FLAT and not (cls is ast.With and _runs_straight(node.body)):
            return False
    return True


class _Reader:
    """Adds up one function. recursive: whether a call to itself was seen; repeats: whether a comprehension was, since
    what calls itself under no condition at all does not recurse, it hands over to a namesake."""

    def __init__(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = function.args.posonlyargs or function.args.args
        first = arguments[0].arg if arguments else ""
        self._itself = first if first in ("self", "cls") else ""
        self._name = function.name
        self.recursive = False
        self.repeats = False

    def function(self, node: Any, depth: int) -> int:
        body = node.body
        wrapped = _wrapped(body)
        return self.function(wrapped, depth) if wrapped is not None else self._block(body, depth)

    def _block(self, body: list[ast.stmt], depth: int) -> int:
        """The statements of a block; its expressions wait and are read together, since calls cost most."""
        total = 0
        waiting: list[Any] = []
        for node in body:
            cls = node.__class__
            if cls is ast.Expr or cls is ast.Return or cls is ast.Assign or cls is ast.AugAssign:
                value = node.value  # type: ignore[attr-defined]
                if value is not None and value.__class__ not in _LEAVES:
                    waiting.append(value)
                if cls is ast.Assign:
                    waiting += [part for part in node.targets if part.__class__ is ast.Subscript]  # type: ignore[attr-defined]
            elif cls not in _SILENT:
                total += self._compound(node, depth, waiting)
        return total + self._expressions(waiting, depth) if waiting else total

    def _compound(self, node: Any, depth: int, waiting: list[Any]) -> int:
        """waiting: takes the expressions that are as deep as the statement itself."""
        match node:
            case ast.If():
                return self._if(node, depth, waiting)
            case ast.For() | ast.AsyncFor():
                waiting.append(node.iter)
                return 1 + depth + self._loop(node, depth)
            case ast.While():
                waiting.append(node.test)
                return 1 + depth + self._loop(node, depth)
            case ast.With() | ast.AsyncWith():
                waiting += [item.context_expr for item in node.items]
                return self._block(node.body, depth)
            case ast.Try() | ast.TryStar():
                return self._try(node, depth)
            case ast.Match():
                waiting += [node.subject, *(case.guard for case in node.cases if case.guard is not None)]
                return 1 + depth + sum(self._block(case.body, depth + 1) for case in node.cases)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return self.function(node, depth + 1)
            case ast.ClassDef():
                return sum(self.function(part, 0) if isinstance(part, _FUNCTIONS) else 0 for part in node.body)
        waiting += ast.iter_child_nodes(node)
        return 0

    def _if(self, node: Any, depth: int, waiting: list[Any]) -> int:
        total = 1 + depth
        while True:
            waiting.append(node.test)
            total += self._block(node.body, depth + 1)
            rest = node.orelse
            if not rest:
                return total
            total += 1
            if len(rest) == 1 and rest[0].__class__ is ast.If and rest[0].col_offset == node.col_offset:
                node = rest[0]
            else:
                return total + self._block(rest, depth + 1)

    def _loop(self, node: Any, depth: int) -> int:
        return self._block(node.body, depth + 1) + self._else(node.orelse, depth)

    def _else(self, body: list[ast.stmt], depth: int) -> int:
        return 1 + self._block(body, depth + 1) if body else 0

    def _try(self, node: Any, depth: int) -> int:
        handlers = sum(1 + depth + self._block(handler.body, depth + 1) for handler in node.handlers)
        rest = self._else(node.orelse, depth) + self._block(node.finalbody, depth)
        return self._block(node.body, depth) + handlers + rest

    def _expressions(self, stack: list[Any], depth: int) -> int:
        """What the expressions of one depth add; empties the stack."""
        total = 0
        pop, push = stack.pop, stack.append
        while stack:
            node = pop()
            cls = node.__class__
            if cls is ast.Call:
                func = node.func
                if func.__class__ is ast.Attribute:
                    value = func.value
                    if value.__class__ is not ast.Name:
                        push(value)
                    elif func.attr == self._name and value.id == self._itself:
                        self.recursive = True
                elif func.__class__ is not ast.Name:
                    push(func)
                elif func.id == self._name and not self._itself:
                    self.recursive = True
                for part in node.args:
                    if part.__class__ not in _LEAVES:
                        push(part)
                for keyword in node.keywords:
                    if keyword.value.__class__ not in _LEAVES:
                        push(keyword.value)
            elif cls in _LEAVES:
                continue
            elif cls is ast.Attribute or cls is ast.Starred:
                if node.value.__class__ is not ast.Name:
                    push(node.value)
            elif cls is ast.Subscript:
                push(node.value)
                push(node.slice)
            elif cls is ast.List or cls is ast.Tuple or cls is ast.Set:
                stack += [part for part in node.elts if part.__class__ not in _LEAVES]
            elif cls is ast.Dict:
                stack += [part for part in node.values if part.__class__ not in _LEAVES]
            elif cls is ast.BinOp:
                push(node.left)
                push(node.right)
            elif cls is ast.Compare:
                push(node.left)
                stack += node.comparators
            elif cls is ast.UnaryOp:
                push(node.operand)
            elif cls is ast.JoinedStr:
                stack += [part.value for part in node.values if part.__class__ is ast.FormattedValue]
            elif cls is ast.BoolOp:
                total += self._boolean(node, stack)
            elif cls is ast.IfExp:
                push(node.test)
                total += 1 + depth + self._expressions([node.body, node.orelse], depth + 1)
            elif cls is ast.Lambda:
                total += self._expressions([node.body], depth + 1)
            elif cls in _COMPREHENSIONS:
                self.repeats = True
                stack += _parts(node)
            else:
                stack += ast.iter_child_nodes(node)
        return total

    def _boolean(self, node: ast.BoolOp, stack: list[Any]) -> int:
        """Sequences of like operators, read from left to right; what is between them is left on the stack."""
        operators: list[type] = []
        _flatten(node, operators, stack)
        return 1 + sum(one is not other for one, other in pairwise(operators))


def _flatten(node: ast.BoolOp, operators: list[type], stack: list[Any]) -> None:
    for index, value in enumerate(node.values):
        if index:
            operators.append(node.op.__class__)
        if isinstance(value, ast.BoolOp):
            _flatten(value, operators, stack)
        else:
            stack.append(value)


def _parts(node: Any) -> list[Any]:
    """The expressions of a comprehension."""
    found = [node.key, node.value] if node.__class__ is ast.DictComp else [node.elt]
    for generator in node.generators:
        found += (generator.iter, *generator.ifs)
    return found


def _wrapped(body: list[ast.stmt]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function that is all a function consists of, apart from its docstring and the `return` of it."""
    if len(body) < 2 or body[-1].__class__ is not ast.Return:
        return None
    first = body[0]
    if len(body) == 3 and isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        first = body[1]
    elif len(body) != 2:
        return None
    return first if isinstance(first, _FUNCTIONS) else None
