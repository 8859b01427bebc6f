"""Production reports calls that fail since a commit: they are mended, and what the commit was for stays."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

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
BEFORE = '''\
def total(prices, discount=0.0):
    """What an order costs; the dearest item is reduced."""
    ordered = sorted(prices)
    return round(sum(prices) - ordered[len(prices) - 1] * discount, 2)
'''
WANTED = BEFORE.replace("discount=0.0)", "discount=0.0, shipping=0.0)").replace("* discount,", "* discount + shipping,")
BROKEN = WANTED.replace("[len(prices) - 1]", "[len(prices)]")
TESTS = """\
from shop.invoice import total


def test_says_what_it_is():
    assert total.__doc__
"""
FILES = {"shop/__init__.py": "", "shop/invoice.py": BEFORE, "tests/test_invoice.py": TESTS}
BASKETS = ([1.0, 2.5], [10.0], [3.0, 3.0, 4.0], [99.9, 0.1], [7.0, 8.0], [5.5, 1.25])


def line(when: datetime, commit: str, prices: list[float], options: Mapping[str, float], *, ok: bool) -> bytes:
    event: dict[str, Any] = {
        "v": 1, "tool": "shop.invoice:total", "ts": when.isoformat(), "ok": ok, "args": [prices],
        "kwargs": options, "commit": commit,
    }  # fmt: skip
    error = {"type": "IndexError", "message": "list index out of range"}
    result = round(sum(prices) - max(prices) * options["discount"], 2)
    return json.dumps(event | ({"result": result} if ok else {"error": error})).encode()


def test_what_a_commit_broke_is_healed_and_kept_by_a_test(make_repo: Callable[..., GitRepo]) -> None:
    """Of the one recorded call that worked, the result is no constant for all that fail; what was there before would
    forget the shipping."""
    repo = make_repo(FILES)
    good = repo.git("rev-parse", "HEAD")
    bad = repo.commit({"shop/invoice.py": BROKEN}, "Let orders be shipped")
    world = build_world(Choices(repo.path, options={"testing.flaky_reruns": 0}, clock=TurnedClock(START)))
    old, new = START - timedelta(days=2), START - timedelta(hours=2)
    plain, shipped = {"discount": 0.1}, {"discount": 0.2, "shipping": 4.5}
    calls = [line(old + timedelta(minutes=n), good, basket, plain, ok=True) for n, basket in enumerate(BASKETS[:1])]
    calls += [line(new + timedelta(seconds=n), bad, BASKETS[n % 6], plain, ok=False) for n in range(24)]
    calls += [line(new + timedelta(minutes=n), bad, [2.0, 3.0], shipped, ok=False) for n in range(1, 4)]
    assert not world.executions.import_jsonl(calls).broken
    run_cycle(replace(world, detectors=(low_success_rate,), fixers=(repair_failure,)))
    (upgrade,) = replay(world.ledger.load()).upgrades.values()
    assert upgrade.stage is Stage.VALIDATED, upgrade
    assert upgrade.proposed is not None
    branch = upgrade.proposed.branch
    names: dict[str, Any] = {}
    exec(repo.git("show", f"{branch}:shop/invoice.py"), names)
    assert [names["total"](basket, 0.1, 4.5) for basket in BASKETS[:2]] == [7.75, 13.5]
    assert "def test_total_that_failed" in repo.git("show", f"{branch}:tests/test_total_recorded.py")
    pull = world.forge.pull(upgrade.proposed.pull)
    assert pull is not None and "version 1 of total" in pull.body
