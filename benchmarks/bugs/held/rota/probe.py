"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from rota import Shift, clashes, free_slots, merge, most_at_once, next_up, parse_clock, pay


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


rng = random.Random(4021)


def spans(count, low=480, high=1020):
    found = []
    for _ in range(count):
        start = rng.randrange(low, high, 5)
        found.append((start, min(high, start + rng.randrange(5, 150, 5))))
    return found


def shifts(count):
    return [Shift(rng.choice(["ann", "bob", "cy"]), start, end) for start, end in spans(count, 300, 1440)]


for text in [
    "00:00",
    "23:59",
    "24:00",
    "24:01",
    "0:60",
    "12:99",
    "25:59",
    "31:00",
    "99:99",
    "a:b",
    "12",
    "1:2:3",
    "-1:30",
]:
    look("parse_clock", parse_clock, text)
for _ in range(30):
    look("parse_clock", parse_clock, f"{rng.randrange(0, 30)}:{rng.randrange(0, 75):02}")
for number in range(60):
    look("merge", merge, spans(number % 7))
    look("free_slots", free_slots, spans(number % 6), 480, 1020)
    look("free_slots", free_slots, spans(number % 5), 480, 1020, rng.choice([5, 30, 60]))
    look("most_at_once", most_at_once, shifts(number % 9))
    look("pay", pay, shifts(1)[0], rng.choice([10, 12.5, 20]))
    look("clashes", clashes, shifts(number % 8))
    look("next_up", next_up, rng.sample(["ann", "bob", "cy", "dee"], 3), shifts(number % 8))
look("pay", pay, Shift("ann", 1320, 1440), 10)
look("pay", pay, Shift("ann", 1200, 1320), 10)
print(json.dumps(seen))
