"""`strategy` as people type it, on a real repository with real recorded calls."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gitops_healer.console.strategy import strategy_command
from gitops_healer.wiring import open_store

APP = typer.Typer()
APP.command("strategy")(strategy_command)
FILES = {
    "shop/__init__.py": "from shop.rates import rate\n",
    "shop/rates.py": "import requests\n\n\ndef rate(code):\n    return requests.get(code).json()\n",
    "shop/orders.py": "from gitops_healer.recorder import tool\nfrom shop import rate\n\n\n"
    "def net(order):\n    return order['net'] * 2\n\n\n"
    "def total(order):\n    return net(order) * rate('EUR')\n\n\n"
    "@tool(requires_mocking='shop.rates:rate', idempotent=True)\ndef mocked(order):\n    return rate('EUR')\n\n\n"
    "@tool(side_effects='none')\ndef boaster(order):\n    return rate('EUR')\n\n\n"
    "@tool(idempotent=False, examples=[{'input': [2], 'expected_output': 4}])\ndef double(x):\n    return x * 2\n\n\n"
    "class Basket:\n    def __init__(self):\n        self.items = []\n\n"
    "    def add(self, item):\n        self.items.append(item)\n",
    "tests/test_orders.py": "from shop.orders import total\n\n\ndef test_total():\n    assert total\n",
    "tests/test_other.py": "total = 1\n",
}


@pytest.fixture
def repo(make_repo: Callable[..., Any]) -> Any:
    """A shop; eleven calls of `rate` and of `mocked` an hour ago, and one of `net` long ago."""
    repo = make_repo(FILES)
    now = datetime.now(UTC)
    lines = []
    for tool, count, age in (("shop.rates:rate", 11, 1), ("shop.orders:mocked", 11, 1), ("shop.orders:net", 1, 2000)):
        for number in range(count):
            ts = (now - timedelta(hours=age, seconds=number)).isoformat()
            call = {"v": 1, "tool": tool, "ts": ts, "ok": True, "args": [number], "kwargs": {}, "result": number}
            lines.append(json.dumps(call).encode())
    assert open_store(repo.path / ".git" / "gitops-healer").import_jsonl(lines).stored == 23
    return repo


def run(repo: Any, symbol: str, ok: bool = True) -> dict[str, Any]:
    done = CliRunner().invoke(APP, [symbol, "--repo", str(repo.path), "--format", "json"])
    assert (done.exit_code == 0) is ok, f"{done.output}\n{done.exception}"
    return json.loads(done.output) if ok else {"error": str(done.exception)}


def test_effects_come_with_their_way_across_files(repo: Any) -> None:
    seen = run(repo, "shop.orders:total")
    assert seen["strategies"] == ["synthetic"]
    assert seen["effects"] == [
        {
            "effect": "network",
            "callee": "requests.get",
            "functions": ["shop.orders:total", "shop.rates:rate"],
            "file": "shop/rates.py",
            "line": 5,
        }
    ]
    assert seen["evidence"]["tests"] == ["tests/test_orders.py"]  # the other has the word, and not the module


def test_recorded_answers_make_a_function_with_effects_fit(repo: Any) -> None:
    seen = run(repo, "mocked")
    assert seen["strategies"] == ["shadow", "replay"]
    assert seen["evidence"]["answers"] == {"shop.rates:rate": 11}
    assert seen["evidence"]["recorded"] == 11


def test_calls_outside_of_the_window_do_not_count(repo: Any) -> None:
    seen = run(repo, "shop.orders:net")
    assert seen["strategies"] == ["shadow"]
    assert seen["evidence"]["recorded"] == 0


def test_a_false_declaration_is_told(repo: Any) -> None:
    seen = run(repo, "boaster")
    assert seen["strategies"] == ["manual"]
    assert "declares no side effects" in seen["contradicted"][0]
    assert "requires_mocking" in seen["next_action"]


def test_declared_cases_are_counted(repo: Any) -> None:
    seen = run(repo, "shop.orders:double")
    assert (seen["strategies"], seen["needs_approval"]) == (["synthetic"], True)
    assert seen["evidence"]["cases"] == 1


def test_the_tree_that_people_read(repo: Any) -> None:
    done = CliRunner().invoke(APP, ["shop.orders:Basket.add", "--repo", str(repo.path)])
    assert done.exit_code == 0, done.exception
    assert "shop.orders:Basket.add at shop/orders.py:" in done.output
    assert "mutates: self" in done.output
    assert "no recorded calls: 0 replayable calls in the last 30 days, 10 are needed" in done.output


@pytest.mark.parametrize(("name", "hint"), [("shop.orders:totl", "shop.orders:total"), ("total", "")])
def test_names(repo: Any, name: str, hint: str) -> None:
    if hint:
        assert hint in run(repo, name, ok=False)["error"]
    else:
        assert run(repo, name)["tool"] == "shop.orders:total"
