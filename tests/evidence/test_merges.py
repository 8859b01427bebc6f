"""The base before a merge, whoever merged it and however; and whether people landed a change again."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.evidence.merges import merged_range

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
LONG = "".join(f"line {number}\n" for number in range(40))
OURS = "Heal it\n\nHealer-Upgrade: up-1"


def head(repo: GitRepo, ref: str = "HEAD") -> str:
    return str(repo.git("rev-parse", ref))


def edited(text: str, number: int) -> str:
    return text.replace(f"line {number}\n", f"LINE {number}\n")


@pytest.fixture
def repo(make_repo: MakeRepo) -> GitRepo:
    """A branch `change` of three commits, ours and two of people, the last of which fits nothing but context."""
    repo = make_repo({"a.py": LONG})
    repo.git("checkout", "-q", "-b", "change")
    repo.commit({"a.py": edited(LONG, 3)}, OURS)
    repo.commit({"a.py": edited(edited(LONG, 3), 20)}, "and this")
    repo.commit({"new.py": "x = 1\n"}, "and that")
    repo.git("checkout", "-q", "main")
    repo.commit({"b.py": "b = 1\n"}, "meanwhile")
    return repo


def squash(repo: GitRepo) -> None:
    repo.git("merge", "-q", "--squash", "change")
    repo.git("commit", "-q", "-m", f"{OURS} (#7)")


def merge(repo: GitRepo) -> None:
    repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7", "change")


def rebase(repo: GitRepo) -> None:
    repo.git("checkout", "-q", "-b", "rebased", "change")
    repo.git("rebase", "-q", "main")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--ff-only", "rebased")


def rebase_and_reword(repo: GitRepo) -> None:
    """Only the patch ids tell."""
    for commit in repo.git("rev-list", "--reverse", "main..change").split():
        repo.git("cherry-pick", "--no-commit", commit)
        repo.git("commit", "-q", "-m", f"picked {commit[:7]}")


@pytest.mark.parametrize("way", [squash, merge, rebase, rebase_and_reword])
@pytest.mark.parametrize("update", [False, True])
def test_the_base_before_is_found_however_it_was_merged(
    repo: GitRepo, way: Callable[[GitRepo], None], update: bool
) -> None:
    if update and way is not rebase_and_reword:  # the branch was brought up to date by a merge before
        repo.git("checkout", "-q", "change")
        repo.git("merge", "-q", "-m", "Merge branch main", "main")
        repo.git("checkout", "-q", "main")
    fork = head(repo)
    base = repo.commit({"c.py": "c = 1\n"}, "last before it")
    way(repo)
    repository = open_repository(repo.path)
    assert merged_range(repository, head(repo), head(repo, "change"), fork) == base


@pytest.mark.parametrize("update", [False, True])
def test_a_branch_that_became_the_base_branch_is_told_by_an_older_base(repo: GitRepo, update: bool) -> None:
    fork = head(repo, "main~1")
    base = head(repo)
    repo.git("checkout", "-q", "change")
    repo.git(*(["merge", "-q", "-m", "Merge branch main", "main"] if update else ["rebase", "-q", "main"]))
    repo.commit({"z.py": "z = 1\n"}, "the last one")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--ff-only", "change")
    repository = open_repository(repo.path)
    assert merged_range(repository, head(repo), head(repo, "change"), fork if update else base) == base


def test_without_the_branch_our_own_trailer_tells(repo: GitRepo) -> None:
    base = head(repo)
    rebase(repo)
    repository = open_repository(repo.path)
    gone = "0" * 40
    assert merged_range(repository, head(repo), gone, base, "up-1") == base
    assert merged_range(repository, head(repo), gone, base, "up-2") == head(repo, "main~1")


def test_the_first_commit_of_all_has_nothing_before_it(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x\n"})
    assert merged_range(open_repository(repo.path), head(repo), head(repo)) == ""
