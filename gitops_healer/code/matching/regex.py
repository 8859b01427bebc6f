"""Regular expressions whose time grows with the length of text and expression only, whatever both are.

`re` tries alternatives one after the other, so that an unlucky (or hostile) expression takes exponential time. This
one follows all alternatives at once (Thompson, 1968). It reads the same notation without what needs memory: no back
references, no look-around, no atomic parts; lazy quantifiers mean the same as greedy ones here, since only whether
something is found matters.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

MOST_TEXT = 500
"""Characters of an expression."""
MOST_STATES = 500
"""Size of an expression with its counted repetitions written out."""
_MOST_DEPTH = 50

_ATOM = re.compile(r"\[\^?\]?(?:\\.|[^\\\]])*\]|\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\\[]", re.DOTALL)
_COUNT = re.compile(r"\{(?:(\d{1,4})|(\d{0,4}),(\d{0,4}))\}")
_FLAGS = re.compile(r"\(\?([aimsu]+)\)")
_PLACES = frozenset({"^", "$", r"\b", r"\B"})
_ESCAPES = frozenset("dDwWsStnrfv")


class _Char(NamedTuple):
    accepts: re.Pattern[str]


class _Place(NamedTuple):
    where: str


class _Row(NamedTuple):
    parts: tuple["_Part", ...]


class _Choice(NamedTuple):
    rows: tuple["_Part", ...]


class _Repeat(NamedTuple):
    """most: None for any number."""

    part: "_Part"
    least: int
    most: int | None


_Part = _Char | _Place | _Row | _Choice | _Repeat


class _Reader:
    """Reads the notation. Raises ValueError."""

    def __init__(self, text: str, flags: int) -> None:
        self._text = text
        self._flags = flags
        self._at = 0
        self._depth = 0

    def whole(self) -> _Part:
        part = self._choice()
        if self._at < len(self._text):
            raise ValueError("has a ) without its (")
        return part

    def _choice(self) -> _Part:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise ValueError(f"has groups nested more than {_MOST_DEPTH} deep")
        rows = [self._row()]
        while self._next("|"):
            rows.append(self._row())
        self._depth -= 1
        return _Choice(tuple(rows)) if len(rows) > 1 else rows[0]

    def _next(self, sign: str) -> bool:
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _row(self) -> _Part:
        parts = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            parts.append(self._quantified(self._part()))
        return _Row(tuple(parts))

    def _part(self) -> _Part:
        if self._next("("):
            return self._group()
        if self._text[self._at] in "*+?" or _COUNT.match(self._text, self._at):
            raise ValueError(f"has a {self._text[self._at]} with nothing to repeat")
        atom = _ATOM.match(self._text, self._at)
        if atom is None:
            raise ValueError(f"cannot be read at {self._text[self._at :][:10]!r}")
        self._at = atom.end()
        return self._atom(atom[0])

    def _group(self) -> _Part:
        if self._next("?") and not self._next(":"):
            raise self._refused(f"(?{self._text[self._at : self._at + 2]}")
        inner = self._choice()
        if not self._next(")"):
            raise ValueError("has a ( without its )")
        return inner

    def _atom(self, atom: str) -> _Part:
        if atom in _PLACES:
            return _Place(atom)
        if len(atom) == 2 and atom[0] == "\\" and atom[1].isalnum() and atom[1] not in _ESCAPES:
            raise self._refused(atom)
        try:
            return _Char(re.compile(re.escape(atom) if atom in "{}]" else atom, self._flags))
        except re.error as error:
            raise ValueError(f"cannot be read at {atom!r}: {error.msg}") from None

    def _refused(self, part: str) -> ValueError:
        return ValueError(rf"has {part}, which is not among what is allowed: \d \w \s \b ^ $ . [] () | * + ? {{m,n}}")

    def _quantified(self, part: _Part) -> _Part:
        counted = _COUNT.match(self._text, self._at)
        sign = self._text[self._at : self._at + 1]
        if counted is not None and counted[0] != "{,}":
            self._at = counted.end()
            least = int(counted[1] or counted[2] or 0)
            most = least if counted[1] else int(counted[3]) if counted[3] else None
        elif sign and sign in "*+?":
            self._at += 1
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return part
        if isinstance(part, _Place):
            raise ValueError(f"has a {sign} with nothing to repeat")
        if most is not None and most < least:
            raise ValueError("has a repetition {m,n} with m above n")
        self._next("?")
        if self._text[self._at : self._at + 1] in tuple("*+?") or _COUNT.match(self._text, self._at):
            raise ValueError("repeats a repetition: put ( ) around the inner one")
        return _Repeat(part, least, most)


class _State(NamedTuple):
    """to: the states that follow; accepts: the character that it eats; where: the place that it asks for."""

    to: tuple[int, ...]
    accepts: re.Pattern[str] | None = None
    where: str = ""


class Expression:
    """A compiled expression. Raises ValueError that says what cannot be used."""

    def __init__(self, text: str) -> None:
        if len(text) > MOST_TEXT:
            raise ValueError(f"must be at most {MOST_TEXT} characters long")
        flags = _FLAGS.match(text)
        named = re.compile(flags[0]).flags if flags is not None else 0
        self._multiline = bool(named & re.MULTILINE)
        self._word = re.compile(r"\w", named)
        self._states: list[_State] = []
        self._end = self._add(())
        self._start = self._built(_Reader(text[flags.end() :] if flags is not None else text, named).whole(), self._end)

    @property
    def size(self) -> int:
        """How much each character of a text costs at most."""
        return len(self._states)

    def found_in(self, text: str) -> bool:
        """Whether any part of the text fits: what `re.search` would say."""
        alive: set[int] = set()
        for at in range(len(text) + 1):
            alive = self._reached([*alive, self._start], text, at)
            if self._end in alive:
                return True
            if at < len(text):
                alive = {to for number in alive for to in self._eaten(number, text[at])}
        return False

    def _eaten(self, number: int, character: str) -> tuple[int, ...]:
        state = self._states[number]
        return state.to if state.accepts is not None and state.accepts.fullmatch(character) else ()

    def _reached(self, numbers: Iterable[int], text: str, at: int) -> set[int]:
        """States that are reached without eating anything."""
        waiting = list(numbers)
        found = set(waiting)
        while waiting:
            state = self._states[waiting.pop()]
            if state.accepts is None and (not state.where or self._holds(state.where, text, at)):
                waiting += [to for to in state.to if to not in found]
                found.update(state.to)
        return found

    def _holds(self, where: str, text: str, at: int) -> bool:
        if where == "^":
            return at == 0 or (self._multiline and text[at - 1] == "\n")
        if where == "$":
            return text[at:] in ("", "\n") or (self._multiline and text[at] == "\n")
        before = at > 0 and self._word.match(text[at - 1]) is not None
        behind = at < len(text) and self._word.match(text[at]) is not None
        return (before != behind) is (where == r"\b") and bool(text or where == r"\b")

    def _add(self, to: tuple[int, ...], accepts: re.Pattern[str] | None = None, where: str = "") -> int:
        if len(self._states) >= MOST_STATES:
            raise ValueError(f"is too large: with its repetitions written out it has more than {MOST_STATES:,} parts")
        self._states.append(_State(to, accepts, where))
        return len(self._states) - 1

    def _built(self, part: _Part, after: int) -> int:
        """The state that a part begins with, when `after` is the one that follows it."""
        match part:
            case _Char(accepts):
                return self._add((after,), accepts)
            case _Place(where):
                return self._add((after,), where=where)
            case _Choice(rows):
                return self._add(tuple(self._built(row, after) for row in rows))
            case _Repeat():
                return self._repeated(part, after)
            case _Row(parts):
                for inner in reversed(parts):
                    after = self._built(inner, after)
                return after

    def _repeated(self, repeat: _Repeat, after: int) -> int:
        if repeat.most is None:
            loop = self._add(())
            self._states[loop] = _State((self._built(repeat.part, loop), after))
            after = loop
        else:
            leave = after
            for _ in range(repeat.most - repeat.least):
                after = self._add((self._built(repeat.part, after), leave))
        for _ in range(repeat.least):
            after = self._built(repeat.part, after)
        return after
