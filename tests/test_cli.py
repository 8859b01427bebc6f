"""The command line from the first import of executions to the rollback, with the real plug-ins."""

import csv
import io
import json
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.cli import main
from gitops_healer.places import Choices
from gitops_healer.wiring import build_world
from tests.conftest import GitRepo

MakeRepo = Callable[..., GitRepo]
SHOP = {
    "basket/__init__.py": "",
    "basket/totals.py": '''\
"""Totals of a basket."""


def mean_price(prices):
    """The mean price of the articles, 0.0 when the basket is empty."""
    total = sum(prices)
    return total / len(prices)  # per article
''',
    "tests/test_totals.py": """\
from basket.totals import mean_price


def test_mean_price():
    assert mean_price([2.0, 4.0]) == 3.0
""",
}


def executions(count: int, commit: str, hours_ago: float) -> str:
    """Every third call is of an empty basket and fails."""
    start = datetime.now(UTC) - timedelta(hours=hours_ago)
    lines = []
    for number in range(count):
        event: dict[str, Any] = {
            "v": 1,
            "tool": "basket.totals:mean_price",
            "ts": (start + timedelta(seconds=number)).isoformat(),
            "commit": commit,
            "duration_ms": 0.2,
        }
        if number % 3:
            event |= {"ok": True, "args": [[float(number), 2.0]], "result": (number + 2.0) / 2}
        else:
            frames = [["basket/totals.py", 7, "mean_price"]]
            error = {"type": "ZeroDivisionError", "message": "float division by zero", "frames": frames}
            event |= {"ok": False, "args": [[]], "error": error}
        lines.append(json.dumps(event))
    return "\n".join(lines) + "\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["gitops-healer", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, capfd.readouterr().out

    return call


