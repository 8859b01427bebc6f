"""What the runner reads in the output of a step: annotations, masks, and a log without secrets."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_COMMAND = re.compile(r"::(?P<name>[\w-]+)(?: (?P<properties>.*?))?::(?P<data>.*)", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # what .NET reads as a line


@dataclass(frozen=True)
class Note:
    """An annotation. level: error, warning or notice; facts: file, line, title and so on."""

    level: str
    message: str
    facts: Mapping[str, str]


@dataclass
class Listener:
    """Listens to the steps of one job. secrets: never shown; `stopped` is the word that ends a silence."""

    secrets: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)
    stopped: str = ""

    def hear(self, output: str) -> str:
        """Obey the commands in what a step printed; returns the log."""
        return "".join(self._line(line) for line in _LINE.findall(output))

    def masked(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def add_secrets(self, values: Iterable[str]) -> None:
        self.secrets |= {line for value in values for line in value.splitlines() if line.strip()}

    def _line(self, line: str) -> str:
        text = line.strip("\r\n").lstrip()
        if self.stopped:
            if text == f"::{self.stopped}::":
                self.stopped = ""
            return self.masked(line)
        match = _COMMAND.fullmatch(text)
        if match is None:
            return self.masked(line)
        return self._obey(match["name"].lower(), _properties(match["properties"] or ""), _data(match["data"]), line)

    def _obey(self, name: str, facts: Mapping[str, str], data: str, line: str) -> str:
        match name:
            case "add-mask":
                self.add_secrets([data])
                return "::add-mask::***\n"
            case "stop-commands":
                self.stopped = data
            case "error" | "warning" | "notice":
                self.notes.append(Note(name, self.masked(data), facts))
        return self.masked(line)


def _data(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def _properties(text: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.split(",") if "=" in part)
    return {key.strip(): _property(value) for key, value in pairs}


def _property(text: str) -> str:
    return _data(text.replace("%3A", ":").replace("%2C", ","))
