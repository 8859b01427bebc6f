"""Several processes for one function: forked, so that nothing has to be sent to them but the number of an item."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

_task: tuple[Callable[[Any], Any], Sequence[Any]] | None = None
"""What the processes inherit: set just before they are forked, and only then."""


class Workers:
    """Implements `code.fact_store.Spread` over `jobs` processes (0: as many as this process may use).

    A process that dies costs the item that it died on, whose result is then None, and no other.
    """

    def __init__(self, jobs: int = 0) -> None:
        self._jobs = jobs or len(os.sched_getaffinity(0))

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        if not can_fork():
            for item in items:
                yield item, function(item)
            return
        done: set[int] = set()
        if self._jobs > 1 and len(items) > 1:
            for number, result in _pooled(function, items, range(len(items)), min(self._jobs, len(items))):
                done.add(number)
                yield items[number], result
        elif len(items) == 1 or self._jobs == 1:
            for item in items:
                yield item, function(item)
            return
        for number in range(len(items)):
            if number not in done:
                yield items[number], next((result for _, result in _pooled(function, items, [number], 1)), None)


def can_fork() -> bool:
    """Forking is safe where the system is Linux and no other thread runs that could hold a lock."""
    return hasattr(os, "fork") and os.uname().sysname == "Linux" and threading.active_count() == 1


def _pooled(
    function: Callable[[Any], Any], items: Sequence[Any], numbers: Sequence[int], jobs: int
) -> Iterator[tuple[int, Any]]:
    """(number, result) as they come; ends early when a process dies."""
    global _task
    _task = function, items
    try:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
            waiting: dict[Future[Any], int] = {pool.submit(_run, number): number for number in numbers}
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    number = waiting.pop(future)
                    try:
                        result = future.result()
                    except BrokenProcessPool:
                        return
                    yield number, result
    finally:
        _task = None


def _run(number: int) -> Any:
    assert _task is not None
    function, items = _task
    return function(items[number])
