"""Indentation: missing, unexpected, fitting no level, tabs among spaces; blocks without a body."""

from collections.abc import Iterator

from gitops_healer.repair.search.mending.broken import BLOCKS, Broken, Guess, Patch, insertion

_MOST_LINES = 200


def indentation(broken: Broken) -> Iterator[Guess]:
    indented = broken.says("indent", "outside", "tabs", "expected 'except'", "not properly in loop", "outside loop")
    lines = list(broken.lines_up(broken.complaint.line, 4 if indented else 3))
    if broken.complaint.line < broken.count:
        lines.append(next(iter(_below(broken, broken.complaint.line)), broken.complaint.line))
    for distance, number in enumerate(lines):
        scale = (1.0 if indented else 0.45) * 0.7**distance
        yield from _moved(broken, number, scale)
    yield from _dents(broken, 1.0 if indented else 0.4)
    yield from _paragraphs(broken, 1.0 if broken.says("expected an indented block") else 0.3)
    yield from _bodies(broken, 1.0 if broken.says("expected an indented block") else 0.25)
    if broken.says("indent", "tabs"):
        yield from _tabs(broken)


def _below(broken: Broken, number: int) -> Iterator[int]:
    return (below for below in range(number + 1, min(number + 30, broken.count) + 1) if not broken.is_blank(below))


def _levels(broken: Broken, number: int) -> list[str]:
    """Indentations that the line could have, likeliest first: those of the lines around, one step deeper behind a
    colon."""
    above = list(broken.lines_up(number - 1, 25))
    found: list[str] = []
    if above:
        nearest = broken.indent(above[0])
        header = _is_header(broken, above[0])
        found.append(nearest + broken.unit if header else nearest)
        found.append(nearest if header else nearest + broken.unit)
    below = next(iter(_below(broken, number)), None)
    if below is not None:
        found.append(broken.indent(below))
    found += sorted({broken.indent(up) for up in above}, key=len, reverse=True)
    return list(dict.fromkeys([*found, ""]))


def _dents(broken: Broken, scale: float) -> Iterator[Guess]:
    """Lines well above the complaint that stand further left than both neighbours: only what follows tells that they
    should not."""
    lines = list(broken.lines_up(broken.complaint.line, 80))
    for distance, (below, number, above) in enumerate(zip(lines, lines[1:], lines[2:], strict=False)):
        now = broken.indent(number)
        if len(now) >= len(broken.indent(above)) or len(now) >= len(broken.indent(below)):
            continue
        tokens = broken.tokens_of(number)
        if not tokens or tokens[0].text in ("class", "@", "else", "elif", "except", "finally", ")", "]", "}"):
            continue
        header = _is_header(broken, number)
        inner = broken.indent(below)
        levels = [inner.removesuffix(broken.unit) if header else inner, broken.indent(above)]
        for rank, level in enumerate(dict.fromkeys(levels)):
            if level != now:
                title = f"Indent line {number} by {len(level.expandtabs())} columns"
                weight = (0.8 if len(now) % max(1, len(broken.unit)) or not now else 0.5) * 0.8**rank
                yield Guess((_reindented(broken, number, now, level),), title, weight * scale * 0.97**distance)


def _paragraphs(broken: Broken, scale: float) -> Iterator[Guess]:
    """What stands below a header without a body becomes its body: one line, some statements, all of them."""
    for header in broken.lines_up(broken.complaint.line, 2):
        below = list(_run_below(broken, header)) if _is_header(broken, header) else []
        if not below or len(broken.indent(below[0])) > len(broken.indent(header)):
            continue
        level = broken.indent(below[0])
        tops = [at for at, number in enumerate(below) if broken.indent(number) == level]
        large = broken.tokens_of(header)[0].text in ("def", "class", "async")
        for rank, end in enumerate([*tops[1:], len(below)][:40]):
            lines = below[:end]
            patches = tuple(_reindented(broken, one, "", broken.unit) for one in lines)
            whole = end == len(below)
            weight = (0.8 if whole else 0.3) if large else 0.8 * 0.75**rank
            weight *= 1.15 if _leaves(broken, lines[-1]) or (not whole and _gap_follows(broken, lines[-1])) else 0.9
            yield Guess(patches, f"Indent lines {lines[0]} to {lines[-1]} one step", min(0.95, weight) * scale)


def _run_below(broken: Broken, header: int) -> Iterator[int]:
    """Lines below a header that are not indented less, up to the next definition or branch at its own level."""
    home = broken.indent(header)
    for number in range(header + 1, min(broken.count, header + _MOST_LINES) + 1):
        if broken.is_blank(number):
            continue
        words = [token.text for token in broken.tokens_of(number)[:1]]
        ends = words and words[0] in ("def", "class", "@", "elif", "else", "except", "finally") and number > header + 1
        if len(broken.indent(number)) < len(home) or (
            ends and broken.indent(number) == home and words[0] not in "else"
        ):
            return
        yield number


def _leaves(broken: Broken, number: int) -> bool:
    tokens = broken.tokens_of(number)
    return bool(tokens) and tokens[0].text in ("return", "raise", "continue", "break")


