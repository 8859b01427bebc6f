"""What every command shares: its options, progress, and how it prints."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.status import Status as Spinner

from gitops_healer.report import terminal


class Format(StrEnum):
    text = "text"
    json = "json"


Repo = Annotated[Path, typer.Argument(help="A git repository.", show_default="the current directory")]
RepoOption = Annotated[Path, typer.Option("--repo", help="A git repository.", show_default="the current directory")]
As = Annotated[Format, typer.Option("--format", help="How to print.")]
HERE = Path()


@contextmanager
def told(format_: Format) -> Iterator[Any]:
    """Progress: a spinner on a terminal, nothing in a pipe."""
    console = terminal.console(error=True)
    if format_ is Format.json or not console.is_terminal:
        yield lambda text: None
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
