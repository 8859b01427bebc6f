"""Prints what the program does with held-out inputs: a JSON list of strings, one a call."""

import json
import random
import signal
from collections.abc import Callable

import ini_files
from ini_files import Settings

ANSWERS: list[str] = []
TIMEOUTS_BEFORE_GIVING_UP = 5


class Late(BaseException):
    """The call took longer than a second."""


def ring(signum: int, frame: object) -> None:
    raise Late


def ask(call: Callable[..., object], *arguments: object) -> None:
    """Notes what the call returns, or the type of its exception."""
    if ANSWERS.count("! timeout") >= TIMEOUTS_BEFORE_GIVING_UP:
        ANSWERS.append("! timeout")
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        answer = repr(call(*arguments))
    except Late:
        answer = "! timeout"
    except Exception as error:
        answer = f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    ANSWERS.append(answer)


signal.signal(signal.SIGALRM, ring)
dice = random.Random(15)


LINES = [
    "a = 1",
    "B=two # c",
    "c = x=y",
    "[One]",
    "[ two ]",
    "[one]",
    "",
    "   ",
    "# note",
    ";x",
    "  more",
    "\tmore ; no",
]
LINES += [
    "list = a, b,,c,",
    "  d",
    "flag = Yes",
    "flag = off",
    "flag = maybe",
    "ref = ${a}!",
    "ref = ${one:b}",
    "x#y = z#1",
]
LINES += ["nonsense", "loop = ${loop}", "e =", "[x]y = 1", " # indented"]
NAMES = ["a", "b", "c", "list", "flag", "ref", "loop", "e", "none"]


def settings_of(text: str) -> Settings:
    return Settings(ini_files.parse(text))


def dropped(text: str, section: str, option: str) -> object:
    settings = settings_of(text)
    return settings.drop(section, option), settings.drop(section, option), settings.sections


def changed(text: str, section: str, option: str) -> object:
    settings = settings_of(text)
    settings.set(section, option, "new")
    return settings.sections


def merged(text: str, other: str) -> object:
    one, two = settings_of(text), settings_of(other)
    return one.merge(two).sections, one.sections, two.sections


for line in [*LINES, "a = 1 #", "#", " #", "a;b ;c", "a #b #c", "a= ;", "x = a;b", "x = a ;b"]:
    ask(ini_files.strip_comment, line)
    ask(ini_files.parse, line)
readable = [line for line in LINES if line not in ("nonsense", "[x]y = 1")]
for number in range(60):
    text = "\n".join(dice.choices(LINES if number % 6 == 0 else readable[:-5] + readable, k=dice.randrange(0, 12)))
    text = text if number % 6 == 0 else "top = 0\n" + text
    ask(ini_files.parse, text)
    section = dice.choice(["defaults", "one", "two", "three"])
    for option in dice.sample(NAMES, 3):
        ask(lambda *known: settings_of(known[0]).get(*known[1:]), text, section, option)
        ask(lambda *known: settings_of(known[0]).resolve(*known[1:]), text, section, option)
        ask(lambda *known: settings_of(known[0]).get_list(*known[1:]), text, section, option)
        ask(dropped, text, section, option)
    ask(lambda *known: settings_of(known[0]).get_bool(*known[1:]), text, section, "flag")
    ask(changed, text, section, dice.choice(["a", "B", "Zed"]))
    ask(merged, text, "\n".join(["a = 9", *dice.choices(readable, k=5)]))
    ask(lambda text: settings_of(text).write(), text)
for word in ["yes", "TRUE", "On", "1", "no", "False", "OFF", "0", "", "2", "y", "none"]:
    ask(Settings({"s": {"o": word}}).get_bool, "s", "o")
    ask(Settings({"defaults": {"o": word}}).get_bool, "s", "o")
layers = "a = 1\nb = 2\nflag = no\n[one]\na = 3\nflag = yes\nc = 4\n[two]\nb = 5"
for section in ["one", "two", "three", "defaults"]:
    for option in NAMES:
        ask(settings_of(layers).get, section, option)
for values in [
    {"a": "1"},
    {"a": "${b}", "b": "${c}", "c": "3"},
    {"a": "${a}"},
    {"a": "x${t:b}y${b}", "b": "2"},
    {"a": "${z}"},
]:
    ask(Settings({"s": values, "t": {"b": "T", "a": "${s:a}"}}).resolve, "s", "a")
    ask(Settings({"s": values, "t": {"b": "T"}, "defaults": {"z": "Z"}}).resolve, "s", "a")
    ask(Settings({"defaults": values}).resolve, "t", "a")
    ask(Settings({"s": values, "defaults": dict(values)}).merge(Settings({"s": {"a": "0"}})).write)
    ask(dropped, f"[s]\na = {values['a']}", "s", "a")
    ask(dropped, f"a = {values['a']}", "defaults", "a")

print(json.dumps(ANSWERS))
