"""A change written to the files of a work tree: whole or not at all, inside of it, never through a link."""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_healer.adapters.objects import encode_path
from gitops_healer.adapters.trees import is_safe_path
from gitops_healer.core.change import Change
from gitops_healer.errors import HealerError, StaleEditError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class _File:
    """What stands at a path. data, status: None when nothing does."""

    path: str
    data: bytes | None = None
    status: os.stat_result | None = None


def apply_to_files(root: Path, change: Change, expected: Mapping[str, bytes | None] | None = None) -> None:
    """Write a change to the files under `root`, keeping their modes.

    expected: what each file of the change holds (None: there is none); without it, only what is replaced must fit. A
    file that git checked out with CRLF line ends keeps them. Raises StaleEditError when a file is not as expected,
    HealerError when one cannot or must not be written; then all are as they were.
    """
    if unsafe := [path for path in change.paths if not is_safe_path(encode_path(path))]:
        raise HealerError(f"{unsafe[0]!r} cannot be written: it must be a plain path inside the repository")
    try:
        found = [_read(root, path) for path in change.paths]
        wanted = {file.path: expected.get(file.path) for file in found} if expected is not None else {}
        _replace(root, [(file, _after(change, file, wanted)) for file in found])
    except OSError as error:
        raise HealerError(
            f"the change cannot be written under {root}: {error.strerror or error}. The files are as they were"
        ) from error


def _after(change: Change, file: _File, wanted: Mapping[str, bytes | None]) -> bytes:
    """The file's bytes after the change. wanted: its bytes in git by path, when they are known."""
    own = Change(change.edits_of(file.path))
    if wanted and (file.data is None) != (wanted[file.path] is None):
        raise _stale(file.path)
    for source, dos in _readings(file.data or b""):
        if not wanted or source == (wanted[file.path] or b""):
            with contextlib.suppress(StaleEditError):
                after = own.apply({file.path: source})[file.path]
                return after.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if dos else after
    raise _stale(file.path)


def _readings(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The bytes as they are; and as git stores them when it turned all line ends into CRLF at checkout."""
    yield data, False
    if b"\r\n" in data and data.count(b"\n") == data.count(b"\r\n"):
        yield data.replace(b"\r\n", b"\n"), True


def _stale(path: str) -> StaleEditError:
    return StaleEditError(
        f"{path} is not as it was when the patch was made, so nothing was written: "
        "run `gitops-healer repair` again on the files as they are now"
    )


def _replace(root: Path, files: list[tuple[_File, bytes]]) -> None:
    """All drafts first, since that is where disks are full and folders closed; then renames."""
    done: list[_File] = []
    try:
        for file, after in files:
            _draft(root, file, after)
        for file, _ in files:
            if _read(root, file.path).data != file.data:
                raise _stale(file.path)
            done.append(file)
            _put_in_place(root, file)
    except BaseException:
        for file in done:
            _put_back(root, file)
        raise
    finally:
        for file, _ in files:
            with contextlib.suppress(OSError, HealerError), _place(root, file.path) as (folder, name):
                os.unlink(_draft_name(name), dir_fd=folder)


def _draft(root: Path, file: _File, data: bytes) -> None:
    """The bytes beside the file, so that a rename puts them in place at once."""
    with _place(root, file.path, make=True) as (folder, name):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_draft_name(name), dir_fd=folder)
        descriptor = os.open(_draft_name(name), _NEW, 0o666 if file.status is None else 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as draft:
            if file.status is not None:
                with contextlib.suppress(PermissionError):  # only root may give files away
                    os.fchown(descriptor, file.status.st_uid, file.status.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(file.status.st_mode))
            draft.write(data)
            draft.flush()
            os.fsync(descriptor)


def _put_in_place(root: Path, file: _File) -> None:
    with _place(root, file.path) as (folder, name):
        os.rename(_draft_name(name), name, src_dir_fd=folder, dst_dir_fd=folder)


def _put_back(root: Path, file: _File) -> None:
    with contextlib.suppress(OSError, HealerError):
        if _read(root, file.path).data == file.data:
            return
        if file.data is not None:
            _draft(root, file, file.data)
            _put_in_place(root, file)
        else:
            with _place(root, file.path) as (folder, name):
                os.unlink(name, dir_fd=folder)


def _draft_name(name: bytes) -> bytes:
    return b".%s.%d.healing" % (name[:100], os.getpid())


def _read(root: Path, path: str) -> _File:
    """Raises HealerError for what is no regular file."""
    try:
        with _place(root, path) as (folder, name):
            descriptor = os.open(name, _FILE, dir_fd=folder)
    except FileNotFoundError:
        return _File(path)
    except OSError as error:
        raise HealerError(f"{path} cannot be changed: {error.strerror}, or it is a link") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise HealerError(f"{path} cannot be changed: it is no regular file")
        return _File(path, file.read(), status)


@contextlib.contextmanager
def _place(root: Path, path: str, make: bool = False) -> Iterator[tuple[int, bytes]]:
    """The open folder of a path and the name in it. Each folder is opened in the one above it and none is a link, so
    nobody can lead the way out by swapping one meanwhile. make: folders that are not there."""
    *parents, name = encode_path(path).split(b"/")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for parent in parents:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(parent, dir_fd=folder)
            inner = os.open(parent, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
            if _exists(folder, b".git"):
                raise HealerError(f"{path} cannot be changed: it belongs to another repository inside of this one")
        yield folder, name
    finally:
        os.close(folder)


def _exists(folder: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
