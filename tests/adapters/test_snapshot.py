"""The work tree as a commit, and a change written back to it: on real repositories, with what users do to them."""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters import snapshot, work_tree
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.core.change import Change, Edit, whole_file
from gitops_healer.errors import HealerError, RepositoryError, StaleEditError

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
FIRST = {"a.py": "a = 1\n", "pkg/b.py": "b = 1\n", "pkg/c.py": "c = 1\n", ".gitignore": "*.log\n"}


def tree(repo: GitRepo, commit: str) -> dict[str, tuple[str, bytes]]:
    """{path: (mode, contents)} of a commit, as the git program tells it."""
    found = {}
    for line in repo.git("ls-tree", "-r", "-z", commit).split("\0"):
        if line:
            about, path = line.split("\t", 1)
            mode, kind, blob = about.split()
            data = repo.git("cat-file", "blob", blob).encode("utf-8", "surrogateescape") if kind == "blob" else b""
            found[path] = (mode, data if kind == "blob" else blob.encode())
    return found


def texts(repo: GitRepo, commit: str) -> dict[str, bytes]:
    return {path: data for path, (_, data) in tree(repo, commit).items()}


def state(repo: GitRepo) -> tuple[str, str, str]:
    """What nobody may move: refs, index, status."""
    index = repo.path / ".git" / "index"
    digest = hashlib.sha256(index.read_bytes()).hexdigest() if index.exists() else ""
    return repo.git("for-each-ref"), digest, repo.git("status", "--porcelain", "-z", "--untracked-files=all")


def as_git_adds(repo: GitRepo) -> str:
    """The tree that `git add --all` would make, in an index of its own, from nothing."""
    env = {"GIT_INDEX_FILE": str(repo.path / ".git" / "other-index")}
    repo.git("add", "--all", env=env)
    return repo.git("write-tree", env=env)


def dirty(repo: GitRepo) -> None:
    repo.write({"a.py": "a = 2\n", "new.py": "new\n", "deep/er/x.py": "x\n", "noise.log": "noise\n"})
    repo.write({"staged.py": "staged\n"})
    repo.git("add", "staged.py")
    repo.write({"staged.py": "staged and changed\n"})
    (repo.path / "pkg/b.py").unlink()
    (repo.path / "pkg/c.py").chmod(0o755)
    (repo.path / "link").symlink_to("a.py")


