"""The local forge: the contract, and what only it promises. Real git, real processes."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.json_tree import JsonTree, Write
from gitops_healer.adapters.local_forge import REF, Issue, LocalForge
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.core.forge import Permission, PullState, Status, StatusState
from gitops_healer.errors import ForgeError, HealerError, LostRaceError
from gitops_healer.ports import RefUpdate, Signature
from tests.adapters.forge_contract import BLAME, MARKER, ForgeContract, Hands, proposed

START = datetime(2026, 3, 1, tzinfo=UTC)
HEALER = Signature("gitops-healer", "gitops-healer@example.org", START)


@dataclass
class TurnedClock:
    """Goes on by a second whenever somebody looks."""

    moment: datetime = START

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


def forge_of(repository: GitRepository, **more: Any) -> LocalForge:
    known: dict[str, Any] = {
        "maintainers": ("robin",),
        "git_identity": ("Maintainer", "maintainer@example.org", "osuser"),
    }
    return LocalForge(repository, TurnedClock(), "gitops-healer", HEALER, **{**known, **more})


@dataclass
class LocalGround(Hands):
    repo: Any
    repository: GitRepository
    forge: LocalForge
    base: str = "main"
    writer: str = "robin"
    stranger: str = "passer-by"
    shas: dict[str, str] = field(default_factory=dict)

    def commit(self, parent: str, files: Mapping[str, str]) -> str:
        data = {path: text.encode() for path, text in files.items()}
        return self.repository.commit_files(parent, data, "work", HEALER)

    def say(self, pull: int, login: str, body: str) -> None:
        self.forge.add_comment(pull, login, body)

    def close_issue(self, number: int) -> None:
        """By hand, in the file."""
        tree = JsonTree(self.repository, REF, TurnedClock(), HEALER)
        tree.look()
        issue = tree.read(f"issues/{number}.json", Issue)
        assert issue is not None
        tree.write(lambda: Write(None, {f"issues/{number}.json": replace(issue, open=False)}), "close it")

    def move(self, branch: str, commit: str) -> None:
        self.repo.git("update-ref", *([f"refs/heads/{branch}", commit] if commit else ["-d", f"refs/heads/{branch}"]))


@pytest.fixture(params=[False, True], ids=["checkout", "bare"])
def ground(request: pytest.FixtureRequest, make_repo: Callable[..., Any]) -> LocalGround:
    repo = make_repo({"a.txt": "a\n"})
    if request.param:
        bare = make_repo(name="bare.git", bare=True)
        repo.git("push", "--quiet", str(bare.path), "main")
        repo = bare
    repository = open_repository(repo.path)
    return LocalGround(repo, repository, forge_of(repository))


@pytest.fixture
def here(make_repo: Callable[..., Any]) -> LocalGround:
    repo = make_repo({"a.txt": "a\n"})
    repository = open_repository(repo.path)
    return LocalGround(repo, repository, forge_of(repository))


class TestLocalForge(ForgeContract):
    pass


# Where it is kept


def test_everything_is_in_one_ref_and_nothing_else_is_touched(here: LocalGround) -> None:
    status = here.repo.git("status", "--porcelain")
    index = (here.repo.path / ".git/index").read_bytes()
    number, head = proposed(here)
    here.forge.add_comment(number, "robin", "hello")
    here.forge.add_comment(0, "robin", "on the dashboard")
    here.forge.set_status(head, Status("ci", StatusState.SUCCESS))
    here.forge.set_permission("kim", Permission.READ)
    kept = here.repo.git("ls-tree", "-r", "--name-only", REF).splitlines()
    assert [path for path in kept if not path.startswith("statuses/")] == [
        "comments/0/2.json", "comments/1/1.json", "permissions.json", "pulls/1.json",
    ]  # fmt: skip
    assert len([path for path in kept if path.startswith(f"statuses/{head}/")]) == 1
    assert json.loads(here.repo.git("show", f"{REF}:pulls/1.json"))["title"] == "A title"
    assert (here.repo.path / ".git/index").read_bytes() == index
    assert here.repo.git("status", "--porcelain") == status
    assert set(here.repo.git("for-each-ref", "--format=%(refname)").splitlines()) == {
        REF, "refs/heads/healer/rule/1", "refs/heads/main",
    }  # fmt: skip
    here.repo.git("fsck", "--strict", "--no-dangling")


def test_a_merge_moves_the_branch_and_leaves_work_tree_and_index_alone(here: LocalGround) -> None:
    number, head = proposed(here)
    index = (here.repo.path / ".git/index").read_bytes()
    here.forge.merge_pull(number, head, "merge")
    assert not (here.repo.path / "new.txt").exists()
    assert (here.repo.path / ".git/index").read_bytes() == index


def test_looking_and_repeating_write_nothing(here: LocalGround) -> None:
    number, head = proposed(here)
    here.forge.set_status(head, Status("ci", StatusState.SUCCESS))
    here.forge.set_sticky(number, MARKER, "text")
    here.forge.set_permission("kim", Permission.READ)
    here.forge.show_issue(BLAME, "Not ours", "text")
    before = here.repo.git("rev-parse", REF)
    here.forge.open_pull("healer/rule/1", "main", "x", "y")
    here.forge.update_pull(number, "A title", "A body")
    here.forge.push("healer/rule/1", head, "")
    here.forge.set_status(head, Status("ci", StatusState.SUCCESS))
    here.forge.set_sticky(number, MARKER, "text")
    here.forge.set_permission("Kim", Permission.READ)
    here.forge.show_issue(BLAME, "Not ours", "text")
    here.forge.mark_ready(number)
    here.forge.pulls()
    here.forge.comments()
    assert here.repo.git("rev-parse", REF) == before


def test_what_one_process_writes_another_sees(here: LocalGround) -> None:
    other = forge_of(open_repository(here.repo.path))
    assert other.comments() == ()
    number, _ = proposed(here)
    assert [pull.number for pull in other.pulls()] == [number]
    for text in ("one", "two"):
        here.forge.add_comment(number, "robin", text)
        other.add_comment(number, "kim", text)
    assert other.comments() == here.forge.comments()
    assert len(other.comments()) == 4


def test_a_forge_that_was_reset_by_hand_is_read_anew(here: LocalGround) -> None:
    here.forge.add_comment(0, "robin", "one")
    first = here.repo.git("rev-parse", REF)
    here.forge.add_comment(0, "robin", "two")
    here.repo.git("update-ref", REF, first)
    assert [one.body for one in here.forge.comments()] == ["one"]
    here.repo.git("update-ref", "-d", REF)
    assert here.forge.comments() == ()
    here.forge.add_comment(0, "robin", "three")
    assert [one.body for one in here.forge.comments()] == ["three"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"number": 1}', "[" * 100_000, '{"number":"x","created":"yesterday"}']
)
def test_what_somebody_else_wrote_there_is_named(here: LocalGround, content: str) -> None:
    blob = here.repository.write_blob(content.encode())
    tree = here.repo.git("rev-parse", "HEAD^{tree}")
    here.repo.git("read-tree", tree, env={"GIT_INDEX_FILE": "other-index"})
    here.repo.git(
        "update-index", "--add", "--cacheinfo", f"100644,{blob},pulls/1.json", env={"GIT_INDEX_FILE": "other-index"}
    )
    written = here.repo.git("write-tree", env={"GIT_INDEX_FILE": "other-index"})
    here.repo.git("update-ref", REF, here.repo.git("commit-tree", "-m", "x", written))
    with pytest.raises(ForgeError, match=r"pulls/1\.json is not what the healer writes"):
        here.forge.pulls()


def test_a_file_with_a_name_of_its_own_is_named(here: LocalGround) -> None:
    commit = here.repository.commit_files(None, {"pulls/one.json": b"{}"}, "x", HEALER)
    here.repo.git("update-ref", REF, commit)
    with pytest.raises(ForgeError, match=r"pulls/one\.json"):
        here.forge.pulls()


# What people do by hand


@pytest.mark.parametrize("how", [["--no-ff"], ["--ff-only"]])
def test_a_branch_that_somebody_merged_by_hand_is_merged(here: LocalGround, how: list[str]) -> None:
    number, head = proposed(here)
    here.repo.git("merge", "--quiet", *how, "-m", "by hand", "healer/rule/1")
    merge = here.repo.git("rev-parse", "HEAD")
    here.repo.commit({"later.txt": "x"})
    here.repo.git("branch", "-D", "healer/rule/1")
    pull = here.forge.pull(number)
    assert pull is not None
    assert (pull.state, pull.merge_commit, pull.head) == (PullState.MERGED, merge, head)
    assert here.forge.merge_pull(number, head, "x") == merge
    here.repo.git("reset", "--quiet", "--hard", "HEAD~2")
    assert here.forge.pulls(PullState.MERGED)  # recorded by then


def test_a_branch_that_was_set_to_the_base_is_not_merged(here: LocalGround) -> None:
    number, _ = proposed(here)
    here.move("healer/rule/1", here.repo.commit({"b.txt": "b"}))
    pull = here.forge.pull(number)
    assert pull is not None
    assert pull.state is PullState.OPEN


def test_a_pull_request_without_its_branch_keeps_its_head(here: LocalGround) -> None:
    number, head = proposed(here)
    here.move("healer/rule/1", "")
    pull = here.forge.pull(number)
    assert pull is not None
    assert (pull.state, pull.head) == (PullState.OPEN, head)
    with pytest.raises(ForgeError, match="is gone"):
        here.forge.merge_pull(number, head, "merge")


def test_our_own_push_is_the_head_that_is_kept(here: LocalGround) -> None:
    number, head = proposed(here)
    later = here.commit(head, {"later.txt": "x\n"})
    here.forge.push("healer/rule/1", later, head)
    here.move("healer/rule/1", "")
    pull = here.forge.pull(number)
    assert pull is not None
    assert pull.head == later


def test_a_branch_in_somebodys_work_tree_is_not_pulled_from_under_them(here: LocalGround) -> None:
    _, head = proposed(here)
    here.repo.git("switch", "--quiet", "healer/rule/1")
    later = here.commit(head, {"later.txt": "x\n"})
    with pytest.raises(ForgeError, match="checked out"):
        here.forge.push("healer/rule/1", later, head)
    with pytest.raises(ForgeError, match="checked out"):
        here.forge.delete_branch("healer/rule/1", head)


# Merging


def test_a_conflict_names_the_paths(here: LocalGround) -> None:
    number, head = proposed(here, files={"a.txt": "ours\n"})
    here.repo.commit({"a.txt": "theirs\n"})
    with pytest.raises(ForgeError, match=r"conflicts with main in a\.txt"):
        here.forge.merge_pull(number, head, "merge")


def test_a_merge_is_all_or_nothing(here: LocalGround, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_healer.adapters.remote.LOCK_PATIENCE", 0.1)
    number, head = proposed(here)
    base, state = here.repo.git("rev-parse", "main"), here.repo.git("rev-parse", REF)
    lock = here.repo.path / ".git/refs/healer/forge.lock"
    lock.write_text("")
    with pytest.raises(HealerError, match="lock"):
        here.forge.merge_pull(number, head, "merge")
    lock.unlink()
    assert (here.repo.git("rev-parse", "main"), here.repo.git("rev-parse", REF)) == (base, state)
    assert here.forge.merge_pull(number, head, "merge") == here.repo.git("rev-parse", "main")


def test_a_merge_of_which_only_the_branch_was_moved_is_found_again(here: LocalGround) -> None:
    number, head = proposed(here)
    state = here.repo.git("rev-parse", REF)
    merge = here.forge.merge_pull(number, head, "merge\n\nHealer-Upgrade: up-1\n")
    here.repo.git("update-ref", REF, state)  # as a machine that lost power between the two would leave it
    assert here.forge.merge_pull(number, head, "merge\n\nHealer-Upgrade: up-1\n") == merge
    assert here.repo.git("rev-parse", "main") == merge
    assert [pull.merge_commit for pull in here.forge.pulls(PullState.MERGED)] == [merge]


def test_what_changes_nothing_is_not_merged(here: LocalGround) -> None:
    number, head = proposed(here, files={"b.txt": "b\n"})
    here.repo.commit({"b.txt": "b\n"})
    with pytest.raises(ForgeError, match="changes nothing"):
        here.forge.merge_pull(number, head, "merge")


def test_histories_that_have_nothing_in_common_are_not_merged(here: LocalGround) -> None:
    orphan = here.repository.commit_files(None, {"x": b"x"}, "orphan", HEALER)
    here.forge.push("healer/x", orphan, "")
    number = here.forge.open_pull("healer/x", "main", "x", "").number
    with pytest.raises(ForgeError, match="no common history"):
        here.forge.merge_pull(number, orphan, "merge")


def test_only_what_brings_something_is_opened(here: LocalGround) -> None:
    here.move("healer/x", here.repo.git("rev-parse", "main"))
    with pytest.raises(ForgeError, match="holds nothing"):
        here.forge.open_pull("healer/x", "main", "x", "")
    with pytest.raises(ForgeError, match="no branch nowhere"):
        here.forge.open_pull("healer/x", "nowhere", "x", "")


def test_a_merged_pull_request_is_not_closed(here: LocalGround) -> None:
    number, head = proposed(here)
    here.forge.merge_pull(number, head, "merge")
    with pytest.raises(ForgeError, match="is merged"):
        here.forge.close_pull(number, "robin")
    with pytest.raises(LostRaceError):
        here.forge.merge_pull(number, "0" * 40, "merge")


# Hostile input


@pytest.mark.parametrize(
    "body", ["\x00\x1b[31m\u202e", "\ud800", "</script>", "🦊" * 1000, "x" * 65_536, "", '"\\\n\r\u2028']
)
def test_whatever_a_comment_says_comes_back_as_it_was(here: LocalGround, body: str) -> None:
    here.forge.add_comment(0, "robin", body)
    again = forge_of(open_repository(here.repo.path)).comments()
    assert [one.body for one in again] == [body]


@pytest.mark.parametrize("login", ["", "a\nb", "<b>", "x" * 101, " robin", "ro\u202ebin", "-x"])
def test_who_is_nobody_says_nothing(here: LocalGround, login: str) -> None:
    with pytest.raises(ForgeError, match="is no login"):
        here.forge.add_comment(0, login, "/approve")
    with pytest.raises(ForgeError):
        here.forge.set_permission(login, Permission.ADMIN)
    assert here.forge.permission(login) is Permission.NONE


def test_what_is_too_long_is_refused(here: LocalGround) -> None:
    number, _ = proposed(here)
    with pytest.raises(ForgeError, match="65,536 are allowed"):
        here.forge.add_comment(0, "robin", "x" * 65_537)
    with pytest.raises(ForgeError, match="1,000 are allowed"):
        here.forge.update_pull(number, "x" * 1_001, "")


@pytest.mark.parametrize(
    "branch", ["", "../main", "main~1", "main^", "a..b", "x@{1}", "a b", "x\n", "x.lock", "-x/\x00"]
)
def test_what_is_no_branch_is_refused(here: LocalGround, branch: str) -> None:
    with pytest.raises(ForgeError, match="is not a branch name"):
        here.forge.branch_head(branch)
    with pytest.raises(ForgeError):
        here.forge.push(branch, here.repo.git("rev-parse", "HEAD"), "")


def test_a_comment_needs_its_pull_request(here: LocalGround) -> None:
    with pytest.raises(ForgeError, match="no pull request #5"):
        here.forge.add_comment(5, "robin", "hello")


def test_a_sticky_comment_has_its_marker_even_when_the_text_has_not(here: LocalGround) -> None:
    for text in ("one", "two"):
        here.forge.set_sticky(0, MARKER, text)
    assert [one.body for one in here.forge.comments(0)] == [f"{MARKER}\ntwo"]


# Permissions


@pytest.mark.parametrize(
    ("login", "permission"),
    [
        ("Maintainer", Permission.ADMIN),
        ("MAINTAINER@example.org", Permission.ADMIN),
        ("osuser", Permission.ADMIN),
        ("Robin", Permission.WRITE),
        ("Sam Author", Permission.WRITE),
        ("sam", Permission.WRITE),
        ("sam@example.org", Permission.WRITE),
        ("octo", Permission.WRITE),  # of 123+octo@
        ("passer-by", Permission.NONE),
        ("example.org", Permission.NONE),
        ("gitops-healer", Permission.NONE),
        ("GitOps-Healer", Permission.NONE),
        ("gitops-healer@example.org", Permission.NONE),
    ],
)
def test_git_knows_who_may_what(here: LocalGround, login: str, permission: Permission) -> None:
    for name, email in (("Sam Author", "sam@example.org"), ("O", "123+octo@users.example.org")):
        here.repo.git("commit", "--quiet", "--allow-empty", "-m", "x", f"--author={name} <{email}>")
    here.repo.git("commit", "--quiet", "--allow-empty", "-m", "x", f"--author={HEALER.name} <{HEALER.email}>")
    assert here.forge.permission(login) is permission


def test_authors_count_on_the_default_branch_only_and_not_for_ever(here: LocalGround) -> None:
    tree = here.repo.git("rev-parse", "HEAD^{tree}")
    head = here.repo.git("rev-parse", "HEAD")
    old = {
        "GIT_AUTHOR_NAME": "old-hand",
        "GIT_AUTHOR_EMAIL": "old@example.org",
        "GIT_COMMITTER_DATE": "2026-01-02T00:00Z",
    }
    head = here.repo.git("commit-tree", "-m", "x", "-p", head, tree, env=old)
    for number in range(500):
        when = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(minutes=number)
        head = here.repository.commit_files(head, {}, "x", Signature("young-hand", "y@example.org", when))
    here.move("main", head)
    here.repo.git("switch", "--quiet", "--orphan", "theirs")
    here.repo.git("commit", "--quiet", "--allow-empty", "-m", "x", "--author=evil <evil@example.org>")
    forge = forge_of(here.repository, default_branch="main")
    assert forge.permission("young-hand") is Permission.WRITE
    assert forge.permission("old-hand") is Permission.NONE
    assert forge.permission("evil") is Permission.NONE


def test_a_grant_counts_before_all_else(here: LocalGround) -> None:
    for login, permission in (("Robin", Permission.NONE), ("Kim", Permission.ADMIN), ("osuser", Permission.READ)):
        here.forge.set_permission(login, permission)
    other = forge_of(open_repository(here.repo.path))
    assert other.permission("robin") is Permission.NONE
    assert other.permission("KIM") is Permission.ADMIN
    assert other.permission("osuser") is Permission.READ
    with pytest.raises(ForgeError, match="never obeyed"):
        here.forge.set_permission("Gitops-Healer", Permission.ADMIN)


def test_a_repository_without_commits_or_identity_knows_nobody(make_repo: Callable[..., Any]) -> None:
    forge = forge_of(open_repository(make_repo().path), maintainers=(), git_identity=("", "", ""))
    assert forge.permission("anybody") is Permission.NONE
    assert forge.permission("") is Permission.NONE
    assert forge.pulls() == ()
    assert forge.branch_head("main") is None


# Many at once

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gitops_healer.adapters.local_forge import LocalForge
from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.forge import Status, StatusState
from gitops_healer.ports import Signature

class Clock:
    def now(self): return datetime.now(UTC)

path, name, base, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
repository = open_repository(path)
signature = Signature("healer", "healer@example.org", datetime.now(UTC))
forge = LocalForge(repository, Clock(), "healer", signature, (), ("", "", ""))
for number in range(count):
    forge.add_comment(0, name, f"{name} {number}")
    forge.set_sticky(0, "<!-- all -->", f"<!-- all --> {name} {number}")
branch = f"healer/{name}"
head = repository.commit_files(base, {f"{name}.txt": name.encode()}, name, signature)
forge.push(branch, head, "")
pull = forge.open_pull(branch, "main", name, "")
print(pull.number, forge.merge_pull(pull.number, head, name))
"""


