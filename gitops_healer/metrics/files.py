"""What files of records count, before and after a merge."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import orjson

from gitops_healer.core.records import Fields, Record, record_of
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Reading
from gitops_healer.errors import UsageError
from gitops_healer.metrics._series import Tally, Watch, watch_of
from gitops_healer.metrics._sides import Sides, reached
from gitops_healer.metrics._subjects import HARMLESS
from gitops_healer.registry import Scene, metric
from gitops_healer.settings import FileMetric

MOST_SUBJECTS: Final = 1_000
SAID: Final = 3
MINUTE: Final = timedelta(minutes=1)
AT_ONCE: Final = 50_000
"""Different minutes, subjects and commits that are held before they are added up."""
_Rows = Iterator[Mapping[str, object] | ValueError]


@metric
def files(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Records in JSON Lines or CSV files: `monitoring.files`, a subject each that they name.

    A record with a commit belongs to that commit, as an execution does; one without belongs to its time. Records that
    cannot be read are left out, and the reading says how many. A subject that is a function of the code (`pkg.mod:f`)
    is touched when its file was changed, and apart when its file uses nothing of it; any other is touched. The file is
    read line by line; the memory that it takes follows hours and subjects. Raises UsageError, after all the others,
    for files that cannot be read.
    """
    configured = scene.settings.monitoring.files
    watch = watch_of(upgrade, scene.now)
    if not configured or watch is None or upgrade.merged is None:
        return
    sides, problems = Sides(scene.repository, upgrade.merged, scene.commit), []
    place = _placing(scene, upgrade.merged)
    for item in configured:
        scene.progress(f"reading {item.path}")
        try:
            book = _read(item, scene.telemetry.records(item.path), watch, sides)
        except UsageError as error:
            problems.append(str(error))
            continue
        for subject, tally in sorted(book.tallies.items()):
            touched, apart = place(subject)
            yield tally.reading(files.name, subject, touched=touched, apart=apart, note=book.note)
    if problems:
        raise UsageError("\n".join(problems))


class Heap:
    """Records that are alike, put together. counts: {(subject, commit, minute since the merge): (records, total,
    failed)}."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, int], tuple[int, float, float]] = {}

    def put(self, record: Record, minute: int) -> None:
        key = record.subject, record.commit, minute
        known = self.counts.get(key)
        if known is None:
            self.counts[key] = 1, record.total, record.failed
        else:
            self.counts[key] = known[0] + 1, known[1] + record.total, known[2] + record.failed


@dataclass
class Book:
    """Everything that one file says. odd: (line, what is wrong), the first ones; crowded: records of subjects beyond
    the most that are kept."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    broken: int = 0
    odd: list[tuple[int, str]] = field(default_factory=list)
    elsewhere: int = 0
    crowded: int = 0

    def take(self, heap: "Heap", path: str, watch: Watch, sides: Sides) -> None:
        """path: what records are about that say no subject."""
        for (subject, commit, minute), (records, total, failed) in heap.counts.items():
            side = sides.after(commit) if commit else None
            if commit and side is None:
                self.elsewhere += records
                continue
            subject = subject or path
            if subject not in self.tallies and len(self.tallies) >= MOST_SUBJECTS:
                self.crowded += records
                continue
            tally = self.tallies.setdefault(subject, Tally(watch))
            tally.add(watch.window.opened + minute * MINUTE, total, failed, side)

    @property
    def note(self) -> str:
        said = []
        if self.broken:
            shown = "; ".join(f"line {line:,} {problem}" for line, problem in self.odd)
            said.append(f"{self.broken:,} records could not be read ({shown})")
        if self.elsewhere:
            said.append(f"{self.elsewhere:,} records at commits of other lines of history are left out")
        if self.crowded:
            said.append(f"{self.crowded:,} records of more than {MOST_SUBJECTS:,} subjects are left out")
        return "; ".join(said)


def _read(item: FileMetric, lines: Iterable[bytes], watch: Watch, sides: Sides) -> Book:
    book = Book()
    fields = Fields(item.ts, item.subject, item.ok, item.total, item.failed, item.commit)
    rows = json_rows(lines) if item.format == "jsonl" else csv_rows(lines)
    window, heap = watch.window, Heap()
    for number, row in enumerate(rows, 1 if item.format == "jsonl" else 2):
        try:
            if isinstance(row, ValueError):
                raise row
            record = record_of(row, fields)
        except ValueError as error:
            book.broken += 1
            if len(book.odd) < SAID:
                book.odd.append((number, str(error)))
            continue
        if window.baseline_from <= record.at < window.until:
            heap.put(record, (record.at - window.opened) // MINUTE)
            if len(heap.counts) >= AT_ONCE:
                book.take(heap, item.path, watch, sides)
                heap = Heap()
    book.take(heap, item.path, watch, sides)
    return book


def json_rows(lines: Iterable[bytes]) -> _Rows:
    """An object a line; empty lines are nothing."""
    for line in lines:
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            yield ValueError("is no JSON")
            continue
        yield row if isinstance(row, dict) else ValueError("is no JSON object")


def csv_rows(lines: Iterable[bytes]) -> _Rows:
    """The first line has the names; the separator is the one of `,`, `;`, tab that it has most of."""
    texts = (line.decode("utf-8-sig" if number == 0 else "utf-8", "replace") for number, line in enumerate(lines))
    head = next(texts, "")
    separator = max(",;\t", key=head.count)
    try:
        names = next(csv.reader([head], delimiter=separator), [])
    except csv.Error as error:
        yield ValueError(f"cannot be read, since the first line of the file has no names: {error}")
        return
    reader = csv.reader((f"{text}\n" for text in texts), delimiter=separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield ValueError(f"is no line of CSV: {error}")
            continue
        if cells and len(cells) < len(names):
            yield ValueError(f"has {len(cells)} cells, and the first line has {len(names)}")
        elif cells:
            yield dict(zip(names, cells, strict=False))


def _placing(scene: Scene, merged: Merged) -> Callable[[str], tuple[bool, bool]]:
    """(touched, apart) of a subject."""
    changed = frozenset(scene.repository.changed_paths(merged.parent, merged.commit))
    bounded = all(path.endswith(HARMLESS) for path in changed)
    users: list[frozenset[str]] = []

    def place(subject: str) -> tuple[bool, bool]:
        location = scene.code.locate(subject) if ":" in subject else None
        if location is None or location.path in changed:
            return True, False
        if not users:
            users.append(reached(scene.code, changed))
        return False, bounded and location.path not in users[0]

    return place
