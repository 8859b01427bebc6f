"""Tools as people and programs read them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from gitops_healer.core.lifecycle import Step, ToolEvent
from gitops_healer.core.tools import Entry, Tool, Use
from gitops_healer.evidence.lost_tools import Lost
from gitops_healer.evidence.twin_tools import Side, Twins
from gitops_healer.report.terminal import clean

Json = dict[str, Any]


def use_document(use: Use) -> Json:
    first, last = (moment.isoformat() if moment else None for moment in (use.first, use.last))
    return {"calls": use.calls, "failed": use.failed, "success_rate": use.success_rate, "first": first, "last": last}


def tool_document(tool: Tool) -> Json:
    declared = {key: value for key, value in vars(tool.declared).items() if value != ""}
    return {
        "path": tool.path, "symbol": tool.symbol, "start": tool.start, "end": tool.end, "why": tool.why,
        "signature": tool.signature, "docstring": tool.docstring, "declared": declared,
    }  # fmt: skip


def entry_document(entry: Entry) -> Json:
    place = tool_document(entry.tool) if entry.tool else None
    return {
        "name": entry.name, "status": entry.status.value, **use_document(entry.use), "tool": place,
        "former_names": list(entry.former), "note": entry.said,
    }  # fmt: skip


def event_document(event: ToolEvent) -> Json:
    return {**vars(event), "step": event.step.value, "when": event.when.isoformat()}


def twins_document(pair: Twins) -> Json:
    return {
        "keep": _side_document(pair.keep), "other": _side_document(pair.other), "why": pair.why,
        "similarity": pair.similarity, "varies": list(pair.varies), "equal_inputs": pair.inputs,
        "equal_results": pair.agreeing, "same": pair.same, "differs": pair.differs,
    }  # fmt: skip


def _side_document(side: Side) -> Json:
    return {"name": side.tool.name, **use_document(side.use), "mentioned_in": list(side.mentioned_in)}


def lost_document(lost: Lost) -> Json:
    return {
        "name": lost.tool.name, "path": lost.tool.path, "start": lost.tool.start, "renamed_to": lost.now,
        "calls": lost.use.calls, "days": lost.days, "commit": lost.by, "author": lost.author, "message": str(lost),
    }  # fmt: skip


def entries_table(entries: Iterable[Entry]) -> Table:
    table = _table("tool", "status", "calls", "succeeded", "last call", "where", "")
    for entry in entries:
        rate, last = entry.use.success_rate, entry.use.last
        where = f"{entry.tool.path}:{entry.tool.start}" if entry.tool else ""
        said = entry.said or (f"formerly {', '.join(entry.former)}" if entry.former else "")
        table.add_row(
            clean(entry.name), entry.status.value, f"{entry.use.calls:,}", "" if rate is None else f"{rate:.1%}",
            f"{last:%Y-%m-%d %H:%M}" if last else "", clean(where), clean(said),
        )  # fmt: skip
    return table


def found_table(found: Sequence[tuple[Tool, float]]) -> Table:
    table = _table("tool", "what it does", "where")
    for tool, _ in found:
        summary = next(iter(tool.docstring.splitlines()), "") or tool.signature
        table.add_row(clean(tool.name), clean(summary), clean(f"{tool.path}:{tool.start}"))
    return table


def sync_texts(events: Sequence[ToolEvent], conflicts: Sequence[str]) -> Iterator[RenderableType]:
    table = _table("when", "what", "tool", "commit", "by")
    for event in events:
        name = f"{event.before} -> {event.name}" if event.before else event.name
        table.add_row(
            f"{event.when:%Y-%m-%d}", event.step.value, clean(name), event.commit[:10], clean(event.author)
        )  # fmt: skip
    counts = ((step.value, sum(event.step is step for event in events)) for step in Step)
    if events:
        yield table
    yield ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing happened to tools"
    yield from (f"does not fit: {clean(conflict)}" for conflict in conflicts)


def twins_texts(pairs: Iterable[Twins]) -> Iterator[RenderableType]:
    for pair in pairs:
        table = _table("", "keep", "other")
        sides = pair.keep, pair.other
        rates = [side.use.success_rate for side in sides]
        table.add_row("tool", *(clean(side.tool.name) for side in sides))
        table.add_row("calls", *(f"{side.use.calls:,}" for side in sides))
        table.add_row("succeeded", *("" if rate is None else f"{rate:.1%}" for rate in rates))
        table.add_row("mentioned in", *(clean(", ".join(side.mentioned_in[:5])) for side in sides))
        yield table
        yield clean(f"the same: {pair.same}\ndifferent: {pair.differs}\nkeep the first: {pair.why}")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in ("calls", "succeeded") else "left", overflow="fold")
    return table
