"""Whatever the repository or the machine is like: a clear message or good work, and nothing is lost."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from gitops_healer.cli import main
from gitops_healer.core.upgrade import Stage as At
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, Stage

MakeRepo = Callable[..., GitRepo]
CYCLE = {"a.py": "import b\n\n\ndef f():\n    return b.g\n", "b.py": "import a\n\n\ndef g():\n    return a.f\n"}


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """cli("heal", path): what the shell would see."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["gitops-healer", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.mark.parametrize("name", ["missing", "a-file", "a-folder"])
def test_what_is_no_repository_is_said(cli: Callable[..., Ran], tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "a-folder").mkdir()
    for command in ("heal", "status", "doctor", "ledger"):
        arguments = ["--repo", tmp_path / name] if command == "ledger" else [tmp_path / name]
        ran = cli(command, *arguments)
        assert ran.code in (2, 5), ran
        assert "Traceback" not in ran.err
        assert name in ran.err + ran.out


def test_an_empty_repository(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    ran = cli("heal", make_repo().path)
    assert ran.code == 5
    assert "'main' has no commit yet" in ran.err


def test_a_bare_repository_is_healed_like_any_other(
    cli: Callable[..., Ran], make_repo: MakeRepo, tmp_path: Path
) -> None:
    make_repo(CYCLE | {"test_x.py": "def test_x():\n    import a\n"})
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(tmp_path / "repo"), str(bare)], check=True)
    ran = cli("heal", bare, "--mode", "observe", "--format", "json")
    assert ran.code == 0, ran.err
    assert [finding["rule"] for finding in json.loads(ran.out)["findings"]] == ["circular_import"]


def test_a_detached_head(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "x = 1\n"})
    repo.git("checkout", "--quiet", "--detach")
    assert json.loads(cli("heal", repo.path, "--format", "json").out)["base_branch"] == "main"
    repo.git("branch", "--move", "main", "one")
    repo.git("branch", "two")
    ran = cli("heal", repo.path)
    assert ran.code == 5
    assert "--base-branch NAME" in ran.err
    assert json.loads(cli("heal", repo.path, "--base-branch", "two", "--format", "json").out)["base_branch"] == "two"


def test_what_is_checked_out_does_not_change_what_is_healed(make_repo: MakeRepo) -> None:
    stage = Stage(make_repo(FILES))
    stage.heal()
    for branch in (stage.upgrade.proposed.branch, "healer-ledger"):
        stage.repo.git("switch", "--quiet", branch)
        assert stage.world().base_branch == "main"
    stage.repo.git("switch", "--quiet", "--create", "my-own", "main")
    assert stage.world().base_branch == "main"


