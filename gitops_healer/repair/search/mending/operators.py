"""Commas, colons, assignment signs and operators that are missing, superfluous, doubled or of another language."""

import re
from collections.abc import Iterator

from gitops_healer.repair.search.mending.broken import BLOCKS, Broken, Guess, Patch, Token, insertion

_FOREIGN = {
    "&&": " and ", "||": " or ", "=!": "!=", "=<": "<=", "=>": ">=", "<>": "!=", "===": "==", "!==": "!=",
    "++": " += 1", "--": " -= 1",
}  # fmt: skip
_BINARY = ("+", "-", "*", "/", "%", "==", "<", ">", "and", "or", "in", "|", "is", "if", "not in", "!=")
_HEADER_WORDS = BLOCKS - {"match", "case", "async"}


def colons(broken: Broken) -> Iterator[Guess]:
    """At the end of a header, or one too many."""
    for distance, number in enumerate(broken.lines_up(min(broken.complaint.line + 1, broken.count), 8)):
        tokens = broken.tokens_of(number)
        if not tokens:
            continue
        reached = 0.95 if broken.says("expected ':'") or number == broken.complaint.line else 0.8
        below = indent_below(broken, number)
        deeper = below is not None and len(below) > len(broken.indent(number))
        header = tokens[0].text in _HEADER_WORDS or (tokens[0].text in ("async", "match", "case") and deeper)
        if tokens[-1].text != ":" and (header or deeper):
            weight = reached * (1.0 if header else 0.4) * (1.0 if deeper else 0.6) * 0.9**distance
            closed = tokens[-1].text in (",", "=", ".", "(", "[", "{") or tokens[-1].kind == "open"
            yield Guess(
                insertion(tokens[-1].end, ":"),
                f"Add the ':' at the end of line {number}",
                weight * (0.3 if closed else 1),
            )
            if tokens[-1].text in (";", ",", ".", "=", "{"):
                last = tokens[-1]
                yield Guess((Patch(last.start, last.end, ":"),), f"End line {number} with ':'", weight)
        if header and tokens[-1].text == ":" and len(tokens) > 2 and tokens[-2].text in (":", ";", ","):
            extra = tokens[-2]
            yield Guess((Patch(extra.start, extra.end, ""),), f"Take the {extra.text!r} out of line {number}", 0.8)
        if not header and tokens[-1].text == ":" and not deeper:
            last = tokens[-1]
            yield Guess(
                (Patch(last.start, last.end, ""),), f"Take the ':' from the end of line {number}", 0.7 * 0.8**distance
            )
    if broken.says("expected ':'"):
        at = broken.complaint.at
        before = len(broken.text[:at].rstrip(" \t"))
        yield Guess(insertion(before, ":"), f"Add the missing ':' in line {broken.complaint.line}", 0.85)
        if broken.focus < len(broken.tokens):
            token = broken.tokens[broken.focus]
            yield Guess((Patch(token.start, token.end, ":"),), f"Put ':' for {token.text!r}", 0.2)


def indent_below(broken: Broken, number: int) -> str | None:
    below = next(
        (one for one in range(number + 1, min(number + 6, broken.count) + 1) if not broken.is_blank(one)), None
    )
    return broken.indent(below) if below is not None else None


def between(broken: Broken) -> Iterator[Guess]:
    """What may stand between two operands that stand side by side."""
    near = broken.near
    for index in near:
        if index == 0:
            continue
        left = broken.tokens[index - 1]
        if not (left.ends_operand and _may_follow(broken, index)) or left.text == "print":
            continue
        line, gap = broken.line_of(left.start), broken.gap(index)
        same_line = "\n" not in gap and "\r" not in gap
        inside = bool(broken.around[index])
        if not same_line and not inside:
            continue
        close = _closeness(broken, index)
        touching = gap == ""
        for new, weight in _between(broken, index, gap, inside, same_line):
            yield Guess(
                insertion(left.end, new), f"Put {new.strip()!r} behind {short(left)} in line {line}",
                weight * close * (0.6 if touching and new.strip().isalpha() else 1.0),
            )  # fmt: skip


