"""Strings without an end, without a beginning, or with another quote in them."""

import re
from collections.abc import Iterator

from gitops_healer.repair.search.mending.broken import QUOTES, Broken, Guess, Patch, Token, insertion

_TRIPLE = re.compile(r'(?<!\\)(?:"""|\'\'\')')
_PAIR = re.compile(r"""(?<!["'\\])(?:""|'')(?!["'])""")
_MOST_LINES = 60


def strings(broken: Broken) -> Iterator[Guess]:
    """Of one line."""
    quoted = broken.says("string") or any(token.kind == "open" for token in broken.tokens)
    lines = {broken.complaint.line, *(broken.line_of(broken.tokens[i].start) for i in broken.near)}
    for number in sorted(lines, key=lambda line: abs(line - broken.complaint.line))[:8]:
        tokens = broken.tokens_of(number)
        last = tokens[-1] if tokens else None
        if last is not None and last.kind == "open" and not _is_triple(last):
            yield from _ended(broken, last)
            yield from _begun(broken, number, last)
            yield from _other_quote(broken, number, last)
        near = 1.0 if number == broken.complaint.line else 0.5
        if any(token.kind in ("string", "open") for token in tokens):
            yield from _escaped(broken, number, tokens, near)
            yield from _inner_f_string(broken, tokens, near)
        if quoted or broken.says("f-string"):
            yield from _braces(broken, tokens, near)


def _is_triple(token: Token) -> bool:
    return token.text.lstrip("rRbBfFuU")[:3] in ('"""', "'''")


def _quote_at(token: Token) -> int:
    return token.start + len(token.text) - len(token.text.lstrip("rRbBfFuU"))


def _ended(broken: Broken, token: Token) -> Iterator[Guess]:
    """The quote that ends a string put before punctuation or at the end of the line."""
    at = _quote_at(token)
    quote, body = broken.text[at], broken.text[at + 1 : token.end]
    number = broken.line_of(token.start)
    for offset in range(len(body) + 1):
        rest, here = body[offset:], body[:offset]
        if (
            rest
            and (rest[0].isalnum() or rest[0] in "_ ")
            and not re.match(r" (?:%|if|for|in|\+|==|and|or)\b|\s*#", rest)
        ):
            continue
        punctuation = re.fullmatch(r"[\]\)}:,;\s]*(?:#.*)?", rest) is not None
        weight = 0.9 if punctuation else 0.3 if re.match(r"[\])},:.]| %| \+", rest) else 0.1
        weight *= 0.6 if here.endswith((" ", "(", "[")) or not here else 1.0
        balance = sum(map(rest.count, ")]}")) - sum(map(rest.count, "([{"))
        depth = len(broken.around[broken.tokens.index(token)]) if punctuation else balance
        weight *= 1.0 if balance == depth else 0.5
        yield Guess(insertion(at + 1 + offset, quote), f"End the string in line {number}", weight)
    yield Guess(
        (Patch(at, at + 1, ""),), f"Take a stray quote out of line {number}", 0.5 if not body.strip(" )]},:") else 0.15
    )


def _begun(broken: Broken, number: int, token: Token) -> Iterator[Guess]:
    """The quote that ends the line's last string is there, the one that begins it is not: before each token."""
    at = _quote_at(token)
    quote = broken.text[at]
    before = [one for one in broken.tokens_of(number) if one.end <= at]
    tail = broken.text[at + 1 : broken.line_end(number)]
    likely = re.fullmatch(r"[\]\)}:,;.\s]*(?:\w+\(\))?[\]\)}:,;\s]*(?:#.*)?", tail) is not None
    for distance, one in enumerate(reversed(before)):
        weight = (0.8 if likely else 0.15) * 0.93**distance
        previous = broken.text[: one.start].rstrip(" ")[-1:]
        weight *= 1.0 if previous in ("(", "[", "{", ",", "=", ":", "+", "%") else 0.5
        yield Guess(insertion(one.start, quote), f"Begin the string in line {number}", weight)