def test_a_base_branch_that_is_not_there(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    ran = cli("heal", make_repo({"a.py": ""}).path, "--base-branch", "nowhere")
    assert ran.code == 5
    assert "nowhere" in ran.err


def test_a_shallow_clone(cli: Callable[..., Ran], make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo(CYCLE)
    repo.commit({"c.py": ""}, "more")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{repo.path}", str(clone)], check=True)
    ran = cli("heal", clone, "--format", "json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["findings"]


def test_hostile_trees(cli: Callable[..., Ran], make_repo: MakeRepo, tmp_path: Path) -> None:
    """Odd and undecodable names, syntax errors, a huge file, links out of the tree, a submodule."""
    secret = tmp_path / "secret.py"
    secret.write_text("import nothing\n")
    repo = make_repo(
        CYCLE | {"with space.py": "x = 1\n", "new\nline.py": "y = 2\n", "broken.py": "def (:\n", "nul.py": b"\0"}
    )
    odd = os.fsencode(repo.path) + b"/\xff\xfe.py"
    Path(os.fsdecode(odd)).write_bytes(b"z = '\xff'\n")
    (repo.path / "big.py").write_bytes(b"x = 1  # and so on\n" * 2_600_000)
    (repo.path / "link.py").symlink_to(secret)
    (repo.path / "loop").symlink_to(".")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.git('rev-parse', 'HEAD')},module")
    repo.git("commit", "--quiet", "--message", "odd things")
    ran = cli("heal", repo.path, "--mode", "observe", "--format", "json")
    assert ran.code == 0, ran.err
    assert [finding["rule"] for finding in json.loads(ran.out)["findings"]] == ["circular_import"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python -c 'import time; time.sleep(600)'", "did not end within 2 seconds"),
        ("no-such-program --at-all", "no-such-program"),
        ("pytest '", "pytest '"),
        ("python -c 'import os; os.abort()'", "tests"),
    ],
)
def test_test_commands_that_prove_nothing_let_nothing_pass(make_repo: MakeRepo, command: str, said: str) -> None:
    stage = Stage(make_repo(FILES), options={"testing.command": command, "testing.timeout": "2s"})
    stage.heal()
    up = stage.upgrade
    assert up.proposed is None
    assert up.stage in (At.HELD, At.CLOSED)
    assert said in up.reason


@pytest.mark.parametrize(
    "code",
    ["import os, signal; os.kill(os.getppid(), signal.SIGKILL)", "print('x' * 200_000_000)"],
    ids=["kills its parent", "prints 200 MB"],
)
def test_test_commands_that_rage_do_no_harm(make_repo: MakeRepo, code: str) -> None:
    stage = Stage(make_repo(FILES), options={"testing.command": f'python -c "{code}"'})
    stage.heal()
    assert stage.upgrade.stage in (At.HELD, At.VALIDATED)


def test_broken_and_hostile_policies(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": "", ".github/gitops-healer.yml": "limits: {mod: deploy}\n"})
    ran = cli("heal", repo.path)
    assert ran.code == 2
    assert "no setting limits.mod. Did you mean mode?" in ran.err
    (repo.path / ".github/gitops-healer.yml").write_text("limits: {mode: deploy}\n")
    assert cli("heal", repo.path).code == 2, "what is not committed on the base branch does not count"
    repo.commit({".github/gitops-healer.yml": "x: &a [*a]\n"})
    assert "aliases are not allowed" in cli("heal", repo.path).err


def test_a_policy_on_another_branch_has_no_say(make_repo: MakeRepo) -> None:
    repo = make_repo(FILES)
    stage = Stage(repo)
    stage.heal()
    branch = stage.upgrade.proposed.branch
    repo.git("switch", "--quiet", "--create", "evil", branch)
    repo.commit({".github/gitops-healer.yml": "limits: {mode: deploy}\n"}, "take over")
    repo.git("switch", "--quiet", "main")
    assert stage.world().mode == "propose"


def test_a_clock_that_goes_backwards(make_repo: MakeRepo) -> None:
    stage = Stage(make_repo(FILES), options={"limits.mode": "deploy"})
    stage.heal()
    stage.clock.turn(timedelta(days=-40))
    stage.heal()
    stage.heal()
    assert stage.upgrade.stage is At.WATCHED
    assert stage.world().ledger.verify().allowed


def test_a_damaged_ledger_is_named_and_left_alone(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    stage = Stage(make_repo(FILES))
    stage.heal()
    repo = stage.repo
    repo.git("switch", "--quiet", "healer-ledger")
    month = next((repo.path / "events").iterdir())
    month.write_text(month.read_text().replace('"event":"Queued"', '"event":"Quoted"'))
    repo.git("commit", "--quiet", "--all", "--message", "tidy up")
    repo.git("switch", "--quiet", "main")
    ran = cli("heal", repo.path)
    assert ran.code == 3
    assert month.name in ran.err
    assert "Traceback" not in ran.err


def test_a_damaged_store_is_named_and_left_alone(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": ""})
    state = repo.path / ".git/gitops-healer"
    state.mkdir()
    (state / "executions.sqlite").write_bytes(b"no database at all" * 1000)
    ran = cli("executions", "stats", "--repo", repo.path)
    assert ran.code == 3 or ran.code == 2
    assert "executions.sqlite" in ran.err
    assert (state / "executions.sqlite").read_bytes().startswith(b"no database")


def test_a_damaged_cache_is_built_again(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    repo = make_repo(CYCLE)
    state = repo.path / ".git/gitops-healer"
    state.mkdir()
    (state / "cache.sqlite").write_bytes(b"no database at all" * 1000)
    ran = cli("heal", repo.path, "--mode", "observe", "--format", "json")
    assert ran.code == 0
    assert len(json.loads(ran.out)["findings"]) == 1


def test_unknown_upgrades_and_commands(cli: Callable[..., Ran], make_repo: MakeRepo) -> None:
    repo = make_repo({"a.py": ""})
    for arguments in (("explain", "up-1"), ("diff", "x"), ("rollback", "x"), ("plan", "x")):
        ran = cli(*arguments, repo.path)
        assert ran.code == 2
        assert "there is no upgrade" in ran.err
    ran = cli("command", "hello", repo.path)
    assert ran.code == 2 and "is no command" in ran.err
    ran = cli("command", "/approve", repo.path, "--pull", "7")
    assert ran.code == 2 and "no pull request #7" in ran.err
    ran = cli("command", "/hold", repo.path, "--actor", "stranger")
    assert ran.code == 1 and "stranger" in ran.out


def test_a_machine_without_git_is_told_what_to_install(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = make_repo({"a.py": ""})
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "gitops_healer", "doctor", str(repo.path)],
        env={**os.environ, "PATH": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "install git" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


FULL_DISK = """\
set -e
mount -t tmpfs -o size={size}k tmpfs {place}
cp -a {repo} {place}/repo
dd if=/dev/zero of={place}/filler bs=1k 2>/dev/null || true
set +e
{python} {script} {place}/repo full
echo "full: $?"
git -C {place}/repo fsck --strict >&2; echo "fsck: $?"
rm {place}/filler
mount -o remount,size=400m {place}
{python} {script} {place}/repo free
echo "free: $?"
"""
ON_FULL_DISK = """\
import sys
from dataclasses import replace
from gitops_healer.errors import HealerError
from tests.conftest import GitRepo
from tests.cycle.stage import Stage
from gitops_healer.cycle import run_cycle
from pathlib import Path

stage = Stage(GitRepo(Path(sys.argv[1])))
try:
    cycle = run_cycle(replace(stage.world(), free_bytes=lambda: 10**12))
except (HealerError, OSError) as error:
    print("refused:", error)
    sys.exit(3)
print("errors:", cycle.errors, [up.stage.value for up in cycle.journal.history.upgrades.values()])
sys.exit(3 if cycle.errors else 0)
"""


def test_a_full_disk_loses_nothing(make_repo: MakeRepo, tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("a small disk needs user namespaces")
    repo = make_repo(FILES)
    place, script = tmp_path / "disk", tmp_path / "script.py"
    place.mkdir()
    script.write_text(ON_FULL_DISK)
    shell = FULL_DISK.format(size=900, place=place, repo=repo.path, python=sys.executable, script=script)
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", shell],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "full: 3" in done.stdout, done
    assert "Traceback" not in done.stderr, done.stderr
    assert "fsck: 0" in done.stdout, done
    assert "free: 0" in done.stdout, done
    assert "validated" in done.stdout, done
