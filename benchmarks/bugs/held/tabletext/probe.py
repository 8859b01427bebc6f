"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

import tabletext


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


rng = random.Random(64)
WORDS = ["a", "of", "the", "tree", "house", "garden", "whatever", "extraordinary", "x-y", "12"]


def words(most=9):
    return [rng.choice(WORDS) for _ in range(rng.randrange(0, most))]


def cell():
    return rng.choice([rng.choice(WORDS), rng.randrange(-99, 2000), rng.choice([0.5, 12.25, 3.0]), "", None])


def rows():
    return [[cell() for _ in range(rng.randrange(0, 5))] for _ in range(rng.randrange(0, 6))]


def table(given, header, gap):
    before = json.dumps([given, header])
    return tabletext.table(given, header, gap), json.dumps([given, header]) == before


for _ in range(50):
    text = rng.choice([" ", "  ", "\n"]).join(words())
    look("cut", tabletext.cut, text, rng.randrange(0, 30))
    look("wrap", tabletext.wrap, text, rng.randrange(1, 25))
    look("wrap", tabletext.wrap, text, rng.randrange(1, 8))
    lines = "\n".join(rng.choice(["a", " b c", "", "  "]) for _ in range(rng.randrange(1, 6)))
    look("indent", tabletext.indent, lines, rng.randrange(0, 5))
    look("indent", tabletext.indent, lines, rng.randrange(0, 5), rng.randrange(0, 3))
    given = rows()
    look("table", table, given, rng.choice([None, words(5)]), rng.randrange(1, 4))
    look("align", tabletext.align, cell(), rng.randrange(0, 9))
    look("columns_of", tabletext.columns_of, words(14), rng.randrange(1, 60), rng.randrange(1, 4))
    look("bar", tabletext.bar, rng.choice([0, 1, 0.25, 0.5, 2, -1, rng.random()]), rng.choice([4, 8, 10, 16]))
    look("plural", tabletext.plural, rng.randrange(0, 4), rng.choice(["file", "box"]), rng.choice([None, "boxes"]))
    look("listing", tabletext.listing, words(7))
    look("listing", tabletext.listing, words(7), rng.choice(["or", "and"]), rng.randrange(1, 6))
look("bar", tabletext.bar, 0.5)
look("table", table, [["a", 1], ["b", 22, "c"]], None, 2)
look("columns_of", tabletext.columns_of, list("gfedcba"), 10)
print(json.dumps(seen))
