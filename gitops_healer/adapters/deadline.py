"""One end for all that runs in the sandbox, whoever runs it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gitops_healer.errors import PhaseOverError
from gitops_healer.ports import Conversation, Deadline, Limits, Ran, Sandbox, SandboxLevel


@dataclass
class End:
    """`Deadline`. at: on the clock `now`, in seconds."""

    at: float
    now: Callable[[], float]
    cut: bool = False

    @property
    def left(self) -> float:
        return max(0.0, self.at - self.now())

    def bounded(self, limits: Limits) -> Limits:
        """Raises PhaseOverError when nothing is left."""
        if (left := self.left) <= 0:
            self.refuse("time was over before it began")
        return replace(limits, seconds=min(limits.seconds, left))

    def refuse(self, what: str) -> None:
        """Say that the end came. Raises PhaseOverError."""
        self.cut = True
        raise PhaseOverError(what)


@dataclass
class SandboxInTime:
    """`BoundedSandbox` around another one. Without an end it changes nothing.

    The ends are shared by all threads that use it: they bound a phase, not a caller.
    """

    inner: Sandbox
    now: Callable[[], float] = time.monotonic
    ends: list[End] = field(default_factory=list)

    @property
    def level(self) -> SandboxLevel:
        return self.inner.level

    @contextmanager
    def within(self, seconds: float) -> Iterator[Deadline]:
        outer = [end.at for end in self.ends[-1:]]
        end = End(min([self.now() + seconds, *outer]), self.now)
        self.ends.append(end)
        try:
            yield end
        finally:
            self.ends.remove(end)

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
        """Raises PhaseOverError when the end came before its own limit."""
        own = limits or Limits()
        end = self.ends[-1] if self.ends else None
        given = end.bounded(own) if end else own
        ran = self.inner.run(argv, scratch, env=env, limits=given, stdin=stdin, cwd=cwd)
        if end and ran.timed_out and given.seconds < own.seconds:
            end.refuse(f"`{_program(argv)}` was ended after {ran.seconds:.0f} s")
        return ran

    @contextmanager
    def converse(
        self,
        argv: Sequence[str],
        scratch: Path,
        *,
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        cwd: str = ".",
    ) -> Iterator[Conversation]:
        """Raises PhaseOverError when nothing is left, and in `receive` as soon as that is so."""
        own = limits or Limits()
        given = self.ends[-1].bounded(own) if self.ends else own
        with self.inner.converse(argv, scratch, env=env, limits=given, cwd=cwd) as talk:
            yield TalkInTime(talk, self, _program(argv))

    def scratch(self) -> AbstractContextManager[Path]:
        return self.inner.scratch()


@dataclass(frozen=True)
class TalkInTime:
    """`Conversation` that ends with the phase, also when it began before that had an end."""

    inner: Conversation
    sandbox: SandboxInTime
    program: str

    @property
    def over(self) -> str:
        return self.inner.over

    def send(self, data: bytes) -> None:
        self.inner.send(data)

    def receive(self, seconds: float) -> bytes | None:
        end = self.sandbox.ends[-1] if self.sandbox.ends else None
        line = self.inner.receive(min(seconds, end.left) if end else seconds)
        if line is None and end and end.left <= 0:
            end.refuse(f"`{self.program}` was ended")
        return line


def _program(argv: Sequence[str]) -> str:
    """The first words, without the place of the program."""
    return " ".join([Path(word).name if "/" in word else word for word in argv[:3]])[:200]
