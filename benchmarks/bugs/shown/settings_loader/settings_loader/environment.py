"""Settings from environment variables: APP_DB__HOST=x is db.host = x."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings_loader.formats import put


def from_environment(variables: Mapping[str, str], prefix: str = "APP_") -> dict[str, Any]:
    """All variables with the prefix and something after it; two underscores divide sections, names in lower case."""
    settings: dict[str, Any] = {}
    for variable in sorted(variables):
        if variable.startswith(prefix) and len(variable) > len(prefix):
            name = variable[len(prefix) :].lower()
            put(settings, name.replace("__", "."), variables[variable])
    return settings


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put the values of variables in for `${NAME}` and `${NAME:default}`; unknown ones without default stay."""
    done = ""
    while "${" in text:
        before, _, rest = text.partition("${")
        inside, end, after = rest.partition("}")
        if not end:
            break
        name, colon, default = inside.partition(":")
        if name in variables:
            value = variables[name]
        elif colon:
            value = default
        else:
            value = "${" + inside + "}"
        done += before + value
        text = after
    return done + text
