"""What a maintainer wants of a plan, in words that are understood without a model.

`/revise_plan` takes a few fixed forms (`FORMS`). What is said in another way is not guessed at: it is asked back. A
model that reads free text has its place in `read`, and gives the same wishes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import assert_never

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.finding import Risk
from gitops_healer.core.plan import Option

FORMS = (
    "use OPTION",
    "not OPTION",
    "only PATH, PATH",
    "leave PATH alone",
    "at most 20 lines",
    "risk at most low",
)
"""How a wish is written; a PATH may be a file, a folder, a pattern, a module or a function."""
MAX_WISHES = 20


@dataclass(frozen=True)
class Use:
    """This option and no other."""

    option: str

    def __str__(self) -> str:
        return f"use {self.option}"


@dataclass(frozen=True)
class Not:
    """Not this option, or nothing at this place."""

    name: str

    def __str__(self) -> str:
        return f"not {self.name}"


@dataclass(frozen=True)
class Only:
    """Nothing outside of these places."""

    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"only {', '.join(self.places)}"


@dataclass(frozen=True)
class Leave:
    """Nothing at this place."""

    place: str

    def __str__(self) -> str:
        return f"leave {self.place} alone"


@dataclass(frozen=True)
class AtMostLines:
    """Lines added plus lines removed."""

    lines: int

    def __str__(self) -> str:
        return f"at most {self.lines} line{'' if self.lines == 1 else 's'}"


@dataclass(frozen=True)
class RiskAtMost:
    risk: Risk

    def __str__(self) -> str:
        return f"risk at most {self.risk.value}"


Wish = Use | Not | Only | Leave | AtMostLines | RiskAtMost
Measure = Callable[[Option], tuple[int, Risk]]
"""(lines, risk) that an option's change would have."""


@dataclass(frozen=True)
class Wishes:
    """What was understood, and the parts of the text that were not."""

    wishes: tuple[Wish, ...]
    unclear: tuple[str, ...] = ()


def read(text: str) -> Wishes:
    """Several wishes are joined by `;`, a new line or `and`; a comma joins places."""
    wishes: list[Wish] = []
    unclear: list[str] = []
    for part in _parts(text):
        found = _read_one(part)
        if not found and _PLACE.fullmatch(part) and wishes and isinstance(wishes[-1], Only | Leave):
            found = _more(wishes, part)  # "only a.py and b.py"
        wishes += found
        unclear += [] if found else [part]
    return Wishes(tuple(wishes[:MAX_WISHES]), (*unclear, *(str(wish) for wish in wishes[MAX_WISHES:])))


def wishes_of(text: str) -> tuple[Wish, ...]:
    """The wishes in a text, without what is not understood."""
    return read(text).wishes


def standing(texts: Iterable[str]) -> tuple[Wish, ...]:
    """What counts of several revisions, oldest first: the later word replaces the earlier one about the same thing."""
    kept: list[Wish] = []
    for wish in (wish for text in texts for wish in wishes_of(text)):
        kept = [earlier for earlier in kept if not _replaces(wish, earlier)]
        kept.append(wish)
    return tuple(kept)


def fits(option: Option, wishes: Iterable[Wish], lines: int, risk: Risk) -> Decision:
    """Is the option what was asked for? lines, risk: those that its change would have."""
    return all_of(option.key, [_fits_one(option, wish, lines, risk) for wish in wishes])


def fitting(options: Iterable[Option], wishes: tuple[Wish, ...], measure: Measure | None) -> tuple[Decision, ...]:
    """One decision an option, in their order. measure: None when nothing is asked about size or risk."""
    unknown = (0, Risk.LOW)
    return tuple(
        fits(option, wishes, *(measure(option) if measure and measured(wishes) else unknown)) for option in options
    )


def measured(wishes: Iterable[Wish]) -> bool:
    """Whether it has to be known how large and how risky the changes are."""
    return any(isinstance(wish, AtMostLines | RiskAtMost) for wish in wishes)


def named(wishes: Iterable[Wish]) -> tuple[str, ...]:
    """Options and places that the wishes name."""
    return tuple(name for wish in wishes for name in _names(wish))


def at_place(place: str, path: str) -> bool:
    """Whether a file is the place, is in that folder, fits that pattern, or is that module (`shop.prices`)."""
    wanted, there = _plain(place), path.casefold()
    if wanted in (there, there.rpartition("/")[2]) or there.startswith(f"{wanted}/") or fnmatchcase(there, wanted):
        return True
    module = there.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return module == wanted or module.endswith(f".{wanted}") or f".{module}.".find(f".{wanted}.") >= 0


def touches(option: Option, place: str) -> bool:
    """Whether the option's change touches a file or a function there."""
    wanted = _plain(place).replace("::", ":").replace(":", ".")
    symbols = (symbol.casefold().replace(":", ".") for symbol in option.symbols)
    return any(at_place(place, path) for path in option.change.paths) or any(
        symbol == wanted or symbol.endswith(f".{wanted}") or symbol.startswith(f"{wanted}.") for symbol in symbols
    )


