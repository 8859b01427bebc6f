"""What git tells about the past of files: differences, blobs by path, and who wrote a line."""

from collections.abc import Callable
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.errors import RepositoryError

MakeRepo = Callable[..., Any]
ODD = ["a b.py", "new\nline.py", "caf\udce9.py", "ünïcode.py", "-dash.py", "deep/er/x.py", "tab\t.py"]


def test_files_that_differ_are_named_with_both_blobs(make_repo: MakeRepo) -> None:
    repo = make_repo({"kept.py": "k\n", "edited.py": "1\n", "gone/away.py": "a\n"})
    first = repo.git("rev-parse", "HEAD")
    repo.git("rm", "--quiet", "gone/away.py")
    second = repo.commit({"edited.py": "2\n", "new/one.py": "a\n"})
    git = open_repository(repo.path)
    seen = [(change.path, change.old, change.new) for change in git.file_changes(first, second)]
    moved = git.blob_at(first, "gone/away.py")
    assert seen == [
        ("edited.py", git.blob_at(first, "edited.py"), git.blob_at(second, "edited.py")),
        ("gone/away.py", moved, ""),
        ("new/one.py", "", moved),
    ]
    assert [(c.path, c.old) for c in git.file_changes("", first)] == [
        ("edited.py", ""), ("gone/away.py", ""), ("kept.py", ""),
    ]  # fmt: skip
    assert git.file_changes(second, second) == ()


def test_links_are_no_files_and_a_new_mode_is_no_new_text(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "a\n", "b.py": "b\n"})
    first = repo.git("rev-parse", "HEAD")
    (repo.path / "a.py").unlink()
    (repo.path / "a.py").symlink_to("b.py")
    (repo.path / "b.py").chmod(0o755)
    second = repo.commit()
    git = open_repository(repo.path)
    assert [(c.path, bool(c.old), c.new) for c in git.file_changes(first, second)] == [("a.py", True, "")]
    assert git.blob_at(second, "a.py") == ""
    assert git.blob_at(second, "b.py") == git.blob_at(first, "b.py") != ""


@pytest.mark.parametrize("name", ODD)
def test_any_name_can_be_looked_up(make_repo: MakeRepo, name: str) -> None:
    repo = make_repo({name: "x = 1\n"})
    git = open_repository(repo.path)
    head = repo.git("rev-parse", "HEAD")
    (file,) = git.files(head)
    assert git.blob_at(head, name) == file.blob
    assert [(c.path, c.new) for c in git.file_changes("", head)] == [(name, file.blob)]


@pytest.mark.parametrize("name", ["nothing.py", "caf\udcff.py", "pkg", "", "/", "pkg/", "../x", "pkg/a.py/x"])
def test_what_is_no_file_has_no_blob(make_repo: MakeRepo, name: str) -> None:
    repo = make_repo({"pkg/a.py": "x = 1\n"})
    assert open_repository(repo.path).blob_at(repo.git("rev-parse", "HEAD"), name) == ""


def test_every_line_has_the_commit_that_wrote_it(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "one\ntwo\nthree\n"})
    first = repo.git("rev-parse", "HEAD")
    second = repo.commit({"a.py": "zero\none\nTWO\nthree\n"})
    git = open_repository(repo.path)
    assert git.blame(second, "a.py", 1, 4) == (second, first, second, first)
    assert git.blame(second, "a.py", 2, 2) == (first,)
    assert git.blame(first, "a.py", 1, 3) == (first,) * 3
    with pytest.raises(RepositoryError, match="git blame"):
        git.blame(second, "nowhere.py", 1, 1)
    assert git.blame(second, "a.py", 4, 9) == (first,)
