"""Which tools got slower or fail more often than they did."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gitops_healer.core.execution import Execution
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.detectors.degrading_tool import degrading_tool
from tests.detectors.tools_scene import NOW, Tools

CODE = "def f(x):\n    return x\n"
FILES = {"pkg/__init__.py": "", "pkg/mod.py": CODE}
DAY = timedelta(days=1)


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    return Tools(make_repo(FILES), tmp_path)


def traffic(
    tools: Tools, before: Callable[[Random], float], after: Callable[[Random], float], failing: tuple[float, float],
    each: int = 400, commit: str | None = None,
) -> list[Finding]:  # fmt: skip
    """Records `each` calls in the 20 days before the last week and in the last 6 days. failing: shares of both."""
    random = Random(7)
    calls: list[Execution] = []
    for side, (duration, share) in enumerate(((before, failing[0]), (after, failing[1]))):
        for _ in range(each):
            age = DAY * (random.uniform(8, 28) if side == 0 else random.uniform(0.1, 6))
            number = len(calls)
            ok = random.random() >= share
            calls.append(Execution(f"d-{number}", "pkg.mod:f", NOW - age, ok, duration(random), f"[{number}]",
                                   commit=commit))  # fmt: skip
    assert tools.store.add(calls).stored == 2 * each
    return list(degrading_tool(tools.scene()))


def usual(random: Random) -> float:
    return random.lognormvariate(4, 1)


def twice(random: Random) -> float:
    return 2.5 * random.lognormvariate(4, 1)


def with_timeouts(random: Random) -> float:
    return 30_000.0 if random.random() < 0.15 else random.lognormvariate(4, 1)


def test_what_stays_as_it_was_is_not_found(tools: Tools) -> None:
    assert traffic(tools, usual, usual, (0.1, 0.1)) == []


def test_a_tool_that_got_slower_is_found(tools: Tools) -> None:
    (finding,) = traffic(tools, usual, twice, (0.0, 0.0))
    assert finding.message == "pkg.mod:f takes longer than before 2026-01-13 12:00 UTC"
    assert finding.evidence[0].startswith("one call of twenty took ") and len(finding.evidence) == 2
    assert finding.evidence[-1] == "the newest 800 recorded calls had 800 different inputs"


def test_a_new_slow_tail_is_found(tools: Tools) -> None:
    (finding,) = traffic(tools, usual, with_timeouts, (0.0, 0.0))
    assert "takes longer" in finding.message


def test_a_tool_that_got_faster_is_not_found(tools: Tools) -> None:
    assert traffic(tools, twice, usual, (0.3, 0.1)) == []


@pytest.mark.parametrize(("after", "severity"), [(0.3, Severity.MEDIUM), (0.8, Severity.HIGH)])
def test_a_tool_that_fails_more_often_is_found(tools: Tools, after: float, severity: Severity) -> None:
    (finding,) = traffic(tools, usual, usual, (0.05, after))
    assert finding.message == "pkg.mod:f fails more often than before 2026-01-13 12:00 UTC"
    assert finding.severity is severity and "of the calls failed, now" in finding.evidence[0]


def test_few_calls_tell_nothing(tools: Tools) -> None:
    assert traffic(tools, usual, twice, (0.0, 1.0), each=29) == []


def test_a_version_that_is_gone_does_not_speak_against_todays(tools: Tools) -> None:
    old = tools.repo.git("rev-parse", "HEAD")
    tools.repo.commit({"pkg/mod.py": CODE.replace("return x", "return x + 1")})
    assert traffic(tools, usual, twice, (0.0, 0.9), commit=old) == []
