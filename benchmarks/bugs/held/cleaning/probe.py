"""Prints what the program does on many inputs as one JSON list of strings."""

import copy
import json
import random
import signal

import cleaning


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


rng = random.Random(404)
VALUES = [
    "",
    " ",
    "-",
    "N/A",
    "None",
    "NULL",
    " null ",
    "a",
    " b  c ",
    "Yes",
    "no",
    "TRUE",
    "0",
    1,
    0,
    None,
    True,
    False,
    3.5,
    "y",
    "N",
    "x\ty",
]
NUMBERS = [
    "1",
    "1,000",
    "1,234,567.89",
    "12%",
    "12 %",
    "-3%",
    "(5)",
    "(5%)",
    "( 1,200 )",
    "()",
    "%",
    "(",
    "1.2.3",
    "1e3",
    "ten",
    "-",
    5,
    2.5,
]
NUMBERS += [None, "n/a", "0", "(0)", "100%", " 7 ", "-12.5", "+4", "12 34", "5)", "(5"]
TITLES = [
    "Name",
    "net price",
    "Net-Price",
    "2nd",
    "",
    "!!",
    "a__b",
    " A ",
    "Größe",
    "x_2",
    "42",
    "Total (%)",
    "columns",
    "COLUMN",
]


def record():
    fields = rng.sample(["name", "city", "age", "mail"], rng.randrange(1, 5))
    return {field: rng.choice([None, "a", "A", "b", "", 3, "x y"]) for field in fields}


def records():
    return [record() for _ in range(rng.randrange(0, 7))]


def kept(call, given, *args):
    """The result and whether the records of the caller are as before."""
    before = copy.deepcopy(given)
    return call(given, *args), given == before


for value in VALUES + [rng.choice(["  a", "b ", "c\n"]) * rng.randrange(1, 4) for _ in range(15)]:
    look("tidy", cleaning.tidy, value)
    look("to_flag", cleaning.to_flag, value)
for value in NUMBERS + [f"{rng.randrange(-9999, 99999):,}{rng.choice(['', '%', ' %', '.5'])}" for _ in range(20)]:
    look("to_number", cleaning.to_number, value)
for title in TITLES:
    look("column_name", cleaning.column_name, title)
    look(
        "column_name",
        cleaning.column_name,
        title,
        ["name", "net_price", "net_price_2", "net_price_3", "column", "x_2", "a_b"],
    )
    look(
        "column_name", cleaning.column_name, title, ["name", "name_2", "name_3", "name_4", "a_b", "column", "column_2"]
    )
for _ in range(50):
    look(
        "without_duplicates",
        kept,
        cleaning.without_duplicates,
        records(),
        rng.sample(["name", "city", "mail"], rng.randrange(1, 3)),
    )
    look("fill_down", kept, cleaning.fill_down, records(), rng.sample(["name", "city", "mail"], rng.randrange(1, 3)))
    values = [
        rng.choice([rng.randrange(0, 20), rng.randrange(0, 20), rng.randrange(-90, 120)])
        for _ in range(rng.randrange(0, 12))
    ]
    look("outliers", cleaning.outliers, values)
    look("outliers", cleaning.outliers, values, rng.choice([0.5, 1, 3]))
    look("rescale", cleaning.rescale, values)
    look("rescale", cleaning.rescale, [rng.randrange(3) for _ in range(rng.randrange(0, 4))], -1, rng.choice([1, 5.5]))
    given = [{"who": rng.choice("abc"), "n": rng.choice(NUMBERS)} for _ in range(rng.randrange(0, 8))] + [{"n": "4"}]
    look("group_totals", cleaning.group_totals, given, "who", "n")
    rules = {
        "age": {"required": rng.random() < 0.5, "low": 10, "high": 60},
        "plan": {"among": ["free", "paid"]},
        "score": rng.choice([{"low": 0}, {"high": 5}, {"required": True, "high": 3, "among": [1, 2, 3, 9]}]),
    }
    given = {
        "age": rng.choice([None, 9, 10, 60, 61, 30, 0]),
        "plan": rng.choice([None, "free", "gold"]),
        "score": rng.randrange(-2, 10),
    }
    look("problems", cleaning.problems, given, rules)
print(json.dumps(seen))
