"""Recorded executions as they come: lines of any length in, calls in batches out, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, TypeVar

from gitops_healer.core.execution import Execution
from gitops_healer.core.executions_format import LINE_LIMIT, Call, Count, LineError, call_of, renumbered
from gitops_healer.core.executions_quick import QuickParser

T = TypeVar("T")

BATCH_CALLS: Final = 5_000
BATCH_BYTES: Final = 16 * 1024 * 1024
BROKEN_LIMIT: Final = 10_000
REMEMBERED: Final = 65_536


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


@dataclass
class Batch:
    """calls, counts: ready to be stored; broken: (line number, why); lines: read so far in all."""

    calls: list[Call] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0


def read_lines(lines: Iterable[bytes]) -> Iterator[Batch]:
    """Calls from JSON Lines. Blank lines are nothing."""
    return _batches(lines, QuickParser(), len, lambda line: not line.isspace() and bool(line))


def read_executions(executions: Iterable[Execution]) -> Iterator[Batch]:
    """Calls from values; the numbers of broken ones are their positions, from 1."""
    return _batches(executions, call_of, _size, lambda _: True)


def _size(execution: Execution) -> int:
    return sum(len(text or "") for text in (execution.args, execution.kwargs, execution.result))


def _batches(
    items: Iterable[T], parse: Callable[[T], Call | Count], size: Callable[[T], int], wanted: Callable[[T], bool]
) -> Iterator[Batch]:
    numbers, batch, held = EqualLines(), Batch(), 0
    for position, item in enumerate(items, start=1):
        try:
            if wanted(item):
                made = parse(item)
                held += size(item)
                if type(made) is Call:
                    batch.calls.append(numbers.number(made) if made.numbered else made)
                elif type(made) is Count:
                    batch.counts.append(made)
        except LineError as error:
            batch.broken.append((position, str(error)))
        if held >= BATCH_BYTES or len(batch.calls) + len(batch.counts) + len(batch.broken) >= BATCH_CALLS:
            batch.lines = position
            yield batch
            batch, held = Batch(), 0
        batch.lines = position
    yield batch
