"""The fence around a change."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.checks.scope import FileStep, lines, outside_symbols, scope
from gitops_healer.core.finding import Risk
from gitops_healer.core.plan import Plan
from gitops_healer.core.verdict import Outcome

SOURCE = '''"""Numbers."""

import math
from os import (
    path,
)

LIMIT = 10


def first(x):
    """One."""
    return x
    # a comment of first


@staticmethod
def second(x):
    def inner(y):
        return y

    return inner(x)


class Box:
    size = 1

    def get(self):
        return self.size

    # between methods
    async def put(self, x):
        self.size = x
'''


def plan(paths: tuple[str, ...], *symbols: str) -> Plan:
    return Plan("key", "Mend it", (), paths, symbols, Risk.LOW, 5, 1, "base")


def faults(old: str, new: str, *symbols: str, path: str = "src/pkg/mod.py") -> list[str]:
    after = SOURCE.replace(old, new, 1)
    assert after != SOURCE
    return list(outside_symbols(FileStep(path, SOURCE.encode(), after.encode()), symbols))


@pytest.mark.parametrize(
    ("old", "new", "symbol"),
    [
        ("return x\n", "return x + 1\n", "pkg.mod:first"),
        ("return x\n", "return x + 1\n", "pkg.mod.first"),
        ("return x\n", "return x + 1\n", "first"),
        ("return x\n", "return x + 1\n", "src.pkg.mod.first"),
        ("return x\n", "if x:\n        return 1\n    return x\n", "first"),
        ("    # a comment of first\n", "", "first"),
        ("    # a comment of first\n", "    # another comment\n", "first"),
        ("@staticmethod\n", "", "pkg.mod:second"),
        ("return y", "return -y", "pkg.mod:second"),
        ("return y", "return -y", "pkg.mod:second.<locals>.inner"),
        ("size = 1", "size = 2", "pkg.mod:Box"),
        ("return self.size", "return 3", "pkg.mod:Box.get"),
        ("return self.size", "return 3", "pkg.mod:Box"),
        ("    # between methods\n", "", "pkg.mod.Box"),
        ("import math\n", "import math\nimport os\n", "pkg.mod"),
        ("LIMIT = 10", "LIMIT = 11", "pkg.mod"),
        ("LIMIT = 10\n", "LIMIT = 10\n\n\n", "first"),
    ],
)
def test_what_the_plan_names_may_change(old: str, new: str, symbol: str) -> None:
    assert faults(old, new, symbol) == []


@pytest.mark.parametrize(
    ("old", "new", "symbol", "named"),
    [
        ("return x\n", "return x + 1\n", "pkg.mod:second", "first"),
        ("return x\n", "return x + 1\n", "pkg.other:first", "first"),
        ("return self.size", "return 3", "pkg.mod:Box.put", "Box.get"),
        ("return self.size", "return 3", "pkg.mod:Bo", "Box.get"),
        ("size = 1", "size = 2", "pkg.mod:Box.get", "Box"),
        ("import math\n", "import math\nimport os\n", "pkg.mod:first", "code outside of any definition"),
        ("    path,\n", "    path, sep,\n", "pkg.mod:first", "code outside of any definition"),
        ("LIMIT = 10", "LIMIT = 11", "pkg.mod:first", "code outside of any definition"),
        ("LIMIT = 10\n", "LIMIT = 10  # noqa\n", "pkg.mod:first", "code outside of any definition"),
        ("\n\nclass Box", "\n\ndef extra(): pass\n\n\nclass Box", "pkg.mod:first", "extra"),
        ("def second(x)", "def renamed(x)", "pkg.mod:second", "renamed"),
        ("import math\n", "# -*- coding: utf-7 -*-\n", "first", "code outside of any definition"),
    ],
)
def test_what_it_does_not_name_may_not(old: str, new: str, symbol: str, named: str) -> None:
    found = faults(old, new, symbol)
    assert any(f": {named} changed and is not in the plan" in fault for fault in found), found


def test_a_function_named_like_its_module_is_the_function() -> None:
    step = FileStep("mean.py", b"K = 1\ndef mean(): return K\n", b"K = 2\ndef mean(): return K\n")
    assert list(outside_symbols(step, ["mean"])) == [
        "mean.py: code outside of any definition changed and is not in the plan"
    ]


def test_a_file_that_does_not_parse_is_refused_unless_the_plan_names_it_whole() -> None:
    step = FileStep("mod.py", b"def f(:\n", b"def f():\n    pass\n")
    assert "does not compile" in next(iter(outside_symbols(step, ["mod.f"])))
    assert list(outside_symbols(step, ["mod"])) == []
    assert list(outside_symbols(step, [])) == []


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_counting_lines_never_fails_and_misses_nothing(before: bytes, after: bytes) -> None:
    step = FileStep("a.txt", before, after)
    assert (step.size == 0) == (lines(before) == lines(after))
    assert b"".join(lines(before)) == before


# On commits


def test_a_change_as_planned_passes_with_its_figures(step: Callable[..., Any]) -> None:
    made = step({"pkg/mod.py": SOURCE})
    result = made.judge(
        scope,
        {"pkg/mod.py": SOURCE.replace("return x\n", "return 1\n", 1)},
        plan=plan(("pkg/mod.py",), "pkg.mod:first"),
    )
    assert (result.outcome, result.reason) == (
        Outcome.PASSED,
        "2 lines in 1 file changed, as planned, inside pkg.mod:first",
    )


def test_nothing_changed_is_no_pass(step: Callable[..., Any]) -> None:
    assert step({"a.py": ""}).judge(scope, {}, plan=plan(("a.py",))).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("files", "paths", "said"),
    [
        ({"a.py": "x = 2\n", "b.py": "y = 1\n"}, ("a.py",), "b.py changed and is not in the plan"),
        ({"a.py": None}, ("b.py",), "a.py changed and is not in the plan"),
        ({"sub/poetry.lock": "x"}, ("sub/poetry.lock",), "is protected"),
        ({".github/workflows/ci.yml": "x"}, (".github/workflows/ci.yml",), "is protected"),
        ({"a.py": "x = 1\n" * 90}, ("a.py",), "89 lines changed, 80 are allowed"),
        ({f"{n}.py": "x\n" for n in range(6)}, tuple(f"{n}.py" for n in range(6)), "6 files changed, 5 are allowed"),
        ({"a.bin": b"\0\1"}, ("a.bin",), "is binary"),
    ],
)
def test_what_breaks_the_fence_says_so(step: Callable[..., Any], files: Any, paths: tuple[str, ...], said: str) -> None:
    result = step({"a.py": "x = 1\n"}).judge(scope, files, plan=plan(paths))
    assert result.outcome is Outcome.FAILED
    assert any(said in text for text in (result.reason, *result.details))


def test_modes_and_links_stay_as_they_are(step: Callable[..., Any]) -> None:
    made = step({"a.py": "x = 1\n"})
    (made.repo.path / "a.py").chmod(0o755)
    mode = made.judge(scope, {}, plan=plan(("a.py",)))
    assert mode.outcome is Outcome.FAILED
    assert "mode" in mode.reason

    made.repo.git("reset", "--quiet", "--hard", made.base)
    (made.repo.path / "link.py").symlink_to("a.py")
    link = made.judge(scope, {}, plan=plan(("link.py",)))
    assert link.outcome is Outcome.FAILED
    assert "link.py is a link or a submodule" in link.reason

    made.repo.git("reset", "--quiet", "--hard", made.base)
    (made.repo.path / "a.py").unlink()
    (made.repo.path / "a.py").symlink_to("b.py")
    assert made.judge(scope, {}, plan=plan(("a.py",))).outcome is Outcome.FAILED

    made.repo.git("reset", "--quiet", "--hard", made.base)
    made.repo.git("update-index", "--add", "--cacheinfo", f"160000,{made.base},module")
    made.repo.git("commit", "--quiet", "--message", "a submodule")
    head = made.repo.git("rev-parse", "HEAD")
    assert made.judge_head(scope, head, plan=plan(("module",))).outcome is Outcome.FAILED