def _may_follow(broken: Broken, index: int) -> bool:
    token = broken.tokens[index]
    if token.text in ("*", "**") and index + 1 < len(broken.tokens):  # `f(a *args)`
        return broken.gap(index) != "" and (broken.gap(index + 1) == "" or broken.tokens[index + 1].text == ",")
    return token.begins_operand or token.kind == "open"


def _closeness(broken: Broken, index: int) -> float:
    complaint = broken.complaint
    if broken.says("Perhaps you forgot a comma"):
        inside = complaint.at <= broken.tokens[index - 1].end and broken.tokens[index].start <= complaint.end
        return 1.0 if inside else 0.5 * broken.closeness(index)
    return max(broken.closeness(index), broken.closeness(index - 1))


def _between(broken: Broken, index: int, gap: str, inside: bool, same_line: bool) -> Iterator[tuple[str, float]]:
    doubled = gap.startswith("  ") and same_line
    left, right = broken.tokens[index - 1], broken.tokens[index]
    yield ",", (0.85 if not same_line else 0.3 if doubled else 0.8) if inside else 0.25
    yield from (_colon(broken, index) if inside else ((":", 0.2),))
    keyword = left.kind == "name" and broken.text[left.end : right.start] in ("", " ") and inside
    yield "=", 0.3 if keyword else 0.35 if _begins_line(broken, index - 1) else 0.05
    for word, weight in _words(broken, index):
        yield f" {word}", weight
    if gap == "" and right.kind == "name":
        yield ".", 0.5
    for operator in _BINARY:
        yield f" {operator}", (0.5 if doubled else 0.12) * _fitness(broken, left, right, operator)


def _fitness(broken: Broken, left: Token, right: Token, operator: str) -> float:
    """How well an operator suits its operands and its line, 0 to 1."""
    line = broken.tokens_of(broken.line_of(left.start))
    condition = line[0].text in ("if", "elif", "while", "assert")
    compares = operator in ("==", "!=", "<", ">", "in", "not in", "is", "and", "or")
    if left.kind == "string":
        return {"%": 1.0 if "%" in left.text else 0.2, "+": 0.8, "in": 0.7, "if": 0.5}.get(operator, 0.2)
    follows = next((token.text for token in line if token.start >= right.end), "")
    if right.text == "not" and follows == "None":
        return {"is": 1.0}.get(operator, 0.1)
    if right.kind == "string":
        return {"==": 0.9, "+": 0.8 if not condition else 0.3, "or": 0.5, "in": 0.4, "!=": 0.6}.get(operator, 0.2)
    if right.text in ("None", "True", "False"):
        return {"is": 1.0, "==": 0.6, "or": 0.4, "and": 0.3}.get(operator, 0.1)
    if right.text == "not" or (right.text == "(" and condition):
        return {"and": 1.0, "or": 0.9, "in": 0.3 if right.text == "(" else 0.0}.get(operator, 0.2)
    if condition:
        favourites = {"==": 1.0, "and": 0.9, "in": 0.7, "<": 0.8, ">": 0.8, "or": 0.7, "!=": 0.6, "not in": 0.5}
        return favourites.get(operator, 0.35)
    base = {"+": 1.0, "-": 0.9, "*": 0.8, "or": 0.5, "and": 0.5, "/": 0.45, "%": 0.5, "==": 0.5}
    return base.get(operator, 0.2 if compares else 0.3)


def _colon(broken: Broken, index: int) -> Iterator[tuple[str, float]]:
    opener = broken.around[index][-1]
    kind = broken.tokens[opener].text
    members = [
        i
        for i in range(opener + 1, min(len(broken.tokens), opener + 200))
        if len(broken.around[i]) == len(broken.around[index])
    ]
    seen = sum(broken.tokens[i].text == ":" for i in members if broken.around[i][-1:] == (opener,))
    if kind == "{":
        previous = next(
            (
                broken.tokens[i].text
                for i in range(index - 1, opener - 1, -1)
                if broken.tokens[i].text in ("{", ",", ":") and i in {opener, *members}
            ),
            "{",
        )
        yield ":", 0.9 if seen and previous != ":" else 0.3
    elif kind == "[":
        yield ":", 0.25
    else:
        yield ":", 0.15


