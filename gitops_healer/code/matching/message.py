"""Messages of rules, in which `{X}` stands for the source of the metavariable `$X`."""

import re
from collections.abc import Mapping

_IN_MESSAGE = re.compile(r"\{([A-Z_][A-Z0-9_]*)\}")


def names_in_message(message: str) -> list[str]:
    """The metavariables that a message names, as `{X}`."""
    return _IN_MESSAGE.findall(message)


def filled(message: str, bound: Mapping[str, str]) -> str:
    """The message with the sources of its metavariables, each on one line."""
    return _IN_MESSAGE.sub(lambda found: " ".join(bound.get(found[1], found[0]).split()), message)
