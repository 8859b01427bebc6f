"""`GitRepository`: the `Repository` port on a real git repository."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pygit2

from gitops_healer.adapters.exporting import export_tree
from gitops_healer.adapters.generated import generated_files
from gitops_healer.adapters.objects import Objects, decode_path
from gitops_healer.adapters.remote import Credential, Credentials, Git
from gitops_healer.adapters.snapshot import tree_of_work_tree
from gitops_healer.adapters.trees import changed_entries
from gitops_healer.adapters.work_tree import apply_to_files
from gitops_healer.core.change import Change
from gitops_healer.errors import AlreadyGoneError, RepositoryError
from gitops_healer.ports import CommitInfo, Conflict, File, FileChange, RefUpdate, Signature

STATE = "gitops-healer"


class GitRepository:
    """Implements `ports.Repository`. Objects by pygit2, refs and remotes by the git program; see `open_repository`."""

    def __init__(self, path: Path, git_dir: Path, credential: Credential | Credentials | None = None) -> None:
        self._path = path
        self._git_dir = git_dir
        self._common_dir = _common_dir(git_dir)
        self._objects = Objects(git_dir)
        self._git = Git(git_dir, credential)

    @property
    def path(self) -> Path:
        return self._path

    @property
    def state_dir(self) -> Path:
        directory = self._common_dir / STATE
        try:
            directory.mkdir(exist_ok=True)
        except OSError as error:
            raise RepositoryError(
                f"{directory} cannot be made ({error.strerror}): the healer keeps its caches there, let it write"
            ) from error
        return directory

    @property
    def git(self) -> Git:
        """The git program on this repository: remotes, which are no part of the port."""
        return self._git

    def reopen(self) -> None:
        """Look at the git directory anew: that a history became whole is not seen otherwise."""
        self._objects = Objects(self._git_dir)

    def head_branch(self) -> str | None:
        target = self._objects.head_target()
        return target.removeprefix("refs/heads/") if target and target.startswith("refs/heads/") else None

    def checked_out(self, branch: str) -> bool:
        return f"refs/heads/{branch}" in set(_checked_out_refs(self._common_dir))

    def is_shallow(self) -> bool:
        return self._objects.is_shallow()

    def resolve(self, rev: str) -> str | None:
        return self._objects.resolve(rev)

    def commit(self, commit: str) -> CommitInfo:
        return self._objects.commit_info(commit)

    def files(self, commit: str) -> Iterator[File]:
        return self._objects.files(commit)

    def read_blob(self, blob: str) -> bytes:
        return self._objects.read_blob(blob)

    def read(self, commit: str, path: str) -> bytes | None:
        return self._objects.read(commit, path)

    def export(self, commit: str, target: Path, change: Change | None = None) -> None:
        changed = self._objects.changed(commit, change) if change else {}
        export_tree(self._objects, self._objects.tree_of(commit), changed, target)

    def generated(self, commit: str) -> tuple[str, ...]:
        if self._is_bare:
            return ()
        return generated_files(self._path, (file.path for file in self.files(commit)))

    def snapshot(self) -> str:
        head = self.resolve("HEAD")
        if self._is_bare:
            if head is None:
                raise RepositoryError(f"{self._path} is bare and HEAD names no commit: give a branch or a commit")
            return head
        tree = tree_of_work_tree(self._git_dir, self._path)
        if head is not None and tree == self._objects.tree_of(head):
            return head
        when = self.commit(head).committer.when if head else datetime.fromtimestamp(0, UTC)
        who = Signature(STATE, f"{STATE}@localhost", when)
        return self._objects.commit_tree(tree, [head] if head else [], "The work tree as it stands\n", who)

    def apply_to_work_tree(self, change: Change, base: str = "") -> None:
        if self._is_bare:
            raise RepositoryError(f"{self._path} is bare, there are no files to change: give a clone with a work tree")
        expected = {path: self.read(base, path) for path in change.paths} if base else None
        apply_to_files(self._path, change, expected)

    @property
    def _is_bare(self) -> bool:
        return self._path.resolve() == self._common_dir.resolve()

    def commit_change(self, base: str, change: Change, message: str, signature: Signature) -> str:
        return self._objects.commit_change(base, change, message, signature)

    def commit_files(
        self, parent: str | None, files: Mapping[str, bytes | None], message: str, signature: Signature
    ) -> str:
        return self._objects.commit_files(parent, files, message, signature)

    def squash(self, onto: str, head: str, message: str, signature: Signature) -> str | Conflict:
        """Merge drivers of `.gitattributes` are not obeyed: what needs them is a conflict."""
        tree = self._objects.merged(onto, head)
        return tree if isinstance(tree, Conflict) else self._objects.commit_tree(tree, [onto], message, signature)

    def revert(
        self,
        commit: str,
        onto: str,
        message: str,
        signature: Signature,
        since: str = "",
        settled: Mapping[str, bytes | None] | None = None,
    ) -> str | Conflict:
        """AlreadyGoneError when nothing of `commit` is left in `onto`: an empty revert would only look like one."""
        if since and not self.is_ancestor(since, commit):
            raise RepositoryError(
                f"{since[:10]} does not come before {commit[:10]}, so what came between them cannot be taken back: "
                f"give a commit of `git log {commit[:10]}`"
            )
        tree = self._objects.reverted(commit, onto, since, settled)
        if isinstance(tree, Conflict):
            return tree
        if tree == self._objects.tree_of(onto):
            raise AlreadyGoneError(f"nothing to take back: what {commit[:10]} changed is already gone from {onto[:10]}")
        return self._objects.commit_tree(tree, [onto], message, signature)

    def patch_id(self, base: str, head: str) -> str:
        """As `git diff --no-renames --full-index base head | git patch-id --stable` says it; "" for no difference."""
        return self._objects.patch_id(base, head)

    def mergeable(self, onto: str, head: str) -> Conflict | None:
        tree = self._objects.merged(onto, head)
        return tree if isinstance(tree, Conflict) else None

    def diff(self, base: str, head: str) -> str:
        return self._objects.diff(base, head)

    def changed_paths(self, base: str, head: str) -> tuple[str, ...]:
        """In path order; symlinks and submodules count."""
        trees = self._objects.tree_of(base), self._objects.tree_of(head)
        return tuple(decode_path(path) for path in sorted(changed_entries(self._objects.read_tree, *trees)))

    def file_changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        return self._objects.file_changes(base, head)

    def blob_at(self, commit: str, path: str) -> str:
        return self._objects.blob_at(commit, path)

    def blame(self, commit: str, path: str, start: int, end: int) -> tuple[str, ...]:
        return self._objects.blame(commit, path, start, end)

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        return self._objects.is_ancestor(ancestor, descendant)

    def log(self, head: str, exclude: str = "", limit: int = 0) -> Iterator[CommitInfo]:
        return self._objects.log(head, exclude, limit)

    def refs(self, prefix: str) -> dict[str, str]:
        return self._objects.refs(prefix)

    def update_refs(self, updates: Sequence[RefUpdate], reason: str) -> None:
        self._git.update_refs(updates, reason)

    def write_blob(self, data: bytes) -> str:
        return self._objects.write_blob(data)


def open_repository(path: Path, credential: Credential | Credentials | None = None) -> GitRepository:
    """The repository that `path` is, or lies in. Raises RepositoryError, which says what to type."""
    try:
        _check_directory(path)
        found = pygit2.discover_repository(str(path.absolute()))
        if found is None and (path / ".git").exists():
            raise RepositoryError(
                f"{path / '.git'} cannot be read or is broken: see what `git -C '{path}' status` says"
            )
        if found is None:
            raise RepositoryError(
                f"{path} is not in a git repository. Give the path of one, or make one: git -C '{path}' init"
            )
        opened = pygit2.Repository(found)
        git_dir = Path(opened.path)
        return GitRepository(Path(opened.workdir) if opened.workdir else git_dir, git_dir, credential)
    except PermissionError as error:
        raise RepositoryError(f"{path} cannot be read ({error.strerror}): run as a user who may read it") from error
    except (pygit2.GitError, KeyError, ValueError, OSError) as error:
        raise _broken(path, str(error)) from error


def _check_directory(path: Path) -> None:
    if not path.exists():
        raise RepositoryError(f"{path} does not exist. Give the path of a git repository, or clone one there first")
    if not path.is_dir():
        raise RepositoryError(f"{path} is a file, not a repository. Give the directory that holds `.git`")
    next(path.iterdir(), None)  # raises PermissionError


def _broken(path: Path, reason: str) -> RepositoryError:
    if "owned" in reason or "owner" in reason:
        return RepositoryError(
            f"{path} belongs to another user, so git does not trust it. If you do, run: "
            f"git config --global --add safe.directory '{path.absolute()}'"
        )
    if "object format" in reason or "extension" in reason:
        return RepositoryError(
            f"{path} uses a repository format that libgit2 {pygit2.LIBGIT2_VERSION} cannot read ({reason}). "
            "Only repositories with SHA-1 ids and plain ref files can be healed: clone it into one"
        )
    return RepositoryError(
        f"{path} is a broken git repository ({reason}): run `git -C '{path}' fsck` to see what is wrong"
    )


def _common_dir(git_dir: Path) -> Path:
    """The git directory that all work trees of a repository share."""
    pointer = git_dir / "commondir"
    return (git_dir / pointer.read_text().strip()).resolve() if pointer.is_file() else git_dir


def _checked_out_refs(common_dir: Path) -> Iterator[str]:
    """Refs that some work tree stands on, or will return to when its rebase ends."""
    places = [common_dir / "worktrees" / name for name in _names(common_dir / "worktrees")]
    if not pygit2.Repository(str(common_dir)).is_bare:
        places.append(common_dir)
    for place in places:
        for name in ("HEAD", "rebase-merge/head-name", "rebase-apply/head-name"):
            file = place / name
            if file.is_file():
                yield decode_path(file.read_bytes().strip().removeprefix(b"ref: "))


def _names(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()] if directory.is_dir() else []
