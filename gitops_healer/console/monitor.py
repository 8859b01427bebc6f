"""`gitops-healer monitor`: watches after merges, the past judged again, a rule on trial, stability."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.adapters.events import BadLineError, decode_lines
from gitops_healer.adapters.past_executions import PastExecutions
from gitops_healer.console.common import HERE, As, Format, Repo, RepoOption, caught_up, show, told
from gitops_healer.core.history import History, replay
from gitops_healer.core.judgement.stability import by_kind, by_tool, deployments_of, stability
from gitops_healer.core.upgrade import Event, Upgrade
from gitops_healer.core.watching import Tolerance
from gitops_healer.errors import HealerError, UsageError
from gitops_healer.monitoring import (
    Ground,
    Request,
    commit_at,
    ground,
    history_at,
    looked,
    recomputed,
    tried,
    under_watch,
)
from gitops_healer.places import Choices, find_place
from gitops_healer.report import documents
from gitops_healer.report.backtest_text import (
    backtest_document,
    backtest_text,
    recomputed_document,
    recomputed_text,
    share_document,
    stability_document,
    stability_text,
    suggestion_text,
)
from gitops_healer.report.monitor_page import monitor_page, monitor_picture
from gitops_healer.report.monitor_text import nothing_text, watch_document, watch_text, watches_text
from gitops_healer.report.terminal import NO_CALLS
from gitops_healer.settings import format_duration, parse_duration
from gitops_healer.wiring import build_world, open_ledger, open_store
from gitops_healer.world import World

_MARGINS = (0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
_RECENT = 5


class _Group(TyperGroup):
    """What is no command of it is for `show`: an upgrade, a repository or options, in any order."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        shown = not args and ctx.resilient_parsing  # a shell asks for commands and options
        if not shown and args[:1] != ["--help"] and not (args and args[0] in self.commands):
            args = ["show", *args]
        return super().parse_args(ctx, args)


monitor_app = typer.Typer(cls=_Group, subcommand_metavar="[UPGRADE | REPO | COMMAND [ARGS]...]")


class By(StrEnum):
    tool = "tool"
    kind = "kind"


One = Annotated[str | None, typer.Option("--upgrade", help="Only this one, also when its watch is over.")]
Recompute = Annotated[
    str | None,
    typer.Option("--recompute", metavar="UPGRADE", help="Judge every recorded check of it again; 1 when one differs."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="As it stood at 2026-01-31T12:00, or 3d ago: 3d.")
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="An exported ledger (JSON Lines) instead of a repository's.")
]
Page = Annotated[Path | None, typer.Option("--html", help="Write a page about one, with its pictures.")]
Picture = Annotated[Path | None, typer.Option("--svg", help="Write the picture of one alone.")]


@monitor_app.callback()
def monitor(
    repo: RepoOption = HERE,
    upgrade: One = None,
    recompute: Recompute = None,
    ledger: LedgerFile = None,
    as_of: AsOf = None,
    html: Page = None,
    svg: Picture = None,
    format_: As = Format.text,
) -> None:
    """Watches after merges: until when, what is judged of what, and what happens next.

    UPGRADE, an id or a codename, is shown in detail, also when its watch is over; of REPO all open watches are. The
    options below are for these two; what a COMMAND takes is told by its own --help.
    """


@monitor_app.command("show")
def monitor_show(
    which: Annotated[str, typer.Argument(metavar="UPGRADE | REPO", help="One in detail, or all of a repository.")] = "",
    repo: RepoOption = HERE,
    upgrade: One = None,
    recompute: Recompute = None,
    ledger: LedgerFile = None,
    as_of: AsOf = None,
    html: Page = None,
    svg: Picture = None,
    format_: As = Format.text,
) -> None:
    """Open watches, or one in detail. `monitor` is the same."""
    if which and Path(which).is_dir():
        repo = Path(which)
    elif which:
        upgrade = _meant(which, upgrade, recompute)
    _monitor(repo, upgrade, recompute, ledger, as_of, html, svg, format_)


def _meant(which: str, upgrade: str | None, recompute: str | None) -> str:
    """A word that is no folder names the upgrade. Raises UsageError where another one is named as well."""
    if which in ("backtest", "stability"):
        raise UsageError(f"write options behind the command: gitops-healer monitor {which} --help lists them")
    if "/" in which:
        raise UsageError(f"there is no folder {which!r}. An upgrade is named by its id or its codename")
    if recompute is not None:
        raise UsageError(f"{which!r} is no folder: --recompute takes one upgrade, and beside it only a repository")
    if upgrade is not None:
        raise UsageError(f"{which!r} is no folder: name one upgrade, not {which!r} and --upgrade {upgrade!r}")
    return which


