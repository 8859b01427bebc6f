import asyncio

import pytest
from live_feeds import (
    Feed,
    FeedError,
    Item,
    batches,
    collected,
    gathered,
    latest,
    limited,
    nested,
    retried,
    tally,
    windows,
)


def test_labels():
    item = Item(1, "one")
    item.label("new")
    item.label("new")
    assert item.labels == ["new"]


def test_labels_belong_to_one_item():
    first, second = Item(1, "one"), Item(2, "two")
    first.label("old")
    assert second.labels == []


def test_batches():
    assert list(batches([1, 2, 3, 4], 2)) == [[1, 2], [3, 4]]
    assert list(batches("abc", 2)) == [["a", "b"], ["c"]]
    assert list(batches([], 2)) == []


def test_latest():
    items = [Item(2, "b"), Item(1, "a", 2), Item(1, "old", 1), Item(2, "again")]
    assert [(item.number, item.text) for item in latest(items)] == [(1, "a"), (2, "again")]


def test_windows():
    assert list(windows([1, 2, 3, 4], 3)) == [(1, 2, 3), (2, 3, 4)]
    assert list(windows([1, 2], 3)) == []
    assert list(windows([1, 2], 1)) == [(1,), (2,)]


def test_nested():
    tree = {"news": {"world": {}, "home": {"town": {}}}, "arts": {}}
    assert list(nested(tree)) == ["arts", "news", "  home", "    town", "  world"]


def test_tally():
    assert tally(["A", "b", "a"]) == {"a": 2, "b": 1}
    assert tally(["b"]) == {"b": 1}


def test_tally_goes_on():
    assert tally(["x"], {"x": 1}) == {"x": 2}


PAGES = {1: [Item(5, "e"), Item(4, "d")], 2: [Item(3, "c")]}


@pytest.fixture
def feed():
    async def fetch(number):
        await asyncio.sleep(0)
        return PAGES.get(number, [])

    return Feed(fetch)


def test_page_is_fetched_once(feed):
    async def story():
        first = await feed.page(1)
        second = await feed.page(1)
        return first, second

    first, second = asyncio.run(story())
    assert [item.number for item in first] == [5, 4]
    assert first == second
    assert feed.requests == 1


def test_all_items(feed):
    async def story():
        return [item.text async for item in feed.items()]

    assert asyncio.run(story()) == ["e", "d", "c"]


def test_find(feed):
    assert asyncio.run(feed.find(4)).text == "d"
    assert feed.requests == 1
    assert asyncio.run(feed.find(99)) is None


def failing(times, answer="fine"):
    """A call that fails some times; its `calls` counts."""

    async def call():
        call.calls += 1
        if call.calls <= times:
            raise FeedError
        return answer

    call.calls = 0
    return call


def test_retried():
    call = failing(2)
    assert asyncio.run(retried(call, 3)) == "fine"
    assert call.calls == 3


def test_retried_in_vain():
    call = failing(5)
    with pytest.raises(FeedError):
        asyncio.run(retried(call, 3))
    assert call.calls == 3


def test_gathered():
    async def story():
        return await gathered(
            {"a": failing(0, [Item(1, "one")])(), "b": failing(1)(), "c": failing(0, [Item(2, "two")])()}
        )

    items, failed = asyncio.run(story())
    assert [item.text for item in items] == ["one", "two"]
    assert failed == ["b"]


def test_gathered_passes_other_errors_on():
    async def broken():
        raise KeyError("x")

    async def story():
        return await gathered({"a": broken()})

    with pytest.raises(KeyError):
        asyncio.run(story())


def test_limited():
    running = most = 0

    def job(number):
        async def call():
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            return number * number

        return call

    assert asyncio.run(limited([job(number) for number in range(5)], 2)) == [0, 1, 4, 9, 16]
    assert most == 2


def test_collected():
    async def story():
        queue = asyncio.Queue()
        for number in (1, 2, None, 3, None, 4):
            queue.put_nowait(number)
        return await collected(queue, 2)

    assert asyncio.run(story()) == [1, 2, 3]
