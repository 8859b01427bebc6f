"""One step on one function: what is called, under which conditions, and the run itself. Checks and commands use it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer.code.effects import Effect
from gitops_healer.core.aim import Aim
from gitops_healer.core.calls import Conditions
from gitops_healer.core.evidence import Changed
from gitops_healer.core.pairing import Fix
from gitops_healer.core.replaying import Replayed
from gitops_healer.core.shadowing import Compared, Shadowed
from gitops_healer.evidence.models import model_at
from gitops_healer.evidence.requirements import is_requirement_file, requirements_of, told
from gitops_healer.evidence.tools import Tools
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.gathering import fix_of, inputs_of
from gitops_healer.proof.mocking import mocks_for
from gitops_healer.proof.observing import audible, change_between, observed_pairs
from gitops_healer.proof.replay import ReplayOrder, replay
from gitops_healer.proof.shadow import Order, shadow
from gitops_healer.proof.subjects import Subject
from gitops_healer.registry import Absent, Case, Scene

TESTS_SHARE: Final = 0.4
"""Of the time: for opening the project's tests and listening to the calls that they make."""
_NEVER: Final = frozenset({Effect.NETWORK.value})
"""There is no network in the sandbox: a call that needs it shall say so, and not look like a failing one."""
_UNHEARD: Final = "no call by tests could be compared: none was made, or the change shows in a fresh import only"


@dataclass(frozen=True)
class Step:
    """What is judged. changed: its changed lines; fix: the failure that it is to end."""

    base: str
    head: str
    aim: Aim
    changed: Changed
    fix: Fix | None = None


def step_of(scene: Scene, case: Case) -> Step:
    """What a check judges. A change that mends is judged by the failures that were recorded of its tool."""
    changed = changed_lines(scene.repository, case.base, case.head)
    fix = fix_of(scene, case.finding.symbol) if case.plan.aim is Aim.MENDS else None
    return Step(case.base, case.head, case.plan.aim, changed, fix)


def conditions_of(scene: Scene, step: Step, subject: Subject) -> tuple[Conditions, tuple[str, ...]]:
    """Mocks that the tool asks for, no network, a look at the changed files; and sentences on what cannot be mocked."""
    known = Tools(scene).index.named(subject.tool)
    mocking = mocks_for(scene, known) if known is not None else None
    mocks, forbidden, problems = (mocking.mocks, mocking.forbidden, mocking.problems) if mocking else ((), _NEVER, ())
    return Conditions(mocks=mocks, forbidden=forbidden | _NEVER, traced=tuple(sorted(step.changed.lines))), problems


def installed_note(scene: Scene, step: Step) -> tuple[str, ...]:
    """What readers should know when the versions ask for other dependencies: both run with those that are installed."""
    said: list[str] = []
    for path in filter(is_requirement_file, scene.repository.changed_paths(step.base, step.head)):
        sides = [scene.repository.read(commit, path) for commit in (step.base, step.head)]
        try:
            said += told(requirements_of(path, sides[0]), requirements_of(path, sides[1]))
        except ValueError:
            said.append(f"{path} cannot be read")
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    return (f"the head {said[0]}{more}; both versions ran with what is installed here",) if said else ()


def shadowed(scene: Scene, step: Step, subject: Subject, seconds: float, *, tests: bool = True) -> Shadowed:
    """Both versions on recorded, declared and made-up inputs, and, where `tests` says so, on calls that tests make."""
    conditions, problems = conditions_of(scene, step, subject)
    inputs = inputs_of(scene, subject)
    scene.progress(f"{subject.tool}: {len(inputs.samples)} inputs on both versions")
    listening = tests and subject.changed and bool(scene.tests.command(step.base))
    share = 1 - TESTS_SHARE if listening else 1.0
    policy = scene.settings.proof.shadow
    order = Order(
        subject, step.base, step.head, inputs.samples, policy, seconds * share, step.fix, conditions
    )  # fmt: skip
    run = shadow(scene, order)
    notes = (*problems, *inputs.notes, *installed_note(scene, step))
    if listening:
        pairs, note = tested_pairs(scene, step, (subject,), seconds * TESTS_SHARE)
        run = replace(run, compared=(*run.compared, *pairs.get(subject, ())))
        notes = (*notes, *([note or _UNHEARD] if not pairs.get(subject) else []))
    return replace(run, ran=step.changed.ran_by(run.ran), notes=notes)


def tested_pairs(
    scene: Scene, step: Step, subjects: Sequence[Subject], seconds: float
) -> tuple[dict[Subject, tuple[Compared, ...]], str]:
    """What the calls that tests make show, and a sentence when nothing can be shown."""
    subjects = () if isinstance(scene.trials, Absent) else audible(model_at(scene, step.base), subjects)
    if not subjects:
        return {}, ""
    change = change_between(scene.repository, step.base, step.head)
    with scene.trials.open(step.base, seconds=seconds) as session:
        if session.opened.problem:
            return {}, f"calls of tests cannot be listened to: {session.opened.problem}"
        each = max(1.0, seconds / (2 * len(subjects)))
        policy = scene.settings.proof.shadow
        return {one: observed_pairs(session, one, change, policy, step.fix, each) for one in subjects}, ""


def replayed(scene: Scene, step: Step, subject: Subject, seconds: float) -> Replayed:
    """Recorded calls of the last days by both versions."""
    conditions, problems = conditions_of(scene, step, subject)
    scene.progress(f"{subject.tool}: recorded calls on both versions")
    run = replay(scene, ReplayOrder(subject, step.base, step.head, seconds, step.fix, conditions))
    return replace(run, ran=step.changed.ran_by(run.ran), notes=(*problems, *installed_note(scene, step)))
