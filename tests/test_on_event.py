"""`on-event`: from the environment of a step and a payload to a deed, and what is left for the workflow to read."""

import fcntl
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.console.actions_output import SHOWN, Annotation, Level, annotate, unheard, write_outputs
from gitops_healer.console.event_payload import event_of
from gitops_healer.console.on_event import annotations_of, concerned
from gitops_healer.core.activity import Activity, ForgeEvent, Kind
from gitops_healer.core.decision import yes
from gitops_healer.core.finding import Severity
from gitops_healer.core.summary import Summary
from gitops_healer.settings import OVERRIDES
from tests.actions_runner.files import parse_pairs
from tests.actions_runner.listening import Listener
from tests.conftest import GitRepo
from tests.core.upgrade_scenes import FINDING, HEAD, LIFE, REVERT, TAKEN_BACK, WATCHED, after
from tests.forge_server.server import ForgeServer
from tests.github_stage import OWN_CODE

ROBIN = {"login": "robin", "type": "User"}
REPOSITORY = {"full_name": "octo/shop"}
PULL = {"number": 7, "head": {"ref": "healer/x/1", "sha": HEAD, "repo": REPOSITORY}, "base": {"ref": "main"}}


# Payloads


@pytest.mark.parametrize(
    ("name", "payload", "event"),
    [
        ("schedule", {"schedule": "17 * * * *"}, ForgeEvent("schedule")),
        (
            "issue_comment",
            {
                "action": "created", "repository": REPOSITORY, "sender": ROBIN,
                "issue": {"number": 7, "body": "of the issue", "pull_request": {"url": "x"}},
                "comment": {"body": "/approve", "user": ROBIN},
            },
            ForgeEvent("issue_comment", "created", "octo/shop", "robin", False, "/approve", pull=7),
        ),
        (
            "issue_comment",
            {"action": "created", "sender": ROBIN, "comment": {"user": {"login": "some[bot]", "type": "User"}}},
            ForgeEvent("issue_comment", "created", actor="robin", by_bot=True),
        ),
        (
            "pull_request_review",
            {
                "action": "submitted", "sender": ROBIN, "pull_request": PULL,
                "review": {"body": None, "state": "approved", "user": ROBIN},
            },
            ForgeEvent(
                "pull_request_review", "submitted", actor="robin", pull=7, branch="healer/x/1", head=HEAD,
                head_repository="octo/shop", state="approved",
            ),
        ),
        (
            "pull_request",
            {
                "action": "closed", "sender": ROBIN,
                "pull_request": PULL | {"head": {"ref": "x", "sha": "s", "repo": None}},
            },
            ForgeEvent("pull_request", "closed", actor="robin", pull=7, branch="x", head="s"),
        ),
        (
            "workflow_run",
            {
                "action": "completed", "sender": {"login": "github-actions[bot]", "type": "Bot"},
                "workflow_run": {"head_branch": "healer/x/1", "head_sha": HEAD, "head_repository": REPOSITORY},
            },
            ForgeEvent(
                "workflow_run", "completed", actor="github-actions[bot]", by_bot=True, branch="healer/x/1", head=HEAD,
                head_repository="octo/shop",
            ),
        ),
        (
            "status",
            {
                "sha": HEAD, "state": "success", "context": "ci", "sender": ROBIN,
                "branches": [{"name": "topic"}, {"name": "healer/x/1"}],
            },
            ForgeEvent("status", actor="robin", branch="healer/x/1", head=HEAD, state="success", context="ci"),
        ),
        (
            "push",
            {"ref": "refs/heads/main", "deleted": False, "sender": ROBIN, "repository": REPOSITORY},
            ForgeEvent("push", repository="octo/shop", actor="robin", ref="refs/heads/main"),
        ),
        (
            "issues",
            {"action": "edited", "issue": {"number": 3, "body": "<!-- healer:dashboard -->"}, "sender": ROBIN},
            ForgeEvent("issues", "edited", actor="robin", text="<!-- healer:dashboard -->", pull=3),
        ),
    ],
)  # fmt: skip
def test_the_part_of_a_payload_that_counts(name: str, payload: dict[str, Any], event: ForgeEvent) -> None:
    assert event_of(name, payload) == event


