"""A text is put together or read in the wrong format."""

import ast
import re
from collections.abc import Iterator
from itertools import combinations

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._calls import readable_at
from gitops_healer.repair.search.templates._places import in_fstring, short

# The format specification mini-language of Python: `08.2f`, `>{width}`, `,`.
_SPEC = re.compile(
    r"(?P<align>[^{}]?[<>=^])?(?P<sign>[+ -])?(?P<alternate>#)?(?P<zero>0)?(?P<width>\d+|\{[^{}]*\})?(?P<group>[,_])?"
    r"(?P<precision>\.\d+|\.\{[^{}]*\})?(?P<kind>[a-zA-Z%])?"
)
_PERCENT = re.compile(r"%(?P<name>\(\w+\))?(?P<zero>[-+ #0]*)(?P<width>\d+)?(?P<precision>\.\d+)?(?P<kind>[sdrfxeg])")
_TIME = re.compile(r"%[a-zA-Z]")
_TIMES = {
    "Y": "y",
    "y": "Y",
    "m": "Md",
    "M": "mS",
    "d": "mj",
    "H": "I",
    "I": "H",
    "B": "b",
    "b": "B",
    "A": "a",
    "a": "A",
}
_KINDS = {"d": "sx", "f": "geds", "s": "dr", "x": "Xdb", "X": "x", "g": "f", "e": "f", "r": "s", "b": "xo", "%": "f"}
_ALIGNS = {"<": ">^", ">": "<^", "^": "<>", "=": ">"}
_LITERAL = re.compile(r"(?P<prefix>[a-zA-Z]*)(?P<quote>\"\"\"|'''|\"|')")
_QUANTIFIER = re.compile(r"(?<!\\)[*+](?!\?)|(?<=[\])dwsDWS.])(?![*+?{])")

_LITERALS = re.compile(r"(?<![\\\[(?])[-+,:/ ](?![?*+{\]])")  # what could be left out in a pattern
_ANYTHING = re.compile(r"(?<![\\\[])\.(?![*+?{\]])")  # a dot that may have been meant as such


@repair_template(
    prior=0.063,
    examples=(
        Example("def f(n):\n    return f'{n:2d}'  # kept\n", "def f(n):\n    return f'{n:02d}'  # kept\n"),
        Example("def f(n):\n    return f'{n:.1f}'\n", "def f(n):\n    return f'{n:.2f}'\n"),
        Example("def f(a, w):\n    return f'{a:>{w}}'\n", "def f(a, w):\n    return f'{a:<{w}}'\n"),
        Example("def f(a, b):\n    return f'{a} of {b}'\n", "def f(a, b):\n    return f'{b} of {a}'\n"),
        Example("def f(a):\n    return f'{a}, '\n", "def f(a):\n    return f'{a},'\n"),
        Example("def f(a):\n    return f'<{a}>'\n", "def f(a):\n    return f'<{a!r}>'\n"),
        Example("def f(n):\n    return '{:d}'.format(n)\n", "def f(n):\n    return '{:02d}'.format(n)\n"),
        Example("def f(n):\n    return '%d' % n\n", "def f(n):\n    return '%02d' % n\n"),
        Example("def f(d):\n    return d.strftime('%d.%M')\n", "def f(d):\n    return d.strftime('%d.%m')\n"),
        Example("def f(name):\n    return 'for {name}'\n", "def f(name):\n    return f'for {name}'\n"),
        Example("def f(t):\n    return re.match(r'-\\d', t)\n", "def f(t):\n    return re.match(r'-?\\d', t)\n"),
        Example("def f(t):\n    return re.match(r'\\d.\\d', t)\n", "def f(t):\n    return re.match(r'\\d\\.\\d', t)\n"),
        Example("def f(t):\n    return re.match(r'\\d', t)\n", "def f(t):\n    return re.match(r'\\d+', t)\n"),
    ),
)
def string_format(target: Target) -> Iterator[Rewrite]:
    """Format otherwise: `{n:02d}` for `{n:2d}`, `>` for `<`, parts exchanged, `%m` for `%M`, a missing `f`."""
    for node in target.places:
        text = target.text(node) if isinstance(node, ast.Constant | ast.JoinedStr) else ""
        found = _LITERAL.match(text)
        if found is None or in_fstring(target, node) or not _is_one_literal(text, found):
            continue
        start, end = found.end(), len(text) - len(found["quote"])
        for new, title, weight in _others(target, node, text[start:end], found["prefix"]):
            spans = _as_span(target, node, text[:start], text[start:end], new)
            yield Rewrite((spans,), node.lineno, title, weight)
        if isinstance(node, ast.Constant) and not found["prefix"] and _names_values(target, node, text[start:end]):
            at = target.source.span(node)[0]
            yield Rewrite((Span(at, at, "f"),), node.lineno, f"Make {short(text)} an f-string", 0.9)


