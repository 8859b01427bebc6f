import itertools

import pytest
from stream_pipes import (
    Pipe,
    batches,
    between,
    distinct,
    flatten,
    interleave,
    merge_sorted,
    run_lengths,
    running_mean,
    unwrap,
    windows,
)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (4, [[0, 1], [2, 3]]), (5, [[0, 1], [2, 3], [4]])],
)
def test_batches(count, expected):
    assert list(batches(range(count), 2)) == expected


def test_batches_need_a_size():
    with pytest.raises(ValueError):
        list(batches([1], 0))


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, [("a",), ("b",), ("c",)]), (2, [("a", "b"), ("b", "c")]), (3, [("a", "b", "c")]), (4, [])],
)
def test_windows(size, expected):
    assert list(windows("abc", size)) == expected


def test_flatten():
    assert list(flatten([1, [2, (3, [4])], "text", []])) == [1, 2, 3, 4, "text"]


def test_flatten_what_is_flat():
    assert list(flatten([1, 2])) == [1, 2]


def test_running_mean():
    assert list(running_mean([2, 4, 6])) == [2, 3, 4]


def test_running_mean_with_a_start():
    assert list(running_mean([4, 6], start=2)) == [3, 4]


def test_run_lengths():
    assert list(run_lengths("aaabcc")) == [("a", 3), ("b", 1), ("c", 2)]
    assert list(run_lengths("")) == []


def test_long_runs_are_divided():
    assert list(run_lengths("x" * 300)) == [("x", 255), ("x", 45)]


def test_distinct():
    assert list(distinct([3, 1, 3, 2, 1])) == [3, 1, 2]


def test_distinct_by_key():
    assert list(distinct(["a", "B", "A", "b", "c"], key=str.lower)) == ["a", "B", "c"]


def test_distinct_among_the_last():
    assert list(distinct([1, 2, 1, 3, 1], within=2)) == [1, 2, 3, 1]


def test_interleave():
    assert "".join(interleave("abc", "1", "xyz")) == "a1xbycz"
    assert list(interleave()) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([1, 4], [2, 3, 5], [1, 2, 3, 4, 5]),
        ([], [1, 2], [1, 2]),
        ([1, 2, 3], [], [1, 2, 3]),
        ([5, 6, 7], [1], [1, 5, 6, 7]),
    ],
)
def test_merge_sorted(left, right, expected):
    assert list(merge_sorted(left, right)) == expected


def test_equal_values_come_from_the_left():
    assert [type(value) for value in merge_sorted([1.0, 2.0], [1, 2])] == [float, int, float, int]


def test_between():
    lines = ["a", "BEGIN", "b", "c", "END", "d", "BEGIN", "e", "END", "f"]
    assert list(between(lines, "BEGIN", "END")) == ["b", "c", "e"]


def test_unwrap():
    assert list(unwrap(["one \\", "two", "three"])) == ["one two", "three"]
    assert list(unwrap(["a\\", "b\\", "c"])) == ["abc"]


def test_unwrap_at_the_end():
    assert list(unwrap(["a", "b\\"])) == ["a", "b"]


def test_pipe():
    pipe = Pipe(range(10)).keep(lambda number: number % 2 == 0).map(lambda number: number * 10).take(3)
    assert pipe.list() == [0, 20, 40]


def test_pipe_over_endless_streams():
    assert Pipe(itertools.count()).then(windows, 2).take(2).list() == [(0, 1), (1, 2)]


def test_take_reads_no_more_than_needed():
    numbers = iter(range(5))
    assert Pipe(numbers).take(2).list() == [0, 1]
    assert next(numbers) == 2


def test_take_nothing():
    assert Pipe([1, 2]).take(0).list() == []


def test_a_pipe_does_nothing_before_the_end():
    done = []
    pipe = Pipe([1, 2]).map(done.append)
    assert done == []
    pipe.list()
    assert done == [1, 2]
