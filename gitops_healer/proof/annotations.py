"""Values that fit an annotation, as a recorder spells them. What the project defines itself is not made."""

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from gitops_healer.code.literals import json_of, value_of_source
from gitops_healer.code.source import Source, parse
from gitops_healer.core.codec import canonical
from gitops_healer.proof.thresholds import constants_of

Make = Callable[[Random], Any]
"""Gives a JSON value, spelled as docs/recorder.md says."""

_DEEPEST: Final = 6
_INTS: Final = (0, 1, -1, 2, 3, 7, 10, 42, 99, 100, 101, 255, 1000, -5, 10**6, 2**31, -(2**31) - 1)
_FLOATS: Final = (0.0, 1.0, -1.0, 0.5, 0.1, 2.5, 3.14159, 99.99, 100.0, -0.01, 1e-9, 1e6, 12345.675)
_TEXTS: Final = (
    "", "a", "abc", "Hello, World", " ", "  padded  ", "UPPER", "two\nlines", "tab\there", "0", "42", "-3.5", "true",
    "é", "Straße", "İstanbul", "日本語", "e\u0301", "😀", "it's", 'say "x"', "a/b\\c", "a,b;c", "2024-02-29",
    "name@example.org", "%s {x}", "x" * 60,
)  # fmt: skip
_BYTES: Final = ("", "AA==", "YWJj", "/w==", "w6k=", "AAECAwQFBgc=")
_MOMENTS: Final = (
    "2024-02-29T00:00:00", "2025-12-31T23:59:59.999999", "1970-01-01T00:00:00", "2026-03-29T02:30:00",
    "2026-07-15T12:00:00", "2000-01-01T00:00:00", "2026-01-31T08:15:30",
)  # fmt: skip
_ZONES: Final = ("", "+00:00", "+02:00", "-08:00")
_DECIMALS: Final = ("0", "1", "-1", "0.01", "0.005", "19.99", "100.00", "1E+3", "12345.675")
_UUIDS: Final = ("00000000-0000-0000-0000-000000000000", "12345678-1234-4678-9234-567812345678")

_LISTS: Final = frozenset(
    {"list", "List", "Sequence", "MutableSequence", "Iterable", "Collection", "Container", "Iterator"}
)
_SETS: Final = frozenset({"set", "Set", "AbstractSet", "MutableSet"})
_FROZEN: Final = frozenset({"frozenset", "FrozenSet"})
_DICTS: Final = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "DefaultDict"})
_TUPLES: Final = frozenset({"tuple", "Tuple"})
_WRAPPERS: Final = frozenset({"Annotated", "Final", "Required", "NotRequired", "ReadOnly"})
_NUMBERS_OF: Final[Mapping[str, str]] = {"Number": "int", "Integral": "int", "Real": "float", "SupportsFloat": "float"}
_GENERAL: Final = ("typing", "typing_extensions", "collections.abc", "collections")
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "datetime": ("datetime",), "date": ("datetime",), "time": ("datetime",), "timedelta": ("datetime",),
    "Decimal": ("decimal",), "Fraction": ("fractions",), "UUID": ("uuid",), "Path": ("pathlib",),
    "PurePath": ("pathlib",), "PosixPath": ("pathlib",), "Number": ("numbers",), "Integral": ("numbers",),
    "Real": ("numbers",),
}  # fmt: skip
"""Where a name must come from to be what it seems."""
_BUILTINS: Final = frozenset("int float str bool bytes bytearray complex list dict set frozenset tuple range".split())


def maker(source: Source, annotation: ast.expr | None) -> Make | None:
    """What makes values that fit an annotation; None when it says nothing, or something that cannot be made."""
    return _Reader(source).read(annotation, 0)


def allows_none(source: Source, annotation: ast.expr | None) -> bool:
    """Whether the annotation names None itself."""
    return _Reader(source).has_none(annotation, 0)


def literal_places(source: Source, annotation: ast.expr | None) -> frozenset[tuple[str, ...]]:
    """Places (`()` for the value, `("*",)` for its items) of which the annotation names every value."""
    return frozenset(_Reader(source).literals(annotation, 0))


def _typed(name: str, value: Any) -> Any:
    return {"$type": name, "value": value}


def _chosen(*values: Any) -> Make:
    return lambda random: random.choice(values)


def _int(random: Random) -> int:
    return random.choice(_INTS) if random.random() < 0.6 else random.randint(-1000, 1000)


