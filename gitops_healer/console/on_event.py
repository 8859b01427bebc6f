"""`gitops-healer on-event`: what a step of GitHub Actions does about the event that started it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops_healer.adapters.execution_files import found_files, import_file
from gitops_healer.adapters.repository import open_repository
from gitops_healer.boundary import explain_os_error
from gitops_healer.console.actions_output import (
    Annotation,
    Level,
    annotate,
    unheard,
    write_outputs,
    write_summary,
)
from gitops_healer.console.common import HERE, As, Format, Mode, Repo, show, told
from gitops_healer.console.event_payload import read_event
from gitops_healer.console.repair import ended_like_ctrl_c
from gitops_healer.core.activity import Activity, ForgeEvent, Kind, activity_of
from gitops_healer.core.finding import Severity
from gitops_healer.core.summary import Summary
from gitops_healer.core.upgrade import Event, Merged, Proposed, RolledBack, Upgrade
from gitops_healer.cycle import Cycle, run_cycle, run_orders
from gitops_healer.errors import HealerError, LostRaceError, PreflightError
from gitops_healer.places import Choices
from gitops_healer.ports import Progress
from gitops_healer.report import documents, terminal
from gitops_healer.report.job_summary import failed_summary, job_summary, nothing_summary
from gitops_healer.wiring import build_world, open_store


class Run(StrEnum):
    """auto: what the event asks for."""

    auto = "auto"
    heal = "heal"
    orders = "orders"


class Isolation(StrEnum):
    process = "process"
    namespace = "namespace"
    bubblewrap = "bubblewrap"


EventName = Annotated[
    str, typer.Option(help="Name of the event.", envvar="GITHUB_EVENT_NAME", show_default=False, metavar="NAME")
]
EventPath = Annotated[
    Path | None, typer.Option(help="Its payload, a JSON file.", envvar="GITHUB_EVENT_PATH", show_default=False)
]
Repository = Annotated[
    str, typer.Option(help="owner/name at the forge.", envvar="GITHUB_REPOSITORY", show_default=False)
]
SummaryFile = Annotated[Path | None, typer.Option(envvar="GITHUB_STEP_SUMMARY", hidden=True)]
OutputFile = Annotated[Path | None, typer.Option(envvar="GITHUB_OUTPUT", hidden=True)]
InActions = Annotated[bool, typer.Option(envvar="GITHUB_ACTIONS", hidden=True)]


@dataclass(frozen=True)
class Places:
    """Where a step of Actions writes what it has to say; None outside of Actions."""

    summary: Path | None
    outputs: Path | None
    annotating: bool


@dataclass(frozen=True)
class Done:
    """What a run did. facts: the events that it wrote."""

    summary: Summary
    facts: tuple[Event, ...]
    errors: tuple[HealerError | OSError, ...]


def on_event_command(
    repo: Repo = HERE,
    event_name: EventName = "",
    event_path: EventPath = None,
    repository: Repository = "",
    run: Annotated[Run, typer.Option(help="auto: what the event asks for.")] = Run.auto,
    mode: Annotated[Mode | None, typer.Option(help="How far it may go.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Begin at most so many upgrades.")] = None,
    test_command: Annotated[str | None, typer.Option(help="How the project's tests are run.")] = None,
    base_branch: Annotated[str | None, typer.Option(help="The branch to heal.")] = None,
    sandbox: Annotated[
        Isolation | None, typer.Option(help="The least that must stand between candidate code and the token.")
    ] = None,
    executions: Annotated[
        list[Path] | None, typer.Option(help="A file of recorded executions to take in first; several are possible.")
    ] = None,
    summary_file: SummaryFile = None,
    output_file: OutputFile = None,
    in_actions: InActions = False,
    format_: As = Format.text,
) -> None:
    """What a workflow run does: a cycle, orders of maintainers, or nothing, as the event asks."""
    places = Places(summary_file, output_file, in_actions and format_ is Format.text)
    chosen = {
        "limits.mode": mode.value if mode else None,
        "limits.new_per_cycle": limit,
        "testing.command": test_command,
        "limits.base_branch": base_branch,
        "testing.sandbox": sandbox.value if sandbox else None,
    }
    options = {key: value for key, value in chosen.items() if value is not None}
    try:
        event = read_event(event_name, event_path)
        activity = chosen_activity(event, repository, base_branch or "", run)
        if activity.kind is Kind.NOTHING:
            _tell_nothing(places, activity, format_)
            return
        with told(format_) as progress, ended_like_ctrl_c():
            taken = take_in(repo, executions or [], progress)
            done = with_notices(act(activity, repo, options, progress), taken)
    except (HealerError, OSError) as error:
        raise _stopped(places, error) from error
    _tell(places, activity, done, format_)
    if done.errors:
        raise typer.Exit(max(getattr(error, "exit_code", 3) for error in done.errors))


# What to do


def chosen_activity(event: ForgeEvent, repository: str, base_branch: str, run: Run) -> Activity:
    """What the event asks for, or what the workflow says instead."""
    match run:
        case Run.auto:
            return activity_of(event, repository=repository, base_branch=base_branch)
        case Run.heal:
            return Activity(Kind.CYCLE, "the workflow asks for a whole cycle")
        case Run.orders:
            return Activity(Kind.ORDERS, "the workflow asks for the orders of maintainers", event.pull)


# The deed


def take_in(repo: Path, files: Sequence[Path], progress: Progress) -> tuple[str, ...]:
    """Store what production recorded; says what came of each file. Raises UsageError for a file that is not there."""
    if not files:
        return ()
    store = open_store(open_repository(repo).state_dir)
    said = []
    for file in found_files(files):
        progress(f"taking in {file}")
        done = import_file(store, file, "auto", None, lambda _: None)
        said.append(f"{file}: {done.stored:,} executions were taken in, {len(done.broken)} broken lines were left out")
    return tuple(said)


def with_notices(done: Done, notices: Sequence[str]) -> Done:
    return replace(done, summary=replace(done.summary, notices=(*notices, *done.summary.notices)))


def act(activity: Activity, repo: Path, options: Mapping[str, Any], progress: Progress) -> Done:
    """Do it; when somebody else was faster, once more on what they left. Raises LostRaceError the second time."""
    try:
        return _act_once(activity, repo, options, progress)
    except LostRaceError as error:
        progress(f"{error}: once more")
        return _act_once(activity, repo, options, progress)


def _act_once(activity: Activity, repo: Path, options: Mapping[str, Any], progress: Progress) -> Done:
    world = build_world(Choices(repo, "github", options, progress=progress))
    cycle = run_cycle(world) if activity.kind is Kind.CYCLE else run_orders(world, concerned(activity))
    return Done(cycle.summary(), _facts_of(cycle), tuple(cycle.errors))


def _facts_of(cycle: Cycle) -> tuple[Event, ...]:
    return tuple(event for event in cycle.world.ledger.load() if event.run == cycle.world.run)


def concerned(activity: Activity) -> Callable[[Upgrade], bool]:
    """Whether an upgrade is one that the event is about: by pull request, branch or head, its own or its revert's."""

    def is_meant(upgrade: Upgrade) -> bool:
        places = [place for place in (upgrade.proposed, upgrade.revert) if place]
        return any(
            (activity.pull and place.pull == activity.pull)
            or (activity.branch and place.branch == activity.branch)
            or (activity.head and place.head == activity.head)
            for place in places
        )

    return is_meant