def _gap_follows(broken: Broken, number: int) -> bool:
    return 0 < number < broken.count and not broken.line(number + 1).strip()


def _is_header(broken: Broken, number: int) -> bool:
    tokens = broken.tokens_of(number)
    return bool(tokens) and tokens[-1].text == ":"


def _moved(broken: Broken, number: int, scale: float) -> Iterator[Guess]:
    """The line alone, and with those that hang on it, to every other level."""
    now = broken.indent(number)
    above = next(iter(broken.lines_up(number - 1, 1)), None)
    below = next(iter(_below(broken, number)), None)
    header = above is not None and _is_header(broken, above)
    tokens = broken.tokens_of(number)
    for rank, level in enumerate(_levels(broken, number)):
        if level == now:
            continue
        weight = 0.85 * 0.8**rank
        if below is not None and broken.indent(below) == level:
            weight *= 1.1
        if header and above is not None and len(level) <= len(broken.indent(above)):
            weight *= 0.3
        if header and tokens and tokens[0].text in ("def", "class", "@", "async") and _gap_follows(broken, number - 2):
            weight *= 0.4  # the next definition, not a nested one
        block = _block(broken, number)
        joined = len(block) > 1
        title = f"Indent line {number} by {len(level.expandtabs())} columns"
        yield Guess((_reindented(broken, number, now, level),), title, weight * scale * (0.6 if joined else 1.0))
        if joined:
            patches = tuple(_reindented(broken, one, now, level) for one in block)
            title = f"Indent lines {block[0]} to {block[-1]} by {len(level.expandtabs())} columns"
            yield Guess(patches, title, weight * scale)


def _block(broken: Broken, number: int) -> list[int]:
    """The line and those below that are indented as deep or deeper."""
    now = broken.indent(number)
    lines = [number]
    for below in range(number + 1, min(broken.count, number + _MOST_LINES) + 1):
        if broken.is_blank(below) and not broken.line(below).startswith(now + "#"):
            continue
        if not broken.indent(below).startswith(now) or (broken.indent(below) == now and not now):
            break
        if broken.tokens_of(below) or broken.line(below).strip():
            lines.append(below)
    return lines


def _reindented(broken: Broken, number: int, now: str, level: str) -> Patch:
    start = broken.starts[number - 1]
    return Patch(start, start + len(now), level)


def _bodies(broken: Broken, scale: float) -> Iterator[Guess]:
    """`pass` under a header that has nothing below it; what follows moved under it."""
    for number in list(broken.lines_up(broken.complaint.line, 3)):
        tokens = broken.tokens_of(number)
        if not tokens or tokens[-1].text != ":" or tokens[0].text not in BLOCKS:
            continue
        level = broken.indent(number)
        below = next(iter(_below(broken, number)), None)
        if below is None or len(broken.indent(below)) <= len(level):
            body = broken.newline + level + broken.unit + "pass"
            again = below is None or (broken.tokens_of(below)[:1] and broken.tokens_of(below)[0].text in BLOCKS)
            weight = 0.7 if again or below is None or len(broken.indent(below)) < len(level) else 0.35
            yield Guess(insertion(broken.line_end(number), body), f"Give line {number} a body", weight * scale)
    if broken.says("expected 'except' or 'finally'"):
        yield from _without_handler(broken)


def _without_handler(broken: Broken) -> Iterator[Guess]:
    for number in broken.lines_up(broken.complaint.line, 60):
        tokens = broken.tokens_of(number)
        if [token.text for token in tokens] == ["try", ":"]:
            level, at = broken.indent(number), broken.starts[broken.complaint.line - 1]
            new = f"{level}finally:{broken.newline}{level}{broken.unit}pass{broken.newline}"
            yield Guess(insertion(at, new), f"Give the 'try' in line {number} an end", 0.3)
            return


def _tabs(broken: Broken) -> Iterator[Guess]:
    """All indentation in spaces, a tab as eight or as many as one step has; or all in tabs."""
    lines = [
        number for number in range(1, broken.count + 1) if "\t" in broken.indent(number) and not broken.is_blank(number)
    ]
    steps = len(broken.unit) if "\t" not in broken.unit else 4
    for size in dict.fromkeys((8, steps, 4)):
        patches = tuple(
            Patch(broken.starts[n - 1], broken.starts[n - 1] + len(broken.indent(n)), broken.indent(n).expandtabs(size))
            for n in lines
        )
        if patches:
            yield Guess(patches, f"Indent with spaces, a tab as {size}", 0.9 if size != 8 else 0.6)
    if lines and len(lines) * 2 > sum(bool(broken.indent(n)) for n in range(1, broken.count + 1)):
        spaced = [n for n in range(1, broken.count + 1) if " " in broken.indent(n) and not broken.is_blank(n)]
        for size in dict.fromkeys((8, 4)):
            patches = tuple(
                Patch(
                    broken.starts[n - 1], broken.starts[n - 1] + len(broken.indent(n)),
                    "\t" * (len(broken.indent(n).expandtabs(size)) // size),
                )
                for n in spaced
            )  # fmt: skip
            if patches:
                yield Guess(patches, f"Indent with tabs, {size} spaces as one", 0.85 if size == 8 else 0.8)