def _words(broken: Broken, index: int) -> Iterator[tuple[str, float]]:
    """Keywords that the statement still lacks."""
    start = index - 1
    line = broken.line_of(broken.tokens[start].start)
    words = [token.text for token in broken.tokens_of(line)]
    if "for" in words and words.count("in") < words.count("for"):
        yield "in", 0.9
    if words[0] == "from" and "import" not in words:
        yield "import", 0.9
    if words[0] in ("import", "from", "with", "except"):
        yield "as", 0.7
    if "if" in words[1:] and "else" not in words:
        yield "else", 0.85 if broken.says("else") else 0.3
    if "else" in words and "if" not in words:
        yield "if", 0.7


def _begins_line(broken: Broken, index: int) -> bool:
    token = broken.tokens[index]
    return not broken.text[broken.starts[broken.line_of(token.start) - 1] : token.start].strip()


def short(token: Token) -> str:
    return token.text if len(token.text) <= 30 else f"{token.text[:29]}…"


def superfluous(broken: Broken) -> Iterator[Guess]:
    """Each token near the complaint taken out: stray signs, doubled words and operators."""
    for index in broken.near:
        token = broken.tokens[index]
        if token.kind == "open" or (token.kind == "string" and len(token.text) > 80):
            continue
        before = broken.tokens[index - 1] if index else None
        doubled = before is not None and before.text == token.text and token.text not in ("(", ")", "[", "]", "{", "}")
        base = 0.85 if doubled else 0.6 if token.kind == "stray" else 0.3 if token.kind == "op" else 0.08
        if token.text in (",", ":") and before is not None and (before.kind == "op" and not before.ends_operand):
            base = 0.6
        title = f"Take {short(token)!r} out of line {broken.line_of(token.start)}"
        yield Guess((Patch(token.start, token.end, ""),), title, base * broken.closeness(index))


def equality(broken: Broken) -> Iterator[Guess]:
    """`=` for `==` and the other way round, `:=` for `=`, operators of other languages."""
    for index in broken.near:
        token = broken.tokens[index]
        line = broken.line_of(token.start)
        close = broken.closeness(index)
        if token.text == "=":
            words = {one.text for one in broken.tokens_of(line) if one.start < token.start}
            condition = bool(words & {"if", "while", "elif", "assert", "and", "or", "not", "return"})
            base = 0.9 if broken.says("==") else 0.7 if condition else 0.3
            yield Guess((Patch(token.start, token.end, "=="),), f"Compare with '==' in line {line}", base * close)
            yield Guess((Patch(token.start, token.end, ":"),), f"Put ':' for '=' in line {line}", 0.25 * close)
            yield Guess((Patch(token.start, token.end, ":="),), f"Assign with ':=' in line {line}", 0.08 * close)
        elif token.text in ("==", ":=", ":"):
            base = 0.7 if token.text != ":" else 0.3
            yield Guess((Patch(token.start, token.end, "="),), f"Assign with '=' in line {line}", base * close)
        if token.text in (";", ".", ":", "=", "-"):
            base = 0.4 if token.text == ";" else 0.15
            yield Guess(
                (Patch(token.start, token.end, ","),), f"Put ',' for {token.text!r} in line {line}", base * close
            )
        if token.text == ",":
            yield Guess((Patch(token.start, token.end, "."),), f"Put '.' for ',' in line {line}", 0.1 * close)
            yield Guess((Patch(token.start, token.end, ":"),), f"Put ':' for ',' in line {line}", 0.15 * close)
    yield from _foreign(broken)


def _foreign(broken: Broken) -> Iterator[Guess]:
    for number in broken.lines_up(broken.complaint.line, 3):
        start, line = broken.starts[number - 1], broken.line(number)
        for found in re.finditer(r"&&|\|\||=!|=<|=>|<>|!==|===|\+\+|--", line):
            new, at = _FOREIGN[found.group()], start + found.start()
            low = at - (new.startswith(" ") and line[found.start() - 1 : found.start()] == " ")
            high = at + len(found.group()) + (new.endswith(" ") and line[found.end() : found.end() + 1] == " ")
            title = f"Write {new.strip()!r} for {found.group()!r} in line {number}"
            yield Guess((Patch(low, high, new),), title, 0.85)
        for found in re.finditer(r"!(?![=])\s*", line):
            yield Guess(
                (Patch(start + found.start(), start + found.end(), "not "),),
                f"Write 'not' for '!' in line {number}",
                0.7,
            )
