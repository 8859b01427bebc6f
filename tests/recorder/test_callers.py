"""Every call that is written down names the innermost frame of the program that called it."""

import _thread
import asyncio
import functools
import linecache
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.recorder import BaseTool, tool
from tests.recorder.conftest import Program, Recorded


@tool
def step(number: int) -> int:
    if number < 0:
        raise ValueError(number)
    return number


@tool
async def later(number: int) -> int:
    await asyncio.sleep(0)
    return number


@tool
def several(number: int) -> Iterator[int]:
    yield number


@tool
async def several_later(number: int) -> AsyncIterator[int]:
    yield number


@tool
def outer(number: int) -> int:
    return step(number)  # here


class Adder(BaseTool):
    def execute(self, number: int) -> int:
        return number


def logged(function: Callable[[int], int]) -> Callable[[int], int]:
    @functools.wraps(function)
    def around(number: int) -> int:
        return function(number)  # here

    return around


@logged
@tool
def decorated(number: int) -> int:
    return number


twice = tool(name="tests:twice")(step)


def from_a_function() -> None:
    step(1)  # here


def from_a_method() -> None:
    class Shop:
        def total(self) -> int:
            return Adder().execute(2)  # here

    Shop().total()


def from_a_failure() -> None:
    try:
        step(-1)  # here
    except ValueError:
        return


def from_builtins() -> None:
    assert list(map(step, [3])) == [3]  # here


def from_partial() -> None:
    functools.partial(step, 5)()  # here


def from_comprehension() -> None:
    assert sorted([6], key=lambda number: step(number))  # here


def from_a_generator() -> None:
    for _ in several(1):  # here
        pass


def from_a_coroutine() -> None:
    async def run() -> None:
        await later(1)  # here
        async for _ in several_later(1):  # here
            pass

    asyncio.run(run())


def from_a_callback() -> None:
    async def run() -> None:
        await asyncio.gather(later(1), later(2))  # made here, run by the loop

    asyncio.run(run())


def from_a_bare_thread() -> None:
    _thread.start_new_thread(step, (1,))
    time.sleep(0.1)


@pytest.mark.parametrize(
    ("story", "function"),
    [
        (from_a_function, "from_a_function"),
        (from_a_method, "total"),
        (from_a_failure, "from_a_failure"),
        (from_builtins, "from_builtins"),
        (from_partial, "from_partial"),
        (from_comprehension, "<lambda>"),
        (from_a_generator, "from_a_generator"),
        (from_a_coroutine, "run"),
        (functools.partial(decorated, 7), "around"),
    ],
)
def test_the_caller_is_where_the_program_calls(recorded: Recorded, story: Callable[[], Any], function: str) -> None:
    for _ in range(3):  # the same place again is known already
        story()
    events = recorded.events()
    assert len(events) >= 3
    for event in events:
        file, line, name = event["caller"]
        assert file.endswith("tests/recorder/test_callers.py") and name == function
        assert linecache.getline(__file__, line).endswith("# here\n")


def test_a_tool_that_calls_a_tool_is_its_caller(recorded: Recorded) -> None:
    assert outer(4) == 4
    inner, around = recorded.events()
    assert inner["caller"][2] == "outer" and around["caller"][2] == "test_a_tool_that_calls_a_tool_is_its_caller"


def test_a_tool_around_a_tool_is_not_its_caller(recorded: Recorded) -> None:
    assert [twice(1), twice(2)] == [1, 2]
    assert len(recorded.events()) == 4
    assert {event["caller"][2] for event in recorded.events()} == {"test_a_tool_around_a_tool_is_not_its_caller"}


def test_places_are_told_apart(recorded: Recorded) -> None:
    for number in (1, 2, 3):
        step(number)
        step(number)
    lines = [event["caller"][1] for event in recorded.events()]
    assert lines == [lines[0], lines[0] + 1] * 3


@pytest.mark.parametrize("story", [from_a_callback, from_a_bare_thread])
def test_without_a_frame_that_called_nothing_is_said(recorded: Recorded, story: Callable[[], None]) -> None:
    story()
    events = recorded.events()
    assert events and not any("caller" in event for event in events)


@pytest.mark.parametrize("name", ["program.py", "deep/er/program.py"])
def test_paths_begin_at_the_top_of_the_repository(
    program: Program, spooled: Recorded, tmp_path: Path, name: str
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    file = tmp_path / name
    program("@recorder.tool\ndef work(number):\n    return number\n\n\nwork(1)\n", options=", sample=1.0")
    if file.parent != tmp_path:
        file.parent.mkdir(parents=True)
        (tmp_path / "program.py").rename(file)
        subprocess.run([sys.executable, file], check=True)
    (*_, event) = spooled.events("work")
    assert (event["caller"][0], event["caller"][2]) == (name, "<module>")
    assert file.read_text("utf-8").splitlines()[event["caller"][1] - 1] == "work(1)"


def test_code_that_is_made_again_and_again_is_not_mixed_up(recorded: Recorded) -> None:
    space: dict[str, Any] = {"step": step}
    for number in range(1500):
        name = f"made_{number}"
        exec(f"def {name}():\n    step({number})\n{name}()\n", space)
        del space[name]
    told = {event["args"][0]: event["caller"][2] for event in recorded.events() if "caller" in event}
    assert told == {number: f"made_{number}" for number in range(1500)}
