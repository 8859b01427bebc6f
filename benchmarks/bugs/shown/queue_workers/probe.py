"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import asyncio
import contextlib
import io
import json
import random
import signal

from queue_workers.channel import Channel, forward
from queue_workers.pool import Pool, Report
from queue_workers.retrying import AllFailedError, all_within, delays, first_success, retry, within


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


ERRORS = [OSError, KeyError, ValueError]


def failing(log, name, times, error):
    count = [0]

    async def call():
        count[0] += 1
        log.append(f"{name}{count[0]}")
        await asyncio.sleep(0)
        if count[0] <= times:
            raise error(f"{name} failed {count[0]}")
        return name.upper()

    return call


def sleeping(seconds, result):
    async def call():
        await asyncio.sleep(seconds)
        return result

    return call


def outcome(coroutine):
    try:
        return repr(asyncio.run(coroutine))
    except AllFailedError as error:
        return f"all failed: {error.errors!r}"


def retry_story(seed):
    chance, log = random.Random(seed), []
    call = failing(log, "job", chance.randrange(5), chance.choice(ERRORS))
    attempts, only = chance.randrange(1, 6), chance.choice([Exception, OSError, LookupError])
    return [observe(lambda: outcome(retry(call, attempts, only=only))), repr(log)]


def success_story(seed):
    chance, log = random.Random(seed), []
    calls = [failing(log, name, chance.randrange(3), chance.choice(ERRORS)) for name in "abcd"[: chance.randrange(5)]]
    return [observe(lambda: outcome(first_success(calls))), repr(log)]


def pool_story(seed):
    chance, log = random.Random(seed), []
    pool = Pool(chance.randrange(1, 4), chance.randrange(1, 4))
    seen = []
    for round_number in range(2):
        for name in chance.sample("abcdefg", chance.randrange(8)):
            call = failing(log, f"{name}{round_number}", chance.randrange(4), chance.choice(ERRORS))
            pool.add(name, call, chance.randrange(3))
        seen.append(observe(lambda: vars(asyncio.run(pool.run()))))
        seen.append(repr(log))
    return seen


async def channel_steps(chance):
    channels = [Channel(chance.randrange(1, 5)) for _ in range(3)]
    seen = []
    for number in range(40):
        channel = chance.choice(channels)
        operation = chance.choice(["send", "send", "send", "receive", "receive", "drain", "close", "forward"])
        if operation == "close" and chance.random() < 0.6:
            operation = "send"
        try:
            if operation == "send":
                result = await channel.send(chance.choice([number, number, None]))
            elif operation == "receive":
                result = await channel.receive()
            elif operation == "drain":
                result = await channel.drain()
            elif operation == "close":
                result = channel.close()
            else:
                others = [other for other in channels if other is not channel]
                result = await forward(channel, others)
            seen.append(repr(result))
        except Exception as error:
            seen.append(f"! {type(error).__name__}")
        seen.append(repr([one.dropped for one in channels]))
    return seen


def behaviours():
    seen = [
        observe(delays, attempts, first, factor, longest)
        for attempts in range(1, 7)
        for first in (0.0, 0.5, 2.0)
        for factor in (1.0, 2.0, 3.0)
        for longest in (3.0, 60.0)
    ]
    for seed in range(60):
        seen.extend(retry_story(seed))
        seen.extend(success_story(seed))
    for seed in range(40):
        seen.extend(pool_story(seed))
        seen.append(observe(lambda seed=seed: asyncio.run(channel_steps(random.Random(seed)))))
    for fallback in (None, "late", 0):
        seen.append(observe(lambda fallback=fallback: asyncio.run(within(sleeping(0, "x"), 0.5, fallback))))
        seen.append(observe(lambda fallback=fallback: asyncio.run(within(sleeping(5, "x"), 0.01, fallback))))
        calls = {"b": sleeping(5, 1), "a": sleeping(0, 2), "c": sleeping(0.001, 3)}
        seen.append(
            observe(lambda calls=calls, fallback=fallback: list(asyncio.run(all_within(calls, 0.2, fallback)).items()))
        )
    seen.append(observe(lambda: asyncio.run(within(failing([], "a", 1, OSError), 0.5, 1))))
    for good in range(4):
        for bad in range(4):
            report = Report(dict.fromkeys(range(good)), dict.fromkeys(range(bad)))
            seen.append(observe(lambda report=report: report.share))
    seen.extend(observe(lambda workers=workers: Pool(workers).workers) for workers in (-1, 0, 1, 2))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
