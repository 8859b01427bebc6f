"""Which functions of a commit are tools: told by decorators, by base classes and by what was recorded.

Nothing is imported. A file is parsed only when it holds a word that can make a tool; what it said is kept by blob, so
that files that stay the same are neither read nor parsed again.
"""

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_healer.code import fast_json
from gitops_healer.code.fact_store import FactCache
from gitops_healer.code.model import CodeModel
from gitops_healer.code.tool_sheet import Row, Sheet, sheet_of
from gitops_healer.core.codec import digest
from gitops_healer.core.tools import Declared, Tool

DECORATORS = ("gitops_healer.recorder.tool", "gitops_healer.recorder.wrapping.tool")
BASES = ("gitops_healer.recorder.BaseTool", "gitops_healer.recorder.wrapping.BaseTool")
METHOD = "execute"
"""What of a tool class is recorded."""

_SCHEMA = 1
_MOST_ROUNDS = 8
"""How many steps of subclasses, and of modules that pass a decorator on, are followed."""


@dataclass(frozen=True)
class Marks:
    """Dotted names that make tools. decorators: of functions; bases: of classes."""

    decorators: frozenset[str]
    bases: frozenset[str]

    @classmethod
    def of(cls, decorators: Iterable[str] = (), bases: Iterable[str] = ()) -> "Marks":
        """The recorder's, and those that a policy names."""
        return cls(frozenset([*DECORATORS, *decorators]), frozenset([*BASES, *bases]))

    @property
    def words(self) -> frozenset[str]:
        return frozenset(name.rpartition(".")[2] for name in self.decorators | self.bases)


