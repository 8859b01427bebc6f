"""Which inputs and times go with failing, and that noise has none."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from gitops_healer.core.analysis.durations import slower
from gitops_healer.core.analysis.patterns import input_patterns
from gitops_healer.core.analysis.times import time_patterns
from gitops_healer.core.analysis.trend import trend_of
from gitops_healer.core.analysis.types import Direction, PatternKind
from gitops_healer.core.execution import Execution, Slice
from gitops_healer.core.latency import bucket_of

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def order(random: Random) -> dict[str, Any]:
    found = {
        "qty": random.choice([0, 1, 2, 3, 5, -1]),
        "price": round(random.lognormvariate(3, 1), 2),
        "name": "".join(random.choice("abc é-7") for _ in range(random.randrange(9))),
        "user": {"plan": random.choice(["free", "pro", None]), "id": random.randrange(10**6)},
        "at": {"$type": "Decimal", "value": str(random.randrange(-5, 5))},
    }
    return found | ({"coupon": "A"} if random.random() < 0.3 else {})


def calls(fails: Callable[[dict[str, Any], Random], bool], count: int = 400, seed: int = 1) -> list[Execution]:
    random = Random(seed)
    found = []
    for number in range(count):
        one = order(random)
        found.append(Execution(str(number), "m:f", START + number * HOUR, not fails(one, random), 1.0, None,
                               json.dumps(one)))  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        (lambda one, _: one["qty"] == 0, {"qty = 0"}),
        (lambda one, _: one["qty"] < 0, {"qty < 0", "qty = -1"}),
        (lambda one, _: one["name"] == "", {"name is empty"}),
        (lambda one, _: not one["name"].isascii(), {"name has characters beyond ASCII"}),
        (lambda one, _: one["user"]["plan"] is None, {"user.plan is of type None"}),
        (lambda one, _: "coupon" not in one, {"coupon is missing"}),
        (lambda one, _: len(one["name"]) > 6, {"the length of name > 6"}),
        (lambda one, _: int(one["at"]["value"]) < 0, {"at < 0"}),
    ],
)
def test_the_class_of_inputs_that_fails_is_named(fails: Callable[..., bool], said: set[str]) -> None:
    found = input_patterns(calls(fails))
    assert len(found) == 1 and " and ".join(map(str, found[0].rule)) in said
    assert found[0].confirmed and found[0].explained == 1.0 and found[0].p < 1e-6


def test_two_conditions_together() -> None:
    found = input_patterns(calls(lambda one, _: one["qty"] <= 0 and "coupon" in one, count=1500))
    assert len(found[0].rule) == 2 and found[0].inside == 1.0 and found[0].explained > 0.9


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6])
def test_noise_has_no_pattern(share: float) -> None:
    for seed in range(10):
        assert input_patterns(calls(lambda _, random: random.random() < share, 200, seed)) == ()


def by_hour(
    share: Callable[[datetime], float], days: int = 28, seed: int = 1, commit: str | None = None
) -> list[Slice]:
    random = Random(seed)
    starts = [START + n * HOUR for n in range(24 * days)]
    return [Slice(start, commit, 10, sum(random.random() < share(start) for _ in range(10))) for start in starts]


@pytest.mark.parametrize(
    ("share", "kind"),
    [
        (lambda at: 0.6 if at.hour == 3 else 0.02, PatternKind.HOUR),
        (lambda at: 0.4 if at.weekday() == 0 else 0.02, PatternKind.WEEKDAY),
    ],
)
def test_the_time_at_which_it_fails_is_named(share: Callable[[datetime], float], kind: PatternKind) -> None:
    assert time_patterns(by_hour(share))[0].kind is kind


def test_an_outage_is_no_law_of_time() -> None:
    outage = by_hour(lambda at: 0.9 if at.day == 9 and at.hour < 12 else 0.02)
    assert time_patterns(outage) == () and time_patterns(by_hour(lambda _: 0.1)) == ()


def test_the_moment_of_a_change() -> None:
    change = START + timedelta(days=20)
    found = trend_of([(s.start, s.total, s.failed) for s in by_hour(lambda at: 0.05 if at < change else 0.2)])
    assert found.direction is Direction.WORSENING and found.since is not None
    assert abs(found.since - change) < timedelta(days=1)
    assert trend_of([(s.start, s.total, s.failed) for s in by_hour(lambda _: 0.05)]).direction is Direction.STEADY
    assert trend_of([]).direction is Direction.UNKNOWN


@pytest.mark.parametrize(
    ("times", "expected"), [(1.0, "steady"), (1.2, "steady"), (3.0, "worsening"), (0.3, "improving")]
)
def test_calls_that_take_longer(times: float, expected: str) -> None:
    random = Random(4)
    sides = [
        [Slice(START + n * HOUR, None, 1, 0, ((bucket_of(int(random.lognormvariate(3, 1) * factor * 1e6)), 1),))
         for n in range(300)]
        for factor in (1.0, times)
    ]  # fmt: skip
    assert slower(sides[0], sides[1], 1.5).direction.value == expected
    assert slower(sides[0][:5], sides[1], 1.5).direction is Direction.UNKNOWN
