"""`history` and `compare` as people type them, on a real repository with real recorded calls."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gitops_healer.console.versions import compare_command, history_command, restore_order
from gitops_healer.core.analysis.statistics import wilson
from gitops_healer.core.versions import VersionCalls
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history_compare import difference
from gitops_healer.wiring import open_store

MakeRepo = Callable[..., Any]
APP = typer.Typer()
APP.command("history")(history_command)
APP.command("compare", context_settings={"ignore_unknown_options": True})(compare_command)

FIRST = "RATE = 2\n\n\ndef cost(item):\n    net = item.net\n    return net * RATE if item.taxed else net\n"
SECOND = (
    "import os\n\nRATE = 3\n\n\ndef price(item):\n    net = item.net\n    return net * RATE if item.taxed else os.sep\n"
)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Any:
    """cost is born, reworded, then renamed and edited by a merged pull request, then its module moves."""
    repo = make_repo({"shop.py": FIRST})
    repo.git("tag", "v1")
    repo.commit({"shop.py": FIRST.replace("    net =", "    # before tax\n    net =", 1)}, "Say more")
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit({"shop.py": SECOND}, "Call it price")
    repo.git("checkout", "--quiet", "main")
    repo.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request #12 from topic", "topic")
    (repo.path / "shop.py").unlink()
    repo.commit({"store/__init__.py": "", "store/prices.py": SECOND}, "Move prices (#13)")
    return repo


def run(*words: object, ok: bool = True) -> str:
    done = CliRunner().invoke(APP, [str(word) for word in words])
    assert (done.exit_code == 0) is ok, f"{done.output}\n{done.exception}"
    return done.output if ok else str(done.exception)


def record(repo: Any, tool: str, commit: str, good: int, bad: int, error: str) -> None:
    start = datetime(2026, 2, 1, tzinfo=UTC)
    lines = []
    for number in range(good + bad):
        ts = (start + timedelta(seconds=number)).isoformat()
        event: dict[str, Any] = {
            "v": 1,
            "tool": tool,
            "ts": ts,
            "ok": number < good,
            "commit": commit,
            "args": [number],
        }
        event["duration_ms"] = 5.0
        if number >= good:
            event["error"] = {"type": error, "message": "no"}
        lines.append(json.dumps(event).encode())
    stored = open_store(repo.path / ".git" / "gitops-healer").import_jsonl(lines)
    assert stored.stored == good + bad


def test_history_follows_it_through_a_rename_and_a_move(repo: Any) -> None:
    seen = json.loads(run("history", "store.prices:price", "--repo", repo.path, "--format", "json"))
    told = [(v["number"], v["kind"], v["tool"], v["pull"]) for v in seen["versions"]]
    assert told == [
        (3, "moved", "store.prices:price", 13),
        (2, "renamed", "shop:price", 12),
        (1, "born", "shop:cost", None),
    ]
    everything = json.loads(run("history", "price", "--repo", repo.path, "--format", "json", "--all"))
    assert [(v["number"], v["kind"]) for v in everything["versions"]] == [
        (3, "moved"), (2, "renamed"), (0, "reworded"), (1, "born"),
    ]  # fmt: skip
    text = run("history", "store/prices.py:price", "--repo", repo.path)
    assert "renamed and edited" in text and "#12" in text


def test_calls_under_old_names_count_for_the_version_that_they_ran(repo: Any) -> None:
    old, head = repo.git("rev-parse", "v1"), repo.git("rev-parse", "HEAD")
    blob = repo.git("rev-parse", "HEAD:store/prices.py")
    (repo.path / ".git" / "gitops-healer").mkdir(exist_ok=True)
    record(repo, "shop:cost", old, 90, 10, "KeyError")
    record(repo, "store.prices:price", head, 20, 20, "ValueError")
    record(repo, "store.prices:price", f"blob:{blob}", 20, 20, "ValueError")
    record(repo, "store.prices:price", "f" * 40, 3, 0, "")
    seen = json.loads(run("history", "price", "--repo", repo.path, "--format", "json"))
    assert [(v["number"], v["calls"], v["failed"]) for v in seen["versions"]] == [(3, 80, 40), (2, 0, 0), (1, 100, 10)]
    assert seen["unknown"]["calls"] == 3
    found = json.loads(run("compare", "price", "v1", "HEAD", "--repo", repo.path, "--format", "json"))
    assert (found["first"]["number"], found["second"]["number"]) == (1, 3)
    assert found["p_value"] < 1e-6
    assert found["errors_appeared"] == ["ValueError"] and found["errors_vanished"] == ["KeyError"]
    assert found["first"]["interval"][0] < 0.9 < found["first"]["interval"][1]
    assert found["second"]["median_ms"] == pytest.approx(5, rel=0.13)
    assert {(r["name"], r["what"]) for r in found["relies_on"]} == {("RATE", "changed"), ("os", "only in the second")}
    removed = [line for line in found["diff"].splitlines() if line.startswith("-")]
    assert removed[1:] == ["-def cost(item):", "-    return net * RATE if item.taxed else net"]


def test_compare_prints_what_a_person_wants_to_know(repo: Any) -> None:
    text = run("compare", "price", "-1", "3", "--repo", repo.path)
    assert "The code is the same" in text
    text = run("compare", "price", "1", "2", "--repo", repo.path)
    assert "+def price(item):" in text
    assert "RATE (constant), which it relies on, is not the same in both." in text


def test_what_is_deleted_has_a_history(repo: Any) -> None:
    repo.commit({"store/prices.py": "x = 1\n"}, "Drop it")
    for name in ("store.prices:price", "price", "store.prices.price"):
        seen = json.loads(run("history", name, "--repo", repo.path, "--format", "json", "--all"))
        assert [v["kind"] for v in seen["versions"]][:2] == ["deleted", "moved"]
    before = json.loads(run("history", "cost", "--repo", repo.path, "--format", "json"))
    assert [v["kind"] for v in before["versions"]] == ["born"]


@pytest.mark.parametrize("name", ["a:outer.inner", "a:outer.<locals>.inner", "inner"])
def test_a_function_in_a_function(make_repo: MakeRepo, name: str) -> None:
    text = "def outer(x):\n    def inner(y):\n        return [z + x for z in y if z]\n\n    return inner\n"
    repo = make_repo({"a.py": text})
    repo.commit({"a.py": "def broken(:\n\n" + text.replace("if z", "if not z")})
    repo.commit({"a.py": text.replace("if z", "if not z").replace("outer", "around")})
    wanted = name.replace("outer", "around")
    seen = json.loads(run("history", wanted, "--repo", repo.path, "--format", "json"))
    assert [v["kind"] for v in seen["versions"]] == ["moved", "edited", "born"]


def test_methods_that_a_version_relies_on(make_repo: MakeRepo) -> None:
    text = "class A:\n    def rate(self):\n        return 2\n\n    def f(self):\n        return self.rate()\n"
    repo = make_repo({"a.py": text})
    repo.commit({"a.py": text.replace("return 2", "return 3").replace("self.rate()", "self.rate() + 1")})
    found = json.loads(run("compare", "a:A.f", "1", "2", "--repo", repo.path, "--format", "json"))
    assert found["relies_on"] == [{"name": "rate", "kind": "function", "what": "changed"}]


@pytest.mark.parametrize(
    "name", ["nothing:at_all", "", ":", "a:b:c", "..", "shop:", "\u202eprice", "store", "../x.py:f"]
)
def test_a_name_that_never_was(repo: Any, name: str) -> None:
    assert "never was" in run("history", name, "--repo", repo.path, ok=False)


def test_a_wrong_ref_or_version(repo: Any) -> None:
    assert "no commit, branch or tag" in run("history", "price", "--repo", repo.path, "--ref", "nowhere", ok=False)
    assert "names no version" in run("compare", "price", "1", "9", "--repo", repo.path, ok=False)


def test_the_order_that_a_rollback_gives() -> None:
    assert restore_order("shop:price", "-1") == "/restore shop:price -1"
    for words in [("", "1"), ("a b", "1"), ("a", "1\n/approve"), ("a", "")]:
        with pytest.raises(UsageError):
            restore_order(*words)


def test_the_interval_is_wilsons_and_the_test_is_fishers() -> None:
    found = wilson(81, 263)  # Newcombe 1998, table I
    low, high = found.low, found.high
    assert low == pytest.approx(0.2553, abs=5e-5) and high == pytest.approx(0.3662, abs=5e-5)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert math.isclose(difference(VersionCalls(10, 1), VersionCalls(10, 9)) or 0, 0.0010926, rel_tol=1e-3)
    assert difference(VersionCalls(10, 5), VersionCalls(10, 5)) == 1.0
    assert difference(VersionCalls(), VersionCalls(10, 5)) is None
