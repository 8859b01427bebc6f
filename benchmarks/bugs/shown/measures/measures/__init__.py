"""Quantities with units: reading, converting, adding, showing."""

from measures.quantity import Quantity
from measures.reading import UnreadableError, parse
from measures.showing import pretty, table
from measures.units import UnitError, convert, convert_temperature

__all__ = ["Quantity", "UnitError", "UnreadableError", "convert", "convert_temperature", "parse", "pretty", "table"]
