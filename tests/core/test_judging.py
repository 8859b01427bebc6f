"""The judgement after a merge: its sentences, its arithmetic, and how often it is wrong."""

import random
from fractions import Fraction
from itertools import pairwise
from math import comb
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.judging import LOOKS, drop_of_15_percent, first_alarms, ours
from gitops_healer.core.judging import Tolerance, binomial, chance, fisher, judge, stretch
from gitops_healer.core.watching import Judgement, Reading

TOLERANCE = Tolerance(min_executions=10, min_failures=3, margin=0.02, alpha=0.01)


def reading(before: tuple[int, int], after: tuple[int, int], distinct: int | None = None, **more: object) -> Reading:
    """before, after: (failed, total)."""
    told = after[0] if distinct is None else distinct
    named = {"metric": "executions", "subject": "pkg.mod:f"} | more
    return Reading(
        before_total=before[1], before_failed=before[0], after_total=after[1], after_failed=after[0],
        distinct_failing=told, **named,  # type: ignore[arg-type]
    )  # fmt: skip


def judged(*readings: Reading, closing: bool = False) -> Judgement:
    return judge(readings, TOLERANCE, closing=closing).judgement


# What is said


def test_a_regression_names_the_subject_and_the_figures() -> None:
    health = judge([reading((50, 1000), (12, 40), 9)], TOLERANCE, closing=False)
    assert health.judgement is Judgement.REGRESSED
    assert health.reason.startswith(
        "pkg.mod:f failed 12 of 40 times since the merge (30%), 50 of 1,000 before (5%) on 9 different inputs: "
        "without a change the chance of that is "
    )
    assert health.readings == (reading((50, 1000), (12, 40), 9),)


def test_one_poisoned_input_is_only_suspect() -> None:
    health = judge([reading((50, 1000), (12, 40), 1)], TOLERANCE, closing=False)
    assert health.judgement is Judgement.SUSPECT
    assert health.reason.endswith("only 1 different inputs failed, and 3 are needed")


def test_health_needs_data_and_says_how_much() -> None:
    for closing in (False, True):
        assert judged(closing=closing) is Judgement.INSUFFICIENT
        assert judged(reading((0, 100), (0, 0)), closing=closing) is Judgement.INSUFFICIENT
    health = judge([reading((0, 100), (3, 4))], TOLERANCE, closing=True)
    assert health.judgement is Judgement.INSUFFICIENT
    assert health.reason == "pkg.mod:f has 4 executions since the merge: 6 more are needed; the watch is over"
    assert judged(reading((0, 100), (0, 9))) is Judgement.INSUFFICIENT
    assert judged(reading((0, 100), (0, 10))) is Judgement.HEALTHY


def test_a_mended_tool_is_healthy_even_if_it_still_fails_at_times() -> None:
    assert judged(reading((38, 50), (0, 12))) is Judgement.HEALTHY
    assert judged(reading((38, 50), (5, 20))) is Judgement.HEALTHY
    assert judged(reading((50, 50), (20, 20))) is Judgement.HEALTHY, "it cannot get worse"
    assert judged(reading((3, 3), (0, 20))) is Judgement.HEALTHY, "nothing failed, whatever was before"
    assert judged(reading((0, 0), (0, 20))) is Judgement.HEALTHY


def test_without_a_baseline_failures_are_no_verdict() -> None:
    health = judge([reading((1, 9), (9, 20))], TOLERANCE, closing=False)
    assert health.judgement is Judgement.INSUFFICIENT
    assert "executed only 9 times before, and 10 are needed" in health.reason


def test_doubt_is_neither_health_nor_alarm_and_says_what_would_settle_it() -> None:
    health = judge([reading((50, 1000), (3, 20))], TOLERANCE, closing=False)
    assert health.judgement is Judgement.INSUFFICIENT
    more = int(health.reason.partition("about ")[2].split()[0].replace(",", ""))
    total = 20 + more
    assert judged(reading((50, 1000), (round(total * 0.15), total))) is Judgement.REGRESSED


def test_what_is_significant_but_tolerated_is_no_alarm() -> None:
    assert fisher(1_000_000, 50_000, 1_000_000, 55_000) < 1e-40
    assert judged(reading((50_000, 1_000_000), (55_000, 1_000_000))) is Judgement.HEALTHY
    assert judged(reading((50_000, 1_000_000), (75_000, 1_000_000))) is Judgement.REGRESSED


def test_the_worst_subject_decides() -> None:
    good, bad = reading((5, 100), (5, 100), subject="good"), reading((5, 100), (60, 100), subject="bad")
    poisoned = reading((5, 100), (60, 100), 1, subject="poisoned")
    waiting = reading((5, 100), (0, 3), subject="waiting")
    assert judged(good, bad, poisoned, waiting) is Judgement.REGRESSED
    assert judged(good, poisoned, waiting) is Judgement.SUSPECT
    assert judged(good, waiting) is Judgement.INSUFFICIENT
    assert judged(good) is Judgement.HEALTHY
    assert judge([good, bad, reading((0, 50), (50, 50), subject="worse")], TOLERANCE, closing=False).reason.endswith(
        "(and 1 more like it)"
    )


