"""Calls functions of a directory in forked processes: a plain caller, quick enough for a corpus.

stdin: one JSON request a line {"root", "module", "qualname", "inputs"}; stdout: one JSON list of outcomes a line.
"""

import asyncio
import importlib
import inspect
import json
import os
import sys
import traceback
from typing import Any


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        answers = [in_child(request, args, kwargs) for args, kwargs in request["inputs"]]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


def in_child(request: dict[str, Any], args: str, kwargs: str) -> dict[str, Any]:
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receive)
        with os.fdopen(send, "w") as out:
            out.write(json.dumps(called(request, json.loads(args), json.loads(kwargs))))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def called(request: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    root = request["root"]
    sys.path.insert(0, root)
    sys.dont_write_bytecode = True
    try:
        owner: Any = importlib.import_module(request["module"])
        *owners, name = request["qualname"].split(".")
        for part in owners:
            owner = getattr(owner, part)
        plain = isinstance(owner, type) and not isinstance(inspect.getattr_static(owner, name), classmethod)
        result = getattr(owner() if plain else owner, name)(*args, **kwargs)
        result = asyncio.run(result) if inspect.isawaitable(result) else result
        result = list(result) if inspect.isgenerator(result) else result
        return {"ok": True, "result": shown(result), "detail": repr(result), "error_type": "", "frames": []}
    except Exception as error:
        frames = [
            (os.path.relpath(frame.filename, root), frame.lineno, frame.name)
            for frame in traceback.extract_tb(error.__traceback__)[1:]
        ]
        kind = type(error)
        known = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return {"ok": False, "result": None, "detail": str(error), "error_type": known, "frames": frames}


def shown(result: Any) -> str | None:
    try:
        return json.dumps(result, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError):
        return None


if __name__ == "__main__":
    main()
