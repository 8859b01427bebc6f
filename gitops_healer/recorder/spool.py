"""The default sink: JSON Lines in segment files, one process each, appended with one write a line.

A process that is killed within a write may leave one torn line, the last of its file, of a call that has not returned.
A line that was written is in the file whatever happens to the process afterwards (it is in the kernel's page cache);
only a crash of the machine can lose it. Nobody waits for a lock: a segment belongs to one process.
"""

# pathlib takes longer to import than all of this
# ruff: noqa: PTH103, PTH118

from __future__ import annotations

import os
from _thread import allocate_lock

from gitops_healer.recorder.interrupted import is_interrupted

SEGMENT_BYTES = 64 * 1024 * 1024
LOOK_BYTES = 32 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
RETRY_SECONDS = 5.0
BUSY_SECONDS = 1.0
"""How long a line waits for another thread's."""

_write = os.write


class Spool:
    """Writes lines below a directory. Full, read-only or deleted: lines are refused, and it is tried again later."""

    def __init__(
        self, directory: str | os.PathLike[str], segment_bytes: int = SEGMENT_BYTES, total_bytes: int = TOTAL_BYTES
    ) -> None:
        self.directory = os.fspath(directory)
        self._segment_bytes = segment_bytes
        self._total_bytes = total_bytes
        self._fd = -1
        self._written = 0
        self._number = 0
        self._look = 0
        self._retry = 0.0
        self._lock = allocate_lock()

    def write(self, data: bytes) -> None:
        """Append whole lines (bytes). Raises OSError when they were not kept."""
        lock = self._lock
        if not lock.acquire(False) and (is_interrupted(Spool.write) or not lock.acquire(True, BUSY_SECONDS)):
            raise OSError(11, "another line is being written")
        try:
            if self._fd < 0:
                self._open()
            written = _write(self._fd, data)
            if written != len(data):
                self._take_back()
            self._written += written
            if self._written >= self._look:
                self._look_about()
        except OSError:
            if self._fd >= 0:
                self._close()
                self._wait()
            raise
        finally:
            lock.release()

    def _take_back(self) -> None:
        """The disk is full, and a line is torn."""
        os.ftruncate(self._fd, self._written)
        raise OSError(28, "no space left for a whole line")

    def _look_about(self) -> None:
        """Every 32 KB: what is written into a file without a name is lost; and a segment has a largest size."""
        if self._written >= self._segment_bytes or os.fstat(self._fd).st_nlink == 0:
            self._close()
        self._look = min(self._segment_bytes, self._written + LOOK_BYTES)

    def _wait(self) -> None:
        import time

        self._retry = time.monotonic() + RETRY_SECONDS

    def _open(self) -> None:
        import time

        now = time.monotonic()
        if now < self._retry:
            raise OSError(11, "tried again later")
        self._wait()
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        if self._held() >= self._total_bytes:
            raise OSError(28, f"{self.directory} holds {self._total_bytes:,} bytes: import and delete its files")
        self._number += 1
        name = f"{os.getpid()}-{time.time_ns():x}-{self._number}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        self._fd = os.open(os.path.join(self.directory, name), flags, 0o600)
        self._written, self._look, self._retry = 0, min(self._segment_bytes, LOOK_BYTES), 0.0

    def _held(self) -> int:
        with os.scandir(self.directory) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def forked(self) -> None:
        """In the child: what the parent has open stays the parent's."""
        self._lock = allocate_lock()
        self._close()

    def close(self) -> None:
        self._close()
