import pytest

from ledger import LedgerError, NotEnoughMoney, UnknownAccount


def test_open_tidies_the_name(club):
    assert club.open("  Cy ") == "cy"
    assert club.balance("cy") == 0


@pytest.mark.parametrize("name", ["ann", "Ann ", "", "  "])
def test_open_refuses(club, name):
    with pytest.raises(LedgerError):
        club.open(name)


def test_deposit(club):
    club.deposit("bob", 250, "2024-01-11")
    assert club.balance("bob") == 250


@pytest.mark.parametrize("cents", [0, -5])
def test_deposit_refuses(club, cents):
    with pytest.raises(LedgerError):
        club.deposit("bob", cents, "2024-01-11")


def test_withdraw(club):
    club.withdraw("ann", 4000, "2024-01-11")
    assert club.balance("ann") == 6000


def test_withdraw_everything(club):
    club.withdraw("ann", 10000, "2024-01-11")
    assert club.balance("ann") == 0


def test_withdraw_on_credit(club):
    club.withdraw("bob", 5000, "2024-01-11")
    assert club.balance("bob") == -5000


def test_withdraw_too_much(club):
    with pytest.raises(NotEnoughMoney) as caught:
        club.withdraw("bob", 5001, "2024-01-11")
    assert caught.value.missing == 1
    assert club.balance("bob") == 0


def test_unknown_account(club):
    with pytest.raises(UnknownAccount):
        club.balance("nobody")
    with pytest.raises(UnknownAccount):
        club.deposit("nobody", 5, "2024-01-01")


def test_transfer(club):
    club.transfer("ann", "bob", 2500, "2024-01-12", "bread")
    assert club.balance("ann") == 7500
    assert club.balance("bob") == 2500


def test_transfer_to_nobody_leaves_all_as_it_was(club):
    with pytest.raises(UnknownAccount):
        club.transfer("ann", "nobody", 100, "2024-01-12")
    assert club.balance("ann") == 10000


def test_transfer_to_oneself(club):
    with pytest.raises(LedgerError):
        club.transfer("ann", "ann", 100, "2024-01-12")


def test_statement(club):
    club.withdraw("ann", 1250, "2024-02-01")
    club.deposit("ann", 300, "2024-02-29")
    club.deposit("ann", 999, "2024-03-01")
    assert club.statement("ann", "2024-02") == [
        "start 100.00",
        "2024-02-01 -12.50 87.50",
        "2024-02-29 +3.00 90.50",
    ]


def test_debtors(club):
    club.open("cy", credit=9000)
    assert club.debtors() == []
    club.withdraw("bob", 100, "2024-01-11")
    club.withdraw("cy", 700, "2024-01-11")
    assert club.debtors() == [("cy", 700), ("bob", 100)]


def test_split(club):
    club.open("cy", credit=9000)
    assert club.split("ann", ["ann", "bob", "cy"], 1000, "2024-01-20") == {"ann": 334, "bob": 333, "cy": 333}
    assert club.balance("ann") == 10666
    assert club.balance("bob") == -333


def test_split_without_the_payer(club):
    assert club.split("ann", ["bob"], 501, "2024-01-20") == {"bob": 501}
    assert club.balance("ann") == 10501
