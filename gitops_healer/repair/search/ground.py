"""Where to search: what failing tests run and passing ones do not, and what commits did there lately."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.core.testing import TestCase
from gitops_healer.core.trials import Trace
from gitops_healer.registry import Scene
from gitops_healer.repair.search.goals import Goal, trace_order
from gitops_healer.repair.search.history import Undoing, recency, undoings
from gitops_healer.repair.search.oracle import test_files
from gitops_healer.repair.search.program import Program
from gitops_healer.repair.search.proposals import Proposal, suspicion
from gitops_healer.repair.search.suspects import Suspect, everywhere, localise
from gitops_healer.repair.search.work import Work

_TRACE = 0.15  # share of the budget in which passing tests are traced at most
_UNDONE = 8  # suspects whose files are looked up in history
_UNDO = 0.3  # prior of taking back what a commit did


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


def _traced(work: Work, goal: Goal) -> Trace:
    count = len(goal.all)
    work.scene.progress(f"{count} tests fail: looking where" if count > 1 else "a test fails: looking where")
    order = trace_order(goal, work.cases)
    seconds = max(1.0, min(max(5.0, _TRACE * work.order.budget), work.watch.left / 3))
    with work.watch.phase("localise"):
        return work.session.trace(order, detailed=goal.all, seconds=seconds)


def undone(work: Work, ground: Ground) -> Iterator[Proposal]:
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
