"""The ledger on an orphan branch: `events/YYYY-MM.jsonl`, appended to by compare-and-swap, no checkout."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from gitops_healer.adapters.events import BadLineError, blob_id, decode_lines, encode_event
from gitops_healer.adapters.ledger_places import place_of
from gitops_healer.adapters.ledger_verify import verify_ledger
from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.adapters.turns import turn
from gitops_healer.core.decision import Decision, no
from gitops_healer.core.history import replay
from gitops_healer.core.naming import LEDGER_BRANCH
from gitops_healer.core.rebuilding import Landed
from gitops_healer.core.upgrade import Event
from gitops_healer.errors import IllegalEventError, LedgerError, LostRaceError, RepositoryError
from gitops_healer.ports import File, Repository, Signature

BRANCH = LEDGER_BRANCH
PATIENCE = 120.0

_MONTH = re.compile(r"events/(\d{4}-\d{2})\.jsonl")


class GitLedger:
    """Implements `ports.Ledger`.

    Without `origin` the branch of this repository is the ledger; with one, the branch there is, and what was last seen
    of it is kept in `refs/healer/ledger/…`, so that a rewritten or deleted branch is noticed. A look costs no
    connection of its own: it stands where the last fetch of the origin saw it. With `shown` it can be read only: that
    ref shows what stands elsewhere.
    The first load reads everything; later loads and appends cost what was added, plus one rewrite of the file of the
    newest month. An event goes to the file of its month, or to the newest when the clock went back: so the order of
    the files and lines is the order in which events were written.
    """

    def __init__(
        self,
        repository: GitRepository,
        branch: str = BRANCH,
        name: str = "gitops-healer",
        email: str = "gitops-healer@users.noreply.github.com",
        patience: float = PATIENCE,
        origin: Origin | None = None,
        shown: str = "",
    ) -> None:
        """name, email: author of the commits; patience: seconds for which lost races are tried again."""
        self._repository = repository
        self._name, self._email = name, email
        self._patience = patience
        ref = f"refs/heads/{branch}"
        self._place = place_of(repository, ref, origin, shown)
        self._copy: _Copy | None = None
        self._known: str | None = None  # the tip up to which the caller has seen everything

    def load(self) -> tuple[Event, ...]:
        copy = self._refreshed()
        self._known = copy.tip
        return tuple(copy.events)

    def append(self, events: Sequence[Event]) -> None:
        """As the port says. Raises IllegalEventError when an event cannot follow what the caller has seen."""
        if not events:
            return
        if self._known is None:
            self._known = (self._copy or self._refreshed()).tip
        retrying = Retrying(
            retry=retry_if_exception_type(_OutrunError),
            stop=stop_after_delay(self._patience),
            wait=wait_random_exponential(multiplier=0.02, max=1.0),
            reraise=True,
        )
        retrying(self._append_once, events)

    def tip(self) -> str | None:
        """The commit that the ledger stands on, or None when it has not begun."""
        return self._place.tip() or None

    def verify(self, expected: str = "") -> Decision:
        """Whether history only ever grew, with the commit that broke it. expected: a tip that was seen before."""
        try:
            tip = self._place.tip()
        except LedgerError as error:
            return no("ledger", str(error))
        return verify_ledger(self._repository, tip, expected)

    def _append_once(self, events: Sequence[Event]) -> None:
        with turn(self._repository.state_dir / "ledger.lock", self._patience) as waited:
            copy = self._refreshed() if waited or self._copy is None else self._copy
            fresh = copy.unknown(events)
            try:
                copy.check(fresh)
            except IllegalEventError:
                copy = self._refreshed()  # it may follow what others have written since
                fresh = copy.unknown(events)
                _check_again(copy, fresh, self._known)
            if fresh:
                self._write(copy, fresh)

    def _write(self, copy: "_Copy", fresh: Sequence[Event]) -> None:
        commit = self._commit(copy, fresh)
        try:
            self._place.advance(copy.tip, commit)
        except LostRaceError as error:
            self._refreshed()
            raise _OutrunError(f"the ledger is written to by others all the time ({error}): run again") from error
        if copy.tip == self._known:
            self._known = commit
        copy.advance(self._repository, commit)

    def _commit(self, copy: "_Copy", fresh: Sequence[Event]) -> str:
        latest = max(event.ts for event in fresh)
        month = max([f"events/{latest:%Y-%m}.jsonl", *copy.months])
        before = self._repository.read_blob(copy.months[month].blob) if month in copy.months else b""
        data = before + b"".join(map(encode_event, fresh))
        signature = Signature(self._name, self._email, latest)
        return self._repository.commit_files(copy.tip or None, {month: data}, _message(fresh), signature)

    def _refreshed(self) -> "_Copy":
        copy, self._copy = self._copy or _Copy(), None  # a copy that broke half-way is not used again
        tip = self._place.tip()
        if copy.tip and not (tip and self._repository.is_ancestor(copy.tip, tip)):
            raise LedgerError(
                f"the ledger was rewritten: {copy.tip} is not part of its history any more. Somebody pushed with "
                f"force; push it back if that was no intention: git push --force origin {copy.tip}:refs/heads/{BRANCH}"
            )
        if tip != copy.tip:
            copy.advance(self._repository, tip)
        self._copy = copy
        return copy


def landed(repository: Repository, head: str) -> Iterator[Landed]:
    """The commits of a branch, as `core.rebuilding.rebuild` wants them."""
    for commit in repository.log(head):
        yield Landed(commit.id, next(iter(commit.parents), ""), commit.message, commit.committer.when)


class _OutrunError(LostRaceError):
    """Another writer moved the branch between our look and our write."""


@dataclass(frozen=True)
class _Month:
    """What was read of a month's file. lines: how many events it held."""

    blob: str
    size: int
    lines: int


