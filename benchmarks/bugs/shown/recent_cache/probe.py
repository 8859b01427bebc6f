"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from recent_cache import RecentCache, call_key, minutes, remember


class OutOfTimeError(BaseException):
    """A call took longer than its second."""


def stop(*_):
    raise OutOfTimeError


def observe(call, *arguments, **options):
    """What one call returns, as text; the name of its exception; or that it did not end within 1 s."""
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return repr(call(*arguments, **options))
    except OutOfTimeError:
        return "! timeout"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Clock:
    now = 0

    def __call__(self):
        return self.now


def story(seed):
    """Sixty random operations on one cache under a clock that goes on by whole seconds."""
    chance, clock = random.Random(seed), Clock()
    cache = RecentCache(chance.randrange(1, 5), chance.choice([3, 10, 100]), clock)
    seen = []
    for number in range(60):
        clock.now += chance.choice([0, 0, 1, 2])
        key = chance.choice("abcdef")
        operation = chance.choice(["get", "get", "get", "put", "put", "own", "purge", "len", "popular", "ratio"])
        if operation == "get":
            seen.append(observe(cache.get, key, chance.choice([None, "default"])))
        elif operation == "put":
            seen.append(observe(cache.put, key, number))
        elif operation == "own":
            seen.append(observe(cache.put, key, number, chance.choice([0, 1, 5])))
        elif operation == "purge":
            seen.append(observe(cache.purge))
        elif operation == "len":
            seen.append(observe(len, cache))
        elif operation == "popular":
            seen.append(observe(cache.popular, chance.randrange(1, 5)))
        else:
            seen.append(observe(cache.ratio))
        if chance.random() < 0.4:
            seen.append(observe(cache.keys))
        seen.append(repr((cache.hits, cache.misses)))
    return seen


def decorator_story(seed):
    chance, calls = random.Random(seed), []
    clock = Clock()

    @remember(RecentCache(3, 5, clock))
    def joined(*args, **kwargs):
        calls.append((args, kwargs))
        if "x" in kwargs and kwargs["x"] == 0:
            raise ValueError("x")
        return None if args == (0,) else (args, sorted(kwargs.items()))

    seen = []
    for _ in range(30):
        clock.now += chance.choice([0, 0, 1])
        args = tuple(chance.choice([0, 1]) for _ in range(chance.randrange(2)))
        names = chance.sample(["x", "y"], chance.randrange(3))
        seen.append(observe(joined, *args, **{name: chance.randrange(2) for name in names}))
        seen.append(str(len(calls)))
    return seen


def same_key(one, other):
    return call_key(*one) == call_key(*other)


def behaviours():
    seen = [observe(minutes, number) for number in (0, 1, 2, 7, 60, 90)]
    ways = [
        ((), {}),
        ((1,), {}),
        ((), {"a": 1}),
        ((), {"a": 1, "b": 2}),
        ((), {"b": 2, "a": 1}),
        ((1,), {"b": 2, "a": 1}),
        ((1,), {"a": 1, "b": 2}),
        ((1, 2), {}),
        ((2, 1), {}),
        ((), {"a": 2, "b": 1}),
    ]
    for one in ways:
        seen.extend(observe(same_key, one, other) for other in ways)
    seen.extend(observe(lambda capacity=capacity: RecentCache(capacity).lifetime) for capacity in (-1, 0, 1))
    for seed in range(40):
        seen.extend(story(seed))
        seen.extend(decorator_story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
