"""One bare repository, read by pygit2 and written by git's own plumbing."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFind, ObjectType, SortMode

ZERO = "0" * 40
UPDATE_HOOK = """#!/bin/sh
# The rules of the forge: protected branches, and workflow files only with the permission for them.
ref=$1; old=$2; new=$3; zero=0000000000000000000000000000000000000000
refuse() { printf '%s\\t%s\\n' "$ref" "$1" >> "$FORGE_REASONS"; exit 1; }
classic() {
  echo "error: GH006: Protected branch update failed for $ref." >&2; echo "error: $1" >&2
  refuse "protected branch hook declined"
}
rule() {
  echo "error: GH013: Repository rule violations found for $ref." >&2; echo "" >&2; echo "- $1" >&2; echo "" >&2
  refuse "push declined due to repository rule violations"
}
forced() { [ "$old" != $zero ] && [ "$new" != $zero ] && ! git merge-base --is-ancestor "$old" "$new"; }
for kind in classic rule; do
  if [ $kind = classic ]; then held=$FORGE_CLASSIC; asking=$FORGE_CLASSIC_PULL
  else held=$FORGE_RULES; asking=$FORGE_RULES_PULL; fi
  case " $held " in *" $ref "*)
    if [ "$new" = $zero ]; then $kind "Cannot delete this branch"; fi
    if forced; then $kind "Cannot force-push to this branch"; fi;;
  esac
  case " $asking " in *" $ref "*) $kind "Changes must be made through a pull request.";; esac
done
if [ "$new" = $zero ] && [ "$ref" = "$(git symbolic-ref HEAD)" ]; then
  refuse "refusing to delete the current branch: $ref"
fi
if [ "$FORGE_WORKFLOWS" != yes ] && [ "$new" != $zero ]; then
  commit=$(git rev-list --max-count=1 "$new" --not --all -- .github/workflows)
  if [ -n "$commit" ]; then
    name=$(git diff-tree -r --root --no-commit-id --name-only -m "$commit" -- .github/workflows | head -1)
    what="create or update workflow \\`$name\\` without \\`workflows\\` permission"
    refuse "refusing to allow $FORGE_WHO to $what"
  fi
