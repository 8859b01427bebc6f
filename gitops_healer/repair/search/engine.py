"""THE SEARCH, top to bottom: run, localise, propose, try, try two edits, rank, prove.

Everything that runs code of the project does so in the sandbox, behind the ports `Trials` and `TestRunner`.
"""

from collections.abc import Iterator
from dataclasses import replace

from gitops_healer.core.testing import CaseStatus
from gitops_healer.registry import Scene, discover
from gitops_healer.repair.search.comparing import ranked
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.goals import Goal, covered_lines, goal_of, passing_for
from gitops_healer.repair.search.ground import Ground, located, undone
from gitops_healer.repair.search.guards import Guards, words_of
from gitops_healer.repair.search.oracle import before
from gitops_healer.repair.search.pairs import Second, seconds, unions
from gitops_healer.repair.search.patches import patches_of, question_of
from gitops_healer.repair.search.proof import Suite
from gitops_healer.repair.search.proposals import Proposals
from gitops_healer.repair.search.ranking import Ranking, rank
from gitops_healer.repair.search.searching import Search, Survivor
from gitops_healer.repair.search.syntax_repair import broken_files, repair_syntax
from gitops_healer.repair.search.template import RepairTemplate
from gitops_healer.repair.search.unrepaired import named, none_found, too_slow
from gitops_healer.repair.search.work import OPENING, Order, Work
from gitops_healer.repair.stopwatch import Stopwatch

TEMPLATES = "gitops_healer.repair.search.templates"
_SINGLES = 0.6  # share of the budget for single edits while nothing was found


def repair(scene: Scene, order: Order) -> Repair:
    """The likeliest patches for what fails. Never raises for what the project's code does."""
    watch = Stopwatch(order.budget)
    scene.progress("running the tests")
    opening = scene.trials.open(scene.commit, order.extra, seconds=OPENING * order.budget)
    with opening as session:
        watch.phases["tests"] = watch.seconds
        work = Work(scene, order, session, watch)
        try:
            found = _repaired(work)
        except KeyboardInterrupt:
            found = _interrupted(work)
    phases = {name: round(spent, 3) for name, spent in watch.phases.items()}
    notes = (*found.notes, *_notes(work))
    return replace(found, seconds=round(watch.seconds, 3), phases=phases, notes=notes)


def _repaired(work: Work) -> Repair:
    problem = work.session.opened.problem
    failing = work.oracle.failing
    unreadable = next(broken_files(work.scene, failing, everywhere=bool(problem)), None)
    if unreadable is not None:
        return repair_syntax(work.scene, unreadable, [case.id for case in failing], work.watch)
    if problem:
        return Repair(RepairStatus.ERROR, problem + too_slow(work), notes=work.session.opened.notes)
    if not failing:
        return work.oracle.nothing_failing()
    goal = goal_of(failing)
    ground = located(work, goal, failing)
    work.scene.progress(f"most suspicious: {named(ground.suspects)}")
    search = searched(work, goal, ground)
    if not search.survivors:
        return none_found(work, goal, ground, search)
    goal = replace(goal, rest=(*goal.rest, *search.prefer(work.oracle.endless)))
    ranking = ranked(work, search.survivors, goal)
    return _told(work, goal, search, ranking)


def _notes(work: Work) -> Iterator[str]:
    if work.scene.repository.read(work.scene.commit, ".gitmodules") is not None:
        yield "submodules are left out: tests that need their files fail here"
    for search in work.searches:
        for name, error in search.stumbled.items():
            yield f"the template {name} broke and was left out from there on ({error}): please report it"


def _interrupted(work: Work) -> Repair:
    """What passed until somebody ended it, unproven."""
    search = work.searches[-1] if work.searches else None
    goal = goal_of(work.oracle.failing)
    survivors = search.survivors if search is not None else []
    patches = patches_of(rank(survivors, [], {}), goal, work.cases) if survivors else ()
    found = f"{len(survivors)} candidates pass the tests that were tried, unproven" if survivors else "nothing yet"
    return Repair(
        RepairStatus.ERROR, f"interrupted: {found}", goal.all, patches,
        candidates=search.tried if search is not None else 0, notes=work.session.opened.notes, interrupted=True,
    )  # fmt: skip


# Search


def searched(work: Work, goal: Goal, ground: Ground) -> Search:
    templates = discover(TEMPLATES, RepairTemplate)
    passing = passing_for(ground.trace, work.cases, ground.program.spans)
    guards = guards_of(work, goal, ground)
    search = Search(
        work.session, goal.tests, goal.rest, passing, work.watch, work.scene.progress,
        before([case for case in work.cases if case.id in goal.tests]), guards.forbidden,
    )  # fmt: skip
    work.searches.append(search)
    first = tuple(undone(work, ground))
    proposals = Proposals(ground.suspects, ground.program.target, templates, first, search.stumbled)
    with work.watch.phase("single edits"):
        late = work.watch.seconds + _SINGLES * (work.until - work.watch.seconds)  # where running the tests took long
        search.run(proposals, min(work.until, max(_SINGLES * work.order.budget, late)))
        search.verify()
    if not search.survivors:
        with work.watch.phase("two edits"):
            search.run(unions(search.partials, goal.tests), work.until)
            second = Second(ground.suspects, ground.program.target, templates)
            if not search.survivors:
                search.run(seconds(search.partials, second), work.until)
            search.verify()
    search.survivors = [cautioned(survivor, guards) for survivor in search.survivors]
    return search


def guards_of(work: Work, goal: Goal, ground: Ground) -> Guards:
    tests = [case.id for case in work.cases]
    passed = {case.id: case for case in work.cases if case.status is CaseStatus.PASSED}
    read = ground.program.source
    return Guards(read, tests, covered_lines(ground.trace, passed), words_of(read, goal.all))


def cautioned(survivor: Survivor, guards: Guards) -> Survivor:
    said = "; ".join(guards.cautions(survivor.proposal))
    return replace(survivor, proposal=replace(survivor.proposal, caution=said))


# Rank and prove


def _told(work: Work, goal: Goal, search: Search, ranking: Ranking) -> Repair:
    """The patches whose proof holds, in the words of the report."""
    work.scene.progress("proving the best patches by the whole suite")
    notes = work.session.opened.notes
    with work.watch.phase("prove"):
        proof = Suite(work.scene, work.cases, goal.all, work.order.extra, work.oracle.endless).proof(
            ranking.behaviours, work.watch
        )
    if proof.unable:
        reason = f"{len(ranking.behaviours)} candidates pass, and the project's own test run cannot prove them: "
        return Repair(RepairStatus.ERROR, reason + proof.unable, goal.all, candidates=search.tried, notes=notes)
    if not proof.kept:
        reason = (
            f"{len(ranking.behaviours)} candidates passed while they were tried, none in a fresh run: {proof.failed}"
        )
        return Repair(RepairStatus.NO_REPAIR, reason, goal.all, candidates=search.tried, notes=notes)
    ranking = replace(ranking, behaviours=proof.kept)
    patches = patches_of(ranking, goal, work.cases)
    question = "" if ranking.certain else question_of(ranking, patches)
    tests = "the failing test passes" if len(goal.all) == 1 else f"all {len(goal.all)} failing tests pass"
    reason = f"{patches[0].title} in {patches[0].symbol or patches[0].path}: {tests}"
    return Repair(
        RepairStatus.REPAIRED, reason, goal.all, patches, ranking.certain, question, search.tried, notes=notes,
    )  # fmt: skip
