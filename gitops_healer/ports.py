"""What the cycle and the plug-ins may ask of the outside world. An adapter each stands behind them.

The types that they speak of are named and not loaded: who uses a port has them, and a scan starts without them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitops_healer.core.calls import Call, Conditions, Seen
    from gitops_healer.core.change import Change
    from gitops_healer.core.execution import Execution, Pruned, Slice, ToolStats
    from gitops_healer.core.flakes import Again
    from gitops_healer.core.forge import Comment, Dashboard, Permission, Pull, PullState, Status
    from gitops_healer.core.plan import Plan
    from gitops_healer.core.quorum import Review
    from gitops_healer.core.testing import TestReport
    from gitops_healer.core.trials import Observed, Opened, Trace, Tried
    from gitops_healer.core.upgrade import Event


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC. Never earlier than what it said before (a clock that goes backwards is held)."""
        ...


# Git


@dataclass(frozen=True)
class File:
    """A regular file of a tree. path: `/`-separated, undecodable bytes as surrogates; blob: its id; size: bytes."""

    path: str
    blob: str
    size: int


@dataclass(frozen=True)
class RefUpdate:
    """new: commit or blob id, or "" to delete; old: what must stand there now, "" when it must not exist."""

    ref: str
    new: str
    old: str


@dataclass(frozen=True)
class FileChange:
    """One file between two trees. old, new: blob ids, "" where it was not there (renames are one of each)."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Conflict:
    """Two sides changed the same lines of these paths; nothing was written."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class Signature:
    """Who and when; the same signature, message and tree on the same parents give the same commit id."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True)
class CommitInfo:
    id: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


class Repository(Protocol):
    """Git objects and refs of one repository. Leaves its index alone; reads its work tree for `generated` and
    `snapshot` only, and writes it only in `apply_to_work_tree`."""

    @property
    def path(self) -> Path:
        """The work tree, or the git directory of a bare repository."""
        ...

    @property
    def state_dir(self) -> Path:
        """A directory of ours inside the git directory: caches, executions, scratch. Made on first use."""
        ...

    def head_branch(self) -> str | None:
        """The short name of the branch that HEAD points to (born or not), or None when HEAD is detached."""
        ...

    def checked_out(self, branch: str) -> bool:
        """Whether some work tree of this repository (not bare) stands on `branch`."""
        ...

    def is_shallow(self) -> bool: ...

    def resolve(self, rev: str) -> str | None:
        """The commit id that a branch, tag, ref or (abbreviated) id names, or None."""
        ...

    def commit(self, commit: str) -> CommitInfo: ...

    def files(self, commit: str) -> Iterator[File]:
        """All regular files at a commit in path order; symlinks and submodules are left out."""
        ...

    def read_blob(self, blob: str) -> bytes: ...

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of a regular file, or None when there is none of that name."""
        ...

    def export(self, commit: str, target: Path, change: Change | None = None) -> None:
        """Write all files of a commit, with a change applied, under `target` (empty, exists). Symlinks that lead out
        of the tree are left out; no git directory, no hooks, no filters of the user are involved."""
        ...

    def generated(self, commit: str) -> tuple[str, ...]:
        """Paths of files in the work tree that git ignores and that lie beside Python files of the commit: what a
        build left there (`_version.py`, extension modules). Empty for a bare repository."""
        ...

    def snapshot(self) -> str:
        """A commit on HEAD that holds the work tree as it stands: tracked files with their changes, untracked ones
        that git does not ignore (up to 50 MB each), submodules where they are. HEAD itself when nothing differs or the
        repository is bare; without any commit, an orphan. The same files give the same id; no ref moves."""
        ...

    def apply_to_work_tree(self, change: Change, base: str = "") -> None:
        """Write a change to the files of the work tree, all or none; modes and line ends are kept, nothing outside or
        behind a link is touched. base: the commit (a snapshot) that the files must still be equal to; without it only
        what is replaced must fit. Raises StaleEditError when a file has changed since."""
        ...

    def commit_change(self, base: str, change: Change, message: str, signature: Signature) -> str:
        """A new commit on `base`; no ref moves. Deterministic. Raises StaleEditError."""
        ...

    def commit_files(
        self, parent: str | None, files: Mapping[str, bytes | None], message: str, signature: Signature
    ) -> str:
        """A new commit on `parent` (None: an orphan) whose tree has these files written, or removed where None, and
        all others kept. Cost grows with what is written, not with the tree. No ref moves."""
        ...

    def squash(self, onto: str, head: str, message: str, signature: Signature) -> str | Conflict:
        """A new commit on `onto` that holds what `head` changed since their merge base; no ref moves."""
        ...

    def revert(
        self,
        commit: str,
        onto: str,
        message: str,
        signature: Signature,
        since: str = "",
        settled: Mapping[str, bytes | None] | None = None,
    ) -> str | Conflict:
        """A new commit on `onto` that takes back what `commit` brought since `since` (its first parent when ""), be it
        one commit, a merge or a range; no ref moves. settled: what stands in paths where later commits changed the same
        lines, None for no file. Raises AlreadyGoneError when nothing of it is left."""
        ...

    def patch_id(self, base: str, head: str) -> str:
        """The id of the change between two commits, whatever it stands on: that of `git patch-id --stable`, without
        renames; "" when nothing differs. A pure revert has that of the change turned around."""
        ...

    def mergeable(self, onto: str, head: str) -> Conflict | None: ...

    def diff(self, base: str, head: str) -> str:
        """Unified diff between two commits; undecodable bytes as replacement characters."""
        ...

    def changed_paths(self, base: str, head: str) -> tuple[str, ...]: ...

    def file_changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        """Regular files that differ between two commits, by path; base "" stands for the empty tree. Work follows what
        changed: equal subtrees are not read."""
        ...

    def blob_at(self, commit: str, path: str) -> str:
        """The blob id of a regular file, "" when there is none of that name."""
        ...

    def blame(self, commit: str, path: str, start: int, end: int) -> tuple[str, ...]:
        """The commit that last changed each of these lines (from 1, both included)."""
        ...

    def is_ancestor(self, ancestor: str, descendant: str) -> bool: ...

    def log(self, head: str, exclude: str = "", limit: int = 0) -> Iterator[CommitInfo]:
        """Commits reachable from `head` and not from `exclude`, newest first; limit 0 means all."""
        ...

    def refs(self, prefix: str) -> dict[str, str]:
        """{full ref name: id} of all refs that begin with `prefix`."""
        ...

    def update_refs(self, updates: Sequence[RefUpdate], reason: str) -> None:
        """All or none. Raises LostRaceError when a ref is not where `old` says, HealerError when git refuses."""
        ...

    def write_blob(self, data: bytes) -> str: ...


