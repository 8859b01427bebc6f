"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import copy
import io
import json
import random
import signal
import tempfile
from pathlib import Path

from settings_loader import load
from settings_loader.environment import expand, from_environment
from settings_loader.formats import parse_plain, put, read, unquote
from settings_loader.loader import expand_all
from settings_loader.merging import flatten, merge
from settings_loader.typing_rules import conform, like, to_bool, to_list


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


LEAVES = [0, 1, 2.5, "x", "yes", True, False, None, ["p", "q"], "a, b", "7"]


def tree(chance, depth=2):
    result = {}
    for key in chance.sample("abcd", chance.randrange(5)):
        result[key] = tree(chance, depth - 1) if depth and chance.random() < 0.5 else chance.choice(LEAVES)
    return result


def scribble(settings):
    """Change everything that can be changed inside settings."""
    for value in list(settings.values()):
        if isinstance(value, dict):
            scribble(value)
        elif isinstance(value, list):
            value.append("scribbled")
    settings["scribbled"] = True


def merged_and_scribbled(base, other):
    base, other = copy.deepcopy(base), copy.deepcopy(other)
    merged = merge(base, other)
    text = repr(merged)
    scribble(merged)
    return text, base, other


def put_all(names):
    settings = {}
    for number, name in enumerate(names):
        put(settings, name, number)
    return settings


def written(folder, files, defaults, variables):
    paths = []
    for name, text in files:
        path = Path(folder, name)
        path.write_text(text)
        paths.append(path)
    return load(defaults, [*paths, Path(folder, "missing.conf")], variables)


def behaviours():
    chance = random.Random(11)
    seen = []
    for text in ["", "'", "''", '""', "'a'", '"a"', "'a\"", "aa", "aba", "'a", "a'", '"it\'s"', "''a''", "x'x", "'x"]:
        seen.append(observe(unquote, text))
        seen.append(observe(parse_plain, f"k = {text}"))
        seen.append(observe(parse_plain, f"a.b={text}\n# c\n\n ; d = 1\n a.c =  {text} \n"))
    texts = ["", "\n", "a", "a=1\nb", "a = 1 = 2", "# x\n; y", "a.b.c = 1\na.b.d = 2\na.e = 3", "  # x = 1\nb = 2"]
    seen.extend(observe(parse_plain, text) for text in texts)
    paths = [["a"], ["a.b", "a.c"], ["a.b.c", "a.b.d", "x"], ["a", "a"], ["a.b.c.d", "a.b.e", "a.f"]]
    seen.extend(observe(put_all, names) for names in paths)
    for _ in range(150):
        one, other = tree(chance), tree(chance)
        seen.append(observe(merged_and_scribbled, one, other))
        seen.append(observe(lambda one=one: list(flatten(one).items())))
        seen.append(observe(flatten, one, "top"))
        seen.append(observe(conform, one, other))
        seen.append(observe(conform, merge(other, one), other))
    words = ["1", "0", "yes", "YES", "True", "off", "OFF", " no ", "", "maybe", "2", True, False, 1, 0, 2, 1.0, None]
    seen.extend(observe(to_bool, word) for word in words)
    seen.extend(observe(to_list, value) for value in ["", "a", "a,b", " a , ,b,", ["a", " b"], 5, ",", "a b"])
    values = ["1", "12", "1.5", "yes", "No", "a,b", 1, 0, 2, True, "on"]
    for example in [True, False, 1, 0, 1.5, [], ["x"], "", "x"]:
        seen.extend(observe(like, value, example) for value in values)
    names = "APP_A APP_B__C APP_B__D APP_LONG_NAME APP_ APPX MY_A MY_B__C OTHER LONGER_X__Y__Z".split()
    for prefix in ["APP_", "MY_", "LONGER_", "A", "NONE_", "OTHER"]:
        for _ in range(6):
            chosen = chance.sample(names, chance.randrange(len(names)))
            seen.append(observe(from_environment, {name: name.lower() for name in chosen}, prefix))
    texts = ["", "$A", "A", "${A}x${A}", "${A}", "${B}", "${B:}", "${B:x}", "${A:x}", "a${A}b${C:c}d${B}e"]
    texts += ["${A", "}${A}", "${}"]
    for text in texts:
        for variables in [{}, {"A": "1"}, {"A": "1", "B": "${A}"}, {"B": ""}]:
            seen.append(observe(expand, text, variables))
            seen.append(observe(expand_all, {"x": [text, 1], "y": {"z": text}, "n": None}, variables))
    defaults = {"debug": False, "port": 80, "db": {"host": "here", "timeout": 1.5}, "tags": ["a"], "name": "n"}
    files = [
        ("a.conf", "port = 81\ndb.host = ${HOST:there}\ntags = x, y\n"),
        ("b.cfg", "debug = Yes\ndb.timeout = 3\nextra.deep.er = 1\n"),
        ("c.json", '{"db": {"host": null, "size": 3}, "port": "90"}'),
        ("d.json", '{"tags": ["q"], "debug": true, "name": "${WHO}"}'),
        ("e.conf", "port = many"),
        ("f.txt", "port = 1"),
        ("g.json", "{"),
        ("h.conf", "db = 1"),
        ("i.conf", "port.deep = 1"),
        ("j.conf", "; only\n\n# comments"),
    ]
    variables = {"APP_PORT": "99", "APP_DB__HOST": "env", "APP_DEBUG": "off", "HOST": "h", "APP_TAGS": "1,2"}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files:
            path = Path(folder, name)
            path.write_text(text)
            seen.append(observe(read, path))
        for _ in range(120):
            some = chance.sample(files, chance.randrange(4))
            environment = {name: variables[name] for name in chance.sample(sorted(variables), chance.randrange(6))}
            before = copy.deepcopy(defaults)
            seen.append(observe(written, folder, some, before, environment))
            seen.append(repr(before))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
