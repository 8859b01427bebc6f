"""Feeds of numbered items: batching, merging, paging, retrying and caching, with generators and asyncio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator


class FeedError(Exception):
    """The feed does not answer."""


class Item:
    """An entry of a feed; a later revision replaces an earlier one with the same number."""

    def __init__(self, number: int, text: str, revision: int = 1) -> None:
        self.number = number
        self.text = text
        self.revision = revision
        self.labels: list[str] = []

    def label(self, name: str) -> None:
        if name not in self.labels:
            self.labels.append(name)


def batches(values: Iterable[object], size: int) -> Iterator[list[object]]:
    """Lists of `size` values each; the last one may be shorter."""
    batch: list[object] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def latest(items: Iterable[Item]) -> list[Item]:
    """The highest revision of each number (the later one between equals), in the order of numbers."""
    newest: dict[int, Item] = {}
    for item in items:
        known = newest.get(item.number)
        if known is None or item.revision >= known.revision:
            newest[item.number] = item
    return [newest[number] for number in sorted(newest)]


def windows(values: Iterable[int], size: int) -> Iterator[tuple[int, ...]]:
    """All runs of `size` neighbouring values."""
    window: list[int] = []
    for value in values:
        window.append(value)
        if len(window) > size:
            window.pop(0)
        if len(window) == size:
            yield tuple(window)


def nested(tree: dict[str, dict], depth: int = 0) -> Iterator[str]:
    """The names of a tree of topics, each below its parent and indented by two blanks more."""
    for name in sorted(tree):
        yield "  " * depth + name
        yield from nested(tree[name], depth + 1)


def tally(words: Iterable[str], counts: dict[str, int] | None = None) -> dict[str, int]:
    """How often each word occurs, in lower case; added to `counts` when they are given."""
    if counts is None:
        counts = {}
    for word in words:
        word = word.lower()
        counts[word] = counts.get(word, 0) + 1
    return counts


class Feed:
    """A source of items that is asked page by page and remembers the pages that it has got."""

    def __init__(self, fetch: Callable[[int], Awaitable[list[Item]]]) -> None:
        self.fetch = fetch
        self.pages: dict[int, list[Item]] = {}
        self.requests = 0

    async def page(self, number: int) -> list[Item]:
        """One page, fetched at most once; an empty page is fetched again, as it may have filled."""
        if not self.pages.get(number):
            self.requests += 1
            self.pages[number] = await self.fetch(number)
        return self.pages[number]

    async def items(self) -> AsyncIterator[Item]:
        """All items, page after page, until a page is empty."""
        number = 1
        while True:
            page = await self.page(number)
            if not page:
                return
            for item in page:
                yield item
            number += 1

    async def find(self, number: int) -> Item | None:
        """The first item with the number, or None; asks for no more pages than needed."""
        async for item in self.items():
            if item.number == number:
                return item
        return None


async def retried(call: Callable[[], Awaitable[object]], attempts: int, pause: float = 0.0) -> object:
    """The answer of the call, which is tried again after a FeedError; the last one is passed on."""
    for attempt in range(1, attempts + 1):
        try:
            return await call()
        except FeedError:
            if attempt == attempts:
                raise
            await asyncio.sleep(pause)
    raise ValueError("at least one attempt is needed")


async def gathered(calls: dict[str, Awaitable[list[Item]]]) -> tuple[list[Item], list[str]]:
    """The items of all feeds in the order of the feeds, and the names of those that failed."""
    answers = await asyncio.gather(*calls.values(), return_exceptions=True)
    items: list[Item] = []
    failed = []
    for name, answer in zip(calls, answers, strict=True):
        if isinstance(answer, FeedError):
            failed.append(name)
        elif isinstance(answer, BaseException):
            raise answer
        else:
            items.extend(answer)
    return items, failed


async def limited(calls: list[Callable[[], Awaitable[int]]], at_once: int) -> list[int]:
    """The answers of all calls in their order, of which at most `at_once` run at the same time."""
    gate = asyncio.Semaphore(at_once)

    async def guarded(call: Callable[[], Awaitable[int]]) -> int:
        async with gate:
            return await call()

    return list(await asyncio.gather(*(guarded(call) for call in calls)))


async def collected(queue: asyncio.Queue[int | None], producers: int) -> list[int]:
    """The numbers from a queue in the order of arrival, until each of its producers has put None."""
    numbers = []
    while producers > 0:
        number = await queue.get()
        if number is None:
            producers -= 1
        else:
            numbers.append(number)
    return numbers
