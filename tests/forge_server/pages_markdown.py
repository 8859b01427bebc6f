"""Markdown as GitHub shows it in issues and pull requests: tables, task lists, alerts, details, and no HTML that acts.

What markdown-it makes is read again and written anew from a list of elements and attributes that are allowed. Nothing
of the text passes through unescaped, nothing is left open, and nothing in it can ask another server for anything."""

import re
import secrets
from collections.abc import Iterator, Sequence
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ALLOWED = frozenset(
    "a abbr b blockquote br cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i input"
    " ins kbd li mark ol p pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead tr tt"
    " ul var".split()
)
VOID = frozenset({"br", "hr", "input"})
DROPPED = frozenset({"script", "style", "title", "textarea", "template", "noscript", "iframe", "svg", "math", "select"})
ATTRIBUTES = {
    "a": {"href", "title"},
    "details": {"open"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
    "div": {"align"},
    "p": {"align"},
}
CLASSES = frozenset({"add", "del", "hunk", "mention", "task", "image", "alert", "title"}) | {
    f"alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")
}
SCHEMES = frozenset({"http", "https", "mailto", ""})
ALIGNED = re.compile(r"text-align:\s*(left|right|center)")
NONCE = secrets.token_hex(8)  # tells the check boxes of task lists from those that somebody wrote as HTML

_ALERT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(?:\n|$)")
_TASK = re.compile(r"\[([ xX])\]\s+")
_AUTOLINK = re.compile(
    r"(?P<url>https?://[^\s<>\"'`]+[^\s<>\"'`.,;:!?)\]*_])"
    r"|(?<![\w/&])(?P<mention>@[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38})(?![\w/-])"
    r"|(?<![\w/&])(?P<number>#[1-9]\d{0,8})\b"
    r"|(?<![\w/.-])(?P<sha>[0-9a-f]{40})\b"
)


def rendered(text: str, home: str) -> str:
    """Safe HTML of a text. home: the path of the repository, /octo/shop, to which #7 and commit ids are links."""
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text.replace("\0", "\ufffd"))
    _mark(tokens, home)
    return cleaned(parser.renderer.render(tokens, parser.options, {}))


def _mark(tokens: Sequence[Token], home: str) -> None:
    """Put in what GitHub adds to Markdown."""
    for index, token in enumerate(tokens):
        if token.type == "inline" and token.children is not None:
            if index >= 2 and tokens[index - 2].type == "list_item_open":
                _mark_task(tokens[index - 2], token)
            if index >= 2 and tokens[index - 2].type == "blockquote_open":
                _mark_alert(tokens[index - 2], token)
            token.children = list(_linked(token.children, home))
        elif token.type == "fence" and token.info.strip() == "diff":
            token.type, token.content = "html_block", _coloured(token.content)


def _mark_task(item: Token, inline: Token) -> None:
    first = inline.children[0] if inline.children else None
    if first is None or first.type != "text" or (found := _TASK.match(first.content)) is None:
        return
    first.content = first.content[found.end() :]
    box = Token("html_inline", "", 0)
    checked = " checked" if found[1] in "xX" else ""
    box.content = f'<input type="checkbox" data-task="{NONCE}"{checked}> '
    inline.children = [box, *(inline.children or ())]
    item.attrJoin("class", "task")


def _mark_alert(quote: Token, inline: Token) -> None:
    children = inline.children or []
    if not children or (found := _ALERT.match(inline.content)) is None or children[0].content != f"[!{found[1]}]":
        return
    kind = found[1].lower()
    title = Token("html_inline", "", 0)
    title.content = f'<strong class="title">{kind.capitalize()}</strong>'
    inline.children = [title, *children[1:]]
    quote.attrJoin("class", f"alert alert-{kind}")


