"""Makes the calls of a project's `inputs.py`, in a process of its own.

    python drive.py look INPUTS SEED PROJECT...
    python drive.py record INPUTS SEED PROJECT SPOOL COMMIT NOW

The first prints, a line for each project, what was seen of each call, as a JSON array; the second has them recorded
into SPOOL, over the 20 days before NOW.

PROJECT: directory with the code; INPUTS: the `inputs.py`; SEED: of the inputs; NOW: seconds since 1970. The current
directory is what the code writes into.

`inputs.py` has `calls(chance)`, which yields (`module:function`, args, kwargs); it may have `prepare()`, which puts
something else in the place of the outside world, `asked`, a list to which that appends what it was asked, and
`essence(result)`, which leaves out of a result what differs from run to run.
"""

import asyncio
import contextlib
import copy
import importlib
import importlib.util
import inspect
import io
import json
import os
import random
import sys
import time
from pathlib import Path

from gitops_healer import recorder

DAYS = 20.0


def load(path):
    spec = importlib.util.spec_from_file_location("pair_inputs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(value, depth=0):
    """JSON that keeps apart what Python keeps apart; the order of sets and of keys is not kept."""
    if value is None or isinstance(value, str | int | float):
        return value
    if depth > 20:
        return "..."
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [plain(item, depth + 1) for item in value]}
    if isinstance(value, set | frozenset):
        return {"$set": sorted((plain(item, depth + 1) for item in value), key=repr)}
    if isinstance(value, dict):
        return {key if isinstance(key, str) else repr(key): plain(item, depth + 1) for key, item in value.items()}
    if type(value).__repr__ is object.__repr__:
        return {"$object": type(value).__name__, **{key: plain(item, depth + 1) for key, item in vars(value).items()}}
    return repr(value)


def resolve(name):
    module, _, path = name.partition(":")
    found = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def finished(result):
    """What is behind a coroutine or generator."""
    if inspect.iscoroutine(result):
        return asyncio.run(result)
    return list(result) if inspect.isgenerator(result) else result


def files():
    """What lies in the current directory."""
    found = sorted(path for path in Path().rglob("*") if path.is_file())
    return {str(path): path.read_bytes().decode("utf-8", "backslashreplace") for path in found}


def seen(inputs, name, args, kwargs):
    """One call: its end, its arguments afterwards where they changed, what it printed, wrote and asked for."""
    before, asked = copy.deepcopy((args, kwargs)), getattr(inputs, "asked", [])
    asked.clear()
    printed, stood = io.StringIO(), files()
    with contextlib.redirect_stdout(printed):
        try:
            result = finished(resolve(name)(*args, **kwargs))
        except Exception as error:
            end = {"error": type(error).__name__, "message": str(error)}
        else:
            end = {"result": plain(result), "essence": plain(getattr(inputs, "essence", lambda one: one)(result))}
    told = {**end, "printed": printed.getvalue(), "asked": plain(list(asked))}
    told["arguments"] = None if plain(list(before)) == plain([args, kwargs]) else plain([args, kwargs])
    told["files"] = {path: text for path, text in files().items() if stood.get(path) != text}
    return told


def look(path, seed, projects):
    """Each project in a fork and a directory of its own."""
    for number, project in enumerate(projects):
        place = Path(str(number))
        place.mkdir()
        child = os.fork()
        if child == 0:
            os.chdir(place)
            inputs, calls = begun(path, seed, project)
            print(json.dumps([seen(inputs, *call) for call in calls]), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{project}: the calls of {path} cannot be made")


def begun(path, seed, project):
    """The inputs, and the calls, each with what it is given."""
    sys.path.insert(0, project)
    inputs = load(path)
    calls = list(inputs.calls(random.Random(f"{Path(path).parent.name}/{seed}")))
    getattr(inputs, "prepare", lambda: None)()
    return inputs, calls


def record(path, seed, project, spool, commit, now):
    """The clock of the program goes with the calls."""
    _, calls = begun(path, seed, project)
    moment = [0.0]
    recorder.configure(directory=spool, commit=commit, sample=1.0, clock=lambda: int(moment[0] * 1e9))
    time.time = lambda: moment[0]
    step = DAYS * 86400 / (len(calls) + 1)
    for number, (name, args, kwargs) in enumerate(calls, 1):
        moment[0] = float(now) - DAYS * 86400 + number * step
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            finished(resolve(name)(*args, **kwargs))
    recorder.flush()


def main():
    mode, path, seed, *rest = sys.argv[1:]
    sys.dont_write_bytecode = True
    os.environ.pop("COLUMNS", None)  # of whoever runs this
    if mode == "look":
        look(path, seed, rest)
    else:
        record(path, seed, *rest)


if __name__ == "__main__":
    main()
