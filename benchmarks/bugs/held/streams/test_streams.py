from itertools import count, islice

import pytest

import streams


def test_batches():
    assert list(streams.batches(range(6), 3)) == [[0, 1, 2], [3, 4, 5]]
    assert list(streams.batches(range(4), 3)) == [[0, 1, 2], [3]]
    assert list(streams.batches([], 3)) == []


def test_batches_are_separate_lists():
    first, second = streams.batches([1, 2, 3, 4], 2)
    assert first == [1, 2]
    assert second == [3, 4]


def test_batches_of_nothing():
    with pytest.raises(ValueError):
        list(streams.batches([1], 0))


def test_windows():
    assert list(streams.windows("abcd", 3)) == [("a", "b", "c"), ("b", "c", "d")]
    assert list(streams.windows("ab", 3)) == []


def test_weave():
    assert list(streams.weave([1, 2, 3], [10], [100, 200])) == [1, 10, 100, 2, 200, 3]
    assert list(streams.weave()) == []


def test_weave_two_that_end_together():
    assert list(streams.weave("a", "b", "cd")) == ["a", "b", "c", "d"]


def test_flatten():
    assert list(streams.flatten([1, (2, [3, []]), "ab"])) == [1, 2, 3, "ab"]
    assert list(streams.flatten([[1, [2, [3]]]], 2)) == [1, 2, [3]]
    assert list(streams.flatten([[1], 2], 0)) == [[1], 2]


def test_merge_sorted():
    assert list(streams.merge_sorted([1, 3, 5], [2, 4])) == [1, 2, 3, 4, 5]
    assert list(streams.merge_sorted([], [1, 2])) == [1, 2]
    assert list(streams.merge_sorted([1, 2], [])) == [1, 2]


def test_merge_keeps_the_first_first():
    assert list(map(type, streams.merge_sorted([1, 2], [1.0]))) == [int, float, int]


def test_merge_is_lazy():
    assert list(islice(streams.merge_sorted(count(0, 2), count(1, 2)), 5)) == [0, 1, 2, 3, 4]


def test_without_repeats():
    assert list(streams.without_repeats([3, 1, 3, 2, 1])) == [3, 1, 2]
    assert list(streams.without_repeats(["a", "bb", "c", "dd"], len)) == ["a", "bb"]


def test_until_stable():
    assert list(streams.until_stable(lambda n: n // 3, 20)) == [20, 6, 2, 0]
    assert list(streams.until_stable(abs, 4)) == [4]


def test_until_stable_gives_up():
    assert list(streams.until_stable(lambda n: n + 1, 0, limit=3)) == [0, 1, 2, 3]


def test_running():
    assert list(streams.running([2, 3, 4], lambda a, b: a * b, 1)) == [2, 6, 24]
    assert list(streams.running([], max)) == []


def test_tail():
    assert streams.tail([1, 2, 3], 5) == [1, 2, 3]
    assert streams.tail([1, 2, 3], 0) == []
