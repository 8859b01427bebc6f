"""What the patches that pass do on other calls, and which of them comes first."""

import math
from collections.abc import Sequence

from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Observed
from gitops_healer.repair.search.examples import agreement
from gitops_healer.repair.search.goals import Goal
from gitops_healer.repair.search.ranking import Ranking, rank
from gitops_healer.repair.search.searching import Survivor
from gitops_healer.repair.search.work import Work

_OBSERVED = 3  # functions whose behaviour is compared


def ranked(work: Work, survivors: Sequence[Survivor], goal: Goal) -> Ranking:
    work.scene.progress(f"{len(survivors)} candidates pass: comparing what they do")
    with work.watch.phase("rank"):
        targets = {id(one.proposal.target): one.proposal.target for one in survivors if one.proposal.target}
        changes = [survivor.proposal.change for survivor in survivors]
        examples, _ = agreement(work.session, list(targets.values())[:_OBSERVED], changes)
        more = {
            number: {"tests": math.log1p(survivor.tried.passed), **examples.get(number, {})}
            for number, survivor in enumerate(survivors)
        }
        return rank(survivors, _observed(work, survivors, goal), more)


def _observed(work: Work, survivors: Sequence[Survivor], goal: Goal) -> list[Observed]:
    """What the survivors do, at the functions that most of them change."""
    changes = [survivor.proposal.change for survivor in survivors]
    counts: dict[tuple[str, str], float] = {}
    for survivor in survivors:
        place = survivor.proposal.path, survivor.proposal.qualname
        counts[place] = counts.get(place, 0.0) + survivor.proposal.score
    places = sorted((place for place in counts if place[1]), key=lambda place: -counts[place])[:_OBSERVED]
    passed = [case.id for case in work.cases if case.status is CaseStatus.PASSED]
    found = []
    for number, (path, name) in enumerate(places):
        seconds = max(2.0, min(15.0, 0.4 * work.watch.left / (len(places) - number)))
        found.append(work.session.observe(path, tuple(name.split(".")), changes, (*goal.all, *passed[:200]), seconds))
        if not work.watch.left:
            break
    return found
