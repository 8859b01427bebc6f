"""What people read on a terminal, or in a pipe: the same words, with colours only where they show."""

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gitops_healer.core.decision import Decision
from gitops_healer.core.execution import ToolStats
from gitops_healer.core.finding import Finding
from gitops_healer.core.fitting import as_comment
from gitops_healer.core.proof import verdict_tree
from gitops_healer.core.summary import Summary
from gitops_healer.core.upgrade import Event, Stage, Upgrade
from gitops_healer.core.words import counted
from gitops_healer.report.documents import last_verdict, next_action

_COLOURS = {
    Stage.STABLE: "green",
    Stage.MERGED: "green",
    Stage.WATCHED: "cyan",
    Stage.HELD: "yellow",
    Stage.REGRESSED: "red",
    Stage.ROLLED_BACK: "magenta",
    Stage.DROPPED: "bright_black",
    Stage.CLOSED: "bright_black",
}


NO_CALLS = (
    "decorate functions with @gitops_healer.recorder.tool and run the program, or: gitops-healer executions import FILE"
)


def console(error: bool = False) -> Console:
    """The terminal; in a pipe a wide page, so that tables are not folded."""
    made = Console(stderr=error, soft_wrap=True, highlight=False, emoji=False)  # the tool `pkg:bell:` is no picture
    if not made.is_terminal:
        made.width = 200
    return made


def clean(text: str) -> str:
    """Foreign text that can be printed anywhere: no control characters, no undecodable bytes, no markup."""
    return escape(printable(text))


def printable(text: str) -> str:
    """Foreign text for what reads no markup, such as `rich.syntax.Syntax`."""
    shown = text.encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in shown)


def marked(line: str) -> Text:
    """A line of ours with its markup; foreign text in it is `clean`."""
    return Text.from_markup(line, emoji=False)


def print_summary(console: Console, summary: Summary) -> None:
    """What one cycle did, then what waits for whom."""
    console.print(
        f"[bold]{clean(summary.base_branch)}[/] at {summary.base[:10]}, mode {summary.mode}: "
        f"{counted(len(summary.findings), 'finding')}, {counted(len(summary.moved), 'upgrade')} moved, "
        f"{counted(summary.events, 'event')} {'seen and none written' if summary.mode == 'observe' else 'written'}"
    )
    for look in summary.looks:
        said = f": {clean(shorten(look.said, 160))}" if look.said else ""
        console.print(f"  {clean(look.detector)} sees {counted(look.findings, 'finding')}{said}", style="dim")
    for reply in summary.replies:
        console.print(f"[cyan]{clean(reply.actor)}[/]: /{clean(reply.command.removeprefix('/'))}")
        console.print(f"  {clean(reply.text)}")
    if summary.findings:
        console.print(findings_table(summary.findings))
    for up, waiting in summary.upgrades:
        console.print(upgrade_panel(up, waiting, by_comment=summary.forge != "local"))
    for notice in summary.notices:
        console.print(f"[yellow]note:[/] {clean(notice)}")
    for error in summary.errors:
        console.print(f"[red]error:[/] {clean(error)}")


