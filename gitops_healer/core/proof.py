"""A verdict as a decision: which check said what, and what a person can do about it."""

import re

from gitops_healer.core.decision import Decision, no
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict

_SHOWN = 10
_LONGEST = 300
_FIGURES = re.compile(r"(?P<about>[^\n]{1,160}?): (?P<said>[^\n]*\d[^\n]*)")
_SEE = "see the change: gitops-healer diff"
_ADVICE = {
    "syntax": _SEE,
    "scope": f"{_SEE}; what a change may touch is set in limits and risk",
    "lint": f"{_SEE}; the project's own configuration of ruff says what counts",
    "types": f"{_SEE}; the project's own configuration of mypy says what counts",
    "tests": f"{_SEE}, and run these tests on it",
    "security": f"{_SEE}: a person has to look at what is new in it",
    "shadow": f"{_SEE}: is the other result wanted? See proof.shadow for what is compared",
    "replay": f"{_SEE}: is the other result wanted? See proof.replay for which calls count",
    "synthetic": f"{_SEE}, and the declared cases of what it changes",
    "review": "read what the reviewers say; see proof.review",
    "evidence": "add a test that runs the changed lines, or see proof.suffices",
}
_MEND = {
    "tests": "make the tests tell (those that are named, testing.command, testing.timeout)",
    "shadow": "record or declare calls of what it changes (proof.suffices says what is enough)",
    "replay": "wait for more recorded calls (proof.replay says how many)",
    "synthetic": "declare cases of what it changes",
    "review": "let a reviewer answer (proof.review says how many)",
    "evidence": "add a test that runs the changed lines (proof.suffices says what is enough)",
}


def verdict_tree(verdict: Verdict, gate: str = "") -> Decision:
    """Allowed exactly when the outcome is PASSED. One child a check, and below it the details that have figures.

    gate: what the root is called, by default `phase 1` or `phase 2`.
    """
    gate = gate or f"phase {verdict.phase}"
    if not verdict.results:
        return no(gate, "no check ran, and nothing is not a pass", _then(verdict, "see testing.disabled"))
    children = tuple(_of_check(result, verdict) for result in verdict.results)
    if verdict.outcome is Outcome.PASSED:
        return Decision(gate, True, _counted(verdict), children)
    if all(child.allowed for child in children):
        action = _then(verdict, "see testing.disabled")
        return Decision(gate, False, "no check had anything to ask, so nothing is proved", children, action)
    decides = next(
        child for child, result in zip(children, verdict.results, strict=True) if result.outcome is verdict.outcome
    )
    return Decision(gate, False, f"{decides.gate}: {decides.reason}", children, decides.next_action)


def _of_check(result: CheckResult, verdict: Verdict) -> Decision:
    allowed = result.outcome in (Outcome.PASSED, Outcome.SKIPPED)
    said = "" if result.outcome in (Outcome.PASSED, Outcome.FAILED) else f"{result.outcome.value}: "
    action = "" if allowed else _action(result, verdict)
    figures = (_FIGURES.fullmatch(detail[:_LONGEST]) for detail in result.details[:_SHOWN])
    children = (Decision(f"{result.check} {m['about']}", allowed, m["said"], (), action) for m in figures if m)
    return Decision(result.check, allowed, f"{said}{result.reason}", tuple(children), action)


def _action(result: CheckResult, verdict: Verdict) -> str:
    """What a person can do. A check of somebody else's has the general advice."""
    otherwise = f"testing.disabled: [{result.check}] leaves the check out"
    match result.outcome:
        case Outcome.FAILED:
            return _ADVICE.get(result.check, f"{_SEE}; {otherwise}")
        case Outcome.RUNNING:
            return _then(verdict, "wait until it is done")
        case _ if result.transient:
            return _then(verdict, "free memory, disk or processes of the machine")
        case _:
            return _then(verdict, _MEND.get(result.check, f"mend that ({otherwise})"))


def _then(verdict: Verdict, action: str) -> str:
    """Phase 1 waits for a word, phase 2 is repeated by itself."""
    return f"{action}, then /retry" if verdict.phase == 1 else f"{action}; the next cycle asks again"


def _counted(verdict: Verdict) -> str:
    skipped = [result.check for result in verdict.results if result.outcome is Outcome.SKIPPED]
    passed = len(verdict.results) - len(skipped)
    return f"{passed} checks passed" + (f", nothing to ask for {', '.join(skipped)}" if skipped else "")
