"""What is said of a merge, and why."""

import random
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gitops_healer.core.judgement.judging import judge, rejudge
from gitops_healer.core.judgement.keeping import folded, kept
from gitops_healer.core.watching import Block, Count, Health, Judgement, Measure, Pool, Reading, Tolerance, Window

OPENED = datetime(2026, 3, 4, 12, 17, tzinfo=UTC)
WINDOW = Window(OPENED, OPENED + timedelta(hours=24), OPENED - timedelta(days=7))
NOW = OPENED + timedelta(hours=3)
TOLERANCE = Tolerance()
HEALTHY, SUSPECT, REGRESSED, INSUFFICIENT = (
    Judgement.HEALTHY, Judgement.SUSPECT, Judgement.REGRESSED, Judgement.INSUFFICIENT,
)  # fmt: skip


def reading(before: tuple[Count, Count], *after: tuple[Count, Count], first: int = 0, **more: Any) -> Reading:
    """before: (failed, total); after: the same of each block since the merge, from block `first` on."""
    blocks = tuple(Block(first + n, total, failed) for n, (failed, total) in enumerate(after) if total)
    total, failed = sum(block.total for block in blocks), sum(block.failed for block in blocks)
    told: dict[str, Any] = {"metric": "executions", "subject": "pkg.mod:f", "distinct_failing": int(failed)} | more
    return Reading(
        before_total=before[1], before_failed=before[0], after_total=total, after_failed=failed, blocks=blocks, **told
    )


def judged(*readings: Reading, **more: Any) -> Health:
    tolerance = more.pop("tolerance", TOLERANCE)
    return judge(readings, tolerance, window=WINDOW, **{"now": NOW} | more)


BAD = reading((50, 1000), (4, 13), (4, 14), (4, 13), distinct_failing=9)
GOOD = reading((5, 1000), (0, 60), (1, 60), subject="pkg.mod:good")


# What is said


def test_a_regression_names_subject_figures_and_evidence() -> None:
    health = judged(BAD)
    assert health.judgement is REGRESSED
    assert health.reason.startswith(
        "pkg.mod:f failed 12 of 40 calls since the merge (30 %), 50 of 1,000 before (5 %), on 9 different inputs: "
    )
    assert health.reason.endswith(" times likelier if it got worse than if it did not; 100 is needed")
    assert (health.blamed, health.worse, health.pool.touched) == (("pkg.mod:f",), ("pkg.mod:f",), 1)
    (evidence,) = health.evidence
    assert evidence.needed == pytest.approx(log(100))
    assert evidence.alarm >= evidence.conviction >= evidence.needed


FAILING_CHECK = reading((0, 20), (1, 1), measure=Measure.RUNS, subject="test")
SLOW = reading((300, 1000), (18, 20), (18, 20), (18, 20), measure=Measure.SLOWER, distinct_failing=None)
NEW = reading((0, 1000), (2, 10), (2, 10), (2, 10), measure=Measure.NEW_ERROR, detail="KeyError in g")


@pytest.mark.parametrize(
    ("readings", "judgement", "said"),
    [
        ([reading((50, 1000), (12, 40))], SUSPECT, "30 minutes count for at most 30 times"),
        ([reading((50, 1000), (12, 40), (12, 40), distinct_failing=1)], SUSPECT, "only 1 different input failed"),
        ([reading((0, 10_000), (1, 1), (1, 1))], SUSPECT, "it failed only 2 times, and 3 are needed"),
        ([FAILING_CHECK], SUSPECT, "test ran once since the merge and failed, after 20 runs that all passed"),
        ([reading((0, 20), (3, 3), (3, 3), (3, 3), measure=Measure.RUNS)], REGRESSED, "failed 9 of 9 runs"),
        ([SLOW], REGRESSED, "took longer than 1.25 x the median of before in 54 of 60 calls since"),
        ([NEW], REGRESSED, "failed with KeyError in g, which was not seen before the merge, in 6 of 30 calls"),
        ([BAD, reading((50, 1000), *[(9, 10)] * 3, subject="g")], REGRESSED, "(and 1 more like it)"),
        ([], INSUFFICIENT, "no recorded execution reaches the change"),
        ([reading((5, 1000))], INSUFFICIENT, "was not called since the merge: about"),
        ([reading((5, 1000), (0, 4))], INSUFFICIENT, "0 of 4 calls since the merge (0 %), 5 of 1,000 before (0.5 %)"),
        ([reading((1, 9), (9, 20))], INSUFFICIENT, "called only 9 times before, and 10 are needed to compare"),
        ([reading((0, 0), (0, 9))], INSUFFICIENT, "about 1 more"),
        ([reading((0, 0), (0, 20))], HEALTHY, "was called never before, and none of 20 calls since failed"),
        ([reading((0, 2000), (3, 24))], INSUFFICIENT, "more than the 2 % that are tolerated, but it may be chance"),
        ([GOOD], HEALTHY, "that its success rate fell by 15 % is ruled out"),
        ([GOOD, reading((5, 1000), subject="g")], INSUFFICIENT, "g was not called"),
        ([reading((50, 50), (20, 20))], HEALTHY, "it cannot get worse"),
        ([reading((0, 20), (0, 1), measure=Measure.RUNS)], HEALTHY, "ran once since the merge and did not fail"),
        ([reading((0, 20), (1, 4), measure=Measure.RUNS)], INSUFFICIENT, "it passes and fails since the merge"),
        ([reading((3, 20), (1, 4), measure=Measure.RUNS), GOOD], HEALTHY, "1 check passed as well"),
        ([reading((5, 1000), (0, 60), (1, 60), touched=False), reading((5, 9), touched=False)], HEALTHY, "ruled out"),
    ],
)  # fmt: skip
def test_verdicts(readings: list[Reading], judgement: Judgement, said: str) -> None:
    health = judged(*readings)
    assert health.judgement is judgement
    assert said in health.reason


