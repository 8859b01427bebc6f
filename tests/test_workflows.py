"""Our workflows, those that `init` writes, and the action: valid for GitHub, clean for zizmor, as they promise."""

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.errors import UsageError
from gitops_healer.onboarding import (
    WORKFLOW,
    ActionReference,
    action_reference,
    ci_names,
    install_arguments,
    start_workflow,
    workflow_text,
)
from gitops_healer.settings import OVERRIDES, load_settings
from tests.actions_runner.expressions import evaluate, is_true
from tests.actions_runner.workflow import load_yaml
from tests.conftest import GitRepo

ROOT = Path(__file__).parent.parent
PINNED = action_reference(f"octo/gitops_healer@{'ab' * 20}")
CI = "name: CI tests\non:\n  pull_request:\n  push: {branches: [main]}\njobs: {}\n"
ALLOWED_IGNORES = {"dangerous-triggers", "self-repository"}
"""dangerous-triggers: issue_comment and workflow_run are what a bot listens to, and no code of whoever triggers them is
checked out. self-repository: `./` works on every server, and what is checked out is main."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that GitHub would read, in one place: our own files, and each kind that init writes."""
    root = tmp_path_factory.mktemp("github")
    for path in [ROOT / "action.yml", *(ROOT / ".github/workflows").glob("*.yml")]:
        target = root / "own" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for has_ci, as_app in itertools.product((False, True), repeat=2):
        tree = root / f"init-{has_ci}-{as_app}"
        (tree / ".git").mkdir(parents=True)
        if has_ci:
            (tree / ".github/workflows").mkdir(parents=True)
            (tree / ".github/workflows/ci.yml").write_text(CI)
        start_workflow(tree, workflow_text(tree, "release/1.x", PINNED, as_app))
    return root


def workflows(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob(".github/workflows/*.yml") if path.read_text() != CI)


def test_they_are_valid_for_github(folder: Path) -> None:
    for schema, files in (
        ("github-workflows", workflows(folder)),
        ("github-actions", [folder / "own/action.yml"]),
    ):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


def test_zizmor_has_nothing_to_say(folder: Path) -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    files = [*workflows(folder), folder / "own/action.yml"]
    command = [zizmor, "--offline", "--strict-collection", "--persona=pedantic", "--format=json", "--quiet", *files]
    audited = subprocess.run(command, capture_output=True, text=True, check=False)
    assert audited.returncode == 0, audited.stdout + audited.stderr
    assert json.loads(audited.stdout) == []


def test_whatever_is_ignored_has_its_reason(folder: Path) -> None:
    for path in [*workflows(folder), folder / "own/action.yml"]:
        for rule, reason in re.findall(r"zizmor: ignore\[([\w-]+)\](.*)", path.read_text()):
            assert rule in ALLOWED_IGNORES
            assert len(reason.split()) > 4


def test_every_action_is_pinned_by_a_sha_with_its_version(folder: Path) -> None:
    for path in [*workflows(folder), folder / "own/action.yml"]:
        for uses in re.findall(r"\buses: (.*)", path.read_text()):
            assert uses.startswith("./ ") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", uses), uses


def test_no_script_has_an_expression_in_it(folder: Path) -> None:
    def steps(data: dict[str, Any]) -> list[dict[str, Any]]:
        return data.get("runs", {}).get("steps", []) + [
            step for job in data.get("jobs", {}).values() for step in job["steps"]
        ]

    for path in [*workflows(folder), folder / "own/action.yml"]:
        scripts = [step["run"] for step in steps(load_yaml(path.read_text())) if "run" in step]
        assert not [script for script in scripts if "${{" in script]


def test_the_own_policy_is_valid_and_lets_nothing_be_merged_by_itself() -> None:
    settings = load_settings((ROOT / ".github/gitops-healer.yml").read_bytes())
    assert settings.limits.mode == "propose"
    assert (settings.risk.merge_without_approval, settings.risk.plan_without_approval) == ((), ())
    assert settings.testing.sandbox == "namespace"


# What init writes


def job_of(text: str) -> dict[str, Any]:
    return dict(load_yaml(text)["jobs"]["heal"])


