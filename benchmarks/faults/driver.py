"""Runs a program's work at one commit in simulated time, and lets the recorder write it down.

Started in a process of its own, with one JSON document on stdin: root, spool, commit, work, seed, moments (in
nanoseconds since 1970), first (number of the first step).
"""

import datetime as dates
import json
import random
import sys
import time
import types

DOCUMENT = json.load(sys.stdin)
NOW = [DOCUMENT["moments"][0]]
_Real = dates.datetime


class Simulated(_Real):
    """`datetime` whose `now` is that of the simulation. What it makes is an ordinary datetime."""

    @classmethod
    def now(cls, tz=None):
        moment = _Real.fromtimestamp(NOW[0] / 1e9, dates.UTC)
        return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    utcnow = now


def main():
    import gitops_healer.recorder as recorder

    dates.datetime = Simulated
    time.time = lambda: NOW[0] / 1e9
    recorder.configure(directory=DOCUMENT["spool"], commit=DOCUMENT["commit"], sample=1.0, clock=lambda: NOW[0])
    sys.path.insert(0, DOCUMENT["root"])
    random.seed(DOCUMENT["seed"])
    chance = random.Random(DOCUMENT["seed"])
    work = types.ModuleType("work")
    exec(compile(DOCUMENT["work"], "/srv/work.py", "exec"), work.__dict__)
    for number, NOW[0] in enumerate(DOCUMENT["moments"], DOCUMENT["first"]):
        moment = _Real.fromtimestamp(NOW[0] / 1e9, dates.UTC)
        try:
            work.step(chance, moment, number)
        except Exception:  # a server logs the failure of one request and takes the next
            continue
    recorder.flush()


main()
