"""What the recorded calls of a tool tell, on a real repository and a real store."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.analysis.features import inputs_of
from gitops_healer.core.analysis.types import Direction, PatternKind, ToolAnalysis
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.evidence.analysis import analyse, parameters
from tests.detectors.tools_scene import HOUR, NOW, Tools

BROKEN = "def f(qty, name=''):\n    return 1 / qty\n\n\nclass K:\n    def m(self, a, *, b):\n        return a\n"
FILES = {"pkg/__init__.py": "", "pkg/mod.py": BROKEN}


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    return Tools(make_repo(FILES), tmp_path)


def analysed(tools: Tools, tool: str = "pkg.mod:f") -> ToolAnalysis:
    found = analyse(tools.scene(), tool)
    assert found is not None
    return found


def call(tools: Tools, number: int, qty: object, ok: bool, commit: str | None = None) -> Execution:
    error = None if ok else ExecutionFailure("ZeroDivisionError", "division", (Frame("/srv/pkg/mod.py", 2, "f"),))
    ts = NOW - timedelta(minutes=number + 1)
    return Execution(f"c-{number}", "pkg.mod:f", ts, ok, 2.0, json.dumps([qty, f"n{number}"]), error=error,
                     commit=commit)  # fmt: skip


def test_a_tool_without_calls_has_no_analysis(tools: Tools) -> None:
    assert analyse(tools.scene(), "pkg.mod:f") is None


def test_an_input_that_breaks_it_is_named_by_its_parameter(tools: Tools) -> None:
    calls = [call(tools, n, 0 if n % 4 == 0 else n, n % 4 != 0) for n in range(400)]
    assert tools.store.add(calls).stored == 400
    found = analysed(tools)
    assert (found.total, found.failed, found.rate) == (400, 100, 0.75)
    assert found.interval.low < 0.75 < found.interval.high
    assert found.distinct_failing == 100 and found.trend.direction is Direction.STEADY
    (cluster,) = found.clusters
    assert (cluster.place, cluster.function, cluster.count) == ("pkg/mod.py:2", "f", 100)
    (pattern,) = found.patterns
    assert pattern.kind is PatternKind.INPUT and pattern.confirmed
    assert [(one.feature, one.test, one.value) for one in pattern.rule] == [("qty", "=", 0)]
    assert (pattern.inside, pattern.outside, pattern.explained) == (1.0, 0.0, 1.0)
    assert any("qty = 0" in sentence for sentence in found.recommendations)
    assert any("pkg/mod.py:2 in f" in sentence for sentence in found.recommendations)


def test_two_causes_are_told_apart(tools: Tools) -> None:
    calls = []
    for n in range(600):
        qty, name = n % 5, "" if n % 7 == 0 else f"n{n}"
        kind = "ZeroDivisionError" if qty == 0 else "KeyError" if not name else ""
        error = ExecutionFailure(kind, "oh", (Frame("pkg/mod.py", 2, "f"),)) if kind else None
        args = json.dumps([qty + n / 1000 if qty else 0, name, n])
        ts = NOW - timedelta(minutes=n + 1)
        calls.append(Execution(f"t-{n}", "pkg.mod:f", ts, not kind, 1.0, args, error=error))
    tools.store.add(calls)
    found = analysed(tools)
    errors = {cluster.key: cluster.error for cluster in found.clusters}
    said = {errors[one.cluster]: str(one.rule[0]) for one in found.patterns if one.target == "failing"}
    assert said["KeyError"] == "name is empty" and said["ZeroDivisionError"] in ("qty = 0", "qty is of type int")
    assert any("of the inputs that end in KeyError" in sentence for sentence in found.recommendations)


def test_one_bad_input_tried_again_and_again_is_no_pattern(tools: Tools) -> None:
    bad = [Execution(f"r-{n}", "pkg.mod:f", NOW - timedelta(minutes=n + 1), False, 1.0, "[0]") for n in range(500)]
    tools.store.add([*bad, *(call(tools, n, n + 1, True) for n in range(300))])
    found = analysed(tools)
    assert found.failed == 500 and found.distinct_failing == 1
    assert [pattern for pattern in found.patterns if pattern.kind is PatternKind.INPUT] == []
    assert "All of the 500 failures looked at come from one input, tried again and again: [0]." in found.recommendations


def test_earlier_versions_are_told_apart(tools: Tools) -> None:
    old = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=200, at=NOW - 50 * HOUR, commit=old)
    tools.repo.commit({"pkg/mod.py": BROKEN.replace("1 / qty", "1 / (qty - 1)")})
    new = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=50, failed=50, commit=new)
    found = analysed(tools)
    assert (found.total, found.failed, found.other_versions) == (100, 50, 200)
    assert found.by_version.direction is Direction.WORSENING
    assert (found.by_version.before, found.by_version.after) == (0.0, 0.5)
    assert {(one.commit, one.failed) for one in found.commits} == {(old, 0), (new, 50)}
    assert found.recommendations[0].startswith("Look at what changed about 2026-01-20 1")


def test_a_recorded_blob_tells_the_version(tools: Tools) -> None:
    blob = tools.repo.git("rev-parse", "HEAD:pkg/mod.py")
    tools.record("pkg.mod:f", failed=20, commit=f"blob:{blob}")
    assert analysed(tools).total == 20
    tools.repo.commit({"pkg/mod.py": BROKEN.replace("1 / qty", "1 / (qty - 1)")})
    found = analysed(tools)
    assert (found.total, found.other_versions) == (0, 20), "the blob is that of the old version"
    assert (found.rate, found.interval.low, found.interval.high) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("commit", ["blob:" + "f" * 40, "blob:", "blob:main", "blob:" + "0" * 39 + "g"])
def test_a_blob_that_is_not_in_the_repository_leaves_it_to_the_time(tools: Tools, commit: str) -> None:
    tools.record("pkg.mod:f", failed=20, commit=commit)
    assert analysed(tools).total == 20


def test_a_tool_that_is_not_in_the_code_is_analysed_as_recorded(tools: Tools) -> None:
    tools.record("gone.mod:f", passed=30, failed=10)
    found = analysed(tools, "gone.mod:f")
    assert (found.total, found.failed, found.other_versions) == (40, 10, 0)


def test_hostile_payloads_are_only_text(tools: Tools) -> None:
    odd = [
        "[" * 30_000 + "]" * 30_000,
        "nonsense",
        "{}",
        '[{"$type":"repr","value":7}]',
        '[{"$type":[1],"value":{}}]',
        '[{"$type":"dict","value":[[1],[[1],2],7]}]',
        "[NaN, 1e999, -1e999]",
        "[" + "9" * 5000 + "]",
        '["\\ud800"]',
    ]
    calls = [
        Execution(f"o-{number}", "pkg.mod:f", NOW - timedelta(minutes=number + 1), number % 2 == 0, 1.0, args)
        for number, args in enumerate(odd * 4)
    ]
    assert all(inputs_of(one, ("a",)) is None or inputs_of(one, ("a",)) for one in calls)
    stored = sum(tools.store.add([one]).stored for one in calls)
    assert analysed(tools).total == stored > 10, "the store refuses what is no JSON"


def test_names_of_parameters(tools: Tools) -> None:
    code = tools.scene().code
    for tool, names in (("pkg.mod:f", ("qty", "name")), ("pkg.mod:K.m", ("a",))):
        location = code.locate(tool)
        assert location is not None and parameters(code, location) == names
