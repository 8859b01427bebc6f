"""The ledger in git: what is appended is loaded, by whomever, whenever; what is damaged is named."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.adapters.events import BadLineError, decode_event, encode_event
from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.repository import GitRepository, open_repository
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.upgrade import (
    Chosen,
    Closed,
    Commanded,
    Dropped,
    Event,
    Held,
    Ignored,
    Intended,
    Merged,
    Paused,
    Queued,
    Resumed,
    event_id,
)
from gitops_healer.errors import ForgeError, IllegalEventError, LedgerError, LostRaceError, UsageError
from gitops_healer.ports import Ledger, RefUpdate, Signature

GitRepo = Any  # tests/conftest.py
MakeRepo = Callable[..., GitRepo]
NOON = datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC)
REF = "refs/heads/healer-ledger"
WHO = Signature("Somebody", "s@example.org", NOON)


def queued(number: int = 1) -> Queued:
    finding = Finding("rule", "a\udce9.py", "a.f", 1, 2, Severity.HIGH, "flaw", f"{number:040x}", evidence=("seen",))
    return Queued(finding, f"name-{number}", "c" * 40)


def events(upgrade: str, *facts: Any, first: int = 0, ts: datetime = NOON) -> list[Event]:
    return [Event(event_id(upgrade, n, fact), ts, upgrade, "run", "me", fact) for n, fact in enumerate(facts, first)]


def life(number: int, ts: datetime = NOON) -> list[Event]:
    facts = queued(number), Held("why"), Resumed("me"), Intended("push", "x"), Dropped("no"), Closed("dropped", "none")
    return events(f"up-{number:010x}", *facts, ts=ts)


class AlwaysLooking(GitLedger):
    """Fetches before each load, as a new run does."""

    def __init__(self, repository: GitRepository, url: str) -> None:
        self.origin = Origin(repository.git, repository, url)
        super().__init__(repository, origin=self.origin)

    def load(self) -> tuple[Event, ...]:
        self.origin.refresh()
        return super().load()


@pytest.fixture(params=["local", "origin"])
def ledgers(request: pytest.FixtureRequest, make_repo: MakeRepo) -> Callable[[], GitLedger]:
    """Makes ledgers of one branch: all of one repository, or each of its own clone of one remote."""
    hub = make_repo(name="hub.git", bare=True)
    count = iter(range(100))

    def make() -> GitLedger:
        if request.param == "local":
            return GitLedger(open_repository(hub.path))
        clone = make_repo(name=f"clone-{next(count)}")
        return AlwaysLooking(open_repository(clone.path), str(hub.path))

    return make


@pytest.fixture
def repo(make_repo: MakeRepo) -> GitRepo:
    return make_repo({"a.py": "x"})


def put(repo: GitRepo, files: dict[str, bytes | None], parent: str | None = "tip") -> str:
    """Write a commit to the ledger's branch as somebody with git might."""
    opened = open_repository(repo.path)
    tip = opened.resolve(REF)
    made = opened.commit_files(tip if parent == "tip" else parent, files, "by hand", WHO)
    opened.update_refs([RefUpdate(REF, made, tip or "")], "by hand")
    return made


def text(repo: GitRepo, path: str = "events/2026-01.jsonl") -> bytes:
    opened = open_repository(repo.path)
    return opened.read(opened.resolve(REF) or "", path) or b""


# Appending and loading


def test_what_is_appended_is_loaded(ledgers: Callable[[], GitLedger]) -> None:
    one: Ledger = ledgers()
    two = ledgers()
    assert one.load() == two.load() == ()
    written = [*life(1), *events("", Paused("me", "why")), *life(2)]
    for event in written:
        one.append([event])
    assert one.load() == two.load() == tuple(written)
    two.append(life(3))
    assert one.load() == (*written, *life(3))
    assert ledgers().load() == one.load()
    assert two.verify().allowed


