"""Numbers for people: rounding, sharing, money, fractions, percentages and small statistics."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import gcd, isqrt

ROMAN = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")]
ROMAN += [(50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
VAT = {"full": 19, "reduced": 7, "none": 0}


def round_half_up(number, digits=0):
    """Rounds as taught at school: 0.5 becomes 1, -0.5 becomes -1, 2.675 with two digits 2.68.

    >>> round_half_up(2.5)
    Decimal('3')
    """
    step = Decimal(1).scaleb(-digits)
    return Decimal(str(number)).quantize(step, rounding=ROUND_HALF_UP)


def share(total, weights):
    """Whole parts of a whole total in proportion to the weights; they sum up to it exactly (largest remainders first).

    >>> share(100, [1, 1, 1])
    [34, 33, 33]
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("no weight at all")
    parts = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda place: (-(total * weights[place] % whole), place))
    for place in by_rest[: total - sum(parts)]:
        parts[place] += 1
    return parts


def roman(number):
    """A number from 1 to 3999 in Roman letters."""
    if not 1 <= number <= 3999:
        raise ValueError(f"no Roman number for {number}")
    letters = ""
    for value, sign in ROMAN:
        while number >= value:
            letters += sign
            number -= value
    return letters


def grouped(number, separator=" "):
    """Digits in groups of three from the right: 1234567 as "1 234 567".

    >>> grouped(-1234)
    '-1 234'
    """
    digits = str(abs(number))
    groups = []
    while digits:
        groups.insert(0, digits[-3:])
        digits = digits[:-3]
    return ("-" if number < 0 else "") + separator.join(groups)


def gross(net, kind="full"):
    """Price in cents with tax, rounded half up to whole cents; `kind` is one of the keys of VAT."""
    if kind not in VAT:
        raise ValueError(f"no such tax: {kind}")
    return (net * (100 + VAT[kind]) + 50) // 100


def mixed(fraction):
    """A fraction as text: "2 1/3", "1/2", "-1 1/2", "3" or "0"."""
    sign = "-" if fraction < 0 else ""
    whole, rest = divmod(abs(fraction.numerator), fraction.denominator)
    if rest == 0:
        return f"{sign}{whole}"
    if whole == 0:
        return f"{sign}{rest}/{fraction.denominator}"
    return f"{sign}{whole} {rest}/{fraction.denominator}"


def parse_mixed(text):
    """The inverse of `mixed`, as a Fraction."""
    text = text.strip()
    negative = text.startswith("-")
    total = sum(Fraction(part) for part in text.lstrip("-").split())
    return -total if negative else total


def change_in_percent(before, after):
    """The change from `before` to `after` as a percentage of the size of `before`; None if that is zero."""
    if before == 0:
        return None
    return (after - before) / abs(before) * 100


def moving_average(values, width):
    """Means of each value and the up to `width` - 1 values before it."""
    means = []
    for place in range(len(values)):
        part = values[max(0, place - width + 1) : place + 1]
        means.append(sum(part) / len(part))
    return means


def ratio(width, height):
    """The simplest form of a ratio: 1920 by 1080 is "16:9"."""
    divisor = gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def divisors(number):
    """All divisors of a number of 1 or more, in order."""
    low, high = [], []
    for candidate in range(1, isqrt(number) + 1):
        if number % candidate == 0:
            low.append(candidate)
            if candidate != number // candidate:
                high.append(number // candidate)
    return low + high[::-1]


def rate_table(loan, yearly, payment, table=None):
    """Months of a loan in whole cents as (month, interest, left), up to 600; interest is rounded down.

    The rows are put at the end of `table` if there is one. ValueError if the payment never pays it back.
    """
    table = [] if table is None else table
    month = 0
    while loan > 0 and month < 600:
        month += 1
        interest = loan * yearly // 1200
        if payment <= interest:
            raise ValueError("the payment is too small")
        loan = max(0, loan + interest - payment)
        table.append((month, interest, loan))
    return table
