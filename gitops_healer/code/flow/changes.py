"""What may change while a loop runs."""

import ast
from collections import Counter
from collections.abc import Callable
from typing import Any

from gitops_healer.code.flow.syntax import (
    BINDERS,
    PURE_BUILTINS,
    PURE_METHODS,
    children,
    grows,
    root_name,
    stored_names,
)

_FEEDING = frozenset({"append", "extend", "insert"})


class Changes:
    """What may be changed by one run of a loop or comprehension.

    stored: names bound anew; calls: whether anything is called that may do anything; suspends: whether others run in
    between (`yield`, `await`); reaches: whether attributes or items of anything are set.
    """

    def __init__(self, loop: ast.AST, is_builtin: Callable[[str], bool]) -> None:
        self._is_builtin = is_builtin
        self.stored: set[str] = set()
        self.calls = False
        self.suspends = False
        self.reaches = False
        self.fed: set[str] = set()  # names whose lists get longer
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
        elif cls in BINDERS:
            self.stored.update(stored_names(node))

    def _call(self, node: ast.Call) -> None:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _FEEDING:
            self.fed.add(root_name(func.value))
        if isinstance(func, ast.Name) and func.id in PURE_BUILTINS and self._is_builtin(func.id):
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
