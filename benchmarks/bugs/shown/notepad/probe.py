"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from notepad import Notepad


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


WORDS = ["alpha", "beta", "alphabet", "", "gamma ray", "x", "be"]


def random_story(seed):
    """Forty random operations on one pad, with all that they show."""
    chance = random.Random(seed)
    pad = Notepad([chance.choice(WORDS) for _ in range(chance.randrange(5))], limit=chance.choice([1, 3, 5, 20]))
    seen, kept = [], pad.snapshot()
    for _ in range(40):
        line, text = chance.randrange(7), chance.choice(WORDS)
        operation = chance.choice(
            ["insert", "append", "delete", "replace", "undo", "undo", "redo", "find", "all", "keep"]
        )
        if operation == "insert":
            seen.append(observe(pad.insert, line, text))
        elif operation == "append":
            seen.append(observe(pad.append, text))
        elif operation == "delete":
            seen.append(observe(pad.delete, line))
        elif operation == "replace":
            seen.append(observe(pad.replace, line, text))
        elif operation == "undo":
            seen.append(observe(pad.undo))
        elif operation == "redo":
            seen.append(observe(pad.redo))
        elif operation == "find":
            seen.append(observe(pad.find, text, chance.randrange(max(1, len(pad)))))
        elif operation == "all":
            seen.append(observe(pad.replace_all, chance.choice(["a", "b", "x"]), chance.choice(["a", "yy", ""])))
        else:
            seen.append(repr(kept))
            kept = pad.snapshot()
        seen.append(observe(pad.snapshot))
    return seen


def behaviours():
    seen = []
    for seed in range(40):
        seen.extend(random_story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
