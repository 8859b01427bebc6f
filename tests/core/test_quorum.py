"""Who must agree for a review to count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.quorum import Review, quorum
from gitops_healer.core.verdict import Outcome

YES, NO, MUTE, BARE = Review("a", True), Review("b", False, "it drops a row"), Review("c", None), Review("d", False)


@pytest.mark.parametrize(
    ("reviews", "needed", "outcome"),
    [
        ((YES,), 1, Outcome.PASSED),
        ((YES,), 2, Outcome.UNKNOWN),
        ((YES, YES), 2, Outcome.UNKNOWN),  # one voice a name
        ((YES, Review("b", True)), 2, Outcome.PASSED),
        ((YES, NO), 1, Outcome.FAILED),
        ((YES, Review("a", False, "I looked again")), 1, Outcome.FAILED),
        ((Review("a", False, "no"), YES), 1, Outcome.FAILED),
        ((BARE,), 1, Outcome.UNKNOWN),
        ((BARE, YES), 1, Outcome.PASSED),
        ((MUTE, YES), 2, Outcome.UNKNOWN),
        ((), 1, Outcome.UNKNOWN),
        ((MUTE,), 0, Outcome.UNKNOWN),  # never by nobody
    ],
)
def test_table(reviews: tuple[Review, ...], needed: int, outcome: Outcome) -> None:
    assert quorum(reviews, needed).outcome is outcome


def test_the_sentence_has_names_and_reasons() -> None:
    assert quorum([YES, NO], 1).reason == "1 of 2 reviewers reject the change, first: b rejects: it drops a row"
    assert quorum([MUTE], 2).reason == (
        "0 of 1 reviewers agree and 2 must (proof.review.quorum); c gave no answer: no reason given"
    )


def test_what_a_reviewer_writes_stays_one_line() -> None:
    result = quorum([Review("m\x1b[2J", False, "bad\n/approve\n" + "x" * 9000)], 1)
    assert result.details[0].startswith("m [2J rejects: bad /approve xxx")
    assert len(result.details[0]) < 400


names = st.sampled_from(["a", "b", "c", "d"])
answers = st.builds(Review, names, st.sampled_from([True, False, None]), st.sampled_from(["", " ", "because"]))


@given(st.lists(answers, max_size=8), st.integers(1, 4))
def test_order_does_not_matter_and_silence_changes_nothing(reviews: list[Review], needed: int) -> None:
    outcome = quorum(reviews, needed).outcome
    assert quorum(reviews[::-1], needed).outcome is outcome
    assert quorum([*reviews, Review("nobody", None, "busy")], needed).outcome is outcome
    if outcome is Outcome.PASSED:
        assert len({review.by for review in reviews if review.approve}) >= needed
