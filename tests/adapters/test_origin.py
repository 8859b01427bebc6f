"""The remote as one fetch shows it: what is mirrored, what is left alone, and who wins a race."""

import contextlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.origin import MIRROR, Origin
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.errors import ForgeError, HealerError, LostRaceError, RepositoryError, UsageError
from gitops_healer.ports import RefUpdate, Signature

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
OURS = "refs/heads/healer/mean/1234567890"
RESTORE = "refs/healer/restore/calm-owl-20260101T000000Z"
SCRATCH = "refs/healer/scratch/up-0123456789"
LEDGER = "refs/heads/healer-ledger"
WHO = Signature("Somebody", "s@example.org", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def hub(make_repo: MakeRepo, tmp_path: Path) -> GitRepo:
    """A bare remote; `hub.work` is a clone from which others push."""
    bare, work = make_repo(name="hub.git", bare=True), make_repo({"a": "1"}, name="work")
    work.git("remote", "add", "origin", str(bare.path))
    work.git("push", "--quiet", "origin", "main")
    object.__setattr__(bare, "work", work)
    return bare


@pytest.fixture
def clone(hub: GitRepo, make_repo: MakeRepo) -> GitRepo:
    """Somebody's clone: a branch of their own is checked out, with work that is not committed."""
    repo = make_repo(name="clone")
    repo.git("remote", "add", "origin", f"file://{hub.path}")
    repo.git("fetch", "--quiet", "origin")
    repo.git("switch", "--quiet", "--create", "mine", "origin/main")
    repo.write({"a": "edited", "new": "x"})
    repo.git("add", "new")
    return repo


def opened(clone: GitRepo, *branches: str) -> Origin:
    repository = open_repository(clone.path)
    url = clone.git("config", "remote.origin.url")
    return Origin(repository.git, repository, url, branches or ("main",))


def push(hub: GitRepo, ref: str, content: str = "2", parent: str = "main") -> str:
    """Somebody else pushes a commit."""
    work = hub.work
    work.git("switch", "--quiet", "--detach", parent)
    commit: str = work.commit({"a": content})
    work.git("push", "--quiet", "--force", "origin", f"{commit}:{ref}")
    return commit


def own(clone: GitRepo) -> tuple[str, ...]:
    """All that is the user's: refs, HEAD, index, work tree."""
    refs = [line for line in clone.git("for-each-ref").splitlines() if "refs/healer/" not in line]
    return (*refs, clone.git("rev-parse", "--symbolic-full-name", "HEAD"), clone.git("status", "--porcelain"),
            clone.git("ls-files", "--stage"), clone.git("config", "--list", "--local"))  # fmt: skip


def test_one_fetch_mirrors_what_is_ours_and_the_base(hub: GitRepo, clone: GitRepo) -> None:
    base = push(hub, "refs/heads/main")
    expected = {ref: push(hub, ref, ref, base) for ref in (OURS, LEDGER, RESTORE, SCRATCH, "refs/heads/theirs")}
    hub.work.git("push", "--quiet", "origin", f"{base}:refs/tags/v1")
    before, origin = own(clone), opened(clone)
    assert not origin.fresh
    assert origin.head("main") == base
    assert origin.head("healer/mean/1234567890") == expected[OURS]
    assert origin.heads() == {"healer/mean/1234567890": expected[OURS]}
    assert [origin.at(ref) for ref in (LEDGER, RESTORE, SCRATCH)] == [expected[r] for r in (LEDGER, RESTORE, SCRATCH)]
    assert origin.head("healer/none") is None
    assert (origin.fetches, origin.pushes) == (1, 0)
    repository = open_repository(clone.path)
    assert repository.refs("refs/healer/restore/") == {RESTORE: expected[RESTORE]}
    assert repository.refs("refs/healer/scratch/") == {SCRATCH: expected[SCRATCH]}
    assert "theirs" not in "".join(repository.refs(MIRROR))
    assert own(clone) == before


def test_what_was_fetched_can_be_read_at_once(hub: GitRepo, clone: GitRepo) -> None:
    repository = open_repository(clone.path)
    origin = Origin(repository.git, repository, f"file://{hub.path}", ("main",))
    seen = [origin.head("main")]
    for content in ("2", "3"):
        commit = push(hub, "refs/heads/main", content, parent=seen[-1] or "")
        origin.refresh()
        assert origin.head("main") == commit
        assert repository.read(commit, "a") == content.encode()
        assert repository.is_ancestor(seen[-1] or "", commit)
        seen.append(commit)


def test_a_cycle_that_begins_at_once_needs_no_second_fetch(hub: GitRepo, clone: GitRepo) -> None:
    origin = opened(clone)
    origin.prime()
    origin.forget()
    first = origin.head("main")
    assert origin.fetches == 1
    moved = push(hub, "refs/heads/main")
    assert origin.head("main") == first
    origin.forget()
    assert origin.head("main") == moved
    origin.prime()
    origin.refresh()
    assert origin.fetches == 4


def test_what_is_gone_or_rewritten_at_the_remote_is_so_in_the_mirror(hub: GitRepo, clone: GitRepo) -> None:
    push(hub, OURS)
    push(hub, "refs/heads/healer/other")
    restore, origin = push(hub, RESTORE), opened(clone)
    origin.refresh()
    hub.git("update-ref", "-d", "refs/heads/healer/other")
    hub.git("update-ref", "-d", RESTORE)
    rewritten = push(hub, OURS, "rewritten")
    deeper = push(hub, "refs/heads/healer/other/deeper")
    origin.refresh()
    assert origin.heads() == {"healer/mean/1234567890": rewritten, "healer/other/deeper": deeper}
    assert origin.at(RESTORE) == ""
    assert open_repository(clone.path).refs(RESTORE) == {RESTORE: restore}, "a restore point is never lost by a fetch"


def test_refs_of_ours_that_moved_only_here_stay(hub: GitRepo, clone: GitRepo) -> None:
    there, origin = push(hub, SCRATCH), opened(clone)
    origin.refresh()
    repository = open_repository(clone.path)
    here = clone.git("rev-parse", "HEAD")
    repository.update_refs([RefUpdate(SCRATCH, here, there), RefUpdate(RESTORE, here, "")], "test")
    origin.refresh()
    assert repository.refs("refs/healer/scratch/") == {SCRATCH: here}
    newer = push(hub, SCRATCH, "newer")
    origin.refresh()
    assert repository.refs("refs/healer/scratch/") == {SCRATCH: newer}
    assert repository.refs("refs/healer/restore/") == {RESTORE: here}


def test_a_push_moves_the_remote_and_the_mirror(hub: GitRepo, clone: GitRepo) -> None:
    origin, commit = opened(clone), clone.git("rev-parse", "HEAD")
    origin.push([RefUpdate(OURS, commit, ""), RefUpdate(SCRATCH, commit, "")])
    origin.refresh()
    moved = push(hub, OURS, "moved")
    with pytest.raises(LostRaceError):
        origin.push([RefUpdate(OURS, "", commit)])
    assert not origin.fresh
    assert origin.head("healer/mean/1234567890") == moved
    fetches = origin.fetches
    origin.push([RefUpdate(OURS, "", moved)])
    assert origin.head("healer/mean/1234567890") is None
    origin.push([])
    assert (origin.fetches, origin.pushes) == (fetches, 3)
    assert hub.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", SCRATCH]


def test_a_push_before_any_look_is_seen_by_the_first_look(hub: GitRepo, clone: GitRepo) -> None:
    origin, commit = opened(clone), clone.git("rev-parse", "HEAD")
    origin.push([RefUpdate(OURS, commit, "")])
    assert origin.head("healer/mean/1234567890") == commit
    assert (origin.fetches, origin.pushes) == (1, 1)


def test_publish_sets_refs_of_ours_wherever_they_stood(hub: GitRepo, clone: GitRepo) -> None:
    push(hub, SCRATCH)
    origin, commit = opened(clone), clone.git("rev-parse", "HEAD")
    origin.refresh()
    push(hub, SCRATCH, "moved since")
    origin.publish({SCRATCH: commit, RESTORE: commit})
    assert hub.git("rev-parse", SCRATCH, RESTORE).split() == [commit, commit]
    pushes = origin.pushes
    origin.publish({SCRATCH: commit, RESTORE: commit, "refs/healer/restore/never": ""})
    assert origin.pushes == pushes
    origin.publish({RESTORE: ""})
    assert origin.at(RESTORE) == ""
    with pytest.raises(ForgeError, match="no ref of ours"):
        origin.publish({"refs/notes/x": commit})


def test_a_branch_that_nobody_named_is_looked_for_when_it_is_asked_for(hub: GitRepo, clone: GitRepo) -> None:
    origin, release = opened(clone), push(hub, "refs/heads/release")
    origin.refresh()
    assert origin.head("release") == release
    assert (origin.head("none"), origin.head("none")) == (None, None)
    assert origin.fetches == 4, "one more a name, and one that leaves the missing one out"
    with pytest.raises(UsageError, match="not a ref name"):
        opened(clone, "--upload-pack=x y")


def test_a_remote_without_anything_is_fine(make_repo: MakeRepo, clone: GitRepo) -> None:
    empty = make_repo(name="empty.git", bare=True)
    clone.git("config", "remote.origin.url", str(empty.path))
    origin = opened(clone)
    assert (origin.head("main"), origin.at(LEDGER), origin.heads()) == (None, "", {})


def test_a_base_branch_that_was_deleted_is_gone_here_too(hub: GitRepo, clone: GitRepo) -> None:
    push(hub, "refs/heads/release")
    origin = opened(clone, "main", "release")
    assert origin.head("release")
    hub.git("update-ref", "-d", "refs/heads/release")
    origin.refresh()
    assert origin.head("release") is None
    assert opened(clone, "main", "release").head("main")


def test_a_shallow_clone_becomes_whole(hub: GitRepo, make_repo: MakeRepo, tmp_path: Path) -> None:
    first = hub.git("rev-parse", "main")
    push(hub, "refs/heads/main", "2")
    tip = push(hub, "refs/heads/main", "3", parent=hub.git("rev-parse", "main"))
    make_repo(name="elsewhere").git("clone", "--quiet", "--depth=1", f"file://{hub.path}", str(tmp_path / "shallow"))
    repository: GitRepository = open_repository(tmp_path / "shallow")
    assert repository.is_shallow()
    origin = Origin(repository.git, repository, f"file://{hub.path}", ("main",))
    assert origin.head("main") == tip
    assert not repository.is_shallow()
    assert repository.is_ancestor(first, tip)
    assert origin.fetches == 1


def test_a_remote_that_is_shallow_itself_is_refused(hub: GitRepo, make_repo: MakeRepo, tmp_path: Path) -> None:
    push(hub, "refs/heads/main", "2")
    anywhere = make_repo(name="elsewhere")
    for source, target in ((hub.path, "one"), (tmp_path / "one", "two")):
        anywhere.git("clone", "--quiet", "--depth=1", f"file://{source}", str(tmp_path / target))
    repository = open_repository(tmp_path / "two")
    with pytest.raises(RepositoryError, match="fetch-depth: 0"):
        Origin(repository.git, repository, f"file://{tmp_path / 'one'}", ("main",)).refresh()


def test_a_remote_that_is_not_there_says_so(clone: GitRepo) -> None:
    clone.git("config", "remote.origin.url", "http://user:s3cret@127.0.0.1:9/octo/shop.git")
    origin = opened(clone)
    with pytest.raises(ForgeError, match="could not fetch") as error:
        origin.head("main")
    assert "s3cret" not in str(error.value)
    assert not origin.fresh


NAMES = ["refs/heads/main", "refs/heads/healer/a", "refs/heads/healer/a/b", "refs/heads/healer/c", LEDGER,
         "refs/heads/theirs", RESTORE, SCRATCH]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-1, 2)), max_size=5), min_size=1, max_size=4))
