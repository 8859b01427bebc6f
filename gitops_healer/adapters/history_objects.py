"""What following code through history asks of git: which files differ, which blob stands where, who wrote a line."""

import pygit2
from pygit2.enums import FileMode, ObjectType

from gitops_healer.errors import RepositoryError
from gitops_healer.ports import FileChange

_REGULAR = frozenset({FileMode.BLOB, FileMode.BLOB_EXECUTABLE, 0o100664})


def file_changes(old: pygit2.Tree | None, new: pygit2.Tree) -> tuple[FileChange, ...]:
    """Regular files whose contents differ, by path; None stands for the empty tree. Equal subtrees are not read."""
    deltas = (old.diff_to_tree(new) if old is not None else new.diff_to_tree(swap=True)).deltas
    found: dict[bytes, tuple[str, str]] = {}
    for delta in deltas:  # a file that became a link may come as two
        for file, is_new in ((delta.old_file, False), (delta.new_file, True)):
            if file.mode in _REGULAR:
                was, now = found.get(file.raw_path, ("", ""))
                found[file.raw_path] = (was, str(file.id)) if is_new else (str(file.id), now)
    return tuple(
        FileChange(path.decode("utf-8", "surrogateescape"), was, now)
        for path, (was, now) in sorted(found.items())
        if was != now
    )


def blob_at(tree: pygit2.Tree, path: str) -> str | None:
    """The blob id of a regular file, "" when there is none; None when the path is not text that pygit2 can look up."""
    try:
        entry = tree[path]
    except UnicodeEncodeError:
        return None
    except (KeyError, ValueError):
        return ""
    return str(entry.id) if entry.type == ObjectType.BLOB and entry.filemode in _REGULAR else ""


def blame(repository: pygit2.Repository, commit: str, path: str, start: int, end: int) -> tuple[str, ...]:
    """The commit that last changed each of the lines `start` to `end` (from 1, both included);
    lines that there are not have none."""
    try:
        hunks = repository.blame(path, newest_commit=pygit2.Oid(hex=commit), min_line=start, max_line=end)
        found = {
            hunk.final_start_line_number + offset: str(hunk.final_commit_id)
            for hunk in hunks
            for offset in range(hunk.lines_in_hunk)
        }
    except (pygit2.GitError, KeyError, ValueError, UnicodeEncodeError) as error:
        raise RepositoryError(
            f"nobody can tell who wrote lines {start} to {end} of {path!r} at {commit[:10]} ({error}): "
            f"see `git blame -L {start},{end} {commit[:10]}`"
        ) from error
    return tuple(found[line] for line in range(start, end + 1) if line in found)
