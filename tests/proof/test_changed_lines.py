"""Which lines of a step can be run."""

import ast
import shlex
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.evidence import Changed
from gitops_healer.ports import Signature
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.mutating import mutants_of

BEFORE = '''\
"""Prices."""
import math

RATE = 0.2

def price(net, rate=RATE):
    """With tax."""
    if net is None:
        return 0
    # round up
    total = net * (1 + rate)
    return math.ceil(total)

class Shop:
    open = True

    def name(self):
        try:
            return self.title
        except AttributeError:
            return ""
'''


@pytest.fixture
def step(make_repo: Callable[..., Any]) -> Callable[..., Changed]:
    """step(after, before): what a commit to `shop.py` changed."""

    def made(after: str | None, before: str = BEFORE, path: str = "shop.py") -> Changed:
        repo = make_repo({path: before, "README.md": "shop"})
        base = repo.git("rev-parse", "HEAD")
        if after is None:
            (repo.path / path).unlink()
        head = repo.commit({path: after} if after is not None else {})
        return changed_lines(open_repository(repo.path), base, head)

    return made


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("total = net * (1 + rate)", "total = (\n        net * (1 - rate)\n    )", {11}),
        ("math.ceil(total)", "math.floor(\n        total\n    )", {12}),
        ("    if net is None:\n        return 0\n", "", {9}),  # what comes instead
        ("    return math.ceil(total)\n", "", {11}),  # nothing comes: what is before
        ("net is None", "not net", {8}),
        ("rate=RATE", "rate=0", {6}),
        ("def price(net", "def price(net: float", {6}),
        ("RATE = 0.2", "RATE = 0.3", {4}),
        ("open = True", "open = False", {15}),
        ("class Shop:", "class Shop(dict):", {14}),
        ("except AttributeError", "except KeyError", {20}),
        ("        return 0\n", "        return 0\n    elif net < 0:\n        return 1\n", {10, 11}),
        ("        return 0\n", "        net = 1\n        return 0\n", {9}),
        ("    def name", "    def other(self, a=1):\n        return (\n            a\n        )\n\n    def name", {18}),
        ("def price", "def cheap(): return 1\n\ndef price", {6}),
    ],
)
def test_lines_are_those_of_statements_that_changed(
    step: Callable[..., Changed], old: str, new: str, lines: set[int]
) -> None:
    changed = step(BEFORE.replace(old, new))
    assert changed.lines == {"shop.py": lines}
    assert changed.nothing == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Prices."""', '"""Costs."""'),
        ('    """With tax."""\n', ""),
        ("# round up", "# round up, always"),
        ("net * (1 + rate)", "(net * (\n        1+rate))"),
        ('return ""', "return ''"),
    ],
)
def test_comments_docstrings_and_layout_are_nothing(step: Callable[..., Changed], old: str, new: str) -> None:
    changed = step(BEFORE.replace(old, new))
    assert (changed.lines, changed.nothing) == ({}, "only comments, docstrings or layout changed in 1 Python files")


def test_a_condition_put_around_statements_counts_for_them(step: Callable[..., Changed]) -> None:
    after = BEFORE.replace("    total =", "    if rate:\n        total =")
    assert step(after).lines["shop.py"] == {11, 12}


def test_what_moved_inside_its_file_is_not_changed(step: Callable[..., Changed]) -> None:
    before = "def a():\n    return 1\n\ndef b():\n    return 2\n"
    after = "def b():\n    return 2\n\ndef a():\n    return 1\n"
    assert step(after, before).nothing.startswith("only comments")


def test_functions_headers_and_what_runs_on_import_are_told_apart(step: Callable[..., Changed]) -> None:
    after = BEFORE.replace("rate=RATE", "rate=0").replace("RATE = 0.2", "RATE = 0.3").replace('return ""', 'return "?"')
    changed = step(after)
    assert changed.symbols == (("shop.py", "Shop.name"), ("shop.py", "price"))
    assert changed.imported == {("shop.py", 4)}
    assert changed.entries == {"shop.py": {6, 17}}
    loaded = changed.ran_by([], ["shop.py"])
    assert loaded == {("shop.py", 4)}
    assert changed.ran_by([("shop.py", 8), ("other.py", 21)]) == loaded | {("shop.py", 6)}  # the body, and so the `def`
    assert changed.ran_by([("shop.py", 21)]) == loaded | {("shop.py", 21)}


def test_what_runs_on_import_only_sometimes_needs_proof_of_its_own(step: Callable[..., Changed]) -> None:
    before = "try:\n    import json\nexcept ImportError:\n    json = None\n"
    changed = step(before.replace("None", "0").replace("import json", "import zlib"), before)
    assert changed.lines == {"shop.py": {2, 4}}
    assert changed.imported == {("shop.py", 2)}


def test_nested_functions_belong_to_the_outermost(step: Callable[..., Changed]) -> None:
    before = dedent("""\
        @mark
        def outer():
            def inner(x):
                return x
            return inner
        """)
    changed = step(before.replace("return x", "return -x"), before)
    assert changed.functions == {("shop.py", 4): "outer"}
    assert changed.entries == {"shop.py": {3}}


def test_gone_functions_and_files_are_named(step: Callable[..., Changed]) -> None:
    before = "def a():\n    return 1\n\ndef b():\n    return 2\n"
    changed = step("def a():\n    return 1\n", before)
    assert (changed.lines, changed.deleted) == ({}, ("shop.py:b",))
    assert changed.nothing == "nothing was changed or added that can be run: only gone are shop.py:b"


def test_gone_files_tests_and_others_are_nothing(make_repo: Callable[..., Any]) -> None:
    repo = make_repo({"a.py": "x = 1\n", "moved.py": "y = 1\n"})
    repository, base = open_repository(repo.path), repo.git("rev-parse", "HEAD")
    (repo.path / "a.py").unlink()
    gone = repo.commit({})
    assert changed_lines(repository, base, gone).nothing.endswith("only gone are a.py")
    (repo.path / "moved.py").unlink()
    others = repo.commit({"tests/test_a.py": "x = 1\n", "data.json": "{}", "here.py": "y = 1\n"})
    told = changed_lines(repository, gone, others).nothing
    assert told == "only tests and files that are no Python changed (2 files, 1 of tests)"
    assert changed_lines(repository, others, others).nothing == "no file has other contents"


def test_a_file_that_was_no_python_is_compared_by_its_text(step: Callable[..., Changed]) -> None:
    before = "def f(x):\n    return x +\n\ndef g():\n    return 1\n"
    assert step(before.replace("x +", "x + 1"), before).lines == {"shop.py": {2}}


def test_a_file_that_is_no_python_is_named(step: Callable[..., Changed]) -> None:
    assert step(BEFORE + "def\n").nothing == "shop.py cannot be parsed"


@pytest.mark.parametrize("module", [textwrap, shlex])
def test_every_mistake_in_a_real_module_is_seen_on_its_line(make_repo: Callable[..., Any], module: ModuleType) -> None:
    source = Path(module.__file__ or "").read_bytes()
    repo = make_repo({"m.py": b"", "n.py": source, "o.py": ast.unparse(ast.parse(source))})
    repository, empty = open_repository(repo.path), repo.git("rev-parse", "HEAD")
    base = repo.commit({"m.py": source, "o.py": source})
    every = changed_lines(repository, empty, base)
    assert set(every.lines) == {"m.py"}  # in o.py only the layout changed
    when = Signature("Maintainer", "maintainer@example.org", datetime(2026, 1, 1, tzinfo=UTC))
    for mutant in islice(mutants_of(source, "m.py", every.lines["m.py"]), 50):
        head = repository.commit_change(base, mutant.change, "mistake", when)
        assert changed_lines(repository, base, head).lines == {"m.py": {mutant.line}}, mutant.title
