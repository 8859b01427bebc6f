"""`gitops-healer executions` on a real repository and a real store."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.cli import app
from gitops_healer.errors import UsageError
from tests.conftest import GitRepo

MakeRepo = Callable[..., GitRepo]
Run = Callable[..., Any]
SUITE = '<testsuite timestamp="{}"><testcase classname="t" name="a"/><testcase classname="t" name="b"/></testsuite>'


@pytest.fixture
def run(make_repo: MakeRepo) -> Run:
    repo = make_repo({"a.py": "x = 1\n"})

    def ask(*arguments: object, given: bytes = b"", refused: bool = False) -> Any:
        options = ["--repo", str(repo.path)]
        done = CliRunner().invoke(app, ["executions", *map(str, arguments), *options], input=given)
        if refused:
            assert isinstance(done.exception, UsageError)
            return str(done.exception)
        assert done.exit_code == 0, (done.output, done.exception)
        return json.loads(done.stdout) if arguments[-1] in ("--json", "json") else done.output

    ask.repo = repo  # type: ignore[attr-defined]
    return ask


def line(number: int, age: timedelta) -> str:
    moment = (datetime.now(UTC) - age).isoformat()
    return json.dumps({"tool": "pkg:f", "ts": moment, "ok": True, "args": [number], "id": number}) + "\n"


def test_files_of_all_kinds_at_once_and_what_is_piped_in(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "a.jsonl").write_text(line(1, timedelta(hours=1)))
    (folder / "b.xml").write_text(SUITE.format("2026-01-01T00:00:00"))
    files = run("import", folder, "--commit", "ab" * 20, "--json")["files"]
    assert [(Path(name).name, done["stored"]) for name, done in files.items()] == [("a.jsonl", 1), ("b.xml", 2)]
    again = run("import", folder / "*.jsonl", "--json")["files"]
    assert [done["known"] for done in again.values()] == [1]
    piped = run("import", "-", "--json", given=line(2, timedelta(hours=1)).encode())
    assert piped["files"]["-"]["stored"] == 1
    assert "Allowed: jsonl, junit, otlp" in run("import", folder, "--format", "csv", refused=True)


def test_statistics_of_a_window(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(line(n, timedelta(hours=n)) for n in range(1, 11)))
    run("import", file)
    assert run("stats", "--format", "json")["tools"][0]["total"] == 10
    assert run("stats", "--since", "4h", "--format", "json")["tools"][0]["total"] == 3
    assert run("stats", "--until", "2099-01-01", "--format", "json")["tools"][0]["total"] == 10
    assert "no executions in this window" in run("stats", "--since", "2099-01-01")
    assert "write 2026-01-31" in run("stats", "--since", "soon", refused=True)


def test_a_clean_up_after_the_policy_and_what_it_would_do(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(line(n, timedelta(days=n * 20)) for n in range(50)))
    run("import", file)
    foreseen = run("prune", "--dry-run", "--json")
    assert foreseen["dry_run"] and foreseen["pruned"]["payloads"] > 0 and foreseen["pruned"]["calls"] > 0
    done = run("prune", "--json")["pruned"]
    assert (done["payloads"], done["calls"]) == (foreseen["pruned"]["payloads"], foreseen["pruned"]["calls"])
    assert run("prune", "--json")["pruned"]["calls"] == 0
    assert run("stats", "--format", "json")["tools"][0]["total"] == 50


def test_sync_says_what_was_in_the_inbox(run: Run) -> None:
    assert run("sync", "--json")["files"]["recorded"]["stored"] == 0


def test_what_import_says_is_what_the_statistics_say(run: Run, tmp_path: Path) -> None:
    count = {"tool": "pkg:f", "ts": "2026-01-01T00:00:00Z", "id": "c1", "counts": {"ok": 40, "failed": 2}}
    file = tmp_path / "a.jsonl"
    file.write_text(line(1, timedelta(hours=1)) + json.dumps(count) + "\n" + line(2, timedelta(hours=1)) + "{broken\n")
    said = " ".join(run("import", file).split())
    assert "2 calls written down, 42 counted only (0 lines known already, 1 broken)" in said
    assert run("stats", "--format", "json")["tools"][0]["total"] == 44
    assert "0 calls written down (3 lines known already, 1 broken)" in " ".join(run("import", file).split())


def test_without_files_what_recorders_left_is_read(run: Run, make_repo: MakeRepo) -> None:
    assert "gitops-healer executions import FILE" in run("import")
    state = Path(run.repo.path) / ".git" / "gitops-healer"  # type: ignore[attr-defined]
    (state / "spool").mkdir(parents=True)
    (state / "spool" / "1-a.jsonl").write_text(line(1, timedelta(hours=1)))
    assert run("import", "--json")["files"]["recorded"]["stored"] == 1
    again = run("import", state, "--json")["files"]
    assert all(done["broken"] == [] and done["stored"] == 0 for done in again.values()), "our own files are no records"
    own = run("import", state / "executions.sqlite", "--json")["files"]
    assert [done["stored"] for done in own.values()] == [0]
