"""What git remembers of suspicious code: how recently each line was changed, and the changes that could be taken back.

Faults are where changes are (Kim et al., "Predicting faults from cached history", ICSE 2007; SZZ), and taking a change
back is a repair that its author once thought right. The first parents are followed; renames are not.
"""

import ast
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from gitops_healer.code.parsing import parsed
from gitops_healer.core.change import Change, Edit, replace_span
from gitops_healer.ports import FileChange, Repository
from gitops_healer.repair.failure import is_test

MOST_FILES = 50
"""A commit that touches more files than this was a move, a formatter or an import: it says little about a line."""
MOST_VERSIONS = 8
MOST_UNDOINGS = 60
_MOST_COMMITS = 1000
_LARGEST = 1_000_000
_LONG = 3000
_FADING = 0.9


@dataclass(frozen=True)
class Undoing:
    """A change of one file that takes back what a commit did. line: the first one that it touches, as the file is now;
    weight: 0 to 1, higher for younger and smaller changes; commit: the one that is taken back."""

    change: Change
    title: str
    line: int
    weight: float
    commit: str


class Hunk(NamedTuple):
    """Lines `start` to `end` of the older text (from 0, end excluded) became `new_start` to `new_end`."""

    start: int
    end: int
    new_start: int
    new_end: int


def recency(
    repository: Repository, commit: str, paths: Collection[str], limit: int = 30
) -> Mapping[str, Mapping[int, float]]:
    """How recently lines were changed: {path: {line from 1: weight}}, 1.0 by the last of the commits up to `commit`
    that touch Python files, 0.9 by the one before, and so on; lines that none of the last `limit` touched are left out.

    The commit where history begins says nothing, be it the first one or where a shallow clone ends. A line beside
    deleted ones counts half.
    """
    traced = {path: _Traced.of(repository, commit, path) for path in paths}
    found: dict[str, dict[int, float]] = {path: {} for path in traced}
    weight = 1.0
    for number, (changes, many) in enumerate(_python_changes(repository, commit)):
        if number == limit:
            break
        for change in changes:
            if change.path in traced:
                for line, share in traced[change.path].back_to(repository, change.old):
                    if not many:
                        found[change.path].setdefault(line, weight * share)
        weight *= _FADING
    return {path: lines for path, lines in found.items() if lines}


def _python_changes(repository: Repository, commit: str) -> Iterator[tuple[list[FileChange], bool]]:
    """(Python files that changed, whether too many did) for each commit that changed some, newest first."""
    for head, parent in _line_of_descent(repository, commit):
        changes = repository.file_changes(parent, head)
        python = [change for change in changes if change.path.endswith((".py", ".pyi"))]
        if python:
            yield python, len(changes) > MOST_FILES


def _line_of_descent(repository: Repository, commit: str) -> Iterator[tuple[str, str]]:
    """(commit, its first parent), as far as the parents are there."""
    for _ in range(_MOST_COMMITS):
        parents = repository.commit(commit).parents
        if not parents or repository.resolve(parents[0]) is None:
            return
        yield commit, parents[0]
        commit = parents[0]


class _Traced:
    """The lines of one version of a file, and which lines of today they became. today: from 1; None when gone."""

    def __init__(self, lines: Sequence[bytes], today: Sequence[int | None]) -> None:
        self._lines, self._today = lines, today

    @classmethod
    def of(cls, repository: Repository, commit: str, path: str) -> "_Traced":
        lines = _lines(repository.read(commit, path) or b"")
        return cls(lines, range(1, len(lines) + 1))

    def back_to(self, repository: Repository, blob: str) -> Iterator[tuple[int, float]]:
        """Go to the version before; lines of today that it did not have yet, and how sure that is."""
        older = _lines(repository.read_blob(blob)) if blob else []
        before: list[int | None] = [None] * len(older)
        last = 0, 0
        for hunk in hunks(older, self._lines):
            before[last[0] : hunk.start] = self._today[last[1] : hunk.new_start]
            last = hunk.end, hunk.new_end
            added = range(hunk.new_start, hunk.new_end)
            beside = range(max(0, hunk.new_start - 1), min(hunk.new_start + 1, len(self._lines)))
            for number in added or beside:
                line = self._today[number]
                if line is not None:
                    yield line, 1.0 if added else 0.5
        before[last[0] :] = self._today[last[1] :]
        self._lines, self._today = older, before