def test_untouched_subjects_can_alarm_but_need_not_be_called() -> None:
    touched = reading((5, 100), (5, 100))
    silent = reading((5, 100), (0, 0), touched=False, subject="silent")
    broken = reading((5, 1000), (60, 100), touched=False, subject="broken")
    assert judged(touched, silent) is Judgement.HEALTHY
    assert judged(touched, silent, broken) is Judgement.REGRESSED
    assert judged(silent) is Judgement.INSUFFICIENT
    called = reading((5, 100), (5, 100), touched=False, subject="called")
    assert judged(silent, called) is Judgement.HEALTHY, "what imports the change proves it as far as it is called"


# Arithmetic


@given(st.integers(0, 40), st.integers(0, 40), st.data())
def test_fisher_is_exact(before: int, after: int, data: st.DataObject) -> None:
    before_failed, failed = data.draw(st.integers(0, before)), data.draw(st.integers(0, after))
    failures, calls = before_failed + failed, before + after
    ways = sum(comb(failures, k) * comb(calls - failures, after - k) for k in range(failed, min(failures, after) + 1))
    assert fisher(before, before_failed, after, failed) == pytest.approx(
        float(Fraction(ways, comb(calls, after))), abs=1e-12
    )


@given(st.integers(0, 60), st.floats(0, 1), st.data())
def test_binomial_is_exact(calls: int, rate: float, data: st.DataObject) -> None:
    failed = data.draw(st.integers(0, calls))
    exact = sum(comb(calls, k) * rate**k * (1 - rate) ** (calls - k) for k in range(failed, calls + 1))
    assert binomial(calls, failed, rate) == pytest.approx(exact, abs=1e-9)


def test_large_counts_stay_finite() -> None:
    assert 0 < fisher(10**8, 5 * 10**6, 10**6, 50_500) < 1
    assert fisher(10**8, 5 * 10**6, 10**6, 10**6) == 0
    assert fisher(10**6, 0, 10**6, 0) == 1


@given(st.integers(1, 1000), st.integers(0, 10**6))
def test_stretches_cover_all_counts(first: int, further: int) -> None:
    end, share = stretch(first + further, first)
    assert first + further <= end <= first + further + 2 * (first + further) ** 0.5 and 0 < share < 1
    assert stretch(end, first) == (end, share), "all counts up to the end lie in it"


@pytest.mark.parametrize("first", [1, 10, 500])
def test_no_more_than_alpha_is_spent(first: int) -> None:
    ends, spent = [first - 1], 0.0
    while ends[-1] < 10**5:
        end, share = stretch(ends[-1] + 1, first)
        ends.append(end)
        spent += share
    assert 0.85 < spent <= 1


@given(st.integers(10, 300), st.integers(10, 300), st.data())
def test_more_failures_are_never_less_alarming(before: int, after: int, data: st.DataObject) -> None:
    """The bound stands on this: within a stretch, failures only add up."""
    before_failed = data.draw(st.integers(0, before))
    chances = [chance(reading((before_failed, before), (failed, after)), TOLERANCE) for failed in range(after + 1)]
    assert all(more <= fewer + 1e-9 for fewer, more in pairwise(chances))


def test_looking_more_often_changes_nothing() -> None:
    health = [judge([reading((5, 100), (9, 30))], TOLERANCE, closing=False) for _ in range(3)]
    assert health[0] == health[1] == health[2]


# How often it is wrong: a watch of 24 hours, looked at every 5 minutes (seeded)


def test_false_alarms_over_a_whole_watch_stay_below_alpha() -> None:
    assert LOOKS == 288
    mine, other = first_alarms([ours, drop_of_15_percent], 200, 10, 0.95, 0.95)
    assert len(mine) <= 200 * TOLERANCE.alpha
    assert len(other) > 200 * 0.04, "the rule that one would write first alarms in every twentieth watch"


def test_false_alarms_of_many_subjects_together_stay_below_alpha() -> None:
    """20 tools, 3 of them touched; 1,000 calls before and up to 300 after, looked at after each 20th call."""
    chances, alarms = random.Random(7), 0
    for _ in range(40):
        before = [sum(chances.random() < 0.1 for _ in range(1000)) for _ in range(20)]
        failed = [0] * 20
        for total in range(20, 301, 20):
            failed = [count + sum(chances.random() < 0.1 for _ in range(20)) for count in failed]
            readings = [reading((before[n], 1000), (failed[n], total), touched=n < 3) for n in range(20)]
            if judged(*readings) is Judgement.REGRESSED:
                alarms += 1
                break
    assert alarms <= 1


@pytest.mark.parametrize(
    ("per_hour", "after", "share", "hours"), [(10, 0.80, 0.9, 8.0), (10, 0.50, 1.0, 1.5), (100, 0.80, 1.0, 1.25)]
)
def test_drops_are_found_and_soon(per_hour: float, after: float, share: float, hours: float) -> None:
    (found,) = first_alarms([ours], 60, per_hour, 0.95, after)
    assert len(found) >= 60 * share
    assert median(found) <= hours
