"""Reviewers agree, where there are any."""

from gitops_healer.core.quorum import Review, quorum
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.ports import Reviewer
from gitops_healer.recorder.redaction import redacted
from gitops_healer.registry import Case, Scene, check


@check(order=90)
def review(scene: Scene, case: Case) -> CheckResult:
    """As many reviewers agree as the policy asks (`proof.review.quorum`), and none rejects with a reason.

    It is never enough by itself: which gates suffice is said by `proof.suffices`. A reviewer who fails gave no answer.
    """
    if not scene.reviewers:
        return CheckResult("review", Outcome.SKIPPED, "no reviewer is configured")
    diff = redacted(scene.repository.diff(case.base, case.head))
    asked = [_ask(reviewer, diff, case) for reviewer in scene.reviewers]
    result = quorum([answer for answer, _ in asked], scene.settings.proof.review.quorum)
    failed = result.outcome is Outcome.UNKNOWN and any(failed for _, failed in asked)
    return CheckResult(result.check, result.outcome, result.reason, details=result.details, transient=failed)


def _ask(reviewer: Reviewer, diff: str, case: Case) -> tuple[Review, bool]:
    """His answer under his own name, and whether he failed."""
    try:
        answer = reviewer.review(diff, case.plan)
        return Review(reviewer.name, answer.approve, redacted(answer.reason)), False
    except Exception as error:  # whatever a reviewer does, it is his silence and not our end
        return Review(reviewer.name, None, redacted(f"{type(error).__name__}: {error}")), True
