"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

import wrapped_calls as calls


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


def divide(number, by=2):
    """Divide.

    Whole numbers.
    """
    return number // by


def named(name, result):
    def function(*args, **kwargs):
        if args and args[0] == "fail":
            raise ValueError(name)
        return result, args, sorted(kwargs.items())

    function.__name__ = name
    return function


def tally_story(seed):
    chance = random.Random(seed)
    tallies = [calls.Tally(), calls.Tally()]
    names = ["get", "get_all", "put", "drop"]
    functions = [(tally, {name: tally.count(named(name, name)) for name in names}) for tally in tallies]
    seen = []
    for _ in range(30):
        tally, counted = chance.choice(functions)
        name = chance.choice(names)
        operation = chance.choice(["call", "call", "call", "rate", "reset"])
        if operation == "call":
            seen.append(observe(counted[name], chance.choice(["fail", "a", 1]), x=chance.randrange(2)))
        elif operation == "rate":
            seen.append(observe(tally.rate, name))
        else:
            seen.append(observe(tally.reset, chance.choice(["", "get", "p", "x"])))
        seen.append(observe(lambda: [sorted(one.calls.items()) for one in tallies]))
        seen.append(observe(lambda: [sorted((k, v) for k, v in one.errors.items() if v) for one in tallies]))
    return seen


def checked(kinds, args, kwargs):
    return calls.check(**kinds)(divide)(*args, **kwargs)


def limited_story(most, arguments):
    function, other = (lambda decorate: (decorate(divide), decorate(divide)))(calls.limited(most))
    seen = []
    for argument in arguments:
        seen.append(observe(function, 10, argument))
        seen.append(observe(function.left))
        seen.append(observe(other.left))
    return seen


def around(sign):
    return lambda function: lambda text: sign + function(text) + sign


def command_set(aliases):
    commands = calls.Commands()
    for name, own in aliases.items():
        function = named(name, name)
        function.__doc__ = f"Does {name}.\n\nMore on {name}." if len(name) % 2 else None
        commands.command(*own)(function)
    return commands


def chained(signs):
    return calls.chain(*[around(sign) for sign in signs])(str.upper)("a")


def called(aliases, text):
    return command_set(aliases).call(text)


def overridden(settings, values, fail):
    seen = []
    try:
        with calls.overridden(settings, **values) as inside:
            seen.append((sorted(inside.items()), inside is settings))
            inside["more"] = 1
            if fail:
                raise KeyError("inside")
    except KeyError:
        seen.append("KeyError")
    return seen, sorted(settings.items())


def behaviours():
    seen = []
    for seed in range(40):
        seen.extend(tally_story(seed))
    many = [{}, {"number": int}, {"by": int}, {"number": int, "by": (int, float)}, {"x": int}, {"y": int, "x": int}]
    for kinds in many:
        for args, kwargs in [((8,), {}), ((8, 3), {}), ((8.0,), {"by": 3}), ((), {"number": 9, "by": 2.0}), ((), {})]:
            seen.append(observe(checked, kinds, args, kwargs))
            seen.append(observe(checked, {**kinds, "number": (int, str)}, args, kwargs))
    for most in range(4):
        for arguments in ([1, 2, 3, 4, 5], [0, 1, 0, 2, 3, 4], [0, 0]):
            seen.extend(limited_story(most, arguments))
    for errors in [(), (ValueError,), (ZeroDivisionError, KeyError), (TypeError,), (ArithmeticError,)]:
        for value in (None, 0, "x", lambda *args: args):
            careful = calls.fallback(value, *errors)(divide)
            seen.extend(observe(careful, *args) for args in [(8,), (8, 0), ("a",), (8, 4)])
    seen.extend(observe(chained, signs) for signs in ("", "*", "*-", "*-+", "ab", "<<>"))
    chance = random.Random(1)
    seen.extend(observe(chained, chance.choices("abcde", k=chance.randrange(6))) for _ in range(30))
    sets = [
        {},
        {"go": ()},
        {"go": ("g",), "stop": ("s", "halt")},
        {"turn_left": ("l", "left"), "turn_right": ("r",), "jump": ("j",)},
        {"b": ("z", "y", "x"), "a": ()},
    ]
    texts = "go|g 1|s|halt a -2|turn-left 3|turn_left|l|r x y|jump 007|j -|left 1.5|b 1 2|x|a|nothing|z fail"
    for aliases in sets:
        commands = observe(command_set, aliases)
        seen.append("! " if commands.startswith("!") else "made")
        seen.append(observe(lambda aliases=aliases: command_set(aliases).help()))
        seen.extend(observe(called, aliases, text) for text in texts.split("|"))
    words = "0 1 12 -1 -12 007 - -- --1 +1 1.5 a a1 1a -a 1-2 -0 x-".split()
    seen.extend(observe(calls.number_or_text, word) for word in ["", *words])
    for settings in ({}, {"a": 1}, {"a": 1, "b": 2}):
        for values in ({}, {"a": 5}, {"c": 3}, {"a": None, "c": 4}):
            seen.extend(observe(overridden, dict(settings), values, fail) for fail in (False, True))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
