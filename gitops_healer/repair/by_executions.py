"""Recorded calls in, proven patch out: the search, with what calls should give as its oracle."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.change import Change
from gitops_healer.core.finding import Finding
from gitops_healer.core.flakes import Again, Side, in_turn
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.testing import CaseStatus, TestReport
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import CallOutcome, Trials
from gitops_healer.registry import Absent, Scene
from gitops_healer.repair.failure import Recorded
from gitops_healer.repair.oracle import Expectation, Expectations, expectations_of
from gitops_healer.repair.reproduction import Reproduction, reproduction
from gitops_healer.repair.restoring import Comparison, changes_signature
from gitops_healer.repair.search.engine import repair
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.investigating import investigation_of
from gitops_healer.repair.search.work import Order
from gitops_healer.repair.stopwatch import Stopwatch

_ROUNDS = 3  # times that the reproduction is run and what is not as expected left out
_LEAST = 10.0  # seconds that a search is worth
_KNOWING = 0.4  # share of the time that may be spent on what is expected


def repair_by_executions(
    scene: Scene, finding: Finding, log: Recorded, guarded: Investigation, seconds: float
) -> Investigation:
    """The search's answer, when it makes calls give what they should and the guarded one does not; each option brings
    a regression test. Otherwise the guarded one, without options that make calls give something else than they
    should, and with what was learnt as evidence.

    guarded: what is known without the search; seconds: of the search.
    """
    if isinstance(scene.trials, Absent) or seconds <= 0:
        return guarded
    watch = Stopwatch(seconds)
    expected = expectations_of(scene, log, _KNOWING * seconds)
    options = tuple(one for one in guarded.options if not _contradicts(scene, log, expected, one))
    if options == guarded.options and options and not guarded.question:
        return guarded
    left = replace(guarded, options=options, question=guarded.question if options else "")
    if options and not guarded.question and options[0] is not guarded.options[0]:
        left = replace(left, options=())
    if not expected.failing:
        return _with(left, expected.notes)
    told = _searched(scene, finding, log, expected, watch)
    if told.options and (not told.question or not any(_meets(scene, log, expected, one) for one in options)):
        return told
    return replace(_with(_asked(left, told, expected), told.evidence), tried=told.tried)


def _searched(scene: Scene, finding: Finding, log: Recorded, expected: Expectations, watch: Stopwatch) -> Investigation:
    made = _reproduced(scene, log, expected.calls)
    if isinstance(made, str):
        return Investigation(Cause(made), (*_said(expected), made))
    order = Order(made.tests, made.file.change, max(_LEAST, watch.left))
    tests = scene.tests if scene.tests.command(scene.commit) else _FreshTrials(scene.trials)
    found = repair(replace(scene, tests=tests), order)
    return _told(finding, log, expected, made, _compared(scene, log, expected, found))


def _asked(left: Investigation, told: Investigation, expected: Expectations) -> Investigation:
    """The guarded question among what nothing contradicts, beside what the search found."""
    if not left.question:
        return left
    asked, *lines = left.question.splitlines()
    keys = tuple(f"- `{option.key}`" for option in left.options)
    kept = [line for line in lines if line.startswith(keys) or not line.startswith("- `")]
    found = [
        f"- `{option.key}`: {option.title}; gives what is known from {expected.known_from[0]}"
        for option in told.options
    ]
    return replace(left, options=(*told.options, *left.options), question="\n".join([asked, *found, *kept]))


def _with(guarded: Investigation, learnt: Sequence[str]) -> Investigation:
    return replace(guarded, evidence=tuple(dict.fromkeys([*guarded.evidence, *learnt])))


def _ends(
    scene: Scene, log: Recorded, expected: Expectations, option: Option
) -> Iterator[tuple[Expectation, CallOutcome]]:
    """How the failing calls end with an option."""
    inputs = [call.given for call in expected.failing]
    outcomes = scene.caller.call(scene.commit, log.tool, log.path, inputs, option.change) if inputs else ()
    return zip(expected.failing, outcomes, strict=True)


def _meets(scene: Scene, log: Recorded, expected: Expectations, option: Option) -> bool:
    return all(call.met_by(outcome) for call, outcome in _ends(scene, log, expected, option))


def _contradicts(scene: Scene, log: Recorded, expected: Expectations, option: Option) -> bool:
    """Whether an option makes a call return something else than it should; one that still fails is only left."""
    return any(outcome.ok and not call.met_by(outcome) for call, outcome in _ends(scene, log, expected, option))


@dataclass(frozen=True)
class _Reproduced:
    """tests: ids of those that fail."""

    file: Reproduction
    tests: tuple[str, ...]


def _reproduced(scene: Scene, log: Recorded, calls: Sequence[Expectation]) -> _Reproduced | str:
    """A test file that does what is expected of it on the unchanged code: its failing calls fail, the others pass.
    Why there is none, in a sentence, otherwise."""
    left = list(calls)
    for _ in range(_ROUNDS):
        made = reproduction(scene, log.tool, log.path, left)
        if made is None or not any(call.fails for call in made.calls):
            return "what the failing calls should give cannot be written as a test"
        with scene.trials.open(scene.commit, made.change, (made.path,)) as session:
            cases = [case for case in session.opened.cases if case.id.startswith(f"{made.path}::")]
            problem = session.opened.problem
        if len(cases) != len(made.calls):
            return problem or f"pytest finds {len(cases)} of {len(made.calls)} recorded calls in {made.path}"
        wrong = [
            call
            for call, case in zip(made.calls, cases, strict=True)
            if case.status is not (CaseStatus.FAILED if call.fails else CaseStatus.PASSED)
        ]
        if not wrong:
            tests = (case.id for call, case in zip(made.calls, cases, strict=True) if call.fails)
            return _Reproduced(made, tuple(tests))
        left = [call for call in left if call not in wrong]
    return "the recorded calls do not end in a test as they do by themselves"


def _compared(scene: Scene, log: Recorded, expected: Expectations, found: Repair) -> Repair:
    """The repair, certain when exactly one of its patches restores what the older version did and keeps all else, and
    never when parameters would be lost on the way or a call that works gives something new."""
    if found.certain and changes_signature(scene, found.patches[0].change):
        asked = "The repair takes parameters away again, which other calls may need. Is that meant?"
        return replace(found, certain=False, question=asked)
    if not found.patches or expected.older is None:
        return found
    compared = Comparison.of(scene, log, expected.older)
    if found.certain:
        broken = compared.broken_by(found.patches[0].change)
        asked = f"The repair changes a call that works: {broken}. Is that meant?"
        return replace(found, certain=False, question=asked) if broken else found
    reasons = {patch: reason for patch in found.patches if (reason := compared.restored_by(patch.change))}
    if len(reasons) != 1:
        return found
    ((patch, reason),) = reasons.items()
    first = replace(patch, correct_by=(reason, *patch.correct_by))
    others = (one for one in found.patches if one is not patch)
    said = f"{patch.title} in {patch.symbol or patch.path}: all {len(found.failing)} failing tests pass"
    return replace(found, reason=said, patches=(first, *others), certain=True, question="")


# Proof where the project has no tests


@dataclass(frozen=True)
class _FreshTrials:
    """`TestRunner` of a project that has no test command: each run is a fresh session of trials."""

    trials: Trials

    def command(self, commit: str) -> str:
        return "python -m pytest"

    def run(
        self, commit: str, change: Change | None = None, only: Sequence[str] = (), seconds: float = math.inf
    ) -> TestReport:
        with self.trials.open(commit, change, only, seconds) as session:
            opened = session.opened
        failing = sum(case.failed for case in opened.cases)
        outcome = Outcome.UNKNOWN if opened.problem else Outcome.FAILED if failing else Outcome.PASSED
        reason = opened.problem or f"{failing} of {len(opened.cases)} tests fail"
        return TestReport(self.command(commit), outcome, reason, opened.cases)

    def once(self, commit: str, tests: Sequence[str], seconds: float = math.inf) -> TestReport:
        return self.run(commit, None, tests, seconds)

    def again(self, base: str, head: str, tests: Sequence[str]) -> tuple[Again, ...]:
        commits = {Side.BASE: base, Side.HEAD: head}
        return in_turn(lambda side: self.run(commits[side], only=tests), tests)


# In the words of the plan


def _told(finding: Finding, log: Recorded, expected: Expectations, made: _Reproduced, found: Repair) -> Investigation:
    told = investigation_of(found, finding.path, finding.start)
    evidence = (*_said(expected), *told.evidence)
    if found.status is not RepairStatus.REPAIRED:
        return replace(told, evidence=evidence)
    first = found.patches[0]
    title = f"{first.title[:1].lower()}{first.title[1:]}"
    sentence = f"{_counted(expected)} because of {first.symbol or first.path}: it should {title}"
    cause = Cause(sentence, told.cause.path or log.path, told.cause.line, told.cause.confidence)
    options = tuple(_with_test(option, made, expected) for option in told.options)
    return replace(told, cause=cause, evidence=evidence, options=options)


def _with_test(option: Option, made: _Reproduced, expected: Expectations) -> Option:
    """The option that brings the regression test as well."""
    known = tuple(f"{reason} gives what the failing calls should give" for reason in expected.known_from)
    return replace(
        option,
        change=Change((*option.change.edits, *made.file.change.edits)),
        behaviour=option.behaviour.replace("the failing tests pass", "the failing calls give what they should"),
        determined_by=(*known, *option.determined_by) if option.determined_by else (),
        proof=(*option.proof, f"{made.file.path} keeps {len(made.file.calls)} recorded calls as a regression test"),
        symbols=(*option.symbols, made.file.module) if option.symbols else (),
    )


def _said(expected: Expectations) -> Iterator[str]:
    yield f"{_counted(expected)}, by {' and by '.join(expected.known_from)}"
    yield from expected.notes


def _counted(expected: Expectations) -> str:
    count = len(expected.failing)
    return "1 call does not give what it should" if count == 1 else f"{count} calls do not give what they should"
