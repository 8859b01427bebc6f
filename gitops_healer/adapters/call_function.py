"""The function that is called, and what it is called with; and how it is said that something failed. Runs inside the
sandbox: standard library only, on any Python from 3.8.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from .call_making import BROKEN, made
from .call_values import MAX_DETAIL
from .failures import describe, message_of, shortened, tree_root, type_name

MAX_ITEMS = 10_000
"""How much of a generator is asked for."""
_OURS = "gitops_healer"


class UncallableError(Exception):
    """The function cannot be called with what was recorded; says why."""


def failed(kind: str, detail: str) -> dict[str, Any]:
    """The outcome of a call that is not the function's own. kind: of the error, one of ours."""
    return {"ok": False, "value": None, "detail": detail, "type": f"{_OURS}.{kind}", "frames": [], "seconds": 0.0}


def raised(error: BaseException, root: str, prefix: str = "") -> dict[str, Any]:
    """How an exception is told. prefix: of its text; root: of the repository."""
    if isinstance(error, UncallableError):
        return failed("Uncallable", str(error))
    told = describe(error, root)
    detail = shortened(prefix + told["message"], MAX_DETAIL)
    return {**failed("", detail), "type": told["type"], "frames": told["frames"]}


def arguments_of(item: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named, made anew. Raises UncallableError."""
    try:
        arguments, options = json.loads(item["args"] or "[]"), json.loads(item["kwargs"] or "{}")
    except (ValueError, RecursionError) as error:
        raise UncallableError(f"the recorded arguments are no JSON: {error}") from None
    if not isinstance(arguments, list) or not isinstance(options, dict):
        raise UncallableError("the recorded arguments are not a JSON array and a JSON object")
    try:
        return [made(value) for value in arguments], {name: made(value) for name, value in options.items()}
    except BROKEN as error:
        raise UncallableError(f"the recorded arguments cannot be made again: {error}") from None


def resolve(module: Any, qualname: str) -> Any:
    """What the dotted name in the module means, bound to an instance where it needs one."""
    *owners, name = qualname.split(".")
    owner = module
    for part in owners:
        owner = getattr(owner, part, None)
    if owner is None or not hasattr(owner, name) or "<locals>" in owners:
        raise UncallableError(f"{module.__name__} has no {qualname} that can be called from outside")
    if not isinstance(owner, type) or isinstance(inspect.getattr_static(owner, name), (staticmethod, classmethod)):
        found = getattr(owner, name)
    else:
        found = getattr(_instance(owner, qualname), name)
    if not callable(found):
        raise UncallableError(f"{qualname} of {module.__name__} is {type_name(found)}, not a function")
    return found


def _instance(owner: type, qualname: str) -> Any:
    try:
        return owner()
    except Exception as error:
        text = f"{qualname} needs an instance, and {owner.__qualname__}() cannot be made without arguments"
        raise UncallableError(f"{text}: {message_of(error, tree_root())}") from None
