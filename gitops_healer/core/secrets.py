"""Secrets that stand in lines of text: by the forms that issuers document, by the name they are given, in addresses.

Sources of the forms: GitHub, GitLab, AWS, Google, Slack, Stripe, SendGrid, npm, PyPI, OpenAI, Anthropic, Hugging Face,
DigitalOcean and Twilio each document the prefix and length of their tokens; RFC 7468 (PEM), RFC 7519 (JWT), RFC 3986
(user information in an address).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LONGEST_LINE = 20_000
_LEAST_BITS = 2.6
"""Shannon entropy of a character: `hunter22` has 2.75, `aaaaaaa1` 0.54."""

_ISSUED = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("private key of age", r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}"),
        ("AWS key", r"\bA[KS]IA[0-9A-Z]{16}\b"),
        ("GitHub token", r"\b(?:gh[pousr]_\w{30,}|github_pat_\w{30,})"),
        ("GitLab token", r"\bgl(?:pat|ptt|dt|rt|cbt|oas|soat)-[\w-]{20,}"),
        ("Google API key", r"\bAIza[\w-]{35}"),
        ("Slack token", r"\bxox[abeoprs]-[\w-]{10,}"),
        ("Slack webhook", r"\bhooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}"),
        ("Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
        ("SendGrid key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
        ("npm token", r"\bnpm_[0-9A-Za-z]{36}\b"),
        ("PyPI token", r"\bpypi-AgE[\w-]{30,}"),
        ("API key", r"\bsk-(?:ant-|proj-|svcacct-)?[\w-]{20,}"),
        ("Hugging Face token", r"\bhf_[0-9A-Za-z]{30,}"),
        ("DigitalOcean token", r"\bdo[opr]_v1_[0-9a-f]{64}"),
        ("Twilio key", r"\bSK[0-9a-f]{32}\b"),
        ("JSON web token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
        ("authorization", r"\b(?:Bearer|Basic) (?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}"),
    )
)
_ADDRESS = re.compile(r"\b[a-zA-Z][\w+.-]{1,30}://([^\s:/@'\"]{0,80}):([^\s/@'\"]{3,200})@([\w.-]+)")
_NAME = (
    r"[\w.-]{0,40}(?:pass(?:word|wd|phrase|code)?|pwd|secrets?|(?:auth|access|api|bearer|refresh|bot|deploy)[_-]?tokens?"
    r"|(?<![a-z])tokens?|api[_-]?keys?|(?:access|secret|private|signing|encryption|auth|master|account)[_-]?keys?"
    r"|credentials?|salt)(?:[_-]?(?:key|value|string|id|hash|base64|b64|\d{1,3}))?"
)
_QUOTED = re.compile(
    rf"(?<![\w]){_NAME}[\"'\]]{{0,3}}\s{{0,4}}(?::\s{{0,4}}[\w\[\]|. ]{{1,30}}=|[:=]=?|=>|,)\s{{0,4}}\(?\s{{0,4}}"
    r"[rbu]{0,2}(?P<quote>[\"'])(?P<value>[^\"'\s]{8,200})(?P=quote)",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"^\s{{0,20}}(?:export |set |-\s|ENV |ARG )?[\"']?{_NAME}[\"']?\s{{0,4}}[:=]\s{{0,4}}"
    r"(?P<value>[^\s\"'#,;]{8,200})\s{0,9}(?:[#,;].{0,200})?$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"example|change[_-]?(?:me|it|this)|x{3,}|your|dummy|fake|place[_-]?holder|sample|insert|replace|redacted"
    r"|secret[_-]?here|not[_-]?(?:a|so|the|real)|\*{3}|\.{3}|<[\w -]+>|\$\{|\$\(|\{\{|\{\w*\}|%\(|^%[\w{]|^\$\w+$"
    r"|todo|fixme|test[_-]?(?:ing|only|key|token)"
    r"|(?:^|[_.-])(?:test|testing|demo|foo|bar|none|null|undefined)(?:[_.-]|$)",
    re.IGNORECASE,
)
_COMMON = frozenset(
    "password passwd pass pwd secret admin root guest user postgres mysql redis rabbitmq mongo minio hunter2 qwerty "
    "letmein foobar foo bar test demo s3cret s3cr3t p4ssw0rd passw0rd pw".split()
)
"""Passwords that everybody knows protect nothing, and documentation is full of them."""
_LOCAL = frozenset(
    {"localhost", "127.0.0.1", "db", "database", "postgres", "mysql", "redis", "rabbitmq", "mongo", "host"}
)
_RUNS = ("0123456789", "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "deadbeef", "cafebabe", "9876543210")
_CODE = re.compile(
    r"^(?:[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*[\[(].*|[A-Za-z]+(?:[._/:-][A-Za-z]+)*|[A-Z][A-Z_]*\d{0,2}|[a-z_]+"
    r"|(?:[./~]|[A-Za-z]:\\)[\w./\\~ -]*|[a-z][\w+.-]*://.*|[\w./-]+\.(?:py|txt|json|ya?ml|toml|ini|cfg|md|html?|pem|key|crt))$"
)


@dataclass(frozen=True)
class Secret:
    """line: from 1; kind: what it looks like; shown: its first three characters and its length, never more."""

    line: int
    kind: str
    shown: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.shown})"


def secrets_in(lines: Iterable[tuple[int, str]], *, code: bool, fixture: bool = False) -> Iterator[Secret]:
    """At most one a line. code: values stand in quotes (Python); fixture: a test, where only what an issuer's form
    gives away counts."""
    begun = ""
    for number, line in lines:
        if found := _first((begun + line.lstrip() if begun else line)[:_LONGEST_LINE], code, fixture):
            kind, value = found
            yield Secret(number, kind, f"{value[:3]}…, {len(value)} characters")
        ended = line.rstrip()
        begun = f"{ended.removesuffix(chr(92))} " if ended.endswith(("(", "=", "\\", ":")) and len(ended) < 200 else ""


def _first(line: str, code: bool, fixture: bool) -> tuple[str, str] | None:
    for kind, pattern in _ISSUED:
        for match in pattern.finditer(line):
            if kind.startswith("private key") or not is_placeholder(match[0]):
                return kind, match[0]
    if fixture:
        return None
    for match in _ADDRESS.finditer(line):
        if _opens(*match.groups()):
            return "password in an address", match[2]
    for pattern in (_QUOTED,) if code else (_QUOTED, _BARE):
        for match in pattern.finditer(line):
            if looks_secret(match["value"]):
                return "secret by its name", match["value"]
    return None


def _opens(user: str, password: str, host: str) -> bool:
    known = password.lower() in _COMMON or is_placeholder(password) or set(password) <= set("*.xX")
    return not known and not (host.lower() in _LOCAL and password.lower() == user.lower())


def looks_secret(value: str) -> bool:
    """Whether a literal beside such a name was drawn by chance or thought out to be unguessable."""
    if is_placeholder(value) or value.lower() in _COMMON or _CODE.match(value):
        return False
    kinds = sum(any(test(char) for char in value) for test in (str.islower, str.isupper, str.isdigit, _is_sign))
    return kinds >= 2 and entropy(value) >= _LEAST_BITS


def _is_sign(char: str) -> bool:
    return not char.isalnum() and char not in "_-./: "


def is_placeholder(value: str) -> bool:
    """Whether a value says itself that it is none, or is a run of keys."""
    lowered = value.lower()
    return _PLACEHOLDER.search(value) is not None or any(run[:8] in lowered for run in _RUNS) or len(set(lowered)) < 4


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
