"""Which tests run which changed lines, and what they notice of them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_healer.core.evidence import Changed
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.covering import Covering, covering
from gitops_healer.proof.mutating import Mutation, mutation
from gitops_healer.registry import Absent
from tests.adapters.trial_projects import BARE
from tests.checks.conftest import Step, sandbox, step  # noqa: F401

SHOP = """\
RATE = 1

def price(net, rate=RATE):
    if net < 0:
        return 0
    return net * rate

def unused(x):
    return x

@staticmethod
def sign(x):
    return [
        -1
        if n < 0
        else 1
        for n in x
    ]
"""
TESTS = """\
import shop
def test_price(): assert shop.price(3) == 3
def test_zero(): assert shop.price(0, 2) == 0
def test_sign(): assert shop.sign([3]) == [1]
def test_fails(): assert shop.price(1) == 7
def test_other(): pass
"""
EMPTY = {"pytest.ini": BARE, "shop.py": "", "test_shop.py": "def test_other(): pass\n"}


@pytest.fixture
def measured(step: Callable[..., Step]) -> Callable[..., tuple[Changed, Covering, Mutation]]:  # noqa: F811
    """measured(files, options): what a commit of files to a project without code changed."""

    def made(
        files: Mapping[str, str], options: Mapping[str, Any] | None = None, before: Mapping[str, str] | None = None
    ) -> tuple[Changed, Covering, Mutation]:
        project = step({**EMPTY, **(before or {})}, options)
        head = project.repo.commit(files)
        changed = changed_lines(project.scene.repository, project.base, head)
        found = covering(project.scene, head, changed)
        told = mutation(project.scene, head, changed, found)
        again = (covering(project.scene, head, changed), mutation(project.scene, head, changed, found))
        assert again == (found, told)
        return changed, found, told

    return made


def test_lines_by_test_and_mistakes_that_are_noticed(measured: Callable[..., Any]) -> None:
    changed, found, told = measured({"shop.py": SHOP, "test_shop.py": TESTS})
    assert changed.lines == {"shop.py": {1, 4, 5, 6, 9, 13}}
    lines = {name.partition("::")[2]: {line for _, line in ran} for name, ran in found.lines.items()}
    assert lines == {"test_price": {1, 4, 6}, "test_zero": {1, 4, 6}, "test_sign": {1, 13}}
    assert (found.problem, found.passing, found.traced, found.loaded) == ("", 4, 4, ("shop.py",))
    assert found.ran(changed) == {("shop.py", line) for line in (1, 4, 6, 13)}
    assert [test.partition("::")[2] for test in found.tests_of([("shop.py", 13)])] == ["test_sign"]
    assert list(map(str, told.survivors)) == [
        "shop.py:4: `net < 0` becomes `net < 1`",
        "shop.py:4: `net < 0` becomes `net <= 0`",
        "shop.py:6: `net * rate` becomes `net / rate`",
        "shop.py:14: `-1` becomes `-2`",
        "shop.py:14: `-1` becomes `1`",
        "shop.py:15: `n < 0` becomes `n < 1`",
        "shop.py:15: `n < 0` becomes `n <= 0`",
    ]
    assert (told.problem, told.left, told.broken) == ("", 0, 0)
    assert told.killed == 7


def test_a_default_and_what_runs_on_import_are_tried_with_a_fresh_import(measured: Callable[..., Any]) -> None:
    tests = "import shop\ndef test_price(): assert shop.price(3) == 3\n"
    before = {"shop.py": SHOP, "test_shop.py": tests}
    after = SHOP.replace("rate=RATE", "rate=1").replace("RATE = 1", "RATE = 2")
    changed, found, told = measured({"shop.py": after}, before=before)
    assert changed.lines == {"shop.py": {1, 3}}
    assert found.ran(changed) == {("shop.py", 1), ("shop.py", 3)}
    assert told.killed == 1
    assert set(map(str, told.survivors)) == {
        "shop.py:1: `2` becomes `3`",
        "shop.py:1: `RATE = 2` becomes `RATE = None`",
    }


def test_a_mistake_that_breaks_the_import_is_noticed(measured: Callable[..., Any]) -> None:
    files = {"shop.py": "LIMITS = [1, 2]\nLIMITS[0] + 1\n", "test_shop.py": "import shop\ndef test_one(): pass\n"}
    _, found, told = measured(files)
    assert (found.loaded, dict(found.lines)) == (("shop.py",), {})
    assert told.killed == 1  # None[0]
    assert told.survivors


def test_few_mutants_are_made_where_the_policy_says_so(measured: Callable[..., Any]) -> None:
    _, _, told = measured({"shop.py": SHOP, "test_shop.py": TESTS}, {"proof.mutants": 2})
    assert told.tried == 2


def test_why_nothing_can_be_measured_is_said(step: Callable[..., Step]) -> None:  # noqa: F811
    project = step({**EMPTY, "test_shop.py": "def test_it(): assert 0\n"}, {"testing.command": "python -m pytest"})
    head = project.repo.commit({"shop.py": SHOP})
    changed = changed_lines(project.scene.repository, project.base, head)
    found = covering(project.scene, head, changed)
    assert found.problem == "none of 1 tests passes when it is run one by one"
    assert mutation(project.scene, head, changed, found) == Mutation(problem=found.problem)


def test_without_trials_nothing_is_measured(step: Callable[..., Step]) -> None:  # noqa: F811
    project = step(EMPTY)
    object.__setattr__(project.scene, "trials", Absent("nowhere"))
    head = project.repo.commit({"shop.py": SHOP})
    changed = changed_lines(project.scene.repository, project.base, head)
    assert covering(project.scene, head, changed).problem == "nothing can be tried here"