def _is_one_literal(text: str, found: re.Match[str]) -> bool:
    """Whether the text is one string, not several that stand side by side, in one line."""
    quote = found["quote"]
    inside = text[found.end() : len(text) - len(quote)]
    return text.endswith(quote) and len(text) >= found.end() + len(quote) and quote not in inside and "\n" not in text


def _as_span(target: Target, node: ast.expr, lead: str, now: str, new: str) -> Span:
    """Only what changes inside of the quotation marks."""
    at = target.source.span(node)[0] + len(lead.encode("utf-8", "surrogateescape"))
    return Span(at, at + len(now.encode("utf-8", "surrogateescape")), new)


def _others(target: Target, node: ast.expr, body: str, prefix: str) -> Iterator[tuple[str, str, float]]:
    formatted = isinstance(node, ast.JoinedStr) or _is_formatted(target, node)
    fields = [one for one in _fields(body) if "\\" not in body[one[0] : one[1]]] if formatted else []
    for start, end in fields:
        for rank, field in enumerate(dict.fromkeys(_other_fields(body[start:end]))):
            if field != body[start:end]:
                title = f"Format {short('{' + field + '}')} instead of {short('{' + body[start:end] + '}')}"
                yield body[:start] + field + body[end:], title, 1 / (1 + rank / 2)
    for one, other in combinations(fields[:5], 2):
        parts = (
            body[: one[0]],
            body[other[0] : other[1]],
            body[one[1] : other[0]],
            body[one[0] : one[1]],
            body[other[1] :],
        )
        if parts[1] != parts[3]:
            yield "".join(parts), "Exchange two parts of the text", 0.6
    if isinstance(node, ast.JoinedStr):
        yield from _other_words(body, fields)
    else:
        yield from _other_codes(body)
        if "r" in prefix.lower() or _is_pattern(target, node):
            yield from _other_patterns(body)


def _is_formatted(target: Target, node: ast.expr) -> bool:
    parent = target.parent(node)
    return isinstance(parent, ast.Attribute) and parent.attr in ("format", "format_map")


def _is_pattern(target: Target, node: ast.expr) -> bool:
    parent = target.parent(node)
    return isinstance(parent, ast.Call) and ast.unparse(parent.func).startswith("re.")


def _fields(body: str) -> Iterator[tuple[int, int]]:
    """Where the insides of replacement fields stand: `a{b:>{c}}d` -> (2, 7)."""
    at, depth, start = 0, 0, 0
    while at < len(body):
        if depth == 0 and body[at : at + 2] in ("{{", "}}"):
            at += 1
        elif body[at] == "{":
            depth += 1
            start = at + 1 if depth == 1 else start
        elif body[at] == "}":
            depth -= 1
            if depth == 0:
                yield start, at
            if depth < 0:
                return
        at += 1


def _split(field: str) -> tuple[str, str, str]:
    """`x!r:>4` -> `x`, `!r`, `>4`."""
    depth = 0
    for at, letter in enumerate(field):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and letter == "!" and field[at + 1 : at + 2] != "=":
            return field[:at], field[at : at + 2], field[at + 3 :]
        if depth == 0 and letter == ":" and field[at + 1 : at + 2] != "=":
            return field[:at], "", field[at + 1 :]
    return field, "", ""


def _other_fields(field: str) -> Iterator[str]:
    value, conversion, spec = _split(field)
    if "'" in value or '"' in value or value.endswith("="):
        return
    if not spec:
        yield f"{value}{'' if conversion else '!r'}"
        yield from (f"{value}{conversion}:{new}" for new in (".2f", "02d", "02", ",", ".1f", "s"))
        return
    for new in _other_specs(spec):
        yield f"{value}{conversion}:{new}" if new else f"{value}{conversion}"


def _other_specs(spec: str) -> Iterator[str]:
    """Neighbours of a format specification, one part changed at a time."""
    found = _SPEC.fullmatch(spec)
    if found is None:
        return
    now = {name: found[name] or "" for name in found.re.groupindex}

    def written(**changed: str) -> str:
        return "".join({**now, **changed}.values())

    if now["width"] or now["kind"] in ("d", "x", "b", "X"):
        yield written(zero="" if now["zero"] else "0", width=now["width"] or "2")
    if now["align"]:
        yield from (written(align=now["align"][:-1] + other) for other in _ALIGNS[now["align"][-1]])
    elif now["width"]:
        yield from (written(align=other) for other in (">", "<", "^"))
    for part, lead in (("precision", "."), ("width", "")):
        digits = now[part].removeprefix(lead)
        if digits.isdigit():
            yield from (
                written(**{part: f"{lead}{number}"}) for number in (int(digits) + 1, int(digits) - 1) if number >= 0
            )
    if now["width"].startswith("{") and not now["precision"]:
        yield written(width="", precision=f".{now['width']}")
    if not now["precision"] and now["kind"] in ("", "f", "%"):
        yield from (written(precision=".2", kind=now["kind"] or "f"), written(precision=".1", kind=now["kind"] or "f"))
    yield from (written(kind=other) for other in _KINDS.get(now["kind"], ""))
    yield written(group="" if now["group"] else ",")
    yield written(sign="" if now["sign"] else "+")
    yield ""


