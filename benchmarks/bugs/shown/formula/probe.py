"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import formula

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
dice = random.Random(11)


def random_formula(depth: int) -> str:
    """A formula with all kinds of nodes; the names are a to d, now and then an unknown one."""
    if depth == 0:
        return dice.choice(["1", "2", "3.5", ".5", "0", "a", "b", "c_1", "d", "nobody"])
    left, right = random_formula(depth - 1), random_formula(dice.randrange(depth))
    forms = [
        f"{left} + {right}",
        f"({left}) - {right}",
        f"{left} * {right}",
        f"{left}/{right}",
        f"-{left}",
        f"({left})",
    ]
    forms += [
        f"min({left}, {right})",
        f"max({left})",
        f"abs({left} - {right})",
        f"2 ^ -{right}",
        f"{left} - {right} - 1",
    ]
    return dice.choice(forms)


VALUES = {"a": 2.0, "b": -1.5, "c_1": 0.25, "d": 3.0}
BROKEN = [
    "",
    " ",
    "1 +",
    "1 2",
    "(1",
    "2 )",
    ")",
    "a b",
    "1,2",
    "min()",
    "min(1,",
    "*2",
    "2 ^",
    "a.b",
    "1.2.3",
    "3 # 4",
    "-",
    "2(3)",
]
texts = [random_formula(dice.randrange(1, 4)) for _ in range(60)]
texts += [
    "2^3^2",
    "2^-1",
    "-2^2",
    "2^-2^2",
    "2^(1+1)^1",
    "-(-3)",
    "10-4-3",
    "100/10/5",
    "1.5.5",
    "12.",
    "max(a, b, min(c_1, d))",
]
texts += BROKEN


def value(text: str) -> float:
    return round(formula.evaluate(formula.parse(text), VALUES), 9)


for text in texts:
    ask(lambda text: [(token.kind, token.text, token.position) for token in formula.tokenize(text)], text)
    ask(formula.parse, text)
    ask(value, text)
    ask(lambda text: sorted(formula.names_used(formula.parse(text))), text)
    ask(lambda text: formula.show(formula.parse(text)), text)

print(json.dumps(ANSWERS))
