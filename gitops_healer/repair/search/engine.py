"""THE SEARCH, top to bottom: run, localise, propose, try, try two edits, rank, prove.

Everything that runs code of the project does so in the sandbox, behind the ports `Trials` and `TestRunner`.
"""

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase, TestReport
from gitops_healer.core.trials import Observed, Trace
from gitops_healer.core.verdict import Outcome
from gitops_healer.ports import TrialSession
from gitops_healer.registry import Scene, discover
from gitops_healer.repair.search.examples import agreement
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.goals import Goal, goal_of, passing_for, trace_order
from gitops_healer.repair.search.history import recency, undoings
from gitops_healer.repair.search.pairs import Second, seconds, unions
from gitops_healer.repair.search.patches import patches_of, question_of
from gitops_healer.repair.search.program import Program
from gitops_healer.repair.search.proposals import Proposal, Proposals, suspicion
from gitops_healer.repair.search.ranking import Behaviour, Ranking, rank
from gitops_healer.repair.search.searching import Search, Survivor
from gitops_healer.repair.search.stopwatch import Stopwatch
from gitops_healer.repair.search.suspects import Suspect, everywhere, localise
from gitops_healer.repair.search.syntax_repair import broken_files, repair_syntax
from gitops_healer.repair.search.template import RepairTemplate

TEMPLATES = "gitops_healer.repair.search.templates"
_TRACE = 0.15  # share of the budget in which passing tests are traced at most
_SINGLES = 0.6  # share for single edits while nothing was found
_SEARCH = 0.85  # share after which nothing is tried any more: the rest is for ranking and proof
_UNDONE = 8  # suspects whose files are looked up in history
_UNDO = 0.3  # prior of taking back what a commit did
_OBSERVED = 3  # functions whose behaviour is compared
_PROVEN = 3  # patches that are run through the whole suite in a fresh process


@dataclass(frozen=True)
class Order:
    """What is to be repaired at the scene's commit. tests: ids that must pass, all failing ones when empty; extra:
    files that are added for the trials (a reproduction); budget: seconds."""

    tests: tuple[str, ...] = ()
    extra: Change | None = None
    budget: float = 120.0


@dataclass(frozen=True)
class Work:
    """What all steps share."""

    scene: Scene
    order: Order
    session: TrialSession
    watch: Stopwatch

    @property
    def cases(self) -> tuple[TestCase, ...]:
        return self.session.opened.cases


def repair(scene: Scene, order: Order) -> Repair:
    """The likeliest patches for what fails. Never raises for what the project's code does."""
    watch = Stopwatch(order.budget)
    scene.progress("running the tests")
    with watch.phase("all"), scene.trials.open(scene.commit, order.extra) as session:
        watch.phases["tests"] = watch.seconds
        found = _repaired(Work(scene, order, session, watch))
    phases = {name: round(spent, 3) for name, spent in watch.phases.items() if name != "all"}
    return replace(found, seconds=round(watch.seconds, 3), phases=phases)


def _repaired(work: Work) -> Repair:
    problem = work.session.opened.problem
    failing = failing_of(work)
    for path in broken_files(work.scene, failing, everywhere=bool(problem)):
        return repair_syntax(work.scene, path, [case.id for case in failing], work.watch)
    if problem:
        return Repair(RepairStatus.ERROR, problem, notes=work.session.opened.notes)
    if not failing:
        return _nothing_failing(work)
    goal = goal_of(failing)
    ground = located(work, goal, failing)
    search = searched(work, goal, ground)
    if not search.survivors:
        return _none_found(work, goal, ground.suspects, search)
    ranking = ranked(work, search.survivors, goal)
    return _told(work, goal, search, ranking)


# Run


def failing_of(work: Work) -> list[TestCase]:
    wanted = set(work.order.tests)
    failing = [case for case in work.cases if case.failed and not case.environmental]
    return [case for case in failing if not wanted or case.id in wanted]


