"""Which tools are found, and which calls speak against today's code."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.code.shape import shape_of
from gitops_healer.core.failing import outside, priority, severity
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.detectors.low_success_rate import low_success_rate
from gitops_healer.evidence.calls import repository_path
from tests.detectors.tools_scene import HOUR, NOW, Tools

BROKEN = "def f(x):\n    return 1 / x\n"
MENDED = "def f(x):\n    return 1 / x if x else 0\n"
FILES = {"pkg/__init__.py": "", "pkg/mod.py": BROKEN, "pkg/other.py": "def g(x):\n    return x\n"}


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    return Tools(make_repo(FILES), tmp_path)


def found(tools: Tools) -> list[Finding]:
    return list(low_success_rate(tools.scene()))


def test_a_tool_that_fails_too_often_is_found(tools: Tools) -> None:
    tools.record("pkg.mod:f", passed=12, failed=35, at=NOW - 2 * HOUR)
    tools.record("pkg.mod:f", failed=3, error="KeyError", message="'a'", frames=[("/venv/lib/json.py", 9, "x")])
    tools.record("pkg.other:g", passed=50)
    (finding,) = found(tools)
    assert (finding.rule, finding.path, finding.symbol) == ("low_success_rate", "pkg/mod.py", "pkg.mod:f")
    assert (finding.start, finding.end, finding.severity) == (1, 2, Severity.HIGH)
    assert finding.fingerprint == fingerprint("failing_calls", "f", shape_of(BROKEN.encode(), 1, 2))
    assert finding.message == "pkg.mod:f succeeds in 24% of its calls, less than the 70% demanded"
    assert finding.evidence == (
        "38 of 50 calls failed since 2026-01-20 09:59 UTC, 35 of them ZeroDivisionError at pkg/mod.py:2",
        "3 of them KeyError",
        "38 different inputs failed",
    )


@pytest.mark.parametrize(
    ("passed", "failed", "expected"), [(7, 3, 0), (6, 4, 1), (5, 4, 0), (0, 9, 0), (0, 10, 1), (69, 31, 1), (70, 30, 0)]
)
def test_the_policy_decides(tools: Tools, passed: int, failed: int, expected: int) -> None:
    tools.record("pkg.mod:f", passed, failed)
    assert len(found(tools)) == expected


def test_the_policy_can_be_changed(tools: Tools) -> None:
    tools.record("pkg.mod:f", passed=19, failed=1)
    assert found(tools) == []
    tools.options = {"detection.low_success_rate.threshold": 0.99}
    assert len(found(tools)) == 1
    tools.options |= {"detection.low_success_rate.window": "30m"}
    assert found(tools) == []


def test_old_calls_and_calls_of_the_far_future_do_not_count(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=20, at=NOW - timedelta(days=31))
    tools.record("pkg.mod:f", failed=20, at=NOW + timedelta(days=31))
    assert found(tools) == []


def test_tools_that_are_not_in_the_code_are_left_out(tools: Tools) -> None:
    for name in (
        "pkg.mod:gone",
        "gone.mod:f",
        "no colon",
        ":",
        "pkg.mod:",
        "pkg.mod",
        "pkg..mod:f",
        "pkg.mod:f.<locals>.g",
    ):
        tools.record(name, failed=20)
    assert found(tools) == []


def test_interrupted_calls_do_not_count(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=50, error="KeyboardInterrupt")
    tools.record("pkg.mod:f", failed=50, error="SystemExit")
    assert found(tools) == []
    tools.record("pkg.mod:f", passed=3, failed=7)
    assert found(tools)[0].evidence[0].startswith("7 of 10 calls failed")


def test_failures_from_outside_weigh_less(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=30)
    (inner,) = found(tools)
    tools.record("pkg.mod:f", failed=40, error="requests.exceptions.ConnectionError", message="refused", frames=[])
    (mixed,) = found(tools)
    assert mixed.severity is Severity.MEDIUM and inner.severity is Severity.HIGH
    assert mixed.priority < inner.priority
    assert "40 of 70 failures come from where it ran, not from the code" in mixed.evidence
    tools.record("pkg.other:g", failed=20, error="OSError", message="[Errno 28] No space left on device", frames=[])
    assert [f.severity for f in found(tools) if f.symbol == "pkg.other:g"] == [Severity.LOW]


# Which calls count


def test_failures_of_code_that_was_mended_since_do_not_convict_it(tools: Tools) -> None:
    old = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", failed=40, commit=old)
    assert len(found(tools)) == 1
    tools.repo.commit({"pkg/mod.py": MENDED})
    assert found(tools) == []
    tools.record("pkg.mod:f", passed=3, failed=9, commit=tools.repo.git("rev-parse", "HEAD"))
    (finding,) = found(tools)
    assert finding.evidence[0].startswith("9 of 12 calls failed")
    assert "40 calls ran another version of this function and do not count" in finding.evidence


def test_good_calls_of_an_older_version_do_not_hide_todays_failures(tools: Tools) -> None:
    tools.record("pkg.mod:f", passed=1000, commit=tools.repo.git("rev-parse", "HEAD"))
    tools.repo.commit({"pkg/mod.py": "def f(x):\n    return 1 / (x - 1)\n"})
    tools.record("pkg.mod:f", failed=10, commit=tools.repo.git("rev-parse", "HEAD"))
    assert found(tools)[0].evidence[0].startswith("10 of 10 calls failed")


def test_a_function_that_only_moved_or_was_reformatted_is_the_same(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=20, commit=tools.repo.git("rev-parse", "HEAD"))
    tools.repo.commit(
        {"pkg/mod.py": 'import os\n\n\ndef f(x):\n    """Doc."""\n    # why\n    return (1 / x)\n\n\nY = 1\n'}
    )
    (finding,) = found(tools)
    assert (finding.start, finding.end) == (4, 7)
    assert "20 of them ZeroDivisionError at pkg/mod.py:5" in finding.evidence[0], "the line moved with the function"


def test_a_change_and_its_revert_make_the_old_calls_count_again(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=20, commit=tools.repo.git("rev-parse", "HEAD"))
    tools.repo.commit({"pkg/mod.py": MENDED})
    tools.repo.commit({"pkg/mod.py": BROKEN})
    assert len(found(tools)) == 1


@pytest.mark.parametrize("commit", [None, "f" * 40, "main", "not a commit", "HEAD", "1.2.3"])
def test_without_a_known_commit_the_time_decides(tools: Tools, commit: str | None) -> None:
    """The fixture dates commits: first 2026-01-01 00:00:00, second a second later."""
    tools.record("pkg.mod:f", failed=40, at=NOW - timedelta(days=19, hours=13), commit=commit)  # 2025-12-31 23:00
    assert len(found(tools)) == 1, "nothing says that the first version known was ever another"
    tools.repo.commit({"pkg/mod.py": MENDED})
    assert found(tools) == []
    tools.record("pkg.mod:f", passed=1, failed=11, commit=commit)
    (finding,) = found(tools)
    assert finding.evidence[0].startswith("11 of 12 calls failed")


def test_an_abbreviated_commit_is_known(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=40, commit=tools.repo.git("rev-parse", "--short=10", "HEAD"))
    tools.repo.commit({"pkg/mod.py": MENDED})
    assert found(tools) == []


def test_the_branch_that_brought_the_version_is_followed_by_first_parents(tools: Tools) -> None:
    tools.repo.git("checkout", "--quiet", "-b", "side")
    tools.repo.commit({"pkg/mod.py": MENDED})
    tools.repo.git("checkout", "--quiet", "main")
    tools.repo.commit({"README": "x"})
    date = {"GIT_COMMITTER_DATE": "2026-01-10T00:00:00+00:00"}
    tools.repo.git("merge", "--quiet", "--no-ff", "--message", "merge", "side", env=date)
    tools.record("pkg.mod:f", failed=40, at=NOW - timedelta(days=11))
    assert found(tools) == [], "these ran before the merge"
    tools.record("pkg.mod:f", failed=40, at=NOW - timedelta(days=9))
    assert len(found(tools)) == 1


def test_odd_sources_do_not_stop_the_rest(tools: Tools) -> None:
    old = tools.repo.commit({"pkg/mod.py": b"\xff\xfe not python\n"})
    tools.record("pkg.mod:f", failed=40, commit=old)
    tools.repo.commit({"pkg/mod.py": b"# -*- coding: latin-1 -*-\n# \xe9\ndef f(x):\n    return 1 / x\n"})
    assert found(tools) == []
    tools.record("pkg.mod:f", failed=40, commit=tools.repo.git("rev-parse", "HEAD"))
    assert len(found(tools)) == 1


def test_the_same_calls_give_the_same_findings(tools: Tools) -> None:
    tools.record("pkg.mod:f", failed=20, error="KeyError")
    tools.record("pkg.mod:f", failed=20, error="TypeError")
    assert found(tools) == found(tools)
    assert "20 of them KeyError" in found(tools)[0].evidence[0]


# The parts


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("pkg/mod.py", "pkg/mod.py"),
        ("./pkg/mod.py", "pkg/mod.py"),
        ("/srv/app/pkg/mod.py", "pkg/mod.py"),
        ("C:\\app\\pkg\\mod.py", "pkg/mod.py"),
        ("/usr/lib/python3.11/pkg/mod.py", None),
        ("/venv/lib/python3.12/site-packages/pkg/mod.py", None),
        ("<string>", None),
        ("<frozen importlib._bootstrap>", None),
        ("", None),
        ("mod.py", None),
        ("\udcff/pkg/mod.py", "pkg/mod.py"),
    ],
)
def test_files_of_tracebacks(tools: Tools, file: str, expected: str | None) -> None:
    assert repository_path(tools.scene().code, file) == expected


@pytest.mark.parametrize(
    ("error", "message", "expected"),
    [
        ("ConnectionError", "", True),
        ("ConnectionResetError", "[Errno 104] Connection reset by peer", True),
        ("requests.exceptions.ReadTimeout", "", True),
        ("TimeoutError", "", True),
        ("socket.timeout", "timed out", True),
        ("socket.gaierror", "", True),
        ("MemoryError", "", True),
        ("httpx.ConnectError", "", True),
        ("aiohttp.client_exceptions.ClientConnectorError", "", True),
        ("sqlalchemy.exc.OperationalError", "", True),
        ("OSError", "[Errno 28] No space left on device", True),
        ("OSError", "[Errno 24] Too many open files", True),
        ("OSError", "[Errno 22] Invalid argument", False),
        ("OSError", "", False),
        ("FileNotFoundError", "[Errno 2] No such file", False),
        ("ValueError", "ConnectionError", False),
        ("KeyError", "timeout", False),
        ("app.ConnectionSettings", "", False),
        ("", "", False),
    ],
)
def test_what_comes_from_outside(error: str, message: str, expected: bool) -> None:
    assert outside(error, message) is expected


def test_priorities_lie_between_1_and_10_and_rise() -> None:
    window = timedelta(days=30)
    assert priority(10**6, 10**6, timedelta(0), window, 0) == 10
    assert priority(1, 1000, window, window, 0) == 1
    assert priority(10, 10, timedelta(0), window, 0) > priority(10, 20, timedelta(0), window, 0)
    assert priority(10, 10, timedelta(0), window, 0) > priority(10, 10, window, window, 0)
    assert priority(500, 1000, timedelta(0), window, 0) > priority(5, 10, timedelta(0), window, 0)
    assert priority(10, 10, -window, window, 0) == priority(10, 10, timedelta(0), window, 0)
    assert severity(1, 2, 0) is Severity.HIGH and severity(1, 3, 0) is Severity.MEDIUM
    assert severity(2, 2, 1) is severity(1, 3, 0.6) is Severity.LOW
