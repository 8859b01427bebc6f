"""Two versions of one function side by side, each in a process of its own, called under the same conditions."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.ports import CallSession
from gitops_healer.proof.subjects import Subject
from gitops_healer.registry import Scene

OTHER_HASHES: Final = 20011
OTHER_SEED: Final = 7919


@dataclass(frozen=True)
class Runs:
    """One call by both versions. again: the base once more under the same conditions; other: the base with another seed
    and another order of sets; None where noise was not asked for."""

    base: Seen
    head: Seen
    again: Seen | None = None
    other: Seen | None = None

    @property
    def of_base(self) -> tuple[Seen, ...]:
        return tuple(seen for seen in (self.base, self.again, self.other) if seen is not None)


@dataclass(frozen=True)
class Versions:
    """Sessions of both versions. `refused`: why nothing can be compared, a sentence, "" when it can."""

    base: CallSession
    head: CallSession
    begin_other: AbstractContextManager[CallSession]
    threads: ThreadPoolExecutor
    stack: ExitStack
    _other: list[Future[CallSession]] = field(default_factory=list)

    @property
    def refused(self) -> str:
        if self.base.refused:
            return f"the base cannot be called: {self.base.refused}"
        return f"the candidate cannot be called: {self.head.refused}" if self.head.refused else ""

    def pairs(self, calls: Sequence[Call], seconds: float) -> tuple[tuple[Seen, Seen], ...]:
        """Each call once by both versions, as (base, candidate)."""
        head = self.threads.submit(self.head.call, calls, seconds)
        base = self.base.call(calls, seconds)
        return tuple(zip(base, head.result(), strict=True))

    def run(self, calls: Sequence[Call], seconds: float) -> tuple[Runs, ...]:
        """Each call once by both versions."""
        return tuple(Runs(base, head) for base, head in self.pairs(calls, seconds))

    def run_again(self, runs: Sequence[Runs], calls: Sequence[Call], seconds: float) -> tuple[Runs, ...]:
        """The same with two more runs of the base, which show what differs by itself."""
        elsewhere = [replace(call, seed=call.seed + OTHER_SEED) for call in calls]
        opening = self._opened_other()
        other = self.threads.submit(lambda: opening.result().call(elsewhere, seconds))
        again = self.base.call(calls, seconds)
        rows = zip(runs, again, other.result(), strict=True)
        return tuple(replace(run, again=one, other=another) for run, one, another in rows)

    def _opened_other(self) -> Future[CallSession]:
        """Opened when it is first wanted: many comparisons end before."""
        if not self._other:
            self._other.append(self.stack.enter_context(_opening(self.threads, self.begin_other)))
        return self._other[0]


@contextmanager
def versions(scene: Scene, subject: Subject, base: str, head: str, conditions: Conditions) -> Iterator[Versions]:
    """Both as they are in the repository, read by commit. conditions: of both; only the candidate is traced."""
    plain = replace(conditions, traced=())
    opened = partial(scene.caller.open, tool=subject.tool)
    with ThreadPoolExecutor(3) as threads, ExitStack() as stack:
        candidate = stack.enter_context(
            _opening(threads, opened(head, path=subject.path, conditions=conditions))
        )  # fmt: skip
        today = stack.enter_context(opened(base, path=subject.old_path, conditions=plain))
        other = opened(base, path=subject.old_path, conditions=replace(plain, hashes=OTHER_HASHES))
        yield Versions(today, candidate.result(), other, threads, stack)


@contextmanager
def _opening(
    threads: ThreadPoolExecutor, session: AbstractContextManager[CallSession]
) -> Iterator[Future[CallSession]]:
    """A session that is opened while others are, and closed with this."""
    future = threads.submit(session.__enter__)
    try:
        yield future
    finally:
        if not future.cancel() and future.exception() is None:
            session.__exit__(None, None, None)
