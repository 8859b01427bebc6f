"""The servers of a session: the warm one, begun again when it dies, and the cold one, begun when it is needed."""

from collections.abc import Sequence
from contextlib import ExitStack

from gitops_healer.adapters.trials_server import TrialServer
from gitops_healer.adapters.trials_start import Hello, Starter

MAX_RESTARTS = 5


class Servers:
    """names: ids of tests by number; limits: (processor time, wall clock) of each test in seconds;
    strict: tests that have to be run within pytest; silence: seconds
    after which a server that says nothing is given up."""

    def __init__(
        self,
        starter: Starter,
        stack: ExitStack,
        warm: TrialServer,
        hello: Hello,
        names: Sequence[str],
        limits: tuple[Sequence[float], Sequence[float]],
        strict: Sequence[int],
    ) -> None:
        self._starter = starter
        self._stack = stack
        self._warm = warm
        self._cold: TrialServer | None = None
        self._names = names
        self._limits = {"do": "limits", "cpu": list(limits[0]), "wall": list(limits[1])}
        self._strict = {"do": "strict", "tests": list(strict)}
        self._restarts = 0
        self.hello = hello
        self.workers = starter.workers
        self.silence = starter.testing.timeout.total_seconds() + 60
        self._settle(warm)

    def warm(self) -> TrialServer | None:
        """None when there is nothing to be had any more."""
        if self._warm.over and self.hello.tests and self._may_restart():
            server, hello = self._starter.warm(self._stack)
            if hello.tests == self.hello.tests:
                self._warm = server
                self._settle(server)
        return None if self._warm.over else self._warm

    def _settle(self, server: TrialServer) -> None:
        server.say(self._limits)
        server.say(self._strict)
        if self._starter.pristine:
            server.say({"do": "careful", "pristine": self._starter.pristine})

    def cold(self) -> TrialServer | None:
        if (self._cold is None or self._cold.over) and self._may_restart():
            self._cold = self._starter.cold(self._stack, self._names, self.hello)
            self._cold.say(self._limits)
        return None if self._cold is None or self._cold.over else self._cold

    def _may_restart(self) -> bool:
        self._restarts += 1
        return self._restarts <= MAX_RESTARTS
