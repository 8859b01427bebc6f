"""Patches in the words of the report, and the question when nothing decides between them."""

from collections.abc import Sequence

from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.repair.search.found import Patch
from gitops_healer.repair.search.goals import Goal
from gitops_healer.repair.search.ranking import Behaviour, Ranking, difference

_SHOWN = 5


def patches_of(ranking: Ranking, goal: Goal, cases: Sequence[TestCase]) -> tuple[Patch, ...]:
    """One patch a behaviour, best first."""
    passing = sum(case.status is CaseStatus.PASSED for case in cases)
    shown = ranking.behaviours[:_SHOWN]
    return tuple(_patch(ranking, shown, number, goal, passing) for number in range(len(shown)))


def _patch(ranking: Ranking, shown: Sequence[Behaviour], number: int, goal: Goal, passing: int) -> Patch:
    behaviour = shown[number]
    best = behaviour.best
    proposal = best.survivor.proposal
    other = shown[0] if number else shown[1] if len(shown) > 1 else None
    return Patch(
        change=proposal.change,
        templates=proposal.templates,
        path=proposal.path,
        symbol=proposal.qualname,
        title=proposal.title,
        passed=passing + len(goal.all),
        correct_by=tuple(_reasons(ranking, behaviour, goal, passing)),
        caution=proposal.caution,
        differs_on=difference(ranking, behaviour, other) if other is not None else (),
        score=round(best.score, 3),
    )


def _reasons(ranking: Ranking, behaviour: Behaviour, goal: Goal, passing: int) -> list[str]:
    failing = "the failing test passes" if len(goal.all) == 1 else f"all {len(goal.all)} failing tests pass"
    said = [f"{failing}, {passing} others still do"]
    if len(ranking.behaviours) == 1 and ranking.calls:
        said.append(f"every candidate that passes does the same on {len(ranking.calls)} calls")
    if len(behaviour.members) > 1:
        said.append(f"{len(behaviour.members)} candidates amount to it")
    kept, broke = behaviour.best.features.get("kept", 0.0), behaviour.best.features.get("broke", 0.0)
    if kept == 1.0:
        said.append("every example of the docstrings that can be judged holds")
    elif broke:
        said.append("but an example of a docstring holds no more")
    return said


def question_of(ranking: Ranking, patches: Sequence[Patch]) -> str:
    """What a maintainer has to decide."""
    count = len(ranking.behaviours)
    if count == 1:
        return "One behaviour passes the tests, and little speaks for it beside them: is it meant?"
    examples = "; ".join(patches[0].differs_on[:1])
    tail = f" They differ: {examples}." if examples else " On all calls that could be made they do the same."
    return f"{count} behaviours pass the tests and nothing decides between them.{tail} Which is meant?"
