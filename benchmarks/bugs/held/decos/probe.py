"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import pathlib
import random
import signal
import warnings

import decos


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


rng = random.Random(8)


class Log(list):
    """A function that notes its calls and gives (or raises) what is next in line."""

    def __init__(self, answers):
        super().__init__()
        self.answers = list(answers)
        self.__name__ = "log"

    def __call__(self, *args, **kwargs):
        self.append((args, tuple(kwargs.items())))
        answer = self.answers.pop(0) if self.answers else "end"
        if isinstance(answer, Exception):
            raise answer
        return answer


def caught(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except Exception as error:
        return f"! {type(error).__name__} {error}"


def some(count):
    return [rng.choice([None, 0, 1, "a", KeyError("k"), OSError("o"), ValueError("v")]) for _ in range(count)]


def counted(answers):
    log = Log(answers)
    function = decos.counted(log)
    return [caught(function, n, k=n) for n in range(len(answers))], function.calls, list(log)


def remembered(limit, keys):
    asked = []

    @decos.remembered(limit)
    def join(a, b=0, **more):
        asked.append((a, b, tuple(more)))
        if a == 4:
            raise ValueError("four")
        return [a, b, sorted(more.items())]

    out = []
    for kind, a, b in keys:
        calls = {0: lambda a=a, b=b: join(a, b), 1: lambda a=a: join(a), 2: lambda a=a, b=b: join(a, x=b, y=a)}
        out.append(caught(calls[kind]))
    return out, asked, len(join.known)


def retried(times, errors, answers, tells):
    log, told = Log(answers), []
    between = (lambda attempt, error: told.append((attempt, str(error)))) if tells else None
    function = decos.retry(times, errors, between)(log)
    return caught(function, 1, k=2), list(log), told


def once(answers):
    log = Log(answers)
    function = decos.once(log)
    return [caught(function, n) for n in range(4)], list(log)


def deprecated(instead, since, answer):
    @decos.deprecated(instead, since) if since else decos.deprecated(instead)
    def old(value):
        return value

    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        out = [old(answer), old(value=answer)]
    return out, [(str(w.message), w.category.__name__, pathlib.Path(w.filename).name) for w in noted]


@decos.checked
def target(text: str, count: int = 1, *, exact: bool = False, free=None, many: "list[int]" = ()):
    return (text, count, exact, free, many)


def sent(steps):
    signal, other, out = decos.Signal(), decos.Signal(), []
    functions = {}

    def receiver(name, leaves):
        def receive(value):
            if leaves:
                signal.disconnect(receive)
            return f"{name}{value}"

        return receive

    for step, (kind, priority, leaves) in enumerate(steps):
        if kind == "connect":
            functions[step] = signal.connect(priority)(receiver(step, leaves))
        elif kind == "disconnect" and functions:
            out.append(signal.disconnect(functions[sorted(functions)[priority % len(functions)]]))
        else:
            out.append(signal.send(step))
    return out, other.send(0), len(other.receivers)


for _ in range(40):
    look("counted", counted, some(rng.randrange(0, 5)))
    keys = [(rng.choice([0, 1, 1, 1, 1, 2]), rng.randrange(5), rng.randrange(2)) for _ in range(20)]
    look("remembered", remembered, rng.choice([None, 1, 2, 3, 4]), keys)
    errors = rng.choice([(KeyError,), (OSError, ValueError), (Exception,)])
    look("retry", retried, rng.randrange(1, 5), errors, some(6), rng.random() < 0.6)
    look("once", once, some(4))
    look("deprecated", deprecated, rng.choice(["new", "other.way"]), rng.choice(["2.0", "3.1", None]), rng.randrange(9))
    values = [rng.choice(["a", 1, 2.5, None, True, [1]]) for _ in range(2)]
    look("checked", caught, target, *values)
    look("checked", lambda: caught(target, "t", exact=values[0], free=values[1], many=values[0]))
    value = rng.choice([None, rng.randrange(-30, 30), rng.uniform(-30, 30)])
    look("between", decos.between(-10, 12)(lambda value=value: value))
    steps = [
        (rng.choice(["connect", "connect", "send", "disconnect"]), rng.randrange(-2, 3), rng.random() < 0.3)
        for _ in range(10)
    ]
    look("Signal", sent, steps)
look("checked", target)
look("checked", lambda: target("a", 1, 2))
look(
    "names",
    lambda: [target.__name__, decos.counted(sent).__name__, decos.once(sent).__name__, decos.retry(2)(sent).__name__],
)
print(json.dumps(seen))
