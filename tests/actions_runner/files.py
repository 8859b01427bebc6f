"""The files by which a step talks to the runner: GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH, GITHUB_STATE, summary."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUMMARY_LIMIT = 1024 * 1024
_BLOCKED = ("NODE_OPTIONS",)


class CommandFileError(ValueError):
    """A step wrote something that the runner does not understand; the step fails."""


def parse_pairs(text: str) -> dict[str, str]:
    """`NAME=VALUE`, or `NAME<<DELIMITER`, lines, `DELIMITER`. Raises CommandFileError."""
    found: dict[str, str] = {}
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            value = _until(lines, name, delimiter)
        else:
            raise CommandFileError(f"Invalid format '{line}'")
        if not name:
            raise CommandFileError(f"Invalid format '{line}'. Name must not be empty")
        found[name] = value
    return found


def _until(lines: Iterator[str], name: str, delimiter: str) -> str:
    if not name or not delimiter:
        raise CommandFileError(f"Invalid format '{name}<<{delimiter}'. Name and delimiter must not be empty")
    value = []
    for line in lines:
        if line == delimiter:
            return "\n".join(value)
        value.append(line)
    raise CommandFileError(f"Invalid value. Matching delimiter not found '{delimiter}'")


@dataclass(frozen=True)
class CommandFiles:
    """The files of one step, made empty before it runs."""

    folder: Path
    names: tuple[str, ...] = field(default=("OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY"))

    def create(self) -> dict[str, str]:
        """The environment that names them."""
        self.folder.mkdir(parents=True)
        for name in self.names:
            (self.folder / name).touch()
        return {f"GITHUB_{name}": str(self.folder / name) for name in self.names}

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8-sig")

    def outputs(self) -> dict[str, str]:
        return parse_pairs(self._text("OUTPUT"))

    def environment(self) -> dict[str, str]:
        pairs = parse_pairs(self._text("ENV"))
        for name in _BLOCKED:
            if name in {key.upper() for key in pairs}:
                raise CommandFileError(f"Can't store {name} output parameter using '$GITHUB_ENV' command.")
        return pairs

    def path(self) -> list[str]:
        return [line for line in self._text("PATH").splitlines() if line]

    def summary(self) -> str:
        """Raises CommandFileError over the limit, as the runner then shows none."""
        file = self.folder / "STEP_SUMMARY"
        if file.stat().st_size > SUMMARY_LIMIT:
            raise CommandFileError("$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k")
        return self._text("STEP_SUMMARY")