def test_what_would_settle_it_does() -> None:
    health = judged(reading((5, 1000), (0, 4)))
    more = int(health.reason.partition("about ")[2].split()[0].replace(",", ""))
    assert judged(reading((5, 1000), (0, 4 + more))).judgement is HEALTHY
    assert judged(reading((5, 1000), (0, 4 + more // 2))).judgement is INSUFFICIENT
    over = judged(reading((5, 1000), (0, 4)), now=WINDOW.until)
    assert over.judgement is INSUFFICIENT
    assert over.reason.endswith("; the watch is over")


def test_what_is_plain_but_tolerated_is_no_alarm() -> None:
    many = [(5_500, 100_000)] * 10
    assert judged(reading((50_000, 1_000_000), *many)).judgement is HEALTHY
    assert judged(reading((50_000, 1_000_000), *[(8_000, 100_000)] * 10)).judgement is REGRESSED


# What else may be the cause


def others(worse: int, fine: int, **more: Any) -> list[Reading]:
    bad = [reading((50, 1000), (8, 10), (8, 10), subject=f"bad{n}", touched=False, **more) for n in range(worse)]
    return bad + [reading((50, 1000), (0, 10), (1, 10), subject=f"fine{n}", touched=False, **more) for n in range(fine)]


@pytest.mark.parametrize(
    ("beside", "judgement"),
    [
        (others(4, 0, apart=True), SUSPECT),
        (others(2, 5, apart=True), SUSPECT),
        (others(1, 0, apart=True), REGRESSED),
        (others(1, 3, apart=True), REGRESSED),
        (others(2, 8, apart=True), REGRESSED),
        (others(0, 9, apart=True), REGRESSED),
        (others(3, 2), SUSPECT),
        (others(2, 0), REGRESSED),
        (others(3, 2) + others(0, 5, apart=True), REGRESSED),
    ],
    ids=["all", "a third", "the only one", "one of four", "two of ten", "none", "most that it reaches",
         "too few that it reaches", "only those that it reaches"],
)  # fmt: skip
def test_an_outage_is_not_the_merge(beside: list[Reading], judgement: Judgement) -> None:
    bad = reading((50, 1000), (8, 10), (8, 10), (8, 10), (8, 10), (8, 10))
    health = judged(bad, *beside)
    assert health.judgement is judgement
    assert ("it may be an outage" in health.reason) is (judgement is SUSPECT)


def test_a_tool_that_broke_at_another_time_excuses_nothing() -> None:
    bad = reading((50, 1000), *[(0, 50)] * 10, *[(25, 50)] * 4)
    early = [
        reading((50, 1000), (30, 50), (30, 50), *[(2, 50)] * 12, subject=f"a{n}", apart=True, touched=False)
        for n in range(4)
    ]
    assert judged(bad, *early).judgement is REGRESSED


def test_the_version_before_that_fails_alike_speaks_against_an_alarm() -> None:
    alike = reading((50, 1000), (4, 13), (4, 14), (4, 13), still_total=30, still_failed=9)
    health = judged(alike)
    assert health.judgement is SUSPECT
    assert "the version before it still runs and fails as well, 9 of 30 calls" in health.reason
    fine = reading((50, 1000), (4, 13), (4, 14), (4, 13), still_total=30, still_failed=2)
    assert judged(fine).judgement is REGRESSED


def test_what_was_cleared_is_a_note() -> None:
    health = judged(BAD, GOOD, cleared=["pkg.mod:f"])
    assert (health.judgement, health.blamed, health.worse, health.cleared) == (HEALTHY, (), (), ("pkg.mod:f",))
    assert any("a search found that this merge is not to blame" in note for note in health.notes)
    assert judged(BAD, cleared=["pkg.mod:f"]).judgement is INSUFFICIENT


def test_notes_tell_what_code_and_bad_tools_became() -> None:
    code = Reading("code_health", "pkg/mod.py", 200, 3, 180, 1, measure=Measure.CODE, detail="complex functions")
    health = judged(code, reading((50, 100), (25, 50), (30, 50), note="it was changed"))
    assert health.judgement is not REGRESSED
    assert "no better than before" in health.notes[0]
    assert "pkg/mod.py: complex functions: 3 before the merge, 1 since: less than before" in health.notes
    assert "pkg.mod:f: it was changed" in health.notes


def test_a_nightly_batch_is_no_alarm_at_night_and_one_by_day() -> None:
    usual = (0.0,) * 10 + (0.4, 0.4) + (0.0,) * 12
    calm, night = [(2, 40)] * 20, [(16, 40)] * 4
    assert judged(reading((800, 10_000), *calm, *night), now=WINDOW.until).judgement is REGRESSED
    assert judged(reading((800, 10_000), *calm, *night, usual=usual), now=WINDOW.until).judgement is HEALTHY
    assert judged(reading((800, 10_000), *calm[:6], *night, usual=usual)).judgement is REGRESSED


# Alpha, and among whom it is shared


def test_touched_subjects_get_most_of_alpha() -> None:
    readings = [reading((50, 1000), (20, 30), subject=f"t{n}", touched=n < 3) for n in range(50)]
    needed = {evidence.subject: evidence.needed for evidence in judged(*readings).evidence}
    assert needed["t0"] == pytest.approx(log(3 / (0.01 * 0.9)))
    assert needed["t9"] == pytest.approx(log(47 / (0.01 * 0.1)))
    (half,) = judged(SLOW).evidence
    assert half.needed == pytest.approx(log(200))
    (kept_only,) = judged(BAD, pool=Pool(touched=3, others=47)).evidence
    assert kept_only.needed == needed["t0"]


def test_strict_asks_for_more() -> None:
    usual, strict = (judged(BAD, tolerance=Tolerance(strict=strict)).evidence[0] for strict in (False, True))
    assert strict.needed > usual.needed
    assert strict.alarm < usual.alarm


def test_many_subjects_alike_are_listed_and_chance_is_not() -> None:
    bad = [reading((50, 1000), (9, 30), (9, 30), subject=f"bad{n}", touched=False) for n in range(5)]
    fine = [reading((50, 1000), (2, 30), (3, 30), subject=f"fine{n}", touched=n == 0) for n in range(45)]
    assert set(judged(*bad, *fine).worse) == {f"bad{n}" for n in range(5)}
    assert judged(*fine).worse == ()


def test_false_alarms_of_whole_watches_stay_below_alpha() -> None:
    """20 tools, 3 of them touched, looked at after each half hour with about 10 calls a tool."""
    chances, alarms = random.Random(7), 0
    for _ in range(15):
        past = [sum(chances.random() < 0.1 for _ in range(500)) for _ in range(20)]
        blocks: list[list[tuple[int, int]]] = [[] for _ in past]
        for _ in range(12):
            for seen in blocks:
                seen.append((sum(chances.random() < 0.1 for _ in range(10)), 10))
            readings = [
                reading((failed, 500), *seen, subject=f"t{n}", touched=n < 3)
                for n, (failed, seen) in enumerate(zip(past, blocks, strict=True))
            ]
            alarms += judged(*readings).judgement in (SUSPECT, REGRESSED)
    assert alarms == 0


# Any input, and the ledger

COUNTS = st.one_of(st.integers(-3, 200), st.floats(), st.sampled_from([0, 10**8, 1e12]))
READINGS = st.builds(
    Reading,
    st.sampled_from(["executions", "prometheus"]),
    st.sampled_from(["a", "b", "c"]),
    COUNTS, COUNTS, COUNTS, COUNTS,
    distinct_failing=st.one_of(st.none(), st.integers(0, 9)),
    touched=st.booleans(),
    measure=st.sampled_from(Measure),
    apart=st.booleans(),
    clustering=st.floats(),
    precision=st.floats(),
    blocks=st.lists(st.builds(Block, st.integers(-2, 60), COUNTS, COUNTS), max_size=4).map(tuple),
    still_total=COUNTS, still_failed=COUNTS,
    usual=st.lists(st.floats(), max_size=25).map(tuple),
)  # fmt: skip


@settings(deadline=None, max_examples=80, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(READINGS, max_size=4), st.booleans())
def test_any_counts_give_a_judgement(readings: list[Reading], strict: bool) -> None:
    health = judged(*readings, tolerance=Tolerance(strict=strict), cleared=["b"])
    assert health.reason
    assert health == judged(*reversed(readings), tolerance=Tolerance(strict=strict), cleared=["b"]) or len(
        {read.key for read in readings}
    ) < len(readings)


OUTCOME = st.sampled_from([(0, 0), (0, 10), (1, 10), (6, 10), (10, 10)])
WATCH = st.lists(
    st.tuples(st.lists(OUTCOME, min_size=4, max_size=4), st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=6
)


@settings(deadline=None, max_examples=50)
@given(WATCH)
def test_the_ledger_keeps_all_that_a_judgement_needs(looks: list[tuple[list[tuple[int, int]], int]]) -> None:
    """Events hold only what changed; folded, they hold what was kept; judged again, it comes out the same. A look may
    take away the first block of before: calls that turned out to be of another commit."""
    seen: list[list[tuple[int, int]]] = [[], [], [], []]
    known: Health | None = None
    for outcomes, gone in looks:
        for n, outcome in enumerate(outcomes):
            seen[n] = [*([(0, 0)] * min(gone, len(seen[n])) + seen[n][gone:]), outcome]
        readings = [
            reading((3, 60), *blocks, subject=f"s{n}", touched=n == 0, apart=n == 3) for n, blocks in enumerate(seen)
        ]
        health = judged(*readings)
        event = kept(health, known)
        known = folded(known, event)
        assert known == kept(health, None)
        again = rejudge(known, TOLERANCE, WINDOW, NOW)
        assert (again.judgement, again.reason, again.evidence, again.blamed, again.worse, again.pool) == (
            health.judgement, health.reason, health.evidence, health.blamed, health.worse, health.pool,
        )  # fmt: skip


def test_an_event_holds_only_what_changed() -> None:
    first = judged(*(reading((5, 1000), *[(0, 10)] * 5, subject=f"t{n}", touched=n < 3) for n in range(100)))
    known = kept(first, None)
    assert [read.subject for read in known.readings] == ["t0", "t1", "t2"]
    later = judged(
        *(reading((5, 1000), *[(0, 10)] * (6 if n == 1 else 5), subject=f"t{n}", touched=n < 3) for n in range(100))
    )
    event = kept(later, known)
    assert [(read.subject, read.blocks) for read in event.readings] == [("t1", (Block(5, 10, 0),))]
    assert folded(known, event) == kept(later, None)
    nothing = kept(later, folded(known, event))
    assert (nothing.partial, nothing.readings) == (True, ())


def test_nothing_is_healthy_at_the_end_while_a_metric_is_silent() -> None:
    still = judged(GOOD, silent=["prometheus", "ci"])
    assert (still.judgement, still.silent) == (HEALTHY, ("ci", "prometheus"))
    closed = judged(GOOD, silent=["prometheus", "ci"], now=WINDOW.until)
    assert closed.judgement is INSUFFICIENT
    assert "is ruled out; but ci and prometheus gave no answer when the watch closed" in closed.reason
    known = folded(None, kept(closed, None))
    assert rejudge(known, TOLERANCE, WINDOW, WINDOW.until).reason == closed.reason
    assert judged(BAD, silent=["ci"], now=WINDOW.until).judgement is REGRESSED


def test_code_that_had_and_has_no_findings_is_not_worth_a_note() -> None:
    assert judged(Reading("code_health", "pkg/mod.py", 200, 0, 180, 0, measure=Measure.CODE), GOOD).notes == ()


@pytest.mark.parametrize("huge", [10**400, -(10**400), 1e308, float("nan")])
def test_figures_that_cannot_be_are_unknown(huge: Count) -> None:
    health = judged(Reading("executions", "f", huge, huge, huge, huge), Reading("executions", "g", 50, 5, huge, huge))
    assert health.judgement is INSUFFICIENT
