"""The tests behind the analysis, against values that can be counted out."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import comb
from random import Random

import pytest

from gitops_healer.core.analysis.statistics import chi_square_tail, dispersion, few_runs, fisher_tail, wilson


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    [(0, 0, 0, 1), (0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634), (90, 100, 0.8256, 0.9448)],
)
def test_wilson(good: int, total: int, low: float, high: float) -> None:
    found = wilson(good, total)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize(("hits", "drawn", "marked", "total"), [(3, 4, 5, 9), (0, 4, 5, 9), (4, 4, 4, 8), (2, 8, 3, 9)])
def test_fisher_counts_all_draws(hits: int, drawn: int, marked: int, total: int) -> None:
    draws = [sum(ball < marked for ball in draw) for draw in combinations(range(total), drawn)]
    assert fisher_tail(hits, drawn, marked, total) == pytest.approx(sum(d >= hits for d in draws) / len(draws))


def test_chi_square() -> None:
    assert chi_square_tail(3.841) == pytest.approx(0.05, abs=1e-4)
    assert chi_square_tail(0) == 1.0


def runs(outcomes: Sequence[bool]) -> int:
    return 1 + sum(a != b for a, b in pairwise(outcomes))


@pytest.mark.parametrize("seen", [[True] * 10 + [False] * 10, [True, False] * 10, ([True] * 5 + [False] * 5) * 2])
def test_runs_are_counted_out(seen: list[bool]) -> None:
    orders = combinations(range(20), 10)
    as_few = sum(runs([place in chosen for place in range(20)]) <= runs(seen) for chosen in map(frozenset, orders))
    assert few_runs(seen) == pytest.approx(as_few / comb(20, 10))


def test_failures_that_come_as_they_like_are_no_bursts() -> None:
    found = [few_runs([Random(seed * 1000 + n).random() > 0.02 for n in range(1000)]) for seed in range(300)]
    assert sum(p is not None for p in found) > 200
    assert sum(p is not None and p < 0.001 for p in found) <= 2
    outage = [True] * 500 + [False] * 20 + [True] * 480
    assert (few_runs(outage) or 1) < 1e-9 and few_runs([True] * 991 + [False] * 9) is None


def test_the_spread_between_hours() -> None:
    random = Random(6)
    even = [(float(sum(random.random() < 0.1 for _ in range(100))), 100.0) for _ in range(200)]
    assert 1.0 <= dispersion(even) < 1.3
    assert dispersion([(0.0, 100.0), (50.0, 100.0)] * 10) > 20
    assert dispersion([]) == dispersion([(0.0, 9.0)]) == 1.0
