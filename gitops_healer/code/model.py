"""The code at one commit: which modules there are, what stands in them, where a symbol is.

Work follows what changed: facts are kept by blob id, so that a file that stays the same is never parsed again.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from gitops_healer.code.clones.copies import copies_in
from gitops_healer.code.clones.index import CloneOptions
from gitops_healer.code.cuts import minimum_cut
from gitops_healer.code.fact_store import FactCache, FactStore, Look, Seen, Spread, in_turn, no_garbage_collection
from gitops_healer.code.facts import MAX_BYTES, Definition, Facts, Import
from gitops_healer.code.graph import Cycle, Edge, Resolver, Target, cycles_of
from gitops_healer.code.layout import Layout
from gitops_healer.code.links import Linker, Links
from gitops_healer.code.outline import Outline
from gitops_healer.code.patterns import matcher
from gitops_healer.code.shape import decode
from gitops_healer.core.scanning import CloneFamily

_REEXPORTS = 5
"""How many packages a name is followed through to where it is defined."""


class SourceFile(Protocol):
    """A regular file of a tree (`ports.File` is one)."""

    @property
    def path(self) -> str: ...

    @property
    def blob(self) -> str: ...

    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class Location:
    """Where a symbol stands. symbol: its qualified name inside the module; start, end: lines, from 1."""

    path: str
    symbol: str
    start: int
    end: int


@dataclass(frozen=True)
class Module:
    """One Python file. name: the dotted name under which it is imported."""

    path: str
    name: str
    facts: Facts

    @property
    def functions(self) -> tuple[Definition, ...]:
        return tuple(item for item in self.facts.definitions if not item.is_class)

    @property
    def classes(self) -> tuple[Definition, ...]:
        return tuple(item for item in self.facts.definitions if item.is_class)


@dataclass(frozen=True)
class Overlay:
    """A file whose bytes are not (yet) those of the commit."""

    path: str
    blob: str
    size: int


class CodeModel:
    """The modules of one commit. Everything is worked out when it is first asked for."""

    def __init__(
        self,
        files: Iterable[SourceFile],
        read: Callable[[str], bytes],
        cache: FactCache,
        exclude: Sequence[str] = (),
        spread: Spread = in_turn,
    ) -> None:
        """files: all files of the commit; read: bytes of a blob id; exclude: path patterns of files that are in no
        answer of `modules`, `edges` and `cycles` (they can still be located); spread: how many files are parsed at
        once."""
        self._files: dict[str, SourceFile] = {file.path: file for file in files}
        self._python = {path: file for path, file in self._files.items() if path.endswith(".py")}
        self._read = read
        self._cache = cache
        self._exclude = tuple(exclude)
        self._excluded = matcher(exclude)
        self._store = FactStore(read, cache, spread)
        self._texts: dict[str, str] = {}
        self.known_links: Links | None = None
        self.clone_options = CloneOptions()
        self._cuts: dict[Cycle, tuple[Edge, ...]] = {}

    @property
    def included(self) -> tuple[str, ...]:
        """Paths of the Python files that are not excluded, sorted."""
        return self._included

    def blob(self, path: str) -> str:
        return self._files[path].blob

    def visit(self, paths: Iterable[str], look: Look) -> Iterator[Seen]:
        """Each blob of these files once, with what `look` says of it where its facts are at hand."""
        return self._store.visit({self._files[path].blob: self._files[path].size for path in paths}, look)

    @cached_property
    def outlines(self) -> Mapping[str, Outline]:
        """The column of each included file; a scan puts those in place that it has."""
        paths = self._included
        self._store.load((self._files[path].blob, self._files[path].size) for path in paths)
        return {path: Outline.of(self._files[path].blob, self.facts(path, detail=True)) for path in paths}

    @cached_property
    def mentions(self) -> Mapping[str, int]:
        """How many included files mention a name; a scan puts those in place that it has."""
        return Counter(name for path in self._included for name in self.facts(path, detail=True).details.mentions)

    def listings(self, paths: Iterable[str]) -> dict[str, bytes]:
        """What is printed of each of these files, see `code.listing`."""
        sizes = {self._files[path].blob: self._files[path].size for path in paths}
        return self._store.listings(sizes)

    def mentioned_by(self, blob: str) -> tuple[str, ...]:
        """The names that a blob mentions, also one of another commit."""
        return self._store.detailed(blob, 0).details.mentions

    @property
    def blobs(self) -> frozenset[str]:
        """The ids of all Python files, excluded ones among them."""
        return frozenset(file.blob for file in self._python.values())

    @property
    def parsed(self) -> int:
        """How many blobs were parsed so far, because the cache did not know them."""
        return self._store.parsed

    @property
    def cached(self) -> int:
        """How many blobs the cache knew."""
        return self._store.cached

    def locate(self, tool: str) -> Location | None:
        """The place of `pkg.mod:qualname`, or None when the code has no such function.

        Names that a package only passes on are followed to where they are defined.
        """
        module, _, qualname = tool.partition(":")
        path = self.path_of(module)
        return self._locate(path, qualname, _REEXPORTS) if path is not None and qualname else None

    def path_of(self, module: str) -> str | None:
        """The file of a dotted module name, wherever its package root lies (src layout, nested roots)."""
        return self.layout.path_of(module) if module else None

    def module_name(self, path: str) -> str | None:
        """The dotted name under which a file is imported."""
        return self.layout.module_name(path)

    def source(self, path: str) -> bytes | None:
        """The bytes of a file of this commit."""
        file = self._files.get(path)
        return None if file is None else self._read(file.blob)

    def text(self, path: str) -> str:
        """The text of a file by its declared encoding, line ends as they are; "" when it is missing or too big."""
        if path not in self._texts:
            fits = path in self._files and self._files[path].size <= MAX_BYTES
            self._texts[path] = decode(self.source(path) or b"") if fits else ""
        return self._texts[path]

    def paths(self) -> tuple[str, ...]:
        """All files of the commit, of any kind, sorted."""
        return self._paths

    def has(self, path: str) -> bool:
        return path in self._files

    def size(self, path: str) -> int:
        """Bytes of a file of this commit."""
        return self._files[path].size

    def facts(self, path: str, detail: bool = False) -> Facts:
        """The facts of one Python file of this commit. detail: with what only detectors ask."""
        file = self._python[path]
        return self._store.detailed(file.blob, file.size) if detail else self._store.facts(file.blob, file.size)

    def module(self, path: str, detail: bool = False) -> Module | None:
        name = self.layout.module_name(path)
        return None if name is None else Module(path, name, self.facts(path, detail))

    def modules(self, detail: bool = False) -> Iterator[Module]:
        """All modules but the excluded, in path order."""
        found = (self.module(path, detail) for path in self._included)
        return (module for module in found if module is not None)

    def edges(self) -> tuple[Edge, ...]:
        """Who imports whom, and when, among the modules."""
        included = set(self._included)
        return tuple(edge for edge in self._edges if edge.source in included and edge.target in included)

    def importers(self, path: str) -> tuple[Edge, ...]:
        """The edges that lead to a file, also from excluded files."""
        return self._importers.get(path, ())

    def imported(self, path: str) -> tuple[Edge, ...]:
        """The edges that leave a file, also to excluded files."""
        return self._imported.get(path, ())

    def cycles(self) -> tuple[Cycle, ...]:
        """Groups of modules that need each other while they are imported, in a fixed order."""
        return self._cycles

    def families(self) -> tuple[CloneFamily, ...]:
        """Pieces of code that are copies of each other, in a fixed order."""
        return self._families

    def cut(self, cycle: Cycle) -> tuple[Edge, ...]:
        """A smallest set of imports without which nothing is left of a cycle."""
        if cycle not in self._cuts:
            self._cuts[cycle] = minimum_cut(cycle.edges)
        return self._cuts[cycle]

    def knot(self, cycle: Cycle) -> str:
        """The dotted names of the modules of a cycle, sorted and joined: its identity, wherever the files lie."""
        return ", ".join(sorted(self.module_name(path) or path for path in cycle.paths))

    def targets(self, path: str, item: Import) -> tuple[Target, ...]:
        """The files that an import statement of the file `path` leads to."""
        return tuple(self._resolver.targets(path, item))

    def with_sources(self, sources: Mapping[str, bytes]) -> "CodeModel":
        """The model after these files were written."""
        blobs = {
            path: hashlib.sha1(b"overlay\0" + data, usedforsecurity=False).hexdigest() for path, data in sources.items()
        }
        contents = {blobs[path]: data for path, data in sources.items()}
        changed = {path: Overlay(path, blob, len(sources[path])) for path, blob in blobs.items()}

        def read(blob: str) -> bytes:
            return contents[blob] if blob in contents else self._read(blob)

        return CodeModel((self._files | changed).values(), read, self._cache, self._exclude)

    @property
    def layout(self) -> Layout:
        """Names and roots; depends on the imports of all files, since only they tell namespace packages."""
        self._linker  # noqa: B018
        return self._layout

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self._files, self._python)

    @cached_property
    def _linker(self) -> Linker:
        blobs = {path: file.blob for path, file in self._python.items()}
        return Linker(self._layout, blobs, self.facts, self._load, self.known_links)

    def _load(self, paths: Iterable[str]) -> None:
        self._store.load((self._python[path].blob, self._python[path].size) for path in paths)

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    @cached_property
    def _included(self) -> tuple[str, ...]:
        return tuple(path for path in sorted(self._python) if not self._excluded(path))

    @property
    def links(self) -> Links | None:
        """What to remember of who imports whom; None when nothing changed since it was remembered."""
        return self._linked[1] if self._linker.changed else None

    @property
    def _edges(self) -> tuple[Edge, ...]:
        return self._linked[0]

    @cached_property
    def _linked(self) -> tuple[tuple[Edge, ...], Links]:
        with no_garbage_collection():
            return self._linker.edges()

    @property
    def _resolver(self) -> Resolver:
        return self._linker.resolver

    @cached_property
    def _importers(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped((edge.target, edge) for edge in self._edges)

    @cached_property
    def _imported(self) -> dict[str, tuple[Edge, ...]]:
        return _grouped((edge.source, edge) for edge in self._edges)

    @cached_property
    def _families(self) -> tuple[CloneFamily, ...]:
        files = {path: self._python[path] for path in self._included if self.outlines[path].analyzable}
        return copies_in(files, self._store, self._cache, self.clone_options, self.text)

    @cached_property
    def _cycles(self) -> tuple[Cycle, ...]:
        return cycles_of(self._included, self._edges)

    def _locate(self, path: str, qualname: str, depth: int) -> Location | None:
        facts = self.facts(path)
        found = [item for item in facts.definitions if item.qualname == qualname and not item.is_class]
        if found:
            last = next((item for item in reversed(found) if not item.accessory), found[-1])
            return Location(path, qualname, last.start, last.end)
        name, _, rest = qualname.partition(".")
        for item in facts.imports if depth else ():
            for original, bound in item.names:
                if bound == name:
                    for target in self.targets(path, item):
                        if target.bound == name and not target.package and target.path != path:
                            inner = f"{original}.{rest}" if rest else original
                            return self._locate(target.path, inner, depth - 1)
        return None


def _grouped(pairs: Iterable[tuple[str, Edge]]) -> dict[str, tuple[Edge, ...]]:
    found: dict[str, list[Edge]] = {}
    for key, edge in pairs:
        found.setdefault(key, []).append(edge)
    return {key: tuple(edges) for key, edges in found.items()}
