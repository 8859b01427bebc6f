import asyncio

import pytest
from queue_workers.retrying import AllFailedError, all_within, delays, first_success, retry, within


def failing(times, result="done", error=OSError):
    """A call that fails so many times, then works; and the list of its attempts."""
    attempts = []

    async def call():
        attempts.append(1)
        if len(attempts) <= times:
            raise error(f"attempt {len(attempts)}")
        return result

    return call, attempts


def sleeping(seconds, result):
    async def call():
        await asyncio.sleep(seconds)
        return result

    return call


def test_delays_grow():
    assert delays(5, 0.5) == [0.5, 1.0, 2.0, 4.0]


def test_delays_have_a_limit():
    assert delays(4, 10.0, longest=25.0) == [10.0, 20.0, 25.0]


def test_one_attempt_needs_no_delay():
    assert delays(1, 3.0) == []


def test_retry_until_it_works():
    call, attempts = failing(2)
    assert asyncio.run(retry(call)) == "done"
    assert len(attempts) == 3


def test_retry_gives_up():
    call, attempts = failing(9)
    with pytest.raises(AllFailedError) as caught:
        asyncio.run(retry(call, attempts=2))
    assert [str(error) for error in caught.value.errors] == ["attempt 1", "attempt 2"]
    assert len(attempts) == 2


def test_other_errors_are_raised_at_once():
    call, attempts = failing(1, error=KeyError)
    with pytest.raises(KeyError):
        asyncio.run(retry(call, only=OSError))
    assert len(attempts) == 1


def test_first_success():
    bad, _ = failing(9)
    good, _ = failing(0, "good")
    never, attempts = failing(0, "never")
    assert asyncio.run(first_success([bad, good, never])) == "good"
    assert not attempts


def test_no_success():
    bad, _ = failing(9)
    with pytest.raises(AllFailedError, match="2 attempts failed"):
        asyncio.run(first_success([bad, bad]))


def test_within():
    assert asyncio.run(within(sleeping(0, "fast"), 1)) == "fast"


def test_too_slow():
    assert asyncio.run(within(sleeping(5, "slow"), 0.01, "late")) == "late"


def test_all_within():
    calls = {"a": sleeping(0, 1), "b": sleeping(5, 2)}
    assert asyncio.run(all_within(calls, 0.02, fallback=-1)) == {"a": 1, "b": -1}


def test_all_in_time():
    calls = {"b": sleeping(0.002, 2), "a": sleeping(0, 1)}
    assert asyncio.run(all_within(calls, 1)) == {"a": 1, "b": 2}
