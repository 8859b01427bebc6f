"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable
from itertools import pairwise

import floor_plans
from floor_plans import Plan

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


def random_plan() -> Plan:
    """A plan of up to 7 by 9 cells with a third of walls and a few letters, each of them once."""
    height, width = dice.randrange(1, 8), dice.randrange(1, 10)
    cells = [dice.choice("#..") for _ in range(height * width)]
    for letter in "ABCD":
        cells[dice.randrange(len(cells))] = letter
    return Plan("\n".join("".join(cells[start : start + width]) for start in range(0, len(cells), width)))


def is_walk(plan: Plan, start: tuple[int, int], goal: tuple[int, int]) -> object:
    """The ends and the length of the walk, and whether each step leads to a neighbour."""
    cells = floor_plans.walk(plan, start, goal)
    steps = pairwise(cells)
    return cells[:1], cells[-1:], len(cells), all(after in plan.neighbours(before) for before, after in steps)


for _ in range(60):
    plan = random_plan()
    cells = [(row, column) for row in range(plan.height) for column in range(plan.width)]
    floor = [cell for cell in cells if plan.lines[cell[0]][cell[1]] != "#"]
    start, goal = dice.choice(floor), dice.choice(floor)
    outside = (dice.randrange(-2, 12), dice.randrange(-2, 12))
    ask(plan.find, dice.choice("ABCDE"))
    ask(plan.find, "A")
    ask(plan.is_floor, outside)
    ask(lambda plan, cells: [plan.is_floor(cell) for cell in cells], plan, cells)
    ask(lambda plan: list(plan.cells()), plan)
    ask(plan.neighbours, start)
    ask(lambda *known: sorted(floor_plans.distances(*known).items()), plan, [start])
    ask(lambda *known: sorted(floor_plans.distances(*known).items()), plan, [start, goal])
    ask(is_walk, plan, start, goal)
    ask(is_walk, plan, start, dice.choice(floor))
    ask(floor_plans.rooms, plan)
    ask(lambda *known: sorted(floor_plans.visible(*known)), plan, start)
    ask(floor_plans.dead_ends, plan)
    ask(floor_plans.collect, plan, start)
    ask(lambda plan: floor_plans.turned(plan).lines, plan)

print(json.dumps(ANSWERS))
