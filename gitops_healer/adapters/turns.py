"""Processes of one machine that take turns, so that they need not race."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_random


@contextlib.contextmanager
def turn(lock: Path, patience: float) -> Iterator[bool]:
    """Held by one process at a time; yields whether another was before us. The system frees it when a process dies.

    A turn saves work, it protects nothing: after `patience` seconds, or where no file can be made, it is taken anyway.
    """
    waited = False
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(RetryError, OSError):
            file = stack.enter_context(lock.open("ab"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waited = True
                retrying = Retrying(
                    retry=retry_if_exception_type(BlockingIOError),
                    stop=stop_after_delay(patience),
                    wait=wait_random(0.002, 0.02),
                )
                retrying(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield waited