def _nothing_failing(work: Work) -> Repair:
    passed = sum(case.status is CaseStatus.PASSED for case in work.cases)
    elsewhere = [case for case in work.cases if case.failed and case.environmental]
    flaky = sum(case.status is CaseStatus.FLAKY for case in work.cases)
    reason = f"{passed} tests pass, none fails because of the code"
    if elsewhere:
        reason += (
            f"; {len(elsewhere)} fail because of where they run, such as {elsewhere[0].id}: {elsewhere[0].message}"
        )
    if flaky:
        reason += f"; {flaky} pass and fail unchanged and are no oracle"
    return Repair(RepairStatus.NOTHING_FAILING, reason, notes=work.session.opened.notes)


@dataclass(frozen=True)
class Ground:
    """Where to search."""

    trace: Trace
    program: Program
    suspects: tuple[Suspect, ...]


def located(work: Work, goal: Goal, failing: Sequence[TestCase]) -> Ground:
    trace = _traced(work, goal)
    program = Program(work.scene, tuple({name.partition("::")[0] for name in goal.all}), trace.seen)
    paths = {path for files in trace.covered.values() for path in files if program.repairable(path) is not None}
    recent = recency(work.scene.repository, work.scene.commit, paths)
    suspects = localise(program.repairable, trace, failing, recent, program.imported_from)
    return Ground(trace, program, suspects or everywhere(program.named_by_tests()))


def _undoings(work: Work, ground: Ground) -> Iterator[Proposal]:
    """What commits did to the most suspicious files, taken back."""
    suspects = {suspect.source.path: suspect for suspect in reversed(ground.suspects[:_UNDONE])}
    for path, suspect in suspects.items():
        for undoing in undoings(work.scene.repository, work.scene.commit, path, suspect.source.data):
            place = _suspect_at(ground.suspects, path, undoing.line)
            if place is not None:
                target = ground.program.target(place)
                score = max(suspicion(target, undoing.line), 0.5 * place.score) * _UNDO * undoing.weight
                yield Proposal(
                    undoing.change, path, place.qualname, undoing.line, "undo", undoing.title, score, target=target
                )


def _suspect_at(suspects: Sequence[Suspect], path: str, line: int) -> Suspect | None:
    """The function that holds a line, else what is outside of functions there."""
    here = [one for one in suspects if one.source.path == path]
    return next((one for one in here if _holds(one, line)), next((one for one in here if not one.qualname), None))


def _holds(suspect: Suspect, line: int) -> bool:
    node = suspect.node
    return not isinstance(node, ast.Module) and node.lineno <= line <= (node.end_lineno or node.lineno)


def _traced(work: Work, goal: Goal) -> Trace:
    work.scene.progress(f"{len(goal.all)} tests fail: looking where")
    order = trace_order(goal, work.cases)
    seconds = max(5.0, _TRACE * work.order.budget)
    with work.watch.phase("localise"):
        return work.session.trace(order, detailed=goal.all, seconds=seconds)


# Search


def proposals_of(work: Work, templates: Sequence[RepairTemplate]) -> Proposals:
    """All proposals for what fails, without trying any: what benchmarks look at."""
    failing = failing_of(work)
    ground = located(work, goal_of(failing), failing)
    return Proposals(ground.suspects, ground.program.target, templates)


def searched(work: Work, goal: Goal, ground: Ground) -> Search:
    templates = discover(TEMPLATES, RepairTemplate)
    passing = passing_for(ground.trace, work.cases, ground.program.spans)
    search = Search(work.session, goal.tests, goal.rest, passing, work.watch, work.scene.progress)
    proposals = Proposals(ground.suspects, ground.program.target, templates, tuple(_undoings(work, ground)))
    with work.watch.phase("single edits"):
        search.run(proposals, _SINGLES * work.order.budget)
        search.verify()
    if not search.survivors:
        with work.watch.phase("two edits"):
            search.run(unions(search.partials, goal.tests), _SEARCH * work.order.budget)
            second = Second(ground.suspects, ground.program.target, templates)
            if not search.survivors:
                search.run(seconds(search.partials, second), _SEARCH * work.order.budget)
            search.verify()
    return search


