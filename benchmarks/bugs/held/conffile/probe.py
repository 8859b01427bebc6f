"""Prints what the program does on many inputs as one JSON list of strings."""

import copy
import json
import random
import signal

import conffile


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


rng = random.Random(1001)
LINES = [
    "a = 1",
    "b=two words",
    "[s]",
    "[ t ]",
    "# note",
    "",
    "  ",
    "c = x # y",
    "d = x#y",
    'e = "q # r"',
    "f = 'single'",
    "g =",
    "long = 1, \\",
]
LINES += ["  more \\", "K = ${a}", "h = a = b", "[s.t]", "i = \"odd'", 'j = "']
WRONG = ["[", "[]", "nonsense", "= 3", "[s", "a = again"]


def text():
    lines = rng.sample(LINES, rng.randrange(0, 11))
    if rng.random() < 0.3:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(WRONG))
    return "\n".join(lines)


def config():
    sections = rng.sample(["", "s", "t", "s.t"], rng.randrange(1, 5))
    return {
        section: {key: rng.choice("1234") for key in rng.sample("abcd", rng.randrange(0, 4))} for section in sections
    }


def overlaid(*configs):
    before = copy.deepcopy(configs)
    return conffile.overlay(*configs), before == configs


def references():
    values = ["1", "${a}", "${b}/x", "${s.a}", "${s.t.b}+${ c }", "${.a}", "${none}", "${t.none}", "plain", "${A}"]
    return {section: {key: rng.choice(values) for key in "abc"} for section in ["", "s", "s.t", "t"]}


def files():
    out = {}
    for name in "pqrs":
        include = ", ".join(rng.sample("pqrs", rng.randrange(0, 3)))
        keys = "\n".join(f"{key} = {name}" for key in rng.sample("abcd", 2))
        out[name] = (f"include = {include}\n" if include else "") + f"top{name} = 1\n[s]\n{keys}\n[only-{name}]"
    return out


def loaded(given, name):
    read = []

    def reader(wanted):
        read.append(wanted)
        return given[wanted]

    return conffile.load(name, reader), read


def dumped(given):
    text = conffile.dump(given)
    return text, conffile.parse(text) == {"": {}, **given}


for _ in range(60):
    given = text()
    look("logical_lines", lambda given=given: list(conffile.logical_lines(given)))
    look("parse", conffile.parse, given)
    look("overlay", overlaid, config(), *(config() for _ in range(rng.randrange(0, 4))))
    look("resolve", conffile.resolve, references(), rng.choice(["", "s", "s.t", "t"]), rng.choice("abcd"))
    look("resolve", conffile.resolve, references(), rng.choice(["s", "s.t", "t"]), rng.choice("abc"))
    parts = [
        f"{rng.randrange(100)}{rng.choice(['', 's', 'm', 'h', 'd', 'w' if rng.random() < 0.2 else 'm'])}"
        for _ in range(rng.randrange(1, 4))
    ]
    look("as_seconds", conffile.as_seconds, " ".join(parts))
    words = rng.choice([",", ", ", " ,"]).join(
        rng.choice(["b", "a", "", " ", "c d", "b"]) for _ in range(rng.randrange(0, 6))
    )
    look("as_list", conffile.as_list, words)
    look("as_list", conffile.as_list, words.replace(",", ";"), rng.choice([";", ","]))
    like = rng.choice([True, False, 3, 0, 2.5, [], ["x"], "t", None])
    word = rng.choice(
        ["yes", "ON", "true", "1", "no", "Off", "FALSE", "0", "7", "-3", "2.5", "many", "", "b, a", "1e3"]
    )
    look(
        "convert",
        lambda word=word, like=like: (conffile.convert(word, like), type(conffile.convert(word, like)).__name__),
    )
    look("load", loaded, files(), rng.choice("pqrs"))
    values = ["1", "a b", " x", "y ", "", "p # q", "#", "c#d"]
    given = {
        section: {key: rng.choice(values) for key in rng.sample("dcba", rng.randrange(0, 4))}
        for section in rng.sample(["z", "", "s"], 2)
    }
    look("dump", dumped, given)
for value in ['"', "''", '"a', 'a"', "\"a'", "'a'", '"a"b"', " 'a'", "x", "", "'", "xx", '""""', "'\"'"] + [
    rng.choice("'\"ab") * 2 + rng.choice("'\"a") for _ in range(20)
]:
    look("unquote", conffile.unquote, value)
for value in ["", "90", "1h 5", "1m30s", "x", "-5s", "1 s", "5.0", "d", "0d 0s", "3s 3s"]:
    look("as_seconds", conffile.as_seconds, value)
print(json.dumps(seen))
