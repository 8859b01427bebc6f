"""`gitops-healer repair`: failing tests in, proven patch out, no pull request."""

import math
import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from gitops_healer.console.common import HERE, As, Format, Repo, show, told
from gitops_healer.core.change import Change
from gitops_healer.errors import HealerError, UsageError
from gitops_healer.places import Choices
from gitops_healer.repair.search.engine import repair
from gitops_healer.repair.search.found import Patch, Repair, RepairStatus
from gitops_healer.repair.search.work import Order
from gitops_healer.report.repair_text import repair_document, repair_text
from gitops_healer.settings import parse_duration
from gitops_healer.wiring import build_world
from gitops_healer.world import World

TestCommand = Annotated[str | None, typer.Option(help="How the project's tests are run.", show_default="discovered")]
Budget = Annotated[str, typer.Option(help="Time for everything: 90, 90s, 2m.", metavar="SECONDS")]
Tests = Annotated[
    list[str] | None, typer.Option("--test", help="Repair only this failing test; may be given more than once.")
]
_EXIT = {RepairStatus.REPAIRED: 0, RepairStatus.NOTHING_FAILING: 0, RepairStatus.NO_REPAIR: 1, RepairStatus.ERROR: 5}


def repair_command(
    repo: Repo = HERE,
    test_command: TestCommand = None,
    budget: Budget = "120",
    test: Tests = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the first patch into the work tree.")] = False,
    patch: Annotated[int, typer.Option(min=1, help="With --apply: which patch.")] = 1,
    format_: As = Format.text,
) -> None:
    """Find the smallest believable patch that makes the failing tests pass and breaks nothing.

    Looks at the work tree as it is; writes nothing unless --apply is given.
    """
    seconds = seconds_of(budget)
    options: dict[str, Any] = {"testing.timeout": f"{math.ceil(seconds)}s"}
    options |= {"testing.command": test_command} if test_command is not None else {}
    with told(format_) as progress, ended_like_ctrl_c():
        world = build_world(Choices(repo, options=options, progress=progress))
        commit = world.repository.snapshot()
        if apply:
            world.repository.apply_to_work_tree(Change(()), commit)  # where that is impossible it is said at once
        found = repair(world.scene(commit), Order(tests=tuple(test or ()), budget=seconds))
    sources = sources_of(world, commit, found)
    applied, refused = None, None
    if apply and found.status is RepairStatus.REPAIRED:
        try:
            applied = applied_patch(world, commit, found, patch)
        except (HealerError, OSError) as error:
            refused = error  # what was found is shown all the same
    document = repair_document(found, sources) | {"applied": patch if applied else 0}
    undo = undo_of(world, applied, sources) if applied else ""
    show(format_, document, repair_text(found, sources, repo, applied, undo))
    if refused is not None:
        raise refused
    raise typer.Exit(exit_code(found))


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Whoever ends this by SIGTERM, as CI does, leaves no more behind than who types Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def undo_of(world: World, applied: Patch, sources: Mapping[str, bytes]) -> str:
    """What to type to take a written patch back without losing what was not committed before."""
    head = world.repository.resolve("HEAD")
    paths = applied.change.paths
    if head is not None and all(world.repository.read(head, path) == sources[path] for path in paths):
        return f"git restore {shlex.join(paths)}"
    return "save the diff above as a file, then: git apply -R FILE"


def exit_code(found: Repair) -> int:
    """2 for a test that does not exist, 130 when somebody ended it, as the shell says it."""
    if found.interrupted:
        return 130
    return 2 if found.unknown else _EXIT[found.status]


def seconds_of(text: str) -> float:
    """A plain number is seconds. Raises UsageError."""
    try:
        seconds = float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"--budget {error}, not {text!r}. Example: --budget 90") from None
    if seconds < 1:
        raise UsageError(f"--budget must be at least a second, not {text!r}. Example: --budget 90")
    return seconds


def sources_of(world: World, commit: str, found: Repair) -> dict[str, bytes]:
    """The files that the patches change, as they are."""
    paths = {path for patch in found.patches for path in patch.change.paths}
    return {path: world.repository.read(commit, path) or b"" for path in paths}


def applied_patch(world: World, commit: str, found: Repair, number: int) -> Patch:
    """Write one patch into the work tree. Raises UsageError when there is none of that number."""
    if number > len(found.patches):
        raise UsageError(f"there are {len(found.patches)} patches, not {number}. Example: --apply --patch 1")
    chosen = found.patches[number - 1]
    world.repository.apply_to_work_tree(chosen.change, commit)
    return chosen
