"""Taking back on real repositories: squash, merge and range in one commit, and ids of changes as git gives them."""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.errors import AlreadyGoneError, RepositoryError
from gitops_healer.ports import Conflict, Signature

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
WHO = Signature("Healer", "healer@example.org", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
LONG = "".join(f"line {number}\n" for number in range(30))


def files_at(repository: GitRepository, commit: str) -> dict[str, bytes]:
    return {file.path: repository.read_blob(file.blob) for file in repository.files(commit)}


def tree_of(repository: GitRepository, commit: str) -> str:
    return repository.commit(commit).tree


def taken_back(repository: GitRepository, commit: str, onto: str, since: str = "") -> str:
    made = repository.revert(commit, onto, "Take back\n", WHO, since)
    assert isinstance(made, str), made
    return made


def head(repo: GitRepo) -> str:
    return str(repo.git("rev-parse", "HEAD"))


# Ways to merge


def merged_by(repo: GitRepo, way: str) -> tuple[str, str, str]:
    """(base before, what the forge calls the merge, first commit of the branch): two commits, merged this way."""
    base = head(repo)
    repo.git("checkout", "-q", "-b", "change")
    first = repo.commit({"a.py": LONG.replace("line 3\n", "LINE 3\n")}, "one")
    repo.commit({"a.py": LONG.replace("line 3\n", "LINE 3\n").replace("line 20\n", ""), "new.py": "x = 1\n"}, "two")
    repo.git("checkout", "-q", "main")
    match way:
        case "squash":
            repo.git("merge", "-q", "--squash", "change")
            repo.git("commit", "-q", "-m", "Both (#7)")
        case "merge":
            repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7", "change")
        case "rebase":
            repo.git("rebase", "-q", "--force-rebase", "main", "change")
            repo.git("checkout", "-q", "main")
            repo.git("merge", "-q", "--ff-only", "change")
    return base, head(repo), first


@pytest.mark.parametrize("way", ["squash", "merge", "rebase"])
def test_what_a_pull_request_brought_is_taken_back_in_one_commit_however_it_was_merged(
    make_repo: MakeRepo, way: str
) -> None:
    repo = make_repo({"a.py": LONG, "b.py": "b = 1\n"})
    base, merged, _ = merged_by(repo, way)
    later = repo.commit({"b.py": "b = 2\n", "a.py": (repo.path / "a.py").read_text() + "end\n"}, "later")
    repository = open_repository(repo.path)
    made = taken_back(repository, merged, later, base)
    assert files_at(repository, made) == {"a.py": f"{LONG}end\n".encode(), "b.py": b"b = 2\n"}
    assert repository.commit(made).parents == (later,)
    assert repository.patch_id(made, later) == repository.patch_id(base, merged)  # a pure revert
    assert tree_of(repository, taken_back(repository, merged, merged, base)) == tree_of(repository, base)


def test_without_a_range_only_the_last_commit_of_a_rebase_goes(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG, "b.py": "b = 1\n"})
    _, merged, _ = merged_by(repo, "rebase")
    repository = open_repository(repo.path)
    kept = files_at(repository, taken_back(repository, merged, merged))
    assert kept["a.py"].decode() == LONG.replace("line 3\n", "LINE 3\n")


def test_a_range_that_is_none_is_refused(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n"})
    first = head(repo)
    second = repo.commit({"a.py": "2\n"}, "later")
    repository = open_repository(repo.path)
    with pytest.raises(RepositoryError, match="does not come before"):
        repository.revert(first, second, "x", WHO, since=second)
    taken = taken_back(repository, second, second, first)
    with pytest.raises(AlreadyGoneError, match="already gone"):
        repository.revert(second, taken, "x", WHO, since=first)


def test_a_conflict_writes_nothing_and_may_be_settled(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": LONG, "run.sh": "old\n", "c.py": "c = 1\n"})
    (repo.path / "run.sh").chmod(0o755)
    repo.git("update-index", "--chmod=+x", "run.sh")
    base = repo.commit({"c.py": "c = 2\n"}, "mode")
    merged = repo.commit({"a.py": LONG.replace("line 3\n", "LINE 3\n"), "run.sh": "new\n", "c.py": "c = 3\n"}, "m")
    onto = repo.commit({"a.py": LONG.replace("line 3\n", "Line three\n"), "run.sh": "newer\n", "z.py": "z\n"}, "l")
    repository = open_repository(repo.path)
    assert repository.revert(merged, onto, "x", WHO, base) == Conflict(("a.py", "run.sh"))
    assert repository.revert(merged, onto, "x", WHO, base, {"a.py": b"mine\n"}) == Conflict(("run.sh",))
    made = repository.revert(merged, onto, "x", WHO, base, {"a.py": b"mine\n", "run.sh": b"old\n"})
    assert isinstance(made, str)
    assert files_at(repository, made) == {"a.py": b"mine\n", "run.sh": b"old\n", "c.py": b"c = 2\n", "z.py": b"z\n"}
    assert "100755 run.sh" in repo.git("ls-tree", "--format=%(objectmode) %(path)", made)
    gone = repository.revert(merged, onto, "x", WHO, base, {"a.py": b"mine\n", "run.sh": None})
    assert isinstance(gone, str)
    assert "run.sh" not in files_at(repository, gone)


# Random histories

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=8).map("".join)
TREES = st.fixed_dictionaries({"one.py": LINES, "two.py": LINES, "in/three.py": LINES})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(TREES, min_size=3, max_size=3))
def test_a_clean_revert_is_the_inverse_and_applying_again_gives_what_stood_there(
    make_repo: MakeRepo, histories: list[dict[str, str]]
) -> None:
    """Files that only one side changed come out as the inverse makes them; what was taken back can land again."""
    repository = open_repository(shared(make_repo).path)
    since, commit, onto = grown(repository, histories)
    try:
        made = repository.revert(commit, onto, "x", WHO, since)
    except AlreadyGoneError:
        return
    if isinstance(made, Conflict):
        assert all(repository.blob_at(onto, path) != repository.blob_at(commit, path) for path in made.paths)
        return
    before, then, now, back = (files_at(repository, known) for known in (since, commit, onto, made))
    for path in before.keys() | then.keys() | now.keys():
        if now.get(path) == then.get(path):
            assert back.get(path) == before.get(path)
        elif before.get(path) == then.get(path):
            assert back.get(path) == now.get(path)
    again = repository.revert(made, made, "again", WHO)
    assert isinstance(again, str)
    assert tree_of(repository, again) == tree_of(repository, onto)


