"""Slips of the hand: another key, two keys in the wrong order, a line broken or not broken, a comment sign lost."""

import re
from collections.abc import Iterator
from itertools import pairwise

from gitops_healer.repair.search.mending.broken import (
    BLOCKS,
    BUILTINS,
    CLOSERS,
    OPENERS,
    QUOTES,
    Broken,
    Guess,
    Patch,
    insertion,
)
from gitops_healer.repair.search.mending.operators import indent_below, short

_SIGNS = ("(", ")", ",", ":", "=", ".", "[", "]", "{", "}", "+", "-", "*", "/", "%", "<", ">", "_")
_SHIFTED = {"9": "(", "0": ")"}


def replaced(broken: Broken) -> Iterator[Guess]:
    """Another sign in the place of one near the complaint."""
    for index in broken.near:
        token = broken.tokens[index]
        if token.kind not in ("op", "stray") or not token.text.isprintable() or abs(index - broken.focus) > 25:
            continue
        title = f"Put another sign for {token.text!r} in line {broken.line_of(token.start)}"
        for sign in _SIGNS:
            if sign != token.text:
                weight = _sign_weight(broken, index, sign) * broken.closeness(index, 0.92)
                yield Guess((Patch(token.start, token.end, sign),), title, weight)
    yield from _quotes(broken)
    yield from _digits(broken)


def _sign_weight(broken: Broken, index: int, sign: str) -> float:
    """How well a sign suits the blanks around it, as style guides put them."""
    if sign in OPENERS or sign in CLOSERS:
        return 0.35
    before = broken.gap(index) if index else "\n"
    after = broken.gap(index + 1) if index + 1 < len(broken.tokens) else "\n"
    if sign == ".":
        return 0.4 if before == after == "" else 0.05
    if sign == ",":
        return 0.4 if before == "" != after else 0.08
    if sign == "=":
        second = index > 0 and broken.line_of(broken.tokens[index].start) != broken.line_of(
            broken.tokens[index - 2].start
        )
        return 0.45 if before == after == " " and second else 0.3 if before == after == "" else 0.1
    return 0.18


def _quotes(broken: Broken) -> Iterator[Guess]:
    """A quote for a sign, a sign for a quote, where a string has no end."""
    number = broken.complaint.line
    line, start = broken.line(number), broken.starts[number - 1]
    if not any(token.kind == "open" for token in broken.tokens_of(number)):
        return
    quotes = [found.start() for found in re.finditer("[\"']", line)]
    for place in quotes:
        for sign in _SIGNS:
            title = f"Put another sign for the quote in line {number}"
            yield Guess((Patch(start + place, start + place + 1, sign),), title, 0.35 if len(quotes) == 1 else 0.2)
    for found in re.finditer(r"[^\w\s\"']", line):
        ends = re.match(r"\s*(?:[\])},:.;]|$)", line[found.end() :]) is not None
        for quote in QUOTES:
            if quote in line:
                title = f"Put a quote for {found.group()!r} in line {number}"
                yield Guess((Patch(start + found.start(), start + found.end(), quote),), title, 0.45 if ends else 0.3)
    for found in re.finditer(r"(?<![\"'])([\"'])[^\"'\w\s]\1", line):
        triple = found[1] * 3
        title = f"Complete the triple quote in line {number}"
        yield Guess((Patch(start + found.start(), start + found.end(), triple),), title, 0.4, far=True)


def _digits(broken: Broken) -> Iterator[Guess]:
    """`f9x)`: a bracket without the shift key."""
    for number in broken.lines_up(broken.complaint.line, 2):
        start = broken.starts[number - 1]
        for found in re.finditer("[90]", broken.line(number)):
            title = f"Put a bracket for {found.group()} in line {number}"
            at = start + found.start()
            yield Guess((Patch(at, at + 1, _SHIFTED[found.group()]),), title, 0.3)


def torn(broken: Broken) -> Iterator[Guess]:
    """A blank inside of a name."""
    for index in broken.near:
        left, right = broken.tokens[index - 1], broken.tokens[index]
        if index and left.kind == right.kind == "name" and broken.gap(index) == " ":
            word = left.text + right.text
            known = broken.known[word] > 0 or word in BUILTINS
            close = max(broken.closeness(index), broken.closeness(index - 1))
            title = f"Join {left.text!r} and {right.text!r} in line {broken.line_of(left.start)}"
            yield Guess((Patch(left.end, right.start, ""),), title, (0.92 if known else 0.12) * close)


