"""Many writers at once, and writers killed at any moment: nothing lost, nothing twice, nothing damaged."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.history import replay
from gitops_healer.errors import HealerError

MakeRepo = Callable[..., Any]  # tests/conftest.py
ROOT = Path(__file__).parents[2]

PROGRAM = '''
import os, sys
from datetime import UTC, datetime
from pathlib import Path

from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.origin import Origin
from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.history import replay
from gitops_healer.core.upgrade import Commanded, Event, Intended, Queued, event_id

out, remote, writers, rounds, *places = sys.argv[1:]


def facts(number):
    """What a writer records: the life of its own upgrade, and orders for the repository that all writers share."""
    upgrade = f"up-{number:010x}"
    finding = Finding("rule", "a.py", "a.f", 1, 2, Severity.HIGH, "flaw", f"{number:040x}")
    yield upgrade, Queued(finding, f"name-{number}", "c" * 40)
    for step in range(int(rounds)):
        yield upgrade, Intended("push", f"{number}-{step}")
        yield "", Commanded(f"{number}-{step}", "hold", True, "held")


def write(number):
    """Goes on where it was when it was killed; an id is noted when its append has returned."""
    repository = open_repository(Path(places[number % len(places)]))
    ledger = GitLedger(repository, origin=Origin(repository.git, repository, remote) if remote else None)
    history = replay(ledger.load())
    known = [(up.id, Queued(up.finding, up.codename, up.base)) for up in history.upgrades.values()]
    known += [(up.id, intent) for up in history.upgrades.values() for intent in up.intents]
    known += [("", command) for command in history.commands.values()]
    with open(f"{out}/{number}", "a", buffering=1) as acknowledged:
        print("ready", file=acknowledged)
        for upgrade, fact in facts(number):
            if (upgrade, fact) in known:
                continue
            history = replay(ledger.load())
            name = event_id(upgrade, history.position(upgrade), fact)
            ledger.append([Event(name, datetime.now(UTC), upgrade, "run", "me", fact)])
            print(name, file=acknowledged)


children = []
for number in range(int(writers)):
    child = os.fork()
    if child == 0:
        try:
            write(number)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
'''


def start(out: Path, remote: str, writers: int, rounds: int, places: list[Path]) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-c", PROGRAM, str(out), remote, str(writers), str(rounds), *map(str, places)]
    return subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)


def acknowledged(out: Path) -> list[str]:
    return [line for file in out.iterdir() for line in file.read_text().splitlines() if len(line) == 40]


@pytest.mark.parametrize("where", ["one local repository", "two clones of one remote"])
def test_sixteen_writers_lose_and_double_nothing(make_repo: MakeRepo, tmp_path: Path, where: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    hub = make_repo(name="hub.git", bare=True)
    places, remote, rounds = [hub.path], "", 2
    if where == "two clones of one remote":
        places, remote = [make_repo(name=name).path for name in ("one", "two")], str(hub.path)
    process = start(out, remote, 16, rounds, places)
    _, stderr = process.communicate()
    assert process.returncode == 0, stderr.decode()
    ledger = GitLedger(open_repository(hub.path))
    loaded = ledger.load()
    assert len(loaded) == 16 * (1 + 2 * rounds)
    assert Counter(acknowledged(out)) == Counter(event.id for event in loaded)
    history = replay(loaded)
    assert all(len(upgrade.intents) == rounds for upgrade in history.upgrades.values())
    assert len(history.upgrades) == 16
    assert len(history.commands) == 16 * rounds
    assert ledger.verify().allowed


def unlocked(problem: HealerError) -> None:
    """Do what the error says: delete the lock file that a killed git left."""
    lock = re.search(r"rm '(.+\.lock)'", str(problem))
    assert lock is not None, problem
    Path(lock[1]).unlink()


@pytest.mark.parametrize("where", ["local", "remote"])
def test_a_writer_killed_at_any_moment_damages_and_loses_nothing(
    make_repo: MakeRepo, tmp_path: Path, where: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    hub, clone = make_repo(name="hub.git", bare=True), make_repo(name="clone")
    place, remote = (clone.path, str(hub.path)) if where == "remote" else (hub.path, "")
    chance = random.Random(where)
    for _ in range(6 if where == "remote" else 12):
        began = sum(file.read_text().count("ready") for file in out.iterdir())
        process = start(out, remote, 2, 1000, [place])
        while sum(file.read_text().count("ready") for file in out.iterdir()) < began + 2:
            assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 1.0 if remote else 0.25))
        kill_group(process)
        for lock in [*hub.path.rglob("*.lock"), *(clone.path / ".git").rglob("*.lock")]:
            lock.unlink()  # of a git that was killed with its writer; see the next test
        ledger = GitLedger(open_repository(hub.path))
        ids = [event.id for event in ledger.load()]
        assert len(ids) == len(set(ids))
        assert set(acknowledged(out)) <= set(ids)
        assert ledger.verify().allowed, ledger.verify()
        replay(ledger.load())
    assert acknowledged(out)


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """The writers and every git that they run."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_lock_that_a_killed_git_left_is_named_and_can_be_removed(make_repo: MakeRepo, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    hub = make_repo(name="hub.git", bare=True)
    lock = hub.path / "refs/heads/healer-ledger.lock"
    lock.touch()
    process = start(out, "", 1, 1, [hub.path])
    _, stderr = process.communicate()
    assert process.returncode == 1
    unlocked(HealerError(stderr.decode()))
    process = start(out, "", 1, 1, [hub.path])
    process.communicate()
    assert process.returncode == 0
    assert len(GitLedger(open_repository(hub.path)).load()) == 3
