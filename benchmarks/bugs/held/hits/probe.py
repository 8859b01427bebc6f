"""Prints what the program does on many inputs as one JSON list of strings."""

import io
import json
import random
import signal
import tempfile
from pathlib import Path

import hits


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


rng = random.Random(55)


def time():
    return f"{rng.randrange(1, 29):02}/{rng.choice(hits.MONTHS)}/2024:{rng.randrange(24):02}:{rng.randrange(60):02}:07 +0200"


def line():
    if rng.random() < 0.1:
        return rng.choice(["", "  ", "nonsense", 'x - - [01/May/2024:08:00:00 +0000] "GET /" 20 1', "# comment " * 10])
    path = rng.choice(["/", "/a", "/b?x=1", "/c?y=2?z", "/d/e"])
    size = rng.choice(["-", "0", str(rng.randrange(10 ** rng.randrange(1, 9)))])
    status = rng.choice([200, 200, 301, 304, 403, 404, 500, 503])
    return f'10.0.0.{rng.randrange(5)} - - [{time()}] "{rng.choice(["GET", "POST"])} {path} HTTP/1.1" {status} {size}'


def lines():
    return [line() for _ in range(rng.randrange(0, 14))]


def reading(given):
    bad, more = [], ["before"]
    found = hits.read(given, bad)
    return found, bad, hits.read(given) == found, hits.read(given, more) == found, more


def running(folder, given, *arguments):
    path = folder / "log"
    path.write_text("\n".join(given), encoding="utf-8")
    out = io.StringIO()
    return hits.main([arguments[0], str(path), *arguments[1:]], out), out.getvalue()


def missing(folder):
    out = io.StringIO()
    return hits.main(["pages", str(folder / "none")], out), out.getvalue()


def distinct(given):
    """No two clients were sent the same, so that the order is clear."""
    return [f'10.0.0.{n % 4} - - [{time()}] "GET / HTTP/1.1" 200 {7 ** (n % 9) + n}' for n in range(len(given))]


with tempfile.TemporaryDirectory() as name:
    for number in range(50):
        given = lines()
        found = hits.read(given)
        look("parse_time", hits.parse_time, time())
        look("parse_line", hits.parse_line, line())
        look("read", reading, given)
        status = rng.choice([None, 200, "200", "4xx", "xxx", "x0x", "5x3", "20", 404])
        since = rng.choice([None, "2024-06", "2024-03-05 12:00:07", found[0].time if found else "2024"])
        look("select", hits.select, found, status, since)
        look(
            "fits",
            hits.fits,
            rng.choice([200, 404, 503]),
            rng.choice([200, 404, "4xx", "x0x", "5", "xxxx", "4X4", "xx4"]),
        )
        look("human", hits.human, rng.randrange(10 ** rng.randrange(1, 18)))
        look("human", hits.human, 10 ** (number % 17))
        counts = {
            rng.choice("abcdefg"): rng.randrange(1, 10 ** rng.randrange(1, 4)) for _ in range(rng.randrange(0, 7))
        }
        look("ranking", hits.ranking, counts, rng.randrange(1, 6))
        look("hours", hits.hours, found)
        look("traffic", hits.traffic, hits.read(distinct(given)), rng.randrange(1, 4))
        look("report", hits.report, found, rng.choice(["pages", "errors", "hours"]), rng.randrange(1, 5))
        kind = rng.choice(["pages", "errors", "hours"])
        more = rng.choice([[], ["--top", "2"], ["--status", "2xx"], ["--since", "2024-07"], ["--status", "999"]])
        look("main", running, Path(name), given, kind, *more)
    look("main", missing, Path(name))
print(json.dumps(seen))