# Ledger


class Ledger(Protocol):
    def load(self) -> tuple[Event, ...]:
        """All events, oldest first. Raises LedgerError when it cannot be read."""
        ...

    def append(self, events: Sequence[Event]) -> None:
        """Add events (those with known ids are skipped). On a lost race they are re-appended when still legal after
        what came in between, else LostRaceError. No events, no commit."""
        ...


# Forge


class Forge(Protocol):
    """Pull requests and the people around them. Every write is safe to repeat."""

    @property
    def kind(self) -> str:
        """`local` or `github`."""
        ...

    @property
    def login(self) -> str:
        """The healer's own login; comments by it are never commands."""
        ...

    @property
    def url(self) -> str:
        """The page of the repository, "" where there is none."""
        ...

    @property
    def email(self) -> str:
        """The address of our account, for commits that we make."""
        ...

    @property
    def emails(self) -> frozenset[str]:
        """Addresses that stand in commits which the forge makes in our name; empty when it makes none."""
        ...

    def refresh(self) -> None:
        """Look at branches, pull requests and comments anew; until the next time, what was seen may be remembered."""
        ...

    def pull(self, number: int) -> Pull | None: ...

    def pulls(self, state: PullState | None = None) -> tuple[Pull, ...]: ...

    def pull_of_branch(self, branch: str) -> Pull | None:
        """The newest pull request of a branch, whatever its state."""
        ...

    def push(self, branch: str, commit: str, expected: str) -> str:
        """Set the branch to `commit`; `expected` is where it must stand now ("" = must not exist). LostRaceError.

        Returns where it stands then: `commit`, or a commit with the same tree, parents and message that the forge made
        of it to sign it, and which is here as well.
        """
        ...

    def publish(self, updates: Sequence[RefUpdate]) -> None:
        """Let refs under `refs/healer/`, already moved here, stand at the forge too, so that other runs have them.
        `old` is not compared. Nothing to do where the forge is this repository."""
        ...

    def delete_branch(self, branch: str, expected: str) -> None: ...

    def branch_head(self, branch: str) -> str | None: ...

    def open_pull(self, branch: str, base: str, title: str, body: str, *, draft: bool = False) -> Pull:
        """The open pull request of that branch as it stands, a draft or not; made when there is none. draft: nobody can
        merge it before it is ready (where the forge has no drafts: an ordinary one whose title begins with `[draft] `,
        and which we do not merge). Raises PullRefusedError when the forge does not let us open any."""
        ...

    def mark_ready(self, number: int) -> None:
        """Make a draft an ordinary pull request; nothing when it is one. Raises ForgeError for what is not open."""
        ...

    def update_pull(self, number: int, title: str, body: str) -> None:
        """Writes only when something changed."""
        ...

    def close_pull(self, number: int, by: str) -> None: ...

    def merge_pull(self, number: int, head: str, message: str) -> str:
        """Squash exactly `head` onto the base; returns the merge commit. LostRaceError when head or base moved,
        NotMergeableError for a draft, ForgeError when it cannot be merged. Merging what is merged returns the same
        commit."""
        ...

    def comments(self, pull: int | None = None, since: datetime | None = None) -> tuple[Comment, ...]:
        """Oldest first, reviews and ticked boxes among them; None means all of the repository. since: at least those
        that were written or edited after that moment; older ones may be left out."""
        ...

    def acknowledge(self, comment: Comment) -> None:
        """Show under a comment that it was seen, once. Nothing for what is no comment, or gone."""
        ...

    def add_comment(self, pull: int, author: str, body: str) -> Comment: ...

    def set_sticky(self, pull: int, marker: str, body: str) -> None:
        """One comment of ours a marker and pull; written only when its text changed."""
        ...

    def dashboard(self) -> Dashboard | None:
        """The dashboard as it stands, None when there never was one."""
        ...

    def show_dashboard(self, title: str, body: str) -> Dashboard | None:
        """One a repository, ever. Written only when its text changed and nobody ticked a box since `comments` looked;
        a closed one stays closed. None where it cannot be shown."""
        ...

    def close_dashboard(self, reason: str) -> None:
        """Say why, and close it; nothing when there is none or it is closed."""
        ...

    def show_issue(self, marker: str, title: str, body: str) -> Dashboard:
        """One issue of ours a marker (an HTML comment, a line of its body of its own; added when it is not there). Made
        when there is none; its text is written only when it changed; one that somebody closed stays closed, as it is.
        What is said on it are orders as elsewhere. Raises ForgeError where issues are switched off."""
        ...

    def statuses(self, commit: str) -> tuple[Status, ...]: ...

    def set_status(self, commit: str, status: Status) -> None: ...

    def permission(self, login: str) -> Permission: ...

    def set_permission(self, login: str, permission: Permission) -> None:
        """Raises ForgeError where permissions are not ours to set (GitHub)."""
        ...