KEYS = st.sampled_from(
    ["action", "comment", "review", "issue", "pull_request", "sender", "user", "body", "number", "head", "repo", "ref",
     "branches", "name", "workflow_run", "head_branch", "deleted", "state", "login", "type", "full_name"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(
    st.sampled_from(["issue_comment", "pull_request_review", "push", "status"]), st.dictionaries(KEYS, JSON, max_size=8)
)
def test_no_payload_breaks_the_reading(name: str, payload: dict[str, Any]) -> None:
    event = event_of(name, payload)
    assert isinstance(event.text, str)
    assert isinstance(event.pull, int)
    assert event.pull >= 0


# Which upgrades


@pytest.mark.parametrize(
    ("activity", "facts", "meant"),
    [
        (Activity(Kind.ADVANCE, "", pull=12), LIFE[:6], True),
        (Activity(Kind.ADVANCE, "", branch="healer/low_success_rate/420be9b686"), LIFE[:6], True),
        (Activity(Kind.ADVANCE, "", head=HEAD), LIFE[:6], True),
        (Activity(Kind.ADVANCE, "", head=REVERT), (*WATCHED, *TAKEN_BACK[:3]), True),
        (Activity(Kind.ADVANCE, "", pull=13), (*WATCHED, *TAKEN_BACK[:3]), True),
        (Activity(Kind.ADVANCE, "", pull=13, branch="healer/x", head="0" * 40), LIFE[:6], False),
        (Activity(Kind.ORDERS, ""), LIFE[:6], False),
        (Activity(Kind.ADVANCE, "", pull=12), LIFE[:5], False),
    ],
)
def test_an_event_concerns_the_upgrades_that_it_is_about(activity: Activity, facts: Any, meant: bool) -> None:
    assert concerned(activity)(after(*facts)) is meant


# What the workflow reads


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_an_annotation_is_heard_as_it_was_meant(text: str) -> None:
    listener = Listener()
    listener.hear(f"{Annotation(Level.WARNING, text, text, text, 3)}\n")
    facts = {"file": text, "line": "3", "title": text}
    assert [(note.level, note.message) for note in listener.notes] == [("warning", text)]
    assert listener.notes[0].facts == {key: value for key, value in facts.items() if value}


@given(
    st.dictionaries(st.sampled_from(["findings", "rollbacks"]), st.text(alphabet="ab<=\n", max_size=20) | st.integers())
)
def test_outputs_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str | int]
) -> None:
    file = tmp_path_factory.mktemp("outputs") / "outputs"
    write_outputs(file, outputs)
    assert parse_pairs(file.read_text()) == {name: str(value) for name, value in outputs.items()}


def test_no_more_annotations_are_printed_than_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    annotate([Annotation(level, "x") for level in Level for _ in range(SHOWN + 5)])
    assert len(capsys.readouterr().out.splitlines()) == 3 * SHOWN


def test_what_is_unheard_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    with unheard():
        sys.stdout.write("::error::from a comment\n##[error]old style\n")
    sys.stdout.write(f"{Annotation(Level.NOTICE, 'ours')}\n")
    listener = Listener()
    listener.hear(capsys.readouterr().out)
    assert [note.message for note in listener.notes] == ["ours"]


def test_errors_come_before_findings_and_low_ones_are_notices() -> None:
    low = replace(FINDING, severity=Severity.LOW)
    summary = Summary(
        "r", "propose", "main", "", findings=((FINDING, yes("b", "")), (low, yes("b", ""))), errors=("bad",)
    )
    found = annotations_of(summary)
    assert [one.level for one in found] == [Level.ERROR, Level.WARNING, Level.NOTICE]
    assert (found[1].path, found[1].line) == (FINDING.path, FINDING.start)


