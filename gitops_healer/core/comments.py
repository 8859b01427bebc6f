"""What maintainers order in comments: Markdown in, orders out.

A comment is read as the forge shows it. A command counts at the start of a line of plain text in a top-level paragraph;
in a quote, list, table, heading, code, link, emphasis, HTML or HTML comment it is only mentioned. So it is behind an
invisible character, which is how people write down a command that is not to be obeyed.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from gitops_healer.core.forge import Comment
from gitops_healer.core.history import History
from gitops_healer.core.upgrade import Upgrade

if TYPE_CHECKING:  # the parser is loaded when there is something to parse: most cycles have no comment to read
    from markdown_it.token import Token

MAX_LENGTH = 65_536
MAX_ORDERS = 10
MAX_PARAGRAPH = 4_000  # characters; in longer ones nothing is ordered, because reading them can be made expensive

RENAMED = {"heed": "unignore", "history": "tool_history", "help": "healer_help"}
"""What commands were called before."""

FULL_WIDTH = "\uff0f"

_MARK = "\ue000"  # stands for the slash of a line that may be a command, so that escapes and entities cannot make one
_WIDE = "\ue001"  # stands for a slash as input methods of East Asia write it
_SLASH_LINE = re.compile(r"^( {0,3})/(?=[A-Za-z])", re.MULTILINE)
_WIDE_LINE = re.compile(f"^( {{0,3}}){FULL_WIDTH}(?=[A-Za-z])", re.MULTILINE)
_CLOSE = 0.78  # of difflib; below it come the commands of other bots, such as /retest
_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,63})([.,;:!?]*)")
_ARGUMENT = re.compile(r'"([^"]*)"(?!\S)|“([^”]*)”(?!\S)|\'([^\']*)\'(?!\S)|(\S+)')
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)([^<>]*+)>")
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)


@dataclass(frozen=True)
class Order:
    """A command that we know. name: as the command is called, e.g. `show_upgrade_diff`; text: the whole line."""

    name: str
    arguments: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Misunderstood:
    """A line that looks like a command and is none. reason: what to write instead, in a sentence of Markdown."""

    text: str
    reason: str


@dataclass(frozen=True)
class Aim:
    """What an order is about. upgrade: None when it could not be told, and then `problem` may say why."""

    upgrade: Upgrade | None
    arguments: tuple[str, ...]
    problem: str = ""


def parse_commands(comment: Comment, known: Sequence[str], login: str = "") -> tuple[Order | Misunderstood, ...]:
    """The orders in a comment, top to bottom; none in a comment of a bot.

    known: names of commands. Case does not matter, and `-` is `_`. login: the healer's own, with or without `[bot]`: a
    line may begin with `@login`, and then the slash may be left out. At most 10 orders are read of one comment. Of an
    edited comment nothing is obeyed: where it has orders, it has one `Misunderstood` that says so.
    """
    if comment.bot:
        return ()
    reading = (read for line in _command_lines(comment.body, login) if (read := _read(line, known)))
    if comment.edited:
        return tuple(_too_late(read) for read in islice((r for r in reading if isinstance(r, Order)), 1))
    found = list(islice(reading, MAX_ORDERS + 1))
    if len(found) > MAX_ORDERS:
        rest = f"Only the first {MAX_ORDERS} commands of a comment are obeyed; put the rest into another comment."
        return (*found[:MAX_ORDERS], Misunderstood(found[MAX_ORDERS].text, rest))
    return tuple(found)


def _too_late(order: Order) -> Misunderstood:
    return Misunderstood(
        order.text,
        "This comment was edited, and nobody could tell what I obeyed: so I obey no edited comment. "
        "Please write the command in a new comment.",
    )


def aim(order: Order, history: History, pull: int) -> Aim:
    """The upgrade that an order is about: the one that its first argument names, else that of the pull request, else
    the only one under way that was asked for in this thread.

    An id (`up-…`, or a beginning of it) and a codename count everywhere; bare hex digits only where there is no pull
    request, because there they could be a word of a sentence.
    """
    own = _of_pull(history, pull) if pull else None
    if not order.arguments:
        return Aim(own, ())
    first, rest = order.arguments[0].lower(), order.arguments[1:]
    if not _names_upgrade(first, own is not None) and first not in {up.codename for up in history.upgrades.values()}:
        return Aim(own, order.arguments)
    found = history.find(first)
    if len(found) == 1:
        return Aim(found[0], rest)
    if found:
        ids = ", ".join(f"`{up.id}` ({up.codename})" for up in found[:5])
        return Aim(None, rest, f"`{first}` can mean {len(found)} upgrades: {ids}. Write more of the id.")
    if first.startswith("up-"):
        return Aim(None, rest, f"There is no upgrade `{first}`. `/upgrade_status` lists those that there are.")
    return Aim(own, order.arguments)


def _names_upgrade(word: str, beside_pull: bool) -> bool:
    return (
        re.fullmatch("up-[0-9a-f]{1,10}" if beside_pull else "(up-)?[0-9a-f]{4,10}|up-[0-9a-f]{1,3}", word) is not None
    )


def _of_pull(history: History, pull: int) -> Upgrade | None:
    """The newest upgrade whose pull request, or whose revert, it is; or the only one that is asked for there."""
    ours = [
        up
        for up in history.upgrades.values()
        if (up.proposed and up.proposed.pull == pull)
        or (up.revert and up.revert.pull == pull)
        or (up.rolled_back and up.rolled_back.pull == pull)
    ]
    asked_for = [up for up in history.open() if up.thread == pull and up.settled_as is None]
    return ours[-1] if ours else asked_for[0] if len(asked_for) == 1 else None


def split_arguments(text: str) -> tuple[str, ...]:
    """Words; quotes around words keep them together, and a quote that does not close is an ordinary character."""
    return tuple(
        next((group for group in match.groups() if group is not None), "") for match in _ARGUMENT.finditer(text)
    )


def _command_lines(body: str, login: str) -> Iterator[str]:
    """Lines that begin with a slash and a letter, as plain text; `@login` before it is taken away, or stands for it."""
    if len(body) > MAX_LENGTH:
        body = body[: body.rfind("\n", 0, MAX_LENGTH) + 1]
    body = body.replace("\r\n", "\n").replace("\r", "\n").replace(_MARK, "�").replace(_WIDE, "�")
    marked = _SLASH_LINE.sub(rf"\1{_MARK}", _called(login, body))
    marked = _WIDE_LINE.sub(rf"\1{_WIDE}", marked)
    if _MARK not in marked and _WIDE not in marked:
        return
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("inline")
    links: dict[str, Any] = {}
    for paragraph in _plain_paragraphs(markdown.parse(marked, links)):
        content = paragraph.content
        if (_MARK in content or _WIDE in content) and len(content) <= MAX_PARAGRAPH:
            inside: list[Token] = []
            markdown.inline.parse(content, markdown, links, inside)
            yield from _marked_lines(inside)


def _called(login: str, body: str) -> str:
    """The body with `@login`, `@login /` and the like at the start of a line as the mark of a command."""
    name = login.removesuffix("[bot]")
    if not name or "@" not in body:
        return body
    called = rf"^( {{0,3}})@{re.escape(name)}(?:\[bot\])?(?:[ \t]*[,:])?[ \t]+/?(?=[A-Za-z])"
    return re.sub(called, rf"\1{_MARK}", body, flags=re.MULTILINE | re.IGNORECASE)


def _plain_paragraphs(tokens: "Sequence[Token]") -> "Iterator[Token]":
    """Inline tokens of top-level paragraphs that do not stand between HTML tags."""
    depth = 0
    for before, token in pairwise(tokens):
        if before.type == "html_block":
            depth = max(0, depth + _opened(before.content))
        if not depth and before.type == "paragraph_open" and before.level == 0 and token.type == "inline":
            yield token


def _opened(html: str) -> int:
    """How many more tags are opened than closed."""
    tags = _TAG.findall(_HTML_COMMENT.sub("", html))
    return sum(-1 if slash else 1 for slash, name, rest in tags if name.lower() not in _VOID and not rest.endswith("/"))


def _marked_lines(children: "Sequence[Token]") -> Iterator[str]:
    """Lines of a paragraph that begin with the mark; no line below inline HTML counts, which may hide it."""
    from markdown_it.token import Token

    line, hidden = "", False
    for token in [*children, Token("softbreak", "", 0)]:
        if token.type in ("softbreak", "hardbreak"):
            if line.startswith((_MARK, _WIDE)):
                yield f"{'/' if line[0] == _MARK else FULL_WIDTH}{line[1:].strip()}"
            if hidden:
                return
            line = ""
        elif token.type == "html_inline":
            line, hidden = line or " ", True
        elif token.type == "text" and not token.level:
            line += token.content
        else:
            line = (line or " ") + token.content


def _read(line: str, known: Sequence[str]) -> Order | Misunderstood | None:
    """A line that begins with a slash, as an order; None when it is none of ours."""
    word, *rest = line[1:].split(maxsplit=1)
    match = _WORD.fullmatch(word)
    if match is None:
        return None
    name, mark = match[1].lower().replace("-", "_"), match[2]
    if name in known and not mark and line[0] == "/":
        return Order(name, split_arguments("".join(rest)), line)
    if name in known:
        said = "A command begins with `/`." if not mark else "A command ends with a space or the end of the line."
        return Misunderstood(line, f"Did you mean `/{name}`? {said}")
    if RENAMED.get(name) in known:
        return Misunderstood(line, f"`/{name}` was renamed: write `/{RENAMED[name]}`.")
    close = _close_to(name, known)
    if not close:
        return None
    meant = " or ".join(f"`/{command}`" for command in close[:3])
    return Misunderstood(line, f"There is no command `/{name}`. Did you mean {meant}? `/healer_help` lists them all.")


def _close_to(name: str, known: Sequence[str]) -> list[str]:
    """Commands that may be meant: spelled nearly so, however the words are divided, or with that word in the name."""
    joined = {command.replace("_", ""): command for command in known}
    close = difflib.get_close_matches(name.replace("_", ""), joined, n=1, cutoff=_CLOSE)
    return [joined[close[0]]] if close else [command for command in known if name in command.split("_")]