def _float(random: Random) -> float:
    return random.choice(_FLOATS) if random.random() < 0.6 else round(random.uniform(-1000, 1000), random.randint(0, 6))


def _moment(random: Random) -> Any:
    return _typed("datetime", f"{random.choice(_MOMENTS)}{random.choice(_ZONES)}")


_SIMPLE: Final[Mapping[str, Make]] = {
    "int": _int,
    "float": _float,
    "str": _chosen(*_TEXTS),
    "bool": _chosen(False, True),
    "bytes": lambda random: _typed("bytes", random.choice(_BYTES)),
    "bytearray": lambda random: _typed("bytearray", random.choice(_BYTES)),
    "complex": lambda random: _typed("complex", str(complex(random.choice(_FLOATS), random.choice(_FLOATS)))),
    "range": lambda random: _typed("range", [random.randint(-3, 3), random.randint(-3, 20), random.choice((1, 2, -1))]),
    "datetime": _moment,
    "date": lambda random: _typed("date", random.choice(_MOMENTS)[:10]),
    "time": lambda random: _typed("time", random.choice(_MOMENTS)[11:]),
    "timedelta": lambda random: _typed("timedelta", [random.choice((0, 1, -1, 30)), random.choice((0, 1, 3600)), 0]),
    "Decimal": lambda random: _typed("Decimal", random.choice(_DECIMALS)),
    "Fraction": lambda random: _typed("Fraction", random.choice(("0", "1/3", "-2/5", "7"))),
    "UUID": lambda random: _typed("UUID", random.choice(_UUIDS)),
    "Path": lambda random: _typed("PosixPath", random.choice(("/tmp/a.txt", "a/b.csv", ".", "name with space"))),
    "PosixPath": lambda random: _typed("PosixPath", random.choice(("/tmp/a.txt", "a/b.csv", "."))),
    "PurePath": lambda random: _typed("PurePosixPath", random.choice(("/tmp/a.txt", "a/b.csv", "."))),
}


def _count(random: Random) -> int:
    return random.choice((0, 1, 2, 3, 3, 5, 8))


def _different(items: list[Any]) -> list[Any]:
    return list({canonical(item): item for item in items}.values())


