"""`gitops-healer history` and `compare`: what one function was, and what is different."""

from typing import Annotated

import typer

from gitops_healer.console.common import HERE, As, Format, RepoOption, caught_up, commit_of, show, told
from gitops_healer.core.history import replay
from gitops_healer.core.versions import SymbolVersion
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of, unknown_symbol, with_upgrades
from gitops_healer.evidence.history_calls import Versions
from gitops_healer.evidence.history_compare import compare
from gitops_healer.places import Choices
from gitops_healer.registry import Scene
from gitops_healer.report import documents
from gitops_healer.report.versions_text import compare_document, compare_text, history_document, history_text
from gitops_healer.wiring import build_world
from gitops_healer.world import World

Symbol = Annotated[str, typer.Argument(help="A function, method or class: pkg.mod:name, path.py:name, or a name.")]
Version = Annotated[str, typer.Argument(help="A number (1 is the oldest), -1 (before the newest), a commit, a tag.")]
At = Annotated[str, typer.Option("--ref", help="Where history begins.", show_default="HEAD")]


def history_command(
    symbol: Symbol,
    repo: RepoOption = HERE,
    ref: At = "HEAD",
    everything: Annotated[bool, typer.Option("--all", help="Also what changed no code, and deletions.")] = False,
    format_: As = Format.text,
) -> None:
    """All versions of one function, through renames and moves, and how the calls of each went."""
    with told(format_) as progress:
        world = build_world(Choices(repo, progress=progress))
        scene = scene_at(world, ref)
        versions = with_upgrades(versions_of(scene, symbol, everything), replay(world.ledger.load()))
        calls, unknown = Versions(scene, versions).calls()
    document = {"schema": documents.SCHEMA} | history_document(versions, calls, unknown)
    show(format_, document, history_text(versions, calls, unknown))


def compare_command(
    symbol: Symbol, first: Version, second: Version, repo: RepoOption = HERE, ref: At = "HEAD",
    format_: As = Format.text,
) -> None:  # fmt: skip
    """Two versions of one function: their difference, what they rely on, and how their calls went."""
    with told(format_) as progress:
        scene = scene_at(build_world(Choices(repo, progress=progress)), ref)
        found = compare(scene, versions_of(scene, symbol), first, second)
    show(format_, {"schema": documents.SCHEMA} | compare_document(found), compare_text(found))


def restore_order(symbol: str, version: str) -> str:
    """The comment that orders a version back; give it to what `gitops-healer command` does. Raises UsageError."""
    for word in (symbol, version):
        if not word or word.split() != [word]:
            raise UsageError(
                f"{word!r} must be one word. Example: gitops-healer rollback billing.invoices:total --to 3"
            )
    return f"/restore {symbol} {version}"


def versions_of(scene: Scene, symbol: str, everything: bool = False) -> tuple[SymbolVersion, ...]:
    """Newest first. Raises UsageError when nothing ever had that name."""
    versions = history_of(scene, symbol, everything)
    if not any(version.kind.is_version for version in versions):
        raise unknown_symbol(scene, symbol)
    return versions


def scene_at(world: World, ref: str) -> Scene:
    """What plug-ins see at a commit, with all calls so far. Raises UsageError when there is none of that name."""
    commit = commit_of(world.repository, ref)
    caught_up(world.executions)
    return world.scene(commit)
