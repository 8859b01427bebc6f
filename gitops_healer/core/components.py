"""Parts of the code by the names that people give them: folders, files, functions and classes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

SYMBOL, FILE, FOLDER = 0, 1, 2
"""Levels of parts; the larger part is meant where a name fits several."""
_MAX_NEAR = 5
_NEAR, _SURE = 0.7, 0.9
_TESTS = re.compile(r"(?:^|[/.])(?:tests?(?:[/.:]|$)|test_)|_test(?:\.py)?(?::|$)")


@dataclass(frozen=True)
class Names:
    """What the code calls its parts. paths: all files; modules: dotted name of each Python file that can be imported;
    symbols: qualified names by file."""

    paths: tuple[str, ...]
    modules: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A part of the code. keys: its full names in lower case, divided by dots."""

    name: str
    level: int
    keys: tuple[str, ...]


def parts_of(names: Names) -> tuple[Part, ...]:
    """Folders, files and symbols, under the names by which people call them."""
    by_path = {path: module for module, path in names.modules.items()}
    folders = {path[:cut] for path in names.paths for cut, letter in enumerate(path) if letter == "/"}
    parts = [
        Part(folder, FOLDER, _keys(_dotted(folder), by_path.get(f"{folder}/__init__.py", "")))
        for folder in sorted(folders)
    ]
    for path in names.paths:
        module = by_path.get(path, "")
        package = path.endswith("__init__.py")
        keys = _keys(_dotted(path), f"{module}.__init__" if package and module else module)
        inside = _keys(_dotted(path), module)
        parts.append(Part(path, FILE, keys))
        prefix = module or re.sub(r"\.pyi?$", "", path).replace("/", ".")
        parts += [
            Part(f"{prefix}:{name}", SYMBOL, tuple(f"{key}.{name.casefold()}" for key in inside))
            for name in names.symbols.get(path, ())
        ]
    return tuple(parts)


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.casefold() for name in names if name))


def _dotted(text: str) -> str:
    """However a place is spelled: in lower case, with dots."""
    text = text.strip("`'\",;!?()").replace("\\", "/").removeprefix("./").strip("/").casefold()
    return re.sub(r"\.pyi?(?=[.:]|$)", "", text).replace("::", ".").replace(":", ".").replace("/", ".").strip(".")


def resolve(word: str, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts that a word names: by their whole names, else by the ends of their names, the largest first unless it
    says which."""
    key = _dotted(word)
    if not key:
        return ()
    bare = word.strip("`'\",;!?()")
    levels = {FILE} if bare.lower().endswith((".py", ".pyi")) else {SYMBOL} if ":" in bare else set()
    levels = {FOLDER} if bare.endswith(("/", "\\")) else levels
    ending = f".{key}"
    found = [
        part
        for part in parts
        if (not levels or part.level in levels) and any(name == key or name.endswith(ending) for name in part.keys)
    ]
    found = [part for part in found if key in part.keys] or found
    found = [part for part in found if part.level != SYMBOL or _own(part) == key] or found
    found = [part for part in found if _exact(bare) in _exact(part.name)] or found
    return largest(found)


def largest(found: Sequence[Part]) -> tuple[Part, ...]:
    """Of parts that a word may mean, those that people mean first: folders before files before functions, and no tests
    where there is something else."""
    highest = max((part.level for part in found), default=SYMBOL)
    large = [part for part in found if part.level == highest]
    return tuple([part for part in large if not _TESTS.search(part.name)] or large)


def _own(part: Part) -> str:
    """The name of a symbol inside of its file."""
    return part.name.rpartition(":")[2].casefold()


def _exact(name: str) -> str:
    return name.replace("\\", "/").replace("::", ":").rstrip("/")


def near(word: str, parts: Sequence[Part]) -> tuple[str, ...]:
    """Names that are spelled nearly so."""
    key = _dotted(word)
    by_key: dict[str, str] = {}
    for part in sorted(parts, key=lambda part: -part.level):
        for name in part.keys:
            by_key.setdefault(name, part.name)
            by_key.setdefault(".".join(name.split(".")[-1 - key.count(".") :]), part.name)
    close = get_close_matches(key, by_key, n=_MAX_NEAR, cutoff=_SURE) or get_close_matches(key, by_key, cutoff=_NEAR)
    return tuple(dict.fromkeys(by_key[name] for name in close))[:3]


def looks_like_code(word: str) -> bool:
    bare = word.strip("`'\",.;:!?()")
    return bool(re.search(r"[/\\_:]|\w\.\w|[a-z][A-Z]", bare)) and "://" not in word


def must_be_code(word: str) -> bool:
    """A path or a qualified name, which is no word of any language; `and/or` and `e.g` are."""
    bare = word.strip("`'\",.;:!?()")
    if "://" in bare:
        return False
    return bool(re.search(r"\.pyi?(?:$|:)|::|^\.?/?\w[\w.-]*/\w[\w./-]*\w{2}|\w+:\w+|\w{2,}\.\w{3,}", bare))