def test_a_snapshot_holds_what_stands_in_the_work_tree(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    dirty(repo)
    before = state(repo)

    commit = open_repository(repo.path).snapshot()

    assert tree(repo, commit) == {
        ".gitignore": ("100644", b"*.log"),
        "a.py": ("100644", b"a = 2"),
        "deep/er/x.py": ("100644", b"x"),
        "link": ("120000", b"a.py"),
        "new.py": ("100644", b"new"),
        "pkg/c.py": ("100755", b"c = 1"),
        "staged.py": ("100644", b"staged and changed"),
    }
    assert repo.git("rev-parse", f"{commit}^@") == repo.git("rev-parse", "HEAD")
    assert repo.git("rev-parse", f"{commit}^{{tree}}") == as_git_adds(repo)
    assert state(repo) == before


def test_a_clean_work_tree_is_head_itself(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    repo.write({"noise.log": "ignored\n"})
    os.utime(repo.path / "a.py", (1, 1))  # touched, not changed
    assert open_repository(repo.path).snapshot() == repo.git("rev-parse", "HEAD")


def test_the_same_files_give_the_same_commit_whatever_is_staged(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    dirty(repo)
    first = open_repository(repo.path).snapshot()
    repo.git("add", "--all")
    assert open_repository(repo.path).snapshot() == first
    repo.git("rm", "--cached", "--quiet", "a.py")  # still there, and not ignored
    assert open_repository(repo.path).snapshot() == first
    repo.write({"a.py": "a = 3\n"})
    assert open_repository(repo.path).snapshot() != first


def test_before_the_first_commit_a_snapshot_is_an_orphan(make_repo: MakeRepo) -> None:
    repo = make_repo()
    empty = open_repository(repo.path).snapshot()
    assert tree(repo, empty) == {}
    repo.write({"a.py": "a\n"})
    commit = open_repository(repo.path).snapshot()
    assert texts(repo, commit) == {"a.py": b"a"}
    assert repo.git("rev-parse", f"{commit}^@") == ""
    assert repo.git("for-each-ref") == ""


def test_a_bare_repository_has_no_files_of_its_own(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    bare = make_repo(name="bare.git", bare=True)
    with pytest.raises(RepositoryError, match="give a branch or a commit"):
        open_repository(bare.path).snapshot()
    repo.git("push", "--quiet", str(bare.path), "main")
    assert open_repository(bare.path).snapshot() == repo.git("rev-parse", "HEAD")
    with pytest.raises(RepositoryError, match="bare"):
        open_repository(bare.path).apply_to_work_tree(Change((Edit("a.py", 0, "a", "b"),)))


@pytest.mark.parametrize("setting", ["core.autocrlf", ".gitattributes"])
def test_line_ends_are_stored_as_git_stores_them(make_repo: MakeRepo, setting: str) -> None:
    repo = make_repo({"a.py": "a = 1\nb = 2\n"})
    if setting == "core.autocrlf":
        repo.git("config", "core.autocrlf", "true")
    else:
        repo.commit({".gitattributes": "*.py text eol=crlf\n"})
    (repo.path / "a.py").unlink()
    repo.git("checkout", "a.py")
    assert (repo.path / "a.py").read_bytes() == b"a = 1\r\nb = 2\r\n"
    opened = open_repository(repo.path)
    assert opened.snapshot() == repo.git("rev-parse", "HEAD")

    repo.write({"a.py": "a = 1\r\nb = 3\r\n", "new.py": "new\r\n"})
    commit = opened.snapshot()
    assert opened.read(commit, "a.py") == b"a = 1\nb = 3\n"
    assert opened.read(commit, "new.py") == b"new\n"


def test_clean_filters_of_the_user_are_obeyed(make_repo: MakeRepo) -> None:
    repo = make_repo({".gitattributes": "*.txt filter=loud\n"})
    repo.git("config", "filter.loud.clean", "tr a-z A-Z")
    repo.write({"a.txt": "quiet\n"})
    opened = open_repository(repo.path)
    assert opened.read(opened.snapshot(), "a.txt") == b"QUIET\n"


def test_a_filter_that_breaks_is_told_with_what_to_do(make_repo: MakeRepo) -> None:
    repo = make_repo({".gitattributes": "*.txt filter=broken\n"})
    repo.git("config", "filter.broken.clean", "false")
    repo.git("config", "filter.broken.required", "true")
    repo.write({"a.txt": "text\n"})
    with pytest.raises(RepositoryError, match=r"a\.txt.*or commit and give the commit"):
        open_repository(repo.path).snapshot()


ODD = ["caf\udce9.py", "a b.py", "-dash.py", "new\nline.py", "ünïcode.py", ":(glob)*.py", 'q"uote.py', " lead.py"]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_any_file_name_will_do(make_repo: MakeRepo, name: str) -> None:
    repo = make_repo(FIRST)
    opened = open_repository(repo.path)
    place = Path(os.fsdecode(bytes(repo.path) + b"/" + name.encode("utf-8", "surrogateescape")))
    place.write_bytes(b"x = 1\n")
    commit = opened.snapshot()
    assert opened.read(commit, name) == b"x = 1\n"
    opened.apply_to_work_tree(Change((Edit(name, 4, "1", "2"),)), commit)
    assert place.read_bytes() == b"x = 2\n"


def test_submodules_stand_where_they_stand_and_strange_repositories_are_left_out(make_repo: MakeRepo) -> None:
    inner = make_repo({"inner.py": "1\n"}, "inner")
    repo = make_repo(FIRST)
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "sub")
    repo.commit(message="with a submodule")
    opened = open_repository(repo.path)
    assert opened.snapshot() == repo.git("rev-parse", "HEAD")

    moved = inner.commit({"inner.py": "2\n"})
    repo.git("-c", "protocol.file.allow=always", "-C", "sub", "pull", "--quiet")
    make_repo({"c.py": "c\n"}, "repo/clone")
    commit = opened.snapshot()
    assert tree(repo, commit)["sub"] == ("160000", moved.encode())
    assert not [path for path in tree(repo, commit) if path.startswith("clone")]

    with pytest.raises(HealerError, match="belongs to another repository"):
        opened.apply_to_work_tree(Change((Edit("sub/inner.py", 0, "2", "3"),)))
    assert (repo.path / "sub/inner.py").read_text() == "2\n"


def test_merge_conflicts_are_kept_as_the_user_sees_them(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "a = 1\n"})
    repo.git("switch", "--quiet", "--create", "other")
    repo.commit({"a.py": "a = 2\n"})
    repo.git("switch", "--quiet", "main")
    repo.commit({"a.py": "a = 3\n"})
    repo.git("merge", "other", check=False)
    before = state(repo)
    opened = open_repository(repo.path)
    data = opened.read(opened.snapshot(), "a.py")
    assert data is not None
    assert data.startswith(b"<<<<<<< HEAD\na = 3\n=======\na = 2\n>>>>>>>")
    assert state(repo) == before


def test_sparse_and_split_are_no_deletions(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    repo.git("sparse-checkout", "set", "--cone", "other")
    repo.git("update-index", "--split-index")
    assert not (repo.path / "pkg/b.py").exists()
    shared = sorted(path.name for path in (repo.path / ".git").iterdir())
    repo.write({"a.py": "a = 2\n"})
    commit = open_repository(repo.path).snapshot()
    assert texts(repo, commit) == {".gitignore": b"*.log", "a.py": b"a = 2", "pkg/b.py": b"b = 1", "pkg/c.py": b"c = 1"}
    assert sorted(path.name for path in (repo.path / ".git").iterdir()) == shared


def test_a_linked_work_tree_is_its_own(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(FIRST)
    repo.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side/a.py").write_text("a = 9\n")
    opened = open_repository(tmp_path / "side")
    commit = opened.snapshot()
    assert opened.read(commit, "a.py") == b"a = 9\n"
    assert open_repository(repo.path).snapshot() == repo.git("rev-parse", "main")
    opened.apply_to_work_tree(Change((Edit("a.py", 4, "9", "8"),)), commit)
    assert (tmp_path / "side/a.py").read_text() == "a = 8\n"
    assert (repo.path / "a.py").read_text() == "a = 1\n"


def test_a_change_of_the_same_size_in_the_same_moment_is_seen(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    index = repo.path / ".git/index"
    for number in range(2, 8):
        repo.write({"a.py": f"a = {number}\n"})
        moment = index.stat().st_mtime_ns
        os.utime(repo.path / "a.py", ns=(moment, moment))
        opened = open_repository(repo.path)
        assert opened.read(opened.snapshot(), "a.py") == b"a = %d\n" % number


def test_monsters_and_pipes_that_nobody_tracks_are_left_out(make_repo: MakeRepo) -> None:
    repo = make_repo(FIRST)
    with (repo.path / "core.dump").open("wb") as file:
        file.truncate(snapshot.LARGEST_UNTRACKED + 1)
    os.mkfifo(repo.path / "pipe")
    assert open_repository(repo.path).snapshot() == repo.git("rev-parse", "HEAD")


def test_a_snapshot_of_many_files_takes_a_moment(make_repo: MakeRepo) -> None:
    repo = make_repo({f"d{number % 50}/f{number}.py": f"x = {number}\n" for number in range(3000)})
    repo.write({"d1/f1.py": "x = 0\n"})
    opened = open_repository(repo.path)
    began = time.perf_counter()
    commit = opened.snapshot()
    assert time.perf_counter() - began < 3  # about 0.1 s on an idle machine
    assert opened.changed_paths(repo.git("rev-parse", "HEAD"), commit) == ("d1/f1.py",)


# Writing a change


@pytest.fixture
def files(make_repo: MakeRepo) -> tuple[GitRepo, GitRepository]:
    repo = make_repo(FIRST)
    return repo, open_repository(repo.path)


def names(repo: GitRepo) -> set[str]:
    return {str(path.relative_to(repo.path)) for path in repo.path.rglob("*") if ".git/" not in f"{path}/"}


def test_a_change_is_written_with_the_modes_kept(files: tuple[GitRepo, GitRepository]) -> None:
    repo, opened = files
    (repo.path / "a.py").chmod(0o750)
    known = names(repo)
    change = Change((Edit("a.py", 4, "1", "2"), Edit("pkg/b.py", 0, "b", "bb"), Edit("fresh/new.py", 0, "", "n\n")))
    index = state(repo)[1]

    opened.apply_to_work_tree(change, opened.snapshot())

    assert (repo.path / "a.py").read_text() == "a = 2\n"
    assert (repo.path / "a.py").stat().st_mode & 0o777 == 0o750
    assert (repo.path / "pkg/b.py").read_text() == "bb = 1\n"
    assert (repo.path / "fresh/new.py").read_text() == "n\n"
    assert names(repo) - known == {"fresh", "fresh/new.py"}
    assert state(repo)[1] == index


def test_line_ends_of_the_checkout_are_kept(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "a = 1\nb = 2\n"})
    repo.git("config", "core.autocrlf", "true")
    repo.write({"a.py": "a = 1\r\nb = 3\r\n"})
    opened = open_repository(repo.path)
    base = opened.snapshot()
    change = Change((Edit("a.py", 10, "3", "4\nc = 5"),))
    opened.apply_to_work_tree(change, base)
    assert (repo.path / "a.py").read_bytes() == b"a = 1\r\nb = 4\r\nc = 5\r\n"
    opened.apply_to_work_tree(change.inverse())  # also without knowing the whole file
    assert (repo.path / "a.py").read_bytes() == b"a = 1\r\nb = 3\r\n"


def test_bytes_that_are_no_text_survive(files: tuple[GitRepo, GitRepository]) -> None:
    repo, opened = files
    repo.write({"raw.py": b"# \xff\r\nx = 1\n"})
    base = opened.snapshot()
    opened.apply_to_work_tree(whole_file("raw.py", b"# \xff\r\nx = 1\n", b"# \xfe\r\nx = 1\n"), base)
    assert (repo.path / "raw.py").read_bytes() == b"# \xfe\r\nx = 1\n"


STALE: dict[str, Callable[[Path], object]] = {
    "edited there": lambda root: (root / "a.py").write_text("a = 7\n"),
    "edited elsewhere in the file": lambda root: (root / "a.py").write_text("a = 1\n# more\n"),
    "deleted": lambda root: (root / "a.py").unlink(),
    "a new file that is there": lambda root: (root / "new.py").write_text(""),
}


@pytest.mark.parametrize("happened", STALE)
def test_a_file_that_changed_meanwhile_is_refused_and_nothing_written(
    files: tuple[GitRepo, GitRepository], happened: str
) -> None:
    repo, opened = files
    base = opened.snapshot()
    STALE[happened](repo.path)
    before = texts(repo, opened.snapshot())
    change = Change((Edit("pkg/b.py", 4, "1", "2"), Edit("a.py", 4, "1", "2"), Edit("new.py", 0, "", "n\n")))
    with pytest.raises(StaleEditError, match=r"(a|new)\.py is not as it was.*again on the files as they are"):
        opened.apply_to_work_tree(change, base)
    assert texts(repo, opened.snapshot()) == before


@pytest.mark.parametrize("path", ["../out.py", "/etc/out.py", ".git/config", "a/../../out.py", "sub/.GIT/hooks/x", ""])
def test_nothing_is_written_outside(files: tuple[GitRepo, GitRepository], path: str) -> None:
    repo, opened = files
    known = names(repo)
    with pytest.raises(HealerError, match="plain path inside"):
        opened.apply_to_work_tree(Change((Edit(path, 0, "", "x"),)))
    assert names(repo) == known
    assert not (repo.path.parent / "out.py").exists()


@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "directory in place of a file", "pipe"])
def test_nothing_is_written_through_a_link_or_to_what_is_no_file(
    files: tuple[GitRepo, GitRepository], tmp_path: Path, kind: str
) -> None:
    repo, opened = files
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.py").write_text("b = 1\n")
    path = "pkg/b.py"
    (repo.path / "pkg/b.py").unlink()
    if kind == "file":
        (repo.path / "pkg/b.py").symlink_to(outside / "b.py")
    elif kind == "dangling":
        (repo.path / "pkg/b.py").symlink_to(outside / "nothing.py")
    elif kind == "folder":
        (repo.path / "lib").symlink_to(outside)
        path = "lib/b.py"
    elif kind == "pipe":
        os.mkfifo(repo.path / "pkg/b.py")
    else:
        (repo.path / "pkg/b.py").mkdir()
    with pytest.raises(HealerError):
        opened.apply_to_work_tree(Change((Edit("a.py", 4, "1", "2"), Edit(path, 4, "1", "2"))))
    assert (repo.path / "a.py").read_text() == "a = 1\n"
    assert {item.name: item.read_text() for item in outside.iterdir()} == {"b.py": "b = 1\n"}


def test_when_the_last_rename_fails_the_first_is_taken_back(
    files: tuple[GitRepo, GitRepository], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, opened = files
    known = names(repo)
    change = Change((Edit("a.py", 4, "1", "2"), Edit("fresh.py", 0, "", "f\n"), Edit("pkg/b.py", 4, "1", "2")))
    renames = os.rename

    def full(old: bytes, new: bytes, **folders: int) -> None:
        if new == b"b.py":
            raise OSError(28, "No space left on device")
        renames(old, new, **folders)

    monkeypatch.setattr(work_tree.os, "rename", full)
    with pytest.raises(HealerError, match="No space left on device"):
        opened.apply_to_work_tree(change)
    assert (repo.path / "a.py").read_text() == "a = 1\n"
    assert names(repo) == known
