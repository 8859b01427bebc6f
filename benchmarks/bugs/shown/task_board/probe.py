"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal
import tempfile
from datetime import date, timedelta
from pathlib import Path

from task_board.display import day, line, shorten, summary
from task_board.main import main, plural
from task_board.storage import decode, encode
from task_board.tasks import Task, parse_words


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


TODAY = date(2024, 2, 27)
WORDS = ["Buy", "milk", "@home", "@Shop", "@", "!high", "!low", "!", "due:2024-02-28", "due:2024-02-20", "long letter"]


def command(path, words):
    """What one command prints and returns."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--file", str(path), *words], TODAY)
    return code, out.getvalue(), err.getvalue()


def random_task(chance, number):
    due = TODAY + timedelta(chance.randrange(-20, 20)) if chance.random() < 0.7 else None
    words = ["read", "the", "newspaper", "of", "yesterday"]
    title = " ".join(chance.choice(words) for _ in range(chance.randrange(1, 7)))
    tags = chance.sample(["home", "shop"], chance.randrange(3))
    return Task(number, title, chance.choice(["low", "normal", "high"]), due, chance.random() < 0.4, tags)


def story(seed, folder):
    """Thirty commands on one file."""
    chance = random.Random(seed)
    path = Path(folder, str(seed), "tasks.json")
    seen = []
    for _ in range(30):
        kind = chance.choice(["add", "add", "add", "done", "clear", "list", "list"])
        words = [kind]
        if kind == "add":
            words += [chance.choice(WORDS) for _ in range(chance.randrange(1, 5))]
            if chance.random() < 0.1:
                words.append(chance.choice(["!soon", "due:never"]))
        elif kind == "done":
            words += [str(chance.randrange(1, 10)) for _ in range(chance.randrange(1, 3))]
        elif kind == "list":
            words += chance.sample(["home", "@shop", "HOME", "none"], chance.choice([0, 0, 1, 2]))
            words += ["--all"] if chance.random() < 0.5 else []
        seen.append(observe(command, path, words))
        if chance.random() < 0.3:
            seen.append(observe(command, path, ["list", "--all"]))
    return seen


def behaviours():
    chance = random.Random(2)
    seen = [observe(day, TODAY + timedelta(distance), TODAY) for distance in range(-18, 19)]
    seen.append(observe(day, None, TODAY))
    for width in (4, 5, 8, 10):
        seen.extend(observe(shorten, "ab cdef gh ijkl"[:length], width) for length in range(16))
    for _ in range(60):
        tasks = [random_task(chance, number) for number in range(chance.randrange(8))]
        seen.append(observe(summary, tasks, TODAY))
        seen.append(observe(lambda tasks=tasks: [task.number for task in sorted(tasks, key=Task.sort_key)]))
        for task in tasks:
            seen.append(observe(task.is_late, TODAY))
            seen.append(observe(line, task, TODAY))
            seen.append(observe(lambda task=task: decode(encode(task)) == task))
            seen.append(observe(encode, task))
        seen.append(observe(parse_words, [chance.choice(WORDS) for _ in range(chance.randrange(7))]))
    seen.append(observe(decode, {"number": 1, "title": "old"}))
    seen.append(observe(decode, {"number": 1, "title": "old", "due": None, "done": True}))
    seen.append(observe(decode, {"number": 1, "title": "old", "due": "2024-01-01", "tags": ["x"], "priority": "low"}))
    seen.extend(observe(plural, count, "task") for count in (0, 1, 2, 11))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(8):
            seen.extend(story(seed, folder))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
