"""From what a tool says of itself to mocks, with real sources and a real store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.calls import Answer, Mock
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.tools import Declared, Tool
from gitops_healer.proof.mocking import MOST_ANSWERS, Mocking, mocks_for
from gitops_healer.registry import Absent, Scene
from gitops_healer.settings import load_settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FILES = {
    "shop/__init__.py": "",
    "shop/api.py": "import requests\nimport stripe.charges\n\n\ndef fetch(n):\n    return n\n\n\n"
    "class Client:\n    def get(self, n):\n        return n\n",
    "shop/mail.py": "def fetch(n):\n    return n\n\n\ndef send(n):\n    return n\n",
    "shop/orders.py": "from shop.api import fetch\n\n\ndef total(n):\n    return fetch(n)\n\n\n"
    "def save(n):\n    pass\n",
}


@pytest.fixture
def scene(make_repo: Callable[..., Any], tmp_path: Path) -> Iterator[Scene]:
    """The shop, nothing recorded, nothing can be run."""
    repo = make_repo(FILES)
    repository, head = open_repository(repo.path), repo.git("rev-parse", "HEAD")
    with ExitStack() as stack:
        cache = stack.enter_context(SqliteCache(tmp_path / "cache.sqlite"))
        store = open_executions(tmp_path / "executions.sqlite")
        stack.callback(store.close)
        code = CodeModel(repository.files(head), repository.read_blob, cache)
        none = cast(Any, Absent("nothing is run here"))
        yield Scene(
            head, NOW, repository, code, store, none, none, none, cache, load_settings(None, {}), lambda _: None
        )


def call(number: int, tool: str = "shop.api:fetch", **more: Any) -> Execution:
    given = {"ok": True, "args": f"[{number}]", "kwargs": "{}", "result": f"{number}"} | more
    return Execution(f"{tool}-{number}", tool, NOW + timedelta(seconds=number), **given)


def asked(scene: Scene, text: str) -> Mocking:
    declared = Declared(requires_mocking=text)
    return mocks_for(scene, Tool("shop.orders:total", "shop/orders.py", "total", 4, 5, "@tool", declared=declared))


@pytest.mark.parametrize("name", ["shop.api:fetch", "shop.api.fetch", "api.fetch", "fetch"])
def test_a_recorded_tool_answers_as_recorded_oldest_first(name: str, scene: Scene) -> None:
    failure = ExecutionFailure("shop.api.GoneError", "gone")
    scene.executions.add([call(2), call(1), call(3, ok=False, result=None, error=failure)])
    answers = (
        Answer(("[1]", "{}"), "1", at=NOW + timedelta(seconds=1)),
        Answer(("[2]", "{}"), "2", at=NOW + timedelta(seconds=2)),
        Answer(("[3]", "{}"), error="shop.api.GoneError", message="gone", at=NOW + timedelta(seconds=3)),
    )
    assert asked(scene, name) == Mocking((Mock("shop.api:fetch", answers),))


def test_calls_that_are_not_known_whole_are_no_answers(scene: Scene) -> None:
    scene.executions.add(
        [
            call(1, unreplayable="redacted"),
            call(2, result=None),
            call(3, result='{"to":"[redacted]"}'),
            call(4, args=None, kwargs=None),
            call(5, ok=False, result=None, error=None),
            call(6, tool="shop.orders:total"),
            call(7),
        ]
    )
    (mock,) = asked(scene, "fetch").mocks
    assert [answer.given for answer in mock.answers] == [("[7]", "{}")]


def test_the_newest_answers_are_kept(scene: Scene) -> None:
    scene.executions.add([call(number) for number in range(MOST_ANSWERS + 5)])
    (mock,) = asked(scene, "fetch").mocks
    assert len(mock.answers) == MOST_ANSWERS
    assert (mock.answers[0].result, mock.answers[-1].result) == ("5", str(MOST_ANSWERS + 4))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Mocking()),
        ("network", Mocking(forbidden=frozenset({"network"}))),
        ("API, db", Mocking(forbidden=frozenset({"network", "database"}))),
        ("file system, shell", Mocking(forbidden=frozenset({"files", "processes"}))),
        ("clock, random", Mocking()),
        ("requests", Mocking(forbidden=frozenset({"network"}))),
        ("requests.get, http", Mocking(forbidden=frozenset({"network"}))),
        ("subprocess.run", Mocking(forbidden=frozenset({"processes"}))),
        ("datetime.datetime.now", Mocking()),
        ("stripe.charges.create", Mocking((Mock("stripe.charges.create"),))),
        ("shop.mail.send", Mocking((Mock("shop.mail:send"),))),
        ("shop.mail:send, shop.mail.send", Mocking((Mock("shop.mail:send"),))),
        ("shop.api.Client.get", Mocking((Mock("shop.api:Client.get"),))),
        ("shop.api.Client", Mocking((Mock("shop.api:Client"),))),
        ("shop.mail", Mocking((Mock("shop.mail"),))),
        ("save", Mocking((Mock("shop.orders:save"),))),
    ],
)
def test_what_is_not_recorded_is_an_effect_or_has_no_answers(text: str, found: Mocking, scene: Scene) -> None:
    assert asked(scene, text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("payment", "requires_mocking names 'payment', which is neither a recorded tool, nor an effect"),
        ("shop.mail.sent", "which is neither a recorded tool"),
        ("../etc/passwd", "which is neither a recorded tool"),
        ("fetch", "which may be shop.api:fetch or shop.mail:fetch"),
        ("shop.orders:total", "which is the tool itself"),
        ("unknown", "requires_mocking of shop.orders:total is computed when it runs"),
    ],
)
def test_names_that_lead_to_nothing_are_problems(text: str, told: str, scene: Scene) -> None:
    scene.executions.add([call(1), call(1, tool="shop.mail:fetch"), call(1, tool="shop.orders:total")])
    found = asked(scene, f"{text}, network")
    assert (found.mocks, found.forbidden) == ((), frozenset({"network"}))
    (problem,) = found.problems
    assert told in problem
