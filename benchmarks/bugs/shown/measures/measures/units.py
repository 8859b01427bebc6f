"""Units and how many base units (metre, gram, second) each one is."""

FACTORS = {
    "length": {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "in": 0.0254, "ft": 0.3048, "mi": 1609.344},
    "mass": {"mg": 0.001, "g": 1.0, "kg": 1000.0, "t": 1_000_000.0, "oz": 28.349523125, "lb": 453.59237},
    "time": {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0},
}
ALIASES = {"metre": "m", "meter": "m", "inch": "in", "foot": "ft", "feet": "ft", "mile": "mi", "hour": "h", "day": "d"}
ABSOLUTE_ZERO = -273.15  # degrees Celsius


class UnitError(ValueError):
    """The unit is unknown, or two units measure different things."""


def canonical(unit: str) -> str:
    """The short name of a unit, from a long one in singular or plural."""
    if unit in ALIASES:
        return ALIASES[unit]
    if unit.endswith("s") and unit[:-1] in ALIASES:
        return ALIASES[unit[:-1]]
    return unit


def dimension(unit: str) -> str:
    """What the unit measures: length, mass or time."""
    for name, factors in FACTORS.items():
        if unit in factors:
            return name
    raise UnitError(f"unknown unit {unit}")


def convert(value: float, unit: str, target: str) -> float:
    """The value in another unit; UnitError when one is unknown or the two do not measure the same.

    >>> convert(1.5, "km", "m")
    1500.0
    """
    unit, target = canonical(unit), canonical(target)
    kind = dimension(unit)
    if dimension(target) != kind:
        raise UnitError(f"{unit} cannot become {target}")
    return value * FACTORS[kind][unit] / FACTORS[kind][target]


def convert_temperature(value: float, scale: str, target: str) -> float:
    """A temperature in another scale: "C", "F" or "K"; UnitError for others and for what is below absolute zero."""
    if scale == "C":
        celsius = value
    elif scale == "F":
        celsius = (value - 32) * 5 / 9
    elif scale == "K":
        celsius = value + ABSOLUTE_ZERO
    else:
        raise UnitError(f"unknown scale {scale}")
    if celsius < ABSOLUTE_ZERO:
        raise UnitError("colder than absolute zero")
    if target == "C":
        return celsius
    if target == "F":
        return celsius * 9 / 5 + 32
    if target == "K":
        return celsius - ABSOLUTE_ZERO
    raise UnitError(f"unknown scale {target}")
