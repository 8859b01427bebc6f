"""Which of ruff's security rules (those of bandit) stop a change, and which are only told.

A rule stops when what it sees lets data run as code, gives a stranger a way in, or weakens a protection, and is seldom
seen where it is harmless. Told only: what is a question of taste or robustness (S110, S112, S113), what other parts of
the gate judge with more care (S105 to S107 by the secret itself, S310, S603, S606, S607 by new powers), and what
depends on where data comes from, which a rule cannot know (S108, S311, S313 to S320).
Source: https://docs.astral.sh/ruff/rules/#flake8-bandit-s
"""

from gitops_healer.recorder.redaction import is_secret_name

STOPPING = frozenset(
    """
    S102 S103 S104 S201 S202 S301 S302 S303 S304 S305 S306 S307 S308 S312 S321 S323 S324 S501 S502 S503 S504 S505 S506
    S507 S508 S509 S601 S602 S604 S605 S608 S609 S610 S611 S612 S701 S702 S704
    """.split()
)
STOPPING_IN_TESTS = frozenset("S102 S202 S307 S501 S507 S602 S604 S605 S609".split())
"""Tests show what is dangerous on purpose; there only what runs text, or trusts whoever answers, stops."""
LEFT_OUT = ("S101", "S404", "S403", "S410")
"""`assert`, and imports: what is done with a module counts."""


def stops(code: str, line: str, is_test: bool) -> bool:
    """line: of the source. Chance that is not secret (S311) stops where the line speaks of a secret."""
    if is_test:
        return code in STOPPING_IN_TESTS
    return code in STOPPING or (code == "S311" and any(is_secret_name(word) for word in line.split()))
