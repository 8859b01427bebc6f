"""Which tools a merge changed, which it can have reached, and which it cannot."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gitops_healer.code.extract import extract
from gitops_healer.code.facts import MAX_BYTES
from gitops_healer.code.model import Location
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.shape import decode, lines_of, shape_of
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.metrics._sides import reached
from gitops_healer.ports import Repository
from gitops_healer.registry import Scene

HARMLESS: Final = (".py", ".pyi", ".md", ".rst")
"""Files of which it is known whom they reach: by imports, or nobody. Any other (settings, data, requirements) may reach
every tool."""


@dataclass(frozen=True)
class Subject:
    """A tool under watch. location: where it stands now."""

    tool: str
    location: Location
    touched: bool = False
    apart: bool = False


class Subjects:
    """Sorts tools by what a merge did to them. Work follows the tools that were called and the files that changed."""

    def __init__(self, scene: Scene, upgrade: Upgrade, merged: Merged) -> None:
        self._scene = scene
        self._merged = merged
        self._symbol = upgrade.finding.symbol
        self._changed = frozenset(scene.repository.changed_paths(merged.parent, merged.commit))
        self._same: dict[str, frozenset[str]] = {}

    def among(self, tools: Collection[str], called: Collection[str]) -> Iterator[Subject]:
        """Tools that the code has, without tests (the metric `junit` judges those). Tools that were not called are left
        out unless the merge touched them."""
        for tool in sorted(tools):
            if tool in called:
                subject = self._sorted(tool)
                if subject is not None:
                    yield subject
            elif self._may_be_touched(tool) and (subject := self._sorted(tool)) is not None and subject.touched:
                yield subject

    def _may_be_touched(self, tool: str) -> bool:
        return tool == self._symbol or self._scene.code.path_of(tool.partition(":")[0]) in self._reached

    def _sorted(self, tool: str) -> Subject | None:
        location = self._scene.code.locate(tool)
        if location is None or is_test_path(location.path):
            return None
        if tool == self._symbol or (location.path in self._changed and self._is_changed(location)):
            return Subject(tool, location, touched=True)
        return Subject(tool, location, apart=self._bounded and location.path not in self._reached)

    @cached_property
    def _reached(self) -> frozenset[str]:
        return reached(self._scene.code, self._changed)

    @cached_property
    def _bounded(self) -> bool:
        return all(path.endswith(HARMLESS) for path in self._changed)

    def _is_changed(self, location: Location) -> bool:
        """Whether the merge changed this very function (a function that it added or moved here counts)."""
        if location.path not in self._same:
            self._same[location.path] = _same_functions(self._scene.repository, self._merged, location.path)
        return location.symbol not in self._same[location.path]


def _same_functions(repository: Repository, merged: Merged, path: str) -> frozenset[str]:
    """Qualified names of the functions of a file whose shape the merge left as it was."""
    before, after = repository.read(merged.parent, path), repository.read(merged.commit, path)
    if before is None or after is None:
        return frozenset()
    old, new = _spans(before), _spans(after)
    old_lines, new_lines = lines_of(decode(before)), lines_of(decode(after))

    def same(name: str) -> bool:
        (start, end), (new_start, new_end) = old[name], new[name]
        if old_lines[start - 1 : end] == new_lines[new_start - 1 : new_end]:
            return True
        return shape_of(before, start, end) == shape_of(after, new_start, new_end)

    return frozenset(name for name in old.keys() & new.keys() if same(name))


def _spans(source: bytes) -> dict[str, tuple[int, int]]:
    """{qualified name: first and last line} of functions, as `code.versions.span_of` tells them."""
    functions = [item for item in extract(source).definitions if not item.is_class] if len(source) <= MAX_BYTES else []
    accessories = {item.qualname: (item.start, item.end) for item in functions if item.accessory}
    return accessories | {item.qualname: (item.start, item.end) for item in functions if not item.accessory}
