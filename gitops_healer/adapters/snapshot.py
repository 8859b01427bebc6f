"""A work tree as a tree object: what `git add --all` would store, without a word to the user's own index.

The git program reads the files, since only it knows all that stands between a file and its blob: line ends, clean
filters, sparse checkouts, split indexes, modes of file systems without modes.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from gitops_healer.adapters.remote import Credential, Done, Git
from gitops_healer.errors import RepositoryError

LARGEST_UNTRACKED = 50 * 1024**2
"""Bytes. An untracked file above this is a data set or a core dump, not work in progress."""

_CONFIGURATION = {"core.splitIndex": "false", "core.safecrlf": "false", "add.ignoreErrors": "false"}


def tree_of_work_tree(git_dir: Path, work_tree: Path) -> str:
    """The id of a tree that holds the files as they are now: tracked ones with their changes, untracked ones that git
    does not ignore, submodules at the commit that they stand on. Raises RepositoryError.

    Works on a copy of the index, so that files that did not change since are not read.
    """
    with tempfile.TemporaryDirectory(prefix="gitops-healer-index-") as folder:
        index = Path(folder) / "index"
        if (git_dir / "index").is_file():
            # With its time: git reads files again that are as young as their index.
            shutil.copy2(git_dir / "index", index)
        return _CopiedIndex(git_dir, work_tree, index).filled_tree()


class _CopiedIndex(Git):
    """The git program on a work tree and an index that is not the work tree's own."""

    def __init__(self, git_dir: Path, work_tree: Path, index: Path) -> None:
        super().__init__(git_dir)
        self._work_tree = work_tree
        self._index = index

    def _environment(self, credential: Credential | None) -> Mapping[str, str]:
        known = super()._environment(credential)
        count = int(known["GIT_CONFIG_COUNT"])
        added = {"GIT_INDEX_FILE": str(self._index), "GIT_CONFIG_COUNT": str(count + len(_CONFIGURATION))}
        for number, (key, value) in enumerate(_CONFIGURATION.items(), count):
            added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {**known, **added}

    def filled_tree(self) -> str:
        self._here("add", "--update")
        listed = self._here("ls-files", "--others", "--exclude-standard", "-z").stdout.split("\0")
        new = "".join(f"{path}\0" for path in self._fit(listed))
        if new:
            self._here("update-index", "--add", "--remove", "--replace", "-z", "--stdin", stdin=new)
        return self._here("write-tree", "--missing-ok").stdout.strip()

    def _fit(self, paths: list[str]) -> Iterator[str]:
        """Regular files of no monstrous size and links; not other repositories, which end in a slash."""
        for path in paths:
            place = bytes(self._work_tree) + b"/" + path.encode("utf-8", "surrogateescape")
            try:
                found = os.lstat(place)
            except OSError:  # it went away meanwhile
                continue
            readable = stat.S_ISREG(found.st_mode) and os.access(place, os.R_OK)
            if stat.S_ISLNK(found.st_mode) or (readable and found.st_size <= LARGEST_UNTRACKED):
                yield path

    def _here(self, command: str, *arguments: str, stdin: str = "") -> Done:
        argv = ["git", f"--git-dir={self._git_dir}", f"--work-tree={self._work_tree}", command, *arguments]
        done = self._execute(argv, self._work_tree, stdin.encode("utf-8", "surrogateescape"), False)
        if done.status:
            raise RepositoryError(
                f"the files in {self._work_tree} cannot be read as git would ({done.stderr.strip()[-600:]}): "
                f"see what `git -C '{self._work_tree}' add --dry-run --all` says, or commit and give the commit"
            )
        return done
