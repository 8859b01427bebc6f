"""Which cause is named, and when none is: a story of each kind next to one that nearly is it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.codec import to_json
from gitops_healer.core.diagnosis import CauseKind, Diagnosis
from gitops_healer.core.diagnosis_markdown import diagnosis_section
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.errors import UsageError
from gitops_healer.investigation.investigate import investigate
from gitops_healer.report.diagnosis_text import diagnosis_text
from tests.detectors.tools_scene import HOUR, NOW, Tools

PLAIN = "def f(x):\n    return 1 / x\n"
RANDOM = "import random\n\ndef f(x):\n    return 1 / random.choice([0, x])\n"
STATEFUL = "SEEN = []\n\ndef f(x):\n    SEEN.append(x)\n    return 1 / (3 - len(SEEN))\n"
SETTING = "import os\n\ndef f(x):\n    return os.environ['KEY'] + x\n"
AT = {PLAIN: 2, RANDOM: 4, STATEFUL: 5, SETTING: 4}
LONG_AGO = "2025-12-01T00:00:00Z"


@pytest.fixture
def tools_of(make_repo: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Tools]:
    monkeypatch.setenv("GIT_COMMITTER_DATE", LONG_AGO)
    return lambda source: Tools(make_repo({"pkg/__init__.py": "", "pkg/mod.py": source}), tmp_path)


def fail(tools: Tools, source: str, count: int, **how: Any) -> None:
    tools.record("pkg.mod:f", failed=count, **({"frames": [("pkg/mod.py", AT[source], "f")]} | how))


def first(tools: Tools) -> CauseKind:
    return investigate(tools.scene(), "pkg.mod:f").problems[0].kind


def inputs(tools: Tools, source: str, decide: bool) -> None:
    """Negative ones fail always, or the failing inputs are those that pass as well."""
    failure = ExecutionFailure("ZeroDivisionError", "division by zero", (Frame("pkg/mod.py", AT[source], "f"),))
    calls = []
    for number in range(1, 81):
        at = NOW - HOUR - timedelta(minutes=number)
        calls.append(Execution(f"p{number}", "pkg.mod:f", at, True, args=f"[{number}]"))
        if number % 2:
            failing = f"[{-number if decide else number}]"
            earlier = at - timedelta(seconds=9)
            calls.append(Execution(f"f{number}", "pkg.mod:f", earlier, False, args=failing, error=failure))
    assert tools.store.add(calls).stored == len(calls)


@pytest.mark.parametrize(("decide", "kind"), [(True, CauseKind.INPUT), (False, CauseKind.FLAKY)])
def test_inputs_are_the_cause_only_when_they_decide(
    tools_of: Callable[[str], Tools], decide: bool, kind: CauseKind
) -> None:
    tools = tools_of(PLAIN)
    inputs(tools, PLAIN, decide)
    assert first(tools) is kind


@pytest.mark.parametrize(
    ("source", "error", "message", "kind"),
    [
        (PLAIN, "requests.exceptions.ConnectionError", "refused", CauseKind.DEPENDENCY),
        (PLAIN, "MyConnectionStringError", "refused", CauseKind.UNKNOWN),
        (PLAIN, "OSError", "[Errno 28] No space left on device", CauseKind.ENVIRONMENT),
        (PLAIN, "OSError", "[Errno 22] Invalid argument", CauseKind.UNKNOWN),
        (SETTING, "KeyError", "'KEY'", CauseKind.ENVIRONMENT),
        (PLAIN, "KeyError", "'KEY'", CauseKind.UNKNOWN),
    ],
)
def test_what_lies_outside_is_told_by_its_error(
    tools_of: Callable[[str], Tools], source: str, error: str, message: str, kind: CauseKind
) -> None:
    tools = tools_of(source)
    tools.record("pkg.mod:f", passed=30, args=None)
    fail(tools, source, 20, error=error, message=message, args=None)
    assert first(tools) is kind


@pytest.mark.parametrize(("source", "kind"), [(RANDOM, CauseKind.FLAKY), (STATEFUL, CauseKind.STATE)])
def test_the_same_inputs_pass_and_fail(tools_of: Callable[[str], Tools], source: str, kind: CauseKind) -> None:
    tools = tools_of(source)
    for number in range(12):
        tools.record("pkg.mod:f", passed=2, args=f"[{number % 4}]", at=NOW - HOUR * (number + 1))
        fail(tools, source, 2, args=f"[{number % 4}]", at=NOW - HOUR * (number + 1) - timedelta(minutes=5))
    assert first(tools) is kind


@pytest.mark.parametrize("touches", [True, False])
def test_the_commit_that_broke_it(tools_of: Callable[[str], Tools], touches: bool) -> None:
    tools = tools_of("def f(x):\n    return 1 / x if x else 0\n")
    good = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=40, commit=good, at=NOW - 9 * HOUR)
    bad = tools.repo.commit({"pkg/mod.py": PLAIN}, "Drop the check") if touches else good
    fail(tools, PLAIN, 20, commit=bad)
    tools.record("pkg.mod:f", passed=20, commit=bad)
    problem = investigate(tools.scene(), "pkg.mod:f").problems[0]
    if touches:
        assert problem.kind is CauseKind.COMMIT
        assert problem.began is not None
        assert (problem.began.commit, problem.began.good) == (bad, good)
        assert problem.began.by_code
        assert problem.confidence == 0.9
    else:
        assert problem.kind is not CauseKind.COMMIT


def test_too_few_failures_are_no_diagnosis(tools_of: Callable[[str], Tools]) -> None:
    tools = tools_of(PLAIN)
    tools.record("pkg.mod:f", passed=30)
    fail(tools, PLAIN, 2, error="ConnectionError")
    (problem,) = investigate(tools.scene(), "pkg.mod:f").problems
    assert (problem.kind, problem.confidence) == (CauseKind.UNKNOWN, 0.0)
    assert "only 2 failures" in problem.sentence


@pytest.mark.parametrize("name", ["pkg.mod:f", "pkg.mod.f", "f", "pkg/mod.py:f", "pkg/mod.py:2"])
def test_a_function_has_many_spellings(tools_of: Callable[[str], Tools], name: str) -> None:
    tools = tools_of(PLAIN)
    tools.record("pkg.mod:f", passed=30)
    diagnosis = investigate(tools.scene(), name)
    assert (diagnosis.tool, diagnosis.calls, diagnosis.problems) == ("pkg.mod:f", 30, ())
    assert "nothing is wrong" in diagnosis.summary


def test_what_is_only_in_the_code_or_only_in_the_store_is_said(tools_of: Callable[[str], Tools]) -> None:
    tools = tools_of(PLAIN)
    tools.record("pkg.gone:g", passed=3, failed=9, args=None)
    assert "No call of pkg.mod:f was recorded" in investigate(tools.scene(), "f").summary
    assert "not in the code" in investigate(tools.scene(), "pkg.gone:g").summary
    with pytest.raises(UsageError, match=r"pkg\.mod:f"):
        investigate(tools.scene(), "pkg.mod:ff")


def test_hostile_messages_and_sources_stay_text(tools_of: Callable[[str], Tools]) -> None:
    tools = tools_of(PLAIN)
    tools.repo.commit({"pkg/mod.py": b"# caf\xe9\n" + PLAIN.encode()}, "`@everyone` <b>")
    tools.record("pkg.mod:f", passed=30)
    fail(tools, PLAIN, 20, error="Bad`@everyone`", message="\x1b[31m[red]</details>", args=None)
    diagnosis = investigate(tools.scene(), "pkg.mod:f", lambda _: "\x1b[2J`@x`")
    assert diagnosis.problems
    assert "\x1b" not in diagnosis_section(diagnosis)
    assert "\x1b" not in str(diagnosis_text(diagnosis).label)
    assert isinstance(to_json(diagnosis), dict)


def test_the_same_store_gives_the_same_diagnosis(tools_of: Callable[[str], Tools]) -> None:
    tools = tools_of(PLAIN)
    inputs(tools, PLAIN, True)
    one, other = (investigate(tools.scene(), "f") for _ in range(2))
    assert isinstance(one, Diagnosis)
    assert one.problems
    assert one == other


@pytest.mark.parametrize(("hours", "kind"), [((3,), CauseKind.TIME), (tuple(range(24)), CauseKind.UNKNOWN)])
def test_an_hour_at_which_it_fails(tools_of: Callable[[str], Tools], hours: tuple[int, ...], kind: CauseKind) -> None:
    tools = tools_of(PLAIN)
    calls = []
    failure = ExecutionFailure("ValueError", "bad", (Frame("pkg/mod.py", 2, "f"),))
    for number in range(14 * 24):
        at = NOW - HOUR * (number + 1)
        calls += [Execution(f"p{number}-{n}", "pkg.mod:f", at + timedelta(minutes=n), True) for n in range(3)]
        if at.hour in hours:
            each = range(36 // len(hours))
            calls += [
                Execution(f"f{number}-{n}", "pkg.mod:f", at + timedelta(minutes=20 + n), False, error=failure)
                for n in each
            ]
    assert tools.store.add(calls).stored == len(calls)
    assert first(tools) is kind


@pytest.mark.parametrize(("path", "named"), [("README.md", False), ("settings.toml", True)])
def test_a_commit_elsewhere_is_a_weak_suspect_and_a_text_is_none(
    tools_of: Callable[[str], Tools], path: str, named: bool
) -> None:
    tools = tools_of(PLAIN)
    good = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=40, commit=good, at=NOW - 9 * HOUR, args=None)
    bad = tools.repo.commit({path: "limit = 3\n"}, "Change a limit")
    fail(tools, PLAIN, 30, commit=bad, args=None)
    problem = investigate(tools.scene(), "f").problems[0]
    assert (problem.kind is CauseKind.COMMIT) is named
    assert problem.confidence <= 0.5


def test_a_commit_is_not_blamed_for_the_failures_that_were_there_before(tools_of: Callable[[str], Tools]) -> None:
    tools = tools_of("def f(x):\n    return 2 / x\n")
    good = tools.repo.git("rev-parse", "HEAD")
    fail(tools, PLAIN, 20, error="ConnectionError", commit=good, at=NOW - 9 * HOUR, args=None)
    tools.record("pkg.mod:f", passed=40, commit=good, at=NOW - 8 * HOUR, args=None)
    bad = tools.repo.commit({"pkg/mod.py": PLAIN}, "Change a number")
    fail(tools, PLAIN, 20, error="ConnectionError", commit=bad, args=None)
    fail(tools, PLAIN, 30, commit=bad, args=None)
    tools.record("pkg.mod:f", passed=10, commit=bad, args=None)
    kinds = {p.sentence.split()[0]: p.kind for p in investigate(tools.scene(), "f").problems}
    assert sorted(kind.value for kind in kinds.values()) == ["commit", "dependency"]


@pytest.mark.parametrize("slow", [True, False])
def test_inputs_that_are_slow(tools_of: Callable[[str], Tools], slow: bool) -> None:
    tools = tools_of("def f(xs):\n    return [x for x in xs for y in xs if x is y]\n")
    calls = []
    for number in range(400):
        size = number % 40
        late = 50.0 + number % 7
        duration = late * 40 if slow and size > 30 else late
        inputs = f"[{list(range(number, number + size))}]"
        ts = NOW - HOUR - timedelta(minutes=number)
        calls.append(Execution(f"s{number}", "pkg.mod:f", ts, True, duration, inputs))
    tools.store.add(calls)
    problems = investigate(tools.scene(), "f").problems
    assert [problem.kind for problem in problems] == ([CauseKind.SLOW] if slow else [])
