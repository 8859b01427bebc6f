"""Markdown that stays within a forge's limit: long parts are shortened item by item, so that nothing is left open."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from gitops_healer.core.quoting import plain, quoted, sentence

BODY_LIMIT = 65_000  # GitHub takes 65,536 characters

_COMMAND_LINE = re.compile(r'gitops-healer command "(/[^"`]*)"(?: --pull \d+)?(?: --actor LOGIN)?')
_COMMAND = re.compile(
    r"(?<![^\s(])(/[a-z]+(?:_[a-z]+)*(?: (?:up-[0-9a-f]+|[0-9a-f]{10}|UPGRADE|LOGIN)\b)?)"
    r"(?=[\s.,;:)]|$)(?![^\x00]*\x01)"
)
_HARMLESS = re.compile(r"(?:(?!://|www\.)[\w \t.,;:'\"()/?-])*")


@dataclass(frozen=True)
class Block:
    """A part of a text. head and tail always stand; items are whole pieces of Markdown, which go from the end when
    there is no room; more: what is said instead, with {count}."""

    head: str = ""
    items: tuple[str, ...] = ()
    tail: str = ""
    more: str = "- and {count} more"

    def text(self, keep: int) -> str:
        """With the first `keep` items."""
        left_out = len(self.items) - keep
        more = [self.more.replace("{count}", f"{left_out:,}")] if left_out > 0 else []
        around = [[part] if part else [] for part in (self.head, self.tail)]
        return "\n".join([*around[0], *self.items[:keep], *more, *around[1]])


def fit(blocks: Iterable[Block], limit: int = BODY_LIMIT) -> str:
    """The blocks, a blank line between them; where they are too long, each may have the same room for its items, and
    those that need less leave the rest to the others."""
    shown = tuple(block for block in blocks if block.head or block.items or block.tail)
    whole = _joined(shown, [len(block.items) for block in shown])
    if size(whole) <= limit:
        return whole
    ends = [tuple(accumulate(size(item) + 1 for item in block.items)) for block in shown]
    low, high = 0, max((known[-1] for known in ends if known), default=0)
    while low < high:  # the largest room that fits
        room = (low + high + 1) // 2
        low, high = (room, high) if size(_joined(shown, _kept(ends, room))) <= limit else (low, room - 1)
    return _joined(shown, _kept(ends, low))


def size(text: str) -> int:
    """UTF-16 units, the widest way in which a forge may count characters."""
    return len(text) + sum(character > "\uffff" for character in text)


def _kept(ends: Sequence[tuple[int, ...]], room: int) -> list[int]:
    return [sum(end <= room for end in known) for known in ends]


def _joined(blocks: Sequence[Block], keep: Sequence[int]) -> str:
    return "\n\n".join(block.text(number) for block, number in zip(blocks, keep, strict=True))


def folded(summary: str, items: Iterable[str], more: str = "- and {count} more") -> Block:
    """A part that opens by a click. summary: plain text; items: lines of a list, a table or paragraphs."""
    return Block(
        f"<details><summary>{html.escape(plain(summary, 200))}</summary>\n", tuple(items), "\n</details>", more
    )


def fenced_block(text: str, language: str) -> Block:
    """Foreign text as code, line by line."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    lines = tuple(_code_line(line) for line in text.splitlines())
    return Block(f"{fence}{language}", lines, fence, "… {count} more lines")


def _code_line(line: str) -> str:
    shown = "".join(character if character == "\t" or character.isprintable() else "�" for character in line)
    return shown if len(shown) <= 500 else f"{shown[:499]}…"


def bullets(lines: Iterable[str], limit: int = 300) -> tuple[str, ...]:
    """One bullet a line of foreign text."""
    return tuple(f"- {prose(line, limit)}" for line in lines)


def prose(text: str, limit: int = 300) -> str:
    """Foreign text that may begin a line: ordinary sentences as they are, what could be markup or somebody's command
    as code."""
    return quoted(text, limit) if text.lstrip().startswith("/") else sentence(text, limit)


def cell(text: str, limit: int = 300) -> str:
    """Foreign text in a table."""
    return _in_cell(prose(text, limit))


def code_cell(name: str, limit: int = 300) -> str:
    """A foreign name in a table."""
    return _in_cell(quoted(name, limit))


def _in_cell(markdown: str) -> str:
    """Even inside of code a bar ends a cell, unless exactly one backslash stands before it."""
    return re.sub(r"\\(?=\\*\|)", r"\\ ", markdown).replace("|", "\\|")


def as_comment(action: str) -> str:
    """A next action as it is written at a forge: in a comment, what a command line would say here."""
    return _COMMAND_LINE.sub(r"\1", action)


def spoken(action: str) -> str:
    """`as_comment` as Markdown. Words that markup, a mention or a link could hide in are quoted."""
    line = plain(action, 600)
    pieces = re.split("[\x00\x01]", _COMMAND.sub("\x00\\1\x01", _COMMAND_LINE.sub("\x00\\1\x01", line)))
    if not all(_HARMLESS.fullmatch(words) for words in pieces[::2]):
        return quoted(line, 600)
    return "".join(f"`{piece}`" if at % 2 else piece.replace("_", "\\_") for at, piece in enumerate(pieces))