def test_no_code_of_a_pull_request_is_checked_out_where_there_is_a_token(tmp_path: Path) -> None:
    text = workflow_text(tmp_path, "main", PINNED)
    job = job_of(text)
    checkout = next(step for step in job["steps"] if str(step.get("uses")).startswith("actions/checkout@"))
    assert checkout["with"] == {"ref": "main", "fetch-depth": 0, "persist-credentials": False}
    assert load_yaml(text)["permissions"] == {}
    assert "administration" not in job["permissions"]
    assert job["concurrency"] == {
        "group": "healer-${{ github.repository }}", "cancel-in-progress": False, "queue": "max",
    }  # fmt: skip


PULL = {"head": {"ref": "healer/x/0123456789", "repo": {"full_name": "octo/shop"}}}
FORK = {"head": {"ref": "healer/x/0123456789", "repo": {"full_name": "eve/shop"}}}


@pytest.mark.parametrize(
    ("event", "payload", "wanted"),
    [
        ("schedule", {"schedule": "17 * * * *"}, True),
        ("workflow_dispatch", {}, True),
        ("push", {}, True),
        ("issue_comment", {"comment": {"body": "/approve", "user": {"type": "User"}}}, True),
        ("issue_comment", {"comment": {"body": "hi\r\n/approve", "user": {"type": "User"}}}, True),
        ("issue_comment", {"comment": {"body": "hi\n  /approve", "user": {"type": "User"}}}, True),
        ("issue_comment", {"comment": {"body": "@healer /approve", "user": {"type": "User"}}}, True),
        ("issue_comment", {"comment": {"body": "see https://example.org/x", "user": {"type": "User"}}}, False),
        ("issue_comment", {"comment": {"body": "thanks!", "user": {"type": "User"}}}, False),
        ("issue_comment", {"comment": {"body": "/approve", "user": {"type": "Bot"}}}, False),
        ("issues", {"issue": {"body": "- [x] <!-- healer:do /freeze --> stop"}, "sender": {"type": "User"}}, True),
        ("issues", {"issue": {"body": "- [x] <!-- healer:do /freeze --> stop"}, "sender": {"type": "Bot"}}, False),
        ("issues", {"issue": {"body": "- [ ] <!-- healer:do /freeze --> stop"}, "sender": {"type": "User"}}, False),
        ("issue_comment", {"comment": {"body": "try /x <!-- healer:reply 1 -->", "user": {"type": "User"}}}, False),
        ("issues", {"issue": {"body": None}, "sender": {"type": "User"}}, False),
        ("pull_request_review", {"review": {"body": None, "user": {"type": "User"}}, "pull_request": PULL}, True),
        ("pull_request_review", {"review": {"body": "/x", "user": {"type": "User"}}, "pull_request": FORK}, False),
        ("pull_request", {"pull_request": PULL, "sender": {"type": "User"}}, True),
        ("pull_request", {"pull_request": FORK, "sender": {"type": "User"}}, False),
        (
            "workflow_run",
            {"workflow_run": {"head_branch": "healer/x/1", "head_repository": {"full_name": "octo/shop"}}},
            True,
        ),
        (
            "workflow_run",
            {"workflow_run": {"head_branch": "healer/x/1", "head_repository": {"full_name": "eve/shop"}}},
            False,
        ),
        (
            "workflow_run",
            {"workflow_run": {"head_branch": "main", "head_repository": {"full_name": "octo/shop"}}},
            False,
        ),
    ],
)
def test_ordinary_events_cost_no_minute(event: str, payload: dict[str, Any], wanted: bool, tmp_path: Path) -> None:
    condition = job_of(workflow_text(tmp_path, "main", PINNED))["if"]
    github = {"event_name": event, "event": payload, "repository": "octo/shop"}
    assert is_true(evaluate(condition, {"github": github})) is wanted


