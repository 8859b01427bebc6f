"""What a function relies on: functions, classes and module level names that it uses, and what these use in turn.

Names are resolved as Python does it, as far as that is possible without running anything; a method of an object whose
class is not known is looked for by its name in the modules at hand.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gitops_healer.code.model import CodeModel
from gitops_healer.code.parsing import parsed

DEEP: Final = 4
MOST: Final = 400
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Symbol:
    """A definition or a module level name. name: qualified inside its module, "" for the module as a whole."""

    path: str
    name: str


class ModuleCode:
    """One parsed module: its definitions and its names."""

    def __init__(self, code: CodeModel, path: str) -> None:
        self._code = code
        self._path = path
        self.tree = parsed(code.source(path) or b"")

    @cached_property
    def nodes(self) -> dict[str, ast.AST]:
        """{qualified name: node} of functions, classes and assignments at the top of modules and classes."""
        return dict(named_nodes(self.tree)) if self.tree else {}

    @cached_property
    def imports(self) -> dict[str, list[tuple[str, str]]]:
        """{bound name: [(path, original name or "" for the module itself)]} of what lies in the repository."""
        found: dict[str, list[tuple[str, str]]] = {}
        for item in self._code.facts(self._path).imports:
            names = {bound: original for original, bound in item.names}
            for target in self._code.targets(self._path, item):
                if target.path != self._path:
                    found.setdefault(target.bound, []).append((target.path, names.get(target.bound, "")))
        return found


def named_nodes(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Functions and classes at any depth, and what is assigned at the top of modules and classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FUNCTIONS | ast.ClassDef):
            yield f"{prefix}{node.name}", node
            yield from named_nodes(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and not isinstance(tree, FUNCTIONS):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                (f"{prefix}{name.id}", node) for t in targets for name in ast.walk(t) if isinstance(name, ast.Name)
            )
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from named_nodes(node, prefix)


class Reach:
    """What some functions rely on, nearest first. distance: 0 for the functions themselves."""

    def __init__(self, code: CodeModel, starts: Sequence[Symbol]) -> None:
        self._code = code
        self._modules: dict[str, ModuleCode] = {}
        self.distance: dict[Symbol, int] = {}
        waiting = [symbol for symbol in starts if code.has(symbol.path)]
        for depth in range(DEEP):
            following: list[Symbol] = []
            for symbol in dict.fromkeys(waiting):
                if symbol not in self.distance and len(self.distance) < MOST:
                    self.distance[symbol] = depth
                    following += self._used_by(symbol)
            waiting = following

    def module(self, path: str) -> ModuleCode:
        if path not in self._modules:
            self._modules[path] = ModuleCode(self._code, path)
        return self._modules[path]

    def node(self, symbol: Symbol) -> ast.AST | None:
        return self.module(symbol.path).nodes.get(symbol.name)

    def functions(self, within: int = DEEP) -> Iterator[tuple[Symbol, ast.AST]]:
        """Functions and their distance's order, nearest first."""
        for symbol, distance in self.distance.items():
            node = self.node(symbol)
            if distance <= within and isinstance(node, FUNCTIONS):
                yield symbol, node

    def _used_by(self, symbol: Symbol) -> Iterator[Symbol]:
        module = self.module(symbol.path)
        node = module.nodes.get(symbol.name)
        if node is None:
            return
        owner = symbol.name.rpartition(".")[0]
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                yield from self._resolved(symbol.path, part.id)
            elif isinstance(part, ast.Attribute):
                yield from self._attribute(symbol.path, owner, part)

    def _resolved(self, path: str, name: str) -> Iterator[Symbol]:
        """A name of the module's own, or one that it imports; of a class also its constructor."""
        module = self.module(path)
        if name in module.nodes:
            yield Symbol(path, name)
            if f"{name}.__init__" in module.nodes:
                yield Symbol(path, f"{name}.__init__")
        for target, original in module.imports.get(name, ()):
            if original and original in self.module(target).nodes:
                yield from self._resolved(target, original)

    def _attribute(self, path: str, owner: str, node: ast.Attribute) -> Iterator[Symbol]:
        module = self.module(path)
        if isinstance(node.value, ast.Name):
            if node.value.id in ("self", "cls") and f"{owner}.{node.attr}" in module.nodes:
                yield Symbol(path, f"{owner}.{node.attr}")
                return
            for target, _ in module.imports.get(node.value.id, ()):
                if node.attr in self.module(target).nodes:
                    yield from self._resolved(target, node.attr)
        yield from self._methods(path, node.attr)

    def _methods(self, path: str, name: str) -> Iterator[Symbol]:
        """By name alone, where one class at hand has it."""
        module = self.module(path)
        paths = {path} | {target for targets in module.imports.values() for target, _ in targets}
        found = [
            Symbol(one, qualname)
            for one in sorted(paths)
            for qualname, node in self.module(one).nodes.items()
            if qualname.endswith(f".{name}") and isinstance(node, FUNCTIONS)
        ]
        if len(found) == 1:
            yield found[0]
