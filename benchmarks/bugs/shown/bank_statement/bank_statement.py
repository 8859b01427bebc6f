"""Reads and summarises bank statements. Money is a whole number of cents; expenses are negative."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal


@dataclass(frozen=True)
class Entry:
    """One line of a statement."""

    day: date
    text: str
    cents: int


def parse_amount(text: str) -> int:
    """Cents of an amount such as "1,234.50", "-7.5", "12" or "(3.20)"; brackets mean an expense.

    >>> parse_amount("1,234.5")
    123450
    """
    text = text.strip().replace(",", "")
    negative = text.startswith(("-", "("))
    text = text.strip("-()")
    whole, _, fraction = text.partition(".")
    cents = int(whole or 0) * 100 + int(fraction.ljust(2, "0"))
    return -cents if negative else cents


def format_amount(cents: int) -> str:
    """An amount with commas and two decimals, such as "-1,234.05"."""
    sign = "-" if cents < 0 else ""
    whole, fraction = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{fraction:02d}"


def parse_entry(line: str) -> Entry:
    """An entry from a line such as "2024-03-01; Rent, March; -850.00"; the text may contain semicolons."""
    day, rest = line.split(";", 1)
    text, amount = rest.rsplit(";", 1)
    return Entry(date.fromisoformat(day.strip()), text.strip(), parse_amount(amount))


def running_balances(opening: int, entries: list[Entry]) -> list[int]:
    """The balance after each entry."""
    balances = []
    balance = opening
    for entry in entries:
        balance += entry.cents
        balances.append(balance)
    return balances


def lowest_balance(opening: int, entries: list[Entry]) -> int:
    """The lowest balance that was ever reached, the opening one included."""
    return min([opening, *running_balances(opening, entries)])


def split_evenly(cents: int, parts: int) -> list[int]:
    """Divides an amount that is not negative so that no cent is lost; the first parts get the odd cents."""
    if parts < 1:
        raise ValueError("at least one part is needed")
    share, odd = divmod(cents, parts)
    return [share + 1 if index < odd else share for index in range(parts)]


def monthly_totals(entries: list[Entry]) -> dict[str, int]:
    """Sum of the entries per month, keys like "2024-03"."""
    totals: dict[str, int] = {}
    for entry in entries:
        month = f"{entry.day:%Y-%m}"
        totals[month] = totals.get(month, 0) + entry.cents
    return totals


def largest_expense(entries: list[Entry]) -> Entry | None:
    """The entry with the largest expense, the first of equals; None when there is no expense."""
    expenses = [entry for entry in entries if entry.cents < 0]
    if not expenses:
        return None
    return min(expenses, key=lambda entry: entry.cents)


def interest(cents: int, percent: str, days: int) -> int:
    """Simple interest for a number of days of a 365-day year, rounded half to even."""
    exact = Decimal(cents) * Decimal(percent) / 100 * days / 365
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def find_transfers(out_entries: list[Entry], in_entries: list[Entry], days: int = 3) -> list[tuple[Entry, Entry]]:
    """Pairs of an expense and the receipt of the same amount that follows within `days`; each receipt is used once."""
    pairs = []
    free = list(in_entries)
    for sent in out_entries:
        for received in free:
            late = (received.day - sent.day).days
            if received.cents == -sent.cents and 0 <= late <= days:
                pairs.append((sent, received))
                free.remove(received)
                break
    return pairs
