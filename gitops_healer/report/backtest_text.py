"""A rule on trial, checks that were judged again, and stability: as tables and as JSON."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table

from gitops_healer.core.codec import to_json
from gitops_healer.core.judgement.backtest_result import Backtest, Record, Share, Trial
from gitops_healer.core.judgement.stability import Deployment, Stability
from gitops_healer.core.watching import Tolerance
from gitops_healer.core.words import counted
from gitops_healer.monitoring import Ground, Recomputed, Request
from gitops_healer.report.terminal import clean, marked, shorten

_WORST: Final = 12
_LISTED: Final = 10


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="right" if number else "left")
    return table


# Backtest


def backtest_text(found: Backtest, laid: Ground, request: Request) -> list[RenderableType]:
    """How often calls on which nothing was deployed would have been taken back."""
    span = f"from {laid.since:%Y-%m-%d} to {laid.until:%Y-%m-%d}"
    head = f"{counted(len(laid.calls), 'tool')}, {laid.total:,.0f} calls {span}"
    if not found.trials:
        return [marked(line) for line in (head, f"nothing could be judged: {_too_little(found, request)}")]
    if request.merges:
        return [marked(head), *_merges_text(found)]
    changed = len(found.trials) - len(found.counted)
    lines = [
        head,
        f"{len(found.counted):,} watches of {_hours(found.window)} in which nothing was deployed, {found.apart:,} of "
        f"them share no time; left out: {changed:,} near a real change, {found.silent:,} with too few calls",
    ]
    table = _table("rule", "alarms", "of watches", "95 % interval")
    for name, share in _shares(found):
        table.add_row(name, f"{share.count:,}", f"{share.share:.2%}", f"{share.low:.2%} to {share.high:.2%}")
    return [*map(marked, lines), table, *_worst(found.records()), *_alarms(found)]


def _shares(found: Backtest) -> list[tuple[str, Share]]:
    return [
        ("regressed: would have been taken back", found.false_rollbacks),
        ("suspect or regressed: a draft would have been opened", found.suspicions),
        ("simple rule (85 % of the success rate of before, 10 calls)", found.seed),
    ]


def _worst(records: Sequence[Record]) -> list[RenderableType]:
    alarming = [one for one in records if one.regressed or one.suspected or one.seed or one.alarmed]
    if not alarming:
        return [marked("no tool would have raised an alarm")]
    table = _table("tool", "watches", "regressed", "suspect", "simple rule", "near a change", "of these alarmed")
    for one in alarming[:_WORST]:
        figures = (one.trials, one.regressed, one.suspected, one.seed, one.changed, one.alarmed)
        table.add_row(clean(shorten(one.name, 70)), *(f"{figure:,}" for figure in figures))
    more = len(alarming) - _WORST
    return [table, *([marked(f"and {counted(more, 'tool')} more")] if more > 0 else [])]


def _alarms(found: Backtest) -> list[RenderableType]:
    wrong = [trial for trial in found.counted if trial.regressed]
    return [marked(f"[red]✗[/] {trial.opened:%Y-%m-%d %H:%M}: {clean(trial.sentence)}") for trial in wrong[:_LISTED]]


def _merges_text(found: Backtest) -> list[RenderableType]:
    """Real changes: an alarm may be right."""
    table = _table("changed (UTC)", "tool", "judged", "after", "why")
    alarms = [trial for trial in found.trials if trial.suspected or trial.seed]
    for trial in sorted(alarms, key=lambda trial: trial.opened):
        judged = "regressed" if trial.regressed else "suspect" if trial.suspected else "simple rule only"
        first = trial.regressed or trial.suspected or trial.seed
        after = _hours(first - trial.opened) if first else ""
        tools = clean(shorten(", ".join(trial.tools), 60))
        table.add_row(f"{trial.opened:%Y-%m-%d %H:%M}", tools, judged, after, clean(trial.sentence))
    said = f"{counted(len(found.trials), 'real change')} of tools could be judged, {len(alarms):,} raised an alarm"
    return [marked(f"{said} (it may be right)"), *([table] if alarms else [])]


def _too_little(found: Backtest, request: Request) -> str:
    if request.merges and not found.silent:
        return "no commit in that time changed the file of a tool that was called. Ask for more days: --days"
    return (
        f"{found.silent:,} watches had too few calls before, or none after. Record for longer, or ask for fewer days; "
        "to record: decorate functions with @gitops_healer.recorder.tool, or gitops-healer executions import FILE"
    )


def suggestion_text(tried: Sequence[tuple[float, Share]], most: float) -> list[RenderableType]:
    """tried: margins with what they would have given, smallest first; most: the share that is asked for."""
    table = _table("monitoring.margin", "false rollbacks", "of watches", "95 % interval")
    for margin, share in tried:
        table.add_row(f"{margin:g}", f"{share.count:,}", f"{share.share:.2%}", f"{share.low:.2%} to {share.high:.2%}")
    fitting = next((margin for margin, share in tried if share.share <= most), None)
    if fitting is None:
        said = f"no margin up to {tried[-1][0]:g} keeps false rollbacks at {most:.2%}: look at the tools above"
    else:
        said = f"monitoring: {{margin: {fitting:g}}} is the smallest that keeps false rollbacks at {most:.2%} or less"
    return [table, marked(said)]


def backtest_document(found: Backtest, laid: Ground, request: Request, tolerance: Tolerance) -> dict[str, Any]:
    """trials: only those with an alarm. Shares: count, of, low and high of the 95 % interval."""
    return {
        "since": laid.since.isoformat(),
        "until": laid.until.isoformat(),
        "tools": len(laid.calls),
        "calls": laid.total,
        "merges": request.merges,
        "together": request.together,
        "every_minutes": request.every / timedelta(minutes=1),
        "tolerance": to_json(tolerance),
        "watches": len(found.counted),
        "sharing_no_time": found.apart,
        "near_a_change": len(found.trials) - len(found.counted),
        "too_few_calls": found.silent,
        "false_rollbacks": share_document(found.false_rollbacks),
        "suspicions": share_document(found.suspicions),
        "simple_rule": share_document(found.seed),
        "by_tool": [to_json(record) for record in found.records()],
        "trials": [_trial_document(trial) for trial in found.trials if trial.suspected or trial.seed],
    }


def share_document(share: Share) -> dict[str, Any]:
    return {"count": share.count, "of": share.of, "share": share.share, "low": share.low, "high": share.high}


def _trial_document(trial: Trial) -> dict[str, Any]:
    def told(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    return {
        "tools": list(trial.tools),
        "opened": trial.opened.isoformat(),
        "suspected": told(trial.suspected),
        "regressed": told(trial.regressed),
        "simple_rule": told(trial.seed),
        "near_a_change": trial.changed,
        "reason": trial.sentence or None,
    }


# Judged again


def recomputed_text(checks: Sequence[Recomputed]) -> list[RenderableType]:
    if not checks:
        return [marked("the ledger has no check of this watch yet: there is nothing to compare")]
    table = _table("checked (UTC)", "recorded", "recomputed", "equal?", "")
    for check in checks:
        equal = "[green]yes[/]" if check.equal else "[red]no[/]"
        more = "" if check.exact else "other words or figures" if check.equal else clean(check.again.reason)
        recorded, again = check.recorded.judgement.value, check.again.judgement.value
        table.add_row(f"{check.at:%Y-%m-%d %H:%M:%S}", recorded, again, equal, more)
    wrong = sum(not check.equal for check in checks)
    said = (
        f"[red]{wrong:,} of {len(checks):,} checks differ[/]"
        if wrong
        else f"all {len(checks):,} checks are as recorded"
    )
    return [table, marked(said)]


def recomputed_document(checks: Sequence[Recomputed]) -> dict[str, Any]:
    return {
        "equal": all(check.equal for check in checks),
        "checks": [
            {
                "at": check.at.isoformat(),
                "recorded": {"judgement": check.recorded.judgement.value, "reason": check.recorded.reason},
                "recomputed": {"judgement": check.again.judgement.value, "reason": check.again.reason},
                "equal": check.equal,
                "exact": check.exact,
            }
            for check in checks
        ],
    }


# Stability


def stability_text(figures: Sequence[Stability], by: str, deployments: Sequence[Deployment]) -> list[RenderableType]:
    if not figures:
        return [marked("nothing was merged yet: gitops-healer heal")]
    columns = "merges", "taken back", "rate", "by mistake", "stable", "unproven", "open", "to detect", "to revert"
    table = _table(by, *columns)
    for f in figures:
        counts = f"{f.deployments:,}", f"{f.rollbacks:,}", f"{f.rollback_rate:.0%}", f"{f.false_rollbacks:,}"
        ends = f"{f.stable:,}", f"{f.unproven:,}", f"{f.open:,}"
        table.add_row(clean(shorten(f.name, 70)), *counts, *ends, _hours(f.to_detect), _hours(f.to_revert))
    mistakes = [
        marked(f"{d.codename} {d.upgrade} was taken back, and the same change came back as {d.proven_by} and stayed")
        for d in deployments
        if d.proven_by
    ]
    return [table, *mistakes]


def stability_document(figures: Sequence[Stability], by: str, deployments: Sequence[Deployment]) -> dict[str, Any]:
    """Times in hours, null where it never happened."""
    return {
        "by": by,
        "figures": [
            {
                by: f.name,
                "deployments": f.deployments,
                "rollbacks": f.rollbacks,
                "rollback_rate": f.rollback_rate,
                "false_rollbacks": f.false_rollbacks,
                "stable": f.stable,
                "unproven": f.unproven,
                "open": f.open,
                "median_hours_to_detect": _as_hours(f.to_detect),
                "median_hours_to_revert": _as_hours(f.to_revert),
                "last": f.last.isoformat(),
            }
            for f in figures
        ],
        "deployments": [
            to_json(d) | {"hours_to_detect": _as_hours(d.to_detect), "hours_to_revert": _as_hours(d.to_revert)}
            for d in deployments
        ],
    }


def _as_hours(time: timedelta | None) -> float | None:
    return time / timedelta(hours=1) if time is not None else None


def _hours(time: timedelta | None) -> str:
    if time is None:
        return ""
    minutes = time / timedelta(minutes=1)
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
