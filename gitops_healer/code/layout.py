"""Which file is which module: package roots found from the tree, names and absolute imports resolved by them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_SOURCE_DIRS = ("src", "lib", "python")
_ASIDE = re.compile(
    r"(?:.*/)?(tests?|testing|testdata|fixtures|examples?|samples?|docs?|vendor|_vendor|node_modules)(/|$)"
)
"""Projects below such directories are data or copies: nobody outside of them imports from them."""


class Layout:
    """The Python files of a tree. paths: all files of the commit, of any kind.

    A *root* is a directory from which modules are imported: the top of the tree, the directory of a project file and
    its `src`, `lib` or `python`, and the directory above each topmost package. A directory without `__init__.py`
    between a root and a module is a namespace package when something in the tree imports through it.
    """

    def __init__(self, paths: Iterable[str], python: Iterable[str]) -> None:
        self.files = sorted(python)
        self._dirs = {parent for path in self.files for parent in _parents(path)} | {""}
        self._packages = {_parent(path) for path in self.files if _name(path) == "__init__.py"}
        self._packages.discard("")
        self._stems: dict[str, str] = {}
        for path in self.files:
            stem = _stem(path)
            if path.endswith("/__init__.py") or stem not in self._stems:
                self._stems[stem] = path
        self.roots = self._project_roots(paths)
        self.own_roots: dict[str, str] = {}
        self._votes: dict[str, tuple[tuple[str, str], ...]] = {}
        self._root_of: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._directories: dict[tuple[str, str], str | None] = {}
        self._resolved: dict[tuple[str, str], str | None] = {}

    def votes_of(self, imported: Iterable[str]) -> Counter[tuple[str, str]]:
        """What imports say of namespace packages: how often each (directory, root) is meant by a name.

        imported: absolute dotted names that one file imports.
        """
        found: Counter[tuple[str, str]] = Counter()
        for name in imported if self._is_undecided else ():
            for vote in self._votes.get(name) or self._votes_by(name):
                found[vote] += 1
        return found

    def votes_by_relative(self, importer: str, imported: Iterable[tuple[int, str]]) -> Counter[tuple[str, str]]:
        """The same of relative imports: a folder that is reached from inside of a package belongs to its root.

        imported: (number of dots, dotted name) of each import, its names among them.
        """
        found: Counter[tuple[str, str]] = Counter()
        root = self._base_of(importer)
        for level, name in imported if self._is_undecided and root in self.roots else ():
            target = self.relative(importer, level, name)
            base = root if target is None else self._base_of(target)
            if base != root and base not in self.roots:
                found[base, root] += 1
        return found

    def decide(self, votes: Mapping[tuple[str, str], int]) -> None:
        """Say which directories are namespace packages, by the votes of all files."""
        by_base: dict[str, Counter[str]] = defaultdict(Counter)
        for (base, root), times in votes.items():
            by_base[base][root] += times
        for base in sorted(set(self._bases.values()), key=lambda item: (item.count("/"), item)):
            self.own_roots[base] = self._decide(base, by_base.get(base, Counter()))
        self._names.clear()
        self._root_of.clear()

    def _votes_by(self, name: str) -> tuple[tuple[str, str], ...]:
        found = []
        for root in self.roots:
            path = self._below(root, name)
            base = self._base_of(path) if path else root
            if base != root and base not in self.roots:
                found.append((base, root))
        self._votes[name] = tuple(found)
        return self._votes[name]

    @cached_property
    def _is_undecided(self) -> bool:
        return any(base not in self.roots for base in self._bases.values())

    def module_name(self, path: str) -> str | None:
        """The dotted name of a file, or None when it is not a module of this tree."""
        if path not in self._names:
            if _stem(path) not in self._stems:
                return None
            root = self.root_of(path)
            inner = path[len(root) + 1 :] if root else path
            self._names[path] = _stem(inner).replace("/", ".") or "__init__"
        return self._names[path]

    def root_of(self, path: str) -> str:
        """The directory from which a file is imported."""
        if path not in self._root_of:
            base = self._base_of(path)
            self._root_of[path] = self.own_roots.get(base, base)
        return self._root_of[path]

    def path_of(self, module: str) -> str | None:
        """The file of a dotted name: under a root, else the only file that could be meant under any directory."""
        found = self.by_name.get(module)
        if found:
            return found[0]
        for root in self.roots:
            path = self._below(root, module)
            if path:
                return path
        tail = "/" + module.replace(".", "/")
        fitting = [
            path
            for stem, path in self._stems.items()
            if stem.endswith(tail) and not self._is_in_package(stem[: -len(tail)])
        ]
        return fitting[0] if len(fitting) == 1 else None

    @cached_property
    def by_name(self) -> dict[str, tuple[str, ...]]:
        """All files of each dotted name, the likeliest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in self.files:
            name = self.module_name(path)
            if name is not None:
                found[name].append(path)
        return {name: tuple(sorted(paths, key=self._rank)) for name, paths in found.items()}

    def resolve(self, importer: str, name: str) -> str | None:
        """The file that an absolute import of `name` means in the file `importer`; None when it is not of this tree."""
        own = self.root_of(importer)
        key = (own, name)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(own, name)
        return self._resolved[key]

    def relative(self, importer: str, level: int, name: str) -> str | None:
        """The file that a relative import means (`name` may be empty: the package itself)."""
        directory = self.relative_dir(importer, level)
        return None if directory is None else self._below(directory, name)

    def relative_dir(self, importer: str, level: int) -> str | None:
        """The directory that `level` dots mean in a file, None when that is above the tree."""
        directory = importer
        for _ in range(level):
            if not directory:
                return None
            directory = directory.rpartition("/")[0]
        return directory

    def file_at(self, stem: str) -> str | None:
        """The module file at a path without its `.py` or `/__init__.py`."""
        return self._stems.get(stem)

    def directory_of(self, importer: str, name: str) -> str | None:
        """The directory of a package or namespace package that an absolute name means."""
        own = self.root_of(importer)
        key = (own, name)
        if key not in self._directories:
            stems = (_join(root, name.replace(".", "/")) for root in self._visible(own, name))
            self._directories[key] = next((stem for stem in stems if stem in self._dirs), None)
        return self._directories[key]

    def ancestors(self, path: str) -> tuple[str, ...]:
        """The `__init__.py` files that run before a module is imported, innermost first (without its own)."""
        if path not in self._ancestors:
            directory = _parent(_stem(path))
            found = []
            while directory in self._packages:
                found.append(f"{directory}/__init__.py")
                directory = _parent(directory)
            self._ancestors[path] = tuple(found)
        return self._ancestors[path]

    @cached_property
    def _bases(self) -> dict[str, str]:
        """{directory: the directory above its topmost package}"""
        return {directory: self._base(directory) for directory in self._dirs}

    def _base(self, directory: str) -> str:
        while directory in self._packages:
            directory = _parent(directory)
        return directory

    def _base_of(self, path: str) -> str:
        return self._bases.get(_parent(path), _parent(path))

    def _is_in_package(self, directory: str) -> bool:
        return directory in self._packages

    def _project_roots(self, paths: Iterable[str]) -> tuple[str, ...]:
        projects = {_parent(path) for path in paths if _name(path) in _PROJECT_FILES} | {""}
        found = set()
        for project in projects:
            if project in self._packages:
                continue
            found.add(project)
            inner = (_join(project, name) for name in _SOURCE_DIRS)
            found |= {path for path in inner if path in self._dirs and path not in self._packages}
        return tuple(sorted(found, key=self._rank_root))

    def _rank_root(self, root: str) -> tuple[bool, int, bool, str]:
        """Sources before the top (tests, scripts), real projects before those that are somebody's data."""
        return bool(_ASIDE.match(root)), root.count("/"), _name(root) not in _SOURCE_DIRS, root

    def _rank(self, path: str) -> tuple[bool, bool, tuple[bool, int, bool, str], str]:
        """A module beside a package of the same name comes last: Python never imports it."""
        root = self.root_of(path)
        return self._stems.get(_stem(path)) != path, root not in self.roots, self._rank_root(root), path

    def _decide(self, base: str, votes: Counter[str]) -> str:
        if base in self.roots:
            return base
        if votes:
            return max(votes, key=lambda root: (votes[root], root.count("/"), root))
        above = _parent(base)
        inherited = self.own_roots.get(above, above)
        return inherited if inherited != above and above not in self.roots else base

    def _resolve(self, own: str, name: str) -> str | None:
        for root in self._visible(own, name):
            path = self._below(root, name)
            if path:
                return path
        return None

    def _visible(self, own: str, name: str) -> Iterator[str]:
        """Roots where a name may be found from a file of root `own`: its own, the projects', and those of packages."""
        yield own
        for root in self._tops.get(name.partition(".")[0], ()):
            if root != own and (not _ASIDE.match(root) or own.startswith(_project_of(root))):
                yield root

    @cached_property
    def _tops(self) -> dict[str, tuple[str, ...]]:
        """{first part of a name: roots that have it}. A lone module outside of the projects' roots is seen only by
        its neighbours: a `yaml.py` in some tools directory is not what others mean by `import yaml`."""
        found: dict[str, set[str]] = defaultdict(set)
        for root in self.roots:
            for name in self._children.get(root, ()):
                found[name].add(root)
        for package in self._packages:
            parent = _parent(package)
            if parent not in self._packages:
                found[_name(package)].add(self.own_roots.get(parent, parent))
        return {name: tuple(sorted(roots, key=self._rank_root)) for name, roots in found.items()}

    @cached_property
    def _children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for stem in [*self._stems, *self._dirs]:
            if stem:
                found[_parent(stem)].add(_name(stem))
        return found

    def _below(self, root: str, name: str) -> str | None:
        return self._stems.get(_join(root, name.replace(".", "/")))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__")


def _join(root: str, rest: str) -> str:
    return f"{root}/{rest}" if root and rest else root or rest


def _parents(path: str) -> Iterator[str]:
    directory = _parent(path)
    while directory:
        yield directory
        directory = _parent(directory)


def _project_of(root: str) -> str:
    return _parent(root) if _name(root) in _SOURCE_DIRS else root
