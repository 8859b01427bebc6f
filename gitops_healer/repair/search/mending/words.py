"""Keywords: misspelt, missing, torn apart or run together; statements of Python 2."""

import re
from collections.abc import Iterator

from rapidfuzz.distance import OSA

from gitops_healer.repair.search.mending.broken import KEYWORDS, Broken, Guess, Patch, insertion

_SOFT = ("match", "case")
_LINE_WORDS = (
    "if", "for", "while", "with", "def", "class", "elif", "else", "try", "except", "finally", "return", "import",
    "from", "raise", "assert", "del", "global", "async",
)  # fmt: skip
_OPENING = (
    ("def", 0.5),
    ("class", 0.4),
    ("if", 0.6),
    ("elif", 0.3),
    ("while", 0.3),
    ("for", 0.5),
    ("with", 0.35),
    ("except", 0.4),
)


def typos(broken: Broken) -> Iterator[Guess]:
    """`retrun`, `Whlie`, `deffoo`, `im port`: a name that is nearly a keyword."""
    for index in broken.near:
        token = broken.tokens[index]
        if token.kind != "name" or token.text in KEYWORDS:
            continue
        first = not broken.text[broken.starts[broken.line_of(token.start) - 1] : token.start].strip()
        rare = 1.0 if broken.known[token.text] == 1 else 0.4 if broken.known[token.text] < 4 else 0.15
        for word in (*sorted(KEYWORDS), *_SOFT):
            weight = _likeness(token.text, word) * rare * (1.0 if first else 0.8) * broken.closeness(index, 0.93)
            if weight > 0.02:
                title = f"Write {word!r} for {token.text!r} in line {broken.line_of(token.start)}"
                yield Guess((Patch(token.start, token.end, word),), title, weight)
            yield from _run_together(broken, index, word, rare)
        if index + 1 < len(broken.tokens):
            yield from _torn(broken, index)


def _likeness(name: str, word: str) -> float:
    if name.lower() == word.lower():
        return 0.95
    if abs(len(name) - len(word)) > 2 or len(word) < 2:
        return 0.0
    distance = OSA.distance(name, word)
    if distance == 1:
        return 0.9 if len(word) > 2 else 0.6
    return 0.35 if distance == 2 and len(word) > 3 else 0.0


def _run_together(broken: Broken, index: int, word: str, rare: float) -> Iterator[Guess]:
    token = broken.tokens[index]
    title = f"Divide {token.text!r} in line {broken.line_of(token.start)}"
    close = broken.closeness(index, 0.93)
    if token.text.startswith(word) and len(token.text) > len(word):
        yield Guess(insertion(token.start + len(word), " "), title, 0.75 * rare * close)
    if token.text.endswith(word) and len(token.text) > len(word):
        yield Guess(insertion(token.end - len(word), " "), title, 0.6 * rare * close)


def _torn(broken: Broken, index: int) -> Iterator[Guess]:
    token, after = broken.tokens[index], broken.tokens[index + 1]
    if after.kind == "name" and token.text + after.text in KEYWORDS and after.start - token.end <= 2:
        title = f"Join {token.text!r} and {after.text!r} in line {broken.line_of(token.start)}"
        yield Guess((Patch(token.end, after.start, ""),), title, 0.9)


def missing(broken: Broken) -> Iterator[Guess]:
    """The word that begins a statement; `else if`; `async`."""
    for distance, number in enumerate(broken.lines_up(min(broken.complaint.line + 1, broken.count), 6)):
        tokens = broken.tokens_of(number)
        if not tokens:
            continue
        near = 0.85**distance
        start = tokens[0].start
        texts = [token.text for token in tokens]
        if texts[:2] == ["else", "if"]:
            yield Guess((Patch(start, tokens[1].end, "elif"),), f"Write 'elif' in line {number}", 0.97)
        if texts[0] in ("elseif", "elsif", "elsfi"):
            yield Guess((Patch(start, tokens[0].end, "elif"),), f"Write 'elif' in line {number}", 0.97)
        if texts[-1] == ":" and (
            tokens[0].kind != "name"
            or not tokens[0].is_word
            or texts[0] in ("not", "None", "True", "False", "lambda", "await")
        ):
            for word, weight in _openings(texts):
                yield Guess(insertion(start, f"{word} "), f"Begin line {number} with {word!r}", weight * near)
        if texts == [":"]:
            for word, weight in (("else", 0.7), ("try", 0.6), ("finally", 0.3), ("except Exception", 0.1)):
                yield Guess(insertion(start, word), f"Begin line {number} with {word!r}", weight * near)
        if texts[0] == "from" and "import" not in texts:
            for token in tokens[1:-1]:
                yield Guess(insertion(token.end, " import"), f"Put 'import' into line {number}", 0.6 * near)
        if "import" in texts[1:] and texts[0] != "from":
            yield Guess(insertion(start, "from "), f"Begin line {number} with 'from'", 0.9 * near)
        if texts[0] == "else" and len(texts) > 2:
            yield Guess((Patch(start, tokens[0].end, "elif"),), f"Write 'elif' in line {number}", 0.6 * near)
        if texts[0] in ("elif", "if") and texts[1:] == [":"]:
            yield Guess((Patch(start, tokens[0].end, "else"),), f"Write 'else' in line {number}", 0.8 * near)
        if texts[0] == "elif" or texts[0] == "case":
            yield Guess((Patch(start, tokens[0].end, "if"),), f"Write 'if' in line {number}", 0.4 * near)
    yield from _asynchronous(broken)


