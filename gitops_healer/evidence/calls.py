"""Which recorded calls speak about the code as it is today.

A call counts when the function was, at the commit that the call recorded, what it is now: same shape, wherever it
stood. Where the call recorded the blob of its source file instead (`blob:<id>`), that is compared. When neither is
recorded or in the repository, or the commit has no such file, the time decides: calls count from the moment on at which
the present version of the function came to the branch.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import Final

from gitops_healer.code.model import CodeModel, Location
from gitops_healer.code.shape import shape_of
from gitops_healer.code.versions import moved_by
from gitops_healer.core.execution import Execution
from gitops_healer.core.failing import Kind, moment, outside, priority, ranked, severity
from gitops_healer.core.finding import Finding, fingerprint
from gitops_healer.core.words import counted
from gitops_healer.errors import RepositoryError
from gitops_healer.evidence.ancestry import named_commit
from gitops_healer.registry import Scene

SKEW: Final = timedelta(minutes=5)
SAMPLE: Final = 1000
COMMITS_BACK: Final = 1000
KINDS_SHOWN: Final = 5
FLAW: Final = "failing_calls"

_BLOB: Final = re.compile(r"blob:[0-9a-f]{40}")
_INSTALLED: Final = re.compile(r"(^|/)(site-packages|dist-packages|lib/python\d[^/]*)/")


@dataclass(frozen=True)
class Failure:
    """A failing execution of today's code. outside: it comes from where the program ran."""

    kind: Kind
    ts: datetime
    inputs: tuple[str | None, str | None]


@dataclass(frozen=True)
class Calls:
    """Calls of one tool as it is today. failures: the newest of those that failed, at most 1,000 are looked at; first:
    the oldest call that counts; left_out: calls in the same time that ran another version."""

    tool: str
    location: Location
    total: int
    failed: int
    failures: tuple[Failure, ...]
    first: datetime
    left_out: int

    @property
    def kinds(self) -> list[tuple[Kind, int]]:
        return ranked(failure.kind for failure in self.failures)

    @property
    def share_outside(self) -> float:
        """Of the failures looked at, between 0 and 1."""
        return sum(f.kind.outside for f in self.failures) / len(self.failures) if self.failures else 0.0


class Standing(Enum):
    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Version:
    """The function at some commit beside today's. moved: lines to add to line numbers of then."""

    standing: Standing
    moved: int = 0


class Versions:
    """Compares today's function with what it was at the commits that calls recorded."""

    def __init__(self, scene: Scene, location: Location, since: datetime) -> None:
        self._scene = scene
        self._location = location
        self._since = since
        self._today = scene.code.source(location.path) or b""
        self._by_commit: dict[str, Version] = {}
        self._by_source: dict[bytes, Version] = {}

    def at(self, commit: str | None) -> Version:
        """UNKNOWN: the commit does not tell."""
        if commit is None:
            return Version(Standing.UNKNOWN)
        if commit not in self._by_commit:
            self._by_commit[commit] = self._looked_up(commit)
        return self._by_commit[commit]

    def _looked_up(self, commit: str) -> Version:
        if _BLOB.fullmatch(commit):
            return self._compared(self._blob(commit.removeprefix("blob:")))
        known = named_commit(self._scene.repository, commit)
        return Version(Standing.UNKNOWN) if known is None else self._read(known)

    def _blob(self, blob: str) -> bytes | None:
        """None when the repository has none of that id: the file was never committed as it ran."""
        try:
            return self._scene.repository.read_blob(blob)
        except RepositoryError:
            return None

    def counts(self, commit: str | None, ts: datetime) -> bool:
        """Whether a call of that commit and time ran the function as it is today."""
        version = self.at(commit)
        return version.standing is Standing.SAME or (version.standing is Standing.UNKNOWN and ts >= self.arrived)

    @cached_property
    def arrived(self) -> datetime:
        """When the present version came to the branch, no earlier than the window begins."""
        arrived, commit = self._since, self._scene.commit
        for _ in range(COMMITS_BACK):
            info = self._scene.repository.commit(commit)
            if info.committer.when <= self._since or not info.parents:
                return self._since
            arrived, commit = info.committer.when, info.parents[0]
            if self._scene.repository.resolve(commit) is None:  # the end of a shallow clone
                return self._since
            if self._read(commit).standing is not Standing.SAME:
                return arrived
        return arrived

    def _read(self, commit: str) -> Version:
        return self._compared(self._scene.repository.read(commit, self._location.path))

    def _compared(self, source: bytes | None) -> Version:
        if source is None:
            return Version(Standing.UNKNOWN)
        if source not in self._by_source:
            moved = moved_by(source, self._today, self._location.symbol)
            self._by_source[source] = Version(Standing.OTHER) if moved is None else Version(Standing.SAME, moved)
        return self._by_source[source]