fi
exit 0
"""
CONFIGURATION = {
    "http.receivepack": "true",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "receive.hideRefs": "refs/pull",
    "receive.advertisePushOptions": "true",
    "receive.autogc": "false",
    "receive.denyDeleteCurrent": "ignore",
    "gc.auto": "0",
    "core.logAllRefUpdates": "false",
}


@dataclass(frozen=True)
class Identity:
    """Who, and when."""

    name: str
    email: str
    moment: datetime

    def line(self) -> str:
        clean = {ord(character): None for character in "<>\n\0"}
        offset = self.moment.strftime("%z") or "+0000"
        seconds = int(self.moment.timestamp())
        return f"{self.name.translate(clean)} <{self.email.translate(clean)}> {seconds} {offset}"


@dataclass(frozen=True)
class FileChange:
    """One file of a diff. status: added, removed, modified, renamed, copied, changed."""

    path: str
    old_path: str
    status: str
    additions: int
    deletions: int
    sha: str
    patch: str | None


class StaleRefError(Exception):
    """A ref did not stand where it was expected."""


class GitStore:
    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, default_branch: str, source: Path | None = None) -> "GitStore":
        """A new bare repository; with `source`, all its branches and tags are in it."""
        path.mkdir(parents=True)
        store = cls(path)
        pygit2.init_repository(str(path), bare=True, initial_head=default_branch)
        lines = [f"[{key.split('.')[0]}]\n\t{key.split('.')[1]} = {value}" for key, value in CONFIGURATION.items()]
        with (path / "config").open("a") as config:
            config.write("\n".join(lines) + "\n")
        hook = path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)
        if source is not None:
            refs = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
            store.git("fetch", "--quiet", "--no-write-fetch-head", str(source.resolve()), *refs)
        return store

    @cached_property
    def objects(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.path))

    def git(self, *arguments: str, check: bool = True, given: bytes = b"") -> str:
        """Run git here; its stdout."""
        environment = {"PATH": os.environ.get("PATH", ""), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment, input=given, capture_output=True, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode("utf-8", "surrogateescape")

    # Refs

    def refs(self) -> dict[str, str]:
        """Every ref but symbolic ones -> the sha that it stands on."""
        found = {}
        for name in self.objects.references:
            reference = self.objects.references.get(name)
            if reference is not None and reference.type == pygit2.enums.ReferenceType.DIRECT:
                found[name] = str(reference.target)
        return found

    def ref(self, name: str) -> str | None:
        """name: refs/heads/main"""
        try:
            reference = self.objects.references.get(name)
        except (ValueError, pygit2.GitError):
            return None
        return None if reference is None else str(reference.resolve().target)

    def branch(self, name: str) -> str | None:
        return self.ref(f"refs/heads/{name}")

    def branches(self) -> dict[str, str]:
        refs = self.refs()
        return {name.removeprefix("refs/heads/"): refs[name] for name in sorted(refs) if name.startswith("refs/heads/")}

    def move(self, ref: str, new: str, old: str | None = None) -> None:
        """Set a ref, only when it stands on `old` (ZERO: when there is none; None: anyhow). new ZERO deletes it.

        Raises StaleRefError. Whoever moves refs holds the lock of the server, pushes too."""
        stands = self.ref(ref) or ZERO
        if old is not None and stands != old:
            raise StaleRefError(f"{ref} stands on {stands}, not on {old}")
        try:
            if new != ZERO:
                self.objects.references.create(ref, pygit2.Oid(hex=new), force=True)
            elif stands != ZERO:
                self.objects.references.delete(ref)
        except (ValueError, KeyError, pygit2.GitError) as impossible:
            raise StaleRefError(f"{ref}: {impossible}") from impossible

    def set_head(self, branch: str) -> None:
        """The branch that a clone checks out."""
        self.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def is_ref_name(self, name: str) -> bool:
        return pygit2.reference_is_valid_name(name)

    # Objects

    def commit(self, sha: str) -> pygit2.Commit | None:
        found = self._object(sha)
        return found if isinstance(found, pygit2.Commit) else None

    def tree(self, sha: str) -> pygit2.Tree | None:
        """A tree, or the tree of a commit."""
        found = self._object(sha)
        if isinstance(found, pygit2.Commit):
            return found.tree
        return found if isinstance(found, pygit2.Tree) else None

    def blob(self, sha: str) -> pygit2.Blob | None:
        found = self._object(sha)
        return found if isinstance(found, pygit2.Blob) else None

    def _object(self, sha: str) -> pygit2.Object | None:
        try:
            return self.objects.get(sha) if len(sha) == 40 else None
        except ValueError:
            return None

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, a tag, a full ref or a (short) sha."""
        for ref in (f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}", revision):
            if (sha := self.ref(ref)) is not None:
                found = self.objects.get(sha)
                return None if found is None else str(found.peel(pygit2.Commit).id)
        if not 4 <= len(revision) <= 40 or set(revision) - set("0123456789abcdef"):
            return None
        try:
            found = self.objects.revparse_single(revision)
        except (KeyError, ValueError, pygit2.GitError):
            return None
        return str(found.id) if isinstance(found, pygit2.Commit) else None

    def log(self, start: str, hide: Sequence[str] = ()) -> Iterator[pygit2.Commit]:
        """Commits from `start` back, newest first, without those that `hide` reaches."""
        walker = self.objects.walk(pygit2.Oid(hex=start), SortMode.TOPOLOGICAL | SortMode.TIME)
        for sha in hide:
            walker.hide(pygit2.Oid(hex=sha))
        yield from walker

    def merge_base(self, one: str, two: str) -> str | None:
        found = self.objects.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=two))
        return None if found is None else str(found)

    def ahead_behind(self, head: str, base: str) -> tuple[int, int]:
        return self.objects.ahead_behind(pygit2.Oid(hex=head), pygit2.Oid(hex=base))

    def is_ancestor(self, old: str, new: str) -> bool:
        return old == new or self.objects.descendant_of(pygit2.Oid(hex=new), pygit2.Oid(hex=old))

    def diff(self, old: str | None, new: str) -> list[FileChange]:
        """From one tree or commit (None: the empty tree) to another, renames found."""
        after = self.tree(new)
        assert after is not None
        before = self.tree(old) if old else None
        diff = before.diff_to_tree(after) if before else after.diff_to_tree(swap=True)
        diff.find_similar(DiffFind.FIND_RENAMES)
        return [_file_change(patch) for patch in diff if patch is not None]

    def entry(self, commit: str, path: str) -> pygit2.Object | None:
        tree = self.tree(commit)
        try:
            return tree if not path else tree[path] if tree is not None else None
        except (KeyError, ValueError):
            return None

    # Making objects

    def write_blob(self, content: bytes) -> str:
        return str(self.objects.create_blob(content))

    def write_tree(self, base: str | None, entries: Mapping[str, tuple[int, str] | None]) -> str:
        """The tree `base` with these paths set to (mode, sha), or taken out (None)."""
        index = pygit2.Index()
        if base is not None:
            tree = self.tree(base)
            assert tree is not None
            index.read_tree(tree)
        for path, entry in entries.items():
            if entry is None:
                index.remove(path)
                continue
            mode, sha = entry
            if mode == 0o040000:
                _add_subtree(self.objects, index, path, sha)
            else:
                index.add(pygit2.IndexEntry(path, pygit2.Oid(hex=sha), pygit2.enums.FileMode(mode)))
        return str(index.write_tree(self.objects))

    def write_commit(self, payload: bytes, signature: str = "") -> str:
        """payload: a commit object's text; a signature is put in as the header `gpgsig`."""
        if signature:
            header, message = payload.split(b"\n\n", 1)
            folded = "\n ".join(signature.strip("\n").split("\n")).encode()
            payload = header + b"\ngpgsig " + folded + b"\n\n" + message
        return str(self.objects.write(ObjectType.COMMIT, payload))

    def merge(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge of two commits; None when they conflict."""
        done = subprocess.run(
            ["git", "merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs],
            cwd=self.path, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            raise RuntimeError(f"git merge-tree: {done.stderr.strip()}")
        return done.stdout.split("\n", 1)[0] if done.returncode == 0 else None

    def cherry_pick(self, commit: str, onto: str) -> str | None:
        """The tree of `onto` with what `commit` did to its first parent; None when they conflict."""
        picked, target = self.commit(commit), self.commit(onto)
        assert picked is not None and target is not None
        before = picked.parents[0].tree if picked.parents else self.objects[self.write_tree(None, {})]
        index = self.objects.merge_trees(before, target.tree, picked.tree)
        return None if index.conflicts is not None else str(index.write_tree(self.objects))


def commit_payload(tree: str, parents: Sequence[str], author: Identity, committer: Identity, message: str) -> bytes:
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author.line()}", f"committer {committer.line()}"]
    return ("\n".join(lines) + "\n\n" + message).encode("utf-8", "surrogateescape")


def _add_subtree(repository: pygit2.Repository, index: pygit2.Index, prefix: str, sha: str) -> None:
    tree = repository[sha]
    assert isinstance(tree, pygit2.Tree)
    for entry in tree:
        path = f"{prefix}/{entry.name}"
        if isinstance(entry, pygit2.Tree):
            _add_subtree(repository, index, path, str(entry.id))
        else:
            index.add(pygit2.IndexEntry(path, entry.id, entry.filemode))


STATUS_WORDS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.MODIFIED: "modified",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
    DeltaStatus.TYPECHANGE: "changed",
}


def _file_change(patch: pygit2.Patch) -> FileChange:
    delta = patch.delta
    _, additions, deletions = patch.line_stats
    text = "" if delta.is_binary else patch.data.decode("utf-8", "replace")
    start = text.find("@@")
    return FileChange(
        path=delta.new_file.path if delta.status != DeltaStatus.DELETED else delta.old_file.path,
        old_path=delta.old_file.path,
        status=STATUS_WORDS.get(delta.status, "modified"),
        additions=additions,
        deletions=deletions,
        sha=str(delta.new_file.id if delta.status != DeltaStatus.DELETED else delta.old_file.id),
        patch=text[start:].rstrip("\n") if start >= 0 else None,
    )
