"""Several processes for one function: every item has its result, and a process that dies costs one."""

import os
import signal
import threading
import time
from typing import Any

import pytest

from gitops_healer.adapters.workers import Workers, can_fork


def doubled(item: int) -> tuple[int, int]:
    return item * 2, os.getpid()


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
def test_every_item_has_its_result(jobs: int, count: int) -> None:
    results = dict(Workers(jobs)(doubled, range(count)))
    assert {item: value for item, (value, _) in results.items()} == {item: item * 2 for item in range(count)}
    processes = {pid for _, pid in results.values()}
    assert os.getpid() not in processes
    assert len(processes) == min(jobs, count)


@pytest.mark.parametrize("death", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(7), lambda: 1 / 0])
def test_a_process_that_dies_costs_the_item_it_died_on(death: Any) -> None:
    def deadly(item: int) -> int:
        if item in (3, 11):
            death()
        return item

    assert can_fork(), "else it would be this process that dies"
    results = dict(Workers(2)(deadly, range(20)))
    assert results == {item: None if item in (3, 11) else item for item in range(20)}


def test_a_process_that_never_ends_costs_the_item_it_is_at() -> None:
    def endless(item: int) -> int:
        if item == 4:
            time.sleep(600)
        return item

    results = dict(Workers(2, patience=0.5)(endless, range(9)))
    assert results == {item: None if item == 4 else item for item in range(9)}


def test_large_results_arrive_whole() -> None:
    results = dict(Workers(2)(lambda size: b"x" * size, [5_000_000, 1, 3_000_000, 0]))
    assert {size: len(data) for size, data in results.items()} == {size: size for size in (5_000_000, 1, 3_000_000, 0)}


def test_nobody_is_left_behind_when_the_caller_stops_listening() -> None:
    def slow(item: int) -> int:
        if item:
            time.sleep(60)
        return os.getpid()

    listening = Workers(2)(slow, range(4))
    _, pid = next(listening)
    listening.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_with_other_threads_nothing_is_forked() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert not can_fork()
        assert [pid for _, (_, pid) in Workers(4)(doubled, range(3))] == [os.getpid()] * 3
    finally:
        stop.set()
        thread.join()