# Executions


@dataclass(frozen=True)
class Imported:
    """stored: new rows; known: rows that were there already; broken: (line number from 1, why) of skipped lines; old:
    lines that are older than what is kept one by one, and were not stored; counts: of the new rows, those that only
    count calls; counted: how many calls these count."""

    stored: int
    known: int
    broken: tuple[tuple[int, str], ...]
    old: int = 0
    counts: int = 0
    counted: int = 0

    def __add__(self, other: Imported) -> Imported:
        return Imported(
            self.stored + other.stored, self.known + other.known, self.broken + other.broken, self.old + other.old,
            self.counts + other.counts, self.counted + other.counted,
        )  # fmt: skip


class ExecutionStore(Protocol):
    def add(self, executions: Iterable[Execution]) -> Imported: ...

    def import_jsonl(self, lines: Iterable[bytes], progress: Callable[[int], None] | None = None) -> Imported:
        """JSON Lines, one execution each. Idempotent; broken lines are reported and skipped."""
        ...

    def tools(self) -> tuple[str, ...]: ...

    def stats(self, since: datetime | None = None, until: datetime | None = None) -> tuple[ToolStats, ...]:
        """Per tool, in [since, until), by tool name."""
        ...

    def executions(
        self,
        tool: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        ok: bool | None = None,
        limit: int = 100,
    ) -> tuple[Execution, ...]:
        """Newest first."""
        ...

    def counts_by_commit(
        self, tool: str, since: datetime, until: datetime
    ) -> tuple[tuple[str | None, datetime, datetime, int, int, int], ...]:
        """(commit or None, first ts, last ts, total, failed, distinct failing inputs), for the watch."""
        ...

    def failing_inputs(
        self, tool: str, since: datetime, until: datetime, commits: Collection[str | None], limit: int = 1000
    ) -> frozenset[int]:
        """Tokens of different inputs that failed at any of these commits (None: calls without a commit)."""
        ...

    def timeline(self, tool: str, since: datetime, until: datetime, step: timedelta) -> tuple[Slice, ...]:
        """Every call by time and commit, oldest first. step: a minute, an hour or a day; steps begin at whole ones in
        UTC, without calls there is none. Where only coarser counts are kept, these are given."""
        ...

    def timelines(
        self,
        since: datetime,
        until: datetime,
        step: timedelta,
        *,
        tools: Collection[str] | None = None,
        origin: datetime | None = None,
    ) -> dict[str, tuple[Slice, ...]]:
        """The same of many tools at once (None: of all), those without calls left out. step: whole minutes that divide
        an hour, an hour or a day; any whole minutes up to a day from an origin, a moment at which one of the steps
        begins. With the types of errors. Reads what is summed up where it can: cost follows hours and tools that were
        called, and only for steps that are no whole hours the calls themselves."""
        ...

    def prune(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        """Forget what is older: of calls first the payloads, then all but the counts; counts by the minute become
        counts by the hour. Failures, calls and durations stay countable for ever."""
        ...

    def prunable(self, now: datetime, *, payloads: timedelta, calls: timedelta, minutes: timedelta) -> Pruned:
        """What `prune` would remove, without removing anything."""
        ...

    def sync(self) -> Imported:
        """Take in what recorders left in the store's own inbox; lines leave it in the transaction that stores them."""
        ...

    def version(self) -> str:
        """A token that changes whenever the contents change: the key under which findings are cached."""
        ...


# Telemetry


@dataclass(frozen=True)
class Series:
    """labels: what tells it from others; points: (moment, value), oldest first."""

    labels: tuple[tuple[str, str], ...]
    points: tuple[tuple[datetime, float], ...]


class Telemetry(Protocol):
    """What others measure of the code that is deployed."""

    def checks(self, commit: str) -> tuple[Status, ...]:
        """What CI said of a commit."""
        ...

    def query_range(self, query: str, since: datetime, until: datetime, step: timedelta) -> tuple[Series, ...]:
        """A range query of Prometheus. Raises ForgeError when the server does not answer, UsageError for a query that
        it does not understand."""
        ...

    def records(self, path: str) -> Iterator[bytes]:
        """The lines of a file, path from the root of the work tree or absolute. Raises UsageError when there is no such
        file or it is none of records (too long lines)."""
        ...


# Sandbox and tests


class SandboxLevel(Enum):
    """How much is between candidate code and the machine, weakest first."""

    NONE = "none"
    PROCESS = "process"
    NAMESPACE = "namespace"
    BUBBLEWRAP = "bubblewrap"

    @property
    def strength(self) -> int:
        return list(SandboxLevel).index(self)


@dataclass(frozen=True)
class Limits:
    """seconds: wall clock, then the whole group is killed; sizes in bytes; output: kept of each stream."""

    seconds: float = 300.0
    memory: int = 2 * 1024**3
    processes: int = 256
    file_size: int = 512 * 1024**2
    output: int = 4 * 1024**2


@dataclass(frozen=True)
class Ran:
    """exit_code: None when it was killed; reason: why it did not end by itself, in a sentence, else empty."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    seconds: float
    timed_out: bool = False
    reason: str = ""


class Conversation(Protocol):
    """A program in the sandbox that is talked with, line by line."""

    @property
    def over(self) -> str:
        """Why it ended, a sentence; "" while it lives or while there are lines of it that nobody has had."""
        ...

    def send(self, data: bytes) -> None:
        """Say something. Never waits; nobody hears it when it is over."""
        ...

    def receive(self, seconds: float) -> bytes | None:
        """Its next line without the line end; None when none came in time or when it is over."""
        ...


class Sandbox(Protocol):
    """Runs candidate code."""

    @property
    def level(self) -> SandboxLevel: ...

    def run(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        stdin: bytes = b"",
        cwd: str = ".",
    ) -> Ran:
        """Run `argv` in `scratch / cwd`; only `scratch` can be written. `env` is all that it gets beside a clean
        PATH, HOME (inside scratch), LANG. A missing program gives exit code 127."""
        ...

    def converse(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        cwd: str = ".",
    ) -> AbstractContextManager[Conversation]:
        """Start `argv` as `run` does, and talk with it. When the context ends, it and all that it started are gone;
        `Limits.seconds` end it before."""
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """A new empty directory that is deleted afterwards, whatever the candidate did to its permissions."""
        ...


class Deadline(Protocol):
    """An end that is set for all that runs in the sandbox."""

    @property
    def left(self) -> float:
        """Seconds, never less than 0."""
        ...

    @property
    def cut(self) -> bool:
        """Whether something was ended, or not begun, because time was over."""
        ...


class BoundedSandbox(Sandbox, Protocol):
    """A sandbox whose time can be bounded as a whole."""

    def within(self, seconds: float) -> AbstractContextManager[Deadline]:
        """Until the context ends, `run` and `converse` get at most what is left of so many seconds. What is ended by
        that, and not by its own limit, raises PhaseOverError. Inside of another one the earlier end counts."""
        ...


class TestRunner(Protocol):
    """The project's own tests, run in the sandbox on any commit, with or without a change."""

    def command(self, commit: str) -> str:
        """The configured or discovered test command, "" when there is none."""
        ...

    def run(self, commit: str, change: Change | None = None, only: Sequence[str] = ()) -> TestReport:
        """only: ids of test cases, where the runner can select. Results are cached by tree, change and command;
        failing tests are run again to tell flaky ones apart."""
        ...

    def once(self, commit: str, tests: Sequence[str], seconds: float = math.inf) -> TestReport:
        """Tests run once, now, in a fresh copy; nothing is run again, and nothing is remembered."""
        ...

    def again(self, base: str, head: str, tests: Sequence[str]) -> tuple[Again, ...]:
        """Run tests of two commits in turn (`core.flakes.ORDER`), each time in a fresh copy, one entry a test. What
        was learnt is remembered, unless it leaves doubt (newly flaky, worse, no run that told)."""
        ...


@dataclass(frozen=True)
class CallOutcome:
    """One call of a tool in the sandbox. ok: it returned; result: canonical JSON, None when it is not JSON;
    detail: repr of the result or the exception's text; error_type: "" when ok; seconds of the call alone."""

    ok: bool
    result: str | None
    detail: str
    error_type: str = ""
    frames: tuple[tuple[str, int, str], ...] = ()
    seconds: float = 0.0


class CallSession(Protocol):
    """A function of one commit, imported once, called again and again; each call is a process of its own and leaves
    nothing behind, neither in memory nor in files."""

    @property
    def refused(self) -> str:
        """Why nothing can be called, a sentence; "" when calls can be made."""
        ...

    @property
    def imported(self) -> frozenset[tuple[str, int]]:
        """(path, line) of traced files that ran when the module was imported."""
        ...

    def call(self, calls: Sequence[Call], seconds: float = math.inf) -> tuple[Seen, ...]:
        """One a call, in order; after so many seconds the rest are not made (`Seen.lost`)."""
        ...


class Caller(Protocol):
    """Calls one tool with recorded inputs, in the sandbox, on any commit, with or without a change."""

    def open(
        self, commit: str, tool: str, path: str, change: Change | None = None, conditions: Conditions | None = None
    ) -> AbstractContextManager[CallSession]:
        """A session of one function under conditions that repeat: the same calls of the same code are seen alike. path:
        the module's file."""
        ...

    def call(
        self,
        commit: str,
        tool: str,
        path: str,
        inputs: Sequence[tuple[str, str]],
        change: Change | None = None,
    ) -> tuple[CallOutcome, ...]:
        """inputs: (args, kwargs) as canonical JSON; path: the module's file. One outcome each, in order; an import
        failure or a dead process is an outcome of every input that it cost."""
        ...


class TrialSession(Protocol):
    """Warm processes in which candidates are tried by the project's tests. Everything runs in the sandbox; whatever
    goes wrong with one candidate is its own end."""

    @property
    def opened(self) -> Opened:
        """The unchanged suite. With a `problem` nothing else may be asked."""
        ...

    def trace(
        self,
        tests: Sequence[str],
        *,
        detailed: Collection[str] = (),
        deep: Mapping[str, Collection[int]] | None = None,
        seconds: float = 30.0,
    ) -> Trace:
        """Run tests once, unchanged, and note what they run. detailed: tests (of `tests`) whose lines and values are
        noted; of the others lines are noted in the functions only that detailed ones ran, and in those of `deep`, path
        -> first lines of functions, decorators included. In the order given, as far as time goes: who has no entry was
        not run."""
        ...

    def run(
        self,
        changes: Iterable[Change],
        failing: Sequence[str],
        passing: Callable[[Change], Sequence[str]],
        seconds: float = math.inf,
    ) -> Iterator[Tried]:
        """Try candidates, several at a time, each in a process of its own; results come as they are ready. Changes are
        drawn as they are needed and closing the iterator stops. failing: tests to be fixed: all of them are run;
        passing: those that must stay passing for a change, most telling first, run when it fixes at least one or when
        there is nothing to be fixed; seconds: after so many it stops by itself, whatever runs."""
        ...

    def observe(
        self,
        path: str,
        names: Sequence[str],
        changes: Sequence[Change],
        tests: Sequence[str],
        seconds: float = 10.0,
        *,
        whole: bool = False,
    ) -> Observed:
        """Call one function (`names`: `("Class", "method")`) as the tests call it and with calls made from these, in
        every version. Empty when the tests never call it or nothing about its calls can be kept. whole: endings are
        JSON of all that was seen (see `Observed`), not lines for readers."""
        ...

    def evaluate(self, path: str, sources: Sequence[str], changes: Sequence[Change]) -> Mapping[int, tuple[str, ...]]:
        """What small pieces of Python give when they are run among the names of a module (`path`): number of the
        change (-1: unchanged) -> one ending a source, `= what it printed`, `! ErrorType: message` or `~`. Changes that
        need a fresh import have none."""
        ...


class Trials(Protocol):
    def open(
        self, commit: str, change: Change | None = None, only: Sequence[str] = (), seconds: float = math.inf
    ) -> AbstractContextManager[TrialSession]:
        """Start, on a commit with a change, and run the suite once. only: test ids or files, all when empty; seconds:
        in which it has to be open, else it is with a problem. Nothing is left behind when it closes, whatever
        happened."""
        ...


class Reviewer(Protocol):
    """Somebody who reads a change before it counts. What it says is an opinion, never a proof."""

    @property
    def name(self) -> str: ...

    def review(self, diff: str, plan: Plan) -> Review:
        """diff: unified, without what looks like a secret. Whatever it raises counts as no answer."""
        ...


Progress = Callable[[str], None]


class Cache(Protocol):
    """What can be computed again. Losing it costs time, nothing else."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, values: Mapping[str, bytes]) -> None: ...
