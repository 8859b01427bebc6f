"""New complaints of ruff, and only those."""

from collections.abc import Callable
from typing import Any

from gitops_healer.checks.analysis import Diagnostic, new_diagnostics
from gitops_healer.checks.lint import lint
from gitops_healer.core.verdict import Outcome

OLD = "import os\n\n\ndef f(x):\n    return x\n"


def test_old_complaints_do_not_count_wherever_their_lines_went(step: Callable[..., Any]) -> None:
    result = step({"a.py": OLD}).judge(lint, {"a.py": "# a comment\n" + OLD, "notes.txt": "x"})
    assert (result.outcome, result.reason) == (
        Outcome.PASSED,
        "ruff sees 0 new problems in 1 changed files (1 before, 1 now)",
    )


def test_a_new_undefined_name_fails(step: Callable[..., Any]) -> None:
    result = step({"a.py": OLD}).judge(lint, {"a.py": OLD.replace("return x", "return y"), "b.py": "import os\n"})
    assert result.outcome is Outcome.FAILED
    assert [detail.split(" ")[:2] for detail in result.details] == [["a.py:5:", "F821"], ["b.py:1:", "F401"]]


def test_the_projects_own_configuration_decides(step: Callable[..., Any]) -> None:
    files = {
        "sub/ruff.toml": 'extend = "../base.toml"\n', "base.toml": '[lint]\nselect = ["N"]\n',
        "pyproject.toml": '[tool.ruff]\nexclude = ["vendor"]\n', "sub/a.py": "x = 1\n", "vendor/b.py": "x = 1\n",
    }  # fmt: skip
    made = step(files)
    vendored = made.judge(lint, {"vendor/b.py": "import os\n", "sub/a.py": "import os\n"})
    assert (vendored.outcome, vendored.details) == (Outcome.PASSED, ())
    named = made.judge(lint, {"sub/a.py": "def BadName(): pass\n"})
    assert [detail.split(" ")[1] for detail in named.details] == ["N802"]


def test_a_configuration_that_ours_cannot_read_gives_way_to_the_default_rules(step: Callable[..., Any]) -> None:
    files = {"ruff.toml": 'required-version = ">=99"\n', "a.py": "x = 1\n"}
    made = step(files)
    fine = made.judge(lint, {"a.py": "x = 2\n"})
    assert fine.outcome is Outcome.PASSED
    assert "by default rules" in fine.reason
    assert made.judge(lint, {"a.py": "import os\n"}).outcome is Outcome.FAILED


def test_no_python_is_nothing_to_lint(step: Callable[..., Any]) -> None:
    result = step({"a.txt": "x"}).judge(lint, {"a.txt": "y", "-x.md": "z"})
    assert (result.outcome, result.reason) == (Outcome.PASSED, "0 Python files changed: nothing to lint")


def test_odd_file_names_are_names(step: Callable[..., Any]) -> None:
    result = step({"a.py": ""}).judge(lint, {"--fix.py": "import os\n", "a b\n.py": "import os\n"})
    assert result.outcome is Outcome.FAILED
    assert len(result.details) == 2


def test_counting_is_by_how_often() -> None:
    one, moved = Diagnostic("a.py", 1, "E1", "bad on line 3"), Diagnostic("a.py", 9, "E1", "bad on line 11")
    assert new_diagnostics([one], [moved]) == ()
    assert new_diagnostics([one], [moved, moved]) == (moved,)
    assert new_diagnostics([one], []) == ()