def shared(make_repo: MakeRepo, known: dict[int, GitRepo] = {}) -> GitRepo:  # noqa: B006
    """One repository for all examples: no ref moves, commits just add up."""
    if not known:
        known[0] = make_repo({"README.md": "x\n"})
    return known[0]


def grown(repository: GitRepository, histories: list[dict[str, str]]) -> tuple[str, ...]:
    made: list[str] = []
    for tree in histories:
        before = files_at(repository, made[-1]) if made else {}
        files: dict[str, bytes | None] = {path: text.encode() for path, text in tree.items()}
        files |= {path: None for path in before if path not in tree}
        made.append(repository.commit_files(made[-1] if made else None, files, "step\n", WHO))
    return tuple(made)


# Ids of changes

Files = dict[str, bytes]
CHANGES: dict[str, tuple[Files, Files]] = {
    "an edit": ({"a.py": LONG.encode()}, {"a.py": LONG.replace("line 5\n", "LINE 5\n").encode()}),
    "two files": ({"a": b"x\n", "b": b"x\n"}, {"a": b"y\n", "b": b"y y\n"}),
    "the last newline": ({"a": b"x\n"}, {"a": b"x"}),
    "a new file": ({"a": b"x\n"}, {"a": b"x\n", "c/d": b"new\n"}),
    "a new empty file": ({"a": b"x\n"}, {"a": b"x\n", "c/d": b""}),
    "a file that went": ({"a": b"x\n", "b": b"z"}, {"a": b"x\n"}),
    "a rename": ({"a": LONG.encode()}, {"b": LONG.encode()}),
    "binary": ({"a": b"\0\1\2"}, {"a": b"\0\1\3"}),
    "new binary": ({"z": b"z\n"}, {"z": b"z\n", "a": b"\0\1"}),
    "white space": ({"a": b"x y\n"}, {"a": b"x  y\n"}),
    "line ends": ({"a": b"x\n"}, {"a": b"x\r\n"}),
    "a lonely carriage return": ({"a": b"x\ry\n"}, {"a": b"x\rz\n"}),
    "odd names": ({"a b.py": b"x\n", "\u00fc.py": b"a\n", 'q"\t': b"q\n"}, {"a b.py": b"y\n", "\u00fc.py": b"b\n"}),
    "no UTF-8": ({"a": b"\xe9\n"}, {"a": b"\xe8\n"}),
    "text like headers": ({"a": b"-- x\n++ y\n"}, {"a": b"- x\n+ y\n@@ -1 +1 @@\n"}),
    "all at once": (
        {"a": b"x\n", "b.bin": b"\0a", "c": b"c\n", "d": b"d\n"},
        {"a": b"y\n", "b.bin": b"\0b", "c": b"C\n", "e": b"", "f": b"f\n"},
    ),
    "nothing": ({"a": b"x\n"}, {"a": b"x\n"}),
}


def gits_patch_id(path: Path, base: str, head: str) -> str:
    def git(*words: str, given: bytes = b"") -> bytes:
        own = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(["git", *words], cwd=path, input=given, check=True, capture_output=True, env=own).stdout

    said = git("patch-id", "--stable", given=git("diff", "--no-renames", "--full-index", base, head)).split()
    return said[0].decode() if said else ""


@pytest.mark.parametrize("name", CHANGES)
def test_the_id_of_a_change_is_that_of_git(make_repo: MakeRepo, name: str) -> None:
    repository = open_repository(shared(make_repo).path)
    before, after = CHANGES[name]
    base = repository.commit_files(None, dict(before), "base\n", WHO)
    removed: dict[str, bytes | None] = dict.fromkeys(before.keys() - after.keys())
    head = repository.commit_files(base, {**after, **removed}, "head\n", WHO)
    assert repository.patch_id(base, head) == gits_patch_id(repository.path, base, head)
    assert (repository.patch_id(base, head) == "") == (before == after)


def test_a_mode_and_a_link_count(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.sh": "x\n"})
    base = head(repo)
    (repo.path / "a.sh").chmod(0o755)
    (repo.path / "link").symlink_to("a.sh")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "mode")
    assert open_repository(repo.path).patch_id(base, head(repo)) == gits_patch_id(repo.path, base, head(repo))
