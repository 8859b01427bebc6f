"""Texts as people are meant to read them, kept beside the tests."""

import difflib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> None:
    """Fails when a text is not what was last agreed on. To renew one: delete its file, run the test, and read it."""
    path, shown = FOLDER / name, f"{text}\n"
    if not path.exists():
        path.write_text(shown, "utf-8")
        pytest.fail(f"{path} was written: read it, then run again")
    known = path.read_text("utf-8")
    if known != shown:
        lines = difflib.unified_diff(known.splitlines(), shown.splitlines(), "agreed", "now", lineterm="")
        pytest.fail("\n".join([f"{name} changed; delete it to renew it", *lines]))
