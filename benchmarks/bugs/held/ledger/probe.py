"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from ledger import Ledger, NotEnoughMoney, Store


class TooLong(BaseException):
    """A call went on for longer than a second."""


def ring(signum, frame):
    raise TooLong


signal.signal(signal.SIGALRM, ring)
seen, slow = [], {}


def shown(value):
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(shown, value))})"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(shown, value))) + "}"
    return repr(value)


def look(name, call, *args):
    """Notes what one call gives; a function that was too slow three times is not called again."""
    if slow.get(name, 0) >= 3:
        seen.append(f"{name} ! timeout")
        return
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        outcome = shown(call(*args))
    except TooLong:
        slow[name] = slow.get(name, 0) + 1
        outcome = "! timeout"
    except (Exception, SystemExit) as error:
        outcome = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    seen.append(f"{name} {outcome}")


rng = random.Random(5)
NAMES = ["ann", "bob", "cy", "dee"]


def day():
    return f"2024-{rng.randrange(1, 5):02}-{rng.choice([1, 2, 15, 28, 29, 30, 31]):02}"


def withdraw(club, name, cents):
    try:
        club.withdraw(name, cents, "2024-04-02")
    except NotEnoughMoney as error:
        return ("missing", error.missing)
    return club.balance(name)


for _ in range(40):
    club = Ledger(Store())
    for name in NAMES[:3]:
        club.open(name, rng.choice([0, 500, 2000]))
    for _ in range(rng.randrange(0, 8)):
        look("deposit", club.deposit, rng.choice(NAMES), rng.choice([-1, 0, 1, 250, 999, 3000]), day())
        look("withdraw", withdraw, club, rng.choice(NAMES), rng.choice([-1, 0, 1, 250, 500, 999, 2000]))
        look("transfer", club.transfer, rng.choice(NAMES), rng.choice(NAMES), rng.choice([0, 1, 250, 999, 3000]), day())
        look("balance", club.balance, rng.choice(NAMES))
    for name in NAMES[:3]:
        total = club.balance(name)
        look("withdraw", withdraw, club, name, max(1, total + rng.choice([0, 1, 500, 501, 2000, 2001])))
    look("debtors", club.debtors)
    look("statement", club.statement, rng.choice(NAMES), f"2024-{rng.randrange(1, 6):02}")
    look(
        "split", club.split, rng.choice(NAMES), rng.sample(NAMES[:3], rng.randrange(1, 4)), rng.randrange(1, 700), day()
    )
    look("open", club.open, rng.choice(["dee", " Dee", "ANN", "ann ", "", " ", "x y"]))
    look("after", lambda: [club.balance(name) for name in NAMES[:3]])
    look("after", lambda: [club.store.entries(name, "2024-02-01", "2024-03-31") for name in NAMES])
    look("after", lambda: [club.store.credit_of(name) for name in NAMES] + club.store.names())
    club.store.close()
club = Ledger(Store())
for name in NAMES:
    club.open(name, 1000)
look("debtors", club.debtors)
for name, cents in [("dee", 300), ("ann", 10), ("cy", 300), ("bob", 999)]:
    club.withdraw(name, cents, "2024-01-01")
    look("debtors", club.debtors)
club.store.close()
print(json.dumps(seen))
