"""Other inputs than before are no regression."""

from datetime import UTC, datetime, timedelta

import pytest

from gitops_healer.core.judgement.judging import judge
from gitops_healer.core.judgement.mix import expected, shift
from gitops_healer.core.watching import Block, Health, Judgement, Reading, Stratum, Tolerance, Window

OPENED = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
WINDOW = Window(OPENED, OPENED + timedelta(hours=24), OPENED - timedelta(days=7))
EASY = Stratum("a number", 1800, 36, 200, 4)


def reading(*strata: Stratum) -> Reading:
    total, failed = sum(s.after_total for s in strata), sum(s.after_failed for s in strata)
    blocks = tuple(Block(n, total / 8, failed / 8) for n in range(8))
    before = sum(s.before_total for s in strata), sum(s.before_failed for s in strata)
    return Reading("executions", "pkg:f", *before, total, failed, 20, blocks=blocks, strata=strata)


def judged(*strata: Stratum) -> Health:
    return judge([reading(*strata)], Tolerance(), window=WINDOW, now=OPENED + timedelta(hours=4))


@pytest.mark.parametrize(
    ("strata", "judgement"),
    [
        ((EASY, Stratum("text", 200, 80, 200, 80)), Judgement.HEALTHY),
        ((EASY, Stratum("text", 200, 80, 200, 150)), Judgement.REGRESSED),
        ((Stratum("a number", 1800, 36, 200, 60), Stratum("text", 200, 80, 200, 80)), Judgement.REGRESSED),
        ((EASY, Stratum("text", 200, 8, 200, 80)), Judgement.REGRESSED),
        ((EASY, Stratum("never seen", 0, 0, 200, 150)), Judgement.INSUFFICIENT),
    ],
    ids=["only the mix moved", "the hard kind got worse", "the easy kind got worse", "no hard kind", "a new kind"],
)
def test_each_kind_is_compared_with_its_own_past(strata: tuple[Stratum, ...], judgement: Judgement) -> None:
    health = judged(*strata)
    assert health.judgement is judgement
    if judgement is not Judgement.REGRESSED:
        assert "but other inputs come than before" in health.notes[0]
        assert (health.worse, health.blamed, health.evidence) == ((), (), ())


def test_strata_that_explain_too_little_excuse_nothing() -> None:
    few = reading(EASY, Stratum("text", 200, 80, 200, 80))
    failing = Reading(
        "executions", "pkg:f", 2000, 116, 400, 300, 20,
        blocks=tuple(Block(n, 50, 37.5) for n in range(8)), strata=few.strata,
    )  # fmt: skip
    health = judge([failing], Tolerance(), window=WINDOW, now=OPENED)
    assert health.judgement is Judgement.REGRESSED


def test_the_kind_that_grew_is_named() -> None:
    strata = (EASY, Stratum("text", 200, 80, 200, 80))
    assert shift(strata) == ("text", 0.1, 0.5)
    assert expected(reading(*strata)) == pytest.approx(0.5 * 0.02 + 0.5 * 0.4, abs=0.01)
    assert expected(reading()) == 0
