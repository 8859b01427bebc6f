"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable
from itertools import pairwise

import heaps

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
dice = random.Random(14)


def played(moves: list[tuple[str, str, int]]) -> list[object]:
    """What a queue says to a sequence of moves, and what is left at the end."""
    queue = heaps.ChangeableQueue()
    said: list[object] = []
    for move, item, priority in moves:
        try:
            if move == "push":
                queue.push(item, priority)
            elif move == "remove":
                queue.remove(item)
            else:
                said.append(queue.pop())
        except LookupError as error:
            said.append(type(error).__name__)
        said.append(len(queue))
    return said + [queue.pop() for _ in range(len(queue))]


def medians(numbers: list[int]) -> list[float | None]:
    running = heaps.RunningMedian()
    found = [running.median()]
    for number in numbers:
        running.add(number)
        found.append(running.median())
    return found


for number in range(60):
    names = "abcdefghijklmnop"[: dice.randrange(2, 17)]
    kinds = ["push", "push", "push", "pop", "remove"]
    moves = [(dice.choice(kinds), dice.choice(names), dice.randrange(0, 12)) for _ in range(dice.randrange(1, 40))]
    ask(played, [("push", name, dice.randrange(0, 30)) for name in names] + moves)
    ask(played, moves)
    ask(played, [("push", name, number % 3) for name in names])
    ask(medians, [dice.randrange(-9, 10) for _ in range(dice.randrange(0, 12))])
    streams = [sorted(dice.choices(range(12), k=dice.randrange(0, 7))) for _ in range(dice.randrange(0, 5))]
    ask(lambda streams: list(heaps.merge_streams(streams)), streams)
    ask(lambda streams: all(low < high for low, high in pairwise(heaps.merge_streams(streams))), streams)
    ask(heaps.most_frequent, dice.choices("abcdef", k=dice.randrange(0, 15)), dice.randrange(0, 5))
    durations = [dice.randrange(1, 10) for _ in range(dice.randrange(0, 9))]
    ask(heaps.finish_time, durations, dice.randrange(1, 5))
    ask(heaps.join_cost, durations)

print(json.dumps(ANSWERS))