def test_the_end_of_ci_is_listened_to(tmp_path: Path) -> None:
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(CI)
    (folder / "unnamed.yaml").write_text("on: [push]\njobs: {}\n")
    (folder / "release.yml").write_text("name: release\non: {release: {types: [published]}}\njobs: {}\n")
    (folder / "broken.yml").write_text("on: [push\n")
    (folder / "hostile.yml").write_text("name: '${{ secrets.X }}'\non: push\njobs: {}\n")
    (tmp_path / WORKFLOW).write_text("name: gitops-healer\non: push\njobs: {}\n")
    assert ci_names(tmp_path) == ("CI tests", ".github/workflows/unnamed.yaml")
    on = load_yaml(workflow_text(tmp_path, "main", PINNED))["on"]
    assert on["workflow_run"] == {"workflows": list(ci_names(tmp_path)), "types": ["completed"]}


@pytest.mark.parametrize("branch", ["it's", "${{x}}", "a,b", "[main]", ""])
def test_a_branch_that_means_something_else_in_a_workflow_is_refused(branch: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--base-branch"):
        workflow_text(tmp_path, branch, PINNED)


@pytest.mark.parametrize(
    ("files", "arguments"),
    [
        ({}, "pytest"),
        ({"requirements.txt": "", "requirements-dev.txt": ""},
         "pytest --requirement requirements.txt --requirement requirements-dev.txt"),
        ({"pyproject.toml": "[project]\nname='x'\n[project.optional-dependencies]\ntest=[]\ndocs=[]"},
         "pytest '.[test]'"),
        ({"pyproject.toml": "[build-system]\nrequires=[]"}, "pytest ."),
        ({"pyproject.toml": "[tool.ruff]"}, "pytest"),
        ({"pyproject.toml": "broken ["}, "pytest"),
        ({"setup.py": ""}, "pytest ."),
    ],
)  # fmt: skip
def test_what_the_tests_need_is_installed(files: dict[str, str], arguments: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert install_arguments(tmp_path) == arguments


@pytest.mark.parametrize("text", ["gitops_healer", "octo/x", "octo/x@", "octo/x@v1 # y", "octo/x@${{ y }}", "../x@v1"])
def test_what_is_no_action_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="Example"):
        action_reference(text)


def test_an_action_that_is_not_pinned_says_how_to_pin_it(tmp_path: Path) -> None:
    loose = workflow_text(tmp_path, "main", ActionReference("OWNER/gitops_healer", "v0.1.0"))
    assert "uses: OWNER/gitops_healer@v0.1.0\n" in loose
    assert "To pin it" in loose
    assert "To pin it" not in workflow_text(tmp_path, "main", PINNED)


def test_a_workflow_that_is_there_is_kept(make_repo: Callable[..., GitRepo]) -> None:
    tree = make_repo({WORKFLOW: "mine"}).path
    with pytest.raises(UsageError, match="is there already"):
        start_workflow(tree, "ours")
    assert (tree / WORKFLOW).read_text() == "mine"
    start_workflow(tree, "ours", force=True)
    assert (tree / WORKFLOW).read_text() == "ours"


def test_init_writes_workflow_and_policy_and_says_what_has_to_be_switched_on(make_repo: Callable[..., GitRepo]) -> None:
    tree = make_repo({"x.py": ""}).path
    command = ["init", str(tree), "--github", "--action-ref", f"octo/gitops_healer@{'ab' * 20}", "--app"]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    assert "Allow GitHub Actions to create and approve pull requests" in ran.output
    assert load_settings((tree / OVERRIDES).read_bytes()).limits.mode == "propose"
    text = (tree / WORKFLOW).read_text()
    assert job_of(text)["steps"][-1]["with"]["app-id"] == "${{ vars.HEALER_APP_ID }}"
    printed = CliRunner().invoke(app, [*command, "--print"])
    assert printed.output == text
    assert CliRunner().invoke(app, ["init", str(tree), "--app"]).exit_code != 0


def test_nothing_is_written_outside_of_the_repository(make_repo: Callable[..., GitRepo], tmp_path: Path) -> None:
    tree = make_repo({"x": ""}).path
    (tree / ".github").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UsageError, match="leads out"):
        start_workflow(tree, "text")
    assert not (tmp_path / "workflows").exists()
