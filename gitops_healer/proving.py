"""One phase of proof: all checks of one step, within its time.

A check that could not be asked for a passing reason (no memory, no disk, no sandbox) is asked again; every other word
counts as it was said. What time did not allow is UNKNOWN, and nobody remembers it as a result.
"""

import errno
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from gitops_healer import __version__
from gitops_healer.core.codec import digest, dump, load, to_json
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.errors import PhaseOverError, SandboxError
from gitops_healer.ports import Deadline
from gitops_healer.registry import Case, Check, Scene
from gitops_healer.settings import format_duration
from gitops_healer.world import World

_PASSING = frozenset({errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EAGAIN})
_LASTING = (Outcome.PASSED, Outcome.FAILED)
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds

Sleep = Callable[[float], None]


def prove(world: World, case: Case, only: tuple[str, ...] = (), sleep: Sleep = time.sleep) -> Verdict:
    """All checks, cheap ones first; the first failure is enough. only: names of checks, all when empty."""
    policy = world.settings.proof
    key, allowed = ("phase_one", policy.phase_one) if case.phase == 1 else ("phase_two", policy.phase_two)
    late = f"phase {case.phase} took longer than proof.{key} ({format_duration(allowed)})"
    results: list[CheckResult] = []
    with world.sandbox.within(allowed.total_seconds()) as end:
        phase = _Phase(world.scene(case.head), end, late, policy.retries, sleep)
        for check in chosen(world, only):
            world.progress(f"checking: {check.name} (phase {case.phase})")
            results.append(phase.ask(check, replace(case, before=tuple(results))))
            if results[-1].outcome is Outcome.FAILED:
                break
    return Verdict(case.phase, case.head, tuple(results))


def chosen(world: World, only: tuple[str, ...]) -> Iterator[Check]:
    """The checks that run, in their order."""
    for check in sorted(world.checks, key=lambda check: check.order):
        if check.name not in world.settings.testing.disabled and (not only or check.name in only):
            yield check


@dataclass(frozen=True)
class _Phase:
    """late: the sentence for what time did not allow; retries: how often a check is asked again at most."""

    scene: Scene
    end: Deadline
    late: str
    retries: int
    sleep: Sleep

    def ask(self, check: Check, case: Case) -> CheckResult:
        """What a check says, within the time that is left."""
        if self.end.left <= 0:
            return CheckResult(check.name, Outcome.UNKNOWN, f"{self.late}: it was not begun")
        try:
            result = self._known(check, case) or self._patiently(check, case)
        except PhaseOverError as error:
            return CheckResult(check.name, Outcome.UNKNOWN, f"{self.late}: {error}")
        if self.end.cut:  # it went on without what was cut: its word is about something else
            return CheckResult(check.name, Outcome.UNKNOWN, f"{self.late}: {result.reason}")
        if check.remembered and result.outcome in _LASTING:
            self.scene.cache.put(self._key(check, case), dump(result))
        return result

    def _known(self, check: Check, case: Case) -> CheckResult | None:
        """What it said earlier today of the same step: a pull request that waits costs nothing."""
        return load(self.scene.cache.get(self._key(check, case)), CheckResult) if check.remembered else None

    def _key(self, check: Check, case: Case) -> str:
        """The day stands for all that changes and cannot be seen: installed packages, what was recorded since."""
        trees = [self.scene.repository.commit(commit).tree for commit in (case.base, case.head)]
        settings, level = self.scene.settings, self.scene.sandbox.level.value
        policy = [settings.proof.model_dump_json(), settings.testing.model_dump_json()]
        about = [to_json(case.plan), case.finding.rule, case.finding.symbol]
        return digest("check", check.name, __version__, trees, policy, about, level, f"{self.scene.now:%Y-%m-%d}")

    def _patiently(self, check: Check, case: Case) -> CheckResult:
        told: list[str] = []

        def note(state: RetryCallState) -> None:
            told.append(_why(state))
            self.scene.progress(f"{check.name} is asked again in {state.upcoming_sleep:.0f} s: {told[-1]}")

        def given_up(state: RetryCallState) -> CheckResult:
            assert state.outcome
            if not state.outcome.failed:
                result: CheckResult = state.outcome.result()
                return result
            return CheckResult(check.name, Outcome.UNKNOWN, _why(state), transient=True)

        asked = Retrying(
            sleep=self.sleep,
            stop=_any(stop_after_attempt(self.retries + 1), lambda state: state.upcoming_sleep >= self.end.left),
            wait=wait_exponential_jitter(initial=_FIRST_WAIT, max=_LONGEST_WAIT),
            retry=retry_if_exception(is_passing) | retry_if_result(lambda said: _may_pass(said)),
            before_sleep=note,
            retry_error_callback=given_up,
        )
        result: CheckResult = asked(check, self.scene, case)
        if not told:
            return result
        return replace(result, reason=f"{result.reason} (asked {len(told) + 1} times; before: {'; '.join(told)})")


def is_passing(error: BaseException) -> bool:
    """Whether what went wrong may be gone in a moment."""
    passing = isinstance(error, OSError) and error.errno in _PASSING
    return passing or isinstance(error, SandboxError | MemoryError)


def _may_pass(said: CheckResult) -> bool:
    return said.outcome is Outcome.UNKNOWN and said.transient


def _why(state: RetryCallState) -> str:
    assert state.outcome
    error = state.outcome.exception()
    if error is None:
        said: CheckResult = state.outcome.result()
        return said.reason
    return str(error) or type(error).__name__


def _any(*stops: Callable[[RetryCallState], bool]) -> Callable[[RetryCallState], bool]:
    return lambda state: any(stop(state) for stop in stops)
