"""Whether the gates prove anything about what changed."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, zip_longest

from gitops_healer.core.decision import Decision
from gitops_healer.core.evidence import Changed, idle_lines, lines_of, spans, suffices
from gitops_healer.core.trials import Line
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.covering import Covering, covering
from gitops_healer.proof.mutating import Mutation, mutation, untested
from gitops_healer.proof.noticing import noticed
from gitops_healer.registry import Case, Scene, check

_SHOWN = 20


@check(order=95)
def evidence(scene: Scene, case: Case) -> CheckResult:
    """The gates that passed ran what changed, as far as `proof.suffices` asks for it.

    A gate that ran none of the changed lines proves nothing about them. What the tests ran is measured here. Small
    mistakes are put into the changed lines to tell what the tests are worth; how many they notice decides nothing.
    Nothing to prove (comments, layout, tests) is SKIPPED, and so is too little proof: then it says what would help, and
    a maintainer has to accept the change.
    """
    began = time.monotonic()
    if not scene.settings.proof.coverage:
        return CheckResult("evidence", Outcome.SKIPPED, "proof.coverage is false: nobody looks what the gates ran")
    changed = changed_lines(scene.repository, case.base, case.head)
    if changed.nothing:
        return CheckResult("evidence", Outcome.SKIPPED, f"there is nothing to prove: {changed.nothing}")
    sets = scene.settings.proof.suffices.for_risk(case.plan.risk)
    if undemanded := _undemanded(scene, case, sets):
        return CheckResult("evidence", Outcome.PASSED, undemanded)
    result = _judged(scene, case, changed, sets)
    return replace(result, seconds=time.monotonic() - began)


def _undemanded(scene: Scene, case: Case, sets: tuple[frozenset[str], ...]) -> str:
    """Why no proof is asked for, "" when it is."""
    if frozenset({"nothing"}) in sets:
        return f"policy demands no proof for a change of {case.plan.risk.value} risk"
    if scene.settings.testing.allow_untested and not scene.tests.command(case.head):
        return "policy demands no proof: the project has no tests, and testing.allow_untested is true"
    return ""


def _judged(scene: Scene, case: Case, changed: Changed, sets: tuple[frozenset[str], ...]) -> CheckResult:
    results, covered = case.before, Covering()
    unmeasured: dict[str, str] = {}
    if any(result.check == "tests" and result.outcome is Outcome.PASSED for result in results):
        covered = covering(scene, case.head, changed)
        if covered.problem:
            unmeasured["tests"] = covered.problem
        ran = spans(covered.ran(changed))
        results = tuple(replace(one, ran=ran) if one.check == "tests" else one for one in results)
    decision = suffices(results, changed, sets, unmeasured)
    tested = bool(covered.lines or covered.loaded)
    called = frozenset[Line]().union(
        *(lines_of(r.ran) for r in results if r.check == "shadow" and r.outcome is Outcome.PASSED)
    )
    mutated = mutation(scene, case.head, changed, covered) if tested else untested(scene, case.head, called)
    seen = noticed(scene, case.base, case.head, changed, mutated.survivors) if called else ()
    told = [_reason(decision, covered), *_worth(mutated, seen, tested)]
    idle, alive = _idle(results, changed, unmeasured), _survived(mutated, seen)
    details = (*_details(decision, covered), *idle, *islice(alive, _SHOWN))
    if decision.allowed:
        return CheckResult("evidence", Outcome.PASSED, "; ".join(told), details=details)
    told.append(decision.next_action)
    return CheckResult("evidence", Outcome.SKIPPED, "; ".join(told), details=details, approval=told[0])


def _reason(decision: Decision, covered: Covering) -> str:
    count = len(covered.lines)
    by = f" (by {count} test{'' if count == 1 else 's'})" if count else ""
    few = (
        f"; only {covered.traced} of {covered.passing} tests were looked at" if covered.traced < covered.passing else ""
    )
    return f"{decision.reason}{by}{few}"


def _worth(mutated: Mutation, seen: Sequence[bool | None], tested: bool) -> Iterator[str]:
    """How many of the small mistakes are noticed, by tests first, and by calls of those that are left."""
    left = f", for {mutated.left} more there was no time" if mutated.left else ""
    if tested and mutated.tried:
        yield f"tests notice {mutated.killed} of {mutated.tried} small mistakes put into them{left}"
    if tried := [one for one in seen if one is not None]:
        others = f"the other {len(tried)}" if tested else f"{len(tried)} small mistakes put into them"
        yield f"calls notice {sum(tried)} of {others}"


def _survived(mutated: Mutation, seen: Sequence[bool | None]) -> Iterator[str]:
    for mutant, by_calls in zip_longest(mutated.survivors, seen):
        if not by_calls:
            who = "no test" if by_calls is None else "no test and no call"
            yield f"{mutant}, and {who} notices"


def _details(decision: Decision, covered: Covering) -> Iterator[str]:
    """What each set of gates says, when none is enough, and what of the tests could not be seen."""
    if not decision.allowed:
        yield from (f"{child.gate}: {child.reason}" for child in decision.children)
        yield from covered.notes


def _idle(results: tuple[CheckResult, ...], changed: Changed, unmeasured: dict[str, str]) -> Iterator[str]:
    if not unmeasured:
        yield from (f"no gate ran {span}" for span in spans(idle_lines(results, changed))[:_SHOWN])
