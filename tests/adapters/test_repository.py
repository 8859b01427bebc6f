"""GitRepository on real repositories: what it reads, writes and refuses, and what it never touches."""

import contextlib
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.trees import (
    EXECUTABLE,
    FILE,
    SUBMODULE,
    SYMLINK,
    TREE,
    Entry,
    format_tree,
    parse_tree,
    stays_inside,
)
from gitops_healer.core.change import Change, Edit, replace_span, whole_file
from gitops_healer.errors import HealerError, LostRaceError, RepositoryError, StaleEditError, UsageError
from gitops_healer.ports import Conflict, RefUpdate, Repository, Signature

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
WHO = Signature("Healer", "healer@example.org", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
ODD = ["a b.py", "new\nline.py", "caf\udce9.py", "ünïcode.py", "-dash.py", 'quo"te.py', "tab\t.py", "*?[].py"]


def raw_tree(repo: GitRepo, *entries: tuple[int, bytes, str]) -> str:
    """A tree object as an attacker would write it, unsorted and unchecked."""
    data = b"".join(b"%o %s\0%s" % (mode, name, bytes.fromhex(object_id)) for mode, name, object_id in entries)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
        cwd=repo.path, input=data, check=True, capture_output=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


def blob(repo: GitRepo, data: bytes) -> str:
    return open_repository(repo.path).write_blob(data)


def commit_of_tree(repo: GitRepo, tree: str) -> str:
    return repo.git("commit-tree", "-m", "crafted", tree)


def found(directory: Path) -> dict[str, str]:
    """{relative path: what is there} of everything below a directory, links not followed."""
    shown = {}
    for path in sorted(directory.rglob("*")):
        kind = f"-> {path.readlink()}" if path.is_symlink() else "dir" if path.is_dir() else path.read_text()
        shown[path.relative_to(directory).as_posix()] = kind
    return shown


def test_it_is_a_repository(make_repo: MakeRepo) -> None:
    opened: Repository = open_repository(make_repo({"a.py": "x"}).path)
    assert opened.head_branch() == "main"


# Opening


def test_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="does not exist"):
        open_repository(tmp_path / "nowhere")


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryError, match="is a file"):
        open_repository(tmp_path / "file")


def test_a_plain_directory_is_told_how_to_become_one(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="init"):
        open_repository(tmp_path)