_PLACE = re.compile(r"[^\s,;]+")
_TOKEN = r"([^\s,;]+)"
_LIST = r"([^\s,;]+(?:\s*,\s*[^\s,;]+)*)"
_USE = re.compile(rf"(?:please )?(?:use|take|choose)(?: option)? {_TOKEN}", re.IGNORECASE)
_NOT = re.compile(
    rf"(?:please )?(?:not|without|avoid|do not use|don't use|don’t use)(?: option)? {_LIST}", re.IGNORECASE
)
_ONLY = re.compile(rf"(?:please )?(?:touch |change )?only(?: in| touch| change)? {_LIST}", re.IGNORECASE)
_LEAVE = re.compile(
    rf"(?:please )?(?:leave {_LIST} (?:alone|as it is|as they are|out)|"
    rf"(?:do not|don't|don’t) (?:touch|change) {_LIST})",
    re.IGNORECASE,
)
_LEFT = re.compile(r"leave [^;\n]{1,300}? (?:alone|as they are)", re.IGNORECASE)
_LINES = re.compile(r"(?:at most|no more than|max(?:imum)?|up to) (\d{1,6}) lines?", re.IGNORECASE)
_RISK = re.compile(
    r"(?:risk(?: at most| no more than| up to)? (low|medium|high)|(?:at most |only )?(low|medium|high) risk)",
    re.IGNORECASE,
)


def _parts(text: str) -> Iterator[str]:
    """The wishes one by one, as plain words on one line."""
    text = _LEFT.sub(lambda match: re.sub(r"\s+and\s+", ", ", match[0], flags=re.IGNORECASE), text)
    for piece in re.split(r"[;\n]|(?:,?\s+and\s+)|(?:,\s*but\s+)|(?:\s+but\s+)", text, flags=re.IGNORECASE):
        words = " ".join(piece.replace("`", "").replace('"', "").split()).strip(" .,!")
        if words:
            yield words


def _read_one(part: str) -> list[Wish]:
    if match := _RISK.fullmatch(part):
        return [RiskAtMost(Risk((match[1] or match[2]).lower()))]
    if match := _LINES.fullmatch(part):
        return [AtMostLines(int(match[1]))]
    if match := _USE.fullmatch(part):
        return [Use(match[1])]
    if match := _NOT.fullmatch(part):
        return [Not(name) for name in _listed(match[1])]
    if match := _ONLY.fullmatch(part):
        return [Only(_listed(match[1]))]
    if match := _LEAVE.fullmatch(part):
        return [Leave(place) for place in _listed(match[1] or match[2])]
    return []


def _more(wishes: list[Wish], part: str) -> list[Wish]:
    """A place that the last wish goes on with."""
    match wishes[-1]:
        case Only(places):
            wishes.pop()
            return [Only((*places, part))]
        case _:
            return [Leave(part)]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"\s*,\s*", text) if word)


def _names(wish: Wish) -> tuple[str, ...]:
    match wish:
        case Use(name) | Not(name) | Leave(name):
            return (name,)
        case Only(places):
            return places
        case AtMostLines() | RiskAtMost():
            return ()
        case _:
            assert_never(wish)


def _replaces(later: Wish, earlier: Wish) -> bool:
    """Whether the later word makes the earlier one pointless."""
    if isinstance(later, Use) and isinstance(earlier, Use):
        return True
    if isinstance(later, Only | AtMostLines | RiskAtMost):
        about = {_plain(name) for name in _names(later)}
        return type(later) is type(earlier) or (
            isinstance(earlier, Leave | Not) and bool(about) and _plain(_names(earlier)[0]) in about
        )
    return {_plain(name) for name in _names(later)} == {_plain(name) for name in _names(earlier)} != set()


def _fits_one(option: Option, wish: Wish, lines: int, risk: Risk) -> Decision:
    gate = str(wish)
    match wish:
        case Use(name):
            return _said(gate, _same(option.key, name), f"it is {option.key}", f"it is {option.key}, not {name}")
        case Not(name):
            bad = _same(option.key, name) or touches(option, name)
            why = f"it is {option.key}" if _same(option.key, name) else f"it changes {', '.join(option.change.paths)}"
            return _said(gate, not bad, f"it is not, and does not touch, {name}", why)
        case Only(places):
            outside = [path for path in option.change.paths if not any(at_place(place, path) for place in places)]
            inside = not outside or any(_touches_nothing_else(option, place) for place in places)
            return _said(gate, inside, "it changes nothing else", f"it changes {', '.join(outside)}")
        case Leave(place):
            touched = f"it changes {', '.join(option.change.paths)}"
            return _said(gate, not touches(option, place), f"it does not touch {place}", touched)
        case AtMostLines(most):
            return _said(gate, lines <= most, f"it has {lines} lines", f"it has {lines} lines")
        case RiskAtMost(most_risk):
            return _said(
                gate, risk.weight <= most_risk.weight, f"its risk is {risk.value}", f"its risk is {risk.value}"
            )
        case _:
            assert_never(wish)


def _touches_nothing_else(option: Option, place: str) -> bool:
    """Whether every function that the change names is at that place (a function, a class)."""
    wanted = _plain(place).replace("::", ":").replace(":", ".")
    symbols = [symbol.casefold().replace(":", ".") for symbol in option.symbols]
    return bool(symbols) and all(
        symbol == wanted or symbol.endswith(f".{wanted}") or symbol.startswith(f"{wanted}.") for symbol in symbols
    )


def _said(gate: str, allowed: bool, good: str, bad: str) -> Decision:
    return yes(gate, good) if allowed else no(gate, bad)


def _same(key: str, name: str) -> bool:
    return key.casefold() == name.casefold()


def _plain(place: str) -> str:
    return place.strip("`'\"").replace("\\", "/").removeprefix("./").rstrip("/").casefold()