def findings_table(findings: Iterable[tuple[Finding, Decision]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("priority", "rule", "where", "what", "taken up?"):
        table.add_column(column, overflow="fold")
    for finding, decision in findings:
        table.add_row(
            f"{finding.priority}",
            clean(finding.rule),
            clean(f"{finding.path}:{finding.start}"),
            clean(finding.message),
            "yes" if decision.allowed else clean(shorten((decision.blocking or decision).reason, 100)),
        )
    return table


def upgrade_panel(up: Upgrade, waiting: Decision | None, by_comment: bool = False) -> RenderableType:
    """One upgrade in a few lines: where it is, why, what can be done; by_comment: by writing it on a pull request."""
    colour = _COLOURS.get(up.settled_as or up.stage, "blue")
    stage = (
        f"{up.stage.value} ({up.settled_as.value})" if up.stage is Stage.CLOSED and up.settled_as else up.stage.value
    )
    lines = [
        f"[bold]{up.codename}[/] {up.id}  [{colour}]{stage}[/]  "
        f"{clean(up.plan.title if up.plan else up.finding.message)}"
    ]
    if up.proposed and up.merged is None:
        lines.append(f"  pull request #{up.proposed.pull} on {clean(up.proposed.branch)}")
    if up.merged:
        lines.append(f"  merged as {up.merged.commit[:10]}")
    if up.rolled_back:
        lines.append(f"  taken back by {up.rolled_back.commit[:10]}")
    elif up.revert and up.revert.pull:
        lines.append(f"  {'draft of the revert' if up.revert.draft else 'revert'}: pull request #{up.revert.pull}")
    lines += [f"  not of this merge: told in #{told.issue}" for told in up.reports if told.issue]
    if up.reason:
        lines.append(f"  {clean(up.reason)}")
    if up.held and up.held.question:
        lines += [f"  {line}" for line in clean(up.held.question).splitlines()]
    if waiting and (blocking := waiting.blocking) and blocking.reason != up.reason:
        lines.append(f"  waits at [yellow]{clean(blocking.gate)}[/]: {clean(blocking.reason)}")
    if action := next_action(up, waiting):
        said = as_comment(action) if by_comment else action
        lines.append(f"  next: [bold]{clean(said)}[/]")
    return Group(*(marked(line) for line in lines))


def _pulls(up: Upgrade) -> str:
    """Its pull request, and that of its revert while one waits."""
    waiting = up.revert and up.revert.pull and not up.rolled_back
    numbers = [up.proposed.pull if up.proposed else 0, up.revert.pull if up.revert and waiting else 0]
    return ", ".join(f"#{number}" for number in numbers if number)


def decision_tree(decision: Decision) -> str:
    """The whole tree of yes and no, indented."""
    return "\n".join("  " * depth + _decision_line(part) for depth, part in decision.walk())


def _decision_line(decision: Decision) -> str:
    mark = "[green]yes[/]" if decision.allowed else "[red]no[/]"
    action = f"  [bold]→ {clean(decision.next_action)}[/]" if decision.next_action and not decision.allowed else ""
    return f"{mark} {clean(decision.gate)}: {clean(decision.reason)}{action}"


def status_table(upgrades: Iterable[Upgrade]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("id", "codename", "stage", "rule", "where", "pull", "changed (UTC)"):
        table.add_column(column, overflow="fold")
    for up in upgrades:
        stage = up.settled_as if up.stage is Stage.CLOSED and up.settled_as else up.stage
        table.add_row(
            up.id,
            up.codename,
            f"[{_COLOURS.get(stage, 'blue')}]{stage.value}[/]",
            clean(up.finding.rule),
            clean(f"{up.finding.path}:{up.finding.start}"),
            _pulls(up),
            f"{up.changed_at:%Y-%m-%d %H:%M:%S}",
        )
    return table


def held_lines(upgrades: Iterable[Upgrade]) -> list[Text]:
    """Why each held one is held, and what moves it."""
    return [
        marked(
            f"{up.codename}: {clean(up.reason)}\n  next: [bold]{clean(up.held.next_action or f'/resume {up.id}')}[/]"
        )
        for up in upgrades
        if up.held and up.stage is Stage.HELD
    ]


def events_table(events: Iterable[Event]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("time (UTC)", "upgrade", "event", "by"):
        table.add_column(column, overflow="fold")
    for event in events:
        table.add_row(f"{event.ts:%Y-%m-%d %H:%M:%S}", event.upgrade, event.name, clean(event.actor))
    return table


def explanation(up: Upgrade) -> Group:
    """Finding, cause, options, plan, proof and health of one upgrade."""
    parts: list[RenderableType] = [upgrade_panel(up, None), Text()]
    finding = up.finding
    parts.append(marked(f"[bold]seen[/] {clean(finding.rule)} at {clean(finding.path)}:{finding.start}"))
    parts += [marked(f"  {clean(line)}") for line in (finding.message, *finding.evidence)]
    if up.investigation:
        cause = up.investigation.cause
        parts.append(marked(f"[bold]cause[/] {clean(cause.sentence)} ({cause.confidence:.0%} sure)"))
        parts += [marked(f"  {clean(line)}") for line in up.investigation.evidence]
        if up.investigation.diagnosis:
            parts.append(marked(f"[bold]root cause[/] {clean(up.investigation.diagnosis.summary)}"))
        for option in up.investigation.options:
            chosen = " [green](taken)[/]" if up.plan and option.key == up.plan.option else ""
            parts.append(marked(f"[bold]option {clean(option.key)}[/]{chosen} {clean(option.title)}"))
            lines = (option.behaviour, *option.determined_by, *option.proof)
            parts += [marked(f"  {clean(line)}") for line in lines if line]
    verdict = last_verdict(up)
    if verdict:
        parts.append(marked(f"[bold]proof[/] phase {verdict.phase} on {verdict.commit[:10]}"))
        parts.append(marked(decision_tree(verdict_tree(verdict))))
    if up.health:
        parts.append(marked(f"[bold]health[/] {up.health.judgement.value}: {clean(up.health.reason)}"))
    return Group(*parts)


def import_text(name: str, calls: int, counted: int, known: int, broken: tuple[tuple[int, str], ...]) -> str:
    """What became of a file of executions; the first broken lines are named. counted: calls of which no single one was
    written down."""
    new = f"{calls:,} calls written down" + (f", {counted:,} counted only" if counted else "")
    lines = [f"{clean(name)}: {new} ({known:,} lines known already, {len(broken):,} broken)"]
    lines += [f"  line {number:,}: {clean(reason)}" for number, reason in broken[:10]]
    if len(broken) > 10:
        lines.append(f"  and {len(broken) - 10:,} more")
    return "\n".join(lines)


def stats_table(stats: Iterable[ToolStats]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("tool", "calls", "failed", "success", "median ms", "p95 ms", "most frequent failure"):
        table.add_column(column, overflow="fold", justify="right" if column not in ("tool",) else "left")
    for stat in stats:
        table.add_row(
            clean(stat.tool),
            f"{stat.total:,}",
            f"{stat.failed:,}",
            f"{stat.success_rate:.1%}",
            _milliseconds(stat.median_ms),
            _milliseconds(stat.p95_ms),
            clean(stat.failures_by[0][0]) if stat.failures_by else "",
        )
    return table


def _milliseconds(value: float | None) -> str:
    """With two digits that say something below ten: most calls take less than a tenth of a millisecond."""
    if value is None:
        return ""
    return f"{value:,.1f}" if value >= 10 else f"{value:.2g}"


def shorten(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
