"""A Python file that does not parse: the small edits after which it does, likeliest first.

What the parser complains about says where to look; the kinds of slips that people make (and tools leave behind) say
what to try; every guess is parsed. Two edits where one is not enough and the second complaint lies further down.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain

from gitops_healer.core.change import Change
from gitops_healer.repair.search.mending import brackets, characters, keys, layout, operators, quotes, words
from gitops_healer.repair.search.mending.broken import (
    BUILTINS,
    FAILED,
    Broken,
    Complaint,
    Guess,
    Guesser,
    Patch,
    complaint_of,
    parsed,
    patched,
)
from gitops_healer.repair.search.mending.encodings import (
    change_of,
    compiles,
    declarations,
    declares_well,
    decoded,
    is_text,
)

GUESSERS: tuple[Guesser, ...] = (
    characters.conflicts, characters.odd_characters, characters.strays, words.python_2, words.typos, words.missing,
    operators.colons, operators.between, operators.superfluous, operators.equality, brackets.brackets, quotes.strings,
    quotes.triple_quotes, keys.replaced, keys.exchanged, keys.torn, keys.comments, keys.joined, keys.lines,
    layout.indentation,
)  # fmt: skip

MOST_PARSES = 2000
MOST_LINES = 150_000
"""Lines parsed in all; about 2 s."""
MOST_MENDINGS = 20
LARGEST = 2_000_000
"""Bytes. What is longer was not written by hand."""
_CLEARLY, _LIKELY = 4.0, 0.4
_TWICE = 0.5
"""Two slips are less likely than one, and never clear."""
_FIRST_STEPS = 12


@dataclass(frozen=True)
class Mending:
    """A change after which the file parses. title: what it does, imperative; weight: 0 to 1, how likely it is what was
    meant, relative to the others."""

    change: Change
    title: str
    weight: float


def mendings(path: str, data: bytes) -> tuple[Mending, ...]:
    """At most 20, one for each syntax tree that results; empty when the file parses, or nothing helps."""
    if len(data) > LARGEST:
        return ()
    text, encoding = decoded(data)
    complaint = complaint_of(text)
    if complaint is None or not is_text(text):
        return tuple(Mending(*one) for one in declarations(path, data))
    found = _Search(_Budget()).mend(text, complaint)
    offered = [Mending(change_of(path, data, text, encoding, one.patches), one.title, one.weight) for one in found]
    sure = declares_well(data)
    return tuple(one for one in offered if sure or compiles(one.change.apply({path: data})[path]))


def clear(found: tuple[Mending, ...]) -> bool:
    """Whether the first may be taken without tests: it is the only one, or far likelier than the second."""
    return (
        bool(found)
        and (len(found) == 1 or found[0].weight >= _CLEARLY * found[1].weight)
        and found[0].weight >= _LIKELY
    )


# The search


@dataclass
class _Budget:
    parses: int = MOST_PARSES
    lines: int = MOST_LINES

    def take(self, lines: int) -> bool:
        self.parses -= 1
        self.lines -= lines
        return self.parses > 0 and self.lines > 0


@dataclass(frozen=True)
class _Found:
    patches: tuple[Patch, ...]
    title: str
    weight: float
    tree: str = field(compare=False, default="")


@dataclass(frozen=True)
class _Step:
    """A guess after which the parser complains further down."""

    guess: Guess
    text: str
    complaint: Complaint


class _Search:
    def __init__(self, budget: _Budget) -> None:
        self._budget = budget

    def mend(self, text: str, complaint: Complaint, depth: int = 2) -> list[_Found]:
        broken = Broken(text, complaint)
        part = _Part(broken)
        found: dict[str, _Found] = {}
        steps: list[_Step] = []
        for guess in _guesses(broken):
            if not self._budget.take(part.cost) or _enough(found, guess) or self._turns_to(depth, found, steps):
                break
            self._try(part, guess, found, steps)
        if not found and depth > 1:
            return self._further(broken, steps)
        return _ranked(broken, found.values())

    def _turns_to(self, depth: int, found: dict[str, _Found], steps: list[_Step]) -> bool:
        """Whether the rest of the budget is better spent on a second edit."""
        half = self._budget.parses < MOST_PARSES // 2 or self._budget.lines < MOST_LINES // 2
        return depth > 1 and not found and bool(steps) and half

    def _try(self, part: "_Part", guess: Guess, found: dict[str, _Found], steps: list[_Step]) -> None:
        try:
            tree = part.tree_after(guess)
        except FAILED as error:
            if isinstance(error, SyntaxError) and part.moved(error, guess):
                steps.append(_Step(guess, patched(part.broken.text, guess.patches), part.broken.complaint))
            return
        key = ast.dump(tree) if tree is not None else repr(guess.patches)
        known = found.get(key)
        if known is not None:
            if guess.weight > known.weight:
                found[key] = _Found(guess.patches, guess.title, guess.weight, key)
            return
        whole = patched(part.broken.text, guess.patches)
        self._budget.take(part.broken.count)
        complaint = complaint_of(whole, compiled=tree is None)
        if complaint is None:
            found[key] = _Found(guess.patches, guess.title, guess.weight, key)
        elif complaint.line > part.broken.complaint.line:
            steps.append(_Step(guess, whole, complaint))

    def _further(self, broken: Broken, steps: list[_Step]) -> list[_Found]:
        found: list[_Found] = []
        for step in sorted(steps, key=lambda one: -one.guess.weight)[:_FIRST_STEPS]:
            complaint = complaint_of(step.text)
            if complaint is None or complaint.line <= broken.complaint.line:
                continue
            for second in self.mend(step.text, complaint, 1)[:5]:
                patches = _joined(step.guess.patches, second.patches)
                if patches is not None:
                    title = f"{step.guess.title}; {second.title[:1].lower()}{second.title[1:]}"
                    found.append(_Found(patches, title, _TWICE * step.guess.weight * second.weight, second.tree))
            if not self._budget.take(0):
                break
        best: dict[tuple[Patch, ...], _Found] = {}
        for one in sorted(found, key=lambda one: -one.weight):
            best.setdefault(one.patches, one)
        return list(best.values())[:MOST_MENDINGS]


def _guesses(broken: Broken) -> list[Guess]:
    """Each edit once, likeliest first; ties in the order of the text."""
    best: dict[tuple[Patch, ...], Guess] = {}
    for guess in chain.from_iterable(guesser(broken) for guesser in GUESSERS):
        known = best.get(guess.patches)
        if guess.patches and (known is None or guess.weight > known.weight):
            best[guess.patches] = guess
    return sorted(best.values(), key=lambda guess: (-guess.weight, guess.patches))[:MOST_PARSES]


def _enough(found: dict[str, _Found], guess: Guess) -> bool:
    if len(found) >= MOST_MENDINGS * 2:
        return True
    best = max((one.weight for one in found.values()), default=0.0)
    return bool(found) and guess.weight < best / (15 if len(found) >= 3 else 30)


def _joined(first: tuple[Patch, ...], second: tuple[Patch, ...]) -> tuple[Patch, ...] | None:
    """Both in terms of the text before the first; None when they touch."""
    moved = []
    for patch in second:
        shift = 0
        for earlier in first:
            at = earlier.start + shift
            if at + len(earlier.new) <= patch.start and (patch.start, patch.end) != (at, at):
                shift += len(earlier.new) - (earlier.end - earlier.start)
            elif at < patch.end or at == patch.start:
                return None
        moved.append(Patch(patch.start - shift, patch.end - shift, patch.new))
    return tuple(sorted((*first, *moved)))


class _Part:
    """The lines around a complaint that can be parsed alone, so that most guesses cost little."""

    def __init__(self, broken: Broken) -> None:
        self.broken = broken
        self._low, self._high = self._bounds()
        self.cost = broken.text.count("\n", self._low, self._high) + 1
        self._complained = self._complaint_in_part()

    def tree_after(self, guess: Guess) -> ast.AST | None:
        """The tree of the part after a guess; None when the guess reaches beyond it. Raises what the parser does."""
        if guess.far or any(patch.start < self._low or patch.end > self._high for patch in guess.patches):
            return None
        return parsed(self._text(guess.patches))

    def moved(self, error: SyntaxError, guess: Guess) -> bool:
        """Whether the parser complains at least one line further down than it did."""
        added = sum(patch.new.count("\n") - self.broken.text.count("\n", *patch[:2]) for patch in guess.patches)
        return (error.lineno or 0) - added > self._complained

    def _text(self, patches: tuple[Patch, ...]) -> str:
        part = self.broken.text[self._low : self._high]
        return patched(part, [Patch(p.start - self._low, p.end - self._low, p.new) for p in patches])

    def _complaint_in_part(self) -> int:
        try:
            parsed(self._text(()))
        except SyntaxError as error:
            return error.lineno or 0
        except (ValueError, RecursionError, MemoryError):
            return 0
        return self.cost

    def _bounds(self) -> tuple[int, int]:
        broken = self.broken
        line = broken.complaint.line
        low = self._beginning(line)
        tall = 400 if broken.says("string") else 40
        for number in range(min(line + tall, broken.count), broken.count + 1):
            if _begins_statement(broken.line(number)):
                return low, broken.starts[number - 1]
        return low, len(broken.text)

    def _beginning(self, line: int) -> int:
        """The start of a statement well above the complaint, before which all is well."""
        starts = [n for n in range(1, line) if _begins_statement(self.broken.line(n))]
        above = [n for n in starts if n <= line - 10]
        for number in (above[-2:-1] + above[:-2][-6::-5])[:3]:
            at = self.broken.starts[number - 1]
            try:
                parsed(self.broken.text[:at], compiled=False)
            except FAILED:
                continue
            return at
        return 0


def _begins_statement(line: str) -> bool:
    return (
        re.match(r"(?:async |def |class |@|import |from |if |for |while |with |try:|[A-Za-z_][\w.]* ?=)", line)
        is not None
    )


# Which one was meant


def _ranked(broken: Broken, found: Iterable[_Found]) -> list[_Found]:
    """Weighed anew by what only the result tells: statements without effect, names that nobody knows."""
    marks = [(one, *_oddities(broken, one)) for one in found]
    if not marks:
        return []
    idle, strange = min(mark[1] for mark in marks), min(mark[2] for mark in marks)
    weighed = [
        _Found(
            one.patches, one.title, one.weight * 0.35 ** (useless - idle) * 0.6 ** min(unknown - strange, 4), one.tree
        )
        for one, useless, unknown in marks
    ]
    return sorted(weighed, key=lambda one: (-one.weight, one.patches))[:MOST_MENDINGS]


_USELESS = re.compile(
    r"Expr\(value=(?:Name|Compare|Tuple|BinOp|Attribute|Subscript|BoolOp|UnaryOp|List|Set|Dict|Slice|JoinedStr)\("
)


def _oddities(broken: Broken, found: _Found) -> tuple[int, int]:
    """(statements without effect, names that stand in the file only once)"""
    words = Counter(_NAME.findall(patched(broken.text, found.patches)))
    lonely = sum(count == 1 and word not in BUILTINS for word, count in words.items())
    return len(_USELESS.findall(found.tree)), lonely


_NAME = re.compile(r"[^\W\d]\w*")
