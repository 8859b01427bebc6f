"""The project as the search sees it: files that may be repaired, targets, and where a change lies."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from gitops_healer.code.source import Source, read_source
from gitops_healer.core.change import Change
from gitops_healer.core.trials import Seen
from gitops_healer.registry import Scene
from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.ingredients import Ingredients, gather
from gitops_healer.repair.search.suspects import Suspect, outer_functions
from gitops_healer.repair.search.target import Target

_MAX_SOURCE = 1_000_000
_FEW = 8  # files that are suspects as a whole
_OTHERS = 40  # other files that ingredients are taken from


@dataclass
class Program:
    """tests: paths of the files of the failing tests; protected: files that hold tests, whatever they are called."""

    scene: Scene
    tests: Sequence[str]
    seen: Seen = field(default_factory=Seen)
    protected: frozenset[str] = frozenset()
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _ingredients: dict[str, Ingredients] = field(default_factory=dict)
    _targets: dict[tuple[str, str], Target] = field(default_factory=dict)
    _spans: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)

    def source(self, path: str) -> Source | None:
        """A file of the project, tests too; None when it is no Python that can be read."""
        if path not in self._sources:
            data = self.scene.code.source(path) if path.endswith(".py") else None
            self._sources[path] = read_source(path, data) if data is not None and len(data) <= _MAX_SOURCE else None
        return self._sources[path]

    def repairable(self, path: str) -> Source | None:
        """A file that may be changed: never a test."""
        return None if is_test(path) or path in self.protected else self.source(path)

    def target(self, suspect: Suspect) -> Target:
        key = suspect.source.path, suspect.qualname
        if key not in self._targets:
            self._targets[key] = Target(
                suspect.source, suspect.node, suspect.qualname, suspect.lines,
                self.ingredients(suspect.source), self.seen,
            )  # fmt: skip
        return self._targets[key]

    def ingredients(self, source: Source) -> Ingredients:
        if source.path not in self._ingredients:
            others = [found for path in self._near(source.path) if (found := self.repairable(path)) is not None]
            tests = [found for path in self.tests if (found := self.source(path)) is not None]
            self._ingredients[source.path] = gather(source, others, tests)
        return self._ingredients[source.path]

    def named_by_tests(self) -> list[Source]:
        """Files whose name or module stands in a failing test, else all when they are few."""
        texts = [found.data for path in self.tests if (found := self.source(path)) is not None]
        known = [path for path in self.scene.code.included if path.endswith(".py") and not is_test(path)]
        named = [path for path in known if any(name in text for name in self._names(path) for text in texts)]
        chosen = named or (known if len(known) <= _FEW else [])
        return [found for path in chosen[:_FEW] if (found := self.repairable(path)) is not None]

    def _names(self, path: str) -> list[bytes]:
        module = self.scene.code.module_name(path) or path
        package = module.removesuffix(".__main__").partition(".")[0]
        return [name.encode() for name in (path.rpartition("/")[2], module, f"-m {package}", f'"{package}"')]

    def _near(self, path: str) -> list[str]:
        """Other Python files, those of the same folder first."""
        folder = path.rpartition("/")[0]
        paths = [other for other in self.scene.code.included if other != path and not is_test(other)]
        return sorted(paths, key=lambda other: (other.rpartition("/")[0] != folder, other))[:_OTHERS]

    def imported_from(self, path: str, name: str) -> str | None:
        """The file that `from module import name` in a file means, None when it does not import that name."""
        source = self.source(path)
        if source is None:
            return None
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
                return self.scene.code.path_of(self._module(path, node))
        return None

    def _module(self, path: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        own = (self.scene.code.module_name(path) or "").split(".")
        package = own if path.endswith("__init__.py") else own[:-1]
        base = package[: len(package) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])

    def spans(self, change: Change) -> list[tuple[str, int, int]]:
        """(path, first line, last line) of each function that a change is in; (path, 1, 0) for the rest of a file."""
        found: dict[tuple[str, int, int], None] = {}
        for edit in change.edits:
            lines = [(a, b) for start, end, a, b in self._functions(edit.path) if start <= edit.start < end]
            found[(edit.path, *(lines[0] if lines else (1, 0)))] = None
        return list(found)

    def _functions(self, path: str) -> list[tuple[int, int, int, int]]:
        """(first byte, last byte, first line, last line) of the bodies of functions."""
        if path not in self._spans:
            source = self.source(path)
            nodes = [node for node, _ in outer_functions(source)] if source is not None else []
            self._spans[path] = [_extent(source, node) for node in nodes if source is not None]
        return self._spans[path]


def _extent(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, int, int, int]:
    first, last = node.body[0].lineno, node.end_lineno or node.lineno
    end = source.starts[last] if last < len(source.starts) else len(source.data) + 1
    return source.starts[first - 1], end, first, last
