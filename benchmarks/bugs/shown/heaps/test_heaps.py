import pytest
from heaps import ChangeableQueue, RunningMedian, finish_time, join_cost, merge_streams, most_frequent


def filled(*pairs):
    queue = ChangeableQueue()
    for item, priority in pairs:
        queue.push(item, priority)
    return queue


def drained(queue):
    return [queue.pop() for _ in range(len(queue))]


def test_order():
    assert drained(filled(("c", 3), ("a", 1), ("d", 4), ("b", 2))) == ["a", "b", "c", "d"]


def test_equal_priorities_leave_in_order_of_arrival():
    assert drained(filled(("x", 1), ("y", 1), ("z", 1), ("w", 0))) == ["w", "x", "y", "z"]


def test_priorities_change():
    queue = filled(("a", 1), ("b", 2), ("c", 3))
    queue.push("c", 0)
    queue.push("a", 9)
    assert len(queue) == 3
    assert drained(queue) == ["c", "b", "a"]


def test_remove():
    queue = filled(("a", 1), ("b", 5), ("c", 2), ("d", 6), ("e", 7), ("f", 3))
    queue.remove("d")
    assert drained(queue) == ["a", "c", "f", "b", "e"]


def test_many():
    queue = filled(*((number * 37 % 101, number * 37 % 101) for number in range(60)))
    assert drained(queue) == sorted(number * 37 % 101 for number in range(60))


def test_empty_queue():
    with pytest.raises(IndexError):
        ChangeableQueue().pop()


def test_remove_unknown():
    with pytest.raises(KeyError):
        filled(("a", 1)).remove("b")


def medians(numbers):
    running = RunningMedian()
    found = []
    for number in numbers:
        running.add(number)
        found.append(running.median())
    return found


def test_median():
    assert medians([5, 1, 3]) == [5, 3, 3]
    assert medians([1, 2, 3, 4]) == [1, 1.5, 2, 2.5]
    assert medians([4, 3, 2, 1]) == [4, 3.5, 3, 2.5]
    assert RunningMedian().median() is None


def test_merge_streams():
    assert list(merge_streams([[1, 4, 7], [2, 4, 6], [], [3]])) == [1, 2, 3, 4, 6, 7]
    assert list(merge_streams([[1, 1, 2], [2]])) == [1, 2]
    assert list(merge_streams([])) == []


def test_most_frequent():
    assert most_frequent("b a c a b d".split(), 2) == ["a", "b"]
    assert most_frequent("x y y z z z".split(), 2) == ["z", "y"]


def test_finish_time():
    assert finish_time([4, 2, 3, 1], 2) == 5
    assert finish_time([5, 1, 1], 3) == 5
    assert finish_time([], 2) == 0


def test_join_cost():
    assert join_cost([4, 3, 2, 6]) == 29
    assert join_cost([7]) == 0
