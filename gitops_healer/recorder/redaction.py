"""Secrets and personal data, by the names of keys and by what a text looks like, before anything leaves the process.

Patterns are precise rather than eager: card numbers must pass Luhn's check (ISO/IEC 7812-1), IBANs theirs (ISO 13616),
tokens carry the prefixes that their issuers document.
"""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|(?<![a-z])tokens?(?![a-z])|token$|api_?-?key|access_?-?key|private_?-?key"
    r"|authori[sz]ation|cookie|credential|session_?-?id|(?<![a-z])(?:auth|cvv|cvc|pin|otp|ssn|iban)(?![a-z])"
    r"|card_?-?number|e-?mail|phone|birth_?-?(?:date|day)",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"(?:max|num|n|total|count|prompt|completion)_?tokens|token_?(?:count|s$)|_count$|^tokens$", re.IGNORECASE
)

# (name, texts of which one is in every match, pattern). Looking for a fixed text costs a tenth of any expression.
_MARKED = (
    ("private-key", ("-----BEGIN ",), r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    ("jwt", ("eyJ",), r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    ("authorization", ("earer ", "asic "), r"\b(?:[Bb]earer|[Bb]asic) [\w.~+/=-]{8,}"),
    ("aws-key", ("AKIA", "ASIA"), r"\bA[KS]IA[0-9A-Z]{16}\b"),
    ("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_pat_"), r"\b(?:gh[pousr]_\w{30,}|github_pat_\w{30,})"),
    ("slack-token", ("xox",), r"\bxox[abeoprs]-[\w-]{10,}"),
    ("api-key", ("sk-", "AIza"), r"\b(?:sk-[\w-]{20,}|AIza[\w-]{35})"),
    ("email", ("@",), r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
)
_PATTERNS = tuple((name, marks, re.compile(pattern, re.DOTALL)) for name, marks, pattern in _MARKED)
_MARKS = tuple((mark, pattern) for _, marks, pattern in _PATTERNS for mark in marks)

# What has at least eleven digits, spaces and hyphens in a row, and so perhaps one of the numbers below.
_NUMBER = re.compile(r"\d[\d -]{9}\d")
_SSN = re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b")
_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ()/.-]{7,16}\d(?!\d)")

# The same question asked of bytes that are all 0 or dot: a thirtieth of what the expression takes for 4 KB.
_AS_NUMBER = bytes(48 if chr(code) in "0123456789 -" else 46 for code in range(256))
_ELEVEN = "0" * 11

REMEMBERED = 2048


def is_secret_name(name: str) -> bool:
    """Whether a key or parameter of this name holds something that must not be recorded."""
    return _SECRET.search(name) is not None and _COUNTED.search(name) is None


def is_suspect(text: str) -> bool:
    """Whether something in a text may have to be redacted; false alarms cost time, nothing else.

    Characters are found faster than words, and most texts lack most of those that the marks have.
    """
    marked = (
        "@" in text
        or ("J" in text and "eyJ" in text)
        or ("I" in text and ("AKIA" in text or "ASIA" in text or "AIza" in text))
        or ("-" in text and ("sk-" in text or "xox" in text or "-----BEGIN " in text))
        or ("_" in text and ("gh" in text or "_pat_" in text))
        or "earer " in text
        or "asic " in text
    )
    if marked and any(mark in text and pattern.search(text) for mark, pattern in _MARKS):
        return True
    if "+" in text and _PHONE.search(text):
        return True
    if _ELEVEN not in text.encode("ascii", "replace").translate(_AS_NUMBER).decode():
        return False
    return _NUMBER.search(text) is not None and any(p.search(text) for p in (_SSN, _CARD, _IBAN))


def unescaped(text: str) -> str:
    """ASCII JSON with its texts as they are, to be looked through: every escape of JSON is one of Python."""
    return text.encode().decode("unicode_escape")


def redacted(text: str) -> str:
    """The text without what looks like a secret or personal data; the same object when there is nothing."""
    if not is_suspect(text):
        return text
    shown = text
    for name, _, pattern in _PATTERNS:
        shown = pattern.sub(f"[redacted:{name}]", shown)
    shown = _SSN.sub("[redacted:ssn]", shown)
    shown = _IBAN.sub(lambda found: "[redacted:iban]" if _is_iban(found[0]) else found[0], shown)
    shown = _CARD.sub(lambda found: "[redacted:card]" if _is_card(found[0]) else found[0], shown)
    shown = _PHONE.sub("[redacted:phone]", shown)
    return text if shown == text else shown


def _is_card(text: str) -> bool:
    """Luhn's check over the digits, and a first digit that an issuer has."""
    digits = [int(char) for char in text if char.isdigit()]
    if digits[0] not in (3, 4, 5, 6) or len(set(digits)) < 2:
        return False
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as numbers, modulo 97 is 1."""
    plain = text.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


class Names:
    """`is_secret_name`, remembered: programs use the same few names again and again."""

    def __init__(self) -> None:
        self.safe: set[str] = set()
        self._secret: set[str] = set()

    def __call__(self, name: str) -> bool:
        if name in self.safe:
            return False
        if name in self._secret:
            return True
        secret = is_secret_name(name[:200])
        known = self._secret if secret else self.safe
        if len(known) >= REMEMBERED:
            known.clear()
        known.add(name)
        return secret
