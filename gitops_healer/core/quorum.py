"""Whether enough reviewers agree. What they agree to is still proven by other gates."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_healer.core.verdict import CheckResult, Outcome

_LONGEST = 300


@dataclass(frozen=True)
class Review:
    """What one reviewer said of a change. by: a name; approve: None when there was no answer; reason: a sentence."""

    by: str
    approve: bool | None
    reason: str = ""

    @property
    def counts(self) -> bool:
        """An approval, or a rejection that says why: a no without a because is no answer."""
        return self.approve is True or (self.approve is False and bool(_line(self.reason)))

    def __str__(self) -> str:
        said = {True: "agrees", False: "rejects", None: "gave no answer"}[self.approve]
        return f"{_line(self.by) or 'somebody'} {said}: {_line(self.reason) or 'no reason given'}"


def quorum(reviews: Iterable[Review], needed: int) -> CheckResult:
    """FAILED by one rejection that says why; PASSED by `needed` approvals (1 at least); UNKNOWN below that.

    One voice a name: of two answers under one name a rejection counts before an approval, and that before silence.
    """
    voices = _voices(reviews)
    least = max(needed, 1)
    details = tuple(str(review) for review in voices)
    rejections = [review for review in voices if review.counts and not review.approve]
    approvals = [review for review in voices if review.approve]
    if rejections:
        reason = f"{len(rejections)} of {len(voices)} reviewers reject the change, first: {rejections[0]}"
        return CheckResult("review", Outcome.FAILED, reason, details=details)
    if len(approvals) >= least:
        reason = f"{len(approvals)} of {len(voices)} reviewers agree, {least} must (proof.review.quorum)"
        return CheckResult("review", Outcome.PASSED, reason, details=details)
    silent = next((review for review in voices if not review.counts), None)
    reason = f"{len(approvals)} of {len(voices)} reviewers agree and {least} must (proof.review.quorum)"
    return CheckResult("review", Outcome.UNKNOWN, f"{reason}; {silent}" if silent else reason, details=details)


def _voices(reviews: Iterable[Review]) -> list[Review]:
    chosen: dict[str, Review] = {}
    for review in reviews:
        known = chosen.get(review.by)
        if known is None or _weight(review) > _weight(known):
            chosen[review.by] = review
    return list(chosen.values())


def _weight(review: Review) -> int:
    return (2 if review.approve is False else 1) if review.counts else 0


def _line(text: str) -> str:
    """What a reviewer wrote, as one printable line: it may come from a model."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
