"""Quantities with units, as people write them."""

import re
from fractions import Fraction

from gitops_healer.recorder import tool

FACTORS = {
    "mm": ("length", Fraction(1, 1000)),
    "cm": ("length", Fraction(1, 100)),
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "in": ("length", Fraction(254, 10000)),
    "ft": ("length", Fraction(3048, 10000)),
    "g": ("mass", Fraction(1, 1000)),
    "kg": ("mass", Fraction(1)),
    "lb": ("mass", Fraction(45359237, 100000000)),
}
QUANTITY = re.compile(r"\s*(-?\d+(?:[.,]\d+)?|\d+/\d+)\s*([a-zA-Z]+)\s*")


class UnitError(Exception):
    """A quantity that cannot be understood, or not be had in this unit."""


def parse(text):
    """(kind, amount in the basic unit) of the sum of all that is written."""
    kind, total, place = None, Fraction(0), 0
    while place < len(text):
        match = QUANTITY.match(text, place)
        if match is None:
            raise UnitError(f"not understood: {text[place:]}")
        number, unit = match.groups()
        if unit.lower() not in FACTORS:
            raise UnitError(f"unknown unit: {unit}")
        its_kind, factor = FACTORS[unit.lower()]
        if kind not in (None, its_kind):
            raise UnitError(f"{kind} and {its_kind} do not add up")
        kind = its_kind
        total += Fraction(number.replace(",", ".")) * factor
        place = match.end()
    return kind, total


@tool
def convert(text, unit, digits=3):
    """The quantity in another unit, as a number and as a text."""
    kind, amount = parse(text)
    wanted, factor = FACTORS[unit]
    if kind != wanted:
        raise UnitError(f"{kind} is no {wanted}")
    value = round(float(amount / factor), digits)
    shown = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return {"value": value, "text": f"{shown} {unit}", "kind": kind}