def test_known_events_are_skipped_and_make_no_commit(ledgers: Callable[[], GitLedger]) -> None:
    one, two = ledgers(), ledgers()
    one.append(life(1))
    tip = one.tip()
    one.append(life(1))
    two.append([*life(1)[2:], *life(1)[2:]])
    one.append([])
    assert one.tip() == two.tip() == tip
    two.append([*life(1), *life(2), *life(2)])
    assert one.load() == tuple(life(1) + life(2))


def test_a_lost_race_is_run_again_when_still_legal(ledgers: Callable[[], GitLedger]) -> None:
    one, two = ledgers(), ledgers()
    one.append(events("up-1", queued()))
    assert len(two.load()) == 1
    one.append(events("up-1", Intended("push", "x"), first=1))
    two.append(events("up-1", Intended("open", "y"), first=1))
    two.append(events("", Ignored("f", "me", "why")))
    one.append(events("", Paused("me", "why")))
    assert [event.fact for event in two.load()][1:] == [
        Intended("push", "x"), Intended("open", "y"), Ignored("f", "me", "why"), Paused("me", "why"),
    ]  # fmt: skip
    assert one.verify().allowed


def test_a_lost_race_is_an_error_when_no_longer_legal(ledgers: Callable[[], GitLedger]) -> None:
    one, two = ledgers(), ledgers()
    one.append(events("up-1", queued()))
    assert len(two.load()) == 1
    one.append(events("up-1", Dropped("no"), first=1))
    with pytest.raises(LostRaceError, match="run again"):
        two.append([*events("", Paused("me", "all or none")), *events("up-1", Held("wait"), first=1)])
    assert [event.name for event in two.load()] == ["Queued", "Dropped"]


def test_who_went_on_beside_another_has_lost_the_race_however_late_it_shows(ledgers: Callable[[], GitLedger]) -> None:
    one, two = ledgers(), ledgers()
    assert one.load() == two.load() == ()
    one.append(events("up-1", queued()))
    one.append(events("up-1", Intended("push", "x"), Dropped("no"), first=1))
    two.append(events("up-1", queued()))
    two.append(events("up-1", Intended("push", "x"), first=1))
    with pytest.raises(LostRaceError, match="run again"):
        two.append(events("up-1", Held("wait"), first=2))
    assert len(two.load()) == 3
    with pytest.raises(IllegalEventError):
        two.append(events("up-1", Held("wait"), first=3))


def test_what_could_never_follow_is_the_callers_fault(ledgers: Callable[[], GitLedger]) -> None:
    one = ledgers()
    one.append(events("up-1", queued()))
    with pytest.raises(IllegalEventError, match="Closed"):
        one.append(events("up-1", Closed("x", "y"), first=1))
    with pytest.raises(IllegalEventError, match="Queued is"):
        one.append(events("up-2", Held("x")))
    assert len(one.load()) == 1


def test_each_event_goes_to_the_file_of_its_month(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1, NOON))
    ledger.append(life(2, NOON + timedelta(days=1)))
    assert repo.git("ls-tree", "-r", "--name-only", "healer-ledger").split() == [
        "events/2026-01.jsonl", "events/2026-02.jsonl",
    ]  # fmt: skip
    assert text(repo).count(b"\n") == 6
    assert ledger.load() == tuple(life(1, NOON) + life(2, NOON + timedelta(days=1)))


