"""THE SEARCH, top to bottom: run, localise, propose, try, try two edits, rank, prove.

Everything that runs code of the project does so in the sandbox, behind the ports `Trials` and `TestRunner`.
"""

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Observed, Trace
from gitops_healer.ports import TrialSession
from gitops_healer.registry import Scene, discover
from gitops_healer.repair.failure import is_test
from gitops_healer.repair.search.examples import agreement
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.goals import Goal, covered_lines, goal_of, passing_for, trace_order
from gitops_healer.repair.search.guards import Guards, words_of
from gitops_healer.repair.search.history import Undoing, recency, undoings
from gitops_healer.repair.search.oracle import Oracle, before, test_files
from gitops_healer.repair.search.pairs import Second, seconds, unions
from gitops_healer.repair.search.patches import patches_of, question_of
from gitops_healer.repair.search.program import Program
from gitops_healer.repair.search.proof import Suite
from gitops_healer.repair.search.proposals import Proposal, Proposals, suspicion
from gitops_healer.repair.search.ranking import Ranking, rank
from gitops_healer.repair.search.searching import Search, Survivor
from gitops_healer.repair.search.stopwatch import Stopwatch
from gitops_healer.repair.search.suspects import Suspect, everywhere, localise
from gitops_healer.repair.search.syntax_repair import broken_files, repair_syntax
from gitops_healer.repair.search.template import RepairTemplate

TEMPLATES = "gitops_healer.repair.search.templates"
_OPENING = 0.6  # share of the budget in which the unchanged suite has to have run
_TRACE = 0.15  # share of the budget in which passing tests are traced at most
_SINGLES = 0.6  # share for single edits while nothing was found
_SEARCH = 0.85  # share after which nothing is tried any more: the rest is for ranking and proof
_UNDONE = 8  # suspects whose files are looked up in history
_UNDO = 0.3  # prior of taking back what a commit did
_OBSERVED = 3  # functions whose behaviour is compared
_STARTING = 2.0  # seconds until a fresh run of the suite begins with its first test


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
    searches: list[Search] = field(default_factory=list)  # begun: what there is to tell when somebody ends it

    @property
    def cases(self) -> tuple[TestCase, ...]:
        return self.session.opened.cases

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.session.opened, self.order.tests)

    @property
    def until(self) -> float:
        """Seconds of the stopwatch after which nothing is tried any more: the rest is for ranking and proof, which
        takes as long as the suite does."""
        budget = self.order.budget
        suite = _STARTING + sum(case.seconds for case in self.cases)
        return budget - max((1 - _SEARCH) * budget, min(budget / 2, suite))


def repair(scene: Scene, order: Order) -> Repair:
    """The likeliest patches for what fails. Never raises for what the project's code does."""
    watch = Stopwatch(order.budget)
    scene.progress("running the tests")
    opening = scene.trials.open(scene.commit, order.extra, seconds=_OPENING * order.budget)
    with watch.phase("all"), opening as session:
        watch.phases["tests"] = watch.seconds
        work = Work(scene, order, session, watch)
        try:
            found = _repaired(work)
        except KeyboardInterrupt:
            found = _interrupted(work)
    phases = {name: round(spent, 3) for name, spent in watch.phases.items() if name != "all"}
    notes = (*found.notes, *_notes_on_submodules(scene))
    return replace(found, seconds=round(watch.seconds, 3), phases=phases, notes=notes)


def _notes_on_submodules(scene: Scene) -> Iterator[str]:
    if scene.repository.read(scene.commit, ".gitmodules") is not None:
        yield "submodules are left out: tests that need their files fail here"


def _repaired(work: Work) -> Repair:
    problem = work.session.opened.problem
    failing = failing_of(work)
    for path in broken_files(work.scene, failing, everywhere=bool(problem)):
        return repair_syntax(work.scene, path, [case.id for case in failing], work.watch)
    if problem:
        return Repair(RepairStatus.ERROR, problem + _too_slow(work), notes=work.session.opened.notes)
    if not failing:
        return work.oracle.nothing_failing()
    goal = goal_of(failing)
    ground = located(work, goal, failing)
    work.scene.progress(f"most suspicious: {_named(ground.suspects)}")
    search = searched(work, goal, ground)
    if not search.survivors:
        return _none_found(work, goal, ground, search)
    goal = replace(goal, rest=(*goal.rest, *search.prefer(work.oracle.endless)))
    ranking = ranked(work, search.survivors, goal)
    return _told(work, goal, search, ranking)


def _too_slow(work: Work) -> str:
    """What to do when the problem is that there was too little time."""
    if work.watch.seconds < 0.9 * _OPENING * work.order.budget:
        return ""
    return f" of {work.order.budget:g} s in all: give more time, or a test command that runs fewer tests"


