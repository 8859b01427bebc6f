"""Production reports calls that fail since a commit: the cycle restores what they gave, with a regression test."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.history import replay
from gitops_healer.core.upgrade import Stage
from gitops_healer.cycle import run_cycle
from gitops_healer.detectors.low_success_rate import low_success_rate
from gitops_healer.places import Choices
from gitops_healer.repair.repair_failure import repair_failure
from gitops_healer.wiring import build_world
from tests.conftest import GitRepo

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INVOICE = '''\
def total(prices, discount=0.0):
    """What an order costs."""
    dearest = max(prices, default=0.0)
    return round(sum(prices) - dearest * discount, 2)
'''
BROKEN = INVOICE.replace("max(prices, default=0.0)", "sorted(prices)[len(prices)]")
TESTS = """\
from shop.invoice import total


def test_says_what_it_is():
    assert total.__doc__
"""
FILES = {"shop/__init__.py": "", "shop/invoice.py": INVOICE, "tests/test_invoice.py": TESTS}
BASKETS = ([1.0, 2.5], [10.0], [3.0, 3.0, 4.0], [99.9, 0.1], [7.0, 8.0], [5.5, 1.25])


def line(when: datetime, commit: str, prices: list[float], *, ok: bool) -> bytes:
    event = {
        "v": 1, "tool": "shop.invoice:total", "ts": when.isoformat(), "ok": ok, "args": [prices],
        "kwargs": {"discount": 0.1}, "commit": commit,
    }  # fmt: skip
    told = {"result": round(sum(prices) - max(prices) * 0.1, 2)} if ok else {
        "error": {"type": "IndexError", "message": "list index out of range"}
    }  # fmt: skip
    return json.dumps(event | told).encode()


def test_what_a_commit_broke_is_healed_and_kept_by_a_test(make_repo: Callable[..., GitRepo]) -> None:
    repo = make_repo(FILES)
    good = repo.git("rev-parse", "HEAD")
    bad = repo.commit({"shop/invoice.py": BROKEN}, "Simplify")
    options = {"testing.flaky_reruns": 0, "testing.allow_untested": False}
    world = build_world(Choices(repo.path, options=options, clock=TurnedClock(START)))
    old, new = START - timedelta(days=2), START - timedelta(hours=2)
    calls = [line(old + timedelta(minutes=n), good, basket, ok=True) for n, basket in enumerate(BASKETS[:2])]
    calls += [line(new + timedelta(seconds=n), bad, BASKETS[n % 6], ok=False) for n in range(24)]
    assert not world.executions.import_jsonl(calls).broken
    run_cycle(replace(world, detectors=(low_success_rate,), fixers=(repair_failure,)))
    (upgrade,) = replay(world.ledger.load()).upgrades.values()
    assert upgrade.stage is Stage.VALIDATED, upgrade
    assert upgrade.proposed is not None
    branch = upgrade.proposed.branch
    assert repo.git("show", f"{branch}:shop/invoice.py").rstrip() == INVOICE.rstrip()
    assert "def test_total_that_failed" in repo.git("show", f"{branch}:tests/test_total_recorded.py")
    pull = world.forge.pull(upgrade.proposed.pull)
    assert pull is not None and "version 1 of total" in pull.body