def _linked(children: Sequence[Token], home: str) -> Iterator[Token]:
    """Addresses, people, numbers and commits in plain text become links; in links and code they stay text."""
    inside = 0
    for child in children:
        inside += {"link_open": 1, "link_close": -1}.get(child.type, 0)
        if child.type == "html_inline":
            inside += child.content.lower().startswith(("<a ", "<a>")) - child.content.lower().startswith("</a")
        if child.type == "image":
            yield _image(child)
        elif child.type != "text" or inside > 0:
            yield child
        else:
            html = Token("html_inline", "", 0)
            html.content = _with_links(child.content, home)
            yield html


def _image(child: Token) -> Token:
    """A picture is a link to it: showing it would ask another server."""
    link = Token("html_inline", "", 0)
    source = str(child.attrGet("src") or "")
    link.content = f'<a class="image" href="{escape(source)}">{escape(child.content or "image")}</a>'
    return link


def _with_links(text: str, home: str) -> str:
    parts, end = [], 0
    for found in _AUTOLINK.finditer(text):
        parts.append(escape(text[end : found.start()]))
        parts.append(_link(found, home))
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _link(found: re.Match[str], home: str) -> str:
    text = escape(found[0])
    match found.lastgroup:
        case "url":
            return f'<a href="{text}">{text}</a>'
        case "mention":
            return f'<a class="mention" href="/{text[1:]}">{text}</a>'
        case "number":
            return f'<a href="{escape(home)}/issues/{text[1:]}">{text}</a>'
        case _:
            return f'<a href="{escape(home)}/commit/{text}"><code>{text[:7]}</code></a>'


def _coloured(diff: str) -> str:
    """A fenced diff, its lines marked."""
    kinds = {"+": "add", "-": "del", "@": "hunk"}
    lines = (
        f'<span class="{kinds[line[0]]}">{escape(line)}</span>' if line[:1] in kinds else escape(line)
        for line in diff.rstrip("\n").split("\n")
    )
    return "<pre><code>" + "\n".join(lines) + "</code></pre>\n"


def cleaned(html: str) -> str:
    """The HTML with only what is allowed, every element closed."""
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Reads HTML and writes it anew. Nothing that was read is copied: text is escaped, tags are made here."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in DROPPED:
            self._dropping.append(tag)
        elif self._dropping:
            return
        elif tag == "img":
            self._parts.append(_tag("a", {"href": given.get("src", ""), "class": "image"}))
            self._parts.append(f"{escape(given.get('alt') or 'image')}</a>")
        elif tag == "input" and given.get("data-task") != NONCE:
            return
        elif tag in ALLOWED:
            self._parts.append(_tag(tag, given))
            if tag not in VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID and tag != "img":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            if tag in self._dropping:
                while self._dropping.pop() != tag:
                    pass
            return
        if tag in self._open:
            while (last := self._open.pop()) != tag:
                self._parts.append(f"</{last}>")
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self._parts.append(escape(data, quote=False))

    def text(self) -> str:
        return "".join([*self._parts, *(f"</{tag}>" for tag in reversed(self._open))])


def _tag(tag: str, given: dict[str, str]) -> str:
    kept = {name: value for name, value in given.items() if name in ATTRIBUTES.get(tag, ())}
    if tag == "a":
        kept["rel"] = "nofollow noopener noreferrer"
        if not _is_safe(kept.get("href", "")):
            del kept["href"]
    if tag == "input":
        kept |= {"type": "checkbox", "disabled": ""}
    if tag in ("td", "th") and (found := ALIGNED.search(given.get("style", ""))):
        kept["align"] = found[1]
    if classes := [name for name in given.get("class", "").split() if name in CLASSES]:
        kept["class"] = " ".join(classes)
    return f"<{tag}" + "".join(f' {name}="{escape(value)}"' for name, value in kept.items()) + ">"


def _is_safe(link: str) -> bool:
    """Whether a link leads to a page or a letter. Blanks inside are what browsers overlook in `java script:`."""
    try:
        return urlsplit(re.sub(r"[\s\x00-\x20]", "", link)).scheme.lower() in SCHEMES
    except ValueError:
        return False
