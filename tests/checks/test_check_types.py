"""New errors of mypy, and only those."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.checks.types import types
from gitops_healer.core.verdict import Outcome

TYPED = "import absent_library\n\ndef f(x: int) -> str:\n    return x\n\ndef g(x: int) -> int:\n    return x\n"


def test_without_configuration_only_new_errors_of_our_own_code_count(step: Callable[..., Any]) -> None:
    made = step({"src/pkg/__init__.py": "", "src/pkg/mod.py": TYPED})
    same = made.judge(types, {"src/pkg/mod.py": "# moved\n" + TYPED})
    assert (same.outcome, same.reason) == (
        Outcome.PASSED,
        "mypy sees 0 new problems in 1 changed files (1 before, 1 now; the project configures no mypy)",
    )
    worse = made.judge(types, {"src/pkg/mod.py": TYPED.replace("-> int:\n    return x", "-> int:\n    return None")})
    assert worse.outcome is Outcome.FAILED
    assert worse.details[0].startswith("src/pkg/mod.py:7: return-value Incompatible return value type")


@pytest.mark.parametrize(
    ("name", "text"),
    [("mypy.ini", "[mypy]\ndisallow_untyped_defs = True\n"), ("pyproject.toml", "[tool.mypy]\nstrict = true\n")],
)
def test_the_projects_own_configuration_decides(step: Callable[..., Any], name: str, text: str) -> None:
    result = step({name: text, "a.py": "x = 1\n"}).judge(types, {"a.py": "def f(x): return x\n"})
    assert result.outcome is Outcome.FAILED
    assert "no-untyped-def" in result.reason


def test_a_plugin_that_is_not_there_makes_it_lenient_and_a_hostile_one_stays_inside(
    step: Callable[..., Any], tmp_path: Any
) -> None:
    mark = tmp_path / "written"
    evil = f"open({str(mark)!r}, 'w')\n"
    files = {"mypy.ini": "[mypy]\nplugins = ./evil.py\n", "evil.py": evil, "a.py": "x: int = 1\n"}
    made = step(files)
    result = made.judge(types, {"a.py": "x: int = 2\n"})
    assert result.outcome is Outcome.PASSED
    assert "leniently" in result.reason
    assert made.scene.sandbox.level.strength < 2 or not mark.exists()


def test_nothing_typed_is_nothing_to_check(step: Callable[..., Any]) -> None:
    result = step({"a.py": "x = 1\n"}).judge(types, {"a.py": "def f(x): return x\n", "b.txt": ""})
    assert result.outcome is Outcome.PASSED
    assert result.reason.endswith("configures no mypy: nothing to check")
