from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def rounded(value):  # effects: pure
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str = "EUR"

    def __add__(self, other: "Money") -> "Money":  # effects: pure
        return Money(self.amount + other.amount, self.currency)

    def __str__(self):  # effects: pure
        return f"{self.amount:.2f} {self.currency}"

    @property
    def cents(self):  # effects: pure
        return int(self.amount * 100)

    @classmethod
    def parse(cls, text: str) -> "Money":  # effects: pure
        amount, _, currency = text.strip().partition(" ")
        return cls(rounded(amount), currency or "EUR")


def total(prices: list[Money]) -> Money:  # effects: pure
    result = Money(Decimal(0))
    for price in prices:
        result = result + price
    return result


def split(price: Money, parts: int) -> list[Money]:  # effects: pure
    share, rest = divmod(price.cents, parts)
    return [Money(Decimal(share + (1 if n < rest else 0)) / 100, price.currency) for n in range(parts)]


def biggest(prices: list[Money]):  # effects: pure
    return max(prices, key=lambda price: price.cents)
