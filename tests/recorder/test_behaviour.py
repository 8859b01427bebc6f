"""A recorded function behaves as without."""

import asyncio
import copy
import functools
import inspect
import pickle
import sys
import traceback
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest

from gitops_healer.recorder import BaseTool, flush, tool
from tests.recorder.conftest import COMMIT, Recorded


def double(number: int, /, *, times: int = 2) -> int:
    """A product."""
    return number * times


recorded_double = tool(double)


@tool
def importable(number: int) -> int:
    return number + 1


async def later(number: int) -> int:
    await asyncio.sleep(0)
    return number


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


async def later_numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


@pytest.mark.parametrize("function", [double, later, numbers, later_numbers])
@pytest.mark.parametrize(
    "question",
    [
        inspect.signature,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
        inspect.isfunction,
        inspect.getdoc,
        inspect.getsource,
        lambda function: function.__name__,
        lambda function: function.__qualname__,
        lambda function: function.__module__,
        lambda function: function.__annotations__,
        lambda function: type(weakref.ref(function)()),
    ],
)
def test_a_recorded_function_looks_as_without(function: Callable[..., Any], question: Callable[..., object]) -> None:
    assert question(tool(function)) == question(function)


def test_it_can_be_pickled_copied_and_bound() -> None:
    assert pickle.loads(pickle.dumps(importable)) is importable
    assert copy.deepcopy(importable) is importable
    assert functools.partial(importable, 4)() == 5
    with pytest.raises(TypeError):
        recorded_double(number=1)


def test_a_result_is_the_same_object_and_an_error_the_same_error(recorded: Recorded) -> None:
    thing, problem = object(), LookupError("gone")

    @tool
    def give(value: object) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    assert give(thing) is thing
    with pytest.raises(LookupError) as caught:
        give(problem)
    assert caught.value is problem
    assert problem.__cause__ is None and problem.__context__ is None
    frames = [frame.name for frame in traceback.extract_tb(problem.__traceback__)]
    assert frames == ["test_a_result_is_the_same_object_and_an_error_the_same_error", "call", "give"]
    failed = recorded.events("give")[-1]
    assert failed["ok"] is False and failed["commit"] == COMMIT
    assert (failed["error"]["type"], failed["error"]["message"]) == ("LookupError", "gone")
    assert [frame[2] for frame in failed["error"]["frames"]] == ["give"]


def test_methods_of_all_kinds(recorded: Recorded) -> None:
    class Shop:
        rate = 2

        @tool
        def price(self, net: int) -> int:
            return net * self.rate

        @classmethod
        @tool
        def named(cls, name: str) -> str:
            return cls.__name__ + name

        @tool
        @staticmethod
        def plain(value: int) -> int:
            return value

        @property
        @tool
        def size(self) -> int:
            return 3

    shop = Shop()
    assert (shop.price(2), Shop.price(shop, 3), Shop.named("!"), shop.plain(1), Shop.plain(2), shop.size) == (
        4, 6, "Shop!", 1, 2, 3,
    )  # fmt: skip
    assert [event["args"] for event in recorded.events("Shop.price")] == [[2], [3]]
    assert [event["args"] for event in recorded.events("Shop.plain")] == [[1], [2]]


def test_generators_take_sent_values_thrown_errors_and_closing(recorded: Recorded) -> None:
    seen: list[object] = []

    @tool
    def talk(first: str) -> Generator[str, str, str]:
        try:
            answer = yield first
            while answer != "end":
                try:
                    answer = yield answer.upper()
                except KeyError as error:
                    answer = yield f"caught {error}"
            return "said all"
        finally:
            seen.append("closed")

    run = talk("hello")
    assert [next(run), run.send("a"), run.throw(KeyError("k"))] == ["hello", "A", "caught 'k'"]
    with pytest.raises(StopIteration) as stop:
        run.send("end")
    assert stop.value.value == "said all" and seen == ["closed"]
    early = talk("x")
    next(early)
    early.close()
    assert seen == ["closed", "closed"]
    assert recorded.events("talk")[0]["result"] == "said all"


