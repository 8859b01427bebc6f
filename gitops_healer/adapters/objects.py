"""Git objects by pygit2: blobs, trees, commits, merges and reverts in memory. No work tree, no index, no refs moved.

Diffs and merges run in a repository that has objects and nothing else, so that neither the user's configuration nor
`.gitattributes` of hostile code decide what is shown or how it is merged.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, ObjectType, RepositoryOpenFlag, SortMode

from gitops_healer.adapters import history_objects
from gitops_healer.adapters.trees import (
    FILE,
    MAX_DEPTH,
    TREE,
    Entry,
    find_entry,
    format_tree,
    is_safe_path,
    parse_tree,
    walk_tree,
)
from gitops_healer.core.change import Change
from gitops_healer.core.patch_id import patch_id
from gitops_healer.errors import HealerError, RepositoryError, StaleEditError
from gitops_healer.ports import CommitInfo, Conflict, File, FileChange, Signature

_ID = re.compile(r"[0-9a-f]{40}")
_SHORT_IDS = re.compile(rb"\nindex [0-9a-f]+\.\.[0-9a-f]+")


def encode_path(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def decode_path(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


class Objects:
    """The object database and refs of one git directory, as the `Repository` port wants to see them."""

    def __init__(self, git_dir: Path) -> None:
        self._repo = pygit2.Repository(str(git_dir), RepositoryOpenFlag.BARE)
        self._memory = pygit2.Repository()
        self._memory.set_odb(self._repo.odb)

    # Reading

    def resolve(self, rev: str) -> str | None:
        """The commit that a branch, tag, ref or (abbreviated) id names, or None."""
        if not rev or "\0" in rev:
            return None
        try:
            return str(self._repo.revparse_single(rev).peel(pygit2.Commit).id)
        except (pygit2.GitError, KeyError, ValueError):
            return None

    def commit_info(self, commit: str) -> CommitInfo:
        return _info(self._commit(commit))

    def tree_of(self, commit: str) -> str:
        return str(self._commit(commit).tree_id)

    def read_tree(self, tree: str) -> bytes:
        return self._read(tree, ObjectType.TREE)

    def read_blob(self, blob: str) -> bytes:
        return self._read(blob, ObjectType.BLOB)

    def files(self, commit: str) -> Iterator[File]:
        for path, entry in walk_tree(self.read_tree, self.tree_of(commit)):
            if entry.is_file:
                yield File(decode_path(path), entry.id, self._size(entry.id))

    def entry(self, commit: str, path: str) -> Entry | None:
        return find_entry(self.read_tree, self.tree_of(commit), encode_path(path))

    def read(self, commit: str, path: str) -> bytes | None:
        entry = self.entry(commit, path)
        return self.read_blob(entry.id) if entry is not None and entry.is_file else None

    def log(self, head: str, exclude: str, limit: int) -> Iterator[CommitInfo]:
        walker = self._repo.walk(self._commit(head).id, SortMode.NONE)  # as `git log`; by TIME parents may come first
        if exclude:
            walker.hide(self._commit(exclude).id)
        for count, commit in enumerate(walker, 1):
            yield _info(commit)
            if count == limit:
                return

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        older, newer = self._commit(ancestor).id, self._commit(descendant).id
        return older == newer or self._repo.descendant_of(newer, older)

    def diff(self, base: str, head: str) -> str:
        patches = self._memory.diff(self._in_memory(base), self._in_memory(head))
        return b"".join(patch.data for patch in patches if patch is not None).decode("utf-8", "replace")

    def file_changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        before = self._in_memory(base).tree if base else None
        return history_objects.file_changes(before, self._in_memory(head).tree)

    def blob_at(self, commit: str, path: str) -> str:
        blob = history_objects.blob_at(self._commit(commit).tree, path)
        if blob is None:
            entry = self.entry(commit, path)
            return entry.id if entry is not None and entry.is_file else ""
        return blob

    def blame(self, commit: str, path: str, start: int, end: int) -> tuple[str, ...]:
        data = self.read(commit, path) or b""
        last = data.count(b"\n") + (not data.endswith(b"\n")) if data else end
        if not 1 <= start <= min(end, last):
            return ()
        return history_objects.blame(self._repo, str(self._commit(commit).id), path, start, min(end, last))

    # Writing

    def write_blob(self, data: bytes) -> str:
        return str(self._repo.create_blob(data))

    def commit_files(
        self, parent: str | None, files: Mapping[str, bytes | None], message: str, signature: Signature
    ) -> str:
        tree = self.tree_of(parent) if parent else None
        contents = {encode_path(path): data for path, data in files.items()}
        written = self._write_files(tree, contents) or self._write_tree([])
        return self._write_commit(written, [parent] if parent else [], message, signature)

    def commit_change(self, base: str, change: Change, message: str, signature: Signature) -> str:
        return self.commit_files(base, self.changed(base, change), message, signature)

    def changed(self, base: str, change: Change) -> dict[str, bytes]:
        """The files of a change after it, by path. Raises StaleEditError."""
        sources = {path: data for path in change.paths if (data := self.read(base, path)) is not None}
        return change.apply(sources)

    def merged(self, onto: str, head: str) -> str | Conflict:
        """The tree of merging `head` into `onto`. Raises HealerError when they have no common history."""
        ours, theirs = self._in_memory(onto), self._in_memory(head)
        if self._repo.merge_base(ours.id, theirs.id) is None:
            hint = "; this clone is shallow: run `git fetch --unshallow`" if self._repo.is_shallow else ""
            raise HealerError(f"{onto[:10]} and {head[:10]} have no common history{hint}")
        return self._tree_or_conflict(self._memory.merge_commits(ours, theirs))

    def reverted(
        self, commit: str, onto: str, since: str = "", settled: Mapping[str, bytes | None] | None = None
    ) -> str | Conflict:
        """The tree of `onto` without what `commit` brought since `since`, its first parent when ""."""
        theirs, ours = self._in_memory(commit), self._in_memory(onto).tree
        parent = since or next((str(known) for known in theirs.parent_ids), "")
        before = self._in_memory(parent).tree if parent else self._memory[self._write_tree([])].peel(pygit2.Tree)
        index = self._memory.merge_trees(theirs.tree, ours, before)
        known = {encode_path(path): data for path, data in (settled or {}).items()}
        self._keep_ours(index, {path: self.entry(onto, path) for path in settled or ()})
        tree = self._tree_or_conflict(index)
        if isinstance(tree, Conflict) or not known:
            return tree
        return self._write_files(tree, known) or self._write_tree([])

    def _keep_ours(self, index: pygit2.Index, ours: Mapping[str, Entry | None]) -> None:
        """Where both sides changed the same lines, one of them stands, with its mode."""
        clashing = {side.path for conflict in index.conflicts or () for side in conflict if side}
        for path in clashing & set(ours):
            del index.conflicts[path]
            entry = ours[path]
            if entry is not None:
                index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=entry.id), FileMode(entry.mode)))

    def patch_id(self, base: str, head: str) -> str:
        patches = self._memory.diff(self._in_memory(base), self._in_memory(head))
        return patch_id(b"".join(_with_whole_ids(patch) for patch in patches if patch is not None))

    def commit_tree(self, tree: str, parents: list[str], message: str, signature: Signature) -> str:
        return self._write_commit(tree, parents, message, signature)

    # Refs

    def is_shallow(self) -> bool:
        return self._repo.is_shallow

    def refs(self, prefix: str) -> dict[str, str]:
        found: dict[str, str] = {}
        wanted = encode_path(prefix)
        for reference in self._repo.references.iterator():
            if reference.raw_name.startswith(wanted):
                try:
                    found[decode_path(reference.raw_name)] = str(reference.resolve().target)
                except (pygit2.GitError, KeyError):
                    continue  # a symbolic ref that points nowhere
        return found

    def head_target(self) -> str | None:
        """The full name of the ref that HEAD points to, or None when HEAD is detached or unreadable."""
        try:
            head = self._repo.lookup_reference("HEAD")
        except (pygit2.GitError, KeyError):
            return None
        return decode_path(head.raw_target) if isinstance(head.raw_target, bytes) else None

    # Below

    def _read(self, object_id: str, kind: ObjectType) -> bytes:
        try:
            found, data = self._repo.read(object_id)
        except (pygit2.GitError, KeyError, ValueError) as error:
            raise RepositoryError(
                f"git object {object_id} cannot be read ({error}). If this is a partial clone, run "
                "`git fetch --refetch --no-filter`; else run `git fsck`"
            ) from error
        if found != kind:
            raise RepositoryError(
                f"git object {object_id} is a {ObjectType(found).name.lower()}, not a {kind.name.lower()}"
            )
        return data

    def _size(self, blob: str) -> int:
        try:
            return self._repo.odb.read_header(blob)[1]
        except (pygit2.GitError, KeyError):
            return len(self.read_blob(blob))  # says what to do when it is missing

    def _commit(self, commit: str) -> pygit2.Commit:
        with contextlib.suppress(pygit2.GitError, KeyError):
            if _ID.fullmatch(commit) and self._repo[commit].type == ObjectType.COMMIT:
                return self._repo[commit].peel(pygit2.Commit)
        raise RepositoryError(f"{commit!r} is not the full id of a commit here: run `git fetch`, or resolve it first")

    def _in_memory(self, commit: str) -> pygit2.Commit:
        return self._memory[self._commit(commit).id].peel(pygit2.Commit)

    def _tree_or_conflict(self, index: pygit2.Index) -> str | Conflict:
        paths = {side.path for conflict in index.conflicts or () for side in conflict if side}
        return Conflict(tuple(sorted(paths))) if paths else str(index.write_tree(self._repo))

    def _write_commit(self, tree: str, parents: list[str], message: str, signature: Signature) -> str:
        who = _pygit2_signature(signature)
        text = message.encode("utf-8", "replace").decode().replace("\0", "")
        return str(self._repo.create_commit(None, who, who, text, tree, list(parents)))

    def _write_tree(self, entries: list[Entry]) -> str:
        return str(self._repo.write(int(ObjectType.TREE), format_tree(entries)))

    def _write_files(self, tree: str | None, files: Mapping[bytes, bytes | None]) -> str | None:
        """The tree with these files written or removed; None when nothing is left in it."""
        for path in files:
            if not is_safe_path(path) or path.count(b"/") >= MAX_DEPTH:
                raise HealerError(f"{decode_path(path)!r} cannot be written: it must be a plain path inside the tree")
        return self._write_below(tree, files, b"")

    def _write_below(self, tree: str | None, files: Mapping[bytes, bytes | None], prefix: bytes) -> str | None:
        entries = {entry.name: entry for entry in parse_tree(self.read_tree(tree))} if tree else {}
        below: dict[bytes, dict[bytes, bytes | None]] = {}
        for path, data in files.items():
            name, slash, rest = path.partition(b"/")
            if slash:
                below.setdefault(name, {})[rest] = data
            else:
                self._write_file(entries, name, data, prefix)
        for name, inner in below.items():
            self._write_directory(entries, name, inner, prefix)
        return self._write_tree(list(entries.values())) if entries else None

    def _write_file(self, entries: dict[bytes, Entry], name: bytes, data: bytes | None, prefix: bytes) -> None:
        known = entries.get(name)
        if known is not None and not known.is_file:
            raise StaleEditError(f"{decode_path(prefix + name)!r} is not a regular file: only those can be changed")
        if data is None:
            entries.pop(name, None)
        else:
            entries[name] = Entry(known.mode if known else FILE, name, self.write_blob(data))

    def _write_directory(
        self, entries: dict[bytes, Entry], name: bytes, inner: Mapping[bytes, bytes | None], prefix: bytes
    ) -> None:
        known = entries.get(name)
        if known is not None and known.mode != TREE:
            raise StaleEditError(f"{decode_path(prefix + name)!r} is not a directory: nothing can be written below it")
        written = self._write_below(known.id if known else None, inner, prefix + name + b"/")
        entries.pop(name, None)
        if written is not None:
            entries[name] = Entry(TREE, name, written)


def _with_whole_ids(patch: pygit2.Patch) -> bytes:
    """Its text as git writes it: how far ids are shortened depends on the repository, and empty files have no sides."""
    files = patch.delta.old_file, patch.delta.new_file
    ids = b"%s..%s" % tuple(str(file.id).encode() for file in files)
    text: bytes = patch.data if patch.hunks or patch.delta.is_binary else patch.data.partition(b"\n--- ")[0] + b"\n"
    return _SHORT_IDS.sub(b"\nindex " + ids, text, count=1)


def _pygit2_signature(signature: Signature) -> pygit2.Signature:
    if signature.when.tzinfo is None:
        raise ValueError(f"a signature needs an aware time, not {signature.when}")
    name, email = (re.sub(r"[<>\0\r\n]", "", text).strip() for text in (signature.name, signature.email))
    return pygit2.Signature(name or "unknown", email or "unknown", max(0, int(signature.when.timestamp())), 0)


def _info(commit: pygit2.Commit) -> CommitInfo:
    return CommitInfo(
        str(commit.id),
        str(commit.tree_id),
        tuple(str(parent) for parent in commit.parent_ids),
        _signature(commit.author),
        _signature(commit.committer),
        commit.raw_message.decode("utf-8", "replace"),
    )


def _signature(signature: pygit2.Signature) -> Signature:
    name, email = (raw.decode("utf-8", "replace") for raw in (signature.raw_name, signature.raw_email))
    try:
        when = datetime.fromtimestamp(signature.time, UTC)
    except (OverflowError, ValueError, OSError):
        when = datetime.fromtimestamp(0, UTC)  # nobody committed in the year 292,277,026,596
    return Signature(name, email, when)