def hunks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Hunk]:
    """The smallest differences of two texts, in order. What both begin and end with costs nothing."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    matcher = SequenceMatcher(None, left, right, autojunk=max(len(left), len(right)) > _LONG)
    return [Hunk(a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) if len(data) <= _LARGEST else []


# Taking changes back


def undoings(repository: Repository, commit: str, path: str, data: bytes) -> tuple[Undoing, ...]:
    """Ways to take back what commits did to a file, likeliest first: each difference to one of its last 8 versions
    alone, all that one commit did to a function or to the file, a function as it was.

    data: the file as it is. None for tests, for files that do not parse when restored, and where only comments or
    layout would change. At most 60.
    """
    if is_test(path) or len(data) > _LARGEST or not path.endswith((".py", ".pyi")):
        return ()
    now = _File(path, data)
    best: dict[bytes, Undoing] = {}
    for age, version in enumerate(_versions(repository, commit, path)):
        for undoing in _of_version(now, version, _FADING**age):
            after = undoing.change.apply({path: data})[path]
            if after not in best or best[after].weight < undoing.weight:
                best[after] = undoing
    likeliest = sorted(best.items(), key=lambda item: (-item[1].weight, item[1].line))[:MOST_UNDOINGS]
    shape = _shape(data)
    return tuple(undoing for after, undoing in likeliest if _shape(after) not in (shape, None))


class _Version(NamedTuple):
    """commit made `after` of `before`."""

    commit: str
    before: bytes
    after: bytes


def _versions(repository: Repository, commit: str, path: str) -> Iterator[_Version]:
    """The last changes of a file, newest first, as far back as it was there."""
    found = 0
    for head, parent in _line_of_descent(repository, commit):
        new, old = repository.blob_at(head, path), repository.blob_at(parent, path)
        if not old or not new or found == MOST_VERSIONS:
            return
        if old != new:
            found += 1
            yield _Version(head, repository.read_blob(old), repository.read_blob(new))


class _Function(NamedTuple):
    """start, end: lines from 0, end excluded, decorators included."""

    name: str
    start: int
    end: int


class _File:
    """The file as it is now."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path, self.data = path, data
        self.lines = _lines(data)
        self.functions = _functions(data)
        self._offsets = [0]
        for line in self.lines:
            self._offsets.append(self._offsets[-1] + len(line))

    def edit(self, start: int, end: int, lines: Iterable[bytes]) -> Edit:
        new = b"".join(lines).decode("utf-8", "surrogateescape")
        return replace_span(self.path, self.data, self._offsets[start], self._offsets[end], new)

    def line_at(self, offset: int) -> int:
        """From 0."""
        return min(bisect_right(self._offsets, offset) - 1, max(0, len(self.lines) - 1))

    def function_at(self, line: int) -> str:
        """The innermost function around a line (from 0); the file's name outside of all."""
        around = [one for one in self.functions if one.start <= line < one.end]
        return max(around, key=lambda one: one.start).name if around else self.path.rpartition("/")[2]


