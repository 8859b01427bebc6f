"""A number with a unit."""

from dataclasses import dataclass

from measures.units import canonical, convert, dimension


@dataclass(frozen=True, eq=False)
class Quantity:
    """Quantities of one dimension can be added and compared; results have the unit of the left one."""

    value: float
    unit: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", canonical(self.unit))
        dimension(self.unit)

    def to(self, unit: str) -> "Quantity":
        return Quantity(convert(self.value, self.unit, unit), unit)

    def __add__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.value + other.to(self.unit).value, self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return self + other * -1

    def __mul__(self, factor: float) -> "Quantity":
        return Quantity(self.value * factor, self.unit)

    def __truediv__(self, other: "Quantity") -> float:
        """How many times the other quantity goes into this one."""
        return self.value / other.to(self.unit).value

    def __lt__(self, other: "Quantity") -> bool:
        return self.value < other.to(self.unit).value

    def __eq__(self, other: object) -> bool:
        """Equal up to a billionth; quantities of different dimensions are not equal."""
        if not isinstance(other, Quantity) or dimension(self.unit) != dimension(other.unit):
            return False
        mine, other_value = self.value, other.to(self.unit).value
        return abs(mine - other_value) <= 1e-9 * max(abs(mine), abs(other_value))

    def __hash__(self) -> int:
        return hash(dimension(self.unit))


def total(quantities: list[Quantity]) -> Quantity | None:
    """The sum in the unit of the first one, or None of nothing."""
    if not quantities:
        return None
    result = quantities[0]
    for quantity in quantities[1:]:
        result = result + quantity
    return result
