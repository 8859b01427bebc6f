"""Quantities in text."""

import re

from measures.quantity import Quantity, total

PART = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*([a-z]+)\s*")


class UnreadableError(ValueError):
    """The text is not a quantity."""


def parse(text: str) -> Quantity:
    """The quantity of a text such as "3.5 km", "2,5kg" or "5 ft 3 in", whose parts are added.

    UnreadableError when something else is there; UnitError for unknown units.
    """
    position = 0
    parts = []
    while position < len(text):
        match = PART.match(text, position)
        if match is None:
            raise UnreadableError(f"not a quantity: {text[position:]!r}")
        parts.append(Quantity(float(match[1].replace(",", ".")), match[2]))
        position = match.end()
    quantity = total(parts)
    if quantity is None:
        raise UnreadableError("nothing to read")
    return quantity
