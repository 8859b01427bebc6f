"""A file that does not parse, cut into tokens as well as it can be, and what the parser says about it."""

import builtins
import re
import warnings
from ast import AST, PyCF_ONLY_AST
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from keyword import kwlist
from typing import NamedTuple

KEYWORDS = frozenset(kwlist)
BUILTINS = frozenset(dir(builtins)) | KEYWORDS
FAILED = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What the parser raises."""
BLOCKS = frozenset(
    "if elif else while for def class try except finally with async match case".split()
)  # words that begin a line with a colon at its end
OPENERS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}
QUOTES = ("'", '"')

_TOKEN = re.compile(
    r"""(?P<space>[ \t\f]+|\\(?:\r\n|\n|\r))
    | (?P<newline>\r\n|\n|\r)
    | (?P<comment>\#[^\r\n]*)
    | (?P<string>(?:[rR]?[bBfFuU]?|[bBfF][rR])
        (?:\"\"\"(?:\\.|[^\\])*?\"\"\" | '''(?:\\.|[^\\])*?'''
        | "(?!"")(?:\\(?:\r\n|.)|[^"\\\r\n])*" | '(?!'')(?:\\(?:\r\n|.)|[^'\\\r\n])*'))
    | (?P<open>(?:[rR]?[bBfFuU]?|[bBfF][rR])(?:(?:\"\"\"|''').* | ["'][^\r\n]*))
    | (?P<number>0[xXoObB][\da-fA-F_]+ | (?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?[jJlL]?)
    | (?P<name>[^\W\d]\w*)
    | (?P<op>\*\*=|//=|>>=|<<=|\.\.\.|[-+*/%&|^@<>=!:]=|->|\*\*|//|<<|>>|[-+*/%@&|^~<>()\[\]{}.,:;=])
    | (?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_LAYOUT = frozenset({"space", "newline", "comment"})
_LINE_END = re.compile(r"\r\n|\n|\r")


class Token(NamedTuple):
    """kind: string, open (a string without an end), number, name, op or stray; start, end: offsets in the text."""

    kind: str
    start: int
    end: int
    text: str

    @property
    def is_word(self) -> bool:
        return self.kind == "name" and self.text in KEYWORDS

    @property
    def ends_operand(self) -> bool:
        values = self.kind in ("string", "number") or self.text in (")", "]", "}", "None", "True", "False", "...")
        return values or (self.kind == "name" and not self.is_word)

    @property
    def begins_operand(self) -> bool:
        starts = self.text in ("(", "[", "{", "None", "True", "False", "not", "lambda", "await", "...", "~")
        return starts or self.kind in ("string", "number") or (self.kind == "name" and not self.is_word)


class Patch(NamedTuple):
    """Text from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: str


class Guess(NamedTuple):
    """patches: in order, without overlap; title: imperative; weight: 0 to 1, how likely this is what was meant; far:
    what it does reaches further than the lines around."""

    patches: tuple[Patch, ...]
    title: str
    weight: float
    far: bool = False


Guesser = Callable[["Broken"], Iterable[Guess]]


@dataclass(frozen=True)
class Complaint:
    """What the parser says. line: from 1; at, end: offsets in the text that it points to."""

    message: str
    line: int
    at: int
    end: int


@dataclass(frozen=True, eq=False)
class Broken:
    """text: the file decoded, line ends as they are; complaint: the first one of the parser."""

    text: str
    complaint: Complaint

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Offset of each line."""
        return line_starts(self.text)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Without space, line ends and comments."""
        return tuple(
            Token(match.lastgroup or "", match.start(), match.end(), match.group())
            for match in _TOKEN.finditer(self.text)
            if match.lastgroup not in _LAYOUT
        )

    @cached_property
    def known(self) -> Counter[str]:
        """How often each name stands in the file."""
        return Counter(token.text for token in self.tokens if token.kind == "name")

    @cached_property
    def focus(self) -> int:
        """The index of the token that the parser points to, or of the one behind."""
        return min(bisect_right([token.end for token in self.tokens], self.complaint.at), max(0, len(self.tokens) - 1))

    @cached_property
    def near(self) -> range:
        """Indices of the tokens in which the slip is looked for: the lines before the complaint, and one after."""
        line = self.complaint.line
        first = self.starts[max(0, line - 9)]
        last = self.starts[min(len(self.starts) - 1, line + 1)] if line + 1 < len(self.starts) else len(self.text)
        ends = [token.end for token in self.tokens]
        low = bisect_right(ends, first)
        high = bisect_right([token.start for token in self.tokens], last)
        return range(max(low, self.focus - 120), min(high, self.focus + 40))

    def line_of(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def line(self, number: int) -> str:
        """Without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def line_end(self, number: int) -> int:
        """The offset behind the last character of a line, before its end."""
        return self.starts[number - 1] + len(self.line(number))

    def indent(self, number: int) -> str:
        line = self.line(number)
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def is_blank(self, number: int) -> bool:
        bare = self.line(number).strip()
        return not bare or bare.startswith("#")

    def tokens_of(self, number: int) -> list[Token]:
        """Those that begin in a line."""
        return self._by_line.get(number, [])

    @cached_property
    def _by_line(self) -> dict[int, list[Token]]:
        found: dict[int, list[Token]] = {}
        for token in self.tokens:
            found.setdefault(self.line_of(token.start), []).append(token)
        return found

    def lines_up(self, number: int, most: int) -> Iterator[int]:
        """That line and those above which are not blank."""
        found = 0
        while number > 0 and found < most:
            if number <= len(self.starts) and not self.is_blank(number):
                found += 1
                yield number
            number -= 1

    @property
    def count(self) -> int:
        return len(self.starts)

    @cached_property
    def newline(self) -> str:
        found = _LINE_END.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def unit(self) -> str:
        """One step of indentation, as most lines have it."""
        steps: Counter[str] = Counter()
        for number in range(1, self.count):
            here, below = self.indent(number), self.indent(number + 1)
            if self.line(number).rstrip().endswith(":") and below.startswith(here) and below != here:
                steps[below[len(here) :]] += 1
        return steps.most_common(1)[0][0] if steps else "    "

    def gap(self, index: int) -> str:
        """What stands between token `index` and the one before."""
        return self.text[self.tokens[index - 1].end : self.tokens[index].start]

    def closeness(self, index: int, decay: float = 0.88) -> float:
        """1 where the parser points to, falling with each token between."""
        return max(0.02, decay ** abs(index - self.focus))

    def says(self, *words: str) -> bool:
        return any(word in self.complaint.message for word in words)

    @cached_property
    def around(self) -> tuple[tuple[int, ...], ...]:
        """For each token the indices of the brackets that are open before it, outermost first; a line that begins
        with a statement's word ends them all."""
        found: list[tuple[int, ...]] = []
        stack: tuple[int, ...] = ()
        for index, token in enumerate(self.tokens):
            if (
                stack
                and token.text in _STATEMENT_WORDS
                and self.text[self.tokens[index - 1].end : token.start].strip(" \t")
            ):
                stack = ()
            found.append(stack)
            if token.text in OPENERS:
                stack = (*stack, index)
            elif token.text in CLOSERS and stack:
                stack = stack[:-1]
        return tuple(found)


_STATEMENT_WORDS = frozenset("def class return import while with try raise del assert pass break continue".split())


def line_starts(text: str) -> tuple[int, ...]:
    ends = [match.end() for match in _LINE_END.finditer(text)]
    return (0, *ends) if not ends or ends[-1] < len(text) else (0, *ends[:-1])


def parsed(text: str | bytes, compiled: bool = True) -> AST:
    """The tree of a text or file, which also compiles when asked for. Raises SyntaxError, ValueError, RecursionError
    or MemoryError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(text, "<text>", "exec", PyCF_ONLY_AST, dont_inherit=True)
        if compiled:
            compile(tree, "<text>", "exec", dont_inherit=True)  # type: ignore[call-overload]
    return tree


def complaint_of(text: str, compiled: bool = True) -> Complaint | None:
    """The parser's complaint about a text, None when it parses."""
    try:
        parsed(text, compiled)
    except SyntaxError as error:
        return _located(text, error)
    except (ValueError, RecursionError, MemoryError) as error:
        at = max(0, text.find("\0"))
        return Complaint(str(error), text.count("\n", 0, at) + 1, at, at)
    return None


def _located(text: str, error: SyntaxError) -> Complaint:
    starts = line_starts(text)
    line = min(max(error.lineno or 1, 1), len(starts))
    start = starts[line - 1]
    at = min(start + max((error.offset or 1) - 1, 0), len(text))
    last = min(max(error.end_lineno or line, line), len(starts))
    end = starts[last - 1] + max((error.end_offset or 0) - 1, 0)
    return Complaint(error.msg or "", line, at, max(at, min(end, len(text))))


def patched(text: str, patches: Iterable[Patch]) -> str:
    for patch in sorted(patches, reverse=True):
        text = text[: patch.start] + patch.new + text[patch.end :]
    return text


def insertion(at: int, new: str) -> tuple[Patch, ...]:
    return (Patch(at, at, new),)
