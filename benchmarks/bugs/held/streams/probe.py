"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal
from itertools import count, islice

import streams


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


rng = random.Random(9)


def numbers(most=9):
    return [rng.randrange(-5, 12) for _ in range(rng.randrange(0, most))]


def nested(level=0):
    return [
        nested(level + 1) if rng.random() < 0.4 and level < 4 else rng.randrange(9) for _ in range(rng.randrange(0, 4))
    ]


def drawn(name, *args):
    """At most 200 items."""
    look(name, lambda: list(islice(getattr(streams, name)(*args), 200)))


for _ in range(50):
    drawn("batches", numbers(), rng.randrange(1, 5))
    drawn("windows", numbers(), rng.randrange(1, 5))
    drawn("weave", *(numbers(5) for _ in range(rng.randrange(0, 5))))
    drawn("flatten", nested())
    drawn("flatten", nested(), rng.randrange(0, 4))
    drawn("merge_sorted", sorted(numbers()), sorted(numbers()))
    drawn("merge_sorted", sorted(numbers()), sorted(float(n) for n in numbers()))
    drawn("without_repeats", numbers(12))
    drawn("without_repeats", numbers(12), rng.choice([abs, lambda n: n % 3, lambda n: n > 0]))
    drawn("until_stable", lambda n: n * n % 50, rng.randrange(50), rng.randrange(0, 9))
    drawn("until_stable", lambda n: n // 2, rng.randrange(0, 900))
    drawn("running", numbers(), lambda a, b: a + b, rng.randrange(-3, 4))
    drawn("running", numbers(), max, rng.randrange(-3, 4))
    look("tail", streams.tail, numbers(), rng.randrange(0, 6))
drawn("batches", [1], 0)
drawn("batches", [1], -2)
drawn("merge_sorted", count(0, 3), count(1, 2))
drawn("without_repeats", (n % 40 for n in range(500)))
print(json.dumps(seen))