def test_a_clock_that_goes_back_changes_no_order(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    steps = [
        event
        for number, event in enumerate(life(1))
        for event in [Event(event.id, NOON + timedelta(days=(0, 40, -3, 90, 1, -400)[number]), *fields(event))]
    ]
    for event in steps:
        ledger.append([event])
    assert ledger.load() == GitLedger(open_repository(repo.path)).load() == tuple(steps)
    assert ledger.verify().allowed


def fields(event: Event) -> tuple[Any, ...]:
    return event.upgrade, event.run, event.actor, event.fact


def test_a_line_is_what_the_design_says(repo: GitRepo) -> None:
    GitLedger(open_repository(repo.path)).append(events("up-1", queued()))
    line = json.loads(text(repo))
    assert list(line) == ["v", "id", "ts", "upgrade", "run", "actor", "event", "data"]
    assert (line["v"], line["ts"], line["event"], line["actor"]) == (
        1,
        "2026-01-31T12:00:00.250000+00:00",
        "Queued",
        "me",
    )
    assert line["data"]["finding"]["evidence"] == ["seen"]


def test_the_branch_is_an_orphan_with_commits_that_start_no_ci(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path), name="Healer", email="h@example.org")
    ledger.append(life(1)[:3])
    ledger.append(life(1)[3:4])
    log = repo.git("log", "--format=%s|%an|%ae|%aI", "healer-ledger").split("\n")
    assert log == [
        "healer: 1 event [skip ci]|Healer|h@example.org|2026-01-31T12:00:00+00:00",
        "healer: 3 events [skip ci]|Healer|h@example.org|2026-01-31T12:00:00+00:00",
    ]
    assert repo.git("merge-base", "main", "healer-ledger", check=False) == ""
    assert repo.git("status", "--porcelain") == ""


class Watched(GitRepository):
    """A real repository that notes which blobs are read."""

    def read_blob(self, blob: str) -> bytes:
        self.__dict__.setdefault("read_blobs", []).append(blob)
        return super().read_blob(blob)