@pytest.mark.parametrize("content", ["", "nonsense\n", "gitdir: /nowhere\n"])
def test_a_broken_git_file(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    with pytest.raises(RepositoryError, match=r"git"):
        open_repository(tmp_path)


def test_a_broken_configuration(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    (repo.path / ".git" / "config").write_text("[core\nbroken")
    with pytest.raises(RepositoryError, match="broken git repository"):
        open_repository(repo.path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_somebody_else(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    for path in (repo.path, repo.path / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(RepositoryError, match=r"safe\.directory"):
        open_repository(repo.path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_repository_that_may_not_be_read(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    repo.path.chmod(0)
    try:
        with pytest.raises(RepositoryError, match="cannot be read"):
            open_repository(repo.path)
    finally:
        repo.path.chmod(0o700)


def test_a_format_that_cannot_be_read(tmp_path: Path) -> None:
    done = subprocess.run(["git", "init", "-q", "--object-format=sha256", str(tmp_path / "r")], capture_output=True)
    if done.returncode:
        pytest.skip("this git has no SHA-256")
    with pytest.raises(RepositoryError, match="SHA-1"):
        open_repository(tmp_path / "r")


def test_an_empty_repository_opens(make_repo: MakeRepo) -> None:
    opened = open_repository(make_repo().path)
    assert opened.resolve("HEAD") is None
    assert opened.resolve("main") is None
    assert opened.head_branch() == "main"
    assert opened.refs("refs/") == {}
    assert opened.checked_out("main")
    assert not opened.is_shallow()


def test_a_directory_below_the_top_opens_the_whole(make_repo: MakeRepo) -> None:
    repo = make_repo({"pkg/a.py": "x"})
    assert open_repository(repo.path / "pkg").path == repo.path


def test_a_bare_repository(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    bare = open_repository(repo.path.parent / "bare.git")
    assert bare.path == repo.path.parent / "bare.git"
    assert bare.state_dir == bare.path / "gitops-healer"
    assert bare.read(bare.resolve("main") or "", "a.py") == b"x"
    assert not bare.checked_out("main")


def test_a_linked_work_tree_shares_its_state(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    repo.git("worktree", "add", "-q", "-b", "side", "../side")
    linked, main = open_repository(repo.path.parent / "side"), open_repository(repo.path)
    assert linked.path == repo.path.parent / "side"
    assert linked.state_dir == main.state_dir == repo.path / ".git" / "gitops-healer"
    assert (linked.head_branch(), main.head_branch()) == ("side", "main")
    assert main.checked_out("side")
    assert linked.checked_out("main")
    assert not main.checked_out("other")
    commit = linked.commit_files(linked.resolve("HEAD"), {"b.py": b"y"}, "m", WHO)
    linked.update_refs([RefUpdate("refs/healer/x", commit, "")], "test")
    assert main.refs("refs/healer/") == {"refs/healer/x": commit}


def test_a_branch_that_a_rebase_will_return_to_is_checked_out(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"a.py": "2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"a.py": "3\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("rebase", "main", check=False)
    opened = open_repository(repo.path)
    assert opened.head_branch() is None
    assert opened.checked_out("topic")


def test_a_detached_head_has_no_branch(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    repo.git("checkout", "-q", "--detach")
    opened = open_repository(repo.path)
    assert opened.head_branch() is None
    assert opened.resolve("HEAD") == repo.git("rev-parse", "main")


def test_a_shallow_clone_ends_at_its_boundary(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1"})
    for number in range(5):
        repo.commit({"a.py": str(number)})
    repo.git("clone", "-q", "--depth=2", f"file://{repo.path}", "../shallow")
    shallow = open_repository(repo.path.parent / "shallow")
    head = shallow.resolve("HEAD")
    assert head is not None
    assert shallow.is_shallow()
    assert len(list(shallow.log(head))) == 2
    oldest = list(shallow.log(head))[-1]
    assert oldest.parents == ()
    assert shallow.is_ancestor(oldest.id, head)
    assert shallow.changed_paths(oldest.id, head) == ("a.py",)


# Reading


def test_names_of_all_kinds(make_repo: MakeRepo) -> None:
    repo = make_repo({name: f"# {number}\n" for number, name in enumerate(ODD)})
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD") or ""
    assert {file.path for file in opened.files(head)} == set(ODD)
    for file in opened.files(head):
        assert opened.read(head, file.path) == opened.read_blob(file.blob)
        assert file.size == len(opened.read_blob(file.blob))
    changed = opened.commit_files(head, {"caf\udce9.py": b"changed"}, "m", WHO)
    assert opened.changed_paths(head, changed) == ("caf\udce9.py",)
    assert "\ufffd" in opened.diff(head, changed) or "\\351" in opened.diff(head, changed)


def test_files_come_in_path_order_without_links_and_submodules(make_repo: MakeRepo) -> None:
    repo = make_repo({"a/b.py": "1", "a.py": "2", "a-b.py": "3", "z/y/x.py": "4"})
    (repo.path / "link.py").symlink_to("a.py")
    (repo.path / "sub").mkdir()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    head = repo.commit()
    opened = open_repository(repo.path)
    assert [file.path for file in opened.files(head)] == ["a-b.py", "a.py", "a/b.py", "z/y/x.py"]
    assert opened.read(head, "link.py") is None
    assert opened.read(head, "sub") is None


@pytest.mark.parametrize(
    "path", ["", ".", "..", "a", "/a/b.py", "a//b.py", "a/b.py/", "a/../a/b.py", "nope", "a/b.py/c"]
)
def test_only_exact_paths_of_files_are_read(make_repo: MakeRepo, path: str) -> None:
    repo = make_repo({"a/b.py": "1"})
    opened = open_repository(repo.path)
    assert opened.read(opened.resolve("HEAD") or "", path) is None


def test_revisions_of_all_kinds(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    head = repo.git("rev-parse", "HEAD")
    repo.git("tag", "-a", "-m", "annotated", "v1")
    repo.git("update-ref", "refs/healer/x", head)
    opened = open_repository(repo.path)
    for rev in ("main", "v1", "HEAD", "refs/heads/main", "refs/healer/x", head, head[:8]):
        assert opened.resolve(rev) == head
    tree = repo.git("rev-parse", "HEAD^{tree}")
    for rev in ("", "nope", "a\0b", "caf\udce9", "main..v1", "--all", "f" * 40, "x" * 5000, tree, "HEAD:a.py", "-"):
        assert opened.resolve(rev) is None


@pytest.mark.parametrize("commit", ["", "main", "HEAD", "f" * 40, "F" * 40, "zz", "--help", "abc"])
def test_what_is_no_commit_id_is_refused(make_repo: MakeRepo, commit: str) -> None:
    opened = open_repository(make_repo({"a.py": "x"}).path)
    with pytest.raises(RepositoryError, match="not the full id of a commit"):
        opened.commit(commit)
    with pytest.raises(RepositoryError):
        list(opened.files(commit))


def test_a_missing_blob_says_what_to_do(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x", "b.py": "y"})
    object_id = repo.git("rev-parse", "HEAD:b.py")
    (repo.path / ".git/objects" / object_id[:2] / object_id[2:]).unlink()
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD") or ""
    assert opened.read(head, "a.py") == b"x"
    with pytest.raises(RepositoryError, match="git fsck"):
        opened.read(head, "b.py")
    with pytest.raises(RepositoryError, match="git fsck"):
        list(opened.files(head))


def test_a_commit_is_read_as_it_was_written(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD")
    east = Signature("Näme", "n@example.org", datetime(2026, 3, 4, 7, 6, 7, 999_999, timezone(timedelta(hours=2))))
    made = opened.commit(opened.commit_files(head, {"b.py": b""}, "Subject\n\nBody ü\n", east))
    assert made.parents == (head,)
    assert (
        made.author == made.committer == Signature("Näme", "n@example.org", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
    )
    assert made.message == "Subject\n\nBody ü\n"
    with pytest.raises(ValueError, match="aware"):
        opened.commit_files(head, {}, "m", Signature("n", "e", datetime(2026, 1, 1)))


def test_hostile_signatures_and_messages_cannot_forge_headers(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    opened = open_repository(repo.path)
    who = Signature("Evil <x@y>\nparent " + "0" * 40, "a@b>\n", WHO.when)
    made = opened.commit_files(opened.resolve("HEAD"), {}, "sub\0ject \udce9", who)
    assert opened.commit(made).parents == (opened.resolve("HEAD"),)
    assert repo.git("fsck", made) == ""


def test_log_is_newest_first_and_stops_where_asked(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "0"})
    commits = [repo.git("rev-parse", "HEAD"), *(repo.commit({"a.py": str(number)}) for number in range(1, 6))]
    opened = open_repository(repo.path)
    assert [commit.id for commit in opened.log(commits[-1])] == commits[::-1]
    assert [commit.id for commit in opened.log(commits[-1], limit=2)] == commits[:-3:-1]
    assert [commit.id for commit in opened.log(commits[-1], exclude=commits[2])] == commits[:2:-1]
    assert opened.is_ancestor(commits[0], commits[-1])
    assert opened.is_ancestor(commits[0], commits[0])
    assert not opened.is_ancestor(commits[-1], commits[0])


def test_log_never_shows_a_parent_before_its_child_whatever_the_clocks_said(make_repo: MakeRepo) -> None:
    opened = open_repository(make_repo().path)
    commits: list[str] = []
    for day in (1, 9, 3, 7, 2):
        who = Signature("n", "e", datetime(2026, 1, day, tzinfo=UTC))
        commits.append(opened.commit_files(commits[-1] if commits else None, {"d": b"%d" % day}, "m", who))
    assert [commit.id for commit in opened.log(commits[-1])] == commits[::-1]


def test_attributes_of_the_code_decide_nothing(make_repo: MakeRepo) -> None:
    """`-diff` would hide a change from people, `merge=union` would merge what nobody looked at."""
    repo = make_repo({".gitattributes": "*.py -diff merge=union\n", "a.py": "1\n"})
    base = repo.git("rev-parse", "HEAD")
    ours = repo.commit({"a.py": "2\n"})
    opened = open_repository(repo.path)
    theirs = opened.commit_files(base, {"a.py": b"3\n"}, "m", WHO)
    assert "+2" in opened.diff(base, ours)
    assert opened.mergeable(ours, theirs) == Conflict(("a.py",))


def test_large_files(make_repo: MakeRepo, tmp_path: Path) -> None:
    data = os.urandom(1024) * 50 * 1024
    opened = open_repository(make_repo().path)
    commit = opened.commit_files(None, {"big.bin": data}, "m", WHO)
    assert opened.read(commit, "big.bin") == data
    assert next(opened.files(commit)).size == len(data)
    target = tmp_path / "out"
    target.mkdir()
    opened.export(commit, target)
    assert (target / "big.bin").stat().st_size == len(data)


# Writing commits


def test_a_change_becomes_a_commit_and_nothing_else(make_repo: MakeRepo) -> None:
    repo = make_repo({"pkg/a.py": "one\ntwo\n", "b.py": "b"})
    (repo.path / "pkg/a.py").chmod(0o755)
    base = repo.commit()
    repo.write({"dirty.py": "not committed", "b.py": "edited"})
    before = repo.git("status", "--porcelain"), repo.git("for-each-ref"), (repo.path / ".git/index").read_bytes()
    opened = open_repository(repo.path)
    change = Change((replace_span("pkg/a.py", b"one\ntwo\n", 4, 7, "2"), Edit("pkg/new/c.py", 0, "", "new")))
    made = opened.commit_change(base, change, "m", WHO)
    assert opened.read(made, "pkg/a.py") == b"one\n2\n"
    assert opened.read(made, "pkg/new/c.py") == b"new"
    assert opened.changed_paths(base, made) == ("pkg/a.py", "pkg/new/c.py")
    assert repo.git("ls-tree", made, "pkg/a.py").startswith("100755")
    assert made == opened.commit_change(base, change, "m", WHO)
    assert before == (
        repo.git("status", "--porcelain"),
        repo.git("for-each-ref"),
        (repo.path / ".git/index").read_bytes(),
    )
    assert repo.git("fsck", "--strict", made) == ""


def test_a_change_of_other_bytes_is_stale(make_repo: MakeRepo) -> None:
    opened = open_repository(make_repo({"a.py": "one\n"}).path)
    with pytest.raises(StaleEditError, match=r"a\.py"):
        opened.commit_change(opened.resolve("HEAD") or "", Change((Edit("a.py", 0, "two", "x"),)), "m", WHO)


@pytest.mark.parametrize("path", ["link.py", "sub", "dir", "a.py/below.py", "link.py/below.py"])
def test_only_regular_files_are_changed(make_repo: MakeRepo, path: str) -> None:
    repo = make_repo({"a.py": "1", "dir/b.py": "2"})
    (repo.path / "link.py").symlink_to("/etc/passwd")
    (repo.path / "sub").mkdir()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    head = repo.commit()
    opened = open_repository(repo.path)
    with pytest.raises(StaleEditError, match="not a"):
        opened.commit_change(head, Change((Edit(path, 0, "", "new"),)), "m", WHO)


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", ".git/hooks/pre-commit", "a/.GIT/config", "a//b", "", "a/", "x\0"]
)
def test_no_path_leads_out_or_into_git(make_repo: MakeRepo, tmp_path: Path, path: str) -> None:
    opened = open_repository(make_repo({"a.py": "1"}).path)
    head = opened.resolve("HEAD") or ""
    with pytest.raises(HealerError):
        opened.commit_files(head, {path: b"x"}, "m", WHO)
    (tmp_path / "out").mkdir()
    with pytest.raises(HealerError):
        opened.export(head, tmp_path / "out", Change((Edit(path, 0, "", "x"),)))
    assert found(tmp_path / "out") == {}


def test_removing_the_last_file_removes_its_directories(make_repo: MakeRepo) -> None:
    repo = make_repo({"a/b/c.py": "1", "d.py": "2"})
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD")
    made = opened.commit_files(head, {"a/b/c.py": None, "nope.py": None, "no/where.py": None}, "m", WHO)
    assert repo.git("ls-tree", "-r", "-t", "--name-only", made) == "d.py"
    empty = opened.commit_files(made, {"d.py": None}, "m", WHO)
    assert list(opened.files(empty)) == []
    assert repo.git("fsck", "--strict", empty) == ""


PARTS = st.sampled_from(["a", "b", "c.py", "d-e", "d", "d.f"])
PATHS = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(PATHS, st.none() | st.binary(max_size=3)), max_size=12))
def test_commit_files_agrees_with_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bytes | None]]
) -> None:
    path = tmp_path_factory.mktemp("model")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    opened = open_repository(path)
    model: dict[str, bytes] = {}
    parent = None
    for name, data in steps:
        clash = any(known.startswith(f"{name}/") or name.startswith(f"{known}/") for known in model)
        if clash:
            with pytest.raises(StaleEditError):
                opened.commit_files(parent, {name: data}, "m", WHO)
            continue
        parent = opened.commit_files(parent, {name: data}, "m", WHO)
        if data is None:
            model.pop(name, None)
        else:
            model[name] = data
        assert {file.path: opened.read_blob(file.blob) for file in opened.files(parent)} == model
    assert parent is None or subprocess.run(["git", "-C", str(path), "fsck", "--strict", parent]).returncode == 0


# Merging and taking back


def test_squash_holds_what_a_branch_changed(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "a\n", "b.py": "b\n"})
    opened = open_repository(repo.path)
    base = opened.resolve("HEAD") or ""
    first = opened.commit_files(base, {"a.py": b"A\n"}, "1", WHO)
    head = opened.commit_files(first, {"c.py": b"c\n"}, "2", WHO)
    onto = repo.commit({"b.py": "B\n"})
    made = opened.squash(onto, head, "both", WHO)
    assert isinstance(made, str)
    assert opened.commit(made).parents == (onto,)
    assert {file.path: opened.read_blob(file.blob) for file in opened.files(made)} == {
        "a.py": b"A\n", "b.py": b"B\n", "c.py": b"c\n",
    }  # fmt: skip
    assert opened.mergeable(onto, head) is None


def test_conflicts_name_their_paths_and_write_nothing(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n", "caf\udce9": "1\n"})
    opened = open_repository(repo.path)
    base = opened.resolve("HEAD") or ""
    head = opened.commit_files(base, {"a.py": b"2\n", "caf\udce9": b"2\n"}, "m", WHO)
    onto = repo.commit({"a.py": "3\n", "caf\udce9": "3\n"})
    refs = opened.refs("refs/")
    assert opened.squash(onto, head, "m", WHO) == Conflict(("a.py", "caf\udce9"))
    assert opened.mergeable(onto, head) == Conflict(("a.py", "caf\udce9"))
    assert opened.revert(base, onto, "m", WHO) == Conflict(("a.py", "caf\udce9"))
    assert opened.refs("refs/") == refs


def test_a_file_deleted_on_one_side_and_changed_on_the_other_is_a_conflict(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n", "b.py": "x"})
    opened = open_repository(repo.path)
    base = opened.resolve("HEAD") or ""
    gone, changed = (opened.commit_files(base, {"a.py": data}, "m", WHO) for data in (None, b"2\n"))
    assert opened.mergeable(gone, changed) == Conflict(("a.py",))
    assert opened.mergeable(changed, gone) == Conflict(("a.py",))


def test_branches_without_common_history(make_repo: MakeRepo) -> None:
    opened = open_repository(make_repo({"a.py": "1\n"}).path)
    other = opened.commit_files(None, {"a.py": b"1\n"}, "m", WHO)
    with pytest.raises(HealerError, match="no common history"):
        opened.mergeable(opened.resolve("HEAD") or "", other)


def test_revert_takes_one_commit_back_and_keeps_what_came_after(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n2\n3\n4\n5\n6\n7\n8\n"})
    bad = repo.commit({"a.py": "bad\n2\n3\n4\n5\n6\n7\n8\n", "new.py": "x"})
    later = repo.commit({"a.py": "bad\n2\n3\n4\n5\n6\n7\nlater\n"})
    opened = open_repository(repo.path)
    made = opened.revert(bad, later, "take back", WHO)
    assert isinstance(made, str)
    assert opened.commit(made).parents == (later,)
    assert opened.read(made, "a.py") == b"1\n2\n3\n4\n5\n6\n7\nlater\n"
    assert opened.read(made, "new.py") is None
    with pytest.raises(HealerError, match="nothing to take back"):
        opened.revert(bad, made, "again", WHO)


def test_the_first_commit_and_a_merge_can_be_taken_back(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1\n"})
    root = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"side.py": "s"})
    repo.git("checkout", "-q", "main")
    ours = repo.commit({"ours.py": "o"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD") or ""
    unmerged = opened.revert(head, head, "m", WHO)
    assert isinstance(unmerged, str)
    assert opened.commit(unmerged).tree == opened.commit(ours).tree
    unborn = opened.revert(root, head, "m", WHO)
    assert isinstance(unborn, str)
    assert {file.path for file in opened.files(unborn)} == {"ours.py", "side.py"}


CONTENTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\xff\n"]), max_size=6).map(b"".join)


@settings(max_examples=30, deadline=None)
@given(CONTENTS, CONTENTS)
def test_a_change_taken_back_gives_the_same_tree(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    path = tmp_path_factory.mktemp("revert")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    opened = open_repository(path)
    base = opened.commit_files(None, {"a": before, "b": b""}, "m", WHO)
    if before == after:
        return
    made = opened.commit_change(base, whole_file("a", before, after), "m", WHO)
    assert opened.read(made, "a") == after
    back = opened.revert(made, made, "m", WHO)
    assert isinstance(back, str)
    assert opened.commit(back).tree == opened.commit(base).tree


# Exporting


def test_export_is_what_a_checkout_is(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({**{name: f"{name!r}" for name in ODD}, "deep/er/x.py": "x", "run.sh": "#!/bin/sh\n", "empty": ""})
    (repo.path / "run.sh").chmod(0o755)
    (repo.path / "deep/link.py").symlink_to("../run.sh")
    head = repo.commit()
    target = tmp_path / "out"
    target.mkdir()
    open_repository(repo.path).export(head, target)
    compared = subprocess.run(["diff", "-r", "--no-dereference", "-x", ".git", repo.path, target], capture_output=True)
    assert compared.stdout == b""
    assert (target / "run.sh").stat().st_mode & 0o111
    assert not (target / "empty").stat().st_mode & 0o111


def test_export_applies_a_change(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a.py": "one", "b.py": "two"})
    (repo.path / "a.py").chmod(0o755)
    head = repo.commit()
    target = tmp_path / "out"
    target.mkdir()
    opened = open_repository(repo.path)
    opened.export(head, target, Change((Edit("a.py", 0, "one", "ONE"), Edit("x/new.py", 0, "", "new"))))
    assert found(target) == {"a.py": "ONE", "b.py": "two", "x": "dir", "x/new.py": "new"}
    assert (target / "a.py").stat().st_mode & 0o111
    with pytest.raises(StaleEditError):
        opened.export(head, target, Change((Edit("a.py", 0, "else", "x"),)))


def test_links_that_lead_out_are_left_out(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"dir/sub/a.py": "a"})
    outward = {"abs": "/etc/passwd", "up": "../x", "dir/up2": "../../x", "dir/twist": "sub/../../../x", "dir/loop": "."}
    inward = {"in": "dir/sub/a.py", "dir/sub/back": "../../dir", "dangling": "nowhere", "dir/self": "self"}
    for name, link in {**outward, **inward, "git": ".git/config"}.items():
        (repo.path / name).symlink_to(link)
    head = repo.commit()
    target = tmp_path / "out"
    target.mkdir()
    open_repository(repo.path).export(head, target)
    links = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_symlink()}
    assert links == {*inward, "dir/loop"}


LINKS = st.lists(st.sampled_from(["..", ".", "", "d", "e", "l1", "l2", "f"]), min_size=1, max_size=5).map("/".join)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["l1", "l2", "d/l1", "d/e/l2", "d/e/f"]), LINKS, min_size=1))
def test_no_combination_of_links_leads_out(tmp_path_factory: pytest.TempPathFactory, links: dict[str, str]) -> None:
    root = tmp_path_factory.mktemp("links") / "root"
    (root / "d" / "e").mkdir(parents=True)
    kept = {name: link for name, link in links.items() if stays_inside(name.encode(), link.encode())}
    for name, link in kept.items():
        (root / name).symlink_to(link)
    for name in kept:
        with contextlib.suppress(OSError):  # a loop, or a way to nowhere
            assert os.path.realpath(root / name, strict=True).startswith(str(root))


@pytest.mark.parametrize(
    "name",
    [b".git", b".GIT", b".Git", b"git~1", b"GIT~1", b".git ", b".git.", b".g\xe2\x80\x8cit", b".git::$INDEX_ALLOCATION",
     b"..", b".", b""],
)  # fmt: skip
def test_hostile_names_are_left_out(make_repo: MakeRepo, tmp_path: Path, name: bytes) -> None:
    repo = make_repo({"a.py": "x"})
    evil = blob(repo, b"evil")
    below = raw_tree(repo, (FILE, b"config", evil))
    tree = raw_tree(repo, (FILE, b"ok.py", evil), (TREE, name, below), (SYMLINK, name, evil), (FILE, name, evil))
    commit = commit_of_tree(repo, tree)
    target = tmp_path / "out"
    target.mkdir()
    open_repository(repo.path).export(commit, target)
    assert found(target) == {"ok.py": "evil"}
    assert not (tmp_path / "config").exists()


def test_nothing_is_written_through_a_planted_link(make_repo: MakeRepo, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    repo = make_repo({"a.py": "x"})
    below = raw_tree(repo, (FILE, b"planted", blob(repo, b"evil")))
    for link in (str(outside).encode(), b"inside", b"../outside"):
        pointer = blob(repo, link)
        for entries in (
            [(SYMLINK, b"d", pointer), (TREE, b"d", below)],
            [(TREE, b"d", below), (SYMLINK, b"d", pointer)],
            [(SYMLINK, b"d", pointer), (FILE, b"d/planted", blob(repo, b"evil"))],
            [(SYMLINK, b"d", pointer), (FILE, b"d", blob(repo, b"evil"))],
        ):
            target = tmp_path / "out" / str(abs(hash((link, str(entries)))))
            target.mkdir(parents=True)
            open_repository(repo.path).export(commit_of_tree(repo, raw_tree(repo, *entries)), target)
    assert found(outside) == {}


def test_submodules_become_empty_directories(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a.py": "x"})
    tree = raw_tree(repo, (FILE, b"a.py", blob(repo, b"x")), (SUBMODULE, b"sub", "1" * 40))
    target = tmp_path / "out"
    target.mkdir()
    open_repository(repo.path).export(commit_of_tree(repo, tree), target)
    assert found(target) == {"a.py": "x", "sub": "dir"}


def test_endless_nesting_is_an_error(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x"})
    tree = raw_tree(repo, (FILE, b"f", blob(repo, b"x")))
    opened = open_repository(repo.path)
    for _ in range(300):
        tree = str(opened._objects._repo.write(2, format_tree([Entry(TREE, b"d", tree)])))
    with pytest.raises(RepositoryError, match="deeper"):
        list(opened.files(commit_of_tree(repo, tree)))


@pytest.mark.parametrize("data", [b"x", b"100644 a", b"nope a\0" + b"1" * 20, b"\0\0\0"])
def test_a_damaged_tree_is_an_error(data: bytes) -> None:
    with pytest.raises(RepositoryError, match="damaged"):
        list(parse_tree(data))


def test_trees_survive_a_round_trip() -> None:
    entries = [Entry(TREE, b"a", "1" * 40), Entry(FILE, b"a.py", "2" * 40), Entry(EXECUTABLE, b"a-b", "3" * 40)]
    assert [entry.name for entry in parse_tree(format_tree(entries))] == [b"a-b", b"a.py", b"a"]
    assert sorted(parse_tree(format_tree(entries))) == sorted(entries)


# Refs


def test_refs_move_together_or_not_at_all(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1"})
    one, two = repo.git("rev-parse", "HEAD"), repo.commit({"a.py": "2"})
    opened = open_repository(repo.path)
    opened.update_refs([RefUpdate("refs/healer/a", one, ""), RefUpdate("refs/healer/b", two, "")], "make")
    assert opened.refs("refs/healer/") == {"refs/healer/a": one, "refs/healer/b": two}
    opened.update_refs([RefUpdate("refs/healer/a", two, one), RefUpdate("refs/healer/b", "", two)], "move\nand delete")
    assert opened.refs("refs/healer/") == {"refs/healer/a": two}
    for updates in (
        [RefUpdate("refs/healer/a", one, "")],
        [RefUpdate("refs/healer/a", one, one)],
        [RefUpdate("refs/healer/c", one, two)],
        [RefUpdate("refs/healer/a", "", one)],
        [RefUpdate("refs/healer/c", one, ""), RefUpdate("refs/healer/a", one, one)],
        [RefUpdate("refs/healer/c", one, ""), RefUpdate("refs/healer/a", one, one), RefUpdate("refs/x/y", one, "")],
        [RefUpdate("refs/healer/a", "", "")],
    ):
        with pytest.raises(LostRaceError):
            opened.update_refs(updates, "lost")
    assert opened.refs("refs/healer/") == {"refs/healer/a": two}
    opened.update_refs([RefUpdate("refs/healer/a", two, two), RefUpdate("refs/healer/none", "", "")], "only looked")
    opened.update_refs([], "nothing")
    blob_id = opened.write_blob(b"a status")
    opened.update_refs([RefUpdate("refs/healer/blob", blob_id, "")], "blobs may stand on refs")
    assert opened.refs("refs/healer/blob") == {"refs/healer/blob": blob_id}


@pytest.mark.parametrize(
    "ref",
    ["main", "HEAD", "", "refs/heads/../x", "refs/heads/x y", "refs/heads/x\ndelete refs/heads/main", "refs/heads/.x",
     "refs/heads/x.lock", "refs/heads/x/", "refs/heads//x", "refs/heads/x~1", "refs/heads/x:y", "refs/heads/@{1}",
     "--all", "refs/heads/x\0", "refs/heads/x*", "refs/heads/x."],
)  # fmt: skip
def test_ref_names_are_checked_before_git_sees_them(make_repo: MakeRepo, ref: str) -> None:
    repo = make_repo({"a.py": "1"})
    head = repo.git("rev-parse", "HEAD")
    with pytest.raises(UsageError, match="ref name"):
        open_repository(repo.path).update_refs([RefUpdate(ref, head, "")], "x")
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize("new", ["main", "0", "f" * 39, "f" * 41, "F" * 40, "-" * 40, "f" * 40 + "\n"])
def test_ids_are_checked_before_git_sees_them(make_repo: MakeRepo, new: str) -> None:
    opened = open_repository(make_repo({"a.py": "1"}).path)
    with pytest.raises(UsageError, match="object id"):
        opened.update_refs([RefUpdate("refs/healer/x", new, "")], "x")
    with pytest.raises(UsageError, match="object id"):
        opened.update_refs([RefUpdate("refs/healer/x", "", new)], "x")


def test_git_refuses_what_is_not_there(make_repo: MakeRepo) -> None:
    opened = open_repository(make_repo({"a.py": "1"}).path)
    with pytest.raises(HealerError, match="refused"):
        opened.update_refs([RefUpdate("refs/healer/x", "f" * 40, "")], "x")
    head = opened.resolve("HEAD") or ""
    with pytest.raises(HealerError, match="refused"):
        opened.update_refs([RefUpdate("refs/heads/main/below", head, "")], "x")


def test_a_stale_lock_is_named(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo({"a.py": "1"})
    lock = repo.path / ".git/refs/heads/other.lock"
    lock.write_text("")
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD") or ""
    with pytest.raises(HealerError, match=r"other\.lock.*rm "):
        opened.update_refs([RefUpdate("refs/heads/other", head, "")], "x")
    lock.unlink()
    opened.update_refs([RefUpdate("refs/heads/other", head, "")], "x")


def test_hooks_of_the_repository_do_not_run(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1"})
    trap = repo.path / "trap"
    for name in ("reference-transaction", "post-commit", "pre-push"):
        hook = repo.path / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{trap}'\n")
        hook.chmod(0o755)
    repo.git("config", "core.fsmonitor", f"touch '{trap}'")
    opened = open_repository(repo.path)
    head = opened.resolve("HEAD") or ""
    opened.update_refs([RefUpdate("refs/heads/other", head, "")], "x")
    repo.git("init", "-q", "--bare", "../bare.git")
    opened.git.push(str(repo.path.parent / "bare.git"), [RefUpdate("refs/heads/main", head, "")])
    assert not trap.exists()


def test_a_symbolic_ref_is_shown_as_what_it_points_to(make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "1"})
    head = repo.git("rev-parse", "HEAD")
    repo.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    repo.git("symbolic-ref", "refs/heads/nowhere", "refs/heads/gone")
    repo.git("pack-refs", "--all")
    assert open_repository(repo.path).refs("refs/heads/") == {"refs/heads/main": head, "refs/heads/alias": head}
