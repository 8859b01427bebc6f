"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable
from datetime import date, timedelta

import bank_statement
from bank_statement import Entry

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
dice = random.Random(12)


def random_entries(count: int, sign: int = 0) -> list[Entry]:
    """Entries in the order of their days; sign 0 mixes expenses and receipts."""
    day = date(2023, 11, 20)
    entries = []
    for _ in range(count):
        day += timedelta(days=dice.randrange(0, 12))
        amount = dice.choice([1, 5, 99, 100, 250, 1999, 85000, dice.randrange(1, 300000)])
        entries.append(Entry(day, dice.choice(["rent", "tea", "fee"]), amount * (sign or dice.choice([-1, 1]))))
    return entries


amounts = ["0", "0.0", "00.50", ".5", ".05", "1.", "-.5", "(0.01)", "(1,000)", "-1,234,567.89", "  12.3 ", "7", "(.9)"]
for _ in range(40):
    decimals = dice.choice(["", ".", f".{dice.randrange(10)}", f".{dice.randrange(100):02d}"])
    number = f"{dice.randrange(0, 5000000):,}{decimals}"
    amounts.append(dice.choice([number, f"-{number}", f"({number})", f" {number} "]))
for text in amounts:
    ask(bank_statement.parse_amount, text)

for cents in [0, 1, -1, 9, 10, -10, 99, -99, 100, 101, -100, 100000, -123456789, 1010, 1001]:
    ask(bank_statement.format_amount, cents)
for _ in range(40):
    ask(bank_statement.format_amount, dice.randrange(-(10 ** dice.randrange(1, 9)), 10 ** dice.randrange(1, 9)))

for _ in range(40):
    words = dice.sample(["Rent", "a;b", "Tea; two cups", ";;", "x, y", "", " (late) "], 2)
    day = date(2020, 1, 1) + timedelta(days=dice.randrange(3000))
    ask(bank_statement.parse_entry, f"{day}{dice.choice([';', ' ; '])}{' '.join(words)};{dice.choice(amounts)}")

for size in [*range(6), *(dice.randrange(1, 12) for _ in range(30))]:
    entries = random_entries(size)
    opening = dice.choice([0, -100, 5000, 123456])
    ask(bank_statement.running_balances, opening, entries)
    ask(bank_statement.lowest_balance, opening, entries)
    ask(bank_statement.monthly_totals, entries)
    ask(bank_statement.largest_expense, entries)
    ask(bank_statement.largest_expense, random_entries(size, 1))
    sent, received = random_entries(size, -1), random_entries(size + 2, 1)
    ask(bank_statement.find_transfers, sent, received)
    ask(bank_statement.find_transfers, sent, received, dice.randrange(0, 20))

for cents, parts in [(0, 1), (0, 3), (1, 1), (1, 2), (2, 3), (7, 7), (8, 7), (13, 7), (100, 0), (100, -1)]:
    ask(bank_statement.split_evenly, cents, parts)
for _ in range(40):
    ask(bank_statement.split_evenly, dice.randrange(0, 500), dice.randrange(1, 15))

for _ in range(40):
    percent = dice.choice(["0.5", "3.65", "12", "0.01", "7.3"])
    ask(bank_statement.interest, dice.randrange(0, 1000000), percent, dice.randrange(0, 800))

print(json.dumps(ANSWERS))
