"""The lines at the end of a commit message by which the healer knows its own commits again."""

import re
from dataclasses import dataclass, fields

_KEYS = {
    "upgrade": "Healer-Upgrade",
    "codename": "Healer-Codename",
    "finding": "Healer-Finding",
    "risk": "Healer-Risk",
    "run": "Healer-Run",
    "reverts": "Healer-Reverts",
}
_TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*):[ \t]*(\S.*)?")
_RULER = re.compile(r"-{3,}")


@dataclass(frozen=True)
class Trailers:
    """upgrade: id; finding: fingerprint; risk: a `Risk` value; reverts: the commit that is taken back, else empty."""

    upgrade: str
    codename: str = ""
    finding: str = ""
    risk: str = ""
    run: str = ""
    reverts: str = ""

    def render(self) -> str:
        """One line each, in a fixed order; empty ones are left out, line breaks cannot get in."""
        return "\n".join(f"{key}: {value}" for name, key in _KEYS.items() if (value := _line(getattr(self, name))))

    @classmethod
    def parse(cls, message: str) -> "Trailers | None":
        """The healer's trailers of a commit message, or None when it names no upgrade.

        Only closing paragraphs count that hold nothing but trailers: what a message quotes above them does not.
        Forges put paragraphs and rulers of their own (`Co-authored-by`) behind ours when they squash. Of a repeated
        key the last counts.
        """
        values: dict[str, str] = {}
        for paragraph in reversed(re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())):
            lines = [_TRAILER.fullmatch(line.rstrip()) for line in paragraph.strip().split("\n")]
            if all(lines):
                values = {match[1].lower(): match[2] or "" for match in lines if match} | values
            elif not _RULER.fullmatch(paragraph.strip()):
                break
        named = {field.name: values.get(_KEYS[field.name].lower(), "") for field in fields(cls)}
        return cls(**named) if named["upgrade"] else None


def _line(value: str) -> str:
    """A single line without surrounding space, whatever is put in."""
    return " ".join(value.split())