def test_from_the_first_execution_to_the_rollback(
    make_repo: MakeRepo, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    repo = make_repo(SHOP)
    recorded = tmp_path / "calls.jsonl"
    recorded.write_text(executions(60, repo.git("rev-parse", "HEAD"), 3) + "not json\n")

    def ask(*arguments: object, expect: int = 0) -> Any:
        code, out = run(*arguments, repo.path, "--format", "json")
        assert code == expect, out
        return json.loads(out)

    code, out = run("executions", "import", recorded, "--repo", repo.path)
    assert code == 0
    assert "60 calls written down" in out and "line 61" in out
    _, out = run("executions", "import", recorded, "--repo", repo.path, "--json")
    assert json.loads(out)["files"][str(recorded)]["known"] == 60
    _, out = run("executions", "stats", "--repo", repo.path, "--format", "json")
    assert json.loads(out)["tools"][0]["failed"] == 20

    seen = ask("heal", "--mode", "observe")
    assert {finding["rule"] for finding in seen["findings"]} <= {"low_success_rate", "recent_failures"}
    assert len(seen["findings"]) == 1, "one flaw is one finding, however many detectors see it"
    assert repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"

    healed = ask("heal")
    [up] = healed["upgrades"]
    assert up["stage"] == "validated"
    assert "0.0" in up["options"][0]["behaviour"]
    assert up["options"][0]["determined_by"]
    assert {"/approve"} <= {word.strip('"') for word in up["next_action"].split()}
    checks = {check["check"]: check["outcome"] for check in up["checks"]["results"]}
    assert set(checks.values()) == {"passed", "skipped"}
    assert checks["tests"] == checks["security"] == checks["shadow"] == checks["evidence"] == "passed"
    assert up["diagnosis"]["calls"] == 60, "why it fails is known before it is repaired"
    pull = build_world(Choices(repo.path)).forge.pull(1)
    assert pull is not None and "**Cause.**" in pull.body

    assert ask("status")["upgrades"][0]["id"] == up["id"]
    assert ask("explain", up["codename"])["history"][0]["event"] == "Queued"
    assert ask("plan", up["id"])["plan"]["paths"] == ["basket/totals.py"]
    diff = ask("diff", up["id"][:8])["diff"]
    assert "+" in diff and "per article" in diff, "comments are kept"
    assert run("diff", up["id"], repo.path)[1] == diff

    code, out = run("command", "/approve", repo.path, "--pull", up["pull"], "--actor", "stranger", "--format", "json")
    assert code == 1
    assert "stranger" in json.loads(out)["replies"][0]["text"]
    code, out = run("command", "/approve", repo.path, "--pull", up["pull"], "--format", "json")
    assert code == 0, out
    merged = json.loads(out)
    assert merged["upgrades"][0]["stage"] == "watched"
    assert "git read-tree -m -u" in merged["notices"][0], "the checkout of main was left alone, and that is said"
    assert repo.git("rev-parse", "main") == merged["upgrades"][0]["merge_commit"]
    namespace: dict[str, Any] = {}
    exec(repo.git("show", "main:basket/totals.py"), namespace)
    assert namespace["mean_price"]([]) == 0.0
    assert namespace["mean_price"]([1.0, 2.0]) == 1.5

    code, out = run("rollback", up["id"], repo.path, "--format", "json")
    assert code == 0, out
    assert repo.git("show", "main:basket/totals.py") + "\n" == SHOP["basket/totals.py"]
    assert ask("status")["statistics"]["rolled_back"] == 1

    code, out = run("ledger", "verify", repo.path)
    assert code == 0, out
    exported = tmp_path / "ledger.sqlite"
    assert run("ledger", "export", repo.path, "--format", "sqlite", "--output", exported)[0] == 0
    with sqlite3.connect(exported) as database:
        assert database.execute("select rollback_rate from deployment_stability").fetchall() == [(1.0,)]
        assert database.execute("select count(*) from tool_executions").fetchone() == (60,)
    database.close()
    lines = run("ledger", "export", repo.path)[1].splitlines()
    rows = list(csv.reader(io.StringIO(run("ledger", "export", repo.path, "--format", "csv")[1])))
    assert len(rows) == len(lines) + 1
    rebuilt = json.loads(run("ledger", "rebuild", repo.path, "--format", "json")[1])["events"]
    assert [event["event"] for event in rebuilt][-1] == "RolledBack"


def test_a_failing_test_is_healed_with_the_test_as_judge(
    make_repo: MakeRepo, run: Callable[..., tuple[int, str]]
) -> None:
    files = SHOP | {
        "tests/test_empty.py": "from basket.totals import mean_price\n\n\n"
        "def test_an_empty_basket():\n    assert mean_price([]) == 0.0\n"
    }
    repo = make_repo(files)
    code, out = run("heal", repo.path, "--format", "json")
    assert code == 0, out
    [up] = json.loads(out)["upgrades"]
    assert (up["finding"]["rule"], up["stage"]) == ("failing_test", "validated"), up["reason"]


def test_a_circular_import_is_cut(make_repo: MakeRepo, run: Callable[..., tuple[int, str]]) -> None:
    files = {
        "ring/__init__.py": "",
        "ring/a.py": "from ring.b import g\n\n\ndef f(n):\n    return g(n - 1) if n else 'a'\n",
        "ring/b.py": "import ring.a\n\n\ndef g(n):\n    return ring.a.f(n - 1) if n else 'b'\n",
        "test_ring.py": "def test_ring():\n    from ring.b import g\n\n    assert g(3) == 'a'\n",
    }
    repo = make_repo(files)
    assert run("heal", repo.path)[0] == 0, "the test that the cycle breaks is looked at first, and no template helps"
    code, out = run("heal", repo.path, "--format", "json")
    assert code == 0, out
    [up] = json.loads(out)["upgrades"]
    assert (up["finding"]["rule"], up["stage"]) == ("circular_import", "validated"), up["reason"]


def test_init_writes_what_config_check_accepts(make_repo: MakeRepo, run: Callable[..., tuple[int, str]]) -> None:
    repo = make_repo({"a.py": ""})
    assert run("init", repo.path)[0] == 0
    assert run("config", "check", repo.path) == (0, "valid\n")
    assert run("init", repo.path)[0] == 2
    assert run("init", repo.path, "--print")[1].startswith("# gitops_healer reads")
    (repo.path / ".github/gitops-healer.yml").write_text("limits: {mode: yolo}\n")
    assert run("config", "check", repo.path)[0] == 2


def test_doctor_tells_what_follows(make_repo: MakeRepo, run: Callable[..., tuple[int, str]]) -> None:
    repo = make_repo({"a.py": "", "test_a.py": "def test_a():\n    pass\n"})
    code, out = run("doctor", repo.path, "--format", "json")
    assert code == 0
    gates = {child["gate"]: child["reason"] for child in json.loads(out)["children"]}
    assert "pytest" in gates["tests"]
    assert "propose" in gates["mode"]
    assert {"git", "ledger", "sandbox", "executions", "checkout"} <= set(gates)


def test_an_update_of_the_checkout_keeps_the_users_edits(
    make_repo: MakeRepo, run: Callable[..., tuple[int, str]]
) -> None:
    policy = {".github/gitops-healer.yml": "limits: {update_checkout: true}\ntesting: {disabled: [types, lint]}\n"}
    test = {"test_m.py": "from m import half\n\n\ndef test_half():\n    assert half([]) == 0.0\n"}
    code = 'def half(xs):\n    """Half of the mean, 0.0 for nothing."""\n    return sum(xs) / len(xs) / 2\n'
    repo = make_repo(policy | test | {"m.py": code, "notes.txt": "old\n"})
    repo.write({"notes.txt": "my own\n"})
    assert run("heal", repo.path)[0] == 0
    _, out = run("command", "/approve", repo.path, "--pull", 1)
    assert "was brought along" in out
    assert repo.git("status", "--porcelain") == " M notes.txt"
    assert (repo.path / "m.py").read_text() == repo.git("show", "main:m.py") + "\n"
