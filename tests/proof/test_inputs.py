"""Inputs from real stores and real sources."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.core.sampling import input_of
from gitops_healer.core.shadowing import Origin
from gitops_healer.proof.gathering import inputs_of
from gitops_healer.proof.inputs import OTHER, declared_samples, recorded_executions, recorded_samples
from gitops_healer.proof.subjects import Subject
from gitops_healer.registry import Absent, Scene
from gitops_healer.settings import load_settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
SOURCE = """\
from gitops_healer.recorder import tool


@tool(examples=[{"input": {"n": 4}, "expected_output": 8}, {"input": [0], "should_raise": ValueError}])
def double(n):
    return 2 * n
"""


@pytest.fixture
def scene_of(make_repo: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """scene_of(*commits): a repository with these commits (files each) and an empty store; nothing can be run."""
    with ExitStack() as stack:

        def make(*commits: dict[str, str]) -> Scene:
            repo = make_repo(commits[0])
            for before, files in pairwise(commits):
                for name in before.keys() - files.keys():
                    (repo.path / name).unlink()
                repo.commit(files)
            repository = open_repository(repo.path)
            cache = stack.enter_context(SqliteCache(tmp_path / "cache.sqlite"))
            store = open_executions(tmp_path / "executions.sqlite")
            stack.callback(store.close)
            head = repo.git("rev-parse", "HEAD")
            code = CodeModel(repository.files(head), repository.read_blob, cache)
            none = cast(Any, Absent("nothing is run here"))
            settings = load_settings(None, {})
            return Scene(head, NOW, repository, code, store, none, none, none, cache, settings, lambda _: None)

        yield make


def call(number: int, args: Any = ..., ok: bool = True, tool: str = "pkg.mod:double", **more: Any) -> Execution:
    error = None if ok else ExecutionFailure("ValueError", "bad", (Frame("pkg/mod.py", 6, "double"),))
    given = json.dumps([number] if args is ... else args)
    moment = more.pop("ts", NOW - timedelta(hours=number))
    return Execution(f"id-{number}", tool, moment, ok, **{"args": given, "error": error, **more})


def test_recorded_inputs_are_sampled_and_those_that_cannot_be_used_are_counted(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of({"pkg/mod.py": SOURCE})
    scene.executions.add(
        [
            call(1, [7]),
            call(2, [7]),
            call(3, [0], ok=False),
            call(4, ["a"], kwargs='{"deep":true}'),
            call(5, unreplayable="redacted"),
            call(6, unreplayable="redacted"),
            call(7, unreplayable="the object has attributes"),
            call(8, [{"$type": "object", "class": "pkg.Order"}]),
            call(9, ts=NOW - timedelta(days=31)),
            Execution("id-10", "pkg.mod:double", NOW - timedelta(hours=10), True),
        ]
    )
    found = recorded_samples(scene, "pkg.mod:double", window=MONTH, most=10)
    assert {(sample.given, sample.failed) for sample in found.samples} == {
        (("[7]", "{}"), ""),
        (("[0]", "{}"), "ValueError"),
        (('["a"]', '{"deep":true}'), ""),
    }
    assert {sample.origin for sample in found.samples} == {Origin.RECORDED}
    assert len({sample.stratum for sample in found.samples}) == 3
    assert found.total == 9
    assert found.unreplayable == {
        "redacted": 2,
        "the object has attributes": 1,
        "inputs hold a value that cannot be made again": 1,
        "inputs not recorded": 1,
    }


def test_reasons_that_other_programs_make_up_do_not_grow_without_bound(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of({"pkg/mod.py": SOURCE})
    scene.executions.add([call(n, unreplayable=f"because of {n}") for n in range(1, 41)])
    reasons = recorded_samples(scene, "pkg.mod:double", window=MONTH, most=10).unreplayable
    assert len(reasons) == 21
    assert reasons[OTHER] == 20


def test_failures_are_there_although_ten_times_as_many_calls_pass(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of({"pkg/mod.py": SOURCE})
    scene.executions.add([*(call(n) for n in range(1, 601)), *(call(n, ok=False) for n in range(601, 661))])
    found = recorded_executions(scene, "pkg.mod:double", window=MONTH, most=50)
    failed = sum(not one.ok for one in found.executions)
    assert len(found.executions) == 50
    assert 10 <= failed <= 40
    assert input_of(found.executions[0]) == ("[1]", "{}")


def test_calls_under_a_former_name_count(scene_of: Callable[..., Scene]) -> None:
    loop = "    total = 0\n    for row in rows:\n        total += row.price\n    return total\n"
    old, new = (f"from gitops_healer.recorder import tool\n\n\n@tool\ndef {n}(rows):\n{loop}" for n in ("old", "new"))
    scene = scene_of(*({"pkg/__init__.py": "", "pkg/mod.py": text} for text in (old, new)))
    day = datetime(2025, 12, 31, tzinfo=UTC)
    scene.executions.add([call(1, ts=day, tool="pkg.mod:old"), call(2, tool="pkg.mod:new")])
    found = recorded_executions(scene, "pkg.mod:new", window=timedelta(days=90), most=9)
    assert found.names == ("pkg.mod:new", "pkg.mod:old")
    assert {one.args for one in found.executions} == {"[1]", "[2]"}


def test_declared_cases_are_inputs_whatever_they_expect(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of({"pkg/mod.py": SOURCE, "pkg/odd.py": "def f(:\n"})
    found = declared_samples(scene, "pkg.mod:double", "pkg/mod.py")
    assert [sample.given for sample in found] == [("[]", '{"n":4}'), ("[0]", "{}")]
    assert {sample.origin for sample in found} == {Origin.DECLARED}
    assert declared_samples(scene, "pkg.mod:gone", "pkg/mod.py") == ()
    assert declared_samples(scene, "pkg.odd:f", "pkg/odd.py") == ()
    assert declared_samples(scene, "pkg.none:f", "pkg/none.py") == ()


def test_calls_with_secrets_are_made_again_with_others(scene_of: Callable[..., Scene]) -> None:
    scene = scene_of({"pkg/mod.py": "def double(n):\n    return n\n"})
    masked = [{"name": "Ada", "phone": "[redacted]"}]
    scene.executions.add(
        [call(1, masked, unreplayable="redacted"), call(2, [{"name": "Bo"}]), call(3, [{"name": "Cy"}])]
    )
    found = inputs_of(scene, Subject("pkg.mod:double", "pkg/mod.py", "double", "pkg/mod.py", True)).samples
    with_phone = [one for one in found if "phone" in one.given[0]]
    assert with_phone
    assert {one.origin for one in with_phone} == {Origin.GENERATED}
    assert not any("[redacted" in one.given[0] for one in found)
