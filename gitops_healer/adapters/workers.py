"""Several processes for one function: forked, so that nothing has to be sent to them, and gone when it is done.

The executors of the standard library take longer to load and keep threads, beside which nothing may be forked.
"""

import os
import pickle
import selectors
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_LENGTH = struct.Struct("<IQ")  # number of the item, bytes of its result
_READ = 1 << 20


PATIENCE = 40.0  # seconds without a result after which a process is taken for one that never ends


@dataclass
class _Worker:
    """pid, and the pipe that its results come through; received: bytes of a result that is not whole yet; heard: when
    the last bytes came, by the monotonic clock."""

    pid: int
    pipe: int
    received: bytearray
    heard: float


class Workers:
    """Implements `code.fact_store.Spread` over `jobs` processes (0: as many as this process may use).

    A process that dies, or says nothing for `patience` seconds, costs the item that it was at, whose result is then
    None, and no other. (libgit2 1.9 never returns from a loose object that was cut short, as by a full disk.)
    """

    def __init__(self, jobs: int = 0, patience: float = PATIENCE) -> None:
        self._jobs = jobs or len(os.sched_getaffinity(0))
        self._patience = patience

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        if not can_fork():
            for item in items:
                yield item, function(item)
            return
        left = set(range(len(items)))
        for number, result in self._forked(function, items, sorted(left), min(self._jobs, len(items))):
            left.discard(number)
            yield items[number], result
        for number in sorted(left):  # a process ended early: which item it was is found by giving each its own
            alone = self._forked(function, items, [number], 1) if len(items) > 1 else ()
            yield items[number], next((result for _, result in alone), None)

    def _forked(
        self, function: Callable[[Any], Any], items: Sequence[Any], numbers: Sequence[int], jobs: int
    ) -> Iterator[tuple[int, Any]]:
        """(number, result) as they come; those of a process that ends early are missing."""
        workers = [_start(function, items, numbers[first::jobs]) for first in range(jobs)]
        selector = selectors.DefaultSelector()
        for worker in workers:
            selector.register(worker.pipe, selectors.EVENT_READ, worker)
        try:
            while selector.get_map():
                for event, _ in selector.select(self._patience):
                    worker = event.data
                    data = os.read(worker.pipe, _READ)
                    worker.heard = time.monotonic()
                    if not data:
                        selector.unregister(worker.pipe)
                    worker.received.extend(data)
                    yield from _whole_results(worker.received)
                for waiting in [key.data for key in selector.get_map().values()]:
                    if time.monotonic() - waiting.heard > self._patience:
                        os.kill(waiting.pid, signal.SIGKILL)  # its pipe closes, and that is how it is noticed
        finally:
            selector.close()
            for worker in workers:
                os.close(worker.pipe)
                _end(worker.pid)


def can_fork() -> bool:
    """Forking is safe where the system is Linux and no other thread runs that could hold a lock."""
    return hasattr(os, "fork") and os.uname().sysname == "Linux" and threading.active_count() == 1


def _start(function: Callable[[Any], Any], items: Sequence[Any], numbers: Sequence[int]) -> _Worker:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return _Worker(pid, reading, bytearray(), time.monotonic())
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            for number in numbers:
                data = pickle.dumps(function(items[number]), pickle.HIGHEST_PROTOCOL)
                pipe.write(_LENGTH.pack(number, len(data)) + data)
                pipe.flush()
        os._exit(0)
    except BaseException:
        os._exit(1)  # nothing of the parent's may run here: no handlers, no buffers written twice


def _whole_results(received: bytearray) -> Iterator[tuple[int, Any]]:
    """Take what has arrived completely."""
    while len(received) >= _LENGTH.size:
        number, length = _LENGTH.unpack_from(received)
        end = _LENGTH.size + length
        if len(received) < end:
            return
        result = pickle.loads(bytes(memoryview(received)[_LENGTH.size : end]))  # from our own process
        del received[:end]
        yield number, result


def _end(pid: int) -> None:
    """Wait for a process that closed its pipe, or stop one whose results nobody wants any more."""
    if os.waitpid(pid, os.WNOHANG)[0] == 0:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
