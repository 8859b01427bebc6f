"""What every command shares: its options, progress, and how it prints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.status import Status as Spinner

from gitops_healer.errors import RepositoryError, UsageError
from gitops_healer.ports import ExecutionStore, Repository
from gitops_healer.report import terminal


class Format(StrEnum):
    text = "text"
    json = "json"


class Mode(StrEnum):
    observe = "observe"
    propose = "propose"
    deploy = "deploy"


Repo = Annotated[Path, typer.Argument(help="A git repository.", show_default="the current directory")]
RepoOption = Annotated[Path, typer.Option("--repo", help="A git repository.", show_default="the current directory")]
As = Annotated[Format, typer.Option("--format", help="How to print.")]
HERE = Path()


def caught_up(store: ExecutionStore) -> ExecutionStore:
    """The store with what recorders have written since the last time: what a program did a moment ago is seen.

    What cannot be read is told on stderr and does not hide what is stored already.
    """
    try:
        store.sync()
    except OSError as error:
        told = terminal.clean(f"{error.strerror or error}: {error.filename or 'the spool'}")
        terminal.console(error=True).print(f"[yellow]note:[/] not all that recorders wrote could be read. {told}")
    return store


def commit_of(repository: Repository, ref: str) -> str:
    """The sha that a person means. Raises RepositoryError when there is no commit at all, UsageError when not this."""
    commit = repository.resolve(ref)
    if commit is not None:
        return commit
    if repository.resolve("HEAD") is None:
        raise RepositoryError(f"{repository.path} has no commit yet: make one, then run the same command again")
    raise UsageError(f"{terminal.shorten(ref, 200)!r} is no commit, branch or tag here. See: git branch --all; git tag")


@contextmanager
def told(format_: Format, *, turning: bool = True) -> Iterator[Any]:
    """Progress: a spinner on a terminal, nothing in a pipe. turning: by a thread of its own; without one, work that
    forks can do so, and the line changes when there is something new to say."""
    console = terminal.console(error=True)
    if format_ is Format.json or not console.is_terminal:
        yield lambda text: None
        return
    if not turning:
        with Live(console=console, auto_refresh=False, transient=True) as live:
            yield lambda text: live.update(terminal.clean(text), refresh=True)
        return
    with Spinner("starting", console=console) as spinner:
        yield lambda text: spinner.update(terminal.clean(text.splitlines()[-1] if text else ""))


def show(format_: Format, document: Any, *texts: Any) -> None:
    """One JSON document on stdout and nothing else, or the texts."""
    if format_ is Format.json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=True))
    else:
        console = terminal.console()
        for text in texts:
            console.print(text)
