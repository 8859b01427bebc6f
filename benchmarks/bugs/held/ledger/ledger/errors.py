"""What may go wrong with money."""


class LedgerError(Exception):
    """Any refusal of the ledger."""


class UnknownAccount(LedgerError):
    """No account has that name."""


class NotEnoughMoney(LedgerError):
    """The account would go below its limit."""

    def __init__(self, name, missing):
        super().__init__(f"{name}: {missing} cents missing")
        self.missing = missing
