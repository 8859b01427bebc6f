"""Prints what the program does on many inputs as one JSON list of strings."""

import asyncio
import json
import random
import signal
import warnings

from crawl import Cache, Limiter, crawl, fetch_all, first_good, pipeline, with_retries


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


warnings.simplefilter("ignore")
rng = random.Random(12)


class Web:
    """Answers by URL, one for each call; notes the calls."""

    def __init__(self, pages):
        self.pages = {url: list(answers) for url, answers in pages.items()}
        self.calls = []
        self.busy = self.most = 0

    async def fetch(self, url):
        self.calls.append(url)
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        answers = self.pages[url]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer():
    return rng.choice([OSError("down"), OSError("gone"), ValueError("bad"), "one", "two", ["x"]])


def pages():
    return {url: [answer() for _ in range(rng.randrange(1, 5))] for url in "abcde"}


def look_async(name, story):
    look(name, lambda: asyncio.run(story()))


async def caught(awaitable):
    try:
        return await awaitable
    except Exception as error:
        return f"! {type(error).__name__} {error}"


def fetching(urls, workers):
    async def story():
        web = Web({url: [url.upper()] for url in "abcde"})
        found = await caught(fetch_all(web.fetch, urls, workers))
        return found, sorted(web.calls), web.most

    return story


def retrying(given, attempts):
    async def story():
        web, pauses = Web(given), []

        async def wait(seconds):
            pauses.append(seconds)

        return await caught(with_retries(web.fetch, "a", attempts, wait)), web.calls, pauses

    return story


def mirrors(given, urls):
    async def story():
        web = Web(given)
        return await caught(first_good(web.fetch, urls)), web.calls

    return story


def crawling(links, depth):
    async def story():
        web = Web({page: [found] for page, found in links.items()})
        return sorted((await crawl(web.fetch, "a", depth)).items()), sorted(web.calls)

    return story


def caching(given, steps):
    async def story():
        web = Web(given)
        cache = Cache(web.fetch)
        out = []
        for step, url in steps:
            if step == "both":
                out.append(await asyncio.gather(caught(cache.get(url)), caught(cache.get(url))))
            else:
                out.append(await caught(getattr(cache, step)(url)))
        return out, web.calls

    return story


def limiting(count, seconds, gaps):
    async def story():
        time = [50]

        async def wait(delay):
            time[0] += delay

        limiter = Limiter(count, seconds, lambda: time[0], wait)
        waited = []
        for gap in gaps:
            time[0] += gap
            waited.append(await limiter.ready())
        return waited

    return story


def piping(numbers, count):
    async def story():
        async def source():
            for number in numbers:
                yield number

        async def odd(number):
            return number if number % 2 else None

        async def half(number):
            return number // 2

        async def small(number):
            return None if number > 9 else number

        return await pipeline(source(), *[odd, half, small][:count])

    return story


for _ in range(40):
    look_async("fetch_all", fetching([rng.choice("abcde") for _ in range(rng.randrange(0, 8))], rng.randrange(1, 4)))
    look_async("with_retries", retrying(pages(), rng.randrange(1, 5)))
    look_async("first_good", mirrors(pages(), rng.sample("abcde", rng.randrange(0, 5))))
    links = {page: rng.sample("abcdefgh", rng.randrange(0, 4)) for page in "abcdefgh"}
    look_async("crawl", crawling(links, rng.randrange(0, 5)))
    steps = [(rng.choice(["get", "get", "refresh", "both"]), rng.choice("ab")) for _ in range(rng.randrange(1, 7))]
    look_async("Cache", caching(pages(), steps))
    look_async("Limiter", limiting(rng.randrange(1, 4), rng.choice([5, 10]), [rng.randrange(0, 7) for _ in range(8)]))
    look_async("pipeline", piping([rng.randrange(0, 40) for _ in range(rng.randrange(0, 8))], rng.randrange(0, 4)))
print(json.dumps(seen))
