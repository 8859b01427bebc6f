"""What the machine has to say: free disk space, and one cycle at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_healer.errors import LostRaceError


def free_bytes(path: Path) -> int:
    """Free space, for us, on the disk that holds `path` or the nearest parent that exists."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


@contextmanager
def one_at_a_time(path: Path, what: str) -> Iterator[None]:
    """Hold an advisory lock on a file; the kernel lets it go when the process dies, however it dies.

    Raises LostRaceError when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
            raise LostRaceError(f"{what} is running already (process {holder or 'unknown'}): run again later") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