class ToolIndex:
    """The tools of one commit. parsed: files that were parsed since the cache did not know them."""

    def __init__(self, model: CodeModel, cache: FactCache, marks: Marks, tree: str = "") -> None:
        """tree: what the answers are kept under, the id of the commit's tree and whatever else they depend on; ""
        keeps none."""
        self._model = model
        self._cache = cache
        self._marks = marks
        self._tree = tree
        self._sheets: dict[str, Sheet] = {}
        self.parsed = 0

    def tools(self, recorded: Iterable[str] = ()) -> tuple[Tool, ...]:
        """By name. recorded: names of executions, which are tools where the code has them."""
        asked = sorted(set(recorded))
        marks = sorted(self._marks.decorators), sorted(self._marks.bases)
        key = f"toolindex:{_SCHEMA}:{digest(self._tree, *map(list, marks), asked)}"
        known = _unpacked(self._cache.get_many([key]).get(key, b"")) if self._tree else None
        if known is not None:
            return known
        found = {tool.name: tool for tool in self._declared()}
        for name in asked:
            if name not in found and (tool := self.named(name)) is not None:
                found[name] = tool
        tools = tuple(found[name] for name in sorted(found))
        if self._tree:
            self._cache.put_many({key: fast_json.dumps([_row(tool) for tool in tools])})
        return tools

    def named(self, name: str) -> Tool | None:
        """The tool that executions call by this name, or None when the code has no such function."""
        place = self._model.locate(name)
        if place is None:
            return None
        self._load([place.path])
        rows = [row for row in self._sheets[place.path].rows if _plain(row.qualname) == _plain(place.symbol)]
        row = next((row for row in rows if row.start == place.start), rows[-1] if rows else None)
        if row is None:
            return Tool(name, place.path, place.symbol, place.start, place.end, "recorded")
        return _tool(name, place.path, row, "recorded")

    # What the code declares

    def _declared(self) -> Iterator[Tool]:
        decorators, bases = set(self._marks.decorators), set(self._marks.bases)
        words, done = set[str](), set[str]()
        for _ in range(_MOST_ROUNDS):
            words = {name.rpartition(".")[2] for name in decorators | bases} - done
            if not words:
                break
            self._load(self._with_words(words))
            done |= words
            for path, sheet in self._sheets.items():
                self._grow(path, sheet, decorators, bases)
        for path in sorted(self._sheets):
            yield from self._of_file(path, decorators, bases)

    def _grow(self, path: str, sheet: Sheet, decorators: set[str], bases: set[str]) -> None:
        """Names under which a file passes a mark on, and classes that it derives."""
        module = self._model.module_name(path)
        if module is None:
            return
        for name, dotted in sheet.bound:
            whole = self._absolute(path, dotted)
            for known in (decorators, bases):
                if whole in known:
                    known.add(f"{module}.{name}")
        for star in sheet.stars:
            source = self._absolute(path, star)
            for known in (decorators, bases):
                known |= {f"{module}.{name[len(source) + 1 :]}" for name in known if name.rpartition(".")[0] == source}
        for row in sheet.rows:
            if row.is_class and self._marked(path, module, row, bases):
                bases.add(f"{module}.{row.qualname}")

    def _of_file(self, path: str, decorators: Collection[str], bases: Collection[str]) -> Iterator[Tool]:
        module = self._model.module_name(path)
        if module is None:
            return
        sheet = self._sheets[path]
        by_name = {row.qualname: row for row in sheet.rows}
        for row in sheet.rows:
            mark = self._marked(path, module, row, bases if row.is_class else decorators)
            if mark and not row.is_class:
                yield _tool(row.aliased or f"{module}:{row.qualname}", path, row, f"@{mark}")
            method = by_name.get(f"{row.qualname}.{METHOD}")
            if mark and row.is_class and method is not None:
                docstring = method.docstring or row.docstring
                examples = row.examples or method.examples
                fitted = method._replace(docstring=docstring, examples=examples)
                yield _tool(f"{module}:{method.qualname}", path, fitted, f"subclass of {mark}")

    def _marked(self, path: str, module: str, row: Row, known: Collection[str]) -> str:
        """The first mark of a definition that is among the known ones, as it is known, or ""."""
        names = (self._absolute(path, mark) for mark in row.marks)
        return next((full for name in names for full in (name, f"{module}.{name}") if full in known), "")

    def _absolute(self, path: str, dotted: str) -> str:
        if not dotted.startswith("."):
            return dotted
        level = len(dotted) - len(dotted.lstrip("."))
        package = (self._model.module_name(path) or "").split(".")
        up = level - 1 if path.endswith("__init__.py") else level
        return ".".join([*package[: len(package) - up], dotted.lstrip(".")]).strip(".")

    # Files

    def _with_words(self, words: Collection[str]) -> list[str]:
        """Included files that hold any of these words."""
        paths = [path for path in self._model.included if path not in self._sheets]
        stamp = digest("tool-words", sorted(words))[:16]
        keys = {path: f"toolwords:{_SCHEMA}:{stamp}:{self._model.blob(path)}" for path in paths}
        known = self._cache.get_many(list(dict.fromkeys(keys.values())))
        pattern = re.compile(rb"\b(?:" + b"|".join(re.escape(word.encode()) for word in sorted(words)) + rb")\b")
        made: dict[str, bytes] = {}
        for path in paths:
            if keys[path] not in known:
                found = pattern.search(self._model.source(path) or b"")
                known[keys[path]] = made[keys[path]] = b"1" if found else b"0"
        if made:
            self._cache.put_many(made)
        return [path for path in paths if known[keys[path]] == b"1"]

    def _load(self, paths: Iterable[str]) -> None:
        keys = {path: _key(self._model.blob(path)) for path in paths if path not in self._sheets}
        if not keys:
            return
        known: Mapping[str, bytes] = self._cache.get_many(list(dict.fromkeys(keys.values())))
        made: dict[str, bytes] = {}
        for path, key in keys.items():
            data = known.get(key) or made.get(key)
            sheet = Sheet.unpack(data) if data is not None else None
            if sheet is None:
                sheet = sheet_of(self._model.source(path) or b"")
                made[key] = sheet.pack()
                self.parsed += 1
            self._sheets[path] = sheet
        if made:
            self._cache.put_many(made)


def _key(blob: str) -> str:
    return f"toolsheet:{_SCHEMA}:{sys.version_info[0]}.{sys.version_info[1]}:{blob}"


def _row(tool: Tool) -> list[Any]:
    *plain, declared, words = vars(tool).values()
    return [*plain, vars(declared), list(words)]


def _unpacked(data: bytes) -> tuple[Tool, ...] | None:
    """None when the bytes are not what `tools` keeps."""
    try:
        return tuple(_read(row) for row in fast_json.loads(data))
    except (ValueError, TypeError):
        return None


def _read(row: list[Any]) -> Tool:
    name, path, symbol, start, end, why, signature, doc, declared, words = row
    return Tool(name, path, symbol, start, end, why, signature, doc, Declared(**declared), tuple(words))


def _plain(qualname: str) -> str:
    return qualname.replace("<locals>.", "")


def _tool(name: str, path: str, row: Row, why: str) -> Tool:
    declared = Declared(**dict(row.told), examples=row.examples)
    return Tool(
        name, path, row.qualname, row.start, row.end, why, row.signature, row.docstring, declared, row.words
    )  # fmt: skip
