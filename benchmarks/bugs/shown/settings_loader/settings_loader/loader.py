from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings_loader.environment import expand, from_environment
from settings_loader.formats import read
from settings_loader.merging import merge
from settings_loader.typing_rules import conform


def expand_all(value: Any, variables: Mapping[str, str]) -> Any:
    """Expand variables in all texts of nested settings."""
    if isinstance(value, str):
        return expand(value, variables)
    if isinstance(value, dict):
        return {key: expand_all(inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [expand_all(inner, variables) for inner in value]
    return value


def load(defaults: dict[str, Any], paths: list[Path], variables: Mapping[str, str]) -> dict[str, Any]:
    """Defaults, then files in their order (those that are there), then the environment; later ones win."""
    settings = defaults
    for path in paths:
        if path.exists():
            settings = merge(settings, expand_all(read(path), variables))
    settings = merge(settings, from_environment(variables))
    return conform(settings, defaults)
