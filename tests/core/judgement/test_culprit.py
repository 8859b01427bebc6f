"""Which commit made it fail: never a wrong one where runs tell the truth, seldom where they lie now and then."""

import random
from collections.abc import Callable, Sequence
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.attribution import Blame, Candidate
from gitops_healer.core.judgement.culprit import Found, search
from gitops_healer.core.judgement.suspects import Reach, Step, by_counts, by_touch, suspects


def candidates(weights: Sequence[float]) -> list[Candidate]:
    return [Candidate(str(number), f"commit {number}", "robin", "", weight) for number, weight in enumerate(weights, 1)]


def found(weights: Sequence[float], run: Callable[[int], bool | None], *, runs: int = 60) -> Found:
    return search("0", candidates(weights), lambda commit: run(int(commit)), runs=runs, certainty=0.99)


def chancy(culprit: int, q: float, p: float, seed: object) -> Callable[[int], bool]:
    chance = random.Random(str(seed))
    return lambda position: chance.random() < (q if culprit and position >= culprit else p)


@given(st.lists(st.sampled_from([0.1, 1.0, 8.0]), min_size=1, max_size=40), st.data())
def test_where_runs_tell_the_truth_it_is_a_bisection(weights: list[float], data: st.DataObject) -> None:
    culprit = data.draw(st.integers(1, len(weights)))
    told = found(weights, lambda position: position >= culprit)
    assert (told.blame, told.culprit, told.parent) == (Blame.FOUND, str(culprit), str(culprit - 1))
    shares = sum(weights) / weights[culprit - 1]
    assert told.runs <= 6 + ceil(log2(shares) + 2) + 4
    assert told.probability >= 0.99
    assert told.base_failing < 0.25 < 0.75 < told.head_failing


@given(st.integers(1, 20), st.data())
def test_what_cannot_be_run_is_skipped_and_never_makes_another_commit_guilty(size: int, data: st.DataObject) -> None:
    culprit = data.draw(st.integers(1, size))
    lost = data.draw(st.frozensets(st.integers(0, size - 1), max_size=size))
    told = found([1.0] * size, lambda position: None if position in lost else position >= culprit)
    if told.blame is Blame.FOUND:
        assert told.culprit == str(culprit) and not {culprit, culprit - 1} & lost
    else:
        assert told.blame is Blame.UNDECIDED and not told.culprit
        assert {culprit, culprit - 1} & lost or 0 in lost, told.reason
    assert all(int(commit) in lost for commit in told.unrunnable)


def test_neighbours_that_cannot_be_told_apart_are_named() -> None:
    told = found([1.0, 100.0, 1.0, 1.0], lambda position: None if position == 2 else position >= 2)
    assert told.blame is Blame.UNDECIDED
    assert "2 and 3 cannot be told apart" in told.reason
    assert {commit for commit, share in told.standing if share > 0.005} == {"2", "3"}


@pytest.mark.parametrize(
    ("run", "blame"),
    [
        (lambda position: True, Blame.ENVIRONMENT),
        (lambda position: False, Blame.NOT_REPRODUCED),
        (lambda position: None, Blame.UNDECIDED),
        (lambda position: None if position == 5 else position > 2, Blame.UNDECIDED),
    ],
)
def test_both_ends_decide_whether_there_is_anything_to_find(
    run: Callable[[int], bool | None], blame: Blame
) -> None:  # fmt: skip
    told = found([1.0] * 5, run)
    assert (told.blame, told.culprit) == (blame, "")
    assert told.runs <= 12


@pytest.mark.parametrize(("q", "p", "wrong"), [(0.9, 0.02, 1), (0.7, 0.05, 3)])
@pytest.mark.parametrize("size", [2, 12])
def test_runs_that_lie_now_and_then_seldom_lead_to_a_wrong_one(q: float, p: float, wrong: int, size: int) -> None:
    """60 trials; benchmarks/culprits.py has thousands."""
    told = [(number % (size + 1), found([1.0] * size, chancy(number % (size + 1), q, p, number)))
            for number in range(60)]  # fmt: skip
    errors = [one.reason for culprit, one in told if one.culprit and one.culprit != str(culprit)]
    right = sum(one.culprit == str(culprit) for culprit, one in told if culprit)
    assert len(errors) < wrong, errors
    assert right >= 0.75 * sum(culprit > 0 for culprit, _ in told)


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.8])
def test_chance_alone_convicts_nobody(rate: float) -> None:
    told = [found([1.0, 8.0] * 4, chancy(1, rate, rate, number)) for number in range(40)]
    assert not [one.reason for one in told if one.culprit]


