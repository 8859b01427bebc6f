"""What can be said of the inputs of a call: conditions on its arguments, read from the recorded JSON.

Nothing that the data names is imported or run.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gitops_healer.core.analysis.types import Literal, Scalar
from gitops_healer.core.execution import Execution

DEEP: Final = 4
ITEMS: Final = 12
"""Of a list, whose fields are looked at: a condition on a field holds when it holds of one of them."""
VALUES: Final = 100
"""Values of one call that are looked at."""
_READ: Final = 65_536
_NUMBERS: Final = frozenset({"Decimal", "Fraction", "float"})

_SHAPES: Final = (
    ("is blank", re.compile(r"\s+")),
    ("looks like a number", re.compile(r"\s*[-+]?\d+(\.\d+)?\s*")),
    ("looks like a date", re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.DOTALL)),
    ("looks like a URL", re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)),
    ("looks like an e-mail address", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
)
_HOLDS: Final = (
    ("has characters beyond ASCII", re.compile(r"[^\x00-\x7f]")),
    ("has white space", re.compile(r"\s")),
    ("has a line break", re.compile(r"[\r\n]")),
    ("has digits", re.compile(r"\d")),
    ("has capital letters", re.compile(r"[A-Z]")),
    ("has a quote", re.compile(r"['\"]")),
    ("has a comma", re.compile(",")),
    ("has a slash", re.compile(r"[/\\]")),
    ("has a minus", re.compile("-")),
    ("has a dot", re.compile(r"\.")),
    ("has a percent sign", re.compile("%")),
)


class Inputs:
    """The conditions that hold of one call, and its numbers: {(feature, "value", "length" or "size"): number}."""

    def __init__(self) -> None:
        self.literals: set[Literal] = set()
        self.measures: dict[tuple[str, str], float] = {}
        self.paths: set[str] = set()

    def say(self, feature: str, test: str, value: Scalar = None) -> None:
        self.literals.add(Literal(feature, test, value))


def inputs_of(execution: Execution, parameters: Sequence[str] = ()) -> Inputs | None:
    """None when no readable inputs were recorded. parameters: names of the positional ones, in order."""
    named = _arguments(execution, parameters)
    if named is None:
        return None
    found, left = Inputs(), VALUES
    for path, value in _walk(named):
        left -= 1
        if left < 0:
            break
        found.paths.add(path)
        _describe(found, path, value)
    return found


def _arguments(execution: Execution, parameters: Sequence[str]) -> dict[str, object] | None:
    if (execution.args is None and execution.kwargs is None) or "inputs" in execution.cut:
        return None
    args, kwargs = _read(execution.args or "[]"), _read(execution.kwargs or "{}")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None
    positional = {parameters[i] if i < len(parameters) else f"args[{i}]": value for i, value in enumerate(args)}
    return positional | kwargs


def _read(text: str) -> object:
    if len(text) > _READ:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _walk(named: Mapping[str, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    for key, value in named.items():
        path = f"{prefix}{key}"[:120]
        yield path, value
        nested = _entries(value)
        if nested is not None and depth < DEEP:
            yield from _walk(nested, f"{path}.", depth + 1)
        elif isinstance(value, list) and depth < DEEP:
            yield from _walk(_any_of(value), f"{path}[]", depth + 1)
            for item in value[:ITEMS]:
                yield from _walk(_entries(item) or {}, f"{path}[].", depth + 1)


def _entries(value: object) -> dict[str, object] | None:
    """What an object holds by name; None for what is none."""
    if not isinstance(value, dict):
        return None
    if "$type" not in value:
        return value
    pairs = value.get("value")
    if value["$type"] != "dict" or not isinstance(pairs, list):
        return None
    return {str(pair[0]): pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2}


def _any_of(items: Sequence[object]) -> dict[str, object]:
    """Of a list, the smallest number and whether it holds None: what most often breaks a loop over it."""
    numbers = [item for item in items if isinstance(item, int | float) and not isinstance(item, bool)]
    found: dict[str, object] = {".min": min(numbers)} if numbers else {}
    return found | ({".any": None} if None in items else {})


def _describe(found: Inputs, path: str, value: object) -> None:
    found.say(path, "is of type", type_of(value))
    if isinstance(value, dict) and "$type" in value:
        value = _plain(value)
    match value:
        case bool():
            found.say(path, "is", value)
        case int() | float():
            _number(found, path, float(value) if abs(value) < 1e300 else 1e300)
        case str():
            _text(found, path, value)
        case list():
            _size(found, path, "size", len(value))
        case dict():
            _size(found, path, "size", len(value))


def type_of(value: object) -> str:
    """The name of a value's type as the recorder wrote it; None, bool, int, float, str, list, dict for plain JSON."""
    if isinstance(value, dict) and isinstance(value.get("$type"), str):
        name = value["$type"]
        return str(value.get("class", name)) if name in ("repr", "object") else str(name)
    return "None" if value is None else type(value).__name__


def _plain(value: dict[str, object]) -> object:
    """A number, text or list for a tagged value; None where nothing can be said."""
    inner, name = value.get("value"), value["$type"]
    if isinstance(name, str) and name in _NUMBERS and isinstance(inner, str):
        try:
            return float(inner)
        except ValueError:
            return None
    return inner if isinstance(inner, str | list) else None


def _number(found: Inputs, path: str, number: float) -> None:
    if number != number:
        found.say(path, "is not a number")
        return
    found.measures[path, "value"] = number
    found.say(path, "=", int(number) if number.is_integer() else number)
    if not number.is_integer():
        found.say(path, "is no whole number")


def _size(found: Inputs, path: str, what: str, size: int) -> None:
    found.measures[path, what] = float(size)
    if not size:
        found.say(path, "is empty")


def _text(found: Inputs, path: str, text: str) -> None:
    _size(found, path, "length", len(text))
    if text and len(text) <= 40:
        found.say(path, "=", text)
    for test, shape in _SHAPES:
        if shape.fullmatch(text[:500]):
            found.say(path, test)
    for test, part in _HOLDS:
        if part.search(text):
            found.say(path, test)
    if len(text) > 3:
        found.say(path, "begins with", text[:3])
