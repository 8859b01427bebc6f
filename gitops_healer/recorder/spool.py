"""The default sink: JSON Lines in segment files, one process each, appended with one write a line.

A line that was written is in the file whatever happens to the process afterwards (it is in the kernel's page cache); only
a crash of the machine can lose it. Nobody waits for a lock: a segment belongs to one process.
"""

import os

SEGMENT_BYTES = 64 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
RETRY_SECONDS = 5.0


class Spool:
    """Writes lines below a directory. Full, read-only or deleted: lines are refused, and it is tried again later."""

    def __init__(self, directory, segment_bytes=SEGMENT_BYTES, total_bytes=TOTAL_BYTES):
        self.directory = os.fspath(directory)
        self._segment_bytes = segment_bytes
        self._total_bytes = total_bytes
        self._fd = -1
        self._written = 0
        self._number = 0
        self._retry = 0.0

    def write(self, data):
        """Append whole lines (bytes). Raises OSError when nothing of them was kept."""
        if self._fd < 0:
            self._open()
        written = os.write(self._fd, data)
        self._written += written
        if written != len(data):  # the disk is full: end the torn line, so that it is only one
            self._close()
            raise OSError(28, "no space left for a whole line")
        if self._written >= self._segment_bytes:
            self._close()

    def _open(self):
        import time

        now = time.monotonic()
        if now < self._retry:
            raise OSError(11, "tried again later")
        self._retry = now + RETRY_SECONDS
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        if self._held() >= self._total_bytes:
            raise OSError(28, f"{self.directory} holds {self._total_bytes:,} bytes: import and delete its files")
        self._number += 1
        name = f"{os.getpid()}-{time.time_ns():x}-{self._number}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        self._fd = os.open(os.path.join(self.directory, name), flags, 0o600)
        self._written, self._retry = 0, 0.0

    def _held(self):
        with os.scandir(self.directory) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)

    def _close(self):
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def forked(self):
        """In the child: what the parent has open stays the parent's."""
        self._close()

    def close(self):
        self._close()
