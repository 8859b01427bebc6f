"""Asynchronous fetching: a pool of workers, limits, repeats and caches. `fetch` is any coroutine function of a URL."""

import asyncio


async def fetch_all(fetch, urls, workers=3):
    """The results by URL, each URL fetched once, at most `workers` at the same time."""
    gate = asyncio.Semaphore(workers)
    results = {}

    async def one(url):
        async with gate:
            results[url] = await fetch(url)

    await asyncio.gather(*(one(url) for url in dict.fromkeys(urls)))
    return {url: results[url] for url in urls}


async def with_retries(fetch, url, attempts=3, wait=asyncio.sleep):
    """Tries up to `attempts` times and waits 1, 2, 4 ... between; the last error is raised.

    Only OSError is tried again.
    """
    pause = 1
    for attempt in range(1, attempts + 1):
        try:
            return await fetch(url)
        except OSError:
            if attempt == attempts:
                raise
            await wait(pause)
            pause *= 2


async def first_good(fetch, mirrors):
    """The result of the first mirror (in order) that answers; LookupError if none does."""
    for mirror in mirrors:
        try:
            return await fetch(mirror)
        except OSError:
            continue
    raise LookupError("no mirror answers")


async def crawl(fetch_links, start, depth):
    """All pages within `depth` links of `start`, with their distance. `fetch_links` gives the links of a page."""
    distance = {start: 0}
    front = [start]
    for level in range(1, depth + 1):
        pages = await asyncio.gather(*(fetch_links(page) for page in front))
        front = []
        for links in pages:
            for link in links:
                if link not in distance:
                    distance[link] = level
                    front.append(link)
    return distance


class Cache:
    """Remembers answers; who asks for the same URL while it is on its way waits for the same answer."""

    def __init__(self, fetch):
        self.fetch = fetch
        self.answers = {}
        self.hits = 0

    async def get(self, url):
        """An answer; a failed fetch is not remembered."""
        if url in self.answers:
            self.hits += 1
        else:
            self.answers[url] = asyncio.ensure_future(self.fetch(url))
        try:
            return await self.answers[url]
        except Exception:
            self.answers.pop(url, None)
            raise

    async def refresh(self, url):
        """Asks again, whatever is remembered."""
        self.answers.pop(url, None)
        return await self.get(url)


class Limiter:
    """At most `count` calls in any `seconds`, by a clock that is handed in."""

    def __init__(self, count, seconds, now, wait):
        self.count = count
        self.seconds = seconds
        self.now = now
        self.wait = wait
        self.times = []

    async def ready(self):
        """Comes back when the next call is allowed, and counts it. Returns how long it waited."""
        waited = 0
        self.times = [time for time in self.times if time > self.now() - self.seconds]
        if len(self.times) >= self.count:
            waited = self.times[-self.count] + self.seconds - self.now()
            await self.wait(waited)
        self.times.append(self.now())
        return waited


async def pipeline(source, *stages):
    """Sends every item of an asynchronous iterator through all stages; a stage that gives None drops the item."""
    done = []
    async for item in source:
        for stage in stages:
            item = await stage(item)
            if item is None:
                break
        else:
            done.append(item)
    return done
