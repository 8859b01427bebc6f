"""A line of history as far as it is here, and commits by the names that recorders gave them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.evidence.ancestry import first_parents, named_commit
from tests.conftest import GitRepo

MakeRepo = Callable[..., GitRepo]


def test_first_parents_end_where_history_or_a_shallow_clone_ends(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a.py": "a = 1\n"})
    commits = [repo.git("rev-parse", "HEAD"), *(repo.commit({"a.py": f"a = {n}\n"}) for n in range(3))][::-1]
    assert [info.id for info in first_parents(open_repository(repo.path), commits[0])] == commits
    repo.git("clone", "--quiet", "--depth", "2", f"file://{repo.path}", str(tmp_path / "clone"))
    shallow = open_repository(tmp_path / "clone")
    assert [info.id for info in first_parents(shallow, commits[0])] == commits[:2]
    assert [info.id for info in first_parents(shallow, commits[3])] == []


@pytest.mark.parametrize(
    "text", ["", "main", "HEAD", "v1", "HEAD^{/fix}", "blob:" + "a" * 40, "f" * 40, "../x", "a\0b"]
)
def test_only_ids_of_commits_that_are_here_name_one(make_repo: MakeRepo, text: str) -> None:
    repo = make_repo({"a.py": "a = 1\n"})
    repo.git("tag", "v1")
    repository, commit = open_repository(repo.path), repo.git("rev-parse", "HEAD")
    assert named_commit(repository, text) is None
    assert named_commit(repository, commit) == named_commit(repository, commit[:9].upper()) == commit
