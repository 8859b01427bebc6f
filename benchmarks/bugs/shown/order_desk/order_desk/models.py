from dataclasses import dataclass, field


@dataclass
class Line:
    """So many pieces of an article at a price each, in cents."""

    article: str
    pieces: int
    price: int

    @property
    def total(self) -> int:
        return self.pieces * self.price


@dataclass
class Order:
    customer: str
    lines: list[Line] = field(default_factory=list)
    number: int | None = None
    state: str = "open"

    @property
    def total(self) -> int:
        """Sum of all lines in cents, before any discount."""
        return sum(line.total for line in self.lines)
