"""Accounts of a small club: money in cents, kept in SQLite."""

from ledger.errors import LedgerError, NotEnoughMoney, UnknownAccount
from ledger.service import Ledger
from ledger.store import Store

__all__ = ["Ledger", "LedgerError", "NotEnoughMoney", "Store", "UnknownAccount"]
