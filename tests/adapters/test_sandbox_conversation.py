"""A program in the sandbox that is talked with: it answers, it ends, it floods, it is ended."""

import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.errors import SandboxError
from gitops_healer.ports import Conversation, Limits, Sandbox, SandboxLevel

Talk = Callable[..., AbstractContextManager[Conversation]]


@pytest.fixture(
    params=[level for level in SandboxLevel if level is not SandboxLevel.NONE], ids=lambda level: level.value
)
def box(request: pytest.FixtureRequest) -> Sandbox:
    try:
        return sandbox_at(request.param)
    except SandboxError as error:
        pytest.skip(f"no {request.param.value} here: {error}")


@pytest.fixture
def talk(box: Sandbox) -> Iterator[Talk]:
    with box.scratch() as scratch:

        def start(program: str, **limits: Any) -> AbstractContextManager[Conversation]:
            argv = [sys.executable, "-I", "-S", "-u", "-c", textwrap.dedent(program)]
            return box.converse(argv, scratch, limits=Limits(**limits))

        yield start


ECHO = """
import sys
for line in sys.stdin:
    print(line.strip()[::-1], flush=True)
"""


def test_it_answers_line_by_line_for_as_long_as_it_is_asked(talk: Talk) -> None:
    with talk(ECHO) as program:
        for number in range(200):
            program.send(b"%d\n" % (1000 + number))
        heard = [program.receive(10) for _ in range(200)]
        assert [int(line[::-1]) for line in heard if line] == [1000 + number for number in range(200)]
        assert program.receive(0.01) is None
        assert program.over == ""
        program.send(b"x" * 3_000_000 + b"y\n")
        long = program.receive(10)
        assert long is not None and (len(long), long[:2]) == (3_000_001, b"yx")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print('last'); raise SystemExit(3)", "exit code 3"),
        ("import os; print('last'); os.kill(os.getpid(), 9)", "SIGKILL"),
        ("print('last'); raise ValueError('no more')", "ValueError: no more"),
    ],
)
def test_what_it_said_last_is_heard_before_its_end(talk: Talk, program: str, why: str) -> None:
    with talk(program) as talking:
        assert talking.receive(10) == b"last"
        assert talking.receive(10) is None
        assert why in talking.over
        talking.send(b"anybody there?\n")
        assert talking.receive(0) is None


def test_a_missing_program_is_over_at_once(box: Sandbox) -> None:
    with box.scratch() as scratch, box.converse(["no-such-program"], scratch) as program:
        assert program.receive(10) is None
        assert "127" in program.over


def test_time_is_over(talk: Talk) -> None:
    with talk("import time; time.sleep(1000)", seconds=0.5) as program:
        began = time.monotonic()
        assert program.receive(60) is None
        assert time.monotonic() - began < 30
        assert program.over == "it ran longer than 0.5 s"


def test_an_endless_line_ends_it_and_a_flood_waits(talk: Talk) -> None:
    with talk("import os\nwhile True: os.write(1, b'x' * 65536)") as program:
        assert program.receive(60) is None
        assert program.over == "it said a line of more than 64 MiB"
    with talk("while True: print('flood' * 1000)") as program:
        assert all(program.receive(10) == b"flood" * 1000 for _ in range(100))


def test_nothing_is_left_when_the_talk_is_broken_off(talk: Talk, box: Sandbox) -> None:
    family = """
    import os, time
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            time.sleep(1000)
    print("here", flush=True)
    time.sleep(1000)
    """
    before = set(_children())
    with pytest.raises(KeyboardInterrupt), talk(family) as program:
        assert program.receive(10) == b"here"
        assert set(_children()) - before
        raise KeyboardInterrupt
    assert set(_children()) <= before


def test_processes_may_come_and_go_for_ever(talk: Talk) -> None:
    program = """
    import os
    alive = []
    for _ in range(900):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        alive.append(pid)
        if len(alive) > 3:
            os.waitpid(alive.pop(0), 0)
    print("done", flush=True)
    """
    with talk(program, processes=64) as program_talk:
        assert program_talk.receive(60) == b"done"


def _children() -> list[str]:
    """Processes that are not dead and come from this one, or from nobody any more, and run our program."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            status = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            continue
        if b"os.setsid()" in command and status != "Z":
            found.append(folder.name)
    return found
