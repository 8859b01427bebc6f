"""Which tools are too slow."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Severity
from gitops_healer.detectors.slow_tool import slow_tool
from tests.detectors.tools_scene import HOUR, NOW, Tools

FILES = {"pkg/__init__.py": "", "pkg/mod.py": "def f(x):\n    return x\n"}


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    return Tools(make_repo(FILES), tmp_path)


def record(tools: Tools, durations: Sequence[float | None], commit: str | None = None) -> None:
    calls, at = [], NOW - HOUR
    for duration in durations:
        tools.recorded += 1
        number = tools.recorded
        ts = at - timedelta(minutes=number % 3000)
        calls.append(Execution(f"s-{number}", "pkg.mod:f", ts, True, duration, f"[{number % 50}]", commit=commit))
    assert tools.store.add(calls).stored == len(calls)


def test_a_tool_that_takes_too_long_is_found(tools: Tools) -> None:
    record(tools, [1000.0] * 80 + [15_000.0] * 20)
    (finding,) = slow_tool(tools.scene())
    assert (finding.path, finding.symbol, finding.severity) == ("pkg/mod.py", "pkg.mod:f", Severity.MEDIUM)
    assert finding.message.startswith("pkg.mod:f takes 1") and finding.message.endswith("over the 10 s allowed")
    assert finding.evidence[0] == "20 of 100 timed calls took longer than 10,000 ms"
    assert finding.evidence[-1] == "the newest 100 recorded calls had 50 different inputs"


@pytest.mark.parametrize(
    ("quick", "slow", "expected"),
    [(0, 19, 0), (0, 20, 1), (80, 5, 0), (95, 5, 0), (80, 20, 1), (970, 30, 0), (900, 100, 1)],
)
def test_so_many_must_be_slow_that_it_is_no_chance(tools: Tools, quick: int, slow: int, expected: int) -> None:
    record(tools, [10.0] * quick + [60_000.0] * slow)
    assert len(list(slow_tool(tools.scene()))) == expected


def test_the_policy_decides(tools: Tools) -> None:
    record(tools, [3000.0] * 100)
    assert list(slow_tool(tools.scene())) == []
    tools.options = {"detection.slow_tool.p95": "2s"}
    assert len(list(slow_tool(tools.scene()))) == 1
    tools.options |= {"detection.slow_tool.min_executions": 101}
    assert list(slow_tool(tools.scene())) == []


def test_calls_without_a_duration_tell_nothing(tools: Tools) -> None:
    record(tools, [None] * 100)
    assert list(slow_tool(tools.scene())) == []


def test_slow_calls_of_an_older_version_do_not_count(tools: Tools) -> None:
    record(tools, [60_000.0] * 100, commit=tools.repo.git("rev-parse", "HEAD"))
    assert len(list(slow_tool(tools.scene()))) == 1
    tools.repo.commit({"pkg/mod.py": "def f(x):\n    return x + 1\n"})
    assert list(slow_tool(tools.scene())) == []
    record(tools, [5.0] * 100, commit=tools.repo.git("rev-parse", "HEAD"))
    assert list(slow_tool(tools.scene())) == []


def test_the_finding_stays_the_same_flaw(tools: Tools) -> None:
    record(tools, [60_000.0] * 50)
    (first,) = slow_tool(tools.scene())
    record(tools, [50_000.0] * 50)
    (second,) = slow_tool(tools.scene())
    assert first.fingerprint == second.fingerprint and first.evidence != second.evidence