def test_asynchronous_generators_take_the_same(recorded: Recorded) -> None:
    seen: list[str] = []

    @tool
    async def talk() -> Any:
        try:
            answer = yield "hello"
            while True:
                try:
                    answer = yield str(answer).upper()
                except KeyError:
                    answer = "caught"
        finally:
            seen.append("closed")

    async def converse() -> None:
        run = talk()
        assert await anext(run) == "hello"
        assert await run.asend("a") == "A"
        assert await run.athrow(KeyError("k")) == "CAUGHT"
        await run.aclose()
        assert seen == ["closed"]

    asyncio.run(converse())


def test_a_cancelled_call_is_interrupted_not_failed(recorded: Recorded) -> None:
    @tool
    async def wait() -> None:
        await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    flush()
    assert recorded.calls("wait") == {"interrupted": 1}


def test_recursion_goes_as_deep_as_half_of_the_stack(recorded: Recorded) -> None:
    @tool(sample=0.0)
    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + down(depth - 1)

    assert down(sys.getrecursionlimit() // 2 - 200) > 100


class Hostile:
    """Every look at it is an error."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("do not look")

    def __repr__(self) -> str:
        raise RuntimeError("do not look")

    __str__ = __repr__
    __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __repr__  # type: ignore[assignment]


@tool
def take(value: object) -> object:
    return value


class LyingDict(dict[str, object]):
    def items(self) -> Any:
        raise RuntimeError("do not look")


def test_no_method_of_the_program_is_called(recorded: Recorded) -> None:
    endless: list[object] = []
    endless.append(endless)
    values: list[object] = [Hostile(), LyingDict(a=1), endless, [Hostile()], {"k": Hostile()}, 10**5000, float("nan")]
    for value in values:
        assert take(value) is value
    assert [bool(event.get("unreplayable")) for event in recorded.events("take")] == [True] * 6 + [False]
    assert len(recorded.events("take")) == len(values)


def test_arguments_are_told_as_they_were_before_the_call(recorded: Recorded) -> None:
    @tool
    def empty(items: list[int]) -> int:
        total = sum(items)
        items.clear()
        return total

    assert empty([1, 2]) == 3
    assert recorded.events("empty")[0]["args"] == [[1, 2]]


class Adder(BaseTool):
    """A sum."""

    def get_tool_characteristics(self) -> dict[str, object]:
        return {"idempotent": True}

    def execute(self, a: int, b: int) -> int:
        return a + b


class LaterAdder(BaseTool):
    async def execute(self, a: int, b: int) -> int:
        return a + b


def test_every_execute_of_a_tool_class_is_recorded(recorded: Recorded) -> None:
    assert Adder().execute(1, b=2) == 3
    assert asyncio.run(LaterAdder().execute(3, 4)) == 7
    one, two = recorded.events("Adder.execute")
    assert (one["args"], one["kwargs"], one["result"]) == ([1], {"b": 2}, 3)
    assert (two["tool"].split(":")[1], two["result"]) == ("LaterAdder.execute", 7)
    assert "unreplayable" not in one
    with pytest.raises(NotImplementedError, match="has no execute"):
        BaseTool().execute()


def test_an_object_with_state_cannot_be_made_again(recorded: Recorded) -> None:
    adder = Adder()
    adder.rate = 2  # type: ignore[attr-defined]
    adder.execute(1, 2)
    assert "object" in recorded.events("Adder.execute")[0]["unreplayable"]


def test_what_a_tool_declares_can_be_read_and_not_changed() -> None:
    declared = tool(idempotent=True, side_effects="writes_to_database", examples=[{"input": [1]}])(double)
    told = declared.__tool__
    assert (told.idempotent, told.side_effects, told.examples) == (True, ("writes_to_database",), ({"input": [1]},))
    with pytest.raises(AttributeError, match="do not change"):
        told.idempotent = False


@pytest.mark.parametrize("wrong", [3, "name", object(), len])
def test_what_is_no_function_is_refused_with_the_way_out(wrong: object) -> None:
    with pytest.raises(TypeError, match="use BaseTool"):
        tool(wrong)