def test_an_outage_in_the_middle_of_the_search_convicts_nobody() -> None:
    """After both ends were seen, everything fails for a while, and then works again."""
    made = iter(range(1000))
    told = found([1.0] * 12, lambda position: position >= 9 if not 6 <= next(made) < 12 else True)
    assert told.culprit in ("", "9")


def test_it_ends_when_runs_or_time_are_over_and_says_what_stands() -> None:
    told = found([1.0] * 60, lambda position: position >= 20, runs=8)
    assert told.blame is Blame.UNDECIDED and told.runs == 8
    assert "all 8 runs were made; likeliest: " in told.reason
    left = iter([9.0] * 9 + [0.0] * 99)
    stopped = search(
        "0", candidates([1.0] * 60), lambda commit: int(commit) >= 20, runs=60, certainty=0.99,
        time_left=lambda: next(left),
    )  # fmt: skip
    assert stopped.blame is Blame.UNDECIDED and stopped.reason.startswith("time was over")


def test_weights_alone_never_make_a_commit_certain() -> None:
    told = found([1e-6] * 5 + [1e6] + [1e-6] * 5, lambda position: position >= 3)
    assert told.culprit in ("", "3")


# Where to look first


STEP = Step("c1", "Change", "robin", paths=frozenset({"shop/cart.py"}), functions=frozenset({("shop/cart.py", "add")}))
REACH = Reach(frozenset({("shop/cart.py", "total")}), frozenset({"shop/cart.py", "shop/rates.py"}))


@pytest.mark.parametrize(
    ("step", "weight", "why"),
    [
        (Step("c", "", "", functions=frozenset({("shop/cart.py", "total")})), 8, "total, which runs when it fails"),
        (STEP, 4, "shop/cart.py, which is loaded"),
        (Step("c", "", "", everywhere=("uv.lock",)), 4, "uv.lock, which may reach everything"),
        (Step("c", "", "", paths=frozenset({"README.md"}), idle=True), 0.1, "only tests or texts"),
        (Step("c", "", "", paths=frozenset({"shop/other.py"})), 1, ""),
    ],
)
def test_who_touches_what_fails_is_looked_at_first(step: Step, weight: float, why: str) -> None:
    given_weight, reasons = by_touch(step, REACH)
    assert given_weight == weight
    assert why in " ".join(reasons) if why else not reasons


def test_counts_say_when_it_began_but_never_for_certain() -> None:
    factors = by_counts([(500, 0), (300, 1), (200, 1), (400, 160), (0, 0), (900, 400)])
    assert max(range(5), key=lambda at: factors[at]) == 2
    assert all(0.25 <= factor <= 4 for factor in factors)
    assert by_counts([(0, 0), (0, 0), (0, 0)]) == (1.0, 1.0)


def test_failures_that_became_fewer_began_with_nobody() -> None:
    assert by_counts([(20, 15), (20, 0), (20, 0)]) == (1.0, 1.0)
    assert by_counts([(20, 5), (20, 5), (20, 5)]) == pytest.approx((1.0, 1.0))
    before, later = by_counts([(20, 0), (20, 10), (0, 0)])
    assert before > 1 and later == 0.25


def test_touch_and_counts_make_a_weight_with_its_reasons() -> None:
    steps = [Step("a", "", ""), Step("b", "", "", functions=REACH.functions), Step("c", "", "")]
    counted = suspects(steps, REACH, (100, 0), {"a": (50, 0), "b": (50, 25), "c": (50, 25)})
    assert [one.commit for one in counted] == ["a", "b", "c"]
    assert counted[1].weight > 8 and len(counted[1].reasons) == 2
    assert counted[0].weight < 1 and "did not begin" in counted[0].reasons[0]
    assert "began with it" in counted[1].reasons[1]
    even = suspects(steps, Reach(), (100, 10), {"a": (50, 5), "b": (50, 5)})
    assert [one.reasons for one in even] == [(), (), ()]


@pytest.mark.parametrize(
    ("files", "said"), [(3, "changed 0.py, 1.py, 2.py, which"), (5, "0.py, 1.py, 2.py and 2 more")]
)
def test_a_few_of_many_files_are_named(files: int, said: str) -> None:
    paths = frozenset(f"{number}.py" for number in range(files))
    assert said in by_touch(Step("a", "", "", paths=paths), Reach(files=paths))[1][0]
