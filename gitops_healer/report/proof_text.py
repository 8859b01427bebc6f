"""A shadow run and a replay on a terminal and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from gitops_healer.core.calls import Seen
from gitops_healer.core.quoting import plain
from gitops_healer.core.replaying import Replayed
from gitops_healer.core.shadow_verdict import Ruling, given_text, line_of
from gitops_healer.core.shadowing import Compared, Kind, Origin, Shadowed, breakage_bound
from gitops_healer.core.verdict import Outcome
from gitops_healer.report.documents import SCHEMA
from gitops_healer.report.terminal import clean

_LISTED = 10
_INPUT, _TOLD = 80, 160
_SILENT = 3
_HEADS = {
    Outcome.PASSED: "[bold green]passed[/]",
    Outcome.FAILED: "[bold red]failed[/]",
    Outcome.UNKNOWN: "[bold yellow]unknown[/]",
    Outcome.SKIPPED: "[bold yellow]nothing to say[/]",
}
_COLOURS = {Kind.AGREES: "green", Kind.IMPROVES: "cyan", Kind.REGRESSES: "red", Kind.CHANGES: "yellow"}


_MISMATCHES = (Kind.REGRESSES, Kind.CHANGES)
_ORDER = (*_MISMATCHES, Kind.IMPROVES)
_ORIGINS = {
    Origin.RECORDED: "recorded",
    Origin.DECLARED: "declared",
    Origin.TEST: "a test",
    Origin.GENERATED: "made up",
}


def shadow_document(run: Shadowed, ruled: Ruling, base: str, head: str) -> dict[str, Any]:
    return _document(run.tool, run.compared, ruled, base, head, run.seconds) | {
        "agreement": run.agreement if len(run.of(Kind.SILENT)) < len(run.compared) else None,
        "smallest": _pair(run.smallest) if run.smallest is not None else None,
        "noisy": list(run.noisy),
        "left": run.left,
        "problem": run.problem,
        "notes": list(run.notes),
    }


def replay_document(run: Replayed, ruled: Ruling, base: str, head: str) -> dict[str, Any]:
    return _document(run.tool, run.repeated, ruled, base, head, run.seconds) | {
        "recorded": run.total,
        "judged": len(run.judged),
        "succeeding": len(run.succeeding),
        "obsolete": dict(run.obsolete),
        "unreplayable": dict(run.unreplayable),
        "problem": run.problem,
        "notes": list(run.notes),
    }


def _document(
    tool: str, pairs: Sequence[Compared], ruled: Ruling, base: str, head: str, seconds: float
) -> dict[str, Any]:
    clean_inputs = {pair.sample.given for pair in pairs if pair.kind in (Kind.AGREES, Kind.IMPROVES)}
    return {
        "schema": SCHEMA,
        "tool": tool,
        "base": base,
        "head": head,
        "outcome": ruled.outcome.value,
        "reason": ruled.reason,
        "counts": {kind.value: sum(pair.kind is kind for pair in pairs) for kind in Kind},
        "bound": breakage_bound(len(clean_inputs)),
        "differing": [_pair(pair) for pair in pairs if pair.kind not in (Kind.AGREES, Kind.SILENT)],
        "seconds": round(seconds, 3),
    }


def _pair(pair: Compared) -> dict[str, Any]:
    args, kwargs = pair.sample.given
    return {
        "args": args,
        "kwargs": kwargs,
        "origin": pair.sample.origin.value,
        "kind": pair.kind.value,
        "confirmed": pair.confirmed,
        "told": list(pair.told),
        "base": _seen(pair.base),
        "head": _seen(pair.head),
    }


def _seen(seen: Seen) -> dict[str, Any]:
    return {"ok": seen.ok, "value": seen.value, "detail": seen.detail, "error_type": seen.error_type}


def shadow_text(run: Shadowed, ruled: Ruling) -> RenderableType:
    """The word, the figures, what differs, the simplest input on which the versions differ."""
    parts: list[RenderableType] = [f"{_HEADS[ruled.outcome]}: {clean(ruled.reason)}", *_table(run.compared)]
    if run.smallest is not None:
        parts.append(f"[bold]the simplest input that differs:[/] {clean(line_of(run.smallest))}")
    if not run.compared and not run.problem:
        parts.append("[dim]inputs come from annotations of its parameters, tests, declared cases and recorded calls[/]")
    parts += _silent(run)
    if run.noisy:
        parts.append(f"[dim]differs from run to run, not compared:[/] {clean(', '.join(run.noisy))}")
    if run.left:
        more = f"{run.left} more input{'s' * (run.left != 1)}"
        parts.append(f"[dim]there was no time for {more}; give more with --budget[/]")
    return Group(*parts, *(f"[dim]note:[/] {clean(note)}" for note in run.notes))


def _silent(run: Shadowed) -> Iterator[RenderableType]:
    """Why some inputs say nothing, when not all do: then it is the outcome's reason."""
    reasons = Counter(pair.told[0] if pair.told else "" for pair in run.of(Kind.SILENT))
    if reasons.total() < len(run.compared):
        for reason, count in reasons.most_common(_SILENT):
            yield f"[dim]{_says(count)} nothing:[/] {clean(plain(reason, _TOLD))}"


def replay_text(run: Replayed, ruled: Ruling) -> RenderableType:
    """The word, the figures, what differs, and which recorded calls say nothing and why."""
    parts: list[RenderableType] = [f"{_HEADS[ruled.outcome]}: {clean(ruled.reason)}", *_table(run.repeated)]
    parts += [f"[dim]{_says(count)} nothing:[/] {clean(reason)}" for reason, count in run.obsolete.items()]
    parts += [f"[dim]{count:,} cannot be made again:[/] {clean(reason)}" for reason, count in run.unreplayable.items()]
    return Group(*parts, *(f"[dim]note:[/] {clean(note)}" for note in run.notes))


def _says(count: int) -> str:
    return f"{count:,} say{'s' * (count == 1)}"


def _table(pairs: Sequence[Compared]) -> Iterator[RenderableType]:
    differing = [pair for pair in pairs if pair.kind not in (Kind.AGREES, Kind.SILENT)]
    if not differing:
        return
    differing.sort(key=lambda pair: (not pair.confirmed, _ORDER.index(pair.kind)))
    table = Table(box=None, pad_edge=False)
    for name in ("", "input", "from", "what differs"):
        table.add_column(name)
    for pair in differing[:_LISTED]:
        again = " (once)" if pair.kind in _MISMATCHES and not pair.confirmed else ""
        table.add_row(
            f"[{_COLOURS[pair.kind]}]{pair.kind.value}{again}[/]",
            clean(plain(given_text(pair.sample.given), _INPUT)),
            _ORIGINS[pair.sample.origin],
            clean(plain(pair.told[0] if pair.told else "", _TOLD)),
        )
    yield table
    if len(differing) > _LISTED:
        yield f"[dim]and {len(differing) - _LISTED} more: --format json lists them all[/]"
