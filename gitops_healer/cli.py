"""The command line: thin. Each command wires a world, asks for one thing, and prints it."""

import sys
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops_healer import __version__
from gitops_healer.adapters.ledger_export import Format as ExportFormat
from gitops_healer.adapters.ledger_export import csv_lines, export_ledger, jsonl_lines
from gitops_healer.boundary import guarded
from gitops_healer.console.common import HERE, As, Format, Mode, Repo, RepoOption, show, told
from gitops_healer.console.executions import executions_app
from gitops_healer.console.investigate import investigate_command
from gitops_healer.console.monitor import monitor_app
from gitops_healer.console.on_event import on_event_command
from gitops_healer.console.proof import replay_command, shadow_command
from gitops_healer.console.repair import repair_command
from gitops_healer.console.strategy import strategy_command
from gitops_healer.console.tools import tools_app
from gitops_healer.console.versions import compare_command, history_command, restore_order
from gitops_healer.core.codec import to_json
from gitops_healer.core.forge import Comment
from gitops_healer.core.history import History, replay
from gitops_healer.core.planning import choose
from gitops_healer.core.texts import plan_text
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.cycle import run_cycle, run_orders
from gitops_healer.demo import run_demo
from gitops_healer.doctor import examine
from gitops_healer.errors import HealerError, UsageError
from gitops_healer.onboarding import (
    EXAMPLE_POLICY,
    SWITCH_ON,
    WORKFLOW,
    ActionReference,
    action_reference,
    start,
    start_workflow,
    workflow_text,
)
from gitops_healer.places import Choices, Place, find_place
from gitops_healer.report import documents, terminal
from gitops_healer.scan_command import scan_command
from gitops_healer.settings import OVERRIDES, load_settings, parse_duration
from gitops_healer.wiring import (
    begin_ledger,
    build_world,
    every_execution,
    follow_checkout,
    identity_of,
    ledger_of,
    open_ledger,
    place_of,
    rebuilt_events,
)
from gitops_healer.world import World

