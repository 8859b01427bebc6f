"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import intervals

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
dice = random.Random(15)


def some_intervals(count: int) -> list[tuple[int, int]]:
    starts = [dice.randrange(0, 24) for _ in range(count)]
    return [(start, start + dice.randrange(0, 7)) for start in starts]


def some_set(count: int) -> list[tuple[int, int]]:
    """Up to `count` intervals that neither overlap nor touch, and sometimes begin below 0."""
    position = dice.randrange(-4, 5)
    result = []
    for _ in range(dice.randrange(0, count + 1)):
        start = position + dice.randrange(1, 5)
        position = start + dice.randrange(1, 6)
        result.append((start, position))
    return result


for _ in range(60):
    loose = some_intervals(dice.randrange(0, 7))
    real = [(start, end) for start, end in loose if start < end]
    left, right = some_set(5), some_set(5)
    ask(intervals.merged, loose)
    ask(intervals.size, left)
    ask(lambda left: [intervals.contains(left, number) for number in range(-6, 40)], left)
    ask(intervals.intersection, left, right)
    ask(intervals.difference, left, right)
    begin = dice.randrange(-6, 12)
    ask(intervals.gaps, left, (begin, begin + dice.randrange(1, 25)))
    ask(intervals.most_at_once, real)
    ask(intervals.first_free, left, dice.randrange(1, 6))
    ask(intervals.first_free, left, dice.randrange(1, 6), dice.randrange(-5, 20))
    positive = [(start, end) for start, end in left if start >= 0]
    ask(intervals.to_text, positive)
    ask(lambda known: intervals.from_text(intervals.to_text(known)) == known, positive)
    numbers = [dice.randrange(0, 15) for _ in range(6)]
    ask(
        intervals.from_text,
        f"{numbers[0]}-{numbers[0] + numbers[1]}, {numbers[2]},{numbers[3]}-{numbers[4]} , {numbers[5]}",
    )
for text in ["", ",", "1", "1-1", "3-2", "1-2-3", "a", "1,,2", " 4 - 6 ", "0", "10-12,11-20", "9,8,7"]:
    ask(intervals.from_text, text)
ask(intervals.most_at_once, [(1, 2), (2, 3), (1, 3), (3, 4), (2, 4)])

print(json.dumps(ANSWERS))
