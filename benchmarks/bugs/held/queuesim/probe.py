"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from queuesim import Customer, EventQueue, Office, arrivals, counters_needed, mean_length, queue_lengths


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


rng = random.Random(3)


def people(count):
    times = sorted(rng.randrange(0, 60) for _ in range(count))
    return [Customer(f"c{n}", time, rng.randrange(1, 20), rng.choice([5, 10, 20, 60])) for n, time in enumerate(times)]


def day(office, customers):
    office.run(customers)
    return (
        [(c.name, c.served_at, c.left_at) for c in customers],
        [c.name for c in office.done],
        [c.name for c in office.lost],
    )


def waits(customers):
    Office(1).run(customers)
    return [customer.waited for customer in customers]


def lengths(customers):
    Office(1).run(customers)
    return queue_lengths(customers)


def queue(steps):
    events, out = EventQueue(), []
    for kind, time, what in steps:
        if kind == "put":
            events.put(time, what)
        elif kind == "cancel":
            out.append(events.cancel(what))
        elif len(events):
            out.append(events.take())
    while len(events):
        out.append(events.take())
    return out


def summed(office, customers):
    office.run(customers)
    return office.summary()


for number in range(40):
    look("arrivals", arrivals, rng.randrange(5, 80), rng.randrange(20, 200), number)
    steps = [
        (rng.choice(["put", "put", "put", "take", "cancel"]), rng.randrange(4), rng.choice("zyxab")) for _ in range(12)
    ]
    look("EventQueue", queue, steps)
    look("run", day, Office(rng.randrange(1, 4), rng.choice([0, 0, 20])), people(rng.randrange(0, 10)))
    look("waited", waits, people(rng.randrange(1, 8)))
    look("summary", summed, Office(rng.randrange(1, 3)), people(rng.randrange(0, 9)))
    look("queue_lengths", lengths, people(rng.randrange(0, 9)))
    changes = [(time, rng.randrange(0, 6)) for time in sorted(rng.sample(range(50), rng.randrange(0, 7)))]
    look("mean_length", mean_length, changes, rng.randrange(1, 60))
    rows = [(n, rng.randrange(0, 15), rng.randrange(1, 15)) for n in range(rng.randrange(1, 9))]
    crowd = lambda rows=rows: [Customer(str(n), a, b) for n, a, b in sorted(rows, key=lambda row: row[1])]  # noqa: E731
    look("counters_needed", counters_needed, crowd, rng.randrange(0, 20), rng.choice([2, 20]))
print(json.dumps(seen))