def _other_words(body: str, fields: list[tuple[int, int]]) -> Iterator[tuple[str, str, float]]:
    """Spaces around what stands between the fields of an f-string."""
    edges = [0, *(edge for start, end in fields for edge in (start - 1, end + 1)), len(body)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        words = body[start:end]
        for rank, new in enumerate(dict.fromkeys((words.strip(), words.rstrip(), words + " ", " " + words, ""))):
            if new != words and "\\" not in words:
                yield body[:start] + new + body[end:], "Change the spaces of the text", 0.3 / (1 + rank / 2)


def _other_codes(body: str) -> Iterator[tuple[str, str, float]]:
    """`%02d` for `%d`, `%y` for `%Y`."""
    for found in _PERCENT.finditer(body):
        name, zero, width, kind = found["name"] or "", found["zero"], found["width"] or "", found["kind"]
        precision = found["precision"] or ""
        others = [f"%{name}0{width or '2'}{precision}{kind}"] if kind in "dx" and "0" not in zero else []
        others += [f"%{name}{zero.replace('0', '')}{width}{precision}{kind}"] if "0" in zero else []
        others += [f"%{name}{zero}{width}.{int(precision[1:]) + step}{kind}" for step in (1, -1) if precision > ".0"]
        others += [f"%{name}{zero}{width}{precision or '.2' * (new == 'f')}{new}" for new in _KINDS.get(kind, "")]
        for rank, new in enumerate(others):
            if new != found[0] and "b" not in new[-1:] and "o" not in new[-1:]:
                title = f"Format {short(new)} instead of {short(found[0])}"
                yield body[: found.start()] + new + body[found.end() :], title, 0.8 / (1 + rank / 2)
    times = list(_TIME.finditer(body))
    for found in times:
        for new in _TIMES.get(found[0][1], ""):
            title = f"Use {short('%' + new)} instead of {short(found[0])}"
            yield body[: found.start()] + "%" + new + body[found.end() :], title, 0.6
    for one, other in combinations(times[:4], 2):
        parts = body[: one.start()], other[0], body[one.end() : other.start()], one[0], body[other.end() :]
        if one[0] != other[0]:
            yield "".join(parts), "Exchange two parts of the text", 0.4


def _other_patterns(body: str) -> Iterator[tuple[str, str, float]]:
    """Quantifiers and ends of a regular expression."""
    others: list[str] = []
    for found in list(_QUANTIFIER.finditer(body))[:8]:
        before, after = body[: found.start()], body[found.end() :]
        if found[0]:
            swapped = "+" if found[0] == "*" else "*"
            others += [before + swapped + after, f"{before}{found[0]}?{after}", before + after]
        else:
            others += [f"{before}+{after}", f"{before}?{after}", f"{before}*{after}"]
    others += [body.removeprefix("^") if body.startswith("^") else f"^{body}"]
    others += [body.removesuffix("$") if body.endswith("$") else f"{body}$"]
    others += [
        body.replace(one, other, 1) for one, other in ((r"\d", r"\w"), (r"\w", r"\d"), (r"\s", " "), (" ", r"\s"))
    ]
    for found in _LITERALS.finditer(body):
        others.append(f"{body[: found.end()]}?{body[found.end() :]}")
    others += [f"{body[: found.start()]}{chr(92)}.{body[found.end() :]}" for found in _ANYTHING.finditer(body)]
    others += [body.replace(one, other) for one, other in (("a-z", "a-zA-Z"), ("A-Z", "A-Za-z"), ("a-z", "a-z0-9"))]
    for rank, new in enumerate(dict.fromkeys(others)):
        if new != body and _compiles(new):
            yield new, f"Match {short(new)} instead of {short(body)}", 0.6 / (1 + rank / 4)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return not pattern.endswith("\\")


def _names_values(target: Target, node: ast.expr, body: str) -> bool:
    """Whether a plain string has fields that name what can be read at its place."""
    fields = [body[start:end] for start, end in _fields(body)]
    formatted = isinstance(target.parent(node), ast.Attribute)
    safe = all(field and not set("\"'\\") & set(field) for field in fields)
    return (
        bool(fields)
        and safe
        and not formatted
        and all(readable_at(target, node, _split(field)[0]) is not None for field in fields)
    )
