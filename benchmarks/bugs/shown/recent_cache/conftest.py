import pytest
from recent_cache import RecentCache


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(clock):
    return RecentCache(capacity=3, lifetime=100, clock=clock)