def _interrupted(work: Work) -> Repair:
    """What passed until somebody ended it, unproven."""
    search = work.searches[-1] if work.searches else None
    failing = failing_of(work)
    goal = goal_of(failing)
    survivors = search.survivors if search is not None else []
    patches = patches_of(rank(survivors, [], {}), goal, work.cases) if survivors else ()
    found = f"{len(survivors)} candidates pass the tests that were tried, unproven" if survivors else "nothing yet"
    return Repair(
        RepairStatus.ERROR, f"interrupted: {found}", goal.all, patches,
        candidates=search.tried if search is not None else 0, notes=work.session.opened.notes, interrupted=True,
    )  # fmt: skip


# Localise


def failing_of(work: Work) -> list[TestCase]:
    """What is to be repaired."""
    return work.oracle.failing


@dataclass(frozen=True)
class Ground:
    """Where to search."""

    trace: Trace
    program: Program
    suspects: tuple[Suspect, ...]


def located(work: Work, goal: Goal, failing: Sequence[TestCase]) -> Ground:
    trace = _traced(work, goal)
    files = tuple({name.partition("::")[0] for name in goal.all})
    program = Program(work.scene, files, trace.seen, test_files(work.cases, trace))
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
                title = _title_of(undoing, work.scene)
                yield Proposal(undoing.change, path, place.qualname, undoing.line, "undo", title, score, target=target)


def _title_of(undoing: Undoing, scene: Scene) -> str:
    """In words for what is not committed, where the work tree is looked at."""
    if undoing.commit != scene.commit or scene.repository.resolve("HEAD") == scene.commit:
        return undoing.title
    name = undoing.commit[:10]
    return undoing.title.replace(f"what {name} did to", "what is not committed in").replace(
        f"before {name}", "before what is not committed"
    )


def _suspect_at(suspects: Sequence[Suspect], path: str, line: int) -> Suspect | None:
    """The function that holds a line, else what is outside of functions there."""
    here = [one for one in suspects if one.source.path == path]
    return next((one for one in here if _holds(one, line)), next((one for one in here if not one.qualname), None))


def _holds(suspect: Suspect, line: int) -> bool:
    node = suspect.node
    return not isinstance(node, ast.Module) and node.lineno <= line <= (node.end_lineno or node.lineno)


def _traced(work: Work, goal: Goal) -> Trace:
    count = len(goal.all)
    work.scene.progress(f"{count} tests fail: looking where" if count > 1 else "a test fails: looking where")
    order = trace_order(goal, work.cases)
    seconds = max(1.0, min(max(5.0, _TRACE * work.order.budget), work.watch.left / 3))
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
    guards = guards_of(work, goal, ground)
    search = Search(
        work.session, goal.tests, goal.rest, passing, work.watch, work.scene.progress,
        before([case for case in work.cases if case.id in goal.tests]), guards.forbidden,
    )  # fmt: skip
    work.searches.append(search)
    proposals = Proposals(ground.suspects, ground.program.target, templates, tuple(_undoings(work, ground)))
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


def _named(suspects: Sequence[Suspect]) -> str:
    return ", ".join(f"{one.qualname or 'the module'} ({one.source.path})" for one in suspects[:3])


def _unreadable(ground: Ground) -> str:
    """Why nothing is suspicious."""
    paths = sorted({path for files in ground.trace.covered.values() for path in files if not is_test(path)})
    if paths:
        return f"the failing tests run {paths[0]}, which is too large to be read, or no Python that can be"
    return (
        "the failing tests run no code of the project in their own process, so nothing is suspicious: "
        "tests that start programs cannot be followed"
    )


def _none_found(work: Work, goal: Goal, ground: Ground, search: Search) -> Repair:
    if not ground.suspects:
        reason = _unreadable(ground)
    elif not search.tried and (search.drawn or work.watch.seconds > work.until):
        reason = f"the tests take so long that no time is left to try anything: give more than {work.order.budget:g} s"
    elif not search.tried:
        message = next((case.message for case in work.cases if case.id in goal.all and case.message), "")
        reason = f"no template fits what fails: {message or goal.all[0]}; most suspicious: {_named(ground.suspects)}"
    else:
        reason = f"none of {search.tried:,} candidates makes the failing tests pass; "
        reason += f"most suspicious: {_named(ground.suspects)}"
    if search.refused:
        reason += f"; {search.refused.total()} would, and may not: {next(iter(search.refused))}"
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
    found = []
    for number, (path, name) in enumerate(places):
        seconds = max(2.0, min(15.0, 0.4 * work.watch.left / (len(places) - number)))
        found.append(work.session.observe(path, tuple(name.split(".")), changes, (*goal.all, *passed[:200]), seconds))
        if not work.watch.left:
            break
    return found


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
