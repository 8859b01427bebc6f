"""From slices to counts: nothing is lost, and what is not read more closely was no evidence."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from math import inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.execution import Slice
from gitops_healer.core.judgement.baseline import Baseline
from gitops_healer.core.judgement.counting import (
    blocks_of,
    compared,
    failures,
    hours_of,
    past_of,
    slow,
    sorted_by_side,
    stands_out,
    summed,
    with_error,
)
from gitops_healer.core.judgement.sequential import Null, alarm, timeline, worse_than
from gitops_healer.core.latency import bucket_of
from gitops_healer.core.watching import Block, Reading

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLICES = st.lists(
    st.builds(
        lambda hour, commit, passed, failed: Slice(START + hour * HOUR, commit, passed + failed, failed),
        st.integers(0, 40), st.sampled_from([None, "old", "new", "other"]), st.integers(0, 50), st.integers(0, 9),
    ),
    max_size=30,
)  # fmt: skip
SIDES = {"old": False, "new": True, "other": None}
COUNTED = st.lists(st.tuples(st.integers(0, 47), st.integers(1, 2000), st.floats(0, 1)), max_size=30)


def test_a_reading_says_all_that_is_known_of_the_time_before() -> None:
    base = Baseline(100, 7, 0.2, 40.0, "worse since Monday", (0.0,) * 23 + (0.5,))
    reading = compared(Reading("m", "s", 0, 0, 10, 1, note="by time"), base)
    assert (reading.before_total, reading.before_failed) == (100, 7)
    assert (reading.clustering, reading.precision, reading.usual) == (0.2, 40.0, base.usual)
    assert reading.note == "worse since Monday; by time"


@given(SLICES, SLICES)
def test_every_call_is_on_the_side_of_its_commit(earlier: list[Slice], later: list[Slice]) -> None:
    end = START + 20 * HOUR
    calls = sorted_by_side(earlier, later, SIDES.__getitem__, end)
    assert Counter(calls.before) == Counter(one for one in earlier if one.commit in (None, "old"))
    assert Counter(calls.still) == Counter(one for one in later if one.commit == "old")
    present = [one for one in later if one.commit is None and one.start < end]
    assert Counter(calls.after) == Counter([one for one in [*earlier, *later] if one.commit == "new"] + present)


@given(SLICES)
def test_blocks_and_hours_hold_all_calls(slices: list[Slice]) -> None:
    total, failed = summed(slices)
    blocks = blocks_of(slices, failures, lambda at: (at - START) // (5 * HOUR))
    assert (sum(block.total for block in blocks), sum(block.failed for block in blocks)) == (total, failed)
    assert len({block.number for block in blocks}) == len(blocks)
    hours = hours_of(slices, failures)
    assert (sum(hour[1] for hour in hours), sum(hour[2] for hour in hours)) == (total, failed)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50), st.floats(0.01, 1e6))
def test_slow_calls_are_those_above_the_limit_but_for_its_bucket(durations: list[float], limit: float) -> None:
    latency = Counter(bucket_of(int(ms * 1e6)) for ms in durations)
    total, above = slow(limit)(Slice(START, None, len(durations), 0, tuple(latency.items())))
    sure = sum(ms > limit * 1.13 for ms in durations)
    possible = sum(ms > limit / 1.13 for ms in durations)
    assert total == len(durations) and sure - 1e-6 <= above <= possible + 1e-6


def test_errors_and_what_is_not_known_of_them() -> None:
    slices = [
        Slice(START, None, 10, 5, errors=(("KeyError", 2), ("ValueError", 1))),
        Slice(START, "new", 4, 1, errors=(("KeyError", 1),)),
    ]
    assert past_of(slices).errors == {"KeyError": 3, "ValueError": 1} and past_of(slices).unknown == 2
    assert past_of(slices).median is None and past_of([]).timed == 0
    assert summed(slices, with_error("KeyError")) == (14, 3)


@given(COUNTED, st.floats(0.001, 0.999), st.sampled_from([20.0, 300.0, 1e5, inf]), st.floats(0, 1))
def test_what_does_not_stand_out_is_no_evidence(
    counted: list[tuple[int, int, float]], rate: float, precision: float, clustering: float
) -> None:
    blocks = [Block(number, total, round(total * share)) for number, total, share in counted]
    if not stands_out(blocks, Null(rate, precision), 48):
        assert alarm(timeline(blocks, clustering, 48), worse_than(Null(rate, precision))) < log(2)


@given(COUNTED, st.floats(0.01, 0.5))
def test_near_the_tolerated_rate_nothing_is_missed(counted: list[tuple[int, int, float]], rate: float) -> None:
    blocks = [Block(n, total, min(total, round(total * rate * (0.8 + share / 2)))) for n, total, share in counted]
    for precision in (20.0, 1000.0):
        if not stands_out(blocks, Null(rate, precision), 48):
            assert alarm(timeline(blocks, 0.0, 48), worse_than(Null(rate, precision))) < log(2)


@pytest.mark.parametrize(("failed", "expected"), [(0, False), (5, False), (8, False), (25, True), (100, True)])
def test_standing_out(failed: int, expected: bool) -> None:
    assert stands_out([Block(0, 100, failed)], Null(0.07, 1000), 48) is expected