def failing_tools(scene: Scene, window: timedelta, least: int) -> Iterator[Calls]:
    """Tools of which at least `least` calls of today's code failed. What is not in the code is left out."""
    since, until = scene.now - window, scene.now + SKEW
    for stats in scene.executions.stats(since, until):
        if stats.failed < max(1, least):
            continue
        location = scene.code.locate(stats.tool)
        if location is None:
            continue
        calls = calls_of_today(scene, stats.tool, location, since, until)
        if calls is not None and calls.failed >= max(1, least):
            yield calls


def calls_of_today(scene: Scene, tool: str, location: Location, since: datetime, until: datetime) -> Calls | None:
    """None when no call of the tool counts."""
    versions = Versions(scene, location, since)
    rows = list(_rows(scene, tool, versions, since, until))
    total, failed = sum(row[1] for row in rows), sum(row[2] for row in rows)
    if not total:
        return None
    everything = sum(row[3] for row in scene.executions.counts_by_commit(tool, since, until))
    sample = scene.executions.executions(tool, since=since, until=until, ok=False, limit=SAMPLE)
    counted = (execution for execution in sample if versions.counts(execution.commit, execution.ts))
    failures = tuple(_failure(scene.code, location, versions, execution) for execution in counted)
    return Calls(tool, location, total, failed, failures, min(row[0] for row in rows), everything - total)


def _rows(
    scene: Scene, tool: str, versions: Versions, since: datetime, until: datetime
) -> Iterator[tuple[datetime, int, int]]:
    """(first ts, total, failed) of the calls that count, by commit."""
    undecided = False
    for commit, first, _, total, failed, _ in scene.executions.counts_by_commit(tool, since, until):
        match versions.at(commit).standing:
            case Standing.SAME:
                yield first, total, failed
            case Standing.UNKNOWN:
                undecided = True
    if undecided and versions.arrived < until:
        for commit, first, _, total, failed, _ in scene.executions.counts_by_commit(tool, versions.arrived, until):
            if versions.at(commit).standing is Standing.UNKNOWN:
                yield first, total, failed


def _failure(code: CodeModel, location: Location, versions: Versions, execution: Execution) -> Failure:
    error = execution.error
    kind, message = (error.type, error.message) if error else ("", "")
    place = ""
    for frame in reversed(error.frames if error else ()):
        path = repository_path(code, frame.file)
        if path is not None:
            line = frame.line + versions.at(execution.commit).moved
            inside = path == location.path and location.start <= line <= location.end
            place = f"{path}:{line if inside else frame.line}"
            break
    return Failure(Kind(kind, place, outside(kind, message)), execution.ts, (execution.args, execution.kwargs))


def repository_path(code: CodeModel, file: str) -> str | None:
    """The file of the repository that a traceback means, wherever the program was installed; None when it is none."""
    path = file.replace("\\", "/").removeprefix("./")
    if code.has(path):
        return path
    if path.startswith("<") or _INSTALLED.search(path):
        return None
    parts = path.split("/")
    return next((tail for i in range(1, len(parts)) if code.has(tail := "/".join(parts[i:]))), None)


def finding_of(scene: Scene, rule: str, calls: Calls, message: str, window: timedelta) -> Finding:
    """A tool that fails is one flaw, whichever detector sees it first: both give it the same fingerprint."""
    place = calls.location
    shape = shape_of(scene.code.source(place.path) or b"", place.start, place.end)
    age = scene.now - max((failure.ts for failure in calls.failures), default=calls.first)
    return Finding(
        rule,
        place.path,
        calls.tool,
        place.start,
        place.end,
        severity(calls.failed, calls.total, calls.share_outside),
        message,
        fingerprint(FLAW, place.symbol, shape),
        priority=priority(calls.failed, calls.total, age, window, calls.share_outside),
        evidence=tuple(_evidence(calls)),
    )


def _evidence(calls: Calls) -> Iterator[str]:
    looked_at = len(calls.failures)
    seen = "" if looked_at >= calls.failed else f" of the newest {looked_at:,}"
    often = [f"{count:,}{seen} of them {kind}" for kind, count in calls.kinds]
    head = f"{calls.failed:,} of {calls.total:,} calls failed since {moment(calls.first)}"
    yield ", ".join([head, *often[:1]])
    yield from often[1:KINDS_SHOWN]
    if len(often) > KINDS_SHOWN:
        yield f"{len(often) - KINDS_SHOWN} more kinds of failure"
    inputs = {failure.inputs for failure in calls.failures} - {(None, None)}
    yield f"{counted(len(inputs), 'different input')} failed" if inputs else "no inputs of failing calls were recorded"
    outer = sum(failure.kind.outside for failure in calls.failures)
    if outer:
        yield f"{outer:,} of {looked_at:,} failures come from where it ran, not from the code"
    if calls.left_out:
        yield f"{calls.left_out:,} calls ran another version of this function and do not count"
