"""Reviewers are asked about the real diff; whatever they do, the answer is honest."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gitops_healer.checks.review import review
from gitops_healer.core.plan import Plan
from gitops_healer.core.quorum import Review
from gitops_healer.core.verdict import Outcome

KEY = "AKIA" + "QZ7M2WPX4RT9KDLE"


@dataclass
class Counter:
    """Rejects what removes more lines than it adds."""

    name: str
    read: list[str] = field(default_factory=list)

    def review(self, diff: str, plan: Plan) -> Review:
        self.read.append(diff)
        rows = diff.splitlines()
        added = sum(row.startswith("+") and not row.startswith("+++") for row in rows)
        removed = sum(row.startswith("-") and not row.startswith("---") for row in rows)
        return Review("somebody else", added >= removed, f"{added} lines added, {removed} removed by {plan.title}")


@dataclass
class Unreachable:
    name: str = "far"

    def review(self, diff: str, plan: Plan) -> Review:
        raise TimeoutError("no answer in 30 s from https://bot:tok@model, Bearer " + "q1w2e3r4t5y6")


def judged(made: Any, files: dict[str, str], *reviewers: Any) -> Any:
    made.scene = replace(made.scene, reviewers=reviewers)
    return made.judge(review, files)


def test_without_reviewers_there_is_nothing_to_ask(step: Callable[..., Any]) -> None:
    result = step({"a.py": "x = 1\n"}).judge(review, {"a.py": "x = 2\n"})
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "no reviewer is configured")


def test_reviewers_see_the_diff_without_secrets_and_answer_under_their_own_name(step: Callable[..., Any]) -> None:
    made, reader = step({"a.py": "x = 1\ny = 2\n"}), Counter("ann")
    assert judged(made, {"a.py": f"x = 1\ny = 2\nz = '{KEY}'\n"}, reader).outcome is Outcome.PASSED
    assert "+z = '[redacted:aws-key]'" in reader.read[0]
    result = judged(made, {"a.py": "x = 1\n"}, reader)
    assert (result.outcome, result.details) == (
        Outcome.FAILED,
        ("ann rejects: 0 lines added, 1 removed by Mend it",),
    )


def test_a_reviewer_who_fails_gave_no_answer_and_may_be_asked_again(step: Callable[..., Any]) -> None:
    made = step({"a.py": "x = 1\n"}, {"proof.review.quorum": 2})
    result = judged(made, {"a.py": "x = 2\n"}, Counter("ann"), Unreachable())
    assert (result.outcome, result.transient) == (Outcome.UNKNOWN, True)
    assert "far gave no answer: TimeoutError: no answer in 30 s" in result.reason
    assert "q1w2" not in result.reason
    assert judged(made, {"a.py": "x = 2\n"}, Counter("ann"), Counter("bob")).outcome is Outcome.PASSED
