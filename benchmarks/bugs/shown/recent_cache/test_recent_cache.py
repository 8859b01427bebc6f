import pytest
from recent_cache import RecentCache, call_key, minutes, remember


def test_get_what_was_put(cache):
    cache.put("a", 1)
    assert cache.get("a") == 1
    assert cache.get("b") is None
    assert cache.get("b", 7) == 7


def test_the_oldest_goes(cache):
    for key in "abcd":
        cache.put(key, key)
    assert cache.keys() == ["b", "c", "d"]


def test_reading_counts_as_a_use(cache):
    for key in "abc":
        cache.put(key, key)
    cache.get("a")
    cache.put("d", "d")
    assert cache.keys() == ["c", "a", "d"]


def test_replacing_counts_as_a_use(cache):
    for key in "abc":
        cache.put(key, key)
    cache.put("a", "new")
    cache.put("d", "d")
    assert cache.keys() == ["c", "a", "d"]
    assert cache.get("a") == "new"


@pytest.mark.parametrize(("now", "expected"), [(99, 1), (100, None), (101, None)])
def test_lifetime(cache, clock, now, expected):
    cache.put("a", 1)
    clock.now = now
    assert cache.get("a") == expected


def test_own_lifetime(cache, clock):
    cache.put("short", 1, lifetime=10)
    cache.put("long", 2)
    clock.now = 50
    assert cache.keys() == ["long"]


def test_no_lifetime_at_all(cache):
    cache.put("gone", 1, lifetime=0)
    assert cache.get("gone") is None


def test_what_is_too_old_goes_before_what_is_not_used(cache, clock):
    cache.put("used", 1)
    cache.put("old", 2, lifetime=5)
    cache.put("other", 3)
    clock.now = 6
    cache.put("new", 4)
    assert cache.keys() == ["used", "other", "new"]


def test_purge_tells_how_many(cache, clock):
    cache.put("a", 1)
    cache.put("b", 2)
    clock.now = 200
    assert len(cache) == 0
    cache.put("c", 3)
    clock.now = 400
    assert cache.purge() == 1


def test_popular(cache):
    for key in "abc":
        cache.put(key, key)
    for key in "bcb":
        cache.get(key)
    assert cache.popular() == ["b"]
    assert cache.popular(2) == ["b", "c"]


def test_ratio(cache):
    assert cache.ratio() == 0.0
    cache.put("a", 1)
    for key in "aab":
        cache.get(key)
    assert cache.ratio() == 0.67


def test_minutes():
    assert minutes(10) == 600


def test_capacity():
    with pytest.raises(ValueError):
        RecentCache(capacity=0)


def test_call_key():
    assert call_key((1,), {"b": 2, "a": 1}) == call_key((1,), {"a": 1, "b": 2})


def test_remember(cache):
    calls = []

    @remember(cache)
    def add(a, b=0):
        """Adds."""
        calls.append((a, b))
        return a + b

    assert [add(1), add(1), add(1, b=2), add(1, b=2), add(2)] == [1, 1, 3, 3, 2]
    assert calls == [(1, 0), (1, 2), (2, 0)]
    assert add.__name__ == "add"


def test_none_is_remembered_too(cache):
    calls = []

    @remember(cache)
    def nothing():
        calls.append(1)

    nothing()
    nothing()
    assert len(calls) == 1
