"""What a run of the tests means: exit code and results have to agree before anything counts as passed."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_healer.adapters.suite_commands import Kind
from gitops_healer.adapters.suite_results import Results
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import Ran

NO_COMMAND = (
    "no tests were found: set testing.command in .github/gitops-healer.yml, "
    "for example `testing: {command: python -m pytest}`"
)
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_SIGNAL_BASE = 128
_MISSING = (
    "command not found",
    ": not found",
    "No module named pytest",
    "No rule to make target",
    "No such file or directory\nmake",
)


@dataclass(frozen=True)
class Told:
    outcome: Outcome
    reason: str
    cases: tuple[TestCase, ...] = ()


def judge(command: str, kind: Kind, ran: Ran, results: Results, seconds_allowed: float) -> Told:
    """PASSED and FAILED need evidence; everything else is UNKNOWN, with what to do about it.

    When all failures are `environmental` the run is FAILED if other tests passed, for it can be compared with another
    run; if none passed, nothing is known.
    """
    if (stopped := _stopped(command, ran, results, seconds_allowed)) is not None:
        return Told(Outcome.UNKNOWN, stopped)
    if results.problem:
        return Told(Outcome.UNKNOWN, f"the results of `{command}` cannot be relied on: {results.problem}")
    failing = [case for case in results.cases if case.failed]
    if any(not case.environmental for case in failing):
        return Told(Outcome.FAILED, f"{_share(failing, results.cases)}: {_names(failing)}", results.cases)
    if failing:
        reason = f"{_share(failing, results.cases)}, all because of where they ran: {_first_cause(failing)}"
        some_ran = any(case.status is CaseStatus.PASSED for case in results.cases)
        return Told(Outcome.FAILED if some_ran else Outcome.UNKNOWN, reason, results.cases)
    return _told(command, kind, ran, results)


def _stopped(command: str, ran: Ran, results: Results, seconds_allowed: float) -> str | None:
    """Why the run did not end by itself, or None when it did."""
    during = f" while {results.running} ran" if results.running else ""
    if ran.timed_out:
        return (
            f"`{command}` did not end within {seconds_allowed:g} seconds{during}: "
            "mend the test that hangs, or raise testing.timeout"
        )
    if ran.exit_code is None:
        return f"`{command}` was stopped{during}: {ran.reason or 'it was killed'}"
    if ran.exit_code in (_NOT_FOUND, _NOT_EXECUTABLE) and not results.cases:
        return f"`{command}` cannot be started ({_said(ran)}): install the program or set testing.command"
    number = -ran.exit_code if ran.exit_code < 0 else ran.exit_code - _SIGNAL_BASE
    if 0 < number < signal.NSIG:
        return f"`{command}` crashed{during}: it was killed by {_signal_name(number)}"
    return None


def _told(command: str, kind: Kind, ran: Ran, results: Results) -> Told:
    """No test failed; whether the exit code says the same."""
    passed = sum(case.status is CaseStatus.PASSED for case in results.cases)
    structured = results.sessions > 0 or bool(results.cases)
    if ran.exit_code == 0 and passed:
        return Told(Outcome.PASSED, _counts(results.cases), results.cases)
    if structured and ran.exit_code in (0, 5):
        skipped = f": all {len(results.cases)} were skipped" if results.cases else ""
        return Told(Outcome.UNKNOWN, f"`{command}` ran no tests{skipped}: set testing.command to one that does")
    if structured and results.cases:
        reason = f"`{command}` ended with exit code {ran.exit_code} although no test failed ({_counts(results.cases)})"
        return Told(Outcome.FAILED, reason, results.cases)
    if structured or kind is not Kind.OTHER:
        return Told(Outcome.UNKNOWN, f"`{command}` ended with exit code {ran.exit_code} before any test: {_said(ran)}")
    if ran.exit_code == 0:
        return Told(Outcome.PASSED, f"`{command}` ended with exit code 0 (it names no tests)")
    if any(mark in (ran.stderr + ran.stdout).decode("utf-8", "replace") for mark in _MISSING):
        return Told(Outcome.UNKNOWN, f"`{command}` could not start its tests: {_said(ran)}")
    return Told(Outcome.FAILED, f"`{command}` ended with exit code {ran.exit_code} (it names no tests): {_said(ran)}")


def _said(ran: Ran) -> str:
    """The last line that says something, errors first."""
    lines = [
        line.strip() for stream in (ran.stdout, ran.stderr) for line in stream[-8000:].splitlines() if line.strip()
    ]
    texts = [line.decode("utf-8", "replace") for line in lines]
    errors = [text for text in texts if "error" in text.lower() or "not found" in text or "No module" in text]
    return (errors or texts or ["it said nothing"])[-1][:300]


def _counts(cases: Sequence[TestCase]) -> str:
    words = {status: sum(case.status is status for case in cases) for status in CaseStatus}
    return ", ".join(f"{count:,} {status.value}" for status, count in words.items() if count) or "no tests"


def _share(failing: Sequence[TestCase], cases: Sequence[TestCase]) -> str:
    return f"{len(failing):,} of {len(cases):,} tests {'fails' if len(failing) == 1 else 'fail'}"


def _names(failing: Sequence[TestCase], shown: int = 3) -> str:
    ids = [case.id for case in failing if not case.environmental]
    more = f" and {len(ids) - shown:,} more" if len(ids) > shown else ""
    return ", ".join(ids[:shown]) + more


def _first_cause(failing: Sequence[TestCase]) -> str:
    case = failing[0]
    text = " ".join(f"{case.error_type}: {case.message}".split())
    return f"{text[:200]} ({case.id})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
