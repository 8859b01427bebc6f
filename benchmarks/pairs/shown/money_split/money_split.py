"""Who owes whom after a journey."""

from decimal import Decimal

from gitops_healer.recorder import tool


def shares(amount, people):
    """Cents that add up to the amount; the first ones pay the odd cents."""
    each, odd = divmod(amount, len(people))
    return {person: each + (index < odd) for index, person in enumerate(people)}


def cents(text):
    return int(Decimal(text.replace(",", ".")) * 100)


def balances(bills):
    found = {}
    for bill in bills:
        amount = cents(bill["amount"])
        people = bill.get("for") or bill["all"]
        found[bill["by"]] = found.get(bill["by"], 0) + amount
        for person, share in shares(amount, people).items():
            found[person] = found.get(person, 0) - share
    return found


@tool
def settle(bills):
    """Payments that make all even, the largest debts first: (from, to, cents)."""
    open_sums = balances(bills)
    payments = []
    while any(open_sums.values()):
        debtor = min(sorted(open_sums), key=lambda name: open_sums[name])
        creditor = max(sorted(open_sums), key=lambda name: open_sums[name])
        amount = min(-open_sums[debtor], open_sums[creditor])
        open_sums[debtor] += amount
        open_sums[creditor] -= amount
        payments.append((debtor, creditor, amount))
    return {"payments": payments, "people": sorted(open_sums), "total": sum(payment[2] for payment in payments)}