app = typer.Typer(
    name="gitops-healer",
    help="Heals Python repositories: sees what fails, proves a fix, proposes it, watches it, takes it back.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
ledger_app = typer.Typer(help="The audit log on the branch healer-ledger.", invoke_without_command=True)
config_app = typer.Typer(help="The policies.", no_args_is_help=True)
app.command("scan")(scan_command)
app.command("investigate")(investigate_command)
app.command("repair")(repair_command)
app.command("strategy")(strategy_command)
app.command("shadow")(shadow_command)
app.command("replay")(replay_command)
app.command("on-event")(on_event_command)
app.command("history")(history_command)
app.command("compare", context_settings={"ignore_unknown_options": True})(compare_command)  # `-1` is a version
app.add_typer(ledger_app, name="ledger")
app.add_typer(executions_app, name="executions")
app.add_typer(tools_app, name="tools")
app.add_typer(config_app, name="config")
app.add_typer(monitor_app, name="monitor")


class ForgeKind(StrEnum):
    local = "local"
    github = "github"


Id = Annotated[str, typer.Argument(metavar="ID", help="An upgrade: its id, the beginning of it, or its codename.")]
ModeOption = Annotated[
    Mode | None, typer.Option(help="observe writes nothing, propose opens pull requests, deploy merges.")
]
ForgeOption = Annotated[ForgeKind, typer.Option(help="Where the pull requests are.")]
TestCommand = Annotated[str | None, typer.Option(help="How the project's tests are run.", show_default="discovered")]
Limit = Annotated[int | None, typer.Option(min=0, help="Begin at most so many upgrades.")]
BaseBranch = Annotated[str | None, typer.Option(help="The branch to heal.", show_default="main, else that of HEAD")]
Actor = Annotated[str, typer.Option(help="Who says it.")]


def main() -> None:
    """The entry point: every expected error is one clear message and one exit code."""
    guarded(app)


def options_of(
    mode: Mode | None = None, test_command: str | None = None, limit: int | None = None, base_branch: str | None = None
) -> dict[str, Any]:
    chosen = {
        "limits.mode": mode.value if mode else None,
        "testing.command": test_command,
        "limits.new_per_cycle": limit,
        "limits.base_branch": base_branch,
    }
    return {key: value for key, value in chosen.items() if value is not None}


@app.command()
def heal(
    repo: Repo = HERE,
    forge: ForgeOption = ForgeKind.local,
    mode: ModeOption = None,
    test_command: TestCommand = None,
    limit: Limit = None,
    base_branch: BaseBranch = None,
    format_: As = Format.text,
) -> None:
    """One cycle: obey, watch, detect, investigate, plan, prove, propose, merge what may be merged."""
    one_cycle(repo, forge, options_of(mode, test_command, limit, base_branch), format_)


def one_cycle(repo: Path, forge: ForgeKind, options: dict[str, Any], format_: Format) -> None:
    with told(format_) as progress:
        world = build_world(Choices(repo, forge.value, options, progress=progress))
        before = world.base
        cycle = run_cycle(world)
    summary = cycle.summary(follow_checkout(world, before))
    if format_ is Format.json:
        show(format_, documents.summary_document(summary))
    else:
        terminal.print_summary(terminal.console(), summary)
    if cycle.errors:
        raise typer.Exit(max(getattr(error, "exit_code", 3) for error in cycle.errors))


@app.command()
def watch(
    repo: Repo = HERE,
    every: Annotated[str | None, typer.Option(help="Time between two cycles, such as 90s or 5m.")] = None,
    cycles: Annotated[int, typer.Option(min=0, help="Stop after so many; 0 means never.")] = 0,
    forge: ForgeOption = ForgeKind.local,
    mode: ModeOption = None,
    test_command: TestCommand = None,
    limit: Limit = None,
    base_branch: BaseBranch = None,
    format_: As = Format.text,
) -> None:
    """Cycles, for ever or so many: `heal` every few minutes."""
    options = options_of(mode, test_command, limit, base_branch)
    pause = seconds_between(repo, every, forge, options)
    done = 0
    while True:
        try:
            one_cycle(repo, forge, options, format_)
        except (HealerError, OSError) as error:
            if isinstance(error, UsageError):
                raise
            terminal.console(error=True).print(f"[red]error:[/] {terminal.clean(str(error))}")
        except typer.Exit:
            pass  # said already; the next cycle may do better
        done += 1
        if done == cycles:
            return
        time.sleep(pause)


def seconds_between(repo: Path, every: str | None, forge: ForgeKind, options: dict[str, Any]) -> float:
    if every is None:
        return place_of(Choices(repo, forge.value, options)).settings.limits.interval.total_seconds()
    try:
        return parse_duration(every).total_seconds()
    except ValueError as error:
        raise UsageError(f"--every {error}, not {every!r}. Example: --every 5m") from None


@app.command()
def command(
    text: Annotated[str, typer.Argument(help="What the comment says, e.g. '/approve'.")],
    repo: Repo = HERE,
    actor: Actor = "",
    pull: Annotated[int, typer.Option(min=0, help="The pull request that it is said under.")] = 0,
    forge: ForgeOption = ForgeKind.local,
    mode: ModeOption = None,
    test_command: TestCommand = None,
    base_branch: BaseBranch = None,
    format_: As = Format.text,
) -> None:
    """Say something as a maintainer: what a comment on a pull request does."""
    choices = Choices(repo, forge.value, options_of(mode, test_command, None, base_branch))
    speak(choices, text, actor, pull, format_)


def speak(choices: Choices, text: str, actor: str, pull: int, format_: Format) -> None:
    """Obey what is said, print the reply; a refusal is exit code 1. With the local forge it is a comment as well."""
    with told(format_) as progress:
        world = build_world(replace(choices, progress=progress))
        speaker = actor or local_user(choices)
        if world.mode == "observe":
            raise UsageError("mode observe writes nothing, so nothing can be ordered: use --mode propose")
        if pull and world.forge.pull(pull) is None:
            raise UsageError(f"there is no pull request #{pull}. `gitops-healer status` lists those that there are")
        before = world.base
        said, spoken = utter(world, pull, speaker, text)
        cycle = run_orders(world, spoken=spoken)
    summary = cycle.summary(follow_checkout(world, before))
    own = [reply for reply in summary.replies if reply.comment == said.id]
    if format_ is Format.json:
        show(format_, documents.summary_document(summary))
    else:
        terminal.print_summary(terminal.console(), summary)
    if not own:
        raise UsageError(f"that is no command: {text!r}. A command begins a line: /healer_help lists them all")
    if not all(reply.allowed for reply in own):
        raise typer.Exit(1)


def utter(world: World, pull: int, speaker: str, text: str) -> tuple[Comment, tuple[Comment, ...]]:
    """What is said, and what of it the forge does not know: at GitHub nothing is written in somebody's name."""
    if world.forge.kind == "local":
        return world.forge.add_comment(pull, speaker, text), ()
    under = world.forge.pull(pull) if pull else None
    head = under.head if under else ""
    said = Comment(f"said-{world.run}", pull, speaker, text, world.clock.now(), head=head)
    return said, (said,)


def local_user(choices: Choices) -> str:
    """Who works here, when --actor does not say."""
    if choices.forge != ForgeKind.local:
        raise UsageError(
            f"who says it? Give --actor LOGIN, a login at {choices.forge} that may write to the repository"
        )
    name = next((part for part in identity_of(find_place(choices).repository) if part), "")
    if not name:
        raise UsageError("who says it? Give --actor LOGIN, or set git config user.name")
    return name


def history_of(repo: Path, forge: ForgeKind = ForgeKind.local) -> History:
    return replay(ledger_of(Choices(repo, forge.value)).load())


def one_upgrade(repo: Path, text: str, forge: ForgeKind = ForgeKind.local) -> Upgrade:
    """The upgrade that a person means. Raises UsageError when it is none or several."""
    found = history_of(repo, forge).find(text)
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{text!r} can mean {', '.join(up.id for up in found[:5])}: write more of the id")
    raise UsageError(f"there is no upgrade {text!r}. `gitops-healer status --all` lists those that there are")


@app.command()
def rollback(
    id_: Annotated[str, typer.Argument(metavar="ID", help="An upgrade; with --to, a function.")],
    repo: Repo = HERE,
    to: Annotated[
        str | None, typer.Option("--to", help="The version of the function to go back to.", metavar="VERSION")
    ] = None,
    actor: Actor = "",
    forge: ForgeOption = ForgeKind.local,
    format_: As = Format.text,
) -> None:
    """Take a merged upgrade back by a revert commit, or one function to an older version, as an upgrade."""
    order = restore_order(id_, to) if to is not None else f"/rollback_upgrade {one_upgrade(repo, id_, forge).id}"
    speak(Choices(repo, forge.value), order, actor, 0, format_)


@app.command()
def reland(
    id_: Id,
    repo: Repo = HERE,
    actor: Actor = "",
    forge: ForgeOption = ForgeKind.local,
    format_: As = Format.text,
) -> None:
    """Land an upgrade again that was taken back."""
    speak(Choices(repo, forge.value), f"/reland {one_upgrade(repo, id_, forge).id}", actor, 0, format_)


@app.command()
def status(
    repo: Repo = HERE,
    all_: Annotated[bool, typer.Option("--all", help="Closed ones as well.")] = False,
    format_: As = Format.text,
) -> None:
    """Every upgrade and where it stands."""
    history = history_of(repo)
    upgrades = [up for up in history.upgrades.values() if all_ or up.open] or list(history.upgrades.values())[-10:]
    document = {
        "schema": documents.SCHEMA,
        "paused": to_json(history.paused) if history.paused else None,
        "statistics": documents.statistics_document(history),
        "upgrades": [documents.upgrade_document(up) for up in history.upgrades.values()],
    }
    empty = "nothing has been healed here yet: run `gitops-healer heal`"
    shown = [terminal.status_table(upgrades), *terminal.held_lines(upgrades)] if upgrades else [empty]
    show(format_, document, *shown)


@app.command()
def explain(id_: Id, repo: Repo = HERE, format_: As = Format.text) -> None:
    """Why an upgrade is where it is: finding, cause, proof, and what would move it."""
    place = find_place(Choices(repo))
    up = one_upgrade(repo, id_)
    events = [event for event in open_ledger(place.repository).load() if event.upgrade == up.id]
    document = documents.upgrade_document(up) | {"history": [documents.event_document(event) for event in events]}
    show(format_, document, terminal.explanation(up), terminal.events_table(events))


@app.command()
def diff(id_: Id, repo: Repo = HERE, format_: As = Format.text) -> None:
    """What an upgrade changes, as a unified diff."""
    place = find_place(Choices(repo))
    up = one_upgrade(repo, id_)
    text = diff_of(up, place.repository)
    if format_ is Format.json:
        show(format_, {"schema": documents.SCHEMA, "id": up.id, "diff": text})
    else:
        sys.stdout.write(text)


def diff_of(up: Upgrade, repository: Any) -> str:
    """The merged change, else the prepared one, else the planned one, else that of each option."""
    if up.merged:
        return str(repository.diff(up.merged.parent, up.merged.commit))
    if up.prepared:
        return str(repository.diff(up.prepared.base, up.prepared.commit))
    options = [up.option] if up.option else list(up.investigation.options) if up.investigation else []
    if not options:
        raise UsageError(f"{up.id} has no change yet, it is {up.stage.value}: see `gitops-healer explain {up.id}`")
    return "".join(
        option.change.diff({path: repository.read(up.base, path) or b"" for path in option.change.paths})
        for option in options
        if option
    )


@app.command()
def plan(id_: Id, repo: Repo = HERE, format_: As = Format.text) -> None:
    """The plan of an upgrade: tasks, checkpoints, risks, rollback point."""
    up = one_upgrade(repo, id_)
    if up.plan is None:
        option = choose(up.investigation, up.option_key) if up.investigation else None
        waits = "it is planned in the next cycle" if option else "nothing is determined yet"
        raise UsageError(f"{up.id} has no plan, it is {up.stage.value}: {waits}. See `gitops-healer explain {up.id}`")
    show(format_, {"schema": documents.SCHEMA, "id": up.id, "plan": to_json(up.plan)}, plan_text(up.plan))


@ledger_app.callback()
def ledger(
    context: typer.Context,
    repo: RepoOption = HERE,
    last: Annotated[int, typer.Option(min=1, help="Show so many events.")] = 20,
    format_: As = Format.text,
) -> None:
    """Show the newest events."""
    if context.invoked_subcommand is None:
        events = open_ledger(find_place(Choices(repo)).repository).load()
        document = {
            "schema": documents.SCHEMA,
            "total": len(events),
            "statistics": documents.statistics_document(history_of(repo)),
            "events": [documents.event_document(event) for event in events[-last:]],
        }
        show(format_, document, terminal.events_table(events[-last:]), f"{len(events)} events in all")


LedgerRepo = Annotated[Path, typer.Argument(help="A git repository.", show_default="the current directory")]


@ledger_app.command("verify")
def ledger_verify(
    repo: LedgerRepo = HERE,
    expected: Annotated[str, typer.Option(help="A tip of the ledger that was seen before.")] = "",
    format_: As = Format.text,
) -> None:
    """Did history only ever grow? Names the commit that broke it; exit code 1 when one did."""
    decision = open_ledger(find_place(Choices(repo)).repository).verify(expected)
    document = {"schema": documents.SCHEMA, **documents.decision_document(decision)}
    show(format_, document, terminal.decision_tree(decision))
    if not decision.allowed:
        raise typer.Exit(1)


@ledger_app.command("rebuild")
def ledger_rebuild(
    repo: LedgerRepo = HERE,
    write: Annotated[bool, typer.Option("--write", help="Begin the ledger with it; only where there is none.")] = False,
    format_: As = Format.text,
) -> None:
    """What can be known again from commits and pull requests when the ledger is lost."""
    events = rebuilt_events(Choices(repo))
    if write:
        begin_ledger(find_place(Choices(repo)).repository, events)
    document = {"schema": documents.SCHEMA, "events": [documents.event_document(event) for event in events]}
    said = "written to healer-ledger" if write else "nothing was written: --write begins a new ledger with them"
    show(format_, document, terminal.events_table(events), f"{len(events)} events, {said}")


@ledger_app.command("export")
def ledger_export(
    repo: LedgerRepo = HERE,
    kind: Annotated[ExportFormat, typer.Option("--format", help="How.")] = ExportFormat.JSONL,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; else stdout.")] = None,
) -> None:
    """The whole ledger as JSON Lines, CSV or an SQLite file with tables and views to ask."""
    place = find_place(Choices(repo))
    events = open_ledger(place.repository).load()
    if output is not None:
        export_ledger(events, kind, output, every_execution(place))
        show(Format.text, None, f"{len(events)} events written to {output}")
    elif kind is ExportFormat.SQLITE:
        raise UsageError("an SQLite file does not go to stdout: say where with --output ledger.sqlite")
    else:
        lines = jsonl_lines(events) if kind is ExportFormat.JSONL else csv_lines(events)
        sys.stdout.buffer.writelines(lines)


@config_app.command("check")
def config_check(
    target: Annotated[Path, typer.Argument(help="A repository (its base branch counts) or a YAML file.")] = HERE,
    format_: As = Format.text,
) -> None:
    """Is the configuration valid? Errors name file, key, what is allowed and an example."""
    if target.is_file():
        settings = load_settings(target.read_bytes())
    else:
        place = find_place(Choices(target))
        settings = place.settings
        draft = place.repository.path / OVERRIDES
        committed = place.repository.read(place.base, OVERRIDES) if place.base else None
        if draft.is_file() and draft.read_bytes() != committed:
            settings = load_settings(draft.read_bytes())
    show(format_, {"schema": documents.SCHEMA, "valid": True, "settings": settings.model_dump(mode="json")}, "valid")


@app.command()
def init(
    repo: Repo = HERE,
    github: Annotated[bool, typer.Option("--github", help="Write the workflow for GitHub Actions as well.")] = False,
    action_ref: Annotated[
        str,
        typer.Option(
            help="The action, OWNER/REPOSITORY@REF; best with a full sha.", show_default="what is installed here"
        ),
    ] = "",
    app_: Annotated[bool, typer.Option("--app", help="Act as a GitHub App; see docs/action.md.")] = False,
    base_branch: BaseBranch = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    print_: Annotated[bool, typer.Option("--print", help="Print the file instead of writing it.")] = False,
) -> None:
    """Write a commented `.github/gitops-healer.yml` into the work tree, for you to read, change and commit."""
    if not github and (action_ref or app_):
        raise UsageError("--action-ref and --app are about the workflow: add --github")
    if not github and print_:
        typer.echo(EXAMPLE_POLICY, nl=False)
        return
    place = find_place(Choices(repo, options=options_of(base_branch=base_branch)))
    if github:
        begin_github(place, action_reference(action_ref), app_, force, print_)
        return
    written = start(place.repository.path, force=force)
    show(Format.text, None, f"wrote {written}\nnext: read it, then  git add {OVERRIDES} && git commit")


def begin_github(place: Place, action: ActionReference, app: bool, force: bool, print_: bool) -> None:
    """The workflow, and the policy where there is none yet; then what GitHub has to be told."""
    tree = place.repository.path
    text = workflow_text(tree, place.base_branch, action, app)
    if print_:
        typer.echo(text, nl=False)
        return
    written = [start_workflow(tree, text, force=force)]
    if not (tree / OVERRIDES).exists():
        written.append(start(tree))
    pin = "" if action.pinned else f"\nfirst: {WORKFLOW} names {action}: put the owner and a full sha there"
    lines = [f"wrote {path}" for path in written]
    show(
        Format.text, None, "\n".join(lines) + f"{pin}\nnext: read them, then  git add .github && git commit", SWITCH_ON
    )


@app.command()
def doctor(repo: Repo = HERE, forge: ForgeOption = ForgeKind.local, format_: As = Format.text) -> None:
    """What works here, what does not, and what follows from it."""
    decision = examine(Choices(repo, forge.value))
    show(
        format_, {"schema": documents.SCHEMA, **documents.decision_document(decision)}, terminal.decision_tree(decision)
    )
    if not decision.allowed:
        raise typer.Exit(5)


@app.command()
def demo(
    directory: Annotated[
        Path | None, typer.Argument(help="Where to build it.", show_default="a new folder in /tmp")
    ] = None,
) -> None:
    """The whole story on a small repository: detected, proved, merged, regressed, taken back."""
    run_demo(directory)


def print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gitops-healer {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Heals Python repositories: sees what fails, proves a fix, proposes it, watches it, takes it back."""
