"""How a step of GitHub Actions talks to its runner: annotations, outputs, the job summary.

Grammar: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import typer

SHOWN = 10
"""So many annotations of one level of one step are shown by GitHub; more are dropped without a word."""
_LONGEST = 4_000


class Level(Enum):
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Annotation:
    """path: of a file in the repository, "" for none; line: 1-based, 0 for none."""

    level: Level
    message: str
    title: str = ""
    path: str = ""
    line: int = 0

    def __str__(self) -> str:
        facts = {"file": self.path, "line": str(self.line or ""), "title": self.title}
        properties = ",".join(f"{key}={_property(value)}" for key, value in facts.items() if value)
        return f"::{self.level.value}{' ' if properties else ''}{properties}::{_data(self.message)}"


def annotate(annotations: Iterable[Annotation]) -> None:
    """Print at most as many of each level as are shown."""
    said = dict.fromkeys(Level, 0)
    for annotation in annotations:
        said[annotation.level] += 1
        if said[annotation.level] <= SHOWN:
            typer.echo(str(annotation))


@contextmanager
def unheard() -> Iterator[None]:
    """What is printed inside is no command to the runner, whatever foreign text it shows."""
    token = secrets.token_hex(16)
    typer.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        typer.echo(f"::{token}::")


def write_outputs(file: Path, outputs: Mapping[str, str | int]) -> None:
    """Append to the file that GITHUB_OUTPUT names. Values may have several lines."""
    mark = f"healer-{secrets.token_hex(8)}"  # unknown to whoever wrote the value, so that nobody can end it
    text = "".join(f"{name}<<{mark}\n{value}\n{mark}\n" for name, value in outputs.items())
    with file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
        stream.write(text)


def write_summary(file: Path, markdown: str) -> None:
    """Append to the file that GITHUB_STEP_SUMMARY names."""
    with file.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
        stream.write(markdown.rstrip() + "\n")


def _data(text: str) -> str:
    return text[:_LONGEST].replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
