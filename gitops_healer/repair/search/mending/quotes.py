"""Strings without an end, without a beginning, or with another quote in them."""

import re
from collections.abc import Iterator

from gitops_healer.repair.search.mending.broken import BUILTINS, QUOTES, Broken, Guess, Patch, Token, insertion

_TRIPLE = re.compile(r'(?<!\\)(?:"""|\'\'\')')
_PAIR = re.compile(r"""(?<!["'\\])(?:""|'')(?!["'])""")
_CODE = re.compile(r"\s+(?:[%+]|==|(?:if|for|in|and|or|not|is|else|as)\b|#)|\s*$")
_STATEMENT = re.compile(
    r"\s*(?:(?:async )?def \w+\(|class \w+[(:]|@\w|import \w+|from [\w.]+ import |return\b|raise \w+|if .+:$"
    r"|for .+ in .+:$|while .+:$|with .+:$|try:$|pass$"
    r"|[\w.]+(?:\[.*\])? (?:[-+*/|&]?=) |[\w.]+\(.*[),(]$|assert |yield\b|global \w)"
)


def strings(broken: Broken) -> Iterator[Guess]:
    """Of one line."""
    quoted = broken.says("string") or any(token.kind == "open" for token in broken.tokens)
    lines = {broken.complaint.line, *(broken.line_of(broken.tokens[i].start) for i in broken.near)}
    for number in sorted(lines, key=lambda line: abs(line - broken.complaint.line))[:8]:
        tokens = broken.tokens_of(number)
        last = tokens[-1] if tokens else None
        if last is not None and last.kind == "open" and not _is_triple(last):
            for token in tokens:
                if token.kind in ("string", "open") and not _is_triple(token):
                    yield from _ended(broken, token)
                    yield from _other_quote(broken, number, token)
            yield from _begun(broken, number)
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
    """The quote that ends a string put before what looks like code, or at the end of the line."""
    at = _quote_at(token)
    number = broken.line_of(token.start)
    quote, body = broken.text[at], broken.text[at + 1 : broken.line_end(number)]
    limit = token.end - at - 1
    for offset in range(min(limit, len(body)) + 1):
        rest, here = body[offset:], body[:offset]
        if rest and (rest[0].isalnum() or rest[0] in "_ ") and not _CODE.match(rest):
            continue
        weight = _end_weight(broken, token, here, rest)
        yield Guess(insertion(at + 1 + offset, quote), f"End the string in line {number}", weight)
    stray = 0.5 if not body.strip(" )]},:") else 0.15
    yield Guess((Patch(at, at + 1, ""),), f"Take a stray quote out of line {number}", stray)


def _end_weight(broken: Broken, token: Token, here: str, rest: str) -> float:
    punctuation = re.fullmatch(r"[\]\)}:,;\s]*(?:#.*)?", rest) is not None
    if punctuation:
        weight = 0.9 - 0.5 * _codeness(broken, re.split(r"[\s%(\[]", here, maxsplit=1)[-1] if " " in here else "")
    else:
        likely = re.match(r"[\])},:.]|\s*%|\s*\+|\s", rest) is not None
        weight = (0.3 if likely else 0.1) + 0.5 * _codeness(broken, rest)
    weight *= 0.6 if here.endswith((" ", "(", "[", ",")) or not here else 1.0
    balance = sum(map(rest.count, ")]}")) - sum(map(rest.count, "([{"))
    depth = len(broken.around[broken.tokens.index(token)])
    tail = broken.line_of(token.start) < broken.count and punctuation and rest.rstrip().endswith(",")
    return weight * (1.0 if balance == depth or tail else 0.5)


def _codeness(broken: Broken, text: str) -> float:
    """The share of the words of a text that the file knows as names."""
    words = re.findall(r"[^\W\d]\w*", text)
    return sum(broken.known[word] > 0 or word in BUILTINS for word in words) / len(words) if words else 0.0


