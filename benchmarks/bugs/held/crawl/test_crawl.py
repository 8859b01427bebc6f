import asyncio

import pytest

from crawl import Cache, Limiter, crawl, fetch_all, first_good, pipeline, with_retries


class Web:
    """Pages by URL; a list holds an answer for each call, and errors are raised."""

    def __init__(self, **pages):
        self.pages = pages
        self.calls = []
        self.busy = self.most = 0

    async def fetch(self, url):
        self.calls.append(url)
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        page = self.pages[url]
        if isinstance(page, list):
            page = page.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def test_fetch_all():
    web = Web(a="A", b="B")
    assert asyncio.run(fetch_all(web.fetch, ["b", "a"])) == {"b": "B", "a": "A"}


def test_fetch_all_fetches_once():
    web = Web(a="A", b="B")
    asyncio.run(fetch_all(web.fetch, ["a", "b", "a"]))
    assert sorted(web.calls) == ["a", "b"]


def test_fetch_all_is_limited():
    web = Web(**dict.fromkeys("abcdefg", "x"))
    asyncio.run(fetch_all(web.fetch, list("abcdefg"), workers=2))
    assert web.most == 2


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def wait(pauses):
    async def wait(seconds):
        pauses.append(seconds)

    return wait


def test_retries(wait, pauses):
    web = Web(a=[OSError("down"), OSError("down"), "A"])
    assert asyncio.run(with_retries(web.fetch, "a", wait=wait)) == "A"
    assert pauses == [1, 2]


def test_retries_give_up(wait, pauses):
    web = Web(a=OSError("down"))
    with pytest.raises(OSError, match="down"):
        asyncio.run(with_retries(web.fetch, "a", attempts=4, wait=wait))
    assert len(web.calls) == 4
    assert pauses == [1, 2, 4]


def test_other_errors_are_not_tried_again(wait):
    web = Web(a=ValueError("bad page"))
    with pytest.raises(ValueError):
        asyncio.run(with_retries(web.fetch, "a", wait=wait))
    assert web.calls == ["a"]


def test_first_good():
    web = Web(a=OSError("down"), b="B", c="C")
    assert asyncio.run(first_good(web.fetch, ["a", "b", "c"])) == "B"
    assert web.calls == ["a", "b"]


def test_no_good_mirror():
    web = Web(a=OSError("down"))
    with pytest.raises(LookupError):
        asyncio.run(first_good(web.fetch, ["a"]))
    with pytest.raises(LookupError):
        asyncio.run(first_good(web.fetch, []))


LINKS = {"home": ("a", "b"), "a": ("home", "c"), "b": ("c", "d"), "c": ("e",), "d": (), "e": ()}


@pytest.mark.parametrize(
    ("depth", "pages"),
    [
        (0, {"home": 0}),
        (1, {"home": 0, "a": 1, "b": 1}),
        (2, {"home": 0, "a": 1, "b": 1, "c": 2, "d": 2}),
        (9, {"home": 0, "a": 1, "b": 1, "c": 2, "d": 2, "e": 3}),
    ],
)
def test_crawl(depth, pages):
    assert asyncio.run(crawl(Web(**LINKS).fetch, "home", depth)) == pages


def test_crawl_fetches_each_page_once():
    web = Web(**LINKS)
    asyncio.run(crawl(web.fetch, "home", 9))
    assert sorted(web.calls) == ["a", "b", "c", "d", "e", "home"]


def test_cache_remembers():
    async def story():
        web = Web(a="A")
        cache = Cache(web.fetch)
        assert await cache.get("a") == "A"
        assert await cache.get("a") == "A"
        return web.calls, cache.hits

    assert asyncio.run(story()) == (["a"], 1)


def test_cache_shares_what_is_on_its_way():
    async def story():
        web = Web(a="A")
        cache = Cache(web.fetch)
        assert await asyncio.gather(cache.get("a"), cache.get("a")) == ["A", "A"]
        return web.calls

    assert asyncio.run(story()) == ["a"]


def test_cache_forgets_failures():
    async def story():
        cache = Cache(Web(a=[OSError("down"), "A"]).fetch)
        with pytest.raises(OSError):
            await cache.get("a")
        return await cache.get("a")

    assert asyncio.run(story()) == "A"


def test_refresh():
    async def story():
        cache = Cache(Web(a=["old", "new"]).fetch)
        return [await cache.get("a"), await cache.refresh("a"), await cache.get("a")]

    assert asyncio.run(story()) == ["old", "new", "new"]


class Clock:
    def __init__(self):
        self.time = 100

    def now(self):
        return self.time

    async def wait(self, seconds):
        self.time += seconds


def test_limiter():
    async def story():
        clock = Clock()
        limiter = Limiter(2, 10, clock.now, clock.wait)
        waited = [await limiter.ready()]
        clock.time += 3
        waited += [await limiter.ready(), await limiter.ready(), await limiter.ready()]
        return waited

    assert asyncio.run(story()) == [0, 0, 7, 3]


def test_limiter_after_a_quiet_time():
    async def story():
        clock = Clock()
        limiter = Limiter(1, 10, clock.now, clock.wait)
        await limiter.ready()
        clock.time += 10
        return await limiter.ready()

    assert asyncio.run(story()) == 0


def test_pipeline():
    async def numbers():
        for number in range(5):
            yield number

    async def odd(number):
        return number if number % 2 else None

    async def double(number):
        return number * 2

    assert asyncio.run(pipeline(numbers(), odd, double)) == [2, 6]
    assert asyncio.run(pipeline(numbers())) == [0, 1, 2, 3, 4]