def test_loading_again_reads_only_what_was_added(repo: GitRepo) -> None:
    watched = Watched(repo.path, repo.path / ".git")
    ledger = GitLedger(watched)
    for number in range(4):
        ledger.append(life(number, NOON + timedelta(days=31 * (number // 2))))
    assert len(ledger.load()) == 24
    del watched.__dict__["read_blobs"]
    ledger.append(life(5, NOON + timedelta(days=31)))
    GitLedger(open_repository(repo.path)).append(life(6, NOON + timedelta(days=31)))
    assert len(ledger.load()) == 36
    assert len(ledger.load()) == 36
    january = repo.git("rev-parse", "healer-ledger:events/2026-01.jsonl")
    assert january not in watched.__dict__["read_blobs"]
    assert len(watched.__dict__["read_blobs"]) == 3


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_any_split_and_order_of_legal_events_gives_the_same_set(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("split")
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    writers = [GitLedger(open_repository(path)) for _ in range(3)]
    lives = {number: life(number) for number in range(4)}
    written = [event for events in lives.values() for event in events]
    while any(lives.values()):
        number = data.draw(st.sampled_from([number for number, left in lives.items() if left]))
        size = data.draw(st.integers(1, len(lives[number])))
        batch, lives[number] = lives[number][:size], lives[number][size:]
        data.draw(st.sampled_from(writers)).append(batch)
    loaded = [writer.load() for writer in writers]
    assert loaded[0] == loaded[1] == loaded[2]
    assert sorted(event.id for event in loaded[0]) == sorted(event.id for event in written)
    for number in range(4):
        assert [event for event in loaded[0] if event.upgrade == f"up-{number:010x}"] == life(number)
    assert writers[0].verify().allowed


# Lines


@settings(max_examples=60)
@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)), st.datetimes(timezones=st.just(UTC)))
def test_every_text_survives_its_line(reason: str, actor: str, moment: datetime) -> None:
    event = Event("i" * 40, moment, "up-1", "run", actor, Held(reason, question=actor))
    line = encode_event(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_event(line[:-1]) == event


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "not an event in JSON"),
        (b"{", "not an event in JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\xff\xfe", "not an event in JSON"),
        (b"[" * 100_000, "not an event in JSON"),
        (b"<<<<<<< HEAD", "merge-conflict marker"),
        (b"=======", "merge-conflict marker"),
        (b">>>>>>> other", "merge-conflict marker"),
        (b"{}", "missing"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00+00:00","upgrade":"u","run":"r","actor":"a","event":"Held"}',
         "data"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00","upgrade":"u","run":"r","actor":"a","event":"Paused","data":{}}',
         "zone"),
        (b'{"v":1,"id":"i","ts":"noon","upgrade":"u","run":"r","actor":"a","event":"Paused","data":{}}', "noon"),
        (b'{"v":1,"id":7,"ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":"Resumed",'
         b'"data":{"by":"x"}}', "must be texts"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":"Queued",'
         b'"data":{"finding":7}}', "wrong kind"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":"Queued","data":7}',
         "wrong kind"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":"Teleported",'
         b'"data":{}}', "upgrade the healer"),
        (b'{"v":2,"id":"i","ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":"Resumed",'
         b'"data":{"by":"x"}}', "upgrade the healer"),
        (b'{"v":1,"id":"i","ts":"2026-01-01T00:00:00Z","upgrade":"u","run":"r","actor":"a","event":["Held"],"data":{}}',
         "wrong kind"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named(repo: GitRepo, line: bytes, says: str) -> None:
    with pytest.raises(BadLineError, match=says):
        decode_event(line)
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    tip = put(repo, {"events/2026-01.jsonl": text(repo) + line + b"\n"})
    for reader in (ledger, GitLedger(open_repository(repo.path))):
        with pytest.raises(LedgerError) as error:
            reader.load()
        assert all(word in str(error.value) for word in (tip, "events/2026-01.jsonl", "line 7", "ledger verify"))
        with pytest.raises(LedgerError):
            reader.append(life(2))
    decision = ledger.verify()
    assert not decision.allowed
    assert decision.blocking is not None
    assert all(word in decision.blocking.reason for word in (tip, "events/2026-01.jsonl line 7"))


def test_a_line_that_was_cut_off_is_damage(repo: GitRepo) -> None:
    GitLedger(open_repository(repo.path)).append(life(1))
    put(repo, {"events/2026-01.jsonl": text(repo)[:-1]})
    with pytest.raises(LedgerError, match=r"line 6: cut off"):
        GitLedger(open_repository(repo.path)).load()


def test_damage_that_is_repaired_is_forgotten(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    good = ledger.tip()
    put(repo, {"events/2026-01.jsonl": text(repo) + b"oops\n"})
    with pytest.raises(LedgerError):
        ledger.load()
    repo.git("update-ref", REF, good)
    assert ledger.load() == tuple(life(1))
    ledger.append(life(2))
    assert len(ledger.load()) == 12


def test_a_branch_that_is_no_ledger_is_left_alone(repo: GitRepo) -> None:
    repo.git("branch", "healer-ledger")
    ledger = GitLedger(open_repository(repo.path))
    with pytest.raises(LedgerError, match="not a ledger"):
        ledger.load()
    with pytest.raises(LedgerError, match="not a ledger"):
        ledger.append(life(1))
    assert repo.git("rev-parse", "healer-ledger") == repo.git("rev-parse", "main")


def test_other_files_beside_the_events_do_no_harm_but_strange_ones_among_them_do(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    put(repo, {"README.md": b"what this branch is"})
    ledger.append(life(2))
    assert text(repo, "README.md")
    assert ledger.verify().allowed
    put(repo, {"events/notes.txt": b"hi"})
    with pytest.raises(LedgerError, match=r"notes\.txt"):
        ledger.load()


# History that did not only grow


def break_history(repo: GitRepo, how: str) -> str:
    lines = text(repo).splitlines(keepends=True)
    path = "events/2026-01.jsonl"
    match how:
        case "edited":
            return put(repo, {path: b"".join(lines).replace(b'"me"', b'"ME"', 1)})
        case "removed line":
            return put(repo, {path: b"".join(lines[:-1])})
        case "reordered":
            return put(repo, {path: b"".join([*lines[:-2], lines[-1], lines[-2]])})
        case "deleted":
            return put(repo, {path: None, "events/2026-02.jsonl": lines[0]})
        case "inserted before":
            return put(repo, {"events/2025-12.jsonl": encode_event(events("up-0", queued(9))[0])})
        case "finished month":
            put(repo, {"events/2026-02.jsonl": encode_event(events("up-0", queued(9))[0])})
            return put(repo, {path: b"".join([*lines, encode_event(events("up-8", queued(8))[0])])})
        case _:
            raise AssertionError(how)


@pytest.mark.parametrize("how", ["edited", "removed line", "reordered", "deleted", "inserted before", "finished month"])
def test_verify_names_the_commit_that_broke_it(repo: GitRepo, how: str) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    ledger.append(life(2))
    assert ledger.verify().allowed
    culprit = break_history(repo, how)
    later = put(repo, {"README.md": b"as if nothing had happened"})
    decision = ledger.verify()
    assert not decision.allowed
    assert culprit in str(decision)
    assert decision.blocking is not None
    assert later not in decision.blocking.reason


def test_damage_that_was_hidden_again_is_found(repo: GitRepo) -> None:
    """Edited and put back: the last commit looks innocent."""
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    before = text(repo)
    culprit = put(repo, {"events/2026-01.jsonl": before.replace(b'"no"', b'"nO"')})
    put(repo, {"events/2026-01.jsonl": before})
    decision = ledger.verify()
    assert not decision.allowed
    assert culprit in str(decision)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (encode_event(events("up-0000000001", Merged("c", "p", "h", NOON), first=6)[0]), "Merged cannot follow"),
        (encode_event(events("up-new", Held("first"))[0]), "Queued is"),
        (encode_event(life(1)[0]), "twice"),
        (encode_event(events("up-1", queued(5), first=3)[0]), "its id is wrong"),
        (encode_event(events("up-1", queued(5))[0]).replace(b"name-5", b"name-6"), "its id is wrong"),
        (
            encode_event(events("", Commanded("1", "merge", False, "no"))[0]).replace(b"false", b"true"),
            "its id is wrong",
        ),
    ],
)
def test_verify_checks_ids_and_order(repo: GitRepo, line: bytes, says: str) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    culprit = put(repo, {"events/2026-01.jsonl": text(repo) + line})
    decision = ledger.verify()
    assert not decision.allowed
    assert culprit in str(decision)
    assert says in str(decision)
    assert "line 7" in str(decision)


def test_a_merge_in_the_ledger_is_found(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(life(1))
    tip = ledger.tip()
    merge = repo.git("commit-tree", "-m", "merge", "-p", tip, "-p", "main", f"{tip}^{{tree}}")
    repo.git("update-ref", REF, merge)
    assert f"commit {merge} is a merge" in str(ledger.verify())


def test_verify_knows_the_tip_that_was_seen_before(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    assert ledger.verify().allowed
    ledger.append(life(1))
    seen = ledger.tip() or ""
    ledger.append(life(2))
    assert ledger.verify(seen).allowed
    assert not ledger.verify("f" * 40).allowed
    repo.git("update-ref", "-d", REF)
    assert not ledger.verify(seen).allowed
    with pytest.raises(LedgerError, match=r"rewritten.*push it back"):
        ledger.load()


def test_a_rewritten_ledger_is_noticed_by_who_saw_it(ledgers: Callable[[], GitLedger]) -> None:
    one, two = ledgers(), ledgers()
    one.append(life(1))
    one.append(life(2))
    two.load()
    other = ledgers()
    repository = open_repository(Path(other._repository.path))
    fresh = GitLedger(repository, branch="other")
    fresh.append(life(9))
    tip = two.tip() or ""
    new = fresh.tip() or ""
    if isinstance(one, AlwaysLooking):
        repository.git.push(one.origin.url, [RefUpdate(REF, new, tip)])
    else:
        repository.update_refs([RefUpdate(REF, new, tip)], "rewritten")
    with pytest.raises(LedgerError, match="rewritten"):
        two.load()
    with pytest.raises(LedgerError, match="rewritten"):
        one.append(life(3))


# Remotes


def by_origin(repository: GitRepository, url: str, patience: float = 1.0) -> GitLedger:
    return GitLedger(repository, origin=Origin(repository.git, repository, url, ("main",)), patience=patience)


def test_a_ledger_deleted_at_the_remote_is_noticed_and_can_be_put_back(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    url = str(hub.path)
    by_origin(open_repository(clone.path), url).append(life(1))
    hub.git("update-ref", "-d", REF)
    with pytest.raises(LedgerError, match="deleted") as error:
        by_origin(open_repository(clone.path), url).load()
    command = str(error.value).split("Put it back: ")[1].split("\n")[0].removeprefix("git ").split()
    clone.git(*command)
    assert by_origin(open_repository(clone.path), url).load() == tuple(life(1))


def test_a_ledger_rewritten_between_runs_is_noticed_in_the_same_clone(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    by_origin(open_repository(clone.path), str(hub.path)).append(life(1))
    seen = hub.git("rev-parse", REF)
    hub.git("update-ref", "-d", REF)
    GitLedger(open_repository(hub.path)).append(life(2))
    with pytest.raises(LedgerError, match=f"rewritten at the remote: {seen}") as error:
        by_origin(open_repository(clone.path), str(hub.path)).load()
    accept = str(error.value).split("Or accept what stands there: git ")[1].split()
    clone.git(*accept)
    assert by_origin(open_repository(clone.path), str(hub.path)).load() == tuple(life(2))


def test_a_remote_that_cannot_be_reached_is_a_forge_error(make_repo: MakeRepo) -> None:
    clone = make_repo(name="clone")
    ledger = by_origin(open_repository(clone.path), str(clone.path.parent / "nowhere"))
    with pytest.raises(ForgeError, match="nowhere"):
        ledger.load()


def test_a_look_at_the_origin_costs_no_connection_of_its_own(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    repository = open_repository(clone.path)
    origin = Origin(repository.git, repository, str(hub.path))
    ledger = GitLedger(repository, origin=origin)
    origin.refresh()
    for number in range(3):
        ledger.append(life(number))
        assert len(ledger.load()) == 6 * (number + 1)
    assert (origin.fetches, origin.pushes) == (1, 3)
    other = open_repository(make_repo(name="other").path)
    by_origin(other, str(hub.path)).append(life(3))
    ledger.append(life(4))
    assert (origin.fetches, origin.pushes) == (2, 5), "a lost race is a look and one more push"
    assert len(ledger.load()) == 30


def test_what_another_process_of_the_clone_saw_later_is_no_rewriting(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    slow, fast = (by_origin(open_repository(clone.path), str(hub.path)) for _ in range(2))
    fast.append(life(1))
    assert len(slow.load()) == 6
    fast.append(life(2))
    assert len(slow.load()) == 12


def test_a_ledger_that_is_only_shown_here_is_read_and_not_written(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    by_origin(open_repository(clone.path), str(hub.path)).append(life(1))
    shown = GitLedger(open_repository(clone.path), shown="refs/healer/origin/heads/healer-ledger")
    assert shown.load() == tuple(life(1))
    assert shown.verify().allowed
    with pytest.raises(UsageError, match="--forge github"):
        shown.append(life(2))
    assert GitLedger(open_repository(clone.path)).load() == ()


def test_a_remote_that_refuses_is_a_forge_error_and_nothing_is_lost(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    hook = hub.path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho protected; exit 1\n")
    hook.chmod(0o755)
    ledger = by_origin(open_repository(clone.path), str(hub.path), patience=0.5)
    with pytest.raises(ForgeError, match="protected"):
        ledger.append(life(1))
    hook.unlink()
    ledger.append(life(1))
    assert ledger.load() == tuple(life(1))


def test_the_remote_keeps_its_own_and_the_clone_gets_no_branch(make_repo: MakeRepo) -> None:
    hub, clone = make_repo(name="hub.git", bare=True), make_repo({"a.py": "x"}, name="clone")
    by_origin(open_repository(clone.path), str(hub.path)).append(life(1))
    assert [*open_repository(hub.path).refs("refs/")] == [REF]
    assert all(ref.startswith(("refs/heads/main", "refs/healer/")) for ref in open_repository(clone.path).refs("refs/"))


def test_choices_are_checked_by_replay(repo: GitRepo) -> None:
    ledger = GitLedger(open_repository(repo.path))
    ledger.append(events("up-1", queued(), Held("which?", "q")))
    with pytest.raises(IllegalEventError, match="no option"):
        ledger.append(events("up-1", Chosen("nope", "me"), first=2))
