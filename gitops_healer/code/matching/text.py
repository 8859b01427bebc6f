"""The text of a code pattern becomes a Python tree: metavariables and `...` become names that the parser accepts."""

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

MOST_TEXT = 4000
"""Characters of one pattern."""
MOST_DEPTH = 60
"""Nesting of one pattern; matching recurses into patterns, never into code."""


class PatternError(ValueError):
    """A pattern that cannot be used; the text says what is wrong and what to write instead."""


class Written(NamedTuple):
    """statements: the pattern as Python; singles, rests: {placeholder: name of its metavariable, "" for anonymous},
    of those that stand for one thing and for any number of things."""

    statements: list[ast.stmt]
    singles: dict[str, str]
    rests: dict[str, str]


_TOKEN = re.compile(
    r'''(?P<string>(?:\b[a-zA-Z]{1,2})?(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'
                                          |"(?:\\.|[^\\"\n])*"|'(?:\\.|[^\\'\n])*'))
      |(?P<comment>\#[^\n]*)
      |(?P<rest>(?<!\w)\$\.\.\.[A-Z_][A-Z0-9_]*(?![\w$])|\.\.\.)
      |(?P<single>(?<!\w)\$[A-Z_][A-Z0-9_]*(?![\w$]))
      |(?P<stray>\$[^\s()\[\]{},:]*)
      |(?P<word>\w+)
      |(?P<sign>\*\*|[-+*/%&|^@=!<>:]=|[()\[\]{},:=])
      |(?P<space>\s+|\\\n)
      |(?P<other>.)''',
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_PARTS = re.compile(r"\s*(except|elif|else|finally|case)\b")


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass
class _Bracket:
    """What is known of an open bracket. parameters: it holds the parameters of a function or lambda; entries: it is a
    dictionary; named: a `name=`, `**` or default was already seen in it; expects: a `def` waits for its bracket."""

    sign: str
    parameters: bool = False
    entries: bool = False
    named: bool = False
    expects: bool = False


@dataclass
class _Writer:
    """Writes the tokens again, with placeholders for what is no Python."""

    tokens: Sequence[_Token]
    prefix: str
    dictionaries: frozenset[int]
    singles: dict[str, str] = field(default_factory=dict)
    rests: dict[str, str] = field(default_factory=dict)
    open: list[_Bracket] = field(default_factory=lambda: [_Bracket("")])

    def write(self) -> str:
        return "".join(self._spelled(at, token) for at, token in enumerate(self.tokens))

    def _spelled(self, at: int, token: _Token) -> str:
        match token.kind:
            case "single":
                return self._single(token.text)
            case "rest":
                return self._rest(at, token.text)
            case "string" if "f" in token.text.partition(token.text[-1])[0].lower():
                return self._formatted(token.text)
            case "word":
                self._word(token.text)
            case "sign":
                self._sign(at, token.text)
        return token.text

    def _single(self, text: str) -> str:
        placeholder = f"{self.prefix}{text[1:]}"
        self.singles[placeholder] = "" if text == "$_" else text[1:]
        return placeholder

    def _rest(self, at: int, text: str) -> str:
        """`...` stays where Python allows it; among parameters, entries and behind keywords it does not."""
        bracket = self.open[-1]
        if self._is_element(at) and bracket.parameters:
            return self._many(text) + ("=0" if bracket.named else "")
        if self._is_element(at) and (bracket.entries or (bracket.sign == "(" and bracket.named)):
            return f"**{self._many(text)}"
        return text if text == "..." else self._many(text)

    def _many(self, text: str) -> str:
        name = text.removeprefix("$").removeprefix("...")
        placeholder = f"{self.prefix}{len(self.rests)}_{name}"
        self.rests[placeholder] = name
        return placeholder

    def _is_element(self, at: int) -> bool:
        before = next((t.text for t in reversed(self.tokens[:at]) if t.kind not in ("space", "comment")), "")
        after = next((t.text for t in self.tokens[at + 1 :] if t.kind not in ("space", "comment")), "")
        ends = (")", "]", "}", ",", ":") if self.open[-1].sign == "lambda" else (")", "]", "}", ",")
        return before in ("(", "[", "{", ",", "lambda") and after in ends

    def _word(self, text: str) -> None:
        if text == "def":
            self.open[-1].expects = True
        elif text == "lambda":
            self.open.append(_Bracket("lambda", parameters=True))

    def _sign(self, at: int, sign: str) -> None:
        last = self.open[-1]
        if sign in ("(", "[", "{"):
            self.open.append(_Bracket(sign, sign == "(" and last.expects, at in self.dictionaries))
            last.expects = last.expects and sign != "("
        elif last.sign == _CLOSING.get(sign, "lambda" if sign == ":" else None):
            self.open.pop()
        elif sign in ("=", "**"):
            last.named = True

    def _formatted(self, text: str) -> str:
        """The fields of an f-string are code; one that begins with a metavariable is written again."""
        field_start = re.compile(r"(?<!\{)((?:\{\{)*\{\s*)(\$[A-Z_][A-Z0-9_]*)(?!\w)")
        return field_start.sub(lambda found: found[1] + self._single(found[2]), text)


def written(text: str) -> Written:
    """The tree of a pattern. Raises PatternError."""
    if len(text) > MOST_TEXT:
        raise PatternError(f"must be at most {MOST_TEXT:,} characters long")
    text = textwrap.dedent(text.expandtabs(4) if text.startswith("\t") else text).strip()
    tokens = [_Token(str(found.lastgroup), found[0]) for found in _TOKEN.finditer(text)]
    stray = next((token.text for token in tokens if token.kind == "stray"), None)
    if stray is not None:
        raise PatternError(
            f"must name metavariables like $X, $NAME or $...ARGS (capitals, digits, _), and {stray} is none"
        )
    prefix = next(name for number in count() if (name := f"v{number}_") not in text)
    writer = _Writer(tokens, prefix, _dictionaries(tokens))
    statements = _parsed(writer.write(), text)
    if not statements:
        raise PatternError("must hold an expression or a statement")
    _check_depth(statements)
    return Written(statements, writer.singles, writer.rests)


def _dictionaries(tokens: Sequence[_Token]) -> frozenset[int]:
    """Positions of the `{` that begin a dictionary: those with a `:` or `**` directly inside."""
    open_at: list[int] = []
    found = set()
    for at, token in enumerate(tokens):
        if token.kind != "sign":
            continue
        if token.text in ("(", "[", "{"):
            open_at.append(at)
        elif token.text in _CLOSING and open_at:
            open_at.pop()
        elif token.text in (":", "**") and open_at and tokens[open_at[-1]].text == "{":
            found.add(open_at[-1])
    return frozenset(found)


def _parsed(code: str, text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code).body
    except SyntaxError as error:
        lines = text.split("\n")
        line = lines[min(max(error.lineno or 1, 1), len(lines)) - 1].strip()
        shown = line[:80] if line.isprintable() else ascii(line[:80])
        raise PatternError(f"must be Python: {error.msg} in `{shown}`{_hint(text, error)}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise PatternError(f"must be Python that the parser reads ({error})") from None


def _hint(text: str, error: SyntaxError) -> str:
    part = _PARTS.match(text)
    if part is not None:
        return f". `{part[1]}` is a part of a statement: write the whole one, with `...` for what may be anything"
    if "indented block" in (error.msg or "") or text.endswith(":"):
        return ". A block needs a body: write `...` for any"
    return ""


def _check_depth(statements: Sequence[ast.AST]) -> None:
    level: list[ast.AST] = list(statements)
    for _ in range(MOST_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise PatternError(f"must be nested at most {MOST_DEPTH} deep")
