"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from stock import Bus, Warehouse


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


rng = random.Random(606)
NAMES = ["cup", "jug", "pot", "pan"]
ORDERS = ["o1", "o2", "o3"]


def caught(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return f"! {type(error).__name__} {getattr(error, 'free', '')}"


def state(warehouse):
    return [(name, a.pieces, a.free, sorted(a.promised.items())) for name, a in sorted(warehouse.articles.items())]


def heard_by(steps):
    bus, heard, leaves = Bus(), [], []
    out = []
    for kind, topic, broken in steps:
        if kind == "listen":

            def listener(what, details, mark=len(leaves), broken=broken):
                heard.append((mark, what, details))
                if broken:
                    raise RuntimeError(f"broken {mark}")

            leaves.append(bus.listen(topic, listener))
        elif kind == "leave" and leaves:
            out.append(caught(leaves[len(topic) % len(leaves)]))
        else:
            out.append(bus.tell(topic, size=len(topic)))
    return out, heard, bus.failures, Bus().tell("a.b")


def step(warehouse, time):
    kind = rng.choice(["receive", "reserve", "reserve", "reserve", "release", "ship", "stale", "order", "later", "add"])
    if kind == "receive":
        return caught(warehouse.receive, rng.choice(NAMES), rng.randrange(0, 6))
    if kind == "reserve":
        wanted = {name: rng.randrange(1, 5) for name in rng.sample(NAMES, rng.choice([1, 1, 2, 3]))}
        if rng.random() < 0.8:
            wanted.pop("pan", None)
        return caught(warehouse.reserve, rng.choice(ORDERS), wanted)
    if kind in ("release", "ship"):
        return caught(getattr(warehouse, kind), rng.choice(ORDERS))
    if kind == "stale":
        return caught(warehouse.release_stale, rng.choice([0, 1, 3]))
    if kind == "order":
        return caught(warehouse.to_order, rng.randrange(0, 8))
    if kind == "add":
        return caught(warehouse.add, rng.choice(NAMES[:3]))
    time[0] += rng.randrange(0, 4)
    return "later"


def story():
    time, told, bus = [0], [], Bus()
    bus.listen("*", lambda topic, details: told.append("star"))
    for pattern in ["stock.*", "order.*"]:
        bus.listen(pattern, lambda topic, details: told.append((topic, sorted(details.items()))))
    warehouse = Warehouse(bus, lambda: time[0])
    for name in NAMES[:3]:
        warehouse.add(name, rng.randrange(0, 4))
        warehouse.receive(name, rng.randrange(0, 12))
    for _ in range(20):
        look("step", step, warehouse, time)
        look("state", state, warehouse)
        look("times", lambda warehouse=warehouse: sorted(warehouse.times.items()))
        look("told", lambda told=told: list(told[-3:]))


for _ in range(50):
    kinds = ["listen", "listen", "tell", "tell", "leave"]
    look(
        "Bus",
        heard_by,
        [
            (rng.choice(kinds), rng.choice(["a.b", "a.*", "a.b.*", "ab.c", "a.b.c"]), rng.random() < 0.2)
            for _ in range(9)
        ],
    )
    story()
print(json.dumps(seen))
