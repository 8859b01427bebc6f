"""Two versions of one function side by side, each in a process of its own, called under the same conditions."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.ports import CallSession
from gitops_healer.proof.subjects import Subject
from gitops_healer.registry import Scene

OTHER_HASHES: Final = 20011
OTHER_SEED: Final = 7919


@dataclass(frozen=True)
class Runs:
    """One call in all of its runs. base and again: under the same conditions; other: the base with another seed and
    another order of sets."""

    base: Seen
    again: Seen
    other: Seen
    head: Seen


@dataclass(frozen=True)
class Versions:
    """Sessions of both versions. `refused`: why nothing can be compared, a sentence, "" when it can."""

    base: CallSession
    other: CallSession
    head: CallSession
    threads: ThreadPoolExecutor

    @property
    def refused(self) -> str:
        if self.base.refused:
            return f"the base cannot be called: {self.base.refused}"
        return f"the candidate cannot be called: {self.head.refused}" if self.head.refused else ""

    def run(self, calls: Sequence[Call], seconds: float) -> tuple[Runs, ...]:
        """Each call four times: thrice by the base, to learn what differs by itself, and once by the candidate."""
        elsewhere = [replace(call, seed=call.seed + OTHER_SEED) for call in calls]
        other = self.threads.submit(lambda: self.other.call(elsewhere, seconds))
        head = self.threads.submit(lambda: self.head.call(calls, seconds))
        base = self.base.call([*calls, *calls], seconds)
        both = zip(base[: len(calls)], base[len(calls) :], other.result(), head.result(), strict=True)
        return tuple(Runs(*row) for row in both)

    def pairs(self, calls: Sequence[Call], seconds: float) -> tuple[tuple[Seen, Seen], ...]:
        """Each call once by both versions, as (base, candidate)."""
        head = self.threads.submit(lambda: self.head.call(calls, seconds))
        base = self.base.call(calls, seconds)
        return tuple(zip(base, head.result(), strict=True))


@contextmanager
def versions(scene: Scene, subject: Subject, base: str, head: str, conditions: Conditions) -> Iterator[Versions]:
    """Both as they are in the repository, read by commit. conditions: of both; only the candidate is traced."""
    plain = replace(conditions, traced=())
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(3))
        opened = [
            stack.enter_context(scene.caller.open(commit, subject.tool, path, conditions=chosen))
            for commit, path, chosen in (
                (base, subject.old_path, plain),
                (base, subject.old_path, replace(plain, hashes=OTHER_HASHES)),
                (head, subject.path, conditions),
            )
        ]
        yield Versions(opened[0], opened[1], opened[2], threads)
