"""Which tests a change broke, and which fail now and then whatever the code is.

A test that passed on the base and fails on the candidate is suspected. It is run again on both in turn, so that what
changes on the machine meanwhile hits both alike: base, candidate, candidate, base, candidate.

How sure that is. Say a test fails with chance p in every run, whatever the code is, and runs do not depend on each
other. It is blamed wrongly when it passes in all 3 runs of the base and fails in all 4 of the candidate: with chance
(1-p)^3 p^4, which is at most 0.0084 (for p = 4/7), and 7.3e-05 for p = 0.1. Each earlier re-run that failed too
(`testing.flaky_reruns`, by default 2) is one more p: at most 0.0033 (p = 2/3), and 7.3e-07 for p = 0.1. Of a suite
with m such tests some test is blamed wrongly with at most m times that chance. Given that it came under suspicion at
all, the re-runs alone leave (1-p)^2 p^3, at most 0.035 (p = 3/5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_healer.core.testing import CaseStatus, TestReport

MOST_TESTS = 20


class Side(Enum):
    BASE = "base"
    HEAD = "head"


ORDER = (Side.BASE, Side.HEAD, Side.HEAD, Side.BASE, Side.HEAD)


class Flake(Enum):
    BROKEN = "broken"
    """The base always passes and the candidate never does."""
    FLAKY = "flaky"
    """Both pass now and then, or neither ever does: no word about the change."""
    NEWLY_FLAKY = "newly flaky"
    """The base always passes, and the candidate now and then."""
    WORSE = "worse"
    """The base passes now and then, and the candidate never does: a breakage may hide behind a test that is flaky, or
    that passes only among others."""
    PASSES = "passes"


@dataclass(frozen=True)
class Again:
    """One test run again in turn. base, head: whether it passed, a run each; runs that did not tell are left out."""

    test: str
    base: tuple[bool, ...] = ()
    head: tuple[bool, ...] = ()

    @property
    def doubtful(self) -> bool:
        """Whether other runs might say something else of a test that passed on the base and failed on the candidate."""
        return not self.head or verdict_of((True, *self.base), (False, *self.head)) in (Flake.NEWLY_FLAKY, Flake.WORSE)


def verdict_of(base: Sequence[bool], head: Sequence[bool]) -> Flake:
    """What the runs of one test say. True: it passed. base may be empty (a test that is new); head may not.

    Raises ValueError without a run of the candidate, about which there is nothing to say then.
    """
    if not head:
        raise ValueError("no run of the candidate: there is nothing to judge")
    if all(head):
        return Flake.PASSES
    if all(base):
        return Flake.NEWLY_FLAKY if any(head) else Flake.BROKEN
    return Flake.WORSE if any(base) and not any(head) else Flake.FLAKY


def in_turn(run: Callable[[Side], TestReport | None], tests: Sequence[str]) -> tuple[Again, ...]:
    """Run tests in `ORDER`. run: one report of a side, None to stop (time is over); a report without an entry of a test
    says nothing about it."""
    seen: dict[str, dict[Side, list[bool]]] = {test: {side: [] for side in Side} for test in tests}
    for side in ORDER:
        if (report := run(side)) is None:
            break
        for test, passed in passes(report, tests).items():
            seen[test][side].append(passed)
    return tuple(Again(test, tuple(told[Side.BASE]), tuple(told[Side.HEAD])) for test, told in seen.items())


def passes(report: TestReport, tests: Sequence[str]) -> dict[str, bool]:
    """Which of these tests passed in a run, as far as it tells. A failure of the machine and a skip tell nothing; a
    file that could not be imported (a test by its own name) passes when tests of it are there."""
    cases = {case.id: case for case in report.cases}
    told: dict[str, bool] = {}
    for test in tests:
        case = cases.get(test)
        if case is None and any(name.startswith(f"{test}::") for name in cases):
            told[test] = True
        elif case is not None and case.failed and not case.environmental:
            told[test] = False
        elif case is not None and case.status is CaseStatus.PASSED:
            told[test] = True
    return told