def _of_version(now: _File, version: _Version, weight: float) -> Iterator[Undoing]:
    before, after = _lines(version.before), _lines(version.after)
    since = f"before {version.commit[:10]}"
    edits = [now.edit(hunk.new_start, hunk.new_end, before[hunk.start : hunk.end]) for hunk in hunks(before, now.lines)]
    for edit in edits:
        made = _undoing(now, version, [edit], 0.8 * weight)
        yield replace(made, title=f"Put back what stood in {now.function_at(made.line - 1)} {since}")
    if len(edits) > 1:
        made = _undoing(now, version, edits, 0.25 * weight)
        yield replace(made, title=f"Restore the whole file as it was {since}")
    yield from _commit_taken_back(now, version, before, after, weight)
    old = {function.name: function for function in _functions(version.before)}
    for function in now.functions:
        was = old.get(function.name)
        parts = (before[was.start : was.end], now.lines[function.start : function.end]) if was else ([], [])
        if parts[0] != parts[1]:
            edit = now.edit(function.start, function.end, parts[0])
            line = function.start + hunks(*parts)[0].new_start
            made = _undoing(now, version, [edit], 0.7 * weight)
            yield replace(made, title=f"Restore {function.name} as it was {since}", line=line + 1)


def _commit_taken_back(
    now: _File, version: _Version, before: list[bytes], after: list[bytes], weight: float
) -> Iterator[Undoing]:
    """All hunks of the commit that still stand: by function, and together."""
    since = hunks(after, now.lines)
    standing = [(place, hunk) for hunk in hunks(before, after) if (place := _place(since, hunk)) is not None]
    by_function: dict[str, list[tuple[int, Hunk]]] = {}
    for place, hunk in standing:
        by_function.setdefault(now.function_at(place), []).append((place, hunk))
    for group in by_function.values():
        yield _taken_back(now, version, before, group, weight)
    if len(by_function) > 1:
        yield _taken_back(now, version, before, standing, 0.4 * weight)


def _taken_back(
    now: _File, version: _Version, before: list[bytes], group: list[tuple[int, Hunk]], weight: float
) -> Undoing:
    edits = [
        now.edit(place, place + hunk.new_end - hunk.new_start, before[hunk.start : hunk.end]) for place, hunk in group
    ]
    return _undoing(now, version, edits, weight)


def _place(since: list[Hunk], hunk: Hunk) -> int | None:
    """The line (from 0) where the new side of a hunk stands now, of a deletion where it was; None when what was done
    `since` touches it."""
    shift = 0
    for later in since:
        touches = later.start < hunk.new_end and hunk.new_start < later.end
        if touches or (later.start == later.end and hunk.new_start < later.start < hunk.new_end):
            return None
        if hunk.new_start == hunk.new_end and later.start <= hunk.new_start <= later.end:
            return None
        if later.end <= hunk.new_start:
            shift += (later.new_end - later.new_start) - (later.end - later.start)
    return hunk.new_start + shift


def _undoing(now: _File, version: _Version, edits: list[Edit], weight: float) -> Undoing:
    names = list(dict.fromkeys(now.function_at(now.line_at(edit.start)) for edit in edits))
    where = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    return Undoing(
        Change(tuple(_apart(edits))),
        f"Take back what {version.commit[:10]} did to {where}",
        now.line_at(edits[0].start) + 1,
        weight,
        version.commit,
    )


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """Two deletions at one place would overlap: the first one is kept."""
    ordered = sorted(edits)
    yield ordered[0]
    for left, right in pairwise(ordered):
        if right.start >= left.end and right.start != left.start:
            yield right


def _functions(data: bytes) -> tuple[_Function, ...]:
    """Functions and methods of a file by qualified name, nested ones as well, none when it does not parse."""
    tree = parsed(data)
    return tuple(_definitions(tree, "")) if tree is not None else ()


def _definitions(node: ast.AST, prefix: str) -> Iterator[_Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            name = f"{prefix}{child.name}"
            if not isinstance(child, ast.ClassDef):
                yield _Function(name, first - 1, child.end_lineno or child.lineno)
            yield from _definitions(child, f"{name}.")
        else:
            yield from _definitions(child, prefix)


def _shape(data: bytes) -> str | None:
    """Without layout and comments; None when it does not parse."""
    tree = parsed(data)
    return ast.dump(tree) if tree is not None else None
