"""Recorded inputs from which secrets and personal data were left out, with made-up ones in their place.

The recorder writes `[redacted]` where a name says that a value is secret, and `[redacted:email]` and the like inside of
texts (docs/recorder.md). What stood there is not known; that something stood there is, and often it decides which way a
function takes.
"""

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from gitops_healer.core.calls import Input
from gitops_healer.core.codec import canonical
from gitops_healer.core.comparing import decoded
from gitops_healer.proof.trees import spelled

REDACTED: Final = "redacted"
"""Why such a call cannot be made again, in the recorder's words."""

_MARK: Final = re.compile(r"\[redacted(?::([a-z-]+))?\]")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_NAMED: Final = (
    (re.compile(r"e-?mail", re.IGNORECASE), "email"),
    (re.compile(r"phone", re.IGNORECASE), "phone"),
    (re.compile(r"birth", re.IGNORECASE), "birth"),
    (re.compile(r"card_?-?number", re.IGNORECASE), "card"),
    (re.compile(r"iban", re.IGNORECASE), "iban"),
    (re.compile(r"ssn", re.IGNORECASE), "ssn"),
    (re.compile(r"(?<![a-z])(?:pin|otp|cvv|cvc)(?![a-z])", re.IGNORECASE), "pin"),
)


def filled(given: Input, random: Random) -> Input | None:
    """The input with something made up at every mark; None when it has none, or cannot be made all the same.

    A name that comes twice with one mark each gets two values: nobody knows whether they were the same.
    """
    args, kwargs = decoded(given[0]), decoded(given[1])
    if not _MARK.search(given[0]) and not _MARK.search(given[1]):
        return None
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None
    try:
        return spelled((canonical(_fill(args, "", random)), canonical(_fill(kwargs, "", random))))
    except (RecursionError, ValueError):
        return None


def _fill(value: Any, name: str, random: Random) -> Any:
    match value:
        case str():
            return _MARK.sub(lambda mark: _made(mark[1] or _kind_of(name), random), value)
        case list():
            return [_fill(item, name, random) for item in value]
        case dict():
            return {key: _fill(item, name if "$type" in value else key, random) for key, item in value.items()}
    return value


def _kind_of(name: str) -> str:
    return next((kind for pattern, kind in _NAMED if pattern.search(name)), "")


def _made(kind: str, random: Random) -> str:
    return _KINDS.get(kind, _token)(random)


def _token(random: Random) -> str:
    return "".join(random.choices(f"{_LETTERS}0123456789", k=random.choice((8, 20, 40))))


def _email(random: Random) -> str:
    name = "".join(random.choices(_LETTERS, k=random.randint(1, 8)))
    return random.choice((f"{name}@example.org", f"{name}.{name}@mail.example.com", f"{name.title()}+news@example.net"))


def _phone(random: Random) -> str:
    return random.choice(("+49 30 ", "+1 212 555 ", "030 ", "0049-30-", "")) + _digits(random, random.choice((4, 7)))


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


_KINDS: Final[Mapping[str, Callable[[Random], str]]] = {
    "email": _email,
    "phone": _phone,
    "birth": lambda random: f"{random.randint(1930, 2015)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
    # Numbers that payment companies and banks give to everybody for tests.
    "card": lambda random: random.choice(("4111 1111 1111 1111", "5555555555554444", "378282246310005")),
    "iban": lambda random: random.choice(("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432")),
    "ssn": lambda random: f"{random.randint(100, 665)}-{random.randint(10, 99)}-{random.randint(1000, 9999)}",
    "pin": lambda random: _digits(random, 4),
    "authorization": lambda random: f"Bearer {_token(random)}",
}
