"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

import stream_pipes as streams


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


def listed(step, *arguments, **options):
    """All values of a step, at most two thousand; generators inside show as such."""
    values = []
    for value in step(*arguments, **options):
        values.append("generator" if hasattr(value, "send") else value)
        if len(values) > 2000:
            return "endless"
    return values


def nested(chance, depth=3):
    make = chance.choice([list, tuple])
    return make(
        nested(chance, depth - 1) if depth and chance.random() < 0.4 else chance.choice([1, 2, "ab", "", None])
        for _ in range(chance.randrange(4))
    )


def read_after_take(size, count):
    numbers = iter(range(size))
    taken = streams.Pipe(numbers).take(count).list()
    return taken, list(numbers)


def kinds(values):
    return [(value, type(value).__name__) for value in values]


def pipe_story(seed):
    chance = random.Random(seed)
    pipe = streams.Pipe(range(chance.randrange(12)))
    for _ in range(chance.randrange(1, 5)):
        step = chance.choice(["map", "keep", "take", "windows", "batches", "flatten", "distinct"])
        if step == "map":
            pipe = pipe.map(lambda value: (value, 0) if isinstance(value, int) else value)
        elif step == "keep":
            pipe = pipe.keep(lambda value: len(repr(value)) % 2 == 1)
        elif step == "take":
            pipe = pipe.take(chance.randrange(6))
        elif step in ("windows", "batches"):
            pipe = pipe.then(getattr(streams, step), chance.randrange(1, 4))
        else:
            pipe = pipe.then(getattr(streams, step))
    return pipe.list()


def behaviours():
    chance = random.Random(8)
    seen = []
    for size in range(-1, 6):
        for length in range(9):
            seen.append(observe(listed, streams.batches, range(length), size))
            if size > 0:
                seen.append(observe(listed, streams.windows, "abcdefghij"[:length], size))
            seen.append(observe(read_after_take, length, size))
    for _ in range(60):
        numbers = [chance.randrange(6) for _ in range(chance.randrange(12))]
        others = sorted(chance.randrange(6) for _ in range(chance.randrange(8)))
        seen.append(observe(listed, streams.flatten, nested(chance)))
        seen.append(observe(listed, streams.running_mean, numbers, chance.choice([None, 0, 3, -2.5])))
        seen.append(observe(listed, streams.run_lengths, [number // 2 for number in numbers]))
        seen.append(observe(listed, streams.distinct, numbers))
        seen.append(observe(listed, streams.distinct, numbers, key=lambda number: number % 3))
        seen.append(observe(listed, streams.distinct, numbers, within=chance.randrange(1, 4)))
        seen.append(observe(listed, streams.interleave, *[numbers[:cut] for cut in chance.sample(range(6), 3)]))
        merged = (sorted(float(number) for number in numbers), others)
        seen.append(observe(lambda merged=merged: kinds(listed(streams.merge_sorted, *merged))))
        lines = [chance.choice(["<", ">", "a", "b", "c"]) for _ in range(chance.randrange(14))]
        seen.append(observe(listed, streams.between, lines, "<", ">"))
        texts = [chance.choice(["a", "b\\", "\\", "", "c d\\", "e\\f"]) for _ in range(chance.randrange(9))]
        seen.append(observe(listed, streams.unwrap, texts))
    for length in (1, 2, 254, 255, 256, 257, 509, 510, 511, 700):
        seen.append(observe(listed, streams.run_lengths, [None] * length))
        seen.append(observe(listed, streams.run_lengths, [0, *[1] * length, 0]))
    seen.append(observe(listed, streams.interleave))
    seen.extend(observe(pipe_story, seed) for seed in range(100))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
