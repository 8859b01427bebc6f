"""Functions as they stand in one version of a file, also when that file does not parse."""

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rapidfuzz.distance import Indel

from gitops_healer.code.extract import extract
from gitops_healer.code.facts import MAX_BYTES
from gitops_healer.code.shape import decode, lines_of, shape_of

_HEAD = re.compile(r"([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_COMMENT = re.compile(r"#[^\r\n]*")
_DOCSTRING = re.compile(r"(:[ \t]*(?:\r\n|\r|\n)\s*)[rRuUbB]?(\"\"\"|''').*?\2", re.DOTALL)
_KEPT_BLOBS = 256


class Spot(NamedTuple):
    """A definition. start, end: lines from 1, decorators included; accessory: an overload or setter."""

    qualname: str
    is_class: bool
    start: int
    end: int
    accessory: bool = False

    @property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]


@dataclass(frozen=True)
class Snapshot:
    """A function or class in one blob at one path. text: its lines, ends as they are."""

    path: str
    blob: str
    spot: Spot
    text: str

    @property
    def symbol(self) -> str:
        return self.spot.qualname

    @cached_property
    def shape(self) -> str:
        """See `code.shape`: of the lines alone, wherever they stand."""
        return _shape(self.text)

    @cached_property
    def parses(self) -> bool:
        indented = self.text[:1] in " \t"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ast.parse(f"if 1:\n{self.text}" if indented else self.text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return False
        return True

    @cached_property
    def nameless(self) -> str:
        """The shape with its own name left out, so that a renamed function is the same."""
        return _shape(re.sub(rf"\b{re.escape(self.spot.name)}\b", "_", self.text))

    @cached_property
    def tokens(self) -> list[str]:
        """Without comments, docstring, layout and its own name."""
        text = _DOCSTRING.sub(r"\1", _COMMENT.sub("", self.text), count=1)
        return ["_" if token == self.spot.name else token for token in _TOKEN.findall(text)]


def likeness(one: Snapshot, two: Snapshot, least: float = 0.0) -> float:
    """How much of the tokens of two functions is common and in the same order, 0 to 1 (normalised Indel similarity, as
    `difflib` counts it); 0 when it is less than `least`."""
    if one.nameless == two.nameless:
        return 1.0
    return Indel.normalized_similarity(one.tokens, two.tokens, score_cutoff=least)


def plain(qualname: str) -> str:
    """Without `<locals>`, as people write it."""
    return qualname.replace(".<locals>", "")


class Reader:
    """Reads each blob once and keeps the newest few."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._kept: dict[str, tuple[tuple[Spot, ...], list[str]]] = {}

    def spots(self, blob: str) -> tuple[Spot, ...]:
        return self._file(blob)[0] if blob else ()

    def snapshot(self, path: str, blob: str, spot: Spot) -> Snapshot:
        return Snapshot(path, blob, spot, "".join(self._file(blob)[1][spot.start - 1 : spot.end]))

    def find(self, path: str, blob: str, qualname: str) -> Snapshot | None:
        """The definition that a qualified name means at the end of the file: the last one, overloads and setters only
        where there is nothing else."""
        wanted = plain(qualname)
        found = [spot for spot in self.spots(blob) if plain(spot.qualname) == wanted]
        if not found:
            return None
        spot = next((spot for spot in reversed(found) if not spot.accessory), found[-1])
        return self.snapshot(path, blob, spot)

    def holds(self, blob: str, word: bytes) -> bool:
        return word in self._read(blob)

    def _file(self, blob: str) -> tuple[tuple[Spot, ...], list[str]]:
        if blob not in self._kept:
            if len(self._kept) >= _KEPT_BLOBS:
                self._kept.pop(next(iter(self._kept)))
            source = self._read(blob)
            lines = lines_of(decode(source)) if len(source) <= MAX_BYTES else []
            self._kept[blob] = (tuple(_spots(source, lines)), lines)
        return self._kept[blob]


def _spots(source: bytes, lines: list[str]) -> Iterator[Spot]:
    if not lines:
        return
    facts = extract(source)
    if facts.analyzable:
        for item in facts.definitions:
            yield Spot(item.qualname, item.is_class, item.start, item.end, item.accessory)
    else:
        yield from _by_indentation(lines)


def _by_indentation(lines: list[str]) -> Iterator[Spot]:
    """Definitions of a file that does not parse, as their indentation tells: a merge's markers, half an edit, Python 2.

    A definition ends before the next line that is indented no deeper than its head; strings are not understood.
    """
    around: list[tuple[int, str, bool, int]] = []  # indentation, qualified name, is it a class, first line
    last = 0  # the last line that is not blank
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indentation = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        closing = line.lstrip()[:1] in ")]}"
        while around and around[-1][0] >= indentation and not closing:
            _, name, is_class, start = around.pop()
            yield Spot(name, is_class, start, last)
        head = _HEAD.match(line)
        if head:
            owner = around[-1][1] + ("." if around[-1][2] else ".<locals>.") if around else ""
            name = owner + head[3]
            around.append((indentation, name, head[2] == "class", _first_decorator(lines, number, indentation)))
        last = number
    for _, name, is_class, start in reversed(around):
        yield Spot(name, is_class, start, last)


def _first_decorator(lines: list[str], number: int, indentation: int) -> int:
    while number > 1 and re.match(rf"\s{{{indentation}}}@\w", lines[number - 2].expandtabs()):
        number -= 1
    return number


def _shape(text: str) -> str:
    return shape_of(text.encode("utf-8", "surrogatepass"), 1, len(lines_of(text)))
