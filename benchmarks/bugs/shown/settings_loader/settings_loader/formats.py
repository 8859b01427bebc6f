"""Reads the two formats of settings files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class SettingsError(ValueError):
    """A settings file or value that cannot be understood; says where."""


def parse_plain(text: str) -> dict[str, Any]:
    """Settings from lines of `section.key = value`.

    Empty lines and lines that begin with # or ; are skipped. Values stay texts; quotes around them are taken off.

    >>> parse_plain('db.host = "localhost"')
    {'db': {'host': 'localhost'}}
    """
    settings: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith(("#", ";")):
            continue
        name, sign, value = line.partition("=")
        if not sign:
            raise SettingsError(f"line {number}: there is no '='")
        put(settings, name.strip(), unquote(value.strip()))
    return settings


def unquote(text: str) -> str:
    """The text without quotes around it, if both are there and of one kind."""
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def put(settings: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted name, making the sections on the way."""
    *sections, key = name.split(".")
    for section in sections:
        settings = settings.setdefault(section, {})
    settings[key] = value


def read(path: Path) -> dict[str, Any]:
    """Settings of a file, by its suffix: .json, or the plain format for .conf and .cfg."""
    if path.suffix == ".json":
        try:
            return json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise SettingsError(f"{path.name}: {error.msg}") from error
    if path.suffix in (".conf", ".cfg"):
        return parse_plain(path.read_text())
    raise SettingsError(f"{path.name}: unknown kind of file")