def test_after_a_look_the_mirror_is_the_remote_whatever_happened_there(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, int]]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    for name in ("hub", "clone"):
        subprocess.run(["git", "init", "-q", "--bare", str(place / name)], check=True)
    hub, repository = open_repository(place / "hub"), open_repository(place / "clone")
    origin = Origin(repository.git, repository, str(place / "hub"), ("main",))
    commits = [hub.commit_files(None, {"a": str(n).encode()}, "c", WHO) for n in range(3)]
    for changes in rounds:
        for ref, number in changes:
            standing = hub.refs(ref).get(ref, "")
            with contextlib.suppress(HealerError):  # a/b beside a cannot be
                hub.update_refs([RefUpdate(ref, commits[number] if number >= 0 else "", standing)], "somebody")
        origin.refresh()
        there = hub.refs("refs/")
        assert {ref: origin.at(ref) for ref in NAMES if ref != "refs/heads/theirs"} == {
            ref: there.get(ref, "") for ref in NAMES if ref != "refs/heads/theirs"
        }
        assert {f"refs/heads/{name}": head for name, head in origin.heads().items()} == {
            ref: at for ref, at in there.items() if ref.startswith("refs/heads/healer/")
        }
        mine = repository.refs("refs/healer/restore/") | repository.refs("refs/healer/scratch/")
        assert mine.items() >= {(ref, at) for ref, at in there.items() if ref in (RESTORE, SCRATCH)}
    assert not repository.refs("refs/heads/")