def _openings(texts: list[str]) -> Iterator[tuple[str, float]]:
    called = re.fullmatch(r"\w+ \( .*\) (?:-> .* )?:", " ".join(texts)) is not None
    capital = texts[0].lstrip("_")[:1].isupper()
    for word, weight in _OPENING:
        if word == "def":
            weight = 0.9 if called and not capital else 0.1
        elif word == "class":
            weight = (0.9 if called or len(texts) == 2 else 0.2) if capital else 0.15
        elif word == "for":
            weight = 0.85 if "in" in texts else 0.1
        elif word == "with" and "as" in texts:
            weight = 0.9
        elif word in ("if", "elif", "while") and called:
            weight *= 0.6
        elif word == "except" and texts[0].endswith(("Error", "Exception")):
            weight = 0.95
        yield word, weight


def _asynchronous(broken: Broken) -> Iterator[Guess]:
    """`await` and its like in a function that is not asynchronous: make it so."""
    if not broken.says("async", "await"):
        return
    home = len(broken.indent(broken.complaint.line))
    for number in range(broken.complaint.line, 0, -1):
        tokens = broken.tokens_of(number)
        if tokens and tokens[0].text == "def" and len(broken.indent(number)) < home:
            yield Guess(insertion(tokens[0].start, "async "), f"Make the function in line {number} asynchronous", 0.9)
            break
    for token in broken.tokens_of(broken.complaint.line):
        if token.text in ("await", "async"):
            end = token.end + (broken.text[token.end : token.end + 1] == " ")
            title = f"Take {token.text!r} out of line {broken.complaint.line}"
            yield Guess((Patch(token.start, end, ""),), title, 0.3)


def python_2(broken: Broken) -> Iterator[Guess]:
    """Everything of Python 2 in the file at once, and the line of the complaint alone."""
    everything = list(_old_statements(broken, range(1, broken.count + 1)))
    if not everything:
        return
    here = [patch for patch in everything if broken.line_of(patch.start) == broken.complaint.line]
    if len(everything) > len(here):
        yield Guess(_apart(everything), "Write the statements of Python 2 as Python 3 does", 0.96)
    if here:
        yield Guess(_apart(here), f"Write line {broken.complaint.line} as Python 3 does", 0.95)


def _apart(patches: list[Patch]) -> tuple[Patch, ...]:
    kept: list[Patch] = []
    for patch in sorted(patches):
        if not kept or (patch.start >= kept[-1].end and patch.start != kept[-1].start):
            kept.append(patch)
    return tuple(kept)


_PRINT = re.compile(
    r"([ \t]*|.*?(?:[:;]|\belse:)[ \t]*)print\b[ \t]*(?![(=.,:\])]|[ \t]*$)(>>[ \t]*([\w.]+)[ \t]*,?[ \t]*)?"
)
_PRINT_PERCENT = re.compile(r"[ \t]*print[ \t]*\(.*\)[ \t]*(?:%|,|\+)")
_EXCEPT = re.compile(r"([ \t]*except[ \t]+(?:[\w.]+|\([^()]*\)))[ \t]*,[ \t]*(\w+)[ \t]*:")
_RAISE = re.compile(r"([ \t]*raise[ \t]+[\w.]+)[ \t]*,[ \t]*")
_EXEC = re.compile(r"([ \t]*)exec[ \t]+(?=[\w\"'])")


def _old_statements(broken: Broken, numbers: range) -> Iterator[Patch]:
    coded = {number for number in numbers if broken.tokens_of(number)}
    for number in sorted(coded):
        start, line, tokens = broken.starts[number - 1], broken.line(number), broken.tokens_of(number)
        end = tokens[-1].end
        if line.lstrip().startswith("print") or re.search(r"[:;]\s*print\b", line):
            yield from _old_print(broken, start, line, end)
        if found := _EXCEPT.match(line):
            yield Patch(start + found.end(1), start + found.start(2), " as ")
        elif found := _RAISE.match(line):
            yield Patch(start + found.end(1), start + found.end(), "(")
            yield Patch(end, end, ")")
        elif found := _EXEC.match(line):
            yield Patch(start + found.end() - 1, start + found.end(), "(")
            yield Patch(end, end, ")")
    for before, token in zip((None, *broken.tokens), broken.tokens, strict=False):
        if token.kind == "number" and re.fullmatch(r"\d+[lL]|0\d+[lL]?", token.text) and set(token.text) != {"0"}:
            octal = re.fullmatch(r"0[0-7]+[lL]?", token.text)
            yield Patch(token.start, token.end, (f"0o{token.text[1:]}" if octal else token.text).rstrip("lL"))
        elif token.text == ">" and before is not None and before.text == "<" and before.end == token.start:
            yield Patch(before.start, token.end, "!=")
        elif token.kind == "string" and re.match(
            r"(?i)ur['\"]", broken.text[max(0, token.start - 1) : token.start + 2]
        ):
            yield Patch(token.start - 1, token.start, "")


def _old_print(broken: Broken, start: int, line: str, end: int) -> Iterator[Patch]:
    found = _PRINT.match(line)
    if found is None:
        if wrapped := _PRINT_PERCENT.match(line):
            at = start + line.index("print") + 5
            if wrapped:
                yield Patch(at, at + len(line[at - start :]) - len(line[at - start :].lstrip(" \t")), "(")
                yield Patch(end, end, ")")
        return
    at = start + line.index("print", found.end(1)) + 5
    trailing = broken.text[end - 1 : end] == ","
    yield Patch(at, start + found.end(), "(")
    target = f", file={found[3]}" if found[3] else ""
    if trailing:
        yield Patch(end - 1, end, f", end=' '{target})")
    else:
        yield Patch(end, end, f"{target})")
