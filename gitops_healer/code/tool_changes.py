"""What one commit did to functions: which came, went, changed, and which are the same under another name.

A function that went and one that came are the same when their code is the same but for its own name, else when they are
alike enough (normalised Indel similarity of tokens, as `code.history_origins` uses it) and each other's best match.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from gitops_healer.code.facts import MAX_BYTES
from gitops_healer.code.history_reading import Snapshot, Spot, likeness
from gitops_healer.code.shape import decode, lines_of
from gitops_healer.code.tool_index import METHOD
from gitops_healer.code.tool_sheet import Row, sheet_of

_ALIKE = 0.65
_ALIKE_WITH_NAME = 0.4
_SOME_TOKENS = 18
"""With fewer tokens than this a likeness says nothing: only equal code counts then."""
_MOST_PAIRS = 20_000


class Changed(Protocol):
    """`ports.FileChange` is one."""

    @property
    def path(self) -> str: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...


class Stood(NamedTuple):
    """A function at one place. marks: dotted names of its decorators, or of the bases of its class."""

    path: str
    symbol: str
    marks: tuple[str, ...] = ()


class Changes(NamedTuple):
    """moved: (before, after, whether its code changed as well)."""

    moved: tuple[tuple[Stood, Stood, bool], ...] = ()
    gone: tuple[Stood, ...] = ()
    came: tuple[Stood, ...] = ()
    edited: tuple[Stood, ...] = ()

    def pack(self) -> bytes:
        return json.dumps(self, separators=(",", ":")).encode("ascii")

    @classmethod
    def unpack(cls, data: bytes) -> "Changes | None":
        """None when the bytes are not what `pack` makes."""
        try:
            moved, *others = json.loads(data)
            pairs = tuple((_stood(before), _stood(after), bool(edited)) for before, after, edited in moved)
            gone, came, edited = (tuple(_stood(row) for row in rows) for rows in others)
            return cls(pairs, gone, came, edited)
        except (ValueError, TypeError):
            return None


def _stood(row: Sequence[Any]) -> Stood:
    path, symbol, marks = row
    return Stood(path, symbol, tuple(marks))


_Functions = dict[tuple[str, str], tuple[Stood, Snapshot]]


def changes_between(files: Iterable[Changed], read: Callable[[str], bytes]) -> Changes:
    """files: those that differ between two commits."""
    before: _Functions = {}
    after: _Functions = {}
    for file in files:
        if file.path.endswith(".py"):
            before |= _functions(file.path, file.old, read)
            after |= _functions(file.path, file.new, read)
    stayed = before.keys() & after.keys()
    edited = [key for key in stayed if _differ(before[key][1], after[key][1])]
    gone = {key: before[key] for key in sorted(before.keys() - stayed)}
    came = {key: after[key] for key in sorted(after.keys() - stayed)}
    pairs = dict(_pairs(gone, came))
    found = set(pairs.values())
    return Changes(
        tuple((gone[old][0], came[new][0], _differ(gone[old][1], came[new][1])) for old, new in sorted(pairs.items())),
        tuple(value[0] for key, value in gone.items() if key not in pairs),
        tuple(value[0] for key, value in came.items() if key not in found),
        tuple(after[key][0] for key in sorted(edited)),
    )


def _differ(one: Snapshot, two: Snapshot) -> bool:
    return one.text != two.text and one.nameless != two.nameless


def _functions(path: str, blob: str, read: Callable[[str], bytes]) -> _Functions:
    source = read(blob) if blob else b""
    if not source or len(source) > MAX_BYTES:
        return {}
    lines = lines_of(decode(source))
    rows = sheet_of(source).rows
    bases = {row.qualname: row.marks for row in rows if row.is_class}
    return {
        (path, row.qualname): (Stood(path, row.qualname, _marks(row, bases)), _snapshot(path, blob, row, lines))
        for row in rows
        if not row.is_class and "<locals>" not in row.qualname
    }


def _marks(row: Row, bases: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    owner, _, name = row.qualname.rpartition(".")
    return (*row.marks, *(bases.get(owner, ()) if name == METHOD else ()))


def _snapshot(path: str, blob: str, row: Row, lines: list[str]) -> Snapshot:
    text = "".join(lines[row.start - 1 : row.end])
    return Snapshot(path, blob, Spot(row.qualname, False, row.start, row.end), text)


def _pairs(gone: _Functions, came: _Functions) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """(key of what went, key of what came) of the same functions; each in one pair at most."""
    left, right = dict(gone), dict(came)
    for old, new in [*_equal(left, right, named=True), *_equal(left, right, named=False)]:
        if old in left and new in right:
            del left[old], right[new]
            yield old, new
    if len(left) * len(right) > _MOST_PAIRS:
        return
    for _, old, new in sorted(_alike(left, right), key=lambda item: (-item[0], item[1], item[2])):
        if old in left and new in right:
            del left[old], right[new]
            yield old, new


def _equal(left: _Functions, right: _Functions, named: bool) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Functions with the same code, the same name first; other names only where no second one has that code."""
    by_code: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for key, (_, snapshot) in right.items():
        by_code.setdefault((snapshot.nameless, snapshot.spot.name if named else ""), []).append(key)
    for key, (_, snapshot) in left.items():
        found = by_code.get((snapshot.nameless, snapshot.spot.name if named else ""), [])
        if len(found) == 1 and (named or len(snapshot.tokens) >= _SOME_TOKENS // 2):
            yield key, found[0]


def _alike(left: _Functions, right: _Functions) -> Iterator[tuple[float, tuple[str, str], tuple[str, str]]]:
    for old, (_, before) in left.items():
        for new, (_, after) in right.items():
            if min(len(before.tokens), len(after.tokens)) < _SOME_TOKENS:
                continue
            least = _ALIKE_WITH_NAME if before.spot.name == after.spot.name else _ALIKE
            found = likeness(before, after, least)
            if found >= least:
                yield found, old, new
