"""Prints what the program does on many inputs as one JSON list of strings."""

import json
import random
import signal

from minilang.evaluate import names_in

import minilang


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


rng = random.Random(31)
VALUES = {"x": 3, "y": -2, "zero": 0, "_a1": 2.5}


def formula(level=0):
    kind = rng.randrange(12 if level < 4 else 3)
    if kind < 2:
        return rng.choice(["0", "1", "2", "3.5", "10", "0.25"])
    if kind == 2:
        return rng.choice([*VALUES, "unknown"] if rng.random() < 0.2 else list(VALUES))
    if kind < 7:
        return f"{formula(level + 1)}{rng.choice([' + ', '-', '*', ' / '])}{formula(level + 1)}"
    if kind == 7:
        return f"({formula(level + 1)}{rng.choice(['<', '>=', '=', ' <> '])}{formula(level + 1)})"
    if kind == 8:
        return f"-{formula(level + 1)}"
    if kind == 9:
        return f"{rng.choice(['2', 'x', '(1+1)'])}^{rng.choice(['2', '-1', '2^2', 'zero', '-y'])}"
    if kind == 10:
        return f"if({formula(level + 1)}, {formula(level + 1)}, {formula(level + 1)})"
    return f"{rng.choice(['max', 'Min'])}({formula(level + 1)}, {formula(level + 1)})"


texts = [formula() for _ in range(150)]
texts += [
    "",
    " ",
    "#",
    "1#x",
    "1 # x\n",
    "# a\n2 # b\n* 3",
    "1.",
    "1.5.2",
    "1..2",
    "x.5",
    "1 2",
    "()",
    "(1",
    "1)",
    "max(",
    "max(1,",
]
texts += [
    "max(,1)",
    "max()",
    "now()",
    "abs(-3)",
    "abs(1, 2)",
    "sqrt(16)",
    "sqrt(zero-1)",
    "floor(2.7)",
    "foo(1)",
    "if(1,2)",
    "if(1,2,3,4)",
]
texts += [
    "1<2<3",
    "1=<2",
    "<>",
    "2^3^2",
    "-2^2",
    "2^-2^2",
    "1-2-3-4",
    "8/4/2",
    "1-(2-3)",
    "a b",
    "1 $ 2",
    "1+\n2",
    "x<=3",
    "3>=x",
    "1 - - 1",
    "+1",
]
texts += ["x - y - x - y + 1", "2 * 3 - 4 * 5 - 6", "max(x, y, zero)", "min(unknown, x) + y", "if(x, other, y)"]
for text in texts:
    look("tokens", minilang.tokens, text)
    look("parse", minilang.parse, text)
    look("run", lambda text=text: minilang.run(text, **VALUES))
    look("names_in", lambda text=text: names_in(minilang.parse(text)))
print(json.dumps(seen))
