"""The bound that everything rests on, by exact sums over all outcomes, and what holds for any counts."""

from itertools import product
from math import comb, exp, inf, isfinite, log

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_healer.core.judgement.sequential import (
    LogRatio,
    Null,
    alarm,
    better_than,
    conviction,
    timeline,
    upper_bound,
    worse_than,
)
from gitops_healer.core.watching import Block

COUNT = st.one_of(st.integers(0, 10**8), st.floats(0, 1e8))
BLOCKS = st.lists(st.tuples(st.integers(0, 47), st.integers(1, 40), st.floats(0, 1)), min_size=1, max_size=12)
NULLS = st.builds(Null, st.floats(0.01, 0.95), st.one_of(st.just(inf), st.floats(5, 1e6)))


def drawn(blocks: list[tuple[int, int, float]]) -> list[Block]:
    return [Block(number, total, round(total * share)) for number, total, share in blocks]


def chance_of_crossing(ratio: LogRatio, null: Null, calls: int, bar: float) -> float:
    """P(E ever reaches `bar`) over `calls` calls, exactly, when the null's own prediction draws them."""
    waiting, crossed = {0: 1.0}, 0.0
    for seen in range(calls):
        after: dict[int, float] = {}
        for failed, weight in waiting.items():
            rate = null.rate
            if null.precision != inf:
                rate = (null.precision * null.rate + failed) / (null.precision + seen)
            for more, part in ((1, rate), (0, 1 - rate)):
                if ratio(seen + 1 - failed - more, failed + more) >= log(bar):
                    crossed += weight * part
                else:
                    after[failed + more] = after.get(failed + more, 0.0) + weight * part
        waiting = after
    return crossed


@pytest.mark.parametrize("rate", [0.02, 0.07, 0.3, 0.8])
@pytest.mark.parametrize("precision", [11, 200, inf])
def test_a_false_alarm_is_as_rare_as_promised_however_often_one_looks(rate: float, precision: float) -> None:
    null = Null(rate, precision)
    assert chance_of_crossing(worse_than(null), null, 120, 20) <= 1 / 20
    assert chance_of_crossing(better_than(null), null, 120, 20) <= 1 / 20
    if precision > 11:
        assert chance_of_crossing(worse_than(null), Null(min(0.99, rate * 4 + 0.1)), 120, 20) > 0.5, "it does find"


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("rate", [0.1, 0.4])
def test_all_starts_together_and_capped_evidence_keep_the_bound(rate: float, share: float) -> None:
    """Every outcome of eight calls in eight blocks, at the tolerated rate and at half of it."""
    ratio, bar = worse_than(Null(rate)), log(10)
    alarmed = convicted = 0.0
    for outcome in product((0, 1), repeat=8):
        failed = sum(outcome)
        weight = (rate * share) ** failed * (1 - rate * share) ** (8 - failed)
        lines = [timeline([Block(n, 1, bad) for n, bad in enumerate(outcome[:end])], 0.0, 8) for end in range(1, 9)]
        alarmed += weight * any(alarm(line, ratio) >= bar for line in lines)
        convicted += weight * any(conviction(line, ratio, 3.0) >= bar for line in lines)
    assert 0 < alarmed <= 0.1
    assert convicted <= alarmed


@given(BLOCKS, NULLS, st.floats(0, 1), st.floats(1, 1000))
def test_no_conviction_without_an_alarm(
    blocks: list[tuple[int, int, float]], null: Null, clustering: float, cap: float
) -> None:
    line, ratio = timeline(drawn(blocks), clustering, 48), worse_than(null)
    assert conviction(line, ratio, cap) <= alarm(line, ratio) + 1e-9


def test_one_block_and_two_in_a_row_do_not_convict() -> None:
    ratio, most = worse_than(Null(0.07, 1000)), log(30)
    outage = timeline([Block(0, 500, 400)], 0.0, 48)
    assert alarm(outage, ratio) > 100 > log(30) >= conviction(outage, ratio, 30)
    straddling = timeline([Block(0, 500, 400), Block(1, 500, 400)], 0.0, 48)
    assert conviction(straddling, ratio, 30) <= 1.4 * most < log(100 / 0.7)
    lasting = timeline([Block(n, 500, 400) for n in range(3)], 0.0, 48)
    assert conviction(lasting, ratio, 30) > log(100)
    apart = timeline([Block(0, 500, 400), Block(2, 500, 400)], 0.0, 48)
    assert conviction(apart, ratio, 30) > log(100), "an outage does not come back in the next hour but one"


