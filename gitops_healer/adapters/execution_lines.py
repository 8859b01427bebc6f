"""Recorded executions as they come: lines of any length in, calls in batches out, in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, BinaryIO, Final, NamedTuple

from gitops_healer.core.execution import Execution
from gitops_healer.core.executions_format import HOUR, LINE_LIMIT, Call, Count, LineError, call_of, renumbered
from gitops_healer.core.executions_quick import QuickParser

BATCH_CALLS: Final = 5_000
LOOK_EVERY: Final = 20
"""Lines after which it is seen whether a batch is full: looking costs time."""
BATCH_BYTES: Final = 16 * 1024 * 1024
BROKEN_LIMIT: Final = 10_000
REMEMBERED: Final = 65_536

_tool_of: Final = itemgetter(0)


def bounded_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one that is longer than allowed, only so much as shows that it is."""
    while line := stream.readline(LINE_LIMIT + 1):
        yield line
        while len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            line = stream.readline(LINE_LIMIT + 1)
            if len(line) <= LINE_LIMIT:
                break


class EqualLines:
    """Numbers lines that say the same, so that two calls that look alike stay two, and a file read again adds none.

    The first of equal lines keeps its key, the second gets another, and so on, the same in every reading of the file.
    Only the last 65,536 to 131,072 different lines are remembered: equal lines that stand further apart are taken for
    one call, as are equal lines in two files. A recorder that writes an `id` has no such limit.
    """

    def __init__(self) -> None:
        self._recent: dict[tuple[str, int, int], int] = {}
        self._older: dict[tuple[str, int, int], int] = {}

    def number(self, call: Call) -> Call:
        if not call.numbered:
            return call
        same = (call.tool, call.ts, call.key)
        before = self._recent.get(same) or self._older.get(same, 0)
        if len(self._recent) >= REMEMBERED:
            self._recent, self._older = {}, self._recent
        self._recent[same] = before + 1
        return call._replace(key=renumbered(call.key, before)) if before else call


class Batch(NamedTuple):
    """What a part of a file holds, in plain values that can go through a pipe.

    calls: columns, by tool, each as long as the others: tool, ts, outcome, duration, commit, key, error_type, input,
    id, payload, cut, counted of `Call` (none: no calls); words: tools, commits and types of errors in them, each once;
    hours: (tool, hour since 1970) in which they lie; counts: rows in the order of `Count`; broken: (line number, why);
    lines: read so far in all.
    """

    calls: tuple[tuple[Any, ...], ...]
    words: tuple[tuple[Any, ...], ...]
    hours: tuple[tuple[str, int], ...]
    counts: tuple[tuple[Any, ...], ...]
    broken: tuple[tuple[int, str], ...]
    lines: int

    @property
    def size(self) -> int:
        """Of calls and counts."""
        return len(self.calls[0] if self.calls else ()) + len(self.counts)


@dataclass(frozen=True)
class FileLines:
    """Lines that come out of a file that can seek, in whatever way. descriptor: the file's. Iterating raises
    UnreadableError where the file cannot be read any further."""

    lines: Iterator[bytes]
    descriptor: int

    def __iter__(self) -> Iterator[bytes]:
        return self.lines


class UnreadableError(Exception):
    """Why no more lines can be read, in words that fit after a line's number."""


class _Open:
    """A batch that is being filled. held: bytes of its lines."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.counts: list[Count] = []
        self.broken: list[tuple[int, str]] = []
        self.held = 0

    def is_full(self) -> bool:
        return self.held >= BATCH_BYTES or len(self.calls) + len(self.counts) + len(self.broken) >= BATCH_CALLS

    def closed(self, lines: int) -> Batch:
        """By tool, in the order of reading: near the order of the index, which makes storing faster."""
        calls = sorted(self.calls, key=_tool_of)
        return batch_of(calls, tuple(tuple(count) for count in self.counts), tuple(self.broken), lines)


def batch_of(
    calls: Sequence[Call], counts: tuple[tuple[Any, ...], ...], broken: tuple[tuple[int, str], ...], lines: int
) -> Batch:
    """All that can be worked out before storing is worked out here, where a process may do it beside the one that
    stores."""
    if not calls:
        return Batch((), ((), (), ()), (), counts, broken, lines)
    columns = tuple(zip(*calls, strict=True))
    tools, ts, outcomes, durations, commits, keys, _, errors, inputs, given, payloads, cuts, counted = columns
    kept = (
        tools,
        ts,
        outcomes,
        durations,
        commits,
        keys,
        errors,
        inputs,
        given,
        payloads,
        cuts,
        tuple(map(int, counted)),
    )
    words = tuple(set(tools)), tuple(set(commits)), tuple(set(errors))
    hours = tuple(set(zip(tools, map(HOUR.__rfloordiv__, ts), strict=True)))
    return Batch(kept, words, hours, counts, broken, lines)


def read_lines(lines: Iterable[bytes]) -> Iterator[Batch]:
    """Calls from JSON Lines. Blank lines are nothing."""
    parse, numbers, batch, position = QuickParser(), EqualLines(), _Open(), 0
    try:
        for line in lines:
            position += 1
            try:
                made = parse(line)
            except LineError as error:
                if line and not line.isspace():
                    batch.broken.append((position, str(error)))
            else:
                batch.held += len(line)
                if type(made) is Call:
                    batch.calls.append(numbers.number(made) if made[6] else made)
                else:
                    batch.counts.append(made)  # type: ignore[arg-type]
            if position % LOOK_EVERY == 0 and batch.is_full():
                yield batch.closed(position)
                batch = _Open()
    except UnreadableError as error:
        batch.broken.append((position + 1, str(error)))
    yield batch.closed(position)


def read_executions(executions: Iterable[Execution]) -> Iterator[Batch]:
    """Calls from values; the numbers of broken ones are their positions, from 1."""
    numbers, batch, position = EqualLines(), _Open(), 0
    for execution in executions:
        position += 1
        try:
            batch.calls.append(numbers.number(call_of(execution)))
            batch.held += _size(execution)
        except LineError as error:
            batch.broken.append((position, str(error)))
        if batch.is_full():
            yield batch.closed(position)
            batch = _Open()
    yield batch.closed(position)


def _size(execution: Execution) -> int:
    return sum(len(text or "") for text in (execution.args, execution.kwargs, execution.result))
