"""Watches on a terminal and as JSON: until when, what is judged of what, and what happens next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from math import ceil, exp
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gitops_healer.core.attribution import Attribution
from gitops_healer.core.codec import to_json
from gitops_healer.core.upgrade import Reported, Stage, Upgrade
from gitops_healer.core.watching import Block, Count, Evidence, Health, Judgement, Measure, Reading
from gitops_healer.core.words import counted, figure
from gitops_healer.report.terminal import clean, marked, shorten

COLOURS: Final = {
    Judgement.HEALTHY: "green",
    Judgement.SUSPECT: "yellow",
    Judgement.REGRESSED: "red",
    Judgement.INSUFFICIENT: "cyan",
}
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_NO_CALLS: Final = "·"
_WIDTH: Final = 24
_BAR: Final = 10
_SHOWN: Final = 12
_MOST: Final = 700.0
"""Of a logarithm that is printed as a factor."""


def rows(health: Health) -> list[tuple[Reading, Evidence | None]]:
    """What was measured, with its evidence: strongest first, then what the merge touched, then what is called most."""
    evidence = {(e.metric, e.subject, e.measure.value, e.detail): e for e in health.evidence}
    found = [(reading, evidence.get(reading.key)) for reading in health.readings]
    return sorted(found, key=lambda row: (-_progress(row[1]), row[0].apart, not row[0].touched, -row[0].after_total))


def _progress(evidence: Evidence | None) -> float:
    """How far the evidence is towards what is needed: 1 is enough."""
    if evidence is None or evidence.needed <= 0:
        return 0.0
    return max(0.0, evidence.conviction, evidence.alarm * 1e-3) / evidence.needed


# Text


def watches_text(upgrades: Sequence[Upgrade], now: datetime) -> list[RenderableType]:
    """Every watch in a few lines and a table."""
    parts: list[RenderableType] = []
    for up in upgrades:
        parts += [*watch_text(up, now), Text()]
    return parts


def watch_text(up: Upgrade, now: datetime, *, full: bool = False, health: Health | None = None) -> list[RenderableType]:
    """One watch. full: every row and all that a search for the culprit showed; health: instead of the recorded one."""
    health = health or up.health
    title = up.plan.title if up.plan else up.finding.message
    lines = [f"[bold]{up.codename}[/] {up.id}  {_judged(up, health)}  {clean(title)}", *_times(up, now)]
    if health is not None:
        lines.append(f"  {clean(health.reason)}")
        lines += [f"  [dim]note:[/] {clean(note)}" for note in health.notes]
    table = [_table(up, health, _SHOWN if not full else len(health.readings))] if health and health.readings else []
    after = [line for one in up.attributions for line in _search(one.attribution, full)]
    after += map(_reported, up.reports)
    after.append(f"  next: [bold]{clean(next_step(up, health, now))}[/]")
    return [*map(marked, lines), *table, *map(marked, after)]


def _judged(up: Upgrade, health: Health | None) -> str:
    if up.stage is not Stage.WATCHED:
        stage = up.settled_as or up.stage
        return f"[{'red' if stage in (Stage.REGRESSED, Stage.ROLLED_BACK) else 'cyan'}]{stage.value}[/]"
    judgement = health.judgement if health else Judgement.INSUFFICIENT
    return f"[{COLOURS[judgement]}]{judgement.value}[/]"


def _times(up: Upgrade, now: datetime) -> Iterator[str]:
    if up.merged is None:
        return
    merged = f"merged {up.merged.at:%Y-%m-%d %H:%M} UTC as {up.merged.commit[:10]}"
    if up.watched is None:
        yield f"  {merged}: the watch opens in the next cycle"
        return
    until = up.watched.window.until
    left = until - now
    open_ = up.stage is Stage.WATCHED
    more = f" ({_length(left)} left)" if open_ and left > timedelta() else " (over)" if open_ else ""
    checked = f", last checked {up.health_checked_at:%H:%M}" if up.health_checked_at else ", not checked yet"
    yield f"  {merged}, watched until {until:%Y-%m-%d %H:%M} UTC{more}{checked}"


def _table(up: Upgrade, health: Health, most: int) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("  subject", overflow="fold")
    table.add_column("what")
    for column in ("before", "since merge", "inputs"):
        table.add_column(column, justify="right")
    table.add_column("evidence", no_wrap=True)
    table.add_column("failures by time", no_wrap=True)
    shown = rows(health)
    for reading, evidence in shown[:most]:
        table.add_row(
            f"  {clean(shorten(reading.subject, 60))}{_mark(reading, evidence, health)}",
            clean(what(reading)),
            rate(reading.before_failed, reading.before_total, reading.measure),
            rate(reading.after_failed, reading.after_total, reading.measure),
            "" if reading.distinct_failing is None or not reading.after_failed else f"{reading.distinct_failing:,}",
            bar(evidence),
            spark(reading.blocks, blocks_of(up)),
        )
    if len(shown) <= most:
        return table
    return Group(table, marked(f"  and {len(shown) - most:,} more: gitops-healer monitor {up.codename}"))


def _mark(reading: Reading, evidence: Evidence | None, health: Health) -> str:
    alarming = evidence is not None and (evidence.alarm >= evidence.needed or reading.measure is Measure.RUNS)
    if alarming and reading.subject in health.blamed:
        return " [red]✗[/]"
    if reading.subject in health.cleared:
        return " [dim](cleared)[/]"
    return " [dim](not reached)[/]" if reading.apart else "" if reading.touched else " [dim](reached)[/]"


def what(reading: Reading) -> str:
    return f"{reading.measure.value} {shorten(reading.detail, 40)}".rstrip()


def rate(failed: Count, total: Count, measure: Measure = Measure.FAILURES) -> str:
    """`12 of 40 (30.0%)`; findings in the code are only counted."""
    if measure is Measure.CODE:
        return figure(failed)
    if not total:
        return "none"
    return f"{figure(failed)} of {figure(total)} ({failed / total:.1%})"


def bar(evidence: Evidence | None) -> str:
    """How far the evidence goes towards a conviction (solid) and an alarm (shaded), on a scale of logarithms."""
    if evidence is None or evidence.needed <= 0:
        return ""
    full = round(_BAR * min(1.0, max(0.0, evidence.conviction / evidence.needed)))
    shade = max(full, round(_BAR * min(1.0, max(0.0, evidence.alarm / evidence.needed))))
    drawn = "█" * full + "▒" * (shade - full) + "░" * (_BAR - shade)
    return f"{drawn} {factor(evidence.conviction)} of {factor(evidence.needed)}"


def factor(logarithm: float) -> str:
    """An e-value: so many times likelier if it got worse than if it did not."""
    value = exp(min(_MOST, logarithm))
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}" if value < 1e6 else f"{value:.0e}".replace("e+", "e")


def blocks_of(up: Upgrade) -> int:
    if up.watched is None:
        return 1
    window = up.watched.window
    return max(1, ceil((window.until - window.opened) / up.watched.tolerance.block_length))


def spark(blocks: Iterable[Block], of: int) -> str:
    """The share of failures over the whole watch, a dot where nothing was called; full height is the worst stretch,
    10 % at least."""
    width = min(_WIDTH, of)
    total, failed = [0.0] * width, [0.0] * width
    last = -1
    for block in blocks:
        place = min(width - 1, max(0, block.number) * width // of)
        total[place] += block.total
        failed[place] += block.failed
        last = max(last, place)
    shares = [f / n if n else None for n, f in zip(total, failed, strict=True)][: last + 1]
    top = max([0.1, *(share for share in shares if share is not None)])
    return "".join(
        _NO_CALLS if share is None else _LEVELS[min(7, max(0, ceil(share / top * 8) - 1))] for share in shares
    )


def _search(found: Attribution, full: bool) -> Iterator[str]:
    sure = f" ({found.probability:.1%} sure, {counted(found.runs, 'run')})" if found.culprit else ""
    yield f"  [bold]search:[/] {found.blame.value}{sure}: {clean(found.reason)}"
    if full:
        yield from (f"    {clean(line)}" for line in found.shown)
        for one in found.candidates:
            name = one.upgrade or one.author
            yield f"    {one.commit[:10]} {clean(shorten(one.title, 60))} ({clean(name)}, weight {one.weight:g})"
    if found.reproduce:
        yield f"    to see it: {clean(found.reproduce)}"


def _reported(report: Reported) -> str:
    """Without an issue nobody had to be told: another merge of the healer did it."""
    if not report.issue:
        return f"  [bold]not this merge:[/] {clean(report.culprit[:10])} did it, another one of the healer"
    return f"  [bold]reported[/] in issue #{report.issue} {clean(report.url)}"


def next_step(up: Upgrade, health: Health | None, now: datetime) -> str:
    """What happens next, or what a person can do."""
    revert = f"#{up.revert.pull}" if up.revert else ""
    match up.stage:
        case Stage.MERGED:
            return "the watch opens in the next cycle"
        case Stage.WATCHED if health and health.judgement is Judgement.SUSPECT:
            waits = f"draft {revert} of the revert waits for it" if revert else "nothing is reverted on suspicion alone"
            return f"the next cycle looks again and searches the culprit; {waits}. Or: /rollback_upgrade {up.id}"
        case Stage.WATCHED if health and health.judgement is Judgement.REGRESSED:
            return "the next cycle searches the culprit, and takes it back when it is ours and policy allows it"
        case Stage.WATCHED if up.watched and now >= up.watched.window.until:
            return "the next cycle closes the watch"
        case Stage.WATCHED:
            return "nothing to do: every cycle looks again"
        case Stage.REGRESSED if revert:
            return f"revert {revert} is merged when its proof and approval stand"
        case Stage.REGRESSED:
            return "the next cycle opens the revert"
        case Stage.HELD if up.held:
            return up.held.next_action or f"/resume {up.id}"
        case Stage.ROLLED_BACK | Stage.CLOSED if up.rolled_back:
            return f"nothing: it was taken back. To try it again: gitops-healer reland {up.codename}"
        case Stage.STABLE | Stage.UNPROVEN | Stage.CLOSED if up.merged:
            return f"nothing: the watch is over. To take it back: gitops-healer rollback {up.codename}"
        case _:
            return f"nothing is watched: it is {up.stage.value}"


def nothing_text(recent: Sequence[Upgrade], window: str, baseline: str, tools: int) -> list[RenderableType]:
    """No merge is watched: what would be, and how the last ones ended."""
    calls = f"calls of {counted(tools, 'tool')} are recorded" if tools else "no calls are recorded yet"
    lines = [
        "no merge is watched now",
        f"the next merge of an upgrade is watched for {window}, against {baseline} before it; {calls}",
    ]
    lines += [
        f"  {up.codename} {up.id}: {(up.settled_as or up.stage).value}, {clean(shorten(up.reason, 120))}"
        for up in recent
    ]
    return [marked(line) for line in lines]


def _length(time: timedelta) -> str:
    minutes = max(0, int(time.total_seconds() // 60))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


# JSON


def watch_document(up: Upgrade, now: datetime, health: Health | None = None) -> dict[str, Any]:
    """A watch as other programs read it; keys that do not apply are null."""
    health, watched = health or up.health, up.watched
    return {
        "upgrade": up.id,
        "codename": up.codename,
        "stage": up.stage.value,
        "settled_as": up.settled_as.value if up.settled_as else None,
        "rule": up.finding.rule,
        "tool": up.finding.symbol,
        "merge_commit": up.merged.commit if up.merged else None,
        "opened": watched.window.opened.isoformat() if watched else None,
        "until": watched.window.until.isoformat() if watched else None,
        "baseline_from": watched.window.baseline_from.isoformat() if watched else None,
        "over": bool(watched and now >= watched.window.until),
        "tolerance": asdict(watched.tolerance) if watched else None,
        "checked_at": up.health_checked_at.isoformat() if up.health_checked_at else None,
        "judgement": health.judgement.value if health else None,
        "reason": health.reason if health else None,
        "blamed": list(health.blamed) if health else [],
        "worse": list(health.worse) if health else [],
        "cleared": list(health.cleared) if health else [],
        "silent": list(health.silent) if health else [],
        "notes": list(health.notes) if health else [],
        "subjects": [_row_document(*row) for row in rows(health)] if health else [],
        "searches": [to_json(one.attribution) | {"confirmed": one.attribution.confirmed} for one in up.attributions],
        "reports": [_report_document(one) for one in up.reports],
        "revert": to_json(up.revert) if up.revert else None,
        "revert_commit": up.rolled_back.commit if up.rolled_back else None,
        "next": next_step(up, health, now),
    }


def _report_document(report: Reported) -> dict[str, Any]:
    return {"issue": report.issue or None, "url": report.url or None, "culprit": report.culprit or None}


def _row_document(reading: Reading, evidence: Evidence | None) -> dict[str, Any]:
    """evidence: natural logarithms; block: number from the opening, total, failed."""
    return {
        "metric": reading.metric,
        "subject": reading.subject,
        "measure": reading.measure.value,
        "detail": reading.detail,
        "touched": reading.touched,
        "apart": reading.apart,
        "before": {"total": reading.before_total, "failed": reading.before_failed},
        "after": {"total": reading.after_total, "failed": reading.after_failed},
        "distinct_failing": reading.distinct_failing,
        "evidence": {"alarm": evidence.alarm, "conviction": evidence.conviction, "needed": evidence.needed}
        if evidence
        else None,
        "blocks": [[block.number, block.total, block.failed] for block in reading.blocks],
        "note": reading.note or None,
    }
