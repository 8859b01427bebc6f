"""Did the ledger only ever grow? Every commit is looked at, every event is replayed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

from gitops_healer.adapters.events import BadLineError, blob_id, decode_event
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.core.codec import digest
from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.upgrade import Event, RepositoryFact, Upgrade, begin
from gitops_healer.errors import IllegalEventError, RepositoryError
from gitops_healer.ports import CommitInfo, File

Months = Mapping[str, File]


@dataclass(frozen=True)
class _Step:
    """A commit of the ledger and its months' files by path."""

    commit: CommitInfo
    months: Months


@dataclass(frozen=True)
class _Line:
    """An event and where its line stands: first commit that holds it, file, number from 1."""

    event: Event
    data: object
    commit: str
    path: str
    number: int

    def __str__(self) -> str:
        return f"commit {self.commit}, {self.path} line {self.number}"


class _BrokenError(Exception):
    """The first thing that is wrong, in a sentence."""


def verify_ledger(repository: GitRepository, tip: str, expected: str = "") -> Decision:
    """A tree with one answer a promise: one line of commits, files only grew, lines are events, ids and order right.

    tip: "" when there is no ledger; expected: a commit that was the tip once, "" when none is known. The first answer
    that is no names the commit that broke the promise; promises that stand on it are not looked at.
    """
    answers = [_expected(repository, tip, expected)]
    try:
        if tip:
            steps = _chain(repository, tip, answers)
            contents = _grown(repository, steps, answers)
            lines = _readable(steps, contents, answers)
            _identified(lines, answers)
            _ordered(lines, answers)
    except (_BrokenError, RepositoryError) as error:
        answers.append(
            no(
                "history",
                str(error),
                "set the branch back to the commit before: git update-ref refs/heads/<branch> <id>",
            )
        )
    return all_of("ledger", answers)


def _expected(repository: GitRepository, tip: str, expected: str) -> Decision:
    if not expected:
        return yes("known tip", f"the ledger stands at {tip}" if tip else "the ledger has not begun")
    known = repository.resolve(expected)
    if tip and known and repository.is_ancestor(known, tip):
        return yes("known tip", f"{tip} continues {expected}")
    return no("known tip", f"{expected}, seen before, is not part of {tip or 'the ledger, which is gone'}")


def _chain(repository: GitRepository, tip: str, answers: list[Decision]) -> list[_Step]:
    """The commits, oldest first."""
    commits = list(repository.log(tip))[::-1]
    for commit in commits:
        if len(commit.parents) > 1:
            raise _BrokenError(f"commit {commit.id} is a merge: the ledger is one line")
    steps = [_Step(commit, _months(repository, commit.id)) for commit in commits]
    cut = "; this clone is shallow, older commits were not looked at" if repository.is_shallow() else ""
    answers.append(yes("one line", f"{len(steps)} commits from {commits[0].id}, no merges{cut}"))
    return steps


def _months(repository: GitRepository, commit: str) -> Months:
    return {file.path: file for file in repository.files(commit) if file.path.startswith("events/")}


def _grown(repository: GitRepository, steps: Sequence[_Step], answers: list[Decision]) -> dict[str, bytes]:
    """The final contents by path, when every file of every commit is the beginning of them."""
    last = steps[-1]
    contents = {path: repository.read_blob(file.blob) for path, file in last.months.items()}
    if not contents:
        raise _BrokenError(f"commit {last.commit.id} holds no events")
    for before, after in pairwise(steps):
        _check_shape(before, after)
    versions = {(path, file.blob, file.size) for step in steps for path, file in step.months.items()}
    if not all(_begins(contents.get(path, b""), blob, size) for path, blob, size in versions):
        raise _BrokenError(_culprit(repository, steps))
    answers.append(
        yes("only grew", f"{len(versions)} versions of {len(contents)} files, each the beginning of the next")
    )
    return contents


def _check_shape(before: _Step, after: _Step) -> None:
    newest = max(before.months, default="")
    for path in before.months.keys() | after.months.keys():
        was, now = before.months.get(path), after.months.get(path)
        if now is None:
            raise _BrokenError(f"commit {after.commit.id} deleted {path}")
        if was is not None and now.size < was.size:
            raise _BrokenError(f"commit {after.commit.id} made {path} shorter")
        if was != now and path < newest:
            raise _BrokenError(f"commit {after.commit.id} wrote to {path}, which was finished: {newest} existed")


def _begins(content: bytes, blob: str, size: int) -> bool:
    """Whether the first `size` bytes are that blob and end with a line."""
    return size <= len(content) and blob_id(content[:size]) == blob and content[:size].endswith(b"\n")


def _culprit(repository: GitRepository, steps: Sequence[_Step]) -> str:
    """Reads every version, which is slow, and finds the first that does not begin with the one before."""
    for before, after in pairwise((_Step(steps[0].commit, {}), *steps)):
        for path, file in after.months.items():
            was = before.months.get(path)
            if was == file:
                continue
            data = repository.read_blob(file.blob)
            if was is not None and blob_id(data[: was.size]) != was.blob:
                return f"commit {after.commit.id} changed {path} instead of appending to it"
            if not data.endswith(b"\n"):
                return f"commit {after.commit.id} cut off the last line of {path}"
    return f"the history up to commit {steps[-1].commit.id} does not add up"


def _readable(steps: Sequence[_Step], contents: Mapping[str, bytes], answers: list[Decision]) -> list[_Line]:
    lines = [line for path in sorted(contents) for line in _lines(steps, path, contents[path])]
    answers.append(yes("readable", f"{len(lines)} lines, each an event"))
    return lines


def _lines(steps: Sequence[_Step], path: str, content: bytes) -> list[_Line]:
    ends = iter([(step.commit.id, file.size) for step in steps if (file := step.months.get(path))])
    commit, end = next(ends)
    found, position = [], 0
    for number, text in enumerate(content.split(b"\n")[:-1], 1):
        while position >= end:
            commit, end = next(ends)
        try:
            found.append(_Line(decode_event(text), json.loads(text)["data"], commit, path, number))
        except BadLineError as error:
            raise _BrokenError(f"commit {commit}, {path} line {number}: {error}") from error
        position += len(text) + 1
    return found


def _identified(lines: Sequence[_Line], answers: list[Decision]) -> None:
    """An id is the hash of the fact and its place (`event_id`); an event that lost a race stands a little later."""
    seen: set[str] = set()
    counts: dict[str, int] = {}
    for line in lines:
        event = line.event
        if event.id in seen:
            raise _BrokenError(f"{line}: {event.name} {event.id} is there twice")
        seen.add(event.id)
        position = counts.get(event.upgrade, 0)
        counts[event.upgrade] = position + 1
        ids = (digest("event", event.upgrade, place, event.name, line.data) for place in range(position, -1, -1))
        if event.id not in ids:
            raise _BrokenError(
                f"{line}: {event.name} of {event.upgrade or 'the repository'} was edited, its id is wrong"
            )
    answers.append(yes("ids", f"{len(seen)} ids fit their facts"))


def _ordered(lines: Sequence[_Line], answers: list[Decision]) -> None:
    upgrades: dict[str, Upgrade] = {}
    for line in lines:
        event = line.event
        if isinstance(event.fact, get_args(RepositoryFact)):
            continue
        try:
            known = upgrades.get(event.upgrade)
            upgrades[event.upgrade] = known.after(event) if known else begin(event)
        except IllegalEventError as error:
            raise _BrokenError(f"{line}: {error}") from error
    answers.append(yes("order", f"{len(upgrades)} upgrades, every event could follow"))
