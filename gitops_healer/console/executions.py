"""`gitops-healer executions`: what production recorded, in and counted."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops_healer.adapters.execution_lines import bounded_lines
from gitops_healer.console.common import HERE, As, Format, RepoOption, show, told
from gitops_healer.core.codec import to_json
from gitops_healer.errors import UsageError
from gitops_healer.places import Choices, find_place
from gitops_healer.report import documents, terminal
from gitops_healer.wiring import open_store

executions_app = typer.Typer(help="What production recorded.", no_args_is_help=True)


@executions_app.command("import")
def executions_import(
    files: Annotated[list[Path], typer.Argument(help="Files to read; - is standard input.")],
    repo: RepoOption = HERE,
    source: Annotated[str, typer.Option("--format", help="jsonl (one execution a line).")] = "jsonl",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read recorded executions; what is known already is not stored twice."""
    if source != "jsonl":
        raise UsageError(f"--format {source} cannot be read. Allowed: jsonl")
    store = open_store(find_place(Choices(repo)).repository.state_dir)
    results = {}
    for file in files:
        with told(Format.json if as_json else Format.text) as progress, opened(file) as lines:
            done = store.import_jsonl(lines, lambda count: progress(f"{file}: {count:,} lines"))  # noqa: B023
        results[str(file)] = done
    document = {"schema": documents.SCHEMA, "files": {name: to_json(done) for name, done in results.items()}}
    texts = [terminal.import_text(name, done.stored, done.known, done.broken) for name, done in results.items()]
    show(Format.json if as_json else Format.text, document, *texts)


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """Lines of a file, or of standard input for `-`; an endless line costs no more than a long one."""
    if str(file) == "-":
        yield bounded_lines(sys.stdin.buffer)
        return
    if not file.is_file():
        raise UsageError(f"{file} is not a file. Give JSON Lines files, or - for standard input")
    with file.open("rb") as stream:
        yield bounded_lines(stream)


@executions_app.command("stats")
def executions_stats(repo: RepoOption = HERE, format_: As = Format.text) -> None:
    """Each tool's executions: how many, how many failed, how long."""
    stats = open_store(find_place(Choices(repo)).repository.state_dir).stats()
    document = {"schema": documents.SCHEMA, "tools": [documents.stats_document(stat) for stat in stats]}
    empty = "no executions yet: gitops-healer executions import FILE --format jsonl"
    show(format_, document, terminal.stats_table(stats) if stats else empty)
