"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from stock_ledger import Batch, StockLedger


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


GOODS = ["tea", "cups", "milk", "salt"]


def story(seed):
    """Fifty random bookings in one ledger, with the state of all goods after each."""
    chance = random.Random(seed)
    ledger = StockLedger()
    seen = []
    operations = "receive receive reserve release issue issue issue_reserved spoilt count minimum order turnover"
    for day in range(50):
        name, pieces = chance.choice(GOODS), chance.randrange(1, 9)
        operation = chance.choice(operations.split())
        if operation == "receive":
            best_before = chance.choice([None, day, day + 3, day + 10])
            seen.append(observe(ledger.receive, name, pieces, chance.choice([0, 50, 99, 120, 333]), best_before))
        elif operation == "reserve":
            seen.append(observe(ledger.reserve, name, pieces))
        elif operation == "release":
            seen.append(observe(ledger.release, name, pieces))
        elif operation == "issue":
            seen.append(observe(ledger.issue, name, pieces))
        elif operation == "issue_reserved":
            seen.append(observe(ledger.issue, name, pieces, reserved=True))
        elif operation == "spoilt":
            seen.append(observe(lambda day=day: list(ledger.discard_spoilt(day).items())))
        elif operation == "count":
            seen.append(observe(ledger.count, name, max(0, ledger.on_hand(name) + chance.randrange(-4, 4))))
        elif operation == "minimum":
            seen.append(observe(ledger.set_minimum, name, chance.randrange(12)))
        elif operation == "order":
            seen.append(observe(ledger.to_order))
        else:
            seen.append(observe(ledger.turnover, name))
        for good in GOODS:
            seen.append(observe(lambda good=good: (ledger.on_hand(good), ledger.available(good))))
            seen.append(observe(lambda good=good: (ledger.value(good), ledger.average_cost(good))))
        seen.append(observe(ledger.value))
    seen.append(observe(lambda: ledger.journal))
    return seen


def behaviours():
    seen = []
    for best_before in (None, 0, 3, 10):
        for cost in (0, 50, 100, 101, 500):
            seen.extend(observe(Batch(2, cost, best_before).is_spoilt, day) for day in (0, 1, 2, 3, 4, 9, 10, 11, 99))
    for pieces in (-1, 0, 1):
        seen.extend(observe(StockLedger().receive, "tea", pieces, cost) for cost in (-1, 0, 1))
    for seed in range(25):
        seen.extend(story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