def _begun(broken: Broken, number: int) -> Iterator[Guess]:
    """The quote that ends a string is there, the one that begins it is not: put before each word and bracket, also
    behind the letter of a prefix and before blanks."""
    line, start = broken.line(number), broken.starts[number - 1]
    quotes = [(found.start(), found.group()) for found in re.finditer(r"(?<!\\)[\"']", line)]
    for place in {
        found.start() for found in re.finditer(r"(?<=[(\[{,=:+%]) | (?=[\w\[({<%\\])|\b\w|[%({\[<\\-]", line)
    }:
        after = [(at, quote) for at, quote in quotes if at > place]
        if not after:
            continue
        end, quote = after[0]
        body, tail = line[place:end], line[end + 1 :]
        before = line[:place].rstrip(" ")[-1:]
        likely = re.match(r"\s*(?:[\])},:.;%+#]|$|(?:if|in|for|and|or|not|is|else|as)\b)", tail) is not None
        weight = (0.8 if likely else 0.15) * (1.0 if before and before in "([{,=:+%" else 0.4)
        weight *= (1.0 - 0.4 * _codeness(broken, body)) * (0.9 if line[place] == " " else 1.0)
        for shift in (0, 1) if line[place] in "rbfuRBFU" and before != quote else (0,):
            title = f"Begin the string in line {number}"
            yield Guess(insertion(start + place + shift, quote), title, weight * (0.7 if shift else 1.0))


def _other_quote(broken: Broken, number: int, token: Token) -> Iterator[Guess]:
    """`'abc"`: begins with one quote and ends with the other."""
    at = _quote_at(token)
    quote = broken.text[at]
    other = QUOTES[quote == "'"]
    for found in re.finditer(re.escape(other), token.text[at - token.start + 1 :]):
        place = at + 1 + found.start()
        rest = broken.text[place + 1 : broken.line_end(number)]
        likely = re.match(r"\s*(?:[\])},:.;%+#]|$|(?:if|in|for|and|or|is|else)\b)", rest) is not None
        title = f"Use the same quote at both ends of the string in line {number}"
        yield Guess((Patch(place, place + 1, quote),), title, 0.8 if likely else 0.2)
        yield Guess((Patch(at, at + 1, other),), title, 0.85 if likely else 0.2)


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
    """Triple quotes that are not paired. Where what looks like a beginning stands in the place of an end, or the other
    way round, one is missing before."""
    marks = list(_TRIPLE.finditer(broken.text))[:600]
    if broken.says("indent", "outside"):
        return
    yield from _third_quote(broken)
    for rank, index in enumerate(_turns(broken, marks)[:3]):
        scale = 0.7**rank
        begin = marks[index - 1].end() if index else 0
        end = marks[index].start() if index < len(marks) else len(broken.text)
        quote = marks[min(index, len(marks) - 1)].group()
        if index % 2:
            yield from _ends(broken, marks[index - 1].start(), end, quote, scale)
        else:
            yield from _beginnings(broken, begin, end, quote, scale)
        if index < len(marks):
            title = f"Take the stray {quote} out of line {broken.line_of(end)}"
            yield Guess((Patch(end, marks[index].end(), ""),), title, 0.2 * scale, far=True)


def _turns(broken: Broken, marks: list[re.Match[str]]) -> list[int]:
    """Indices of marks, likeliest first, from which on beginnings and ends are exchanged."""
    if not marks:
        return []
    begins = [_looks_like_beginning(broken, mark.start()) for mark in marks]
    right = [begin == (index % 2 == 0) for index, begin in enumerate(begins)]
    after = right.count(True)
    costs = []
    before = 0
    for index in range(len(marks) + 1):
        costs.append((before + after, index))
        if index < len(marks):
            before += not right[index]
            after -= right[index]
    kept = [index for cost, index in sorted(costs) if index % 2 or index < len(marks)]
    return [index for index in kept if index == len(marks) or not right[index]] or kept[:1]


def _looks_like_beginning(broken: Broken, at: int) -> bool:
    """Nothing is before it on its line but what may stand before a string; alone on a line, a header is above."""
    number = broken.line_of(at)
    line, column = broken.line(number), at - broken.starts[number - 1]
    before, after = line[:column].strip(), line[column + 3 :].strip()
    if not after and not before:
        if number == 1 or at == 0:
            return True
        above = (
            broken.line(up).rstrip() for up in range(number - 1, max(0, number - 4), -1) if broken.line(up).strip()
        )
        nearest = next(above, ":")
        return bool(_HEADER.match(nearest)) or nearest.endswith(("(", "=", "):"))
    opens = not before or before[-1] in "=(,[{:+" or before.endswith("return") or before in ("r", "f", "b", "R", "rb")
    return opens and not after.startswith((")", ",", "]", "%", "."))


