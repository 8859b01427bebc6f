"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import log_lines

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(17)


MESSAGES = [
    "price of 17 is missing",
    "price of 4 is missing",
    "user 'ann' left",
    "user 'x 1' left",
    "slow: 12.5",
    "",
    "'",
]
OTHER = [
    "Traceback:",
    "  File 'a.py', line 3",
    "",
    "2024-13-01 nothing",
    "ERROR shop: no time",
    " 2024-05-01 12:00:00 INFO a: b",
]


def random_lines(count: int) -> list[str]:
    """Lines in the order of time, now and then some that begin no record."""
    time = datetime(2024, 2, 28, 22, 0)
    lines = []
    for _ in range(count):
        time += timedelta(seconds=dice.choice([0, 1, 60, 299, 300, 301, 900, 4000, 90000]))
        level = dice.choice(["DEBUG", "INFO", "WARNING", "ERROR", "ERROR", "ERROR"])
        source = dice.choice(["shop", "shop.cart", "shopping", "db.shop"])
        lines.append(f"{time:%Y-%m-%d %H:%M:%S} {level} {source}: {dice.choice(MESSAGES)}\n")
        lines += dice.choices(OTHER, k=dice.choice([0, 0, 0, 1, 2]))
    return dice.choice([[], ["begin"]]) + lines


def plain(record: log_lines.Record | None) -> object:
    if record is None:
        return None
    return str(record.time), record.level, record.source, record.message, list(record.details)


def read(lines: list[str]) -> list[log_lines.Record]:
    return list(log_lines.records(lines))


def alarms(lines: list[str], limit: int, minutes: int) -> list[bool]:
    watch = log_lines.Watch(limit, timedelta(minutes=minutes))
    return [watch.see(record) for record in read(lines)]


def counted(lines: list[str], known: dict[str, int]) -> object:
    """What counting says twice, and what became of the counts that were given."""
    once = dict(log_lines.per_hour(read(lines)))
    return once, dict(log_lines.per_hour(read(lines))), log_lines.per_hour(read(lines), known), known


def groups(lines: list[str], seconds: int) -> list[list[object]]:
    return [[plain(one) for one in group] for group in log_lines.sessions(read(lines), timedelta(seconds=seconds))]


for _ in range(50):
    lines = random_lines(dice.randrange(0, 12))
    ask(lambda line: plain(log_lines.parse_first_line(line)), dice.choice(lines + OTHER))
    ask(lambda lines: [plain(record) for record in read(lines)], lines)
    level, source = dice.choice(log_lines.LEVELS), dice.choice(["shop", "shop.cart", "db", "sho", "shopping"])
    ask(lambda lines, level: [plain(record) for record in log_lines.at_least(read(lines), level)], lines, level)
    ask(lambda lines, source: [plain(record) for record in log_lines.from_source(read(lines), source)], lines, source)
    ask(lambda lines, count: [plain(one) for one in log_lines.tail(read(lines), count)], lines, dice.randrange(0, 6))
    ask(counted, lines, dice.choice([{}, {"2024-02-28 22": 3}]))
    ask(lambda lines: log_lines.kinds(read(lines)), lines)
    ask(groups, lines, dice.choice([0, 1, 60, 300, 1000]))
    ask(lambda lines: [plain(record) for record in log_lines.without_repeats(read(lines))], lines)
    ask(lambda lines: [plain(record) for record in log_lines.without_repeats(read(lines + lines[-1:]))], lines)
    ask(alarms, lines, dice.randrange(1, 4), dice.choice([1, 5, 15, 60]))
for message in [*MESSAGES, "'a' and 'b'", "1 22 333", "x1y22", "''", "it's 5", "'a'b'c'", "-3.14", "no digits"]:
    ask(log_lines.template, message)
    ask(log_lines.template, message + " 77 'q'")

print(json.dumps(ANSWERS))
