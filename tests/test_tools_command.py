"""`gitops-healer tools`, on real repositories, stores and endpoints."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gitops_healer.adapters.repository import open_repository
from gitops_healer.console.tools import tools_app
from gitops_healer.core.execution import Execution
from gitops_healer.errors import UsageError
from gitops_healer.wiring import open_store

SHOP = '''from gitops_healer.recorder import tool


@tool(idempotent=True)
def send_invoice(customer):
    """Mail the bill to a customer."""
    return customer.mail()


@tool
def parse_dates(text):
    """Read dates from text."""
    return text.split()
'''


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GITOPS_HEALER_STORE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def repo(make_repo: Callable[..., Any]) -> Any:
    """A shop in which `send_invoice` was called 20 times in the last hours, once without success."""
    made = make_repo({"shop.py": SHOP})
    store = open_store(open_repository(made.path).state_dir)
    now = datetime.now(UTC)
    name = "shop:send_invoice"
    store.add([Execution(f"id-{n}", name, now - timedelta(hours=n + 1), n > 0) for n in range(20)])
    return made


def run(repo: Any, *arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(tools_app, [*arguments, "--repo", str(repo.path), "--format", "json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_list_says_status_calls_and_place(repo: Any) -> None:
    tools = {tool["name"]: tool for tool in run(repo, "list")["tools"]}
    assert sorted(tools) == ["shop:parse_dates", "shop:send_invoice"]
    sent = tools["shop:send_invoice"]
    assert (sent["status"], sent["calls"], sent["success_rate"]) == ("active", 20, 0.95)
    assert sent["tool"]["declared"]["idempotent"] == "True"
    assert tools["shop:parse_dates"]["status"] == "unrecorded"
    text = CliRunner().invoke(tools_app, ["list", "--repo", str(repo.path)]).output
    assert "95.0%" in text
    assert "shop.py:4" in text


def test_show_tells_all_that_calls_say_of_one(repo: Any) -> None:
    found = run(repo, "show", "shop:send_invoice")
    assert (found["total"], found["failed"]) == (20, 1) and found["interval"]["low"] < 0.95 < found["interval"]["high"]
    text = CliRunner().invoke(tools_app, ["show", "shop:send_invoice", "--repo", str(repo.path)]).output
    assert "1 of 20 calls failed" in text
    unknown = CliRunner().invoke(tools_app, ["show", "nope", "--repo", str(repo.path)])
    assert isinstance(unknown.exception, UsageError) and "tools list" in str(unknown.exception)


def test_check_alerts_on_a_branch_that_deletes_a_tool_in_use(repo: Any) -> None:
    repo.git("checkout", "--quiet", "-b", "tidy")
    repo.commit({"shop.py": SHOP.replace("send_invoice", "bill")})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"later.py": SHOP})
    found = run(repo, "check", "--base", "main", "--head", "tidy", code=1)
    assert [(lost["name"], lost["renamed_to"]) for lost in found["lost"]] == [("shop:send_invoice", "shop:bill")]
    assert run(repo, "check", "--base", "main", "--head", "tidy", "--report-only")["lost"] == found["lost"]
    assert run(repo, "check", "--base", "tidy~1", "--head", "main")["lost"] == []


@pytest.mark.parametrize(("base", "fetch"), [("origin/main", "origin main"), ("HEAD~9", "origin HEAD~9")])
def test_a_base_that_is_not_here_can_be_fetched(repo: Any, base: str, fetch: str) -> None:
    done = CliRunner().invoke(tools_app, ["check", "--base", base, "--repo", str(repo.path)])
    assert str(done.exception).endswith(f"git fetch {fetch}")


def test_in_a_shallow_clone_a_base_that_is_not_here_needs_the_rest(repo: Any, tmp_path: Path) -> None:
    repo.commit({"other.py": "x = 1\n"})
    repo.git("clone", "--quiet", "--depth", "1", f"file://{repo.path}", str(tmp_path / "shallow"))
    done = CliRunner().invoke(tools_app, ["check", "--base", "HEAD~1", "--repo", str(tmp_path / "shallow")])
    assert str(done.exception).endswith("git fetch --unshallow")


def test_sync_tells_history_and_what_does_not_fit(repo: Any) -> None:
    repo.git("rm", "--quiet", "shop.py")
    repo.commit({"other.py": "x = 1\n"})
    found = run(repo, "sync", "--since", "2025-12-01")
    steps = [(event["step"], event["name"]) for event in found["events"]]
    assert ("created", "shop:send_invoice") in steps
    assert steps[-1] == ("deleted", "shop:send_invoice")
    assert any(said.startswith("shop:send_invoice: 20 calls") for said in found["conflicts"])


class Endpoint(BaseHTTPRequestHandler):
    """Vectors in which `post` is near to `mail`; counts what it is asked."""

    asked: int
    status: int

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        type(self).asked += len(texts)
        near = [[1.0, 0.1] if "postage" in text or "Mail" in text else [0.0, 1.0] for text in texts]
        data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(near)]
        body = json.dumps({"object": "list", "model": "m", "data": data, "usage": {}}).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    kind = type("Counting", (Endpoint,), {"asked": 0, "status": 200})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    yield kind
    server.shutdown()
    server.server_close()
    thread.join()


def test_search_finds_by_words(repo: Any) -> None:
    assert [tool["name"] for tool in run(repo, "search", "mailing bills")["tools"]] == ["shop:send_invoice"]
    assert run(repo, "search", "postage")["tools"] == []


def test_search_finds_by_meaning_and_asks_once_for_each_text(repo: Any, endpoint: Any) -> None:
    assert run(repo, "search", "postage")["tools"][0]["name"] == "shop:send_invoice"
    assert endpoint.asked == 3
    assert run(repo, "search", "postage")["note"] == ""
    assert endpoint.asked == 3


def test_a_failing_endpoint_leaves_search_by_words(repo: Any, endpoint: Any) -> None:
    endpoint.status = 400
    found = run(repo, "search", "mailing bills")
    assert [tool["name"] for tool in found["tools"]] == ["shop:send_invoice"]
    assert "searched by words alone" in found["note"]