_HEADER = re.compile(r"\s*(?:async )?(?:def|class) .*:$|.*\)(?: -> .+)?:$")


def _third_quote(broken: Broken) -> Iterator[Guess]:
    """`""Text.\"\"\"`: one of three is missing."""
    for found in list(_PAIR.finditer(broken.text))[:200]:
        number = broken.line_of(found.start())
        line, column = broken.line(number), found.start() - broken.starts[number - 1]
        before, after = line[:column].strip(), line[column + 2 :].strip()
        begins = not before and after[:1].isalnum()
        if begins or not after:
            sure = begins or before.endswith((".", ")")) or not before
            title = f"Complete the triple quote in line {number}"
            yield Guess(insertion(found.start(), found.group()[0]), title, 0.95 if sure else 0.5, far=True)


def _ends(broken: Broken, begin: int, end: int, quote: str, scale: float) -> Iterator[Guess]:
    """An end behind each line that may be the last one of a string: above code, above nothing, in place of nothing."""
    first, last = broken.line_of(begin), min(broken.line_of(end), broken.count)
    code = next((n for n in range(first + 1, last + 1) if _STATEMENT.match(broken.line(n))), last + 1)
    for number in range(first, last + 1):
        line = broken.line(number)
        decay = scale * (0.985 ** (number - first) if number < code else 0.6 * 0.93 ** (number - code))
        if not line.strip():
            traces = bool(line) and line == broken.indent(first)
            weight = 0.9 if traces and number > first else 0.4 if number + 1 == code or number + 2 == code else 0.1
            title = f"End the string in line {number}"
            yield Guess(insertion(broken.starts[number - 1] + len(line), quote), title, weight * decay, far=True)
            continue
        if number - first > 60 and number + 3 < code:
            continue
        at = broken.starts[number - 1] + len(line.rstrip())
        due = any(n == code or n > last for n in _following(broken, number))
        sentence = line.rstrip().endswith((".", "!", "?"))
        weight = (0.7 if sentence and number == first else 0.3 if sentence else 0.15) + (0.2 if due else 0.0)
        weight = max(weight, 0.85) if due and number == first else weight
        rest = quote[_trailing(line.rstrip(), quote[0]) :]
        if line.strip().lstrip("rRbBuUfF") != quote or number > first:
            weight = weight if rest == quote else 0.95
            yield Guess(insertion(at, rest or quote), f"End the string in line {number}", weight * decay, far=True)
        if number > first:
            new = broken.newline + broken.indent(first) + quote
            yield Guess(insertion(at, new), f"End the string below line {number}", 0.8 * weight * decay, far=True)


def _trailing(line: str, quote: str) -> int:
    """How many quotes a line ends with that are no whole triple."""
    found = len(line) - len(line.rstrip(quote))
    return found if found < 3 else 0


def _following(broken: Broken, number: int) -> Iterator[int]:
    """The next line that is not blank, or one past the last."""
    below = range(number + 1, min(number + 4, broken.count) + 1)
    yield next((n for n in below if broken.line(n).strip()), broken.count + 1)


def _beginnings(broken: Broken, begin: int, end: int, quote: str, scale: float) -> Iterator[Guess]:
    """A beginning where the file does, below headers, behind assignments."""
    last, first = broken.line_of(end), broken.line_of(begin)
    for number in range(last, first - 1, -1):
        line = broken.line(number)
        above = broken.line(number - 1).rstrip() if number > 1 else ""
        at = broken.starts[number - 1] + len(broken.indent(number))
        due = number == 1 or bool(_HEADER.match(above))
        weight = (0.9 if due else 0.3 if above.endswith(("(", "=", ":")) else 0.08) * scale * 0.99 ** (last - number)
        if at < end and (line.strip() or due) and (due or last - number < 60):
            yield Guess(insertion(at, quote), f"Begin the string in line {number}", weight, far=True)
        place = re.search(r"[=(,]\s*", line)
        if place and at < end and last - number < 60:
            title = f"Begin the string in line {number}"
            weight = (0.6 if place.end() == len(line) or number == last else 0.3) * scale * 0.97 ** (last - number)
            yield Guess(insertion(broken.starts[number - 1] + place.end(), quote), title, weight, far=True)
