"""`gitops-healer repair`: what a person and a program get to see, exit codes, and that nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.errors import HealerError, UsageError
from tests.conftest import GitRepo

MakeRepo = Callable[..., GitRepo]
WRONG = "def add(a, b):\n    return a - b\n"
RIGHT = "def add(a, b):\n    return a + b\n"
TESTS = """\
from m import add


def test_add():
    assert add(1, 2) == 3


def test_zero():
    assert add(5, 0) == 5
"""
FILES = {"m.py": WRONG, "test_m.py": TESTS}


def run(repo: GitRepo, *options: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["repair", str(repo.path), "--budget", "15", "--format", "json", *options])
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def test_a_patch_is_written_and_can_be_taken_back(make_repo: MakeRepo) -> None:
    repo = make_repo(FILES)
    found = run(repo, "--apply")
    assert (found["status"], found["applied"], found["failing_tests"]) == ("repaired", 1, ["test_m.py::test_add"])
    assert (repo.path / "m.py").read_text() == RIGHT
    assert repo.git("diff", "--name-only") == "m.py"
    repo.git("restore", "m.py")
    assert repo.git("status", "--porcelain") == ""


def test_work_that_is_not_committed_is_kept(make_repo: MakeRepo) -> None:
    repo = make_repo({**FILES, "m.py": RIGHT.replace("add", "plus")})
    repo.write({"m.py": f"# mine\n{WRONG}"})
    done = CliRunner().invoke(app, ["repair", str(repo.path), "--budget", "15", "--apply"])
    assert done.exit_code == 0, done.output
    assert (repo.path / "m.py").read_text() == f"# mine\n{RIGHT}"
    assert "git apply -R" in done.stdout


@pytest.mark.parametrize(
    ("files", "options", "code", "status", "says"),
    [
        ({**FILES, "m.py": RIGHT}, (), 0, "nothing_failing", "2 tests pass"),
        (FILES, ("--test", "test_m.py::test_sub"), 2, "error", "no test is called test_m.py::test_sub"),
        (FILES, ("--test-command", "nosuchprogram -x"), 5, "error", "nosuchprogram"),
        (FILES, ("--test-command", "pytest -k zero"), 0, "nothing_failing", "1 tests pass"),
        ({"m.py": WRONG}, (), 5, "error", "no tests"),
        ({**FILES, "conftest.py": "import nosuchdependency\n"}, (), 5, "error", "No module named"),
        ({**FILES, "conftest.py": "import os\nos._exit(3)\n"}, (), 5, "error", "cannot be collected"),
        ({**FILES, "test_m.py": f"{TESTS}    assert (\n"}, (), 1, "no_repair", "mend it by hand"),
    ],
)
def test_what_cannot_be_repaired_is_told_with_its_own_exit_code(
    make_repo: MakeRepo, files: dict[str, str], options: tuple[str, ...], code: int, status: str, says: str
) -> None:
    found = run(make_repo(files), *options, code=code)
    assert (found["status"], found["patches"], found["applied"]) == (status, [], 0)
    assert says in found["reason"]


@pytest.mark.parametrize(("options", "says"), [(("--budget", "0"), "at least a second"), (("--budget", "x"), "90s")])
def test_a_wrong_option_is_refused_before_anything_runs(
    make_repo: MakeRepo, options: tuple[str, ...], says: str
) -> None:
    done = CliRunner().invoke(app, ["repair", str(make_repo(FILES).path), *options])
    assert isinstance(done.exception, UsageError)
    assert says in str(done.exception)


def test_a_bare_repository_is_searched_and_refuses_to_be_written(make_repo: MakeRepo) -> None:
    repo = make_repo(FILES)
    repo.git("clone", "--quiet", "--bare", ".", "bare.git")
    done = CliRunner().invoke(app, ["repair", str(repo.path / "bare.git"), "--apply"])
    assert isinstance(done.exception, HealerError)
    assert "bare" in str(done.exception)


def test_a_suite_that_takes_longer_than_the_budget_is_told_in_time(make_repo: MakeRepo) -> None:
    began = time.monotonic()
    files = {"m.py": "import time\ntime.sleep(60)\n", "test_m.py": TESTS}
    found = run(make_repo(files), "--budget", "3", code=5)
    assert "give more time" in found["reason"]
    assert time.monotonic() - began < 20


def heed() -> None:
    """In the child: Ctrl-C means something, also where the tests run in the background and it is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_leaves_nothing_behind(make_repo: MakeRepo, tmp_path: Path, number: signal.Signals) -> None:
    files = {"m.py": WRONG, "test_m.py": "from m import add\n\n\ndef test_add():\n    assert add(1, 2) == object()\n"}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "gitops_healer", "repair", str(make_repo(files).path)]
    with subprocess.Popen(
        [*command, "--budget", "60", "--format", "json"],
        stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(scratch)}, start_new_session=True, preexec_fn=heed,
    ) as process:  # fmt: skip
        until = time.monotonic() + 30
        while not list(scratch.glob("healer-*/**/tree/m.py")) and time.monotonic() < until:
            time.sleep(0.05)
        assert list(scratch.iterdir())
        time.sleep(1.5)
        os.killpg(process.pid, number)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert list(scratch.iterdir()) == []
    assert str(scratch) not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
