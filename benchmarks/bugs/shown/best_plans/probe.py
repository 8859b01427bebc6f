"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import best_plans
from best_plans import Booking

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


def random_bookings() -> list[Booking]:
    starts = [dice.randrange(0, 20) for _ in range(dice.randrange(0, 8))]
    return [Booking(start, start + dice.randrange(1, 8), dice.randrange(1, 50)) for start in starts]


for _ in range(50):
    rows, columns = dice.randrange(1, 5), dice.randrange(1, 5)
    ask(best_plans.cheapest_path, [[dice.randrange(0, 9) for _ in range(columns)] for _ in range(rows)])
    prices = {size: dice.randrange(1, 12) * size for size in dice.sample(range(1, 8), dice.randrange(1, 5))}
    ask(lambda length, prices: best_plans.best_cuts(length, prices)[0], dice.randrange(0, 16), prices)
    ask(best_plans.best_income, random_bookings())
    ask(best_plans.ticket_cost, sorted(dice.sample(range(1, 70), dice.randrange(0, 40))))
    ask(best_plans.ticket_cost, sorted(dice.sample(range(1, 12), dice.randrange(0, 9))))
    ask(best_plans.fairest_split, [dice.randrange(1, 30) for _ in range(dice.randrange(0, 8))])
    words = ["x" * dice.randrange(1, 9) for _ in range(dice.randrange(0, 12))]
    ask(best_plans.raggedness, words, dice.randrange(9, 20))
    boxes = [(dice.randrange(1, 9), dice.randrange(1, 9)) for _ in range(dice.randrange(0, 9))]
    ask(best_plans.tallest_tower, boxes)
for length in range(12):
    ask(best_plans.best_cuts, length, {2: 5, 3: 8, 7: 20})
    ask(best_plans.best_cuts, length, {4: 9, 6: 100})
ask(best_plans.best_income, [Booking(1, 2, 5), Booking(2, 3, 5), Booking(3, 4, 5), Booking(1, 4, 14)])

print(json.dumps(ANSWERS))
