"""What versions of a function do on the same calls, read from a trial server's answer without trust."""

from collections.abc import Sequence
from typing import Any

from gitops_healer.adapters.trials_server import Answer
from gitops_healer.core.trials import Observed

_MAX_TEXT = 10_000
_MAX_WHOLE = 200_000


def observed(answer: Answer, numbers: Sequence[int]) -> Observed:
    """numbers: of the changes, by their place among the versions that were asked for."""
    first = next((told for told in answer.told if "calls" in told), {})
    calls = _texts(first.get("calls"))
    tested = tuple(item is True for item in _items(first.get("tested")))
    if not calls or len(tested) != len(calls):
        return Observed()
    endings: dict[int, tuple[str, ...]] = {}
    for told in answer.told:
        version, texts = told.get("version"), _texts(told.get("endings"), _MAX_WHOLE)
        if isinstance(version, int) and 0 <= version < len(numbers) and len(texts) == len(calls):
            endings[numbers[version]] = texts
    return Observed(calls, tested, endings)


def evaluated(answer: Answer, numbers: Sequence[int], size: int) -> dict[int, tuple[str, ...]]:
    """number of the change -> what each of `size` examples gives."""
    found: dict[int, tuple[str, ...]] = {}
    for told in answer.told:
        version, texts = told.get("version"), _texts(told.get("endings"))
        if isinstance(version, int) and 0 <= version < len(numbers) and len(texts) == size:
            found[numbers[version]] = texts
    return found


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any, most: int = _MAX_TEXT) -> tuple[str, ...]:
    return tuple(item[:most] for item in _items(value) if isinstance(item, str))
