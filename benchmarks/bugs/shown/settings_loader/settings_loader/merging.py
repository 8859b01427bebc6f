from __future__ import annotations

import copy
from typing import Any


def merge(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Both together; `other` wins, section by section. A value of None takes the key away.

    Neither argument is changed, nor will be by changes to the result.
    """
    merged = copy.deepcopy(base)
    for key, value in other.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def flatten(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted names and their values, sorted by name; empty sections disappear."""
    flat: dict[str, Any] = {}
    for key, value in sorted(settings.items()):
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            flat.update(flatten(value, name))
        else:
            flat[name] = value
    return flat
