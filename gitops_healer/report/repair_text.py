"""A repair on a terminal and as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from gitops_healer.repair.search.found import Patch, Repair, RepairStatus
from gitops_healer.report.terminal import clean

_HEADS = {
    RepairStatus.REPAIRED: "[bold green]repaired[/]",
    RepairStatus.NO_REPAIR: "[bold yellow]no repair[/]",
    RepairStatus.NOTHING_FAILING: "[bold green]nothing fails[/]",
    RepairStatus.ERROR: "[bold red]cannot repair[/]",
}


def repair_document(found: Repair, sources: Mapping[str, bytes]) -> dict[str, Any]:
    """One JSON document; DESIGN section 7 fixes status, failing_tests, patches, candidates and seconds."""
    return {
        "schema": 1,
        "status": found.status.value,
        "reason": found.reason,
        "failing_tests": list(found.failing),
        "patches": [_patch_document(found, number, patch, sources) for number, patch in enumerate(found.patches)],
        "certain": found.certain,
        "question": found.question,
        "candidates": found.candidates,
        "seconds": found.seconds,
        "phases": dict(found.phases),
        "notes": list(found.notes),
    }


def _patch_document(found: Repair, number: int, patch: Patch, sources: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "rank": number + 1,
        "template": "+".join(patch.templates),
        "path": patch.path,
        "symbol": patch.symbol,
        "title": patch.title,
        "diff": patch.change.diff(sources),
        "passed": patch.passed,
        "correct_by": list(patch.correct_by),
        "certain": found.certain and number == 0,
        "caution": patch.caution,
        "differs_on": list(patch.differs_on),
        "score": patch.score,
    }


def repair_text(
    found: Repair, sources: Mapping[str, bytes], repo: Path, applied: Patch | None, undo: str = ""
) -> RenderableType:
    """The first patch as a diff with what speaks for it (the one that was written when one was), the others in a line
    each, and the next command. undo: what takes the written one back."""
    sure = "" if found.status is not RepairStatus.REPAIRED or found.certain else " [yellow](not certain)[/]"
    head = "[bold yellow]ended early[/]" if found.interrupted else _HEADS[found.status]
    parts: list[RenderableType] = [f"{head}{sure}: {clean(found.reason)}"]
    shown = applied or next(iter(found.patches), None)
    if shown is not None:
        parts.append(Padding(Syntax(shown.change.diff(sources), "diff", background_color="default"), (1, 2)))
        parts += [Text(f"  {line}") for line in shown.correct_by]
        parts += [f"  [yellow]but[/] {clean(shown.caution)}"] if shown.caution else []
    parts += [f"[bold]question:[/] {clean(found.question)}"] if found.question else []
    parts += [_other(number, patch) for number, patch in enumerate(found.patches, 1) if patch is not shown]
    parts += [f"[dim]note:[/] {clean(note)}" for note in found.notes]
    parts.append(f"[dim]{found.candidates:,} candidates in {found.seconds:.1f} s[/]")
    if applied is not None:
        parts.append(f"written into the work tree: {clean(applied.title)}. To take it back: {clean(undo)}")
    elif found.status is RepairStatus.REPAIRED:
        parts.append(f"next: gitops-healer repair {clean(str(repo))} --apply")
    return Group(*parts)


def _other(number: int, patch: Patch) -> str:
    differs = f": {clean(patch.differs_on[0])}" if patch.differs_on else ""
    return f"  {number}. {clean(patch.title)} in {clean(patch.symbol or patch.path)}{differs}"
