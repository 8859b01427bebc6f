import pytest
from tariff import bill


def test_two_steps():
    assert bill([0, 150])["net"] == 55.4


def test_backwards():
    with pytest.raises(ValueError):
        bill([5, 3])
