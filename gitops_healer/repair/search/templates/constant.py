"""A constant has the wrong value."""

import ast
import re
from collections.abc import Iterator
from itertools import islice

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.templates._places import alike, change, in_fstring, short

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_UNITS = (60, 100, 1000, 24, 7, 12, 3600, 1024, 365, 30, 10, 16, 8)  # in which things are often counted
_MOST = 10  # other constants of the file that are offered at one place


@repair_template(
    prior=0.07,
    examples=(
        Example("def f(x):\n    return x * 10  # kept\n", "def f(x):\n    return x * 100  # kept\n"),
        Example("def f(x):\n    return x[1]\n", "def f(x):\n    return x[0]\n"),
        Example("def f(x):\n    return x[0]\n", "def f(x):\n    return x[-1]\n"),
        Example("def f(x):\n    return x.split(',')\n", "def f(x):\n    return x.split(', ')\n"),
        Example("def f(x):\n    return True\n", "def f(x):\n    return False\n"),
        Example(
            'def f(year):\n    """Whether 400 divides it."""\n    return year % 40 == 0\n',
            'def f(year):\n    """Whether 400 divides it."""\n    return year % 400 == 0\n',
        ),
        Example("LIMIT = 9\n", "LIMIT = 10\n"),
        Example("DAYS = 5\n", "DAYS = 7\n"),
    ),
)
def constant(target: Target) -> Iterator[Rewrite]:
    """Use another number, string or truth value: `100` for `10`, `", "` for `","`, `True` for `False`.

    Offered are one more and one less, multiples, what stands nearby or is named in the docstring, and other spellings.
    """
    for node in _constants(target):
        now = target.text(node)
        rank = 0
        for new in dict.fromkeys(_others(target, node)):
            if new != now:
                title = f"Use {short(new)} instead of {short(now)}"
                yield from change(target, node, new, title, 1 / (1 + 0.4 * rank))
                rank += 1


def _constants(target: Target) -> Iterator[ast.expr]:
    """Constants, a minus sign in front included; of strings only those that stand in one line."""
    for node in target.places:
        inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
        if not isinstance(inner, ast.Constant) or inner.value is ... or isinstance(target.parent(node), ast.Expr):
            continue
        above = target.parent(node)
        if node is inner and isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.USub):
            continue
        if not isinstance(inner.value, str | bytes) or "\n" not in target.text(node):
            yield node


def _others(target: Target, node: ast.expr) -> Iterator[str]:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    assert isinstance(inner, ast.Constant)
    constant: object = inner.value
    match constant:
        case bool(value):
            yield from ("False" if value else "True", "None")
        case None:
            yield from ("False", "0", '""', "True", "[]", "1")
        case int(number) | float(number):
            yield from _numbers(target, node, -number if inner is not node else number)
        case str(value) if not in_fstring(target, node):
            yield from _strings(target, node, value)
        case _:
            return


def _numbers(target: Target, node: ast.expr, value: int | float) -> Iterator[str]:
    """Near ones first, then those of the code and the docstring, then multiples."""
    near: list[float] = [value + 1, value - 1]
    near += [one for one in (0, 1, -1, 2) if abs(value) <= 3]
    yield from (_written(one) for one in near)
    named = (text for text in _NUMBER.findall(target.docstring) if "." in text or not text.lstrip("-").startswith("0"))
    yield from islice(named, 8)
    if value:
        yield from (_written(-value), _written(value * 10), *_less(value), _written(value * 2))
    yield from ("0", "1")
    numbers = [text for text in _nearby(target) if text[:1].isdigit() or text[:1] == "."]
    yield from sorted(numbers, key=lambda text: -alike(text, target.text(node)))[:_MOST]
    if value in _UNITS or (isinstance(target.node, ast.Module) and type(value) is int):
        yield from (str(one) for one in (*_UNITS, *range(2, 13)))
    if isinstance(value, float):
        yield from (_written(value * 100), _written(value / 100), _written(1 - value), _written(value + 0.5))
    else:
        yield from (f"{value}.0", "None", "True" if value else "False")


def _less(value: int | float) -> Iterator[str]:
    for divisor in (10, 2):
        if isinstance(value, float):
            yield _written(value / divisor)
        elif value % divisor == 0:
            yield _written(value // divisor)


def _written(value: float) -> str:
    return repr(round(value, 10) if isinstance(value, float) else value)


def _nearby(target: Target) -> tuple[str, ...]:
    """Texts of constants: of the target, then of the module."""
    own = (
        target.text(n) for n in target.places if isinstance(n, ast.Constant) and not isinstance(n.value, bool | None)
    )
    return tuple(dict.fromkeys([*own, *target.ingredients.constants]))


def _strings(target: Target, node: ast.expr, value: str) -> Iterator[str]:
    now = target.text(node)
    lead = now[: len(now) - len(now.lstrip("rRuUbBfF"))]
    quote = now[len(lead) : len(lead) + (3 if now[len(lead) : len(lead) + 3] in ('"""', "'''") else 1)]
    for new in dict.fromkeys(_spellings(target, value)):
        yield quoted(new, quote)
    known = [text for text in (*_nearby(target), *_separators(target)) if text[:1] in "\"'" and "\n" not in text]
    found = [text for text in dict.fromkeys(known) if _content(text) != value]
    for text in sorted(found, key=lambda text: -alike(_content(text), value))[:_MOST]:
        yield quoted(_content(text), quote)


def _separators(target: Target) -> Iterator[str]:
    """Short strings of the tests that are no words: what texts are divided by."""
    for text in target.ingredients.words:
        if len(text) <= 5 and not any(letter.isalnum() for letter in text):
            yield text


def _content(text: str) -> str:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    return value if isinstance(value, str) else text


def _spellings(target: Target, value: str) -> Iterator[str]:
    """Other ways to write a string: spaces around it, letter case, one letter less, words of the docstring."""
    yield from (value + " ", value.strip()) if value.strip() == value else (value.strip(), value.rstrip())
    yield from (f" {value}", value.lower(), value.upper(), value.capitalize(), value + "\n", value.removesuffix("\n"))
    if 1 < len(value) <= 12:
        yield from (value[:-1], value[1:])
    yield from ("", " ") if len(value) <= 3 else ("",)
    for _, word in re.findall(r"(['\"`])([^'\"`\n]{1,30})\1", target.docstring)[:12]:
        yield word
    if len(value) == 1:
        yield from (letter for letter in ", ;:-_./|\t\n" if letter != value)


def quoted(value: str, quote: str) -> str:
    """A string as it is written with the given quotation marks, where they can be kept."""
    text = repr(value)
    if quote not in ('"', '"""') or '"' in value or text[0] == '"':
        return text
    return '"' + text[1:-1].replace("\\'", "'") + '"'
