"""Changed files compile."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.checks.syntax import compile_error, syntax
from gitops_healer.core.verdict import Outcome


def test_files_that_compile_pass(step: Callable[..., Any]) -> None:
    latin = "# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1")
    result = step({"a.py": "x = 1\n", "old.py": "x = 1\n"}).judge(
        syntax, {"a.py": "x = 2\n", "b.py": latin, "notes.txt": "def (", "old.py": None}
    )
    assert (result.outcome, result.reason) == (Outcome.PASSED, "2 changed Python files compile")


def test_what_no_longer_compiles_fails_with_its_line(step: Callable[..., Any]) -> None:
    result = step({"a.py": "x = 1\n"}).judge(syntax, {"a.py": "x = 1\ndef f(:\n", "b.pyi": "def g(): ...\n"})
    assert (result.outcome, result.reason) == (
        Outcome.FAILED,
        "1 of 2 changed Python files no longer compile: a.py",
    )
    assert result.details[0].startswith("a.py:2: ")


def test_what_did_not_compile_before_is_not_held_against_it(step: Callable[..., Any]) -> None:
    result = step({"a.py": "def f(:\n"}).judge(syntax, {"a.py": "def f(::\n"})
    assert (result.outcome, result.reason) == (
        Outcome.PASSED,
        "0 changed Python files compile (1 did not before either)",
    )


@pytest.mark.parametrize(
    "source",
    [b"x = '\0'", b"# coding: no-such-codec\n", b"x = '\xff'\n", b"(" * 5000, b"return 1", b"x = 1\n  y = 2\n"],
)
def test_whatever_stands_in_a_file_has_an_answer(source: bytes) -> None:
    assert compile_error("a.py", source).startswith("a.py")
