"""Characters that came in by paste or merge: conflict markers, quotes of typesetters, blanks that are none."""

import re
from collections.abc import Iterator
from itertools import product

from gitops_healer.repair.search.mending.broken import Broken, Guess, Patch

_PLAIN = {
    **dict.fromkeys("“”„‟«»″＂", '"'), **dict.fromkeys("‘’‚‛′＇´", "'"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\x00\x1a\x08\x7f", ""),
    **dict.fromkeys("–—−‐‑", "-"), "×": "*", "÷": "/", "…": "...", "≠": "!=", "≤": "<=", "≥": ">=", "→": "->",
    "（": "(", "）": ")", "［": "[", "］": "]", "｛": "{", "｝": "}", "，": ",", "：": ":", "；": ";", "．": ".",
    "＝": "=", "＋": "+", "、": ",",
}  # fmt: skip
_ODD = re.compile("[" + re.escape("".join(_PLAIN)) + "]")
_CONFLICT = re.compile(
    r"^<{7}[^\r\n]*(?:\r\n|\n|\r)(?P<ours>.*?)(?:^\|{7}[^\r\n]*(?:\r\n|\n|\r).*?)?^={7}[ \t]*(?:\r\n|\n|\r)"
    r"(?P<theirs>.*?)^>{7}[^\r\n]*(?:\r\n|\n|\r|\Z)",
    re.MULTILINE | re.DOTALL,
)
_MARKER = re.compile(r"^(?:<{7}|>{7}|={7}|\|{7})(?:[ \t][^\r\n]*)?(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_SIDES = {"ours": "ours", "theirs": "theirs", "both": "both sides"}


def conflicts(broken: Broken) -> Iterator[Guess]:
    """Markers of a merge: keep ours, theirs, or both; each conflict by itself where there are few."""
    found = list(_CONFLICT.finditer(broken.text))
    if not found:
        markers = list(_MARKER.finditer(broken.text))
        if markers:
            patches = tuple(Patch(mark.start(), mark.end(), "") for mark in markers)
            yield Guess(patches, "Take the markers of the merge out", 0.9)
        return
    uniform = [(side,) * len(found) for side in _SIDES]
    mixed = product(_SIDES, repeat=len(found)) if 1 < len(found) <= 3 else iter(())
    for number, sides in enumerate(dict.fromkeys([*uniform, *mixed])):
        patches = tuple(Patch(one.start(), one.end(), _side(one, side)) for one, side in zip(found, sides, strict=True))
        kept = " and ".join(_SIDES[side] for side in dict.fromkeys(sides))
        yield Guess(patches, f"Settle the merge: keep {kept}", (0.9, 0.88, 0.5)[number] if number < 3 else 0.3)


def _side(conflict: re.Match[str], side: str) -> str:
    return conflict["ours"] + conflict["theirs"] if side == "both" else conflict[side]


def odd_characters(broken: Broken) -> Iterator[Guess]:
    """As a keyboard types them: in the line of the complaint, and in all code of the file."""
    number = broken.complaint.line
    first, last = broken.starts[number - 1], broken.line_end(number)
    here = _plain(broken, first, last)
    strings = [(t.start, t.end) for t in broken.tokens if t.kind == "string"]
    code = tuple(p for p in _plain(broken, 0, len(broken.text)) if not any(a < p.start < b for a, b in strings))
    if here:
        yield Guess(here, f"Write line {number} in plain characters", 0.95)
    if code and code != here:
        yield Guess(code, "Write the code in plain characters", 0.94)
    everywhere = _plain(broken, 0, len(broken.text))
    if "\0" in broken.text:
        yield Guess(tuple(p for p in everywhere if broken.text[p.start] == "\0"), "Take the NUL bytes out", 0.97)


def _plain(broken: Broken, first: int, last: int) -> tuple[Patch, ...]:
    return tuple(
        Patch(found.start(), found.end(), _PLAIN[found.group()])
        for found in _ODD.finditer(broken.text, first, last)
        if found.start() or found.group() != "\ufeff"
    )


def strays(broken: Broken) -> Iterator[Guess]:
    """Lines that are no code: fences, prompts, marks of a diff; blanks behind a backslash; single stray characters."""
    fences = [n for n in range(1, broken.count + 1) if re.fullmatch(r"\s*(?:```\w*|~~~\w*)\s*", broken.line(n))]
    if fences:
        yield Guess(_lines_out(broken, fences), "Take the Markdown fences out", 0.9)
    number = broken.complaint.line
    start, line = broken.starts[number - 1], broken.line(number)
    if found := re.match(r"\s*(?:>>> |\.\.\. )", line):
        prompts = [n for n in range(1, broken.count + 1) if re.match(r"\s*(?:>>> |\.\.\. )", broken.line(n))]
        patches = tuple(
            Patch(broken.starts[n - 1] + len(broken.indent(n)), broken.starts[n - 1] + len(broken.indent(n)) + 4, "")
            for n in prompts
        )
        yield Guess(patches, "Take the prompts out", 0.85)
    for found in re.finditer(r"\\[ \t]+$", line):
        yield Guess(
            (Patch(start + found.start() + 1, start + found.end(), ""),),
            f"Take the blanks behind '\\' out of line {number}",
            0.9,
        )
    for found in re.finditer(r"\\", line):
        yield Guess(
            (Patch(start + found.start(), start + found.end(), ""),), f"Take the '\\' out of line {number}", 0.6
        )
    at = broken.complaint.at
    if at < len(broken.text) and not broken.text[at].isspace():
        yield Guess((Patch(at, at + 1, ""),), f"Take {broken.text[at]!r} out of line {number}", 0.25)
    yield Guess(_lines_out(broken, [number]), f"Take line {number} out", 0.03)


def _lines_out(broken: Broken, numbers: list[int]) -> tuple[Patch, ...]:
    ends = [broken.starts[n] if n < broken.count else len(broken.text) for n in numbers]
    return tuple(Patch(broken.starts[n - 1], end, "") for n, end in zip(numbers, ends, strict=True))
