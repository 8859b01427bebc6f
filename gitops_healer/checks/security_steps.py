"""What the security gate looks at: changed files with the lines they gain, and what it says of them."""

import ast
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gitops_healer.checks.scope import FileStep, lines
from gitops_healer.code.parsing import parsed
from gitops_healer.evidence.powers import Reading, reading
from gitops_healer.registry import Case, Scene

_NEAR = 200
_NOTHING = Reading((), Counter(), frozenset(), {}, {})


@dataclass(frozen=True)
class Worry:
    """stops: whether the change may not pass with it; kind: what the figures count it as."""

    kind: str
    path: str
    line: int
    why: str
    stops: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}" if self.line else f"{self.path}: {self.why}"


class Calls:
    """The calls of a tree by where they begin."""

    def __init__(self, tree: ast.Module | None) -> None:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
        self._nodes = sorted(
            nodes, key=lambda node: (_begin(node), -(node.end_lineno or 0), -(node.end_col_offset or 0))
        )
        self._begins = [_begin(node) for node in self._nodes]

    def around(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The smallest call around a span, written in one way whatever its layout; "" when there is none near."""
        place = bisect_right(self._begins, first)
        for node in self._nodes[max(place - _NEAR, 0) : place][::-1]:
            if (node.end_lineno or 0, node.end_col_offset or 0) >= last:
                try:
                    return ast.unparse(node)
                except RecursionError:
                    return ""
        return ""


def _begin(node: ast.Call) -> tuple[int, int]:
    return node.lineno, node.col_offset


@dataclass(frozen=True)
class Step:
    """A changed file, before and after, with what it can do. added: lines that no changed file had before."""

    file: FileStep
    added: tuple[tuple[int, str], ...]

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def is_python(self) -> bool:
        script = (self.file.after or b"").startswith(b"#!") and b"python" in (self.file.after or b"")[:80]
        return script or self.path.endswith((".py", ".pyi", ".pyw"))

    @cached_property
    def before(self) -> ast.Module | None:
        return parsed(self.file.before or b"")

    @cached_property
    def after(self) -> ast.Module | None:
        return parsed(self.file.after or b"")

    @cached_property
    def calls(self) -> tuple[Calls, Calls]:
        """Before and after."""
        return Calls(self.before), Calls(self.after)

    @cached_property
    def could(self) -> Reading:
        return reading(self.before) if self.before else _NOTHING

    @cached_property
    def can(self) -> Reading:
        return reading(self.after) if self.after else _NOTHING


def steps_of(scene: Scene, case: Case) -> tuple[Step, ...]:
    read, paths = scene.repository.read, scene.repository.changed_paths(case.base, case.head)
    files = [FileStep(path, read(case.base, path), read(case.head, path)) for path in paths]
    known = {line for file in files for line in lines(file.before or b"")}
    return tuple(Step(file, tuple(_added(file, known))) for file in files)


def _added(file: FileStep, known: set[bytes]) -> Iterator[tuple[int, str]]:
    after = lines(file.after or b"")
    if b"\0" in (file.after or b""):
        return
    for _, _, start, end in file.blocks:
        for number in range(start, end):
            if after[number] not in known:
                yield number + 1, after[number].decode("utf-8", "replace")
