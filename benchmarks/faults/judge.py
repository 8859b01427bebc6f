"""Whether what was named is what is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from faults.model import Variant
from faults.program import Commit, named
from gitops_healer.core.diagnosis import CauseKind

NEAR = 2
"""Lines beside the truth that are still the same place to a reader."""
SURE = 0.7
"""From this confidence on a wrong cause counts as confidently wrong."""
BINS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.01)


class Verdict(Enum):
    """PARTLY: the kind is right, the place or the commit is not. UNKNOWN: it said that it does not know, or named
    nothing, where something was to be found."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Claim:
    """A named cause, from whoever named it. commit: sha, "" for none."""

    kind: str
    path: str = ""
    line: int = 0
    commit: str = ""
    confidence: float = 1.0
    sentence: str = ""


@dataclass(frozen=True)
class Target:
    """A truth in one repository. lines: those that contain the text, at the newest commit."""

    kinds: tuple[str, ...]
    path: str
    lines: tuple[int, ...]
    commit: str


@dataclass(frozen=True)
class Score:
    """kind, place, commit: whether each was right, None where there is nothing to be right about."""

    verdict: Verdict
    confidence: float
    kind: bool | None = None
    place: bool | None = None
    commit: bool | None = None


def targets(variant: Variant, commits: Sequence[Commit], texts: dict[str, str]) -> tuple[Target, ...]:
    """texts: path -> text at the newest commit. Raises ValueError for a truth that points at nothing."""
    guilty = next((commit.sha for commit in commits if commit.guilty), "")
    found = []
    for truth in variant.truths:
        path = named(variant, truth.path)
        lines = texts[path].splitlines() if path else []
        at = tuple(number for number, line in enumerate(lines, 1) if truth.text and truth.text in line)
        if (truth.text and not at) or (truth.commit and not guilty):
            raise ValueError(f"{variant.name}: nothing is at {path}: {truth.text}")
        found.append(Target(truth.kinds, path, at, guilty if truth.commit else ""))
    return tuple(found)


def judge(wanted: Sequence[Target], claims: Sequence[Claim]) -> Score:
    """The worst of what was to be named. With nothing to be named, every claim but UNKNOWN is wrong; where one cause
    was to be named, only the first claim counts."""
    sure = [claim for claim in claims if claim.kind != CauseKind.UNKNOWN.value]
    if not wanted or any(target.kinds == (CauseKind.UNKNOWN.value,) for target in wanted):
        top = max((claim.confidence for claim in sure), default=0.0)
        return Score(Verdict.WRONG if sure else Verdict.RIGHT, top)
    looked = claims[:1] if len(wanted) == 1 else claims
    scores = [_best(target, looked) for target in wanted]
    order = [Verdict.WRONG, Verdict.UNKNOWN, Verdict.PARTLY, Verdict.RIGHT]
    return min(scores, key=lambda score: order.index(score.verdict))


def _best(target: Target, claims: Iterable[Claim]) -> Score:
    order = [Verdict.RIGHT, Verdict.PARTLY, Verdict.WRONG, Verdict.UNKNOWN]
    scores = [_score(target, claim) for claim in claims]
    return min(scores, key=lambda score: order.index(score.verdict), default=Score(Verdict.UNKNOWN, 0.0))


def _score(target: Target, claim: Claim) -> Score:
    if claim.kind == CauseKind.UNKNOWN.value:
        return Score(Verdict.UNKNOWN, 0.0)
    kind = claim.kind in target.kinds
    place = _is_there(target, claim) if target.path else None
    commit = claim.commit == target.commit if target.commit else None
    rest = place is not False and commit is not False
    verdict = Verdict.WRONG if not kind else Verdict.RIGHT if rest else Verdict.PARTLY
    return Score(verdict, claim.confidence, kind, place, commit)


def _is_there(target: Target, claim: Claim) -> bool:
    if claim.path != target.path:
        return False
    return not target.lines or any(abs(line - claim.line) <= NEAR for line in target.lines)


def calibration(scores: Iterable[Score]) -> list[tuple[float, float, int, int]]:
    """(from, to, claims, right ones) for every bin of confidence that has claims."""
    named_ones = [score for score in scores if score.confidence > 0]
    bins = []
    for low, high in pairwise(BINS):
        inside = [score for score in named_ones if low <= score.confidence < high]
        if inside:
            bins.append((low, min(high, 1.0), len(inside), sum(s.verdict is Verdict.RIGHT for s in inside)))
    return bins
