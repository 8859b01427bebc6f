"""Small JSON objects in the tree of one git ref: read lazily, written by compare-and-swap. No work tree, no files."""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from cattrs import BaseValidationError

from gitops_healer.core.codec import canonical, from_json, to_json
from gitops_healer.errors import ForgeError, LostRaceError, RepositoryError
from gitops_healer.ports import Clock, RefUpdate, Repository, Signature

ATTEMPTS = 200
_LONGEST_PAUSE = 0.25  # seconds

T = TypeVar("T")


@dataclass(frozen=True)
class Write(Generic[T]):
    """What is to be written, all or none. files: {path: dataclass or JSON value}; refs: others that move with it."""

    result: T
    files: Mapping[str, object] = field(default_factory=dict)
    refs: tuple[RefUpdate, ...] = ()


class JsonTree:
    """One ref whose commits hold JSON files. Costs: the first look lists all paths, each value is parsed when it is
    asked for and then kept; later looks cost what others have changed since."""

    def __init__(
        self, repository: Repository, ref: str, clock: Clock, signature: Signature, attempts: int = ATTEMPTS
    ) -> None:
        self._repository = repository
        self._ref = ref
        self._clock = clock
        self._signature = signature
        self._attempts = attempts
        self._commit = ""
        self._blobs: dict[str, str] = {}
        self._values: dict[str, object] = {}

    def look(self) -> None:
        """Bring what is known up to what the ref says now."""
        commit = self._repository.resolve(self._ref) or ""
        if commit == self._commit:
            return
        if not (commit and self._commit and self._follow(commit)):
            self._values.clear()
            self._blobs = {file.path: file.blob for file in self._repository.files(commit)} if commit else {}
        self._commit = commit

    def _follow(self, commit: str) -> bool:
        """Forget and learn what differs; False when what was known is gone from the repository."""
        try:
            changed = self._repository.changed_paths(self._commit, commit)
        except RepositoryError:
            return False
        for path in changed:
            data = self._repository.read(commit, path)
            self._values.pop(path, None)
            self._blobs.pop(path, None)
            if data is not None:
                self._blobs[path] = self._repository.write_blob(data)
        return True

    def paths(self, prefix: str) -> list[str]:
        """Paths below a directory (`pulls/`), as of the last look."""
        return [path for path in self._blobs if path.startswith(prefix)]

    def read(self, path: str, kind: type[T]) -> T | None:
        """The object at a path, as of the last look. Raises ForgeError when it is not what was written there."""
        if path not in self._blobs:
            return None
        if path not in self._values:
            self._values[path] = self._parse(path, kind)
        return self._values[path]  # type: ignore[return-value]  # a path always holds the same kind

    def _parse(self, path: str, kind: type[T]) -> T:
        try:
            return from_json(json.loads(self._repository.read_blob(self._blobs[path])), kind)
        except (BaseValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ForgeError(
                f"{self._ref}:{path} is not what the healer writes ({type(error).__name__}). Somebody edited it: "
                f"`git log --stat {self._ref}` shows when; `git update-ref {self._ref} COMMIT` goes back to before"
            ) from error

    def write(self, wanted: Callable[[], Write[T]], reason: str) -> T:
        """Ask `wanted` what is to be written, after a look, until it could be written with nothing in between.

        `wanted` may raise; it says no files and no refs when there is nothing to do. Raises LostRaceError at last.
        """
        for attempt in range(self._attempts):
            self.look()
            write = wanted()
            if not write.files and not write.refs:
                return write.result
            try:
                self._repository.update_refs(self._updates(write, reason), reason)
            except LostRaceError:
                time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.005 * 2 ** min(attempt, 10))))
            else:
                return write.result
        raise LostRaceError(
            f"others wrote to {self._ref} {self._attempts} times in between: run again when they are done"
        )

    def _updates(self, write: Write[T], reason: str) -> list[RefUpdate]:
        if not write.files:
            return list(write.refs)
        data = {path: canonical(to_json(value)).encode("ascii") + b"\n" for path, value in write.files.items()}
        signature = replace(self._signature, when=self._clock.now())
        commit = self._repository.commit_files(self._commit or None, data, reason, signature)
        return [*write.refs, RefUpdate(self._ref, commit, self._commit)]