@given(st.integers(1, 200), st.integers(0, 200), st.floats(0.01, 0.5), st.floats(2000, 1e6))
def test_one_more_failure_instead_of_a_success_never_speaks_for_the_merge(
    good: int, bad: int, rate: float, precision: float
) -> None:
    ratio = worse_than(Null(rate, precision))
    if bad / (good + bad) > rate:
        assert ratio(good - 1, bad + 1) >= ratio(good, bad) - 1e-9


@given(COUNT, COUNT, st.floats(0, 1), st.one_of(st.just(inf), st.floats(0, 1e8)))
@example(1e8, 0, 1e-9, 1e8)
@example(0, 1e8, 1.0, 1e8)
@example(1e-300, 1e-300, 0.0, 0.0)
def test_any_counts_give_a_number(good: float, bad: float, rate: float, precision: float) -> None:
    for ratio in (worse_than(Null(rate, precision)), better_than(Null(rate, precision))):
        assert isfinite(ratio(good, bad))


@given(BLOCKS, NULLS)
def test_fractions_and_whole_numbers_say_the_same(blocks: list[tuple[int, int, float]], null: Null) -> None:
    whole, ratio = drawn(blocks), worse_than(null)
    split = [Block(b.number, part * b.total / 4, part * b.failed / 4) for b in whole for part in (1, 3)]
    once, twice = (alarm(timeline(counted, 0.0, 48), ratio) for counted in (whole, split))
    assert once == pytest.approx(twice, abs=1e-6)


def test_the_order_of_looks_and_of_calls_in_a_block_does_not_matter() -> None:
    ratio = worse_than(Null(0.07, 500))
    blocks = [Block(0, 10, 1), Block(4, 20, 5), Block(9, 5, 2)]
    again = [Block(9, 5, 2), Block(4, 8, 5), Block(0, 10, 1), Block(4, 12, 0)]
    assert timeline(blocks, 0.01, 48) == timeline(again, 0.01, 48)
    assert alarm(timeline(blocks, 0.01, 48), ratio) == alarm(timeline(again, 0.01, 48), ratio)


def test_weights_of_all_starts_add_up() -> None:
    for blocks in ([], [Block(0, 5, 1)], [Block(7, 5, 1), Block(30, 5, 1)], [Block(47, 5, 1)], [Block(99, 5, 1)]):
        line = timeline(blocks, 0.0, 48)
        assert sum(step.weight for step in line.steps) + line.later == pytest.approx(1)
    assert alarm(timeline([], 0.0, 48), worse_than(Null(0.1))) == pytest.approx(0, abs=1e-12)


def test_a_late_beginning_is_found_sooner_than_by_one_sum() -> None:
    ratio = worse_than(Null(0.07, 2000))
    blocks = [Block(n, 50, 2) for n in range(24)] + [Block(n, 50, 15) for n in range(24, 26)]
    assert alarm(timeline(blocks, 0.0, 48), ratio) > log(100)
    assert ratio(sum(b.total - b.failed for b in blocks), sum(b.failed for b in blocks)) < 0


def test_failures_that_come_in_clusters_say_less() -> None:
    ratio, blocks = worse_than(Null(0.07, 2000)), [Block(n, 100, 20) for n in range(4)]
    alarms = [alarm(timeline(blocks, clustering, 48), ratio) for clustering in (0.0, 0.02, 0.2, 1.0)]
    assert alarms == sorted(alarms, reverse=True)
    assert alarms[-1] < log(2)


@pytest.mark.parametrize(("total", "failed"), [(10, 0), (10, 3), (200, 20), (50, 50)])
def test_the_upper_bound_is_exceeded_seldom_enough(total: int, failed: int) -> None:
    bound = upper_bound(total, failed, 0.05)
    assert failed / total <= bound <= 1
    tail = sum(comb(total, k) * bound**k * (1 - bound) ** (total - k) for k in range(failed + 1))
    assert tail <= 0.05 + 1e-9 or failed == total


def test_without_calls_nothing_is_known() -> None:
    assert upper_bound(0, 0, 0.05) == 1
    assert upper_bound(10**8, 0, 0.005) == pytest.approx(-log(0.005) / 10**8, rel=1e-3)
    assert exp(worse_than(Null(0.05, 1000))(0, 0)) == pytest.approx(1)
