"""What members can do with their money."""

from ledger.errors import LedgerError, NotEnoughMoney, UnknownAccount


class Ledger:
    """The rules: nobody goes below the own credit line, every transfer has two sides."""

    def __init__(self, store):
        self.store = store

    def open(self, name, credit=0):
        """Adds an account that may go down to minus `credit` cents; gives the name as it is kept, tidied."""
        name = name.strip().lower()
        if not name:
            raise LedgerError("an account needs a name")
        if self.store.credit_of(name) is not None:
            raise LedgerError(f"{name} is taken")
        self.store.add_account(name, credit)
        return name

    def balance(self, name):
        self._known(name)
        return self.store.total(name)

    def deposit(self, name, cents, day, note=""):
        """Puts money in; only amounts above zero."""
        self._known(name)
        if cents <= 0:
            raise LedgerError("only amounts above zero")
        self.store.add_entry(name, day, cents, note)

    def withdraw(self, name, cents, day, note=""):
        """Takes money out; NotEnoughMoney says how many cents are missing."""
        credit = self._known(name)
        if cents <= 0:
            raise LedgerError("only amounts above zero")
        missing = cents - self.balance(name) - credit
        if missing > 0:
            raise NotEnoughMoney(name, missing)
        self.store.add_entry(name, day, -cents, note)

    def transfer(self, giver, taker, cents, day, note=""):
        """Moves money; nothing happens if either side is unknown or the giver has too little."""
        self._known(taker)
        if giver == taker:
            raise LedgerError("giver and taker are the same")
        self.withdraw(giver, cents, day, note)
        self.deposit(taker, cents, day, note)

    def statement(self, name, month):
        """Lines "day  amount  balance" of a month such as "2024-03", after a line with the balance before it."""
        self._known(name)
        balance = sum(cents for day, cents, _ in self.store.entries(name) if day < f"{month}-01")
        lines = [f"start {balance / 100:.2f}"]
        for day, cents, _ in self.store.entries(name, f"{month}-01", f"{month}-31"):
            balance += cents
            lines.append(f"{day} {cents / 100:+.2f} {balance / 100:.2f}")
        return lines

    def debtors(self):
        """(name, cents owed) of everybody below zero, the largest debt first, then by name."""
        owed = [(name, -self.store.total(name)) for name in self.store.names()]
        return sorted((pair for pair in owed if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))

    def split(self, payer, sharers, cents, day, note=""):
        """A bill that `payer` paid is shared; cents that do not divide go to the first ones. Returns each share.

        The payer may be among the sharers and then keeps the own share.
        """
        for name in (payer, *sharers):
            self._known(name)
        share, rest = divmod(cents, len(sharers))
        shares = {name: share + (1 if place < rest else 0) for place, name in enumerate(sharers)}
        for name, part in shares.items():
            if name != payer and part:
                self.transfer(name, payer, part, day, note)
        return shares

    def _known(self, name):
        """The credit line of an account that must be there."""
        credit = self.store.credit_of(name)
        if credit is None:
            raise UnknownAccount(name)
        return credit