def _monitor(
    repo: Path, upgrade: str | None, recompute: str | None, ledger: Path | None, as_of: str | None,
    html: Path | None, svg: Path | None, format_: Format,
) -> None:  # fmt: skip
    events = events_of(repo, ledger)
    if recompute is not None:
        _recompute(events, recompute, format_)
    elif as_of is not None:
        _past(repo, events, moment("--as-of", as_of), upgrade, format_)
    elif upgrade is not None or html or svg:
        _one(repo, events, upgrade, html, svg, format_)
    else:
        _all(repo, events, ledger, format_)


def events_of(repo: Path, ledger: Path | None) -> tuple[Event, ...]:
    """Of a repository, or of a file that `ledger export` wrote. Raises UsageError for what is none."""
    if ledger is None:
        return open_ledger(find_place(Choices(repo)).repository).load()
    try:
        return tuple(decode_lines(ledger.read_bytes()))
    except (OSError, BadLineError) as error:
        how = "gitops-healer ledger export --output ledger.jsonl"
        raise UsageError(f"--ledger {ledger} is no exported ledger ({error}). Make one with: {how}") from None


def moment(option: str, text: str) -> datetime:
    """A time without a zone is UTC; an age is counted back from now."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            return datetime.now(UTC) - parse_duration(text)
        except (ValueError, OverflowError):
            raise UsageError(
                f"{option} {text} is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or an age: 3d"
            ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def found_upgrade(history: History, text: str) -> Upgrade:
    """The one that a person means. Raises UsageError when it is none, several, or was never merged."""
    found = history.find(text)
    if len(found) > 1:
        raise UsageError(f"{text!r} can mean {', '.join(up.id for up in found[:5])}: write more of the id")
    if not found:
        raise UsageError(f"there is no upgrade {text!r}. `gitops-healer status --all` lists those that there are")
    if found[0].merged is None:
        raise UsageError(f"{found[0].id} is {found[0].stage.value} and was never merged: nothing of it is watched")
    return found[0]


def _all(repo: Path, events: Sequence[Event], ledger: Path | None, format_: Format) -> None:
    history, now = replay(events), datetime.now(UTC)
    watched = under_watch(history)
    document = {
        "schema": documents.SCHEMA,
        "now": now.isoformat(),
        "watches": [watch_document(up, now) for up in watched],
    }
    show(format_, document, *(watches_text(watched, now) or _nothing(repo, history, ledger)))


def _nothing(repo: Path, history: History, ledger: Path | None) -> Sequence[Any]:
    merged = [up for up in history.upgrades.values() if up.merged]
    recent = sorted(merged, key=lambda up: up.changed_at)[-_RECENT:]
    if ledger is not None:
        return nothing_text(recent, "", "", 0)
    place = find_place(Choices(repo))
    policy = place.settings.monitoring
    tools = len(open_store(place.repository.state_dir).tools())
    return nothing_text(recent, format_duration(policy.window), format_duration(policy.baseline), tools)


def _one(
    repo: Path, events: Sequence[Event], text: str | None, html: Path | None, svg: Path | None, format_: Format
) -> None:
    history, now = replay(events), datetime.now(UTC)
    up = found_upgrade(history, text) if text is not None else _only(under_watch(history))
    for target, made in ((html, monitor_page), (svg, monitor_picture)):
        if target is not None:
            _written(
                target, made(up, [event for event in events if event.upgrade == up.id], hours_before(repo, up), now)
            )
    document = {"schema": documents.SCHEMA, "now": now.isoformat()} | watch_document(up, now)
    show(format_, document, *watch_text(up, now, full=True))


def _only(watched: Sequence[Upgrade]) -> Upgrade:
    if len(watched) == 1:
        return watched[0]
    named = ", ".join(up.codename for up in watched[:5])
    raise UsageError(f"say which one: {named}" if watched else "nothing is watched now: name an upgrade with --upgrade")


def hours_before(repo: Path, up: Upgrade) -> dict[str, list[tuple[datetime, float, float]]]:
    """(start, total, failed) of the hours of the baseline by tool, as far as this repository recorded calls."""
    if up.watched is None or up.health is None:
        return {}
    try:
        store = open_store(find_place(Choices(repo)).repository.state_dir)
        window, subjects = up.watched.window, {reading.subject for reading in up.health.readings}
        found = store.timelines(window.baseline_from, window.opened, timedelta(hours=1), tools=subjects)
    except HealerError:  # a ledger that was given as a file, without a repository
        return {}
    hours: dict[str, dict[datetime, tuple[float, float]]] = {tool: {} for tool in found}
    for tool, slices in found.items():
        for one in slices:
            total, failed = hours[tool].get(one.start, (0.0, 0.0))
            hours[tool][one.start] = total + one.total, failed + one.failed
    return {tool: [(start, *counts) for start, counts in sorted(by.items())] for tool, by in hours.items()}


def _written(target: Path, text: str) -> None:
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}): choose another place") from None


# The past


def _recompute(events: Sequence[Event], text: str, format_: Format) -> None:
    """Exit code 1 when a check does not come out as it was recorded."""
    up = found_upgrade(replay(events), text)
    checks = recomputed(events, up.id)
    document = {"schema": documents.SCHEMA, "upgrade": up.id} | recomputed_document(checks)
    show(format_, document, *recomputed_text(checks))
    if not all(check.equal for check in checks):
        raise typer.Exit(1)


def _past(repo: Path, events: Sequence[Event], at: datetime, text: str | None, format_: Format) -> None:
    """Watches as they stood at a moment, judged by the calls until then."""
    with told(format_) as progress:
        world = past_world(build_world(Choices(repo, progress=progress)), at)
        history = history_at(events, at)
        watched = [up for up in under_watch(history) if up.watched is not None]
        if text is not None:
            watched = [found_upgrade(history, text)]
        commit = commit_at(world, at) if watched else ""
        judged = [(up, *looked(world, up, history, commit)) for up in watched if up.watched is not None]
    document = {
        "schema": documents.SCHEMA,
        "now": at.isoformat(),
        "watches": [watch_document(up, at, health) | {"problems": list(said)} for up, health, said in judged],
    }
    lines: list[Any] = [f"as of {at:%Y-%m-%d %H:%M} UTC, by calls until then"]
    for up, health, problems in judged:
        lines += [*watch_text(up, at, full=text is not None, health=health), *problems]
        if up.health is not None and up.health.judgement is not health.judgement:
            lines.append(f"  the last check before that said {up.health.judgement.value}")
    show(format_, document, *lines, *([] if judged else ["no merge was watched then"]))


def past_world(world: World, at: datetime) -> World:
    """The world with the clock of then and without later calls. Raises UsageError for the future."""
    if at > world.clock.now():
        raise UsageError(f"--as-of {at:%Y-%m-%d %H:%M} lies in the future: give a time that is over")
    return replace(world, clock=TurnedClock(at), executions=PastExecutions(caught_up(world.executions), at))


# A rule on trial


@monitor_app.command("backtest")
def monitor_backtest(
    repo: Repo = HERE,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back watches begin.")] = 30,
    every: Annotated[str, typer.Option(help="Time between two pretended merges.")] = "6h",
    tool: Annotated[list[str] | None, typer.Option("--tool", help="Only this one; may be repeated.")] = None,
    merges: Annotated[bool, typer.Option("--merges", help="Real commits instead of pretended ones.")] = False,
    together: Annotated[bool, typer.Option("--together", help="Each pretended merge changes all tools.")] = False,
    suggest: Annotated[
        float | None, typer.Option("--suggest", min=0, max=1, help="Find the margin that gives at most this share.")
    ] = None,
    format_: As = Format.text,
) -> None:
    """How often your own calls, with nothing deployed, would have been taken back: the false-rollback rate."""
    try:
        request = Request(days, parse_duration(every), tuple(tool or ()), merges, together)
    except ValueError as error:
        raise UsageError(f"--every {error}, not {every!r}. Example: --every 6h") from None
    with told(format_, turning=False) as progress:
        world = build_world(Choices(repo, progress=progress))
        caught_up(world.executions)
        progress("reading calls")
        laid = ground(world, request)
        tolerance = world.settings.monitoring.tolerance()
        if not laid.calls:
            show(format_, {"schema": documents.SCHEMA, "tools": 0}, f"no calls since {laid.since:%Y-%m-%d}: {NO_CALLS}")
            return
        found = tried(world, laid, request, tolerance, lambda done, of: progress(f"{done:,} of {of:,} moments"))
        margins = [] if suggest is None else _margins(world, laid, request, tolerance, suggest, progress)
    document = {"schema": documents.SCHEMA} | backtest_document(found, laid, request, tolerance)
    if suggest is not None:
        document["margins"] = [{"margin": margin} | share_document(share) for margin, share in margins]
    said = suggestion_text(margins, suggest) if suggest is not None else []
    show(format_, document, *backtest_text(found, laid, request), *said)


def _margins(
    world: World, laid: Ground, request: Request, tolerance: Tolerance, most: float, progress: Any
) -> list[tuple[float, Any]]:
    """Margins, smallest first, until one keeps false rollbacks at `most` or less."""
    made = []
    for margin in _MARGINS:
        progress(f"margin {margin:g}")
        found = tried(world, laid, request, replace(tolerance, margin=margin), lambda done, of: None)
        made.append((margin, found.false_rollbacks))
        if found.false_rollbacks.share <= most:
            break
    return made


# Stability


@monitor_app.command("stability")
def monitor_stability(
    repo: Repo = HERE,
    by: Annotated[By, typer.Option("--by", help="Per tool, or per kind of finding.")] = By.tool,
    ledger: LedgerFile = None,
    format_: As = Format.text,
) -> None:
    """How often merges were taken back, how soon, and which of that was a mistake."""
    deployments = deployments_of(events_of(repo, ledger))
    figures = stability(deployments, by_tool if by is By.tool else by_kind)
    document = {"schema": documents.SCHEMA} | stability_document(figures, by.value, deployments)
    show(format_, document, *stability_text(figures, by.value, deployments))
