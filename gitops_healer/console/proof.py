"""`gitops-healer shadow` and `replay`: two versions of one function on the same inputs."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gitops_healer.console.common import HERE, As, Format, RepoOption, caught_up, commit_of, show, told
from gitops_healer.console.repair import ended_like_ctrl_c, seconds_of
from gitops_healer.console.versions import Symbol
from gitops_healer.core.aim import Aim
from gitops_healer.core.replaying import ReplayGate, replay_ruling
from gitops_healer.core.shadow_verdict import Gate, ruling
from gitops_healer.core.verdict import Outcome
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import place_of, unknown_symbol
from gitops_healer.evidence.models import model_at
from gitops_healer.places import Choices
from gitops_healer.ports import Progress
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.gathering import fix_of
from gitops_healer.proof.running import Step, replayed, shadowed
from gitops_healer.proof.subjects import Subject, former_name, subject_named
from gitops_healer.registry import Scene
from gitops_healer.report.proof_text import replay_document, replay_text, shadow_document, shadow_text
from gitops_healer.wiring import build_world
from gitops_healer.world import World


class AimOption(StrEnum):
    keeps = "keeps"
    mends = "mends"


class FailOn(StrEnum):
    failed = "failed"
    unknown = "unknown"


Base = Annotated[str, typer.Option("--base", help="The version that is trusted: a commit, branch or tag.")]
Head = Annotated[str, typer.Option("--head", help="The version that is judged.")]
Aims = Annotated[
    AimOption, typer.Option("--aim", help="keeps: nothing may change; mends: what failed may work, nothing else.")
]
Budget = Annotated[str, typer.Option(help="Longest time: 90, 90s, 2m.", metavar="SECONDS")]
Fails = Annotated[
    FailOn | None, typer.Option("--fail-on", help="Exit with 1 when it failed (unknown: when it did not pass).")
]


@dataclass(frozen=True)
class _Comparison:
    """What the command line names, found."""

    world: World
    scene: Scene
    subject: Subject
    step: Step


def shadow_command(
    symbol: Symbol, base: Base = "HEAD^", head: Head = "HEAD", repo: RepoOption = HERE, aim: Aims = AimOption.keeps,
    budget: Budget = "90", fail_on: Fails = None, format_: As = Format.text,
) -> None:  # fmt: skip
    """Call both versions of a function with the same inputs, and say where they differ.

    Inputs are recorded calls, declared examples, calls that tests make, and inputs made from these.
    """
    with told(format_) as progress, ended_like_ctrl_c():
        seconds = seconds_of(budget)
        found = _found(symbol, base, head, Aim(aim.value), repo, progress)
        run = shadowed(found.scene, found.step, found.subject, seconds)
        policy = found.scene.settings.proof.shadow
        ruled = ruling(found.step.aim, [run], Gate(policy.agreement, policy.mismatches))
    show(format_, shadow_document(run, ruled, found.step.base, found.step.head), shadow_text(run, ruled))
    raise typer.Exit(_code(ruled.outcome, fail_on))


def replay_command(
    symbol: Symbol, base: Base = "HEAD^", head: Head = "HEAD", repo: RepoOption = HERE, aim: Aims = AimOption.keeps,
    budget: Budget = "90", fail_on: Fails = None, format_: As = Format.text,
) -> None:  # fmt: skip
    """Make recorded calls of a function again with both versions, and say which end worse."""
    with told(format_) as progress, ended_like_ctrl_c():
        seconds = seconds_of(budget)
        found = _found(symbol, base, head, Aim(aim.value), repo, progress)
        run = replayed(found.scene, found.step, found.subject, seconds)
        policy = found.scene.settings.proof.replay
        ruled = replay_ruling(found.step.aim, [run], ReplayGate(policy.least, policy.success))
    show(format_, replay_document(run, ruled, found.step.base, found.step.head), replay_text(run, ruled))
    raise typer.Exit(_code(ruled.outcome, fail_on))


def _found(symbol: str, base: str, head: str, aim: Aim, repo: Path, progress: Progress) -> _Comparison:
    """Raises UsageError when a commit or the function is not there."""
    world = build_world(Choices(repo, progress=progress))
    caught_up(world.executions)
    before, after = commit_of(world.repository, base), commit_of(world.repository, head)
    scene = world.scene(after)
    then = model_at(scene, before)
    if then.locate(symbol) is not None and place_of(scene, symbol) is None:
        raise UsageError(f"{symbol} is in {base}, and not in {head} ({after[:10]}): give the name that it has there")
    tool = tool_named(scene, symbol)
    subject = subject_named(scene, then, tool, changed=True)
    if subject is None:
        former = former_name(scene, then, tool)
        why = f"it was {former} there, and only versions of one name are compared" if former else "it came later"
        raise UsageError(f"{tool} is not in {base} ({before[:10]}): {why}")
    changed = changed_lines(scene.repository, before, after)
    fix = fix_of(scene, tool) if aim is Aim.MENDS else None
    return _Comparison(world, scene, subject, Step(before, after, aim, changed, fix))


def tool_named(scene: Scene, symbol: str) -> str:
    """`pkg.mod:qualname` of any spelling. Raises UsageError that names what is near."""
    if scene.code.locate(symbol) is not None:
        return symbol
    place = place_of(scene, symbol)
    module = scene.code.module_name(place.path) if place is not None else None
    if place is None or module is None:
        raise unknown_symbol(scene, symbol)
    name = f"{module}:{place.symbol}"
    if scene.code.locate(name) is None:
        methods = _methods(scene, place.path, place.symbol)
        raise UsageError(f"{name} is a class. Give one of its methods, for example {', '.join(methods) or 'none'}")
    return name


def _methods(scene: Scene, path: str, owner: str) -> list[str]:
    """Three public ones at most."""
    names = (item.qualname for item in scene.code.facts(path).definitions)
    return [name for name in names if name.rpartition(".")[0] == owner and "._" not in name][:3]


def _code(outcome: Outcome, fail_on: FailOn | None) -> int:
    if fail_on is FailOn.unknown:
        return int(outcome is not Outcome.PASSED)
    return int(fail_on is FailOn.failed and outcome is Outcome.FAILED)