# The command


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run on-event as a step does: environment, payload; returns (exit code, stdout, summary, outputs)."""

    def run(name: str, payload: object = None, *arguments: str, raw: bytes | None = None, **env: str) -> Any:
        event, summary, outputs = (tmp_path / part for part in ("event.json", "summary.md", "outputs"))
        if payload is not None or raw is not None:
            event.write_bytes(raw if raw is not None else json.dumps(payload).encode())
        base = {
            "GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(event), "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_OUTPUT": str(outputs), "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "octo/shop",
        }  # fmt: skip
        ran = CliRunner().invoke(app, ["on-event", *arguments], env={**base, **env})
        said = parse_pairs(outputs.read_text()) if outputs.exists() else {}
        return ran.exit_code, ran.output, summary.read_text() if summary.exists() else "", said

    return run


NOTHING_DONE = {"findings": "0", "pulls-opened": "0", "pulls-merged": "0", "rollbacks": "0"}


def test_an_event_that_asks_for_nothing_needs_no_token_and_no_repository(step: Any, tmp_path: Path) -> None:
    payload = {"action": "created", "comment": {"body": "thanks", "user": ROBIN}, "sender": ROBIN}
    code, output, summary, outputs = step("issue_comment", payload, str(tmp_path / "nowhere"))
    assert (code, outputs) == (0, NOTHING_DONE)
    assert output == "::notice title=Healer::nothing to do: the comment has no command\n"
    assert "nothing to do" in summary


def test_json_is_one_document(step: Any) -> None:
    code, output, _, _ = step("watch", {"action": "started"}, "--format", "json")
    assert code == 0
    assert json.loads(output)["activity"] == "nothing"


@pytest.mark.parametrize(
    ("name", "raw", "because"),
    [
        ("issue_comment", b"", "is no JSON payload"),
        ("issue_comment", b"{", "is no JSON payload"),
        ("issue_comment", b"\xff\xfe\x00", "is no JSON payload"),
        ("issue_comment", b"[1, 2]", "must be a JSON object, not list"),
        ("issue_comment", b"[" * 200_000, "is no JSON payload"),
        ("issue_comment", b"9" * 10_000, "is no JSON payload"),
        ("issue_comment", None, "is not there: --event-path must name"),
        ("", b"{}", "--event-name workflow_dispatch"),
    ],
)
def test_a_broken_payload_is_a_clear_error(step: Any, name: str, raw: bytes | None, because: str) -> None:
    code, output, summary, outputs = step(name, raw=raw)
    assert (code, outputs) == (2, NOTHING_DONE)
    assert because in output
    assert output.startswith("::error title=Healer::")
    assert because in summary


def test_a_huge_payload_is_refused_unread(step: Any, tmp_path: Path) -> None:
    with (tmp_path / "event.json").open("wb") as stream:
        stream.truncate(40 * 1024**2)
    code, output, _, _ = step("issue_comment")
    assert code == 2
    assert "has more than 32 MB" in output


def test_without_a_forge_it_says_what_is_missing(step: Any, make_repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITOPS_HEALER_TOKEN", "GITHUB_TOKEN", "GITOPS_HEALER_APP_ID", "GITOPS_HEALER_APP_KEY"):
        monkeypatch.delenv(name, raising=False)
    repo: GitRepo = make_repo({"x.py": ""})
    code, output, summary, _ = step("schedule", {}, str(repo.path))
    assert code == 2
    assert "GITOPS_HEALER_TOKEN" in output
    assert "stopped" in summary


def test_recorded_executions_that_are_not_there_are_told(step: Any, make_repo: Any, tmp_path: Path) -> None:
    repo: GitRepo = make_repo({"x.py": ""})
    code, output, _, outputs = step("schedule", {}, str(repo.path), "--executions", str(tmp_path / "calls.jsonl"))
    assert (code, outputs) == (2, NOTHING_DONE)
    assert "calls.jsonl" in output


def test_a_race_that_is_lost_twice_is_exit_code_4(step: Any, tmp_path: Path) -> None:
    """Another run holds the lock of the clone all the time."""
    with ForgeServer(tmp_path / "forge") as server:
        source = tmp_path / "source"
        source.mkdir()
        (source / ".github").mkdir()
        (source / OVERRIDES).write_text(OWN_CODE)
        server.create_repository("octo/shop", source=source)
        clone = GitRepo(tmp_path / "clone")
        clone.path.mkdir()
        clone.git("clone", "--quiet", server.repository("octo/shop").clone_url, ".")
        lock = clone.path / ".git/gitops-healer/cycle.lock"
        lock.parent.mkdir()
        env = {
            "GITHUB_API_URL": server.api_url, "GITHUB_SERVER_URL": server.url,
            "GITOPS_HEALER_TOKEN": server.token("actions", "octo/shop"),
        }  # fmt: skip
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            code, output, summary, outputs = step("schedule", {}, str(clone.path), **env)
    assert (code, outputs) == (4, NOTHING_DONE)
    assert "is running already" in output
    assert "the next run goes on from there" in summary
    fetched = [exchange for exchange in server.exchanges if exchange.path.endswith("/info/refs")]
    assert len(fetched) >= 2  # it was tried twice