def _other_quote(broken: Broken, number: int, token: Token) -> Iterator[Guess]:
    """`'abc"`: begins with one quote and ends with the other."""
    at = _quote_at(token)
    quote = broken.text[at]
    other = QUOTES[quote == "'"]
    for found in re.finditer(re.escape(other), token.text[at - token.start + 1 :]):
        place = at + 1 + found.start()
        title = f"Use the same quote at both ends of the string in line {number}"
        yield Guess((Patch(place, place + 1, quote),), title, 0.75)
        yield Guess((Patch(at, at + 1, other),), title, 0.8)


def _escaped(broken: Broken, number: int, tokens: list[Token], near: float) -> Iterator[Guess]:
    """`'it's'`: a quote inside that should be escaped, or should not be in the same quotes."""
    line, start = broken.line(number), broken.starts[number - 1]
    for quote, other in (QUOTES, QUOTES[::-1]):
        places = [found.start() for found in re.finditer(rf"(?<!\\){quote}", line)]
        if len(places) < 3:
            continue
        for place in places[1:-1]:
            letters = line[place - 1 : place].isalnum() and line[place + 1 : place + 2].isalnum()
            title = f"Escape the quote inside of the string in line {number}"
            yield Guess(insertion(start + place, "\\"), title, (0.85 if letters else 0.2) * near)
        if other not in line:
            ends = tuple(Patch(start + place, start + place + 1, other) for place in (places[0], places[-1]))
            yield Guess(ends, f"Use the other quote around the string in line {number}", 0.5 * near)


def _inner_f_string(broken: Broken, tokens: list[Token], near: float) -> Iterator[Guess]:
    """`f'{d['k']}'` before Python 3.12: the inner quotes become the other ones."""
    for index, token in enumerate(tokens):
        if token.kind not in ("string", "open") or "f" not in token.text[:2].lower() or "{" not in token.text:
            continue
        quote = broken.text[_quote_at(token)]
        tail = broken.text[token.start : broken.line_end(broken.line_of(token.start))]
        inner = [
            Patch(token.start + place, token.start + place + 1, QUOTES[quote == "'"])
            for place in _quotes_in_braces(tail, quote)
        ]
        if inner and index < len(tokens):
            yield Guess(
                tuple(inner),
                f"Use the other quotes inside of the f-string in line {broken.line_of(token.start)}",
                0.9 * near,
            )


def _quotes_in_braces(text: str, quote: str) -> Iterator[int]:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == quote and depth > 0:
            yield place


def _braces(broken: Broken, tokens: list[Token], near: float) -> Iterator[Guess]:
    """Of f-strings: a brace that is not closed, not opened, or should be doubled."""
    for token in tokens:
        if token.kind != "string" or "f" not in token.text[:2].lower():
            continue
        number = broken.line_of(token.start)
        for place, character in enumerate(token.text):
            at = token.start + place
            if character in "{}":
                title = f"Double the {character!r} in line {number}"
                yield Guess(insertion(at, character), title, 0.3 * near)
                yield Guess((Patch(at, at + 1, ""),), f"Take the {character!r} out of line {number}", 0.3 * near)
            border = not token.text[place : place + 1].isidentifier() or place == len(token.text) - 1
            if place and border and (token.text[place - 1].isalnum() or token.text[place - 1] in ")]_"):
                yield Guess(insertion(at, "}"), f"Close the '{{' in line {number}", 0.55 * near)
            if place and token.text[place].isidentifier() and not token.text[place - 1].isalnum():
                yield Guess(insertion(at, "{"), f"Open a '{{' in line {number}", 0.5 * near)


def triple_quotes(broken: Broken) -> Iterator[Guess]:
    """Triple quotes that are not paired. What looks like a beginning where an end is due tells where one is missing."""
    marks = list(_TRIPLE.finditer(broken.text))[:600]
    if not marks and not _PAIR.search(broken.text):
        return
    if not broken.says(
        "string", "invalid", "unexpected", "expected", "unmatched", "closed", "forgot", "leading", "match"
    ):
        return
    yield from _third_quote(broken)
    suspects = [
        index for index, mark in enumerate(marks) if (index % 2 == 1) == _looks_like_beginning(broken, mark.start())
    ]
    for rank, index in enumerate(suspects[:2]):
        mark = marks[index]
        scale = 1.0 if rank == 0 else 0.5
        title = f"Take the stray {mark.group()} out of line {broken.line_of(mark.start())}"
        yield Guess((Patch(mark.start(), mark.end(), ""),), title, 0.2 * scale)
        if index % 2:
            yield from _ends_of_docstring(broken, marks[index - 1].start(), mark.start(), mark.group(), scale)
        else:
            yield from _beginnings(broken, mark.start(), mark.group(), scale)
    if len(marks) % 2:
        yield from _ends_of_docstring(broken, marks[-1].start(), len(broken.text), marks[-1].group(), 0.7)