@dataclass
class _Copy:
    """The ledger as last read, in memory; grows by what was added."""

    tip: str = ""
    months: dict[str, _Month] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    of_upgrade: dict[str, list[Event]] = field(default_factory=dict)

    def unknown(self, events: Iterable[Event]) -> list[Event]:
        return list({event.id: event for event in events if event.id not in self.ids}.values())

    def check(self, fresh: Sequence[Event]) -> None:
        """Raises IllegalEventError when one cannot follow; only the upgrades concerned are replayed."""
        concerned = dict.fromkeys(event.upgrade for event in fresh if event.upgrade)
        replay([*(known for name in concerned for known in self.of_upgrade.get(name, ())), *fresh])

    def advance(self, repository: GitRepository, tip: str) -> None:
        """Read what was added since the commit that was read last. Raises LedgerError."""
        try:
            files = {file.path: file for file in repository.files(tip)}
            _check_files(tip, files, self.months)
            for path in sorted(path for path in files if path.startswith("events/")):
                if path not in self.months or self.months[path].blob != files[path].blob:
                    self._read_month(repository, tip, files[path])
        except RepositoryError as error:
            raise LedgerError(f"the ledger at commit {tip} cannot be read: {error}") from error
        self.tip = tip

    def _read_month(self, repository: GitRepository, tip: str, file: File) -> None:
        known = self.months.get(file.path, _Month("", 0, 0))
        data = repository.read_blob(file.blob)
        if known.blob and (blob_id(data[: known.size]) != known.blob or file.path != max(self.months)):
            raise LedgerError(f"{_place(tip, file.path)}: it was changed, not appended to. {_REPAIR}")
        try:
            added = list(decode_lines(data[known.size :], known.lines + 1))
        except BadLineError as error:
            raise LedgerError(f"{_place(tip, file.path)}, {error}. {_REPAIR}") from error
        for event in self.unknown(added):
            self.events.append(event)
            self.ids.add(event.id)
            self.of_upgrade.setdefault(event.upgrade, []).append(event)
        self.months[file.path] = _Month(file.blob, len(data), known.lines + len(added))


def _check_again(copy: _Copy, fresh: Sequence[Event], known: str | None) -> None:
    """Raises IllegalEventError when the caller had seen what makes it so, else LostRaceError."""
    try:
        copy.check(fresh)
    except IllegalEventError as error:
        if copy.tip == known:
            raise
        said = str(error).partition(" Run `")[0]
        raise LostRaceError(f"{said} Another run was faster: run again") from error


_REPAIR = (
    "Find the last good commit with `gitops-healer ledger verify` and set the branch back to it: "
    f"git update-ref refs/heads/{BRANCH} <commit>"
)


def _check_files(tip: str, files: dict[str, File], known: Iterable[str]) -> None:
    months = [path for path in files if path.startswith("events/")]
    if not months:
        raise LedgerError(
            f"the branch at {tip} is not a ledger: it holds no events/YYYY-MM.jsonl. Rename that branch: "
            f"git branch --move {BRANCH} {BRANCH}-old"
        )
    strange = [path for path in months if not _MONTH.fullmatch(path)]
    if strange:
        raise LedgerError(f"{_place(tip, strange[0])}: only files named YYYY-MM.jsonl may be there. {_REPAIR}")
    gone = sorted(set(known) - set(months))
    if gone:
        raise LedgerError(f"{_place(tip, gone[0])}: it was deleted. {_REPAIR}")


def _place(tip: str, path: str) -> str:
    return f"the ledger is damaged at commit {tip}, {path}"


def _message(events: Sequence[Event]) -> str:
    subject = f"healer: {len(events)} event{'s' if len(events) > 1 else ''} [skip ci]"
    lines = [f"{event.name} {event.upgrade}".strip() for event in events[:20]]
    return "\n".join([subject, "", *lines, ""])
