"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import durations

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


LENGTHS = [0, 1, 9, 10, 11, 59, 60, 61, 119, 120, 599, 3599, 3600, 3601, 7199, 7200, 86399, 86400, 172799, 172800]
LENGTHS += [604799, 604800, 1209600] + [dice.randrange(0, 10 ** dice.randrange(1, 7)) for _ in range(50)]


def short() -> str:
    parts = [f"{dice.randrange(0, 40)}{dice.choice('wdhmsWDHMS')}" for _ in range(dice.randrange(0, 4))]
    return dice.choice(["", " "]).join(parts) + dice.choice(["", "", " 7", "x", " -1"])


def iso() -> str:
    days = "".join(f"{dice.randrange(0, 30)}{letter}" for letter in "WD" if dice.random() < 0.4)
    times = "".join(f"{dice.randrange(0, 99)}{letter}" for letter in "HMS" if dice.random() < 0.5)
    return f"P{days}" + (f"T{times}" if times or dice.random() < 0.1 else "")


for seconds in LENGTHS:
    ask(durations.clock, seconds)
    ask(durations.clock, -seconds)
    ask(durations.in_words, seconds)
    ask(durations.in_words, seconds, dice.randrange(1, 6))
    ask(durations.ago, seconds)
    ask(durations.rounded, seconds, dice.choice([1, 2, 5, 7, 60, 300, 900]))
    ask(durations.pace, seconds, dice.choice([0, 1, 2.5, 10, 42.195, -1]))
    ask(durations.parse_clock, durations.clock(seconds))
    ask(durations.parse_clock, f"-{seconds // 60}:{seconds % 60:02d}")
    ask(durations.parse_short, short())
    ask(durations.parse_iso, iso())
    texts = [dice.choice([f"{seconds}s", f"{seconds // 60}m", "1:30", "P1D", "PT5M", "2h 3"]) for _ in range(4)]
    ask(durations.total, texts[: dice.randrange(0, 5)])
    parts = {name: dice.randrange(0, 5) * 100 for name in dice.sample("abcdef", dice.randrange(0, 6))}
    ask(lambda parts: list(durations.share(parts).items()), parts)
for text in ["", " ", "5", "5 5", "1d 2", "1h1h", "0s", "P", "PT", "P1W2D", "PT1M", "P1M", "P0D", "PT0S", "p1d", "1w"]:
    ask(durations.parse_short, text)
    ask(durations.parse_iso, text)
for seconds in (-1, -60, -100000):
    ask(durations.ago, seconds)

print(json.dumps(ANSWERS))
