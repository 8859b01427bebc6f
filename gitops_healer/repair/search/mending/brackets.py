"""Parentheses, brackets and braces that are missing, superfluous or of the wrong kind."""

from collections.abc import Iterator

from gitops_healer.repair.search.mending.broken import (
    BLOCKS,
    BUILTINS,
    CLOSERS,
    OPENERS,
    Broken,
    Guess,
    Patch,
    insertion,
)

_MOST_TOKENS = 120


def brackets(broken: Broken) -> Iterator[Guess]:
    unclosed, unmatched = _mismatches(broken)
    near = set(broken.near)
    for opener in unclosed:
        if opener in near or broken.complaint.at <= broken.tokens[opener].start:
            yield from _closers(broken, opener)
            yield from _without(broken, opener, 0.35)
    for closer, opener in unmatched:
        if closer in near or 0 <= broken.line_of(broken.tokens[closer].start) - broken.complaint.line < 12:
            yield from _openers(broken, closer)
            yield from _without(broken, closer, 0.6)
            yield from _exchanged(broken, closer, opener)
    yield from _words_split(broken, {closer for closer, _ in unmatched})


def _mismatches(broken: Broken) -> tuple[list[int], list[tuple[int, int]]]:
    """Openers that nothing closes, and closers that close nothing with the opener that stands open there (-1: none)."""
    unclosed: list[int] = []
    unmatched: list[tuple[int, int]] = []
    stack: list[int] = []
    for index, token in enumerate(broken.tokens):
        outer = broken.around[index]
        while stack and not outer and (index == 0 or broken.around[index - 1]) and token.text not in CLOSERS:
            unclosed.append(stack.pop())
        if token.text in OPENERS:
            stack.append(index)
        elif token.text in CLOSERS:
            if stack and broken.tokens[stack[-1]].text == CLOSERS[token.text]:
                stack.pop()
            else:
                unmatched.append((index, stack[-1] if stack else -1))
                fits = [at for at in stack if broken.tokens[at].text == CLOSERS[token.text]]
                while fits and stack and stack[-1] >= fits[-1]:
                    unclosed.append(stack.pop())
    return [*unclosed, *stack][:40], unmatched[:40]


def _closers(broken: Broken, opener: int) -> Iterator[Guess]:
    """The bracket that is open innermost closed at every place after the opener where an operand ends."""
    home = len(broken.indent(broken.line_of(broken.tokens[opener].start)))
    inner = [opener]
    for index in range(opener, min(opener + _MOST_TOKENS, len(broken.tokens))):
        token = broken.tokens[index]
        if index > opener and token.text in OPENERS:
            inner.append(index)
        elif token.text in CLOSERS and len(inner) > 1:
            inner.pop()
        if token.ends_operand or token.text in OPENERS or token.text in (",", ":"):
            first = broken.tokens[inner[-1]]
            weight = _closing_weight(broken, index, inner, home) * 0.97 ** min(index - opener, 30)
            title = f"Close the {first.text!r} in line {broken.line_of(token.end)}"
            yield Guess(insertion(token.end, OPENERS[first.text]), title, weight)
        after = broken.tokens[index + 1] if index + 1 < len(broken.tokens) else None
        ends_line = after is not None and broken.line_of(after.start) > broken.line_of(token.end)
        if ends_line and index > opener and _begins_statement(broken, index + 1, home):
            return


def _closing_weight(broken: Broken, index: int, inner: list[int], home: int) -> float:
    token, first = broken.tokens[index], broken.tokens[inner[-1]]
    after = broken.tokens[index + 1] if index + 1 < len(broken.tokens) else None
    scale = (0.4 if index == inner[-1] else 1.0) * (0.5 if token.text in (",", ":") else 1.0)
    if len(inner) > 1:
        row = _next_row(broken, index, inner[-1])
        return scale * (0.9 if row else 0.3 if after is not None and after.text in CLOSERS else 0.15)
    if after is None:
        return 0.9 * scale
    below = broken.line_of(after.start)
    if below > broken.line_of(token.end):
        return (0.5 if len(broken.indent(below)) > home else 0.9) * scale
    if after.text == ":" and first.text == "(":
        return 0.9 * scale
    if after.text in CLOSERS:
        return 0.5 * scale
    return (0.2 if token.text == ")" and token.end == after.start else 0.3) * scale