@dataclass(frozen=True)
class _Reader:
    source: Source

    def read(self, node: ast.expr | None, depth: int) -> Make | None:
        if node is None or depth > _DEEPEST:
            return None
        match node:
            case ast.Constant(value=None):
                return _chosen(None)
            case ast.Constant(value=str() as text):
                return self.read(_parsed(text), depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                return self._union(_members(node), depth)
            case ast.Subscript(value=outer, slice=inner):
                return self._generic(self._last(outer), inner, depth)
            case ast.Name() | ast.Attribute():
                return self._named(node, depth)
        return None

    def has_none(self, node: ast.expr | None, depth: int) -> bool:
        match node:
            case ast.Constant(value=None):
                return True
            case ast.Constant(value=str() as text) if depth < _DEEPEST:
                return self.has_none(_parsed(text), depth + 1)
            case ast.BinOp(op=ast.BitOr()):
                return any(self.has_none(each, depth + 1) for each in _members(node))
            case ast.Subscript(value=outer, slice=inner) if depth < _DEEPEST and self._last(outer) == "Union":
                return any(self.has_none(each, depth + 1) for each in _parts(inner))
            case ast.Subscript(value=outer, slice=inner) if depth < _DEEPEST and self._last(outer) in _WRAPPERS:
                return self.has_none(_parts(inner)[0], depth + 1)
            case ast.Subscript(value=outer):
                return self._last(outer) == "Optional"
        return False

    def literals(self, node: ast.expr | None, depth: int) -> Iterator[tuple[str, ...]]:
        match node:
            case ast.Constant(value=str() as text) if depth < _DEEPEST:
                yield from self.literals(_parsed(text), depth + 1)
            case ast.BinOp(op=ast.BitOr()) if depth < _DEEPEST:
                for each in _members(node):
                    yield from self.literals(each, depth + 1)
            case ast.Subscript(value=outer, slice=inner) if depth < _DEEPEST:
                name = self._last(outer)
                if name == "Literal":
                    yield ()
                elif name in {"Optional", "Union", *_WRAPPERS}:
                    for part in _parts(inner):
                        yield from self.literals(part, depth + 1)
                elif name in _LISTS | _SETS | _FROZEN:
                    yield from (("*", *place) for place in self.literals(inner, depth + 1))
            case ast.Name(id=name) if depth < _DEEPEST:
                yield from self.literals(constants_of(self.source).get(name), depth + 1)

    def _named(self, node: ast.Name | ast.Attribute, depth: int) -> Make | None:
        if isinstance(node, ast.Name) and (alias := constants_of(self.source).get(node.id)) is not None:
            match alias:
                case ast.Call(func=made, args=[_, base]) if self._last(made) == "NewType":
                    return self.read(base, depth + 1)
                case _:
                    return self.read(alias, depth + 1)
        name = self._last(node)
        return _SIMPLE.get(_NUMBERS_OF.get(name, name))

    def _generic(self, name: str, inner: ast.expr, depth: int) -> Make | None:
        parts = _parts(inner)
        if name == "Literal":
            return _literal(parts)
        if name == "Optional":
            return self._union([*parts, ast.Constant(value=None)], depth)
        if name == "Union":
            return self._union(parts, depth)
        if name in _WRAPPERS:
            return self.read(parts[0], depth + 1)
        if name in _TUPLES:
            return self._tuple(parts, depth)
        made = [self.read(part, depth + 1) for part in parts]
        known = [make for make in made if make is not None]
        if len(known) < len(made):
            return None
        return _container(name, known)

    def _union(self, parts: list[ast.expr], depth: int) -> Make | None:
        """Of those parts that can be made; none when only None can be."""
        made = [make for part in parts if (make := self.read(part, depth + 1)) is not None]
        others = [part for part in parts if not self.has_none(part, 0)]
        if not made or (len(made) < len(parts) and not any(self.read(part, depth + 1) for part in others)):
            return None
        return lambda random: random.choice(made)(random)

    def _tuple(self, parts: list[ast.expr], depth: int) -> Make | None:
        if len(parts) == 2 and isinstance(parts[1], ast.Constant) and parts[1].value is ...:
            item = self.read(parts[0], depth + 1)
            return item and (lambda random: _typed("tuple", [item(random) for _ in range(_count(random))]))
        made = [make for part in parts if (make := self.read(part, depth + 1)) is not None]
        if len(made) < len(parts):
            return None
        return lambda random: _typed("tuple", [make(random) for make in made])

    def _last(self, node: ast.expr) -> str:
        """The name, when it means what Python's libraries mean by it; else ""."""
        match node:
            case ast.Name(id=name):
                original, home = self._imported(name)
                if not home:
                    return name if name in _BUILTINS and not self._defines(name) else ""
                return original if home in _HOMES.get(original, _GENERAL) else ""
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                home = self._module(module)
                return name if home in _HOMES.get(name, _GENERAL) else ""
        return ""

    def _imported(self, name: str) -> tuple[str, str]:
        """(original name, module) of what the file imports under a name, ("", "") when it does not."""
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return alias.name, "." if node.level else node.module or "."
        return "", ""

    def _module(self, name: str) -> str:
        for node in ast.walk(self.source.tree):
            for alias in node.names if isinstance(node, ast.Import) else ():
                if (alias.asname or alias.name) == name:
                    return alias.name
        return ""

    def _defines(self, name: str) -> bool:
        return any(isinstance(node, ast.ClassDef) and node.name == name for node in ast.walk(self.source.tree))


def _container(name: str, parts: list[Make]) -> Make | None:
    match parts:
        case [item] if name in _LISTS:
            return lambda random: [item(random) for _ in range(_count(random))]
        case [item] if name in _SETS | _FROZEN:
            kind = "frozenset" if name in _FROZEN else "set"
            return lambda random: _typed(kind, _different([item(random) for _ in range(_count(random))]))
        case [key, item] if name in _DICTS:
            return lambda random: _dict(_different([key(random) for _ in range(_count(random))]), item, random)
    return None


def _dict(keys: list[Any], item: Make, random: Random) -> Any:
    if all(isinstance(key, str) for key in keys):
        return {key: item(random) for key in keys}
    return _typed("dict", [[key, item(random)] for key in keys])


def _literal(parts: list[ast.expr]) -> Make | None:
    try:
        values = [json_of(value_of_source(part)) for part in parts]
    except ValueError:
        return None
    return lambda random: json.loads(random.choice(values))


def _parts(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) and node.elts else [node]


def _members(node: ast.expr) -> list[ast.expr]:
    """`A`, `B`, `C` of `A | B | C`, however many there are."""
    waiting, found = [node], []
    while waiting:
        match waiting.pop():
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                waiting += [right, left]
            case other:
                found.append(other)
    return found


def _parsed(text: str) -> ast.expr | None:
    try:
        body = parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