def _none_found(work: Work, goal: Goal, suspects: Sequence[Suspect], search: Search) -> Repair:
    names = ", ".join(f"{one.qualname or 'the module'} ({one.source.path})" for one in suspects[:3])
    if not suspects:
        reason = (
            "the failing tests run no code of the project in their own process, so nothing is suspicious: "
            "tests that start programs cannot be followed"
        )
    else:
        reason = f"none of {search.tried:,} candidates makes the failing tests pass; most suspicious: {names}"
    if search.partials:
        best = max(search.partials, key=lambda one: one.gain)
        if best.fixed:
            fixes = f"fixes {len(best.fixed)} of {len(goal.all)}"
            reason += f"; nearest: {best.proposal.title} ({best.proposal.qualname}) {fixes}"
    return Repair(RepairStatus.NO_REPAIR, reason, goal.all, candidates=search.tried, notes=work.session.opened.notes)


# Rank and prove


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
    seconds = max(4.0, min(15.0, 0.4 * work.watch.left / max(1, len(places))))
    return [
        work.session.observe(path, tuple(name.split(".")), changes, (*goal.all, *passed[:200]), seconds)
        for path, name in places
    ]


def _told(work: Work, goal: Goal, search: Search, ranking: Ranking) -> Repair:
    """The patches whose proof holds, in the words of the report."""
    work.scene.progress("proving the best patches by the whole suite")
    with work.watch.phase("prove"):
        kept, failed = _proven(work, goal, ranking.behaviours)
    if not kept:
        reason = f"{len(ranking.behaviours)} candidates passed while they were tried, none in a fresh run: {failed}"
        return Repair(RepairStatus.NO_REPAIR, reason, goal.all, candidates=search.tried)
    ranking = replace(ranking, behaviours=tuple(kept))
    patches = patches_of(ranking, goal, work.cases)
    question = "" if ranking.certain else question_of(ranking, patches)
    reason = f"{patches[0].title} in {patches[0].symbol or patches[0].path}: all {len(goal.all)} failing tests pass"
    return Repair(
        RepairStatus.REPAIRED, reason, goal.all, patches, ranking.certain, question, search.tried,
        notes=work.session.opened.notes,
    )  # fmt: skip


def _proven(work: Work, goal: Goal, behaviours: Sequence[Behaviour]) -> tuple[list[Behaviour], str]:
    """Behaviours whose best patch holds in a whole fresh run; those behind the first few are taken as tried."""
    kept: list[Behaviour] = []
    failed = ""
    for behaviour in behaviours:
        if len(kept) >= _PROVEN or (kept and not work.watch.left):
            kept.append(behaviour)
            continue
        change = behaviour.best.survivor.proposal.change
        report = work.scene.tests.run(work.scene.commit, _with(change, work.order.extra))
        if why := _refuted(work, goal, report):
            failed = failed or why
        else:
            kept.append(behaviour)
    return kept, failed


def _with(change: Change, extra: Change | None) -> Change:
    return change if extra is None else Change((*change.edits, *extra.edits))


def _refuted(work: Work, goal: Goal, report: TestReport) -> str:
    """Why a whole run speaks against a patch, "" when it does not."""
    if report.outcome is Outcome.UNKNOWN:
        return report.reason
    status = {case.id: case.status for case in report.cases}
    if not status:
        return "" if report.outcome is Outcome.PASSED else report.reason
    before = {case.id: case.status for case in work.cases}
    if not set(status) & set(before):  # the project's own command names its tests otherwise
        return "" if report.outcome is Outcome.PASSED else report.reason
    broken = [
        name
        for name, was in before.items()
        if (was is CaseStatus.PASSED or name in goal.all)
        and "::" in name
        and status.get(name) not in (CaseStatus.PASSED, CaseStatus.FLAKY)
    ]
    return f"{broken[0]} does not pass" if broken else ""
