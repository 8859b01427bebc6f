"""Quantities for people."""

from measures.quantity import Quantity
from measures.units import FACTORS, dimension

PRETTY = {"length": ("km", "m", "cm", "mm"), "mass": ("t", "kg", "g", "mg"), "time": ("d", "h", "min", "s")}


def pretty(quantity: Quantity, digits: int = 3) -> str:
    """The quantity in the largest metric unit of which there is at least one, with some significant digits.

    >>> pretty(Quantity(1530.0, "m"))
    '1.53 km'
    """
    units = PRETTY[dimension(quantity.unit)]
    for unit in units:
        value = quantity.to(unit).value
        if abs(value) >= 1:
            return f"{value:.{digits}g} {unit}"
    return f"{quantity.to(units[-1]).value:.{digits}g} {units[-1]}"


def clock(quantity: Quantity) -> str:
    """A time as hours, minutes and full seconds, such as "2:03:04"."""
    minutes, seconds = divmod(int(quantity.to("s").value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"


def table(quantity: Quantity) -> list[str]:
    """The quantity in all units of its dimension, smallest unit first, with two decimals, aligned at the right."""
    factors = FACTORS[dimension(quantity.unit)]
    units = sorted(factors, key=lambda unit: factors[unit])
    numbers = [f"{quantity.to(unit).value:,.2f}" for unit in units]
    width = max(len(number) for number in numbers)
    return [f"{number:>{width}} {unit}" for number, unit in zip(numbers, units, strict=True)]
