"""What a merge is compared with."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.judgement.baseline import Baseline, baseline_of, correlation
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.watching import Block, Count, Judgement, Reading, Tolerance, Window

OPENED = datetime(2026, 3, 4, 12, 17, tzinfo=UTC)
Hours = list[tuple[datetime, Count, Count]]


def week(rates: list[float], calls: int = 100, seed: int = 1) -> Hours:
    """The hours before the merge, the oldest first; each call fails independently."""
    chances, start = random.Random(seed), OPENED.replace(minute=0) - timedelta(hours=len(rates) - 1)
    return [
        (start + timedelta(hours=n), calls, sum(chances.random() < rate for _ in range(calls)))
        for n, rate in enumerate(rates)
    ]


def test_even_failures_are_worth_about_all_their_calls() -> None:
    base = baseline_of(week([0.05] * 168), OPENED)
    assert (base.total, base.note, base.usual) == (16_800, "", ())
    assert 0.045 < base.failed / base.total < 0.055
    assert base.clustering < 0.003
    assert 0.4 * base.total < base.precision <= base.total + 1


def test_failures_in_clusters_are_worth_less() -> None:
    chances = random.Random(2)
    base = baseline_of(week([chances.betavariate(0.05 * 49, 0.95 * 49) for _ in range(168)]), OPENED)
    assert 0.01 < base.clustering < 0.04
    assert base.precision < 0.5 * base.total


def test_days_that_differ_are_worth_few_calls() -> None:
    base = baseline_of(week([0.02 + 0.04 * (hour // 24 % 2) for hour in range(168)]), OPENED)
    assert base.precision < 0.1 * base.total


@pytest.mark.parametrize(
    ("rates", "least", "most", "ago"),
    [
        ([0.03] * 120 + [0.08] * 48, 0.07, 0.09, "2 days"),
        ([0.05] * 160 + [0.20] * 8, 0.17, 0.25, "6 hours"),
        ([0.03 + 0.05 * hour / 168 for hour in range(168)], 0.055, 0.1, "before"),
    ],
)
def test_what_began_before_the_merge_is_the_baseline(rates: list[float], least: float, most: float, ago: str) -> None:
    base = baseline_of(week(rates), OPENED)
    assert base.note.startswith("it got worse before the merge, about ")
    assert ago in base.note
    assert least < base.failed / base.total < most


@pytest.mark.parametrize(
    "rates",
    [
        [0.05] * 168,
        [0.08] * 120 + [0.03] * 48,
        [0.05] * 167 + [0.8],
        [0.05] * 100 + [0.8] + [0.05] * 67,
        [0.05 + 0.04 * (hour % 24 < 6) for hour in range(168)],
    ],
    ids=["even", "it got better", "an outage just before", "an outage days ago", "mornings"],
)
def test_what_is_no_new_level_is_no_news(rates: list[float]) -> None:
    assert [baseline_of(week(rates, seed=seed), OPENED).note for seed in range(5)] == [""] * 5


def test_a_batch_at_night_is_expected_at_night() -> None:
    nightly = [0.3 if (hour - 10) % 24 < 2 else 0.05 for hour in range(168)]
    base = baseline_of(week(nightly), OPENED)
    bad = {hour for hour, rate in enumerate(base.usual) if rate}
    # the week begins 167.28 hours before the merge, at :00, so that its hour 10 begins 10.7 hours after it
    assert bad == {10, 11, 12}
    assert all(0.25 < base.usual[hour] < 0.35 for hour in bad)
    assert base.clustering < 0.01, "what the hour of the day explains is no cluster"


def test_one_outage_makes_no_bad_hour() -> None:
    rates = [0.05] * 168
    rates[90] = 0.9
    assert baseline_of(week(rates), OPENED).usual == ()


def test_nothing_before_is_an_empty_baseline() -> None:
    assert baseline_of([], OPENED) == Baseline(0, 0)
    assert baseline_of([(OPENED, 0, 0)], OPENED) == Baseline(0, 0)
    assert baseline_of([(OPENED - timedelta(hours=1), 5, 5)], OPENED).precision == 6


def test_correlation_of_whole_groups_is_one() -> None:
    assert correlation([(10, 10), (10, 0)] * 20) == pytest.approx(1, abs=0.05)
    assert correlation([(10, 5)] * 40) == 0
    assert correlation([]) == correlation([(10, 0)]) == correlation([(10, 10)]) == 0


@given(
    st.lists(st.tuples(st.integers(-400, 50), st.one_of(st.integers(-5, 10**8), st.floats()), st.floats()), max_size=60)
)
def test_any_counts_give_a_baseline(hours: list[tuple[int, float, float]]) -> None:
    base = baseline_of([(OPENED + timedelta(hours=ago), total, failed) for ago, total, failed in hours], OPENED)
    assert 0 <= base.failed <= base.total
    assert 0 <= base.clustering <= 1
    assert 0 <= base.precision <= base.total + 1


def test_two_hours_one_of_them_bad_do_not_make_later_calls_worthless() -> None:
    """40 calls before, of which 16 failed: whether an hour ended between them says nothing."""
    opened = datetime(2026, 3, 1, 12, tzinfo=UTC)
    apart = [(opened - timedelta(hours=2), 24, 0), (opened - timedelta(hours=1), 16, 16)]
    together = [(opened - timedelta(hours=1), 40, 16)]
    window = Window(opened, opened + timedelta(hours=24), opened - timedelta(days=7))
    for hours in (apart, together):
        base = baseline_of(hours, opened)
        reading = Reading(
            "executions", "f", base.total, base.failed, 40, 0, 0,
            clustering=base.clustering, precision=base.precision, blocks=(Block(3, 40, 0),),
        )  # fmt: skip
        health = judge([reading], Tolerance(), window=window, now=opened + timedelta(hours=3))
        assert health.judgement is Judgement.HEALTHY, health.reason
