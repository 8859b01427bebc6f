"""`--forge github` as it is wired: what counts is what stands at GitHub, and a clone is left as it was."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.repository import open_repository
from gitops_healer.cli import speak
from gitops_healer.console.common import Format
from gitops_healer.core.forge import PullState
from gitops_healer.core.upgrade import Event, Paused, event_id
from gitops_healer.cycle import run_cycle
from gitops_healer.entry import main
from gitops_healer.errors import ForgeError, LostRaceError, PreflightError, RepositoryError, SandboxError, UsageError
from gitops_healer.hosted import Hosted, find_hosted
from gitops_healer.places import Choices
from gitops_healer.ports import RefUpdate, SandboxLevel
from gitops_healer.settings import OVERRIDES, ForgeVariables
from gitops_healer.wiring import build_world, follow_checkout, keep_token, ledger_at, open_ledger, place_of
from tests.cycle.stage import FILES, SLOW, contents
from tests.forge_server import Calls, Fault
from tests.github_stage import OWN_CODE, SHOP, GitHubStage, github_stage
from tests.openapi.fixture import Validated, validated  # noqa: F401

FAST_POLICY = OWN_CODE + f"testing: {{disabled: [{', '.join(SLOW)}], flaky_reruns: 0}}\n"
"""For commands that are typed, which no option of the stage reaches."""


@pytest.fixture
def stage(tmp_path: Path, validated: Validated) -> Iterator[GitHubStage]:  # noqa: F811
    with github_stage(tmp_path, "app", FILES | {OVERRIDES: FAST_POLICY}) as made:
        validated(made.server)
        yield made


Say = Callable[..., int]


@pytest.fixture
def say(stage: GitHubStage, monkeypatch: pytest.MonkeyPatch) -> Say:
    """say("status"): a command in a clone as a person types it; exit code."""
    said = stage.variables
    for name in ("GITHUB_TOKEN", "GITHUB_ACTIONS", "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITOPS_HEALER_TOKEN", said.token)

    def run(*words: str) -> int:
        monkeypatch.setattr("sys.argv", ["gitops-healer", *words])
        try:
            main()
        except SystemExit as stopped:
            return int(stopped.code or 0)
        return 0

    return run


def git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def users(clone: Path) -> tuple[Any, ...]:
    """All of a clone that is not ours: files, index, configuration, refs."""
    refs = [line for line in git(clone, "for-each-ref").splitlines() if "refs/healer/" not in line]
    files = contents(clone, leave_out=(".git/",))
    return refs, files, git(clone, "ls-files", "--stage"), (clone / ".git/config").read_bytes()


def test_a_run_works_at_github_and_leaves_the_clone_as_it_was(
    stage: GitHubStage, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.keeps_cache = True
    world = stage.world()
    before = users(stage.clone)
    assert not run_cycle(world).errors
    assert [pull.branch for pull in world.forge.pulls(PullState.OPEN)] == ["healer/scripted/ba6ddc99e4"]
    assert users(stage.clone) == before
    assert follow_checkout(world, "") == ()
    shop = stage.server.repository(SHOP).path
    heads = git(shop, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert heads == ["healer-ledger", "healer/scripted/ba6ddc99e4", "main"]
    who = git(shop, "log", "-1", "--format=%an <%ae>", "healer-ledger")
    assert who == f"{world.forge.login} <{next(e for e in world.forge.emails if '+' in e and '127' in e)}>"
    token = stage.variables.token.encode()
    assert not [name for name, data in (contents(stage.clone) | contents(shop)).items() if token in data]

    here, plain = stage.clone, stage.choices().path
    mark = stage.server.mark()
    for clone in (here, plain):
        assert say("status", str(clone), "--format", "json") == 0
        assert '"validated"' in capsys.readouterr().out
        with pytest.raises(UsageError, match="--forge github"):
            open_ledger(open_repository(clone)).append([a_pause(stage)])
    assert stage.server.calls(mark) == Calls(), "what only reads asks nobody"

    stage.heal()
    mark = stage.server.mark()
    stage.heal()
    spent, clones = stage.spent(mark), 1
    assert (spent.fetches, spent.pushes, spent.writes) == (1 + clones, 0, 0)
    assert spent.rest <= 6


def test_of_two_runs_at_once_one_wins_and_nothing_is_done_twice(stage: GitHubStage) -> None:
    first, second = stage.world(), stage.world()
    assert not run_cycle(first).errors
    with pytest.raises(LostRaceError, match="run again"):
        run_cycle(second)
    world = stage.world()
    assert [pull.number for pull in world.forge.pulls()] == [1]
    assert len(world.forge.comments(1)) == 1
    assert len({event.id for event in world.ledger.load()}) == len(world.ledger.load()) == 8
    assert ledger_at(find_hosted(stage.choices())).verify().allowed


def a_pause(stage: GitHubStage) -> Event:
    fact = Paused("robin", "why")
    return Event(event_id("", 0, fact), stage.clock.now(), "", "run", "robin", fact)


# What counts


def test_the_policy_is_that_of_the_base_branch_at_github(stage: GitHubStage) -> None:
    robin = stage.person("robin", "admin")
    robin.push("main", {OVERRIDES: "limits: {new_per_cycle: 7}\n"}, "policy")
    choices = stage.choices()
    robin.push("main", {OVERRIDES: "limits: {new_per_cycle: 5}\n"}, "policy, once more")
    (choices.path / OVERRIDES).write_text("limits: {new_per_cycle: 9}\n")
    git(choices.path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qam", "mine")
    place = find_hosted(choices)
    assert place.settings.limits.new_per_cycle == 5
    assert place.base == place.origin.head("main") != git(choices.path, "rev-parse", "main")


@pytest.mark.parametrize(("policy", "branch"), [("", "trunk"), ("limits: {base_branch: release}\n", "release")])
def test_the_base_branch_is_the_default_branch_or_that_of_the_policy(
    stage: GitHubStage, policy: str, branch: str
) -> None:
    robin = stage.person("robin", "admin")
    robin.push("main", {"a": "1"}, "first")
    shop = stage.server.repository(SHOP)
    for name in ("trunk", "release"):
        git(shop.path, "branch", name, "main")
    shop.options.default_branch = "trunk"
    robin.push("trunk", {OVERRIDES: policy} if policy else {"b": "2"}, "second")
    place = place_of(stage.choices())
    assert isinstance(place, Hosted)
    assert (place.base_branch, place.base) == (branch, git(shop.path, "rev-parse", branch))
    assert find_hosted(stage.choices(limits__base_branch="main")).base_branch == "main"


def test_a_policy_that_names_no_branch_is_refused(stage: GitHubStage) -> None:
    stage.person("robin", "admin").push("main", {OVERRIDES: "limits: {base_branch: gone}\n"}, "policy")
    with pytest.raises(RepositoryError, match="there is no such branch"):
        find_hosted(stage.choices())


def test_a_repository_without_a_commit_is_refused_before_anything_is_written(stage: GitHubStage) -> None:
    stage.server.create_repository("octo/empty")
    choices = stage.choices()
    said = replace(stage.variables, repository="octo/empty", token=stage.server.token("app", "octo/empty"))
    with pytest.raises(PreflightError, match="no commit"):
        run_cycle(build_world(replace(choices, variables=said)))
    assert stage.server.calls().writes == stage.server.calls().pushes == 0


def test_a_repository_that_is_archived_or_not_visible_is_refused(stage: GitHubStage) -> None:
    shop = stage.server.repository(SHOP)
    shop.options.archived = True
    with pytest.raises(PreflightError, match="archived"):
        stage.world()
    choices = stage.choices()
    shop.options.private = True
    elsewhere = stage.server.token("app", stage.server.create_repository("octo/other").full_name)
    with pytest.raises(ForgeError, match="no repository octo/shop") as error:
        build_world(replace(choices, variables=replace(stage.variables, token=elsewhere)))
    assert elsewhere not in str(error.value)


def test_a_forge_that_is_none_and_a_clone_of_nowhere_are_refused(make_repo: Any) -> None:
    repo = make_repo(FILES)
    with pytest.raises(UsageError, match="Allowed: local, github"):
        build_world(Choices(repo.path, "gitlab"))
    with pytest.raises(UsageError, match="no remote `origin`"):
        build_world(Choices(repo.path, "github", variables=ForgeVariables(token="t")))


# The token


@pytest.mark.parametrize("level", list(SandboxLevel))
def test_a_token_is_kept_from_what_runs_in_the_sandbox(level: SandboxLevel) -> None:
    if level in (SandboxLevel.BUBBLEWRAP, SandboxLevel.NAMESPACE):
        keep_token(level)
        return
    with pytest.raises(SandboxError, match="bubblewrap") as error:
        keep_token(level)
    assert "allow_weak_sandbox: true" in str(error.value)
    assert error.value.exit_code == 5


def test_credentials_that_a_checkout_left_in_the_clone_are_not_used(stage: GitHubStage) -> None:
    choices = stage.choices()
    git(choices.path, "config", f"http.{stage.server.url}/.extraheader", "AUTHORIZATION: basic b2xkOm9sZA==")
    place = find_hosted(choices)
    assert place.base
    place.origin.push([RefUpdate("refs/healer/scratch/up-1", place.base, "")])


def test_a_token_that_may_not_push_is_told_what_to_ask(stage: GitHubStage) -> None:
    stage.permissions = {"contents": "read"}
    place = find_hosted(stage.choices())
    with pytest.raises(ForgeError, match="doctor --forge github"):
        place.origin.push([RefUpdate("refs/healer/scratch/up-1", place.base, "")])
    stage.person("robin", "admin")
    stage.server.protect(SHOP, "healer-ledger", reviews=1)
    said = replace(stage.variables, token=stage.server.token("app", SHOP))
    place = find_hosted(replace(stage.choices(), variables=said))
    with pytest.raises(ForgeError, match="rule of the repository") as error:
        GitLedger(place.repository, origin=place.origin).append([a_pause(stage)])
    assert said.token not in str(error.value)


@pytest.mark.parametrize(("status", "after"), [(502, False), (502, True), (0, True), (503, True)])
def test_a_push_whose_answer_is_lost_is_neither_lost_nor_done_twice(
    stage: GitHubStage, status: int, after: bool
) -> None:
    place = find_hosted(stage.choices())
    ledger, pause = ledger_at(place), a_pause(stage)
    stage.server.faults.append(Fault("git-receive-pack$", method="POST", status=status, after=after))
    if after:
        ledger.append([pause])
    else:
        with pytest.raises(ForgeError, match="could not push"):
            ledger.append([pause])
        ledger.append([pause])
    shop = stage.server.repository(SHOP).path
    assert git(shop, "rev-list", "--count", "healer-ledger") == "1"
    place.origin.refresh()
    assert ledger.load() == (pause,)


def test_a_fetch_that_fails_says_so_and_the_next_one_goes_on(stage: GitHubStage) -> None:
    place = find_hosted(stage.choices())
    stage.server.faults.append(Fault("git-upload-pack", status=502, times=1))
    place.origin.forget()  # the fetch that found the place counts once
    place.origin.forget()
    with pytest.raises(ForgeError, match="could not fetch"):
        place.origin.head("main")
    assert place.origin.head("main") == place.base


def test_who_does_without_github_starts_without_pygithub() -> None:
    program = "import sys, gitops_healer.cli; sys.exit('github' in sys.modules or 'requests' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


THIEF = """\
import glob, os, pathlib


