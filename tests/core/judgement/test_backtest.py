"""Pseudo-deployments over recorded calls: what is counted, what is left out, and how sure the figures are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.core.execution import Slice
from gitops_healer.core.judgement.backtest import Design, Rule, backtest
from gitops_healer.core.judgement.backtest_result import Trial
from gitops_healer.core.judgement.baseline import baseline_of
from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.judgement.recorded import Calls
from gitops_healer.core.latency import bucket_of
from gitops_healer.core.watching import Health, Pool, Reading, Tolerance, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=30)
WEEK, DAY = 7 * 48, 48
DAYS = 12


def calls(tool: str, rate: float, an_hour: float, seed: int, days: int = DAYS, **failing: float) -> Calls:
    """Poisson-like traffic; failing: {"b480": 0.9} is the failure rate from block 480 on for a day."""
    random = Random(seed)
    total, failed = [], []
    jumps = {int(name[1:]): value for name, value in failing.items()}
    for block in range(days * DAY):
        p = next((v for at, v in jumps.items() if at <= block < at + DAY), rate)
        n = sum(random.random() < 0.5 for _ in range(round(an_hour)))
        total.append(n)
        failed.append(sum(random.random() < p for _ in range(n)))
    return Calls(tool, START, STEP, total, failed)


TOLERANCE = Tolerance()


def rule(tolerance: Tolerance = TOLERANCE, inputs: Any = lambda tool, start, end: 99) -> Rule:
    def judged(readings: Sequence[Reading], window: Window, now: datetime, pool: Pool | None) -> Health:
        return judge(readings, tolerance, window=window, now=now, pool=pool)

    return Rule(tolerance, judged, baseline_of, inputs)


def design(**changes: Any) -> Design:
    return Design(**{"moments": range(WEEK, DAYS * DAY - DAY + 1, 24), "before": WEEK, "after": DAY} | changes)


def test_a_calm_past_gives_no_rollbacks_and_says_how_sure_that_is() -> None:
    found = backtest([calls(f"t{n}", 0.1, 20, n) for n in range(4)], rule(), design())
    share = found.false_rollbacks
    assert (share.count, share.of) == (0, 9 * 4)
    assert found.apart == 5 * 4, "watches that overlap are not counted twice for certainty"
    assert 0.1 < share.high < 0.2, "twenty days without a false alarm do not prove one in a hundred"


def test_the_simple_rule_takes_back_what_only_had_bad_luck() -> None:
    found = backtest([calls(f"t{n}", 0.2, 4, n, days=30) for n in range(6)], rule(), design(
        moments=range(WEEK, 29 * DAY, 12)
    ))  # fmt: skip
    assert found.seed.share > 0.05
    assert found.false_rollbacks.count == 0


def test_a_real_break_is_found_and_a_real_change_is_not_held_against_the_rule() -> None:
    broken = calls("shop:total", 0.02, 20, 1, b384=0.9)
    near = {"shop:total": [START + 384 * STEP - timedelta(minutes=1)]}
    found = backtest([broken, calls("shop:tax", 0.02, 20, 2)], rule(), design(moments=[WEEK, 384, 480]))
    alarms = {(t.tools, t.opened): t.regressed for t in found.trials if t.regressed}
    assert set(alarms) == {(("shop:total",), START + 384 * STEP)}, "nothing before it, and nobody beside it"
    at = alarms[("shop:total",), START + 384 * STEP]
    assert at and at - (START + 384 * STEP) <= timedelta(hours=2)
    changed = backtest([broken], rule(), design(moments=[384, 480], changes=near))
    assert [trial.changed for trial in changed.trials] == [True, False]
    assert changed.false_rollbacks.count == 0
    (record,) = changed.records()
    assert (record.trials, record.changed, record.alarmed) == (1, 1, 1), "it is shown apart"


def test_one_input_that_is_tried_again_and_again_is_only_suspected() -> None:
    broken = calls("shop:total", 0.0, 20, 1, b384=0.5)
    few = backtest([broken], rule(inputs=lambda tool, start, end: 1), design(moments=[384]))
    assert [bool(t.suspected) for t in few.trials] == [True]
    assert [t.regressed for t in few.trials] == [None]


def test_what_cannot_be_judged_is_counted_apart() -> None:
    silent = Calls("shop:never", START, STEP, [0] * DAYS * DAY, [0] * DAYS * DAY)
    young = Calls("shop:new", START, STEP, [0] * WEEK + [5] * DAY * 5, [0] * DAYS * DAY)
    found = backtest([silent, young], rule(), design(moments=[WEEK, WEEK + 24]))
    assert found.silent == 3
    assert len(found.trials) == 1
    assert backtest([], rule(), design()).false_rollbacks.of == 0


def test_together_is_one_trial_a_moment() -> None:
    found = backtest([calls(f"t{n}", 0.05, 10, n) for n in range(5)], rule(), design(together=True))
    assert len(found.trials) == 9
    assert found.records()[0].name == "5 tools"


@settings(max_examples=25)
@given(
    st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.1, 0.5]), st.sampled_from([0.0, 0.1, 0.4, 0.9]),
    st.sampled_from([1, 6, 30]),
)  # fmt: skip
def test_looking_only_where_it_may_matter_misses_nothing(seed: int, rate: float, later: float, an_hour: int) -> None:
    """Against all looks: the same verdict at the same moment."""
    one = calls("t", rate, an_hour, seed, days=8, b340=later)
    (trial,) = backtest([one], rule(), design(moments=[WEEK])).trials or (Trial(("t",), START),)
    window = Window(START + WEEK * STEP, START + (WEEK + DAY) * STEP, START)
    past = baseline_of(one.hours(0, WEEK), window.opened)
    if past.total < Tolerance().min_executions:
        return
    for end in range(1, DAY + 1):
        total, failed = one.between(WEEK, WEEK + end)
        reading = Reading(
            "executions", "t", past.total, past.failed, total, failed, 99, clustering=past.clustering,
            precision=past.precision, usual=past.usual, lately=past.lately, blocks=one.blocks(WEEK, WEEK + end),
        )  # fmt: skip
        at = window.opened + end * STEP
        verdict = judge([reading], Tolerance(), window=window, now=at).judgement.value
        if verdict in ("suspect", "regressed"):
            assert trial.suspected is not None and trial.suspected <= at
        if verdict == "regressed":
            assert trial.regressed == at
            return
    assert trial.regressed is None


def timed(slower_from: int, error: str = "ValueError") -> Calls:
    """20 calls a block, one of which fails; from a block on they take three times as long, or fail in another way."""
    slices = {
        block: [
            Slice(
                START + block * STEP, None, 20, 1,
                ((bucket_of(30_000_000 if block >= slower_from and error == "ValueError" else 10_000_000), 20),),
                ((error if block >= slower_from else "ValueError", 1),),
            )
        ]
        for block in range(DAYS * DAY)
    }  # fmt: skip
    return Calls("shop:total", START, STEP, [20] * DAYS * DAY, [1] * DAYS * DAY, slices)


@pytest.mark.parametrize(("error", "said"), [("ValueError", "took longer"), ("KeyError", "KeyError")])
def test_durations_and_new_errors_are_judged_as_after_a_merge(error: str, said: str) -> None:
    found = backtest([timed(384, error)], rule(), design(moments=[WEEK, 384]))
    calm, alarmed = found.trials
    assert calm.suspected is None
    assert alarmed.regressed is not None and alarmed.regressed - alarmed.opened < timedelta(hours=6)
    assert said in alarmed.sentence
    assert alarmed.seed is None, "the simple rule sees neither"


@given(st.integers(0, 60), st.integers(0, 60))
def test_sums_of_any_stretch(start: int, length: int) -> None:
    one, end = timed(30), start + length
    seen = one.seen(start, end)
    assert (seen.total, seen.failed, sum(n for _, n in seen.latency)) == (20 * length, length, 20 * length)
    slow_ones = sum(n for bucket, n in seen.latency if bucket == bucket_of(30_000_000))
    assert slow_ones == 20 * max(0, end - max(30, start))


@pytest.mark.parametrize(("start", "end", "hours"), [(0, 4, 2), (1, 4, 2), (-10, 3, 2), (2, 2, 0)])
def test_hours_of_blocks(start: int, end: int, hours: int) -> None:
    one = Calls("t", START, STEP, [1] * 6, [0, 1] * 3)
    found = one.hours(start, end)
    assert len(found) == hours
    assert sum(total for _, total, _ in found) == one.between(start, end)[0]
