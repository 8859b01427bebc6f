"""`gitops-healer executions`: what production recorded, in, counted, and forgotten again."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gitops_healer.adapters.execution_files import FORMATS, FileFormat, Source, found_files, import_file, import_stream
from gitops_healer.adapters.execution_spool import SPOOL
from gitops_healer.console.common import HERE, As, Format, RepoOption, caught_up, show, told
from gitops_healer.core.codec import to_json
from gitops_healer.errors import UsageError
from gitops_healer.places import Choices, find_place
from gitops_healer.ports import ExecutionStore, Imported
from gitops_healer.report import documents, terminal
from gitops_healer.settings import parse_duration
from gitops_healer.wiring import open_store

executions_app = typer.Typer(help="What production recorded.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_FORMATS: dict[str, FileFormat] = {"auto": "auto", "jsonl": "jsonl", "junit": "junit", "otlp": "otlp"}


@executions_app.command("import")
def executions_import(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, zips or directories to read; - is standard input; none: what recorders wrote."),
    ] = None,
    repo: RepoOption = HERE,
    source: Annotated[str, typer.Option("--format", help="jsonl, junit or otlp; auto tells by the content.")] = "auto",
    commit: Annotated[str | None, typer.Option("--commit", help="Of test reports and traces that name none.")] = None,
    as_json: _Json = False,
) -> None:
    """Read recorded executions; what is known already is not stored twice. Without files: see `executions sync`."""
    if not files:
        executions_sync(repo, as_json)
        return
    if source not in _FORMATS:
        raise UsageError(f"--format {source} cannot be read. Allowed: {', '.join(FORMATS)}, auto")
    store = open_store(find_place(Choices(repo)).repository.state_dir)
    results: dict[str, Imported] = {}
    with told(Format.json if as_json else Format.text, turning=False) as progress:
        for file in found_files(files):
            results[str(file)] = _imported(store, file, _FORMATS[source], commit, _told(progress, file))
    _show_imported(results, as_json)


def _told(progress: Callable[[str], None], file: Path) -> Callable[[int], None]:
    return lambda count: progress(f"{file}: {count:,} lines")


def _imported(
    store: ExecutionStore, file: Path, form: FileFormat, commit: str | None, tell: Callable[[int], None]
) -> Imported:
    if str(file) != "-":
        return import_file(store, file, form, commit, tell)
    return import_stream(store, Source("standard input", sys.stdin.buffer, None), form, commit, tell)


def _show_imported(results: dict[str, Imported], as_json: bool) -> None:
    document = {"schema": documents.SCHEMA, "files": {name: to_json(done) for name, done in results.items()}}
    texts = []
    for name, done in results.items():
        texts.append(terminal.import_text(name, done.stored - done.counts, done.counted, done.known, done.broken))
        if done.old:
            texts.append(f"  {done.old:,} are older than what is kept one by one, and counted already: left out")
    show(Format.json if as_json else Format.text, document, *texts)


@executions_app.command("sync")
def executions_sync(repo: RepoOption = HERE, as_json: _Json = False) -> None:
    """Take in what recorders wrote into `.git/gitops-healer/spool` and into the store's own database."""
    state = find_place(Choices(repo)).repository.state_dir
    done = open_store(state).sync()
    if as_json or done != Imported(0, 0, ()):
        _show_imported({"recorded": done}, as_json)
        return
    show(
        Format.text,
        {},
        f"nothing new in {terminal.clean(str(state / SPOOL))} and in the inbox of the store beside it. "
        f"If calls were recorded elsewhere: gitops-healer executions import FILE; else: {terminal.NO_CALLS}",
    )


@executions_app.command("stats")
def executions_stats(
    repo: RepoOption = HERE,
    since: Annotated[
        str | None, typer.Option("--since", help="A time such as 2026-01-31, or an age such as 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="The same; calls from then on are left out.")] = None,
    format_: As = Format.text,
) -> None:
    """Each tool's executions: how many, how many failed, how long."""
    store = caught_up(open_store(find_place(Choices(repo)).repository.state_dir))
    now = datetime.now(UTC)
    stats = store.stats(_moment("--since", since, now), _moment("--until", until, now))
    document = {"schema": documents.SCHEMA, "tools": [documents.stats_document(stat) for stat in stats]}
    windowed = since is not None or until is not None
    empty = f"no executions yet: {terminal.NO_CALLS}"
    if windowed:
        empty = "no executions in this window: gitops-healer executions stats shows all"
    show(format_, document, terminal.stats_table(stats) if stats else empty)


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    """A time without a zone is UTC; an age is counted back from now."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - parse_duration(text)
        except (ValueError, OverflowError):
            raise UsageError(
                f"{option} {text} is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or an age: 7d"
            ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@executions_app.command("prune")
def executions_prune(
    repo: RepoOption = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")] = False,
    as_json: _Json = False,
) -> None:
    """Forget what is older than the policy's monitoring.keep; every call stays counted."""
    place = find_place(Choices(repo))
    store, keep = open_store(place.repository.state_dir), place.settings.monitoring.keep
    clean = store.prunable if dry_run else store.prune
    done = clean(datetime.now(UTC), payloads=keep.payloads, calls=keep.calls, minutes=keep.minutes)
    document = {"schema": documents.SCHEMA, "dry_run": dry_run, "pruned": to_json(done)}
    word = "would lose" if dry_run else "lost"
    text = (
        f"{done.payloads:,} calls {word} their payloads, {done.calls:,} became counts, "
        f"{done.counts:,} counts by the minute became counts by the hour"
    )
    show(Format.json if as_json else Format.text, document, text)
