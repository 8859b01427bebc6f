"""The demo tells what really happens."""

from pathlib import Path

import pytest

from gitops_healer.core.history import replay
from gitops_healer.core.upgrade import Stage
from gitops_healer.demo import run_demo
from gitops_healer.errors import UsageError
from gitops_healer.places import Choices, find_place
from gitops_healer.wiring import open_ledger


def test_the_demo_heals_asks_merges_and_takes_back(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "shop"
    run_demo(home)
    ledger = open_ledger(find_place(Choices(home, options={"limits.base_branch": "main"})).repository)
    upgrades = {up.finding.symbol: up for up in replay(ledger.load()).upgrades.values() if up.merged}
    assert {symbol: up.settled_as for symbol, up in upgrades.items()} == {
        "shop.ratings:average": Stage.STABLE,
        "shop.stock:quantity": Stage.STABLE,
        "shop.shipping:cost": Stage.ROLLED_BACK,
    }
    assert upgrades["shop.stock:quantity"].chosen_by == "maintainer"
    assert ledger.verify().allowed
    told = capfd.readouterr().out
    for up in upgrades.values():
        assert up.codename in told


def test_the_demo_does_not_write_into_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="is not empty"):
        run_demo(tmp_path)
