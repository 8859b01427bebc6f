"""`Origin`: a remote repository as one fetch shows it. What it holds is mirrored under `refs/healer/origin/`.

The user's own refs, index and work tree are never touched: the remote is reached by its URL, so that git updates no
remote-tracking branch, and everything lands in refs of ours.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence

from gitops_healer.adapters.remote import Git, check_ref, redacted
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.adapters.turns import turn
from gitops_healer.core.naming import BRANCH_PREFIX, LEDGER_BRANCH, RESTORE_PREFIX, SCRATCH_PREFIX
from gitops_healer.errors import ForgeError, LostRaceError, RepositoryError
from gitops_healer.ports import RefUpdate

HEADS = "refs/heads/"
MIRROR = "refs/healer/origin/"
PATIENCE = 300.0  # seconds that a fetch into the same clone is waited for
TRIES = 5

_SHARED = (RESTORE_PREFIX, SCRATCH_PREFIX)
_GONE = re.compile(r"couldn't find remote ref refs/heads/(\S+)")
_OVERTAKEN = re.compile(r"cannot lock ref 'refs/healer/origin/\S+': is at \w+ but expected")
_REFUSED = re.compile(r"Authentication failed|could not read Username|returned error: 40[134]|not found", re.IGNORECASE)
_RULED = re.compile(r"GH0\d\d|protected branch|rule violations|pre-receive hook declined|workflows? permission")


class Origin:
    """Branches and refs of a remote repository, as of the last fetch; the first look fetches by itself.

    Mirrored are `branches` (short names, such as the base branch), `healer/*`, the ledger, and the refs under
    `refs/healer/restore/` and `refs/healer/scratch/`. Of these refs, what is new or moved at the remote is brought
    under the same name here; what is gone there stays here. fetches, pushes: connections that were made so far.
    """

    def __init__(self, git: Git, repository: GitRepository, url: str, branches: Sequence[str] = ()) -> None:
        """git: with the credential for `url`."""
        self.url = url
        self.fetches = 0
        self.pushes = 0
        self._git = git
        self._repository = repository
        self._branches = [check_ref(f"{HEADS}{branch}").removeprefix(HEADS) for branch in dict.fromkeys(branches)]
        self._seen: dict[str, str] | None = None
        self._primed = False

    @property
    def fresh(self) -> bool:
        """Whether a look can be answered without a connection."""
        return self._seen is not None

    def forget(self) -> None:
        """Let the next look fetch."""
        if not self._primed:
            self._seen = None
        self._primed = False

    def prime(self) -> None:
        """Fetch for somebody who begins in a moment: the next `forget` changes nothing."""
        self.refresh()
        self._primed = True

    def refresh(self) -> None:
        """Fetch once. Raises ForgeError, and RepositoryError when the history stays incomplete."""
        self._primed = False
        before, shallow = self._mirrored(), self._repository.is_shallow()
        with turn(self._repository.state_dir / "origin.lock", PATIENCE):
            self._fetch(shallow)
        if shallow:
            self._repository.reopen()
        if self._repository.is_shallow():
            raise RepositoryError(
                f"{self._repository.path} is shallow, and {redacted(self.url)} cannot give the rest of its history: "
                "clone it whole. In a workflow: actions/checkout with fetch-depth: 0"
            )
        self._seen = self._mirrored()
        self._bring_here(before, self._seen)

    def at(self, ref: str) -> str:
        """Where a ref (full name) stands at the remote, "" when it has none of that name.

        A branch that was not mirrored so far is from now on, which costs a fetch.
        """
        mirror = _mirror_of(ref)
        if mirror is None or not self._covers(ref):
            self._widen(ref)
        return self._looked().get(mirror or "", "")

    def head(self, branch: str) -> str | None:
        """The commit that a branch stands on at the remote, None when there is no such branch."""
        return self.at(f"{HEADS}{branch}") or None

    def heads(self, prefix: str = BRANCH_PREFIX) -> dict[str, str]:
        """{short name: commit} of the mirrored branches whose names begin with `prefix`."""
        start = f"{MIRROR}heads/"
        names = ((ref.removeprefix(start), head) for ref, head in self._looked().items() if ref.startswith(start))
        return {name: head for name, head in names if name.startswith(prefix)}

    def push(self, updates: Sequence[RefUpdate]) -> None:
        """Move refs at the remote, all or none, each only when it stands where `old` says; the mirror follows.

        Raises LostRaceError when one does not, ForgeError when the remote refuses or cannot be reached. After either
        the next look fetches.
        """
        if not updates:
            return
        self.pushes += 1
        try:
            self._git.push(self.url, updates)
        except LostRaceError:
            self._lose()
            raise
        except ForgeError as error:
            self._lose()
            raise _advised(error) from error
        self._note(updates)

    def publish(self, refs: Mapping[str, str]) -> None:
        """Let refs under `refs/healer/restore/` and `refs/healer/scratch/` stand at the remote as given ("" deletes),
        wherever they stood. No connection when they do already. Raises LostRaceError, ForgeError."""
        for attempt in range(1, TRIES + 1):
            updates = [RefUpdate(ref, new, old) for ref, new in refs.items() if (old := self.at(ref)) != new]
            try:
                return self.push(updates)
            except LostRaceError:
                if attempt == TRIES:
                    raise
        return None

    def _lose(self) -> None:
        self._seen, self._primed = None, False

    def _looked(self) -> dict[str, str]:
        if self._seen is None:
            self.refresh()
        assert self._seen is not None
        return self._seen

    def _mirrored(self) -> dict[str, str]:
        return self._repository.refs(MIRROR)

    # Fetching

    def _fetch(self, shallow: bool) -> None:
        """A branch that the remote does not have is left out, and its mirror goes."""
        wanted, overtaken = list(self._branches), 0
        while True:
            self.fetches += 1
            try:
                self._git.fetch(self.url, list(_refspecs(wanted)), prune=True, unshallow=shallow)
            except ForgeError as error:
                if _OVERTAKEN.search(str(error)) and overtaken < TRIES:
                    overtaken += 1  # another process of this clone noted its push in the mirror meanwhile
                    continue
                gone = _GONE.search(str(error))
                if gone is None or gone[1] not in wanted:
                    raise _advised(error) from error
                wanted.remove(gone[1])
                continue
            return self._drop([branch for branch in self._branches if branch not in wanted])

    def _drop(self, branches: Sequence[str]) -> None:
        standing = self._mirrored()
        mirrors = [f"{MIRROR}heads/{branch}" for branch in branches]
        self._move([RefUpdate(mirror, "", standing[mirror]) for mirror in mirrors if mirror in standing])

    def _bring_here(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        """What moved at the remote, or is not here, comes here; what was only moved here stays as it is."""
        here = {ref: at for prefix in _SHARED for ref, at in self._repository.refs(prefix).items()}
        updates = []
        for mirror, new in after.items():
            ref = f"refs/healer/{mirror.removeprefix(MIRROR)}"
            if not ref.startswith(_SHARED) or here.get(ref) == new:
                continue
            if ref not in here or before.get(mirror) != new:
                updates.append(RefUpdate(ref, new, here.get(ref, "")))
        self._move(updates)

    def _covers(self, ref: str) -> bool:
        branch = ref.removeprefix(HEADS)
        return (
            not ref.startswith(HEADS) or branch in self._branches or branch.startswith((BRANCH_PREFIX, LEDGER_BRANCH))
        )

    def _widen(self, ref: str) -> None:
        if not ref.startswith(HEADS):
            raise ForgeError(f"{ref} is no branch and no ref of ours: only those are looked at")
        self._branches.append(check_ref(ref).removeprefix(HEADS))
        self._lose()

    # After a push

    def _note(self, updates: Sequence[RefUpdate]) -> None:
        standing = self._mirrored()
        moves = []
        for update in updates:
            mirror = _mirror_of(update.ref)
            if mirror is None or not self._covers(update.ref):
                continue
            if self._seen is not None:
                self._seen = {**self._seen, mirror: update.new}
            if standing.get(mirror, "") != update.new:
                moves.append(RefUpdate(mirror, update.new, standing.get(mirror, "")))
        self._move(moves)

    def _move(self, updates: Sequence[RefUpdate]) -> None:
        with contextlib.suppress(LostRaceError):  # another process of this clone looked later than we
            self._repository.update_refs(updates, "healer: as at the remote")


def _refspecs(branches: Sequence[str]) -> Iterator[str]:
    """Patterns where it matters: what a pattern names may be missing. The ledger's takes in what it was renamed to."""
    for branch in branches:
        yield f"+{HEADS}{branch}:{MIRROR}heads/{branch}"
    for pattern in (f"{BRANCH_PREFIX}*", f"{LEDGER_BRANCH}*"):
        yield f"+{HEADS}{pattern}:{MIRROR}heads/{pattern}"
    for prefix in _SHARED:
        yield f"+{prefix}*:{MIRROR}{prefix.removeprefix('refs/healer/')}*"


def _mirror_of(ref: str) -> str | None:
    if ref.startswith(HEADS):
        return f"{MIRROR}heads/{ref.removeprefix(HEADS)}"
    return f"{MIRROR}{ref.removeprefix('refs/healer/')}" if ref.startswith(_SHARED) else None


def _advised(error: ForgeError) -> ForgeError:
    """With what to do, where the remote said enough to know."""
    if _RULED.search(str(error)):
        return ForgeError(
            f"{error}\nA rule of the repository is in the way: `gitops-healer doctor --forge github` says which"
        )
    if not _REFUSED.search(str(error)):
        return error
    return ForgeError(
        f"{error}\nThe remote does not know the token, or it may not do that here. `gitops-healer doctor --forge "
        "github` says what is missing and where to give it"
    )
