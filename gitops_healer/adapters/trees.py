"""Git trees as bytes: names are whatever the author typed, so nothing here decodes them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gitops_healer.errors import RepositoryError

TREE = 0o040000
FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000
MAX_DEPTH = 256

ReadTree = Callable[[str], bytes]

_NTFS_GIT = frozenset({b"git~1", b".git"})
_HFS_IGNORED = tuple(
    chr(point).encode() for point in (*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF)
)


class Entry(NamedTuple):
    """One line of a tree. mode: as git stores it; id: hex."""

    mode: int
    name: bytes
    id: str

    @property
    def is_file(self) -> bool:
        return self.mode & 0o170000 == 0o100000

    @property
    def is_executable(self) -> bool:
        return self.is_file and bool(self.mode & 0o100)


def parse_tree(data: bytes) -> Iterator[Entry]:
    """The entries of a tree object, in stored order. Raises RepositoryError when it is damaged."""
    position = 0
    while position < len(data):
        try:
            space = data.index(b" ", position)
            end = data.index(b"\0", space)
            mode = int(data[position:space], 8)
        except ValueError:
            raise RepositoryError("a tree object is damaged: run `git fsck` in the repository") from None
        yield Entry(mode, data[space + 1 : end], data[end + 1 : end + 21].hex())
        position = end + 21


def format_tree(entries: Iterable[Entry]) -> bytes:
    """The tree object that holds `entries`, sorted as git wants it (a directory sorts as if it ended in a slash)."""
    ordered = sorted(entries, key=lambda entry: entry.name + b"/" if entry.mode == TREE else entry.name)
    return b"".join(b"%o %s\0%s" % (entry.mode, entry.name, bytes.fromhex(entry.id)) for entry in ordered)


def walk_tree(read: ReadTree, tree: str) -> Iterator[tuple[bytes, Entry]]:
    """(path, entry) of everything below `tree` that is not itself a tree, in path order."""
    stack = [(b"", parse_tree(read(tree)))]
    while stack:
        prefix, entries = stack[-1]
        entry = next(entries, None)
        if entry is None:
            stack.pop()
        elif entry.mode != TREE:
            yield prefix + entry.name, entry
        elif len(stack) < MAX_DEPTH:
            stack.append((prefix + entry.name + b"/", parse_tree(read(entry.id))))
        else:
            raise RepositoryError(f"directories are nested deeper than {MAX_DEPTH}: this tree cannot be read")


def find_entry(read: ReadTree, tree: str, path: bytes) -> Entry | None:
    """The entry at `path`, or None when there is none."""
    *parents, name = path.split(b"/")
    for parent in parents:
        below = _named(read(tree), parent)
        if below is None or below.mode != TREE:
            return None
        tree = below.id
    return _named(read(tree), name)


def changed_entries(read: ReadTree, old: str, new: str) -> Iterator[bytes]:
    """Paths of files, links and submodules that differ between two trees; equal subtrees are not opened."""
    stack: list[tuple[bytes, str | None, str | None]] = [(b"", old, new)]
    while stack:
        prefix, left, right = stack.pop()
        before = {entry.name: entry for entry in parse_tree(read(left))} if left else {}
        after = {entry.name: entry for entry in parse_tree(read(right))} if right else {}
        for name in before.keys() | after.keys():
            was, now = before.get(name), after.get(name)
            if was == now:
                continue
            if any(entry is not None and entry.mode != TREE for entry in (was, now)):
                yield prefix + name
            below = _subtree(was), _subtree(now)
            if any(below):
                stack.append((prefix + name + b"/", *below))


def is_safe_name(name: bytes) -> bool:
    """Whether a directory entry may be written to disk: no way up, no way into a git directory on any system."""
    folded = name
    for ignored in _HFS_IGNORED:
        folded = folded.replace(ignored, b"")
    folded = folded.lower().rstrip(b". ")
    stream = folded.partition(b":")[0].rstrip(b". ")
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
        return False
    return not _NTFS_GIT & {folded, stream}


def is_safe_path(path: bytes) -> bool:
    """Whether every part of a repository-relative path is a safe name."""
    return all(is_safe_name(part) for part in path.split(b"/"))


def stays_inside(link: bytes, target: bytes) -> bool:
    """Whether a symlink at path `link` cannot lead out of the tree, whatever other such links it passes.

    Only leading `..` are allowed, and no more than there are directories above the link: a later `..` could follow
    another link first.
    """
    parts = [part for part in target.split(b"/") if part not in (b"", b".")]
    ups = next((number for number, part in enumerate(parts) if part != b".."), len(parts))
    inside = not target.startswith(b"/") and ups <= link.count(b"/") and b".." not in parts[ups:]
    return inside and b"\0" not in target and all(is_safe_name(part) for part in parts[ups:]) and target != b""


def _named(data: bytes, name: bytes) -> Entry | None:
    return next((entry for entry in parse_tree(data) if entry.name == name), None)


def _subtree(entry: Entry | None) -> str | None:
    return entry.id if entry is not None and entry.mode == TREE else None
