"""Reading ahead: lines are parsed in a forked process while this one stores what was parsed before."""

import fcntl
import gc
import marshal
import os
import signal
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO, Final

from gitops_healer.adapters.execution_lines import Batch, FileLines, read_lines
from gitops_healer.adapters.workers import can_fork

FORK_AFTER: Final = 20_000
"""Lines: fewer are read here, since a fork costs some milliseconds."""

PIPE_BYTES: Final = 1 << 20
GARBAGE_AFTER: Final = 100_000
_LENGTH: Final = struct.Struct("<Q")
_END: Final = 0


def read_ahead(lines: Iterable[bytes]) -> Iterator[Batch]:
    """The batches of `read_lines`, the same ones whether a process is forked or not.

    All that this process and a forked one share is where the kernel reads on in the file: that is put back when the
    other one has ended early (killed, out of memory, an error), and this one reads from where it was forked, leaving
    out the batches that came through. So none is lost or doubled, and an error is raised here as it would be without.
    """
    batches = read_lines(lines)
    for batch in batches:
        yield batch
        if batch.lines >= FORK_AFTER:
            break
    if not can_fork() or not isinstance(lines, FileLines | list | tuple):
        yield from batches
        return
    descriptor = lines.descriptor if isinstance(lines, FileLines) else None
    position = None if descriptor is None else os.lseek(descriptor, 0, os.SEEK_CUR)
    whole, received = False, 0
    pid, pipe = _forked(batches)
    try:
        with pipe:
            for data in _messages(pipe):
                if not data:
                    whole = True
                    break
                received += 1
                yield Batch(*marshal.loads(data))  # written by our own process
    finally:
        _end(pid)
    if not whole:
        if descriptor is not None and position is not None:
            os.lseek(descriptor, position, os.SEEK_SET)
        yield from islice(batches, received, None)


def _forked(batches: Iterator[Batch]) -> tuple[int, BinaryIO]:
    """(number of the process, what it writes)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, os.fdopen(reading, "rb")
    try:
        os.close(reading)
        gc.freeze()  # nothing of the parent's may be collected here, such as its connection to the database
        gc.set_threshold(GARBAGE_AFTER)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            _widen(writing)
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for batch in batches:
                data = marshal.dumps(tuple(batch), 2)
                _write(pipe, _LENGTH.pack(len(data)) + data)
            _write(pipe, _LENGTH.pack(_END))
        os._exit(0)
    except BaseException:
        os._exit(1)  # no handlers of the parent's, no buffers written twice


def _widen(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError:
        return  # the user has too many wide pipes: a narrow one does as well


def _write(pipe: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[pipe.write(rest) :]


def _messages(pipe: BinaryIO) -> Iterator[bytes]:
    """Whole messages, until the pipe is closed."""
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = pipe.read(length)
        if len(data) < length:
            return
        yield data


def _end(pid: int) -> None:
    """Wait for a process that has written all, or stop one whose batches nobody wants any more."""
    if os.waitpid(pid, os.WNOHANG)[0] == 0:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