def _looks_like_beginning(broken: Broken, at: int) -> bool:
    """Text follows on its line, and none is before but what may stand before a string."""
    number = broken.line_of(at)
    line, column = broken.line(number), at - broken.starts[number - 1]
    before, after = line[:column].strip(), line[column + 3 :].strip()
    opens = not before or before[-1] in "=(,[{:+" or before.endswith("return") or before in ("r", "f", "b", "R", "rb")
    if not after and not before:  # alone on its line: a beginning when a header is above
        above = next(
            (broken.line(up).rstrip() for up in range(number - 1, max(0, number - 3), -1) if broken.line(up).strip()),
            ":",
        )
        return above.endswith((":", "(", "="))
    return opens and not after.startswith((")", ",", "]"))


def _third_quote(broken: Broken) -> Iterator[Guess]:
    """`""Text.\"\"\"`: one of three is missing."""
    for found in list(_PAIR.finditer(broken.text))[:200]:
        number = broken.line_of(found.start())
        line = broken.line(number)
        before = line[: found.start() - broken.starts[number - 1]].strip()
        after = line[found.end() - broken.starts[number - 1] :].strip()
        begins, ends = not before and after[:1].isalnum(), before[-1:] in (".", "!", "") or not after
        if begins or (ends and not after):
            weight = 0.95 if begins or before.endswith(".") or not before else 0.5
            yield Guess(
                insertion(found.start(), found.group()[0]), f"Complete the triple quote in line {number}", weight
            )


def _ends_of_docstring(broken: Broken, begin: int, end: int, quote: str, scale: float) -> Iterator[Guess]:
    first = broken.line_of(begin)
    last = min(broken.line_of(end), first + _MOST_LINES, broken.count)
    for number in range(first, last + 1):
        if not broken.line(number).strip():
            continue
        text = broken.line(number).rstrip()
        below = broken.line(number + 1) if number < broken.count else ""
        one_line = number == first
        if one_line and text.strip().lstrip("rRbBuUfF") == quote:
            continue
        sentence = text.endswith((".", "!", "?"))
        weight = (0.8 if sentence else 0.35) if one_line else (0.4 if sentence else 0.2)
        weight *= 1.15 if not below.strip() or below[:1] != " " else 1.0
        code = re.match(r"\s*(?:return|if|for|with|raise|self\.|def|class|@|\w+(?:\.\w+)* = |\w+\()", below)
        weight *= 1.2 if code else 0.8
        at = broken.starts[number - 1] + len(text)
        yield Guess(
            insertion(at, quote),
            f"End the string in line {number}",
            min(0.95, weight) * scale * 0.985 ** (number - first),
        )
        if not one_line:
            new = broken.newline + broken.indent(first) + quote
            yield Guess(
                insertion(at, new),
                f"End the string below line {number}",
                min(0.95, weight) * 0.8 * scale * 0.985 ** (number - first),
            )


def _beginnings(broken: Broken, end: int, quote: str, scale: float) -> Iterator[Guess]:
    last = broken.line_of(end)
    for number in range(last, max(0, last - _MOST_LINES), -1):
        if not broken.line(number).strip():
            continue
        above = broken.line(number - 1).rstrip() if number > 1 else ":"
        at = broken.starts[number - 1] + len(broken.indent(number))
        weight = 0.85 if above.endswith((":", "(")) or number == 1 else 0.2
        if at < end:
            yield Guess(
                insertion(at, quote), f"Begin the string in line {number}", weight * scale * 0.99 ** (last - number)
            )
        place = re.search(r"[=(,]\s*", broken.line(number))
        if place and at < end:
            yield Guess(
                insertion(broken.starts[number - 1] + place.end(), quote),
                f"Begin the string in line {number}",
                0.6 * scale * 0.99 ** (last - number),
            )
        if above.endswith(":"):
            return
