"""The few things about a repository that have to be known at once: pygit2 alone, no git process, no checks.

Whatever is unusual raises; those who can wait open the repository properly (`open_repository`) and hear why.
"""

from pathlib import Path

import pygit2
from pygit2.enums import RepositoryOpenFlag

from gitops_healer.core.naming import USUAL_BRANCHES


class Glance:
    """A repository looked at in passing. state: our own directory inside the git directory."""

    def __init__(self, path: str) -> None:
        found = pygit2.discover_repository(path)
        if found is None:
            raise KeyError(path)
        self._repo = pygit2.Repository(found, RepositoryOpenFlag.BARE)
        git_dir = Path(found)
        common = git_dir / "commondir"
        self.state = (git_dir / common.read_text().strip() if common.is_file() else git_dir) / "gitops-healer"

    def commit(self, rev: str) -> str:
        """The id of a commit. Raises KeyError."""
        return str(self._repo.revparse_single(rev).peel(pygit2.Commit).id)

    def policy(self, path: str) -> list[str]:
        """What tells whether the policy in this file may have changed: where it may be read from, and its blobs."""
        heads = {name: self._repo.references.get(f"refs/heads/{name}") for name in USUAL_BRANCHES}
        tips = [str(head.target) for head in heads.values() if head is not None] or [self.commit("HEAD")]
        return [self._blob(tip, path) for tip in tips]

    def _blob(self, commit: str, path: str) -> str:
        tree = self._repo.revparse_single(commit).peel(pygit2.Commit).tree
        return str(tree[path].id) if path in tree else ""