def test_many_processes_at_once_lose_nothing(here: LocalGround, tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER)
    base = here.repo.git("rev-parse", "main")
    names = [f"writer-{number}" for number in range(5)]
    running = [
        subprocess.Popen(
            [sys.executable, script, here.repo.path, name, base, "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for name in names
    ]
    ended = [process.communicate(timeout=120) for process in running]
    assert [(process.returncode, err) for process, (_, err) in zip(running, ended, strict=True)] == [(0, b"")] * 5
    results = [out.decode().split() for out, _ in ended]
    comments = [one for one in here.forge.comments() if one.author != "healer"]
    assert sorted(one.body for one in comments) == sorted(f"{name} {n}" for name in names for n in range(3))
    assert len({one.id for one in here.forge.comments()}) == 16  # one sticky comment among them
    for name in names:
        assert [one.body for one in comments if one.author == name] == [f"{name} {n}" for n in range(3)]
    assert sorted(int(number) for number, _ in results) == [1, 2, 3, 4, 5]
    assert {pull.merge_commit for pull in here.forge.pulls(PullState.MERGED)} == {merge for _, merge in results}
    merged = here.repo.git("log", "--first-parent", "--format=%H", f"{base}..main").splitlines()
    assert sorted(merged) == sorted(merge for _, merge in results)
    assert set(here.repo.git("ls-tree", "--name-only", "main").splitlines()) == {"a.txt", *(f"{n}.txt" for n in names)}


def test_a_writer_that_is_killed_leaves_whole_comments(here: LocalGround, tmp_path: Path) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER.replace("    forge.set_sticky", "    print(number, flush=True)\n    forge.set_sticky"))
    base = here.repo.git("rev-parse", "main")
    arguments = [sys.executable, script, here.repo.path, "writer", base, "100000"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        process.kill()
    here.forge.add_comment(0, "robin", "still there")
    bodies = [one.body for one in here.forge.comments() if one.author == "writer"]
    assert len(bodies) >= 5
    assert bodies == [f"writer {number}" for number in range(len(bodies))]
    here.repo.git("fsck", "--strict", "--no-dangling")


def test_a_base_that_moves_at_the_last_moment_is_merged_onto(here: LocalGround) -> None:
    number, head = proposed(here)

    class Slow(GitRepository):
        """Somebody commits just before our transaction, once."""

        def update_refs(self, updates: Sequence[RefUpdate], reason: str) -> None:
            if not (here.repo.path / "meanwhile.txt").exists():
                here.repo.commit({"meanwhile.txt": "x\n"})
            super().update_refs(updates, reason)

    merge = forge_of(Slow(here.repo.path, here.repo.path / ".git")).merge_pull(number, head, "merge")
    assert here.read(merge, "meanwhile.txt") == "x\n"
    assert here.read(merge, "new.txt") is not None
    assert here.repo.git("rev-parse", "main") == merge


def test_a_writer_that_always_loses_gives_up(here: LocalGround) -> None:
    tree = JsonTree(here.repository, REF, TurnedClock(), HEALER, attempts=3)
    tried = 0

    def wanted() -> Write[None]:
        nonlocal tried
        tried += 1
        here.forge.add_comment(0, "robin", "first")  # somebody is always faster
        return Write(None, {"x.json": 1})

    with pytest.raises(LostRaceError, match="run again"):
        tree.write(wanted, "x")
    assert tried == 3
    assert here.repo.git("ls-tree", "--name-only", REF) == "comments"


def test_refs_that_move_with_it_move_only_with_it(here: LocalGround) -> None:
    tree = JsonTree(here.repository, REF, TurnedClock(), HEALER)
    head = here.repo.git("rev-parse", "main")
    tree.write(lambda: Write(None, {"x.json": {"a": 1}}, (RefUpdate("refs/healer/y", head, ""),)), "x")
    assert here.repo.git("rev-parse", "refs/healer/y") == head
    tree.look()
    assert tree.read("x.json", dict) == {"a": 1}
