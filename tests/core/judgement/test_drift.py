"""That it may have got worse before the merge, and what that is worth."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.drift import MOST, Part, doubt_note, lately
from gitops_healer.core.judgement.weighing import weigh
from gitops_healer.core.watching import Block, Perhaps, Pool, Reading, Tolerance

OPENED = datetime(2026, 3, 4, 12, tzinfo=UTC)


def week(since: int, rate: float, calls: int = 10) -> list[Part]:
    """5 % fail until `since` hours before the merge, then `rate`, spread evenly; the latest hour first."""
    rates = [rate if ago < since else 0.05 for ago in range(168)]
    return [Part(ago, -ago % 24, calls, calls * rate) for ago, rate in enumerate(rates)]


def chance(parts: list[Part], clustering: float = 0.0) -> float:
    return sum(one.weight for one in lately(parts, clustering))


def test_it_is_likelier_the_worse_and_the_longer_it_was() -> None:
    calm, better = chance(week(0, 0.05)), chance(week(6, 0.01))
    slight, doubled, long = chance(week(6, 0.08)), chance(week(6, 0.12)), chance(week(12, 0.12))
    assert better < calm < slight < doubled < long <= MOST + 1e-9
    assert calm < 0.1


def test_one_bad_hour_clusters_and_hours_that_are_bad_every_day_say_little() -> None:
    assert chance(week(1, 0.9)) < 4 * chance(week(0, 0.05))
    assert chance(week(6, 0.12), 0.2) < chance(week(6, 0.12))
    daily = [Part(ago, -ago % 24, 10, 2.0 if ago % 24 < 6 else 0.3) for ago in range(168)]
    assert chance(daily) < chance(week(6, 0.2)) / 3


def test_likely_doubt_is_noted_with_the_baseline() -> None:
    def noted(calls: int, failed: int) -> str:
        hours = [(OPENED - timedelta(hours=ago), calls, failed if ago <= 6 else ago % 2) for ago in range(1, 169)]
        return baseline_of(hours, OPENED).note

    assert noted(20, 0) == ""
    assert noted(20, 1) == "", "it was one in every second hour"
    assert noted(10, 2).startswith("it got worse before the merge")
    assert doubt_note(lately(week(6, 0.2), 0.0)).startswith("it may have got worse within the day before the merge (")


def test_nothing_is_known_without_a_time_before() -> None:
    assert lately([], 0.0) == ()
    assert lately(week(0, 0.05)[:3], 0.0) == ()


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 10**8), st.floats(0, 1)), max_size=30), st.floats(0, 1))
def test_weights_are_chances(hours: list[tuple[int, int, float]], clustering: float) -> None:
    parts = [Part(ago, -ago % 24, total, total * share) for ago, total, share in sorted(hours)]
    found = lately(parts, clustering)
    assert all(0 < one.weight <= MOST and 0 < one.rate <= 1 for one in found)
    assert sum(one.weight for one in found) <= MOST + 1e-3


@pytest.mark.parametrize("strict", [False, True])
def test_doubt_takes_from_a_conviction_and_never_from_a_suspicion(strict: bool) -> None:
    plain = Reading(
        "executions",
        "f",
        10_000,
        500,
        600,
        90,
        blocks=tuple(Block(n, 50, 6 + n % 3) for n in range(12)),
        precision=5000,
    )
    doubted = Reading(**{**vars(plain), "lately": (Perhaps(0.1, 0.2), Perhaps(0.01, 0.2))})
    one, other = (
        weigh(reading, Pool(touched=1), Tolerance(strict=strict), 48).evidence for reading in (plain, doubted)
    )
    assert other.alarm == one.alarm
    assert other.conviction < one.conviction - 1


def test_a_step_shortly_before_is_seldom_blamed_on_the_merge() -> None:
    """4 % fail, and 10 % since six hours before the merge, at 10 calls an hour."""
    convicted = {True: 0, False: 0}
    for seed in range(40):
        chances = random.Random(seed)
        hours = [
            (OPENED - timedelta(hours=ago), 10, sum(chances.random() < (0.1 if ago <= 6 else 0.04) for _ in range(10)))
            for ago in range(168, 0, -1)
        ]
        base = baseline_of(hours, OPENED)
        blocks = tuple(Block(n, 5, sum(chances.random() < 0.12 for _ in range(5))) for n in range(48))
        failed = sum(block.failed for block in blocks)
        for doubt in convicted:
            reading = Reading(
                "executions", "f", base.total, base.failed, 240, failed, clustering=base.clustering,
                precision=base.precision, blocks=blocks, lately=base.lately if doubt else (),
            )  # fmt: skip
            convicted[doubt] += weigh(reading, Pool(touched=1), Tolerance(), 48).convicting
    assert convicted[True] <= 1 < convicted[False]
