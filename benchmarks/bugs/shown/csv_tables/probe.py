"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import csv_tables

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
dice = random.Random(13)


CELLS = [
    "",
    "a",
    "b c",
    " x",
    "y ",
    "1",
    "-2.5",
    "10",
    "9",
    "007",
    "a,b",
    'say "hi"',
    '"',
    '""',
    ";",
    "z;,",
    "A",
    "-",
    "1.2.3",
    ".",
]
LINES = [
    "",
    ",",
    ",,",
    "a",
    '""',
    '"",""',
    'a,"",b',
    '"a""b"',
    '"a"""',
    '"""a"',
    'a;b,"c;d"',
    '"x, y", z',
    'mid"dle,"q',
    '"a"b,c',
]


def random_rows(columns: tuple[str, ...], cells: list[str]) -> list[dict[str, str]]:
    return [{name: dice.choice(cells) for name in columns} for _ in range(dice.randrange(0, 7))]


def unchanged(left: list[dict[str, str]], right: list[dict[str, str]]) -> object:
    """What the join returns, and what became of its arguments."""
    return csv_tables.left_join(left, right, "k"), left, right


for line in LINES + [",".join(dice.choice(LINES[3:]) for _ in range(3)) for _ in range(25)]:
    ask(csv_tables.split_line, line)
    ask(csv_tables.split_line, line, ";")
for cell in CELLS:
    ask(csv_tables.quote_field, cell)
    ask(csv_tables.quote_field, cell, ";")
    ask(csv_tables.is_number, cell)
for _ in range(35):
    lines = [dice.choice(["a,b,c", "a,b", 'a,"b,c"'])] + [
        dice.choice([*LINES[:8], "1,2", "3,4,5", "  "]) for _ in range(5)
    ]
    ask(csv_tables.parse_table, "\n".join(lines))
    rows = random_rows(("a", "b", "c;d"), CELLS)
    ask(csv_tables.write_table, rows)
    ask(csv_tables.write_table, rows, ";")
    ask(lambda rows: csv_tables.parse_table(csv_tables.write_table(rows)) == rows, rows)
    ask(csv_tables.sort_rows, rows, "b")
    ask(csv_tables.sort_rows, rows, "b", True)
    ask(csv_tables.sort_rows, rows, "a", False)
    ask(csv_tables.render, random_rows(("name", "n", "long title"), CELLS))
    ask(csv_tables.render, random_rows(("name", "n"), ["1", "22", "-333.5"]))
    ask(unchanged, random_rows(("k", "v"), ["1", "2", "3", "4"]), random_rows(("k", "v", "w"), ["2", "3", "5"]))
    ask(unchanged, random_rows(("k", "v"), ["1", "2"]), random_rows(("k", "w"), ["1", "2"]))
    sales = random_rows(("city", "fruit", "kilos"), ["1", "2", "2.5"])
    ask(csv_tables.pivot, sales, "city", "fruit", "kilos")
    ask(csv_tables.pivot, sales, "fruit", "city", "city")
for text in ["", "\n", "a,b", "a,b\n", "a\n\n\n1\n", "a,b\n1,2,3\n", '"a,b",c\n1,2']:
    ask(csv_tables.parse_table, text)

print(json.dumps(ANSWERS))
