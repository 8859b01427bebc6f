"""Why nothing was found, in a sentence."""

from collections.abc import Sequence

from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.goals import Goal
from gitops_healer.repair.search.ground import Ground
from gitops_healer.repair.search.searching import Search
from gitops_healer.repair.search.suspects import Suspect
from gitops_healer.repair.search.work import OPENING, Work


def too_slow(work: Work) -> str:
    """What to do when the problem is that there was too little time."""
    if work.watch.seconds < 0.9 * OPENING * work.order.budget:
        return ""
    return f" of {work.order.budget:g} s in all: give more time, or a test command that runs fewer tests"


def none_found(work: Work, goal: Goal, ground: Ground, search: Search) -> Repair:
    if not ground.suspects:
        reason = _unreadable(ground)
    elif not search.tried and (search.drawn or work.watch.seconds > work.until):
        reason = f"the tests take so long that no time is left to try anything: give more than {work.order.budget:g} s"
    elif not search.tried:
        message = next((case.message for case in work.cases if case.id in goal.all and case.message), "")
        reason = f"no template fits what fails: {message or goal.all[0]}; most suspicious: {named(ground.suspects)}"
    else:
        reason = f"none of {search.tried:,} candidates makes the failing tests pass; "
        reason += f"most suspicious: {named(ground.suspects)}"
    if search.refused:
        reason += f"; {search.refused.total()} would, and may not: {next(iter(search.refused))}"
    if search.partials:
        best = max(search.partials, key=lambda one: one.gain)
        if best.fixed:
            fixes = f"fixes {len(best.fixed)} of {len(goal.all)}"
            reason += f"; nearest: {best.proposal.title} ({best.proposal.qualname}) {fixes}"
    return Repair(RepairStatus.NO_REPAIR, reason, goal.all, candidates=search.tried, notes=work.session.opened.notes)


def _unreadable(ground: Ground) -> str:
    """Why nothing is suspicious."""
    paths = sorted({path for files in ground.trace.covered.values() for path in files if not is_test(path)})
    if paths:
        return f"the failing tests run {paths[0]}, which is too large to be read, or no Python that can be"
    return (
        "the failing tests run no code of the project in their own process, so nothing is suspicious: "
        "tests that start programs cannot be followed"
    )


def named(suspects: Sequence[Suspect]) -> str:
    return ", ".join(f"{one.qualname or 'the module'} ({one.source.path})" for one in suspects[:3])