def comments(broken: Broken) -> Iterator[Guess]:
    """Prose that lost its comment sign."""
    for distance, number in enumerate(broken.lines_up(broken.complaint.line, 3)):
        tokens = broken.tokens_of(number)
        pairs = pairwise(tokens)
        prose = sum(one.ends_operand and two.kind == "name" for one, two in pairs)
        beside = any(
            broken.line(near).lstrip().startswith("#") and broken.indent(near) == broken.indent(number)
            for near in (number - 1, number + 1)
            if 0 < near <= broken.count
        )
        weight = (0.85 if beside else 0.5) if prose > 1 else 0.3 if beside else 0.04
        at = broken.starts[number - 1] + len(broken.indent(number))
        yield Guess(insertion(at, "# "), f"Make a comment of line {number}", weight * 0.7**distance)


def joined(broken: Broken) -> Iterator[Guess]:
    """One statement on two lines."""
    for distance, number in enumerate(broken.lines_up(min(broken.complaint.line + 1, broken.count), 5)):
        if number == 1 or not broken.tokens_of(number) or broken.is_blank(number - 1):
            continue
        above, here = broken.tokens_of(number - 1), broken.tokens_of(number)
        if not above or above[-1].end > broken.line_end(number - 1):
            continue
        dangling = not above[-1].ends_operand and above[-1].text != ":"
        continued = not here[0].begins_operand and here[0].text not in BLOCKS and here[0].kind == "op"
        odd = broken.indent(number) == "" != broken.indent(number - 1)
        weight = (0.85 if dangling or continued else 0.5 if odd else 0.2) * 0.8**distance
        patch = Patch(broken.line_end(number - 1), here[0].start, " ")
        yield Guess((patch,), f"Join lines {number - 1} and {number}", weight)


def exchanged(broken: Broken) -> Iterator[Guess]:
    """Two neighbours in the wrong order."""
    for index in broken.near:
        left, right = broken.tokens[index - 1], broken.tokens[index]
        same_line = index > 0 and not broken.gap(index).strip(" ")
        if not same_line or left.text == right.text or "open" in (left.kind, right.kind):
            continue
        new = right.text + broken.gap(index) + left.text
        both_signs = left.kind == right.kind == "op"
        weight = (0.35 if both_signs else 0.3) * max(broken.closeness(index), broken.closeness(index - 1))
        title = f"Exchange {short(left)!r} and {short(right)!r} in line {broken.line_of(left.start)}"
        yield Guess((Patch(left.start, right.end, new),), title, weight)


def lines(broken: Broken) -> Iterator[Guess]:
    """Two statements on one line."""
    for index in broken.near:
        if index == 0 or broken.around[index] or broken.gap(index).strip(" \t"):
            continue
        left, right = broken.tokens[index - 1], broken.tokens[index]
        follows = [token.text for token in broken.tokens[index + 1 : index + 2]]
        starts = right.text in _STATEMENTS or (
            right.kind == "name" and follows and follows[0] in ("=", "(", ".", "[", "+=")
        )
        if not starts and right.kind != "string" and right.text != "@":
            continue
        number = broken.line_of(left.start)
        base = (0.7 if right.text in _STATEMENTS or follows == ["="] else 0.45) * (
            0.5 if left.text in ("=", ",") else 1.0
        )
        for rank, level in enumerate(_levels(broken, number, left.text == ":")):
            new = f"{broken.newline}{level}"
            weight = base * 0.75**rank * max(broken.closeness(index), broken.closeness(index - 1))
            yield Guess((Patch(left.end, right.start, new),), f"Divide line {number} before {short(right)!r}", weight)


_STATEMENTS = BLOCKS | frozenset(
    "return raise import from pass break continue del assert global nonlocal yield @".split()
)


def _levels(broken: Broken, number: int, header: bool) -> list[str]:
    here = broken.indent(number)
    below = indent_below(broken, number)
    outer = [broken.indent(up) for up in broken.lines_up(number, 12)]
    known = [here + broken.unit if header else here, *([below] if below is not None else []), *outer, ""]
    return list(dict.fromkeys(level for level in known if header or len(level) <= len(here)))[:4]
