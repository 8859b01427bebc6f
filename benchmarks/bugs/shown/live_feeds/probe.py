"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import asyncio
import json
import random
import signal
from collections.abc import Awaitable, Callable

import live_feeds
from live_feeds import Feed, FeedError, Item

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(18)


def plain(item: Item | None) -> object:
    return item if item is None else (item.number, item.text, item.revision, list(item.labels))


def random_items(count: int) -> list[Item]:
    return [Item(dice.randrange(1, 7), dice.choice("abcdef"), dice.randrange(1, 4)) for _ in range(count)]


def random_tree(depth: int) -> dict[str, dict]:
    names = dice.sample(["news", "arts", "b", "a", "town"], dice.randrange(0, 4))
    return {name: random_tree(depth - 1) if depth else {} for name in names}


def labelled(names: list[str]) -> object:
    first, second = Item(1, "x"), Item(2, "y")
    for name in names:
        first.label(name)
    second.label("other")
    return plain(first), plain(second), plain(Item(3, "z"))


def told(pages: list[list[Item]], numbers: list[int]) -> object:
    """Everything that a feed of these pages says, and how often it was asked."""

    async def story() -> list[object]:
        asked = []

        async def fetch(number: int) -> list[Item]:
            await asyncio.sleep(0)
            asked.append(number)
            if number > 50:
                raise ValueError("no end")
            return pages[number - 1] if number <= len(pages) else []

        feed = Feed(fetch)
        said: list[object] = [plain(await feed.find(number)) for number in numbers]
        said.append([plain(item) for item in await feed.page(2)])
        said.append([plain(item) async for item in feed.items()])
        return [*said, [plain(item) for item in await feed.page(9)], asked, feed.requests]

    return asyncio.run(story())


def answering(failures: int, answer: object, error: type[Exception] = FeedError) -> Callable[[], Awaitable[object]]:
    left = failures

    async def call() -> object:
        nonlocal left
        await asyncio.sleep(0)
        if left > 0:
            left -= 1
            raise error
        return answer

    return call


def retried(failures: int, attempts: int, error: type[Exception]) -> object:
    async def story() -> object:
        return await live_feeds.retried(answering(failures, "fine", error), attempts)

    return asyncio.run(story())


def gathered(kinds: list[str], items: list[Item]) -> object:
    errors = {"fail": FeedError, "key": KeyError, "value": ValueError}

    async def story() -> object:
        calls = {}
        for index, kind in enumerate(kinds):
            calls[f"{kind}{index}"] = answering(int(kind in errors), items[index:], errors.get(kind, FeedError))()
        found, failed = await live_feeds.gathered(calls)
        return [plain(item) for item in found], failed

    return asyncio.run(story())


def limited(numbers: list[int], at_once: int) -> object:
    running: list[int] = []
    sizes: list[int] = []

    def job(number: int) -> Callable[[], Awaitable[int]]:
        async def call() -> int:
            running.append(number)
            sizes.append(len(running))
            for _ in range(number % 3 + 1):
                await asyncio.sleep(0)
            running.remove(number)
            return number * 10

        return call

    async def story() -> list[int]:
        return await live_feeds.limited([job(number) for number in numbers], at_once)

    return asyncio.run(story()), max(sizes, default=0)


def collected(numbers: list[int | None], producers: int) -> object:
    async def story() -> object:
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        for number in numbers + [None] * producers:
            queue.put_nowait(number)
        return await live_feeds.collected(queue, producers), queue.qsize()

    return asyncio.run(story())


for _ in range(40):
    values = [dice.randrange(0, 9) for _ in range(dice.randrange(0, 9))]
    ask(labelled, dice.choices("abc", k=dice.randrange(0, 5)))
    ask(lambda values, size: list(live_feeds.batches(values, size)), values, dice.randrange(1, 5))
    ask(lambda items: [plain(item) for item in live_feeds.latest(items)], random_items(dice.randrange(0, 9)))
    ask(lambda values, size: list(live_feeds.windows(values, size)), values, dice.randrange(1, 5))
    ask(lambda tree: list(live_feeds.nested(tree)), random_tree(3))
    ask(lambda words: dict(live_feeds.tally(words)), dice.choices(["a", "B", "A", "c"], k=dice.randrange(0, 6)))
    ask(live_feeds.tally, dice.choices(["a", "B", "A"], k=dice.randrange(0, 6)), {"a": 3, "z": 1})
    pages = [random_items(dice.randrange(1, 4)) for _ in range(dice.randrange(0, 4))]
    ask(told, pages, [dice.randrange(1, 9) for _ in range(dice.randrange(0, 3))])
    ask(retried, dice.randrange(0, 5), dice.randrange(0, 5), dice.choice([FeedError, FeedError, KeyError]))
    kinds = dice.choices(["good", "good", "fail", "good", "fail", "key", "value"], k=dice.randrange(0, 4))
    ask(gathered, kinds, random_items(4))
    ask(limited, dice.sample(range(20), dice.randrange(0, 7)), dice.randrange(1, 5))
    ask(collected, [dice.choice([1, 2, 3, None]) for _ in range(dice.randrange(0, 6))], dice.randrange(1, 4))

print(json.dumps(ANSWERS))
