from __future__ import annotations

from typing import Any

from settings_loader.formats import SettingsError

YES = {"1", "yes", "true", "on"}
NO = {"0", "no", "false", "off"}


def to_bool(value: Any) -> bool:
    """True and false, numbers 0 and 1, and the usual words in any case. SettingsError otherwise."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise SettingsError(f"neither yes nor no: {value!r}")


def to_list(value: Any) -> list[str]:
    """A list as it is; a text is divided at commas, without spaces and empty parts."""
    if isinstance(value, list):
        return value
    return [part.strip() for part in str(value).split(",") if part.strip()]


def like(value: Any, example: Any) -> Any:
    """The value in the type of the example (bool, int, float, list or str)."""
    if isinstance(example, bool):
        return to_bool(value)
    if isinstance(example, list):
        return to_list(value)
    if isinstance(example, (int, float)):
        try:
            return type(example)(value)
        except ValueError as error:
            raise SettingsError(f"not a number: {value!r}") from error
    return str(value)


def conform(settings: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Every value that has a default in the type of its default; others as they are."""
    result: dict[str, Any] = {}
    for key, value in settings.items():
        if key not in defaults:
            result[key] = value
        elif isinstance(defaults[key], dict) and isinstance(value, dict):
            result[key] = conform(value, defaults[key])
        elif isinstance(defaults[key], dict) or isinstance(value, dict):
            raise SettingsError(f"{key}: a section and a value have the same name")
        else:
            result[key] = like(value, defaults[key])
    return result
