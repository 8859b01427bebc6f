"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

import report_tables as report


class OutOfTimeError(BaseException):
    """A call took longer than its second."""


def stop(*_):
    raise OutOfTimeError


def observe(call, *arguments, **options):
    """What one call returns, as text; the name of its exception; or that it did not end within 1 s."""
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return repr(call(*arguments, **options))
    except OutOfTimeError:
        return "! timeout"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


CELLS = ["tea", "", "coffee", 0, 7, -12, 1234, 1.5, True, False, None, "a b"]


def random_rows(chance, width=None):
    return [
        [chance.choice(CELLS) for _ in range(width if width is not None else chance.randrange(5))]
        for _ in range(chance.randrange(6))
    ]


def behaviours():
    chance = random.Random(12)
    seen = []
    seen.extend(observe(report.is_number, cell) for cell in [*CELLS, 0.0, "1", 10**20, -0.5, "True", 1e300])
    seen.extend(observe(report.align, cell, width) for cell in CELLS for width in (0, 3, 6))
    for _ in range(60):
        rows = random_rows(chance)
        seen.append(observe(report.column_widths, rows))
        seen.append(observe(report.table, rows))
        seen.append(observe(report.table, random_rows(chance, 3), ["name", "n", "price"]))
    for number in [0, 1, 12, 123, 1234, 12345, 123456, 1234567, 10**9, 10**12, 100, 1000, 10000, 999999, 1000000]:
        seen.extend(observe(report.group_digits, number, sign) for sign in (",", ".", " "))
        seen.append(observe(report.group_digits, -number))
    for whole in (0, 1, 3, 7, 200):
        for part in (0, 1, 2, 7):
            seen.extend(observe(report.percent, part, whole, digits) for digits in (0, 1, 2, 3))
            seen.append(observe(report.percent, part, whole))
    for _ in range(40):
        names = chance.sample(["a", "bb", "ccc", "dddd", "e f"], chance.randrange(5))
        values = {name: chance.randrange(30) for name in names}
        seen.append(observe(report.bars, values))
        seen.append(observe(report.bars, values, chance.choice([1, 5, 10, 40])))
        numbers = [chance.choice([chance.randrange(-20, 60), chance.random() * 50 - 5]) for _ in range(8)]
        seen.append(observe(report.histogram, numbers, chance.choice([0, -10, 5]), chance.choice([5, 10]), 4))
        seen.append(observe(report.histogram, numbers, 0, 10, 1))
        rows = [
            {"town": chance.choice("ABC"), "goods": chance.choice("xyz"), "sum": chance.randrange(-3, 9), "n": 1}
            for _ in range(chance.randrange(10))
        ]
        pairs = report.totals(rows, "town", "sum")
        seen.append(repr(pairs))
        seen.append(observe(report.totals, rows, "goods", "n"))
        seen.extend(observe(report.top, pairs, count) for count in range(5))
        seen.append(observe(report.top, iter([("a", 3), ("b", 2), ("c", 1)]), 1))
        spread = [chance.choice([10, 11, 9, 10, 10, 50, -40, 0]) for _ in range(chance.randrange(12))]
        seen.append(observe(report.outliers, spread))
        seen.append(observe(report.outliers, spread, 1.0))
    for length in range(8):
        seen.extend(observe(report.pages, list("abcdefgh"[:length]), height) for height in (1, 2, 3, 7))
        seen.append(observe(report.pages, list("abcdefgh"[:length]), 3, "- {number} -"))
    for before in (0, 1, -2, 3, 10, 200):
        seen.extend(observe(report.change, before, after) for after in (-4, -2, 0, 1, 3, 10, 15, 1000))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