def _next_row(broken: Broken, index: int, opener: int) -> bool:
    """Whether, but for a comma, the next line begins with a bracket right below the one that is open: a table."""
    tokens = broken.tokens[index + 1 : index + 3]
    row = next((token for token in tokens if token.text != ","), None)
    first = broken.tokens[opener]
    if row is None or broken.line_of(row.start) == broken.line_of(broken.tokens[index].end):
        return False
    column = row.start - broken.starts[broken.line_of(row.start) - 1]
    return row.text in (first.text, *CLOSERS) and column <= first.start - broken.starts[broken.line_of(first.start) - 1]


def _begins_statement(broken: Broken, index: int, home: int) -> bool:
    line = broken.line_of(broken.tokens[index].start)
    word = broken.tokens[index].text
    return len(broken.indent(line)) <= home and (word in BLOCKS or word in ("return", "import", "from", "raise"))


def _openers(broken: Broken, closer: int) -> Iterator[Guess]:
    """The opening bracket at every place before the closer, back to where its line or bracket begins."""
    token = broken.tokens[closer]
    opener = CLOSERS[token.text]
    around = broken.around[closer]
    first = max(closer - _MOST_TOKENS, around[-1] + 1 if around else 0)
    line = broken.line_of(token.start)
    for index in range(closer, first - 1, -1):
        here = broken.tokens[index]
        if not around and broken.line_of(here.start) < line - 12:
            return
        before = broken.tokens[index - 1] if index > first else None
        joined = before is not None and before.end == here.start and before.ends_operand
        if joined and here.begins_operand:
            weight = 0.9
        elif before is not None and before.ends_operand:
            weight = 0.3 if broken.line_of(before.start) == broken.line_of(here.start) else 0.1
        else:
            weight = 0.45 if before is not None and before.text != "." else 0.15
        weight *= 0.95 ** (closer - index)
        yield Guess(insertion(here.start, opener), f"Open a {opener!r} in line {broken.line_of(here.start)}", weight)


def _words_split(broken: Broken, unmatched: set[int]) -> Iterator[Guess]:
    """`lenitems)`: two names that lost what stood between them."""
    for closer in sorted(unmatched)[:3]:
        opener = CLOSERS[broken.tokens[closer].text]
        for index in range(closer - 1, max(-1, closer - 40), -1):
            token = broken.tokens[index]
            if token.kind != "name" or broken.known[token.text] > 2 or not _near_line(broken, index, closer):
                continue
            defined = index > 0 and broken.tokens[index - 1].text in ("def", "class")
            for at in range(1, len(token.text)):
                weight = _divided(broken, token.text[:at], token.text[at:], defined)
                if weight:
                    title = f"Open a {opener!r} between {token.text[:at]} and {token.text[at:]}"
                    yield Guess(insertion(token.start + at, opener), title, weight * 0.96 ** (closer - index))


def _divided(broken: Broken, left: str, right: str, defined: bool) -> float:
    """How likely these are two names, by what stands elsewhere in the file."""
    if right.isdigit():
        return 0.5 if _is_name(broken, left) else 0.0
    if not right.isidentifier() or not left.isidentifier():
        return 0.0
    if defined:
        return 0.9 if right in ("self", "cls") else 0.6 if _is_name(broken, right) and len(right) > 1 else 0.0
    if _is_name(broken, left) and _is_name(broken, right):
        return 0.9 if min(len(left), len(right)) > 1 else 0.6
    long = (_is_name(broken, left) and len(left) > 2) or (_is_name(broken, right) and len(right) > 2)
    return 0.5 if long else 0.0


def _near_line(broken: Broken, index: int, closer: int) -> bool:
    return broken.line_of(broken.tokens[closer].start) - broken.line_of(broken.tokens[index].start) <= 3


def _is_name(broken: Broken, name: str) -> bool:
    return name.isidentifier() and (broken.known[name] > 0 or name in BUILTINS)


def _without(broken: Broken, index: int, weight: float) -> Iterator[Guess]:
    token = broken.tokens[index]
    title = f"Take the {token.text!r} out of line {broken.line_of(token.start)}"
    yield Guess((Patch(token.start, token.end, ""),), title, weight)


def _exchanged(broken: Broken, closer: int, opener: int) -> Iterator[Guess]:
    """`f(a]`: one of the two is of the wrong kind; also `)` in the place of its own opening bracket."""
    token = broken.tokens[closer]
    title = f"Put another bracket for the {token.text!r} in line {broken.line_of(token.start)}"
    if opener >= 0:
        first = broken.tokens[opener]
        yield Guess((Patch(token.start, token.end, OPENERS[first.text]),), title, 0.75)
        yield Guess((Patch(first.start, first.end, CLOSERS[token.text]),), title, 0.5)
    yield Guess((Patch(token.start, token.end, CLOSERS[token.text]),), title, 0.15)
