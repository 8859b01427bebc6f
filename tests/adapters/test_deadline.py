"""One end for all that runs in the sandbox, with real programs."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.deadline import SandboxInTime
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.errors import PhaseOverError
from gitops_healer.ports import Limits, Sandbox, SandboxLevel
from gitops_healer.settings import load_settings

FOREVER = [sys.executable, "-I", "-S", "-c", "import time\nwhile True: time.sleep(1)"]
HELLO = [sys.executable, "-I", "-S", "-c", "print('hello')"]


@pytest.fixture(scope="module")
def real() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def scratch(real: Sandbox) -> Iterator[Path]:
    with real.scratch() as path:
        yield path


@dataclass
class Turned:
    """A clock that stands still until it is turned."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_an_end_it_changes_nothing(real: Sandbox, scratch: Path) -> None:
    sandbox = SandboxInTime(real)
    assert sandbox.level is real.level
    assert sandbox.run(HELLO, scratch).stdout == b"hello\n"
    assert sandbox.run(FOREVER, scratch, limits=Limits(seconds=0.3)).timed_out


def test_what_is_cut_by_the_end_raises_and_its_own_limit_does_not(real: Sandbox, scratch: Path) -> None:
    sandbox = SandboxInTime(real)
    with sandbox.within(60) as end:
        assert sandbox.run(FOREVER, scratch, limits=Limits(seconds=0.3)).timed_out
        assert not end.cut
    with sandbox.within(0.3) as end:
        with pytest.raises(PhaseOverError, match=r"`python[0-9.]* -I -S` was ended after"):
            sandbox.run(FOREVER, scratch, limits=Limits(seconds=60))
        assert (end.cut, end.left) == (True, 0)
        with pytest.raises(PhaseOverError, match="before it began"):
            sandbox.run(HELLO, scratch)
    assert sandbox.run(HELLO, scratch).exit_code == 0


def test_of_two_ends_the_earlier_counts_and_leaving_restores_the_outer(real: Sandbox, scratch: Path) -> None:
    clock = Turned()
    sandbox = SandboxInTime(real, clock)
    with sandbox.within(50) as outer:
        with sandbox.within(1000) as inner:
            assert inner.left == 50
        with pytest.raises(RuntimeError, match="anything"), sandbox.within(10):
            clock.now += 10
            raise RuntimeError("anything")
        assert outer.left == 40
        assert sandbox.run(HELLO, scratch).exit_code == 0
    assert not sandbox.ends


def test_a_conversation_ends_with_the_phase(real: Sandbox, scratch: Path) -> None:
    echo = [sys.executable, "-I", "-S", "-u", "-c", "import sys\nfor line in sys.stdin: print(line, end='')"]
    sandbox = SandboxInTime(real)
    with sandbox.converse(echo, scratch) as talk:  # begun before the phase has an end
        with sandbox.within(60):
            talk.send(b"one\n")
            assert talk.receive(30) == b"one"
            assert talk.receive(0) is None
        with sandbox.within(0.2) as end, pytest.raises(PhaseOverError):
            talk.receive(60)
        assert end.cut
    with (
        sandbox.within(0.2),
        pytest.raises(PhaseOverError),
        sandbox.converse(FOREVER, scratch) as talk,
    ):
        talk.receive(60)


def test_the_end_bounds_what_other_threads_run(real: Sandbox, scratch: Path) -> None:
    sandbox, seen = SandboxInTime(real), list[BaseException]()

    def work() -> None:
        try:
            sandbox.run(FOREVER, scratch, limits=Limits(seconds=60))
        except PhaseOverError as error:
            seen.append(error)

    with sandbox.within(0.3) as end:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert (len(seen), end.cut) == (1, True)


def test_a_run_of_the_tests_that_was_cut_is_not_remembered(
    make_repo: Callable[..., Any], real: Sandbox, tmp_path: Path
) -> None:
    kept: dict[str, bytes] = {}

    class Memory:
        get = staticmethod(kept.get)
        put = staticmethod(kept.__setitem__)

        def get_many(self, keys: Any) -> dict[str, bytes]:
            return {}

        def put_many(self, values: Any) -> None:
            kept.update(values)

    repo = make_repo({"test_a.py": "import time\ndef test_a(): time.sleep(60)\n", "test_b.py": "def test_b(): pass\n"})
    sandbox = SandboxInTime(real)
    testing = load_settings(None, {"testing.command": "python -m pytest"}).testing
    runner = ProjectTests(open_repository(repo.path), sandbox, Memory(), testing, Path(sys.executable))
    for _ in range(2):  # what could not be told is remembered from the second time on; this must not be
        with sandbox.within(0.5), pytest.raises(PhaseOverError):
            runner.run(repo.git("rev-parse", "HEAD"))
    assert kept == {}
