"""The file through which a test run tells what it saw. Runs inside the sandbox: standard library only."""

from __future__ import annotations

import json
import os
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode  # bound now: tests patch json and os
_open, _write, _close = os.open, os.write, os.close
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
_RESULTS = os.path.join(_HERE, "results.jsonl")  # noqa: PTH118
_ONLY = os.path.join(_HERE, "only.json")  # noqa: PTH118


def encode(value: Any) -> str:
    """One line of ASCII JSON."""
    return _encode(value)


def write(record: dict[str, Any]) -> None:
    """Append one line. The file is opened each time because tests close descriptors; a failure is not the test's."""
    try:
        descriptor = _open(_RESULTS, _FLAGS, 0o600)
        try:
            _write(descriptor, (_encode(record) + "\n").encode("ascii"))
        finally:
            _close(descriptor)
    except OSError:
        return


def selected() -> frozenset[str]:
    """The ids that are to run, or nothing: all."""
    try:
        with open(_ONLY, encoding="ascii") as file:  # noqa: PTH123
            return frozenset(str(name) for name in json.load(file))
    except (OSError, ValueError):
        return frozenset()