# The report


def outputs_of(done: Done | None) -> dict[str, int]:
    """What later steps of the workflow can read; all zero for a run that did nothing."""
    facts = [event.fact for event in done.facts] if done else []
    return {
        "findings": len(done.summary.findings) if done else 0,
        "pulls-opened": sum(isinstance(fact, Proposed) for fact in facts),
        "pulls-merged": sum(isinstance(fact, Merged) for fact in facts),
        "rollbacks": sum(isinstance(fact, RolledBack) for fact in facts),
    }


def annotations_of(summary: Summary) -> list[Annotation]:
    """Errors first, then what was found where, then notes."""
    levels = {Severity.LOW: Level.NOTICE}
    return [
        *(Annotation(Level.ERROR, error, "Healer") for error in summary.errors),
        *(
            Annotation(
                levels.get(finding.severity, Level.WARNING), finding.message, finding.rule, finding.path, finding.start
            )
            for finding, _ in summary.findings
        ),
        *(Annotation(Level.NOTICE, notice, "Healer") for notice in summary.notices),
    ]


def _tell(places: Places, activity: Activity, done: Done, format_: Format) -> None:
    summary = done.summary
    if format_ is Format.json:
        document = documents.summary_document(summary) | {"outputs": outputs_of(done)}
        show(format_, document | {"activity": activity.kind.value, "reason": activity.reason})
    elif places.annotating:
        with unheard():
            terminal.print_summary(terminal.console(), summary)
        annotate(annotations_of(summary))
    else:
        terminal.print_summary(terminal.console(), summary)
    _write(places, job_summary(summary, activity.reason), done)


def _tell_nothing(places: Places, activity: Activity, format_: Format) -> None:
    document = {"schema": documents.SCHEMA, "activity": activity.kind.value, "reason": activity.reason}
    if places.annotating:
        annotate([Annotation(Level.NOTICE, f"nothing to do: {activity.reason}", "Healer")])
    else:
        show(format_, document | {"outputs": outputs_of(None)}, f"nothing to do: {terminal.clean(activity.reason)}")
    _write(places, nothing_summary(activity.reason), None)


def _stopped(places: Places, error: HealerError | OSError) -> HealerError | OSError | typer.Exit:
    """What to raise: in Actions everything is said already, elsewhere it is said where errors end."""
    text = explain_os_error(error) if isinstance(error, OSError) else str(error)
    advice = _advice(error)
    _write(places, failed_summary(text, advice), None)
    if not places.annotating:
        return error
    annotate([Annotation(Level.ERROR, f"{text}\n{advice}".strip(), "Healer")])
    return typer.Exit(getattr(error, "exit_code", 3))


def _advice(error: HealerError | OSError) -> str:
    match error:
        case LostRaceError():
            return "Nothing was lost: the next run goes on from there."
        case PreflightError():
            return "Nothing was written."
        case _:
            return ""


def _write(places: Places, page: str, done: Done | None) -> None:
    if places.summary:
        write_summary(places.summary, page)
    if places.outputs:
        write_outputs(places.outputs, outputs_of(done))
