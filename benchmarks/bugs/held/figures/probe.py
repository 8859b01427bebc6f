"""Prints what the program does on many inputs as one JSON list of strings."""

import copy
import json
import random
import signal
from fractions import Fraction

import figures


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


rng = random.Random(90210)


def fraction():
    return Fraction(rng.randrange(-40, 41), rng.choice([1, 2, 3, 4, 7, 12]))


def tables(loan, yearly, payment):
    """Twice the same call, and once with rows before."""
    rows = [("before", 0, 0)]
    first = copy.deepcopy(figures.rate_table(loan, yearly, payment))
    return (
        first,
        figures.rate_table(loan, yearly, payment) == first,
        figures.rate_table(loan, yearly, payment, rows),
        len(rows),
    )


for number in range(60):
    look(
        "round_half_up",
        figures.round_half_up,
        rng.choice([0.5, 1.5, 2.5, -1.5, 0.125, 2.675, 1.005, -0.045]),
        rng.randrange(0, 4),
    )
    look("round_half_up", figures.round_half_up, round(rng.uniform(-50, 50), 3), rng.randrange(0, 3))
    look("share", figures.share, rng.randrange(0, 200), [rng.randrange(0, 8) for _ in range(rng.randrange(1, 7))])
    look("roman", figures.roman, rng.randrange(-2, 4005))
    look("roman", figures.roman, number)
    look("grouped", figures.grouped, rng.choice([1, -1]) * rng.randrange(0, 10 ** rng.randrange(1, 11)))
    look("grouped", figures.grouped, rng.choice([1, -1]) * 10 ** (number % 9), rng.choice(",.'"))
    look("gross", figures.gross, rng.randrange(0, 5000), rng.choice(["full", "reduced", "none"]))
    given = fraction()
    look("mixed", figures.mixed, given)
    look("parse_mixed", lambda given=given: figures.parse_mixed(f" {figures.mixed(given)} "))
    look("change_in_percent", figures.change_in_percent, rng.randrange(-9, 10), rng.choice([-7, -3, 1, 4, 12]))
    look(
        "moving_average",
        figures.moving_average,
        [rng.randrange(9) for _ in range(rng.randrange(0, 9))],
        rng.randrange(1, 6),
    )
    look("ratio", figures.ratio, rng.randrange(1, 100) * 4, rng.randrange(1, 100) * 6)
    look("divisors", figures.divisors, number + 1)
    look("divisors", figures.divisors, rng.choice([n * n for n in range(1, 60)]))
    look("rate_table", tables, rng.randrange(0, 50000), rng.randrange(0, 20), rng.randrange(500, 20000))
for text in ["-1/2", "3", " 2 1/3 ", "-4 1/5", "0", "-7"]:
    look("parse_mixed", figures.parse_mixed, text)
look("gross", figures.gross, 100, "other")
look("rate_table", tables, 100000, 12, 1000)
print(json.dumps(seen))
