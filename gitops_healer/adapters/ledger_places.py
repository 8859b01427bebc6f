"""Where the branch of a ledger is: here, at the origin of a cycle, or only shown here."""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Protocol

from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.remote import redacted
from gitops_healer.adapters.repository import GitRepository
from gitops_healer.errors import LedgerError, LostRaceError, UsageError
from gitops_healer.ports import RefUpdate


class Place(Protocol):
    """Where the branch is."""

    def tip(self) -> str:
        """The commit that it stands on, "" when there is none."""
        ...

    def advance(self, old: str, new: str) -> None:
        """Move it, only when it stands at `old`. Raises LostRaceError."""
        ...


@dataclass(frozen=True)
class _LocalBranch:
    repository: GitRepository
    ref: str

    def tip(self) -> str:
        return self.repository.resolve(self.ref) or ""

    def advance(self, old: str, new: str) -> None:
        self.repository.update_refs([RefUpdate(self.ref, new, old)], "healer: ledger")


@dataclass(frozen=True)
class _ShownBranch:
    repository: GitRepository
    ref: str

    def tip(self) -> str:
        return self.repository.resolve(self.ref) or ""

    def advance(self, old: str, new: str) -> None:
        raise UsageError(
            f"the ledger of this repository is kept at the remote, and {self.ref} only shows what was fetched of it. "
            "What writes to it needs --forge github"
        )


@dataclass(frozen=True)
class _OriginBranch:
    repository: GitRepository
    origin: Origin
    ref: str

    def tip(self) -> str:
        memory = _Memory(self.repository, self.origin.url, self.ref)
        seen, tip = memory.seen(), self.origin.at(self.ref)
        if not memory.has_grown(seen, tip):  # or another process of this clone has seen more than our last fetch
            seen = memory.seen()
            self.origin.refresh()
            tip = self.origin.at(self.ref)
            memory.check(seen, tip)
        memory.remember(seen, tip)
        return tip

    def advance(self, old: str, new: str) -> None:
        self.origin.push([RefUpdate(self.ref, new, old)])
        _Memory(self.repository, self.origin.url, self.ref).remember(old, new)


@dataclass(frozen=True)
class _Memory:
    """What was last seen of a ledger at a remote: a ref here, which keeps it alive."""

    repository: GitRepository
    remote: str
    ref: str

    @property
    def seen_ref(self) -> str:
        key = hashlib.sha256(f"{self.remote}\0{self.ref}".encode("utf-8", "surrogateescape")).hexdigest()[:10]
        return f"refs/healer/ledger/{key}"

    def seen(self) -> str:
        return self.repository.resolve(self.seen_ref) or ""

    def has_grown(self, seen: str, tip: str) -> bool:
        return not seen or (bool(tip) and self.repository.is_ancestor(seen, tip))

    def check(self, seen: str, tip: str) -> None:
        """Raises LedgerError when what was seen is no part of what stands there now."""
        if not self.has_grown(seen, tip):
            remote = redacted(self.remote)
            raise LedgerError(
                f"the ledger {self.ref} was {'rewritten' if tip else 'deleted'} at the remote: {seen}, seen before, is "
                f"not part of it. Put it back: git push --force {remote} {seen}:{self.ref}\n"
                f"Or accept what stands there: git update-ref -d {self.seen_ref}"
            )

    def remember(self, seen: str, tip: str) -> None:
        if tip != seen:
            with contextlib.suppress(LostRaceError):  # another process here remembered something newer
                self.repository.update_refs([RefUpdate(self.seen_ref, tip, seen)], "healer: ledger seen")


def place_of(repository: GitRepository, ref: str, origin: Origin | None, shown: str) -> Place:
    if origin is not None:
        return _OriginBranch(repository, origin, ref)
    return _ShownBranch(repository, shown) if shown else _LocalBranch(repository, ref)
