import pytest

from ledger import Ledger, Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "club.db")
    yield store
    store.close()


@pytest.fixture
def club(store):
    """Ann has 100.00 and no credit, Bob has nothing and 50.00 of credit."""
    club = Ledger(store)
    club.open("ann")
    club.open("bob", credit=5000)
    club.deposit("ann", 10000, "2024-01-10", "start")
    return club
