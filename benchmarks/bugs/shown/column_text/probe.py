"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import column_text

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
dice = random.Random(18)


WORDS = (
    "the of a Quick brown fox's jumps over Crème brûlée and unbreakable-thing x yy zzz 42 to Ångström in naïve".split()
)


def words(low: int, high: int) -> list[str]:
    return [dice.choice(WORDS) for _ in range(dice.randrange(low, high))]


def indented() -> str:
    lines = [" " * dice.choice([0, 2, 2, 4, 4, 5]) + dice.choice(["", "a", "b c ", "  "]) for _ in range(5)]
    return "\n".join(" " * dice.choice([0, 2]) * bool(line.strip()) + line for line in lines)


for _ in range(60):
    ask(column_text.fill, dice.choice([" ", "  ", "\n"]).join(words(0, 10)), dice.randrange(3, 24))
    ask(column_text.fill, " ".join(words(0, 10)), dice.randrange(8, 24), dice.randrange(0, 5))
    line = words(1, 6)
    ask(column_text.justify, line, len(" ".join(line)) + dice.randrange(0, 9))
    ask(column_text.box, [" ".join(words(0, 4)) for _ in range(dice.randrange(0, 4))])
    ask(column_text.columns, words(0, 12), dice.randrange(1, 6))
    ask(column_text.shorten, " ".join(words(1, 7)), dice.randrange(3, 30))
    ask(column_text.shorten, dice.choice(["ab cd ef gh", "abc  def", "  abc def", "abcdefghi"]), dice.randrange(3, 12))
    ask(column_text.roman, dice.randrange(1, 4000))
    levels = [1]
    for _ in range(dice.randrange(0, 9)):
        levels.append(dice.randrange(1, levels[-1] + 3))
    ask(column_text.outline_numbers, levels)
    ask(column_text.title, " ".join(words(0, 7)))
    ask(column_text.title, " ".join(dice.choices(["a", "the", "of", "OR", "sea", "old"], k=dice.randrange(1, 6))))
    ask(column_text.slug, dice.choice([" ", " - ", "_", "!", " & "]).join(words(0, 5)))
    ask(column_text.enumeration, words(0, 5))
    ask(column_text.enumeration, words(0, 5), dice.choice(["or", "and", "nor"]))
    ask(column_text.dedented, indented())
    paths = ["/".join(dice.choices(["a", "b", "ab"], k=dice.randrange(1, 5))) for _ in range(dice.randrange(1, 4))]
    ask(column_text.common_prefix, ["a/b/" + path for path in paths])
    ask(column_text.common_prefix, paths)
for number in [*range(35), *range(90, 126), 211, 1011, 1013, 1021, 2112]:
    ask(column_text.ordinal, number)
for number in [0, -1, 4000, 3999, 1, 5, 10, 50, 100, 500, 1000, 49, 99, 944]:
    ask(column_text.roman, number)
for levels in [[], [1, 1, 1], [1, 2, 1, 2], [1, 3, 3, 2], [2, 1], [1, 2, 3, 4, 1, 4]]:
    ask(column_text.outline_numbers, levels)

print(json.dumps(ANSWERS))