def test_the_token_is_out_of_reach():
    seen = [str(os.environ)]
    for place in (*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline")):
        try:
            seen.append(pathlib.Path(place).read_bytes().decode("latin-1"))
        except OSError:
            pass
    assert "ghs_" not in "".join(seen)
"""


def test_code_of_the_repository_cannot_read_the_token_of_the_run(tmp_path: Path) -> None:
    with github_stage(tmp_path, "app", FILES | {"test_thief.py": THIEF}) as stage:
        clone = str(stage.choices().path)
        said = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GITOPS_"))}
        said["GITOPS_HEALER_TOKEN"] = stage.variables.token
        words = [sys.executable, "-m", "gitops_healer", "heal", clone, "--forge", "github", "--mode", "observe"]
        done = subprocess.run(words, env=said, capture_output=True, text=True)
        if done.returncode == 5:  # a machine without namespaces: then nothing ran
            assert "bubblewrap" in done.stderr
            return
        assert done.returncode == 0, done.stderr
        assert "3 passed" in done.stdout


# The commands


def test_a_person_commands_from_a_terminal_and_writes_no_comment(stage: GitHubStage, say: Say) -> None:
    stage.keeps_cache = True
    stage.person("robin")
    stage.heal()
    with pytest.raises(UsageError, match="--actor LOGIN"):
        speak(stage.choices(), "/approve", "", 1, Format.text)
    with pytest.raises(UsageError, match="no pull request #9"):
        speak(stage.choices(), "/approve", "robin", 9, Format.text)
    with pytest.raises(typer.Exit) as refused:
        speak(stage.choices(), "/approve", "stranger", 1, Format.text)
    assert refused.value.exit_code == 1
    speak(stage.choices(), "/approve", "robin", 1, Format.text)
    assert not [comment for comment in stage.world().forge.comments(1) if "/approve" in comment.body.split("\n")]
    upgrade = stage.upgrade
    assert [approval.by for approval in upgrade.approvals] == ["robin"]
    assert upgrade.merged is not None
    world = stage.world()
    assert world.base == upgrade.merged.commit, "what was merged there is what is looked at next"
    assert b"if values else 0.0" in (world.repository.read(world.base, "program.py") or b"")

    clone = str(stage.choices().path)
    assert say("rollback", upgrade.codename, clone, "--forge", "github", "--actor", "robin") == 0
    stage.heal()
    assert "RolledBack" in stage.events()


def test_a_cycle_that_only_observes_writes_nothing(
    stage: GitHubStage, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    clone = str(stage.choices().path)
    mark = stage.server.mark()
    assert say("heal", clone, "--forge", "github", "--mode", "observe") == 0, capsys.readouterr().err
    spent = stage.spent(mark)
    assert (spent.writes, spent.pushes, spent.fetches) == (0, 0, 1)
