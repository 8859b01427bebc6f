import pytest

from decos import Signal, between, checked, counted, deprecated, once, remembered, retry


def test_counted():
    @counted
    def half(number):
        """Half of it."""
        return number / 2

    assert half.calls == 0
    assert half(4) == 2
    half(number=6)
    assert half.calls == 2
    assert half.__doc__ == "Half of it."


def test_counted_counts_errors():
    @counted
    def broken():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert broken.calls == 1


@pytest.fixture
def asked():
    return []


def square_of(asked, limit=None):
    @remembered(limit)
    def square(number, plus=0):
        asked.append(number)
        return number * number + plus

    return square


def test_remembered(asked):
    square = square_of(asked)
    assert [square(2), square(3), square(2), square(3)] == [4, 9, 4, 9]
    assert asked == [2, 3]


def test_remembered_by_all_arguments(asked):
    square = square_of(asked)
    assert [square(2), square(2, plus=1), square(2, plus=1)] == [4, 5, 5]
    assert asked == [2, 2]


def test_remembered_up_to_a_limit(asked):
    square = square_of(asked, 2)
    for number in (1, 2, 1, 3, 1, 2):
        square(number)
    assert asked == [1, 2, 3, 2]


def test_retry():
    told = []
    answers = [ValueError("a"), ValueError("b"), "good"]

    @retry(3, (ValueError,), between=lambda attempt, error: told.append((attempt, str(error))))
    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert ask() == "good"
    assert told == [(1, "a"), (2, "b")]


def test_retry_gives_up():
    calls = []

    @retry(2, (KeyError,))
    def ask(key):
        calls.append(key)
        raise KeyError(key)

    with pytest.raises(KeyError):
        ask("x")
    assert calls == ["x", "x"]


def test_retry_other_error():
    calls = []

    @retry(5, (KeyError,))
    def ask():
        calls.append(1)
        raise OSError

    with pytest.raises(OSError):
        ask()
    assert len(calls) == 1


def test_once():
    calls = []

    @once
    def setup(value):
        calls.append(value)
        return value

    assert setup(1) == 1
    assert setup(2) == 1
    assert calls == [1]


def test_once_with_none():
    calls = []

    @once
    def setup():
        calls.append(1)

    setup()
    setup()
    assert len(calls) == 1


def test_deprecated():
    @deprecated("new_way", since="2.1")
    def old_way(number):
        return number + 1

    with pytest.warns(DeprecationWarning, match=r"old_way is deprecated since 2.1, use new_way") as caught:
        assert old_way(1) == 2
    assert caught[0].filename == __file__


@checked
def repeat(text: str, times: int = 2, mark=None):
    return text * times


def test_checked():
    assert repeat("a") == "aa"
    assert repeat("a", times=3, mark=object()) == "aaa"


@pytest.mark.parametrize(("args", "kwargs"), [((1,), {}), (("a", "b"), {}), (("a",), {"times": 1.5})])
def test_checked_refuses(args, kwargs):
    with pytest.raises(TypeError, match="must be"):
        repeat(*args, **kwargs)


@pytest.mark.parametrize(("value", "kept"), [(5, 5), (-1, 0), (11, 10), (0, 0), (None, None)])
def test_between(value, kept):
    @between(0, 10)
    def give():
        return value

    assert give() == kept


def test_signal():
    signal = Signal()

    @signal.connect()
    def first(number):
        return number

    @signal.connect(priority=5)
    def urgent(number):
        return number * 10

    @signal.connect()
    def second(number):
        return -number

    assert signal.send(3) == [30, 3, -3]


def test_disconnect():
    signal = Signal()
    signal.connect()(abs)
    signal.connect()(str)
    assert signal.disconnect(abs) is True
    assert signal.disconnect(abs) is False
    assert signal.send(-1) == ["-1"]


def test_receivers_may_leave_while_called():
    signal = Signal()

    @signal.connect()
    def leaves():
        signal.disconnect(leaves)
        return "bye"

    @signal.connect()
    def stays():
        return "here"

    assert signal.send() == ["bye", "here"]
    assert signal.send() == ["here"]


def test_signals_are_separate():
    one, other = Signal(), Signal()
    one.connect()(abs)
    assert other.send(-1) == []
