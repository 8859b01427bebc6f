"""Failures of one kind that come again and again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.finding import Finding, Severity
from gitops_healer.detectors.recent_failures import recent_failures
from tests.detectors.tools_scene import NOW, Tools

CODE = """\
class Store:
    def get(self, key):
        if key:
            return self.items[key]
        return self.first[0]
"""


@pytest.fixture
def tools(make_repo: Callable[..., Any], tmp_path: Path) -> Tools:
    return Tools(make_repo({"src/shop/__init__.py": "", "src/shop/store.py": CODE}), tmp_path)


def found(tools: Tools) -> list[Finding]:
    return list(recent_failures(tools.scene()))


def fail(tools: Tools, times: int, error: str = "KeyError", line: int = 4, **more: Any) -> None:
    frames = [("src/shop/store.py", line, "get"), ("/venv/lib/python3.11/site-packages/x.py", 99, "deep")]
    tools.record("shop.store:Store.get", failed=times, error=error, frames=frames, **more)


def test_three_failures_of_a_kind_are_found_among_many_good_calls(tools: Tools) -> None:
    tools.record("shop.store:Store.get", passed=1000)
    fail(tools, 2)
    assert found(tools) == []
    fail(tools, 1)
    (finding,) = found(tools)
    assert (finding.rule, finding.symbol, finding.path) == (
        "recent_failures",
        "shop.store:Store.get",
        "src/shop/store.py",
    )
    assert (finding.start, finding.end, finding.severity) == (2, 5, Severity.MEDIUM)
    assert finding.message == "shop.store:Store.get failed 3 times of late with KeyError at src/shop/store.py:4"
    assert finding.evidence[0].endswith("3 of them KeyError at src/shop/store.py:4")


def test_kinds_are_counted_apart_by_error_and_line(tools: Tools) -> None:
    fail(tools, 2, "KeyError", 4)
    fail(tools, 2, "KeyError", 5)
    fail(tools, 2, "IndexError", 5)
    assert found(tools) == []
    fail(tools, 1, "IndexError", 5)
    (finding,) = found(tools)
    assert "IndexError at src/shop/store.py:5" in finding.message
    assert len([fact for fact in finding.evidence if "KeyError" in fact]) == 2


def test_one_finding_a_tool_however_many_kinds(tools: Tools) -> None:
    for line in range(2, 12):
        fail(tools, 3, line=line)
    (finding,) = found(tools)
    assert "5 more kinds of failure" in finding.evidence


def test_only_of_late(tools: Tools) -> None:
    fail(tools, 30, at=NOW - timedelta(hours=25))
    assert found(tools) == []
    tools.options = {"detection.recent_failures.window": "2d"}
    assert len(found(tools)) == 1


def test_mended_code_is_not_accused(tools: Tools) -> None:
    fail(tools, 30, commit=tools.repo.git("rev-parse", "HEAD"))
    fail(tools, 30, at=NOW - timedelta(hours=23))
    assert len(found(tools)) == 1
    date = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-20T06:00:00+00:00")
    tools.repo.write({"src/shop/store.py": CODE.replace("[key]", ".get(key)")})
    tools.repo.git("commit", "--all", "--quiet", "--message", "mend", env=date)
    assert found(tools) == []
    fail(tools, 3, line=5)
    (finding,) = found(tools)
    assert "60 calls ran another version of this function and do not count" in finding.evidence


def test_failures_without_error_or_traceback_are_a_kind_too(tools: Tools) -> None:
    tools.store.import_jsonl(
        b'{"tool":"shop.store:Store.get","ts":"2026-01-20T11:00:00Z","ok":false,"id":%d}' % n for n in range(3)
    )
    (finding,) = found(tools)
    assert finding.message == "shop.store:Store.get failed 3 times of late with an unknown error"
    assert "no inputs of failing calls were recorded" in finding.evidence


def test_the_network_is_not_the_codes_fault(tools: Tools) -> None:
    fail(tools, 20, "ConnectionRefusedError")
    (finding,) = found(tools)
    assert finding.severity is Severity.LOW


def test_thousands_of_failures_are_summed_up_from_the_newest(tools: Tools) -> None:
    tools.record("shop.store:Store.get", failed=1500)
    (finding,) = found(tools)
    assert "1,500 of 1,500 calls failed" in finding.evidence[0]
    assert "1,000 of the newest 1,000 of them" in finding.evidence[0]
