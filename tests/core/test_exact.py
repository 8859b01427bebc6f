"""Fisher's test against fractions."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.exact import fisher


@given(st.integers(0, 40), st.integers(0, 40), st.data())
def test_fisher_is_exact(before: int, after: int, data: st.DataObject) -> None:
    before_failed, failed = data.draw(st.integers(0, before)), data.draw(st.integers(0, after))
    failures, calls = before_failed + failed, before + after
    ways = sum(comb(failures, k) * comb(calls - failures, after - k) for k in range(failed, min(failures, after) + 1))
    assert fisher(before, before_failed, after, failed) == pytest.approx(
        float(Fraction(ways, comb(calls, after))), abs=1e-12
    )


def test_large_counts_stay_finite() -> None:
    assert 0 < fisher(10**8, 5 * 10**6, 10**6, 50_500) < 1
    assert fisher(10**8, 5 * 10**6, 10**6, 10**6) == 0
    assert fisher(10**6, 0, 10**6, 0) == 1
