"""An older version takes the place of today's: what comes back with it, and when it does not come back."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.commands.restore import order_of
from gitops_healer.core.change import Change
from gitops_healer.core.plan import Investigation
from gitops_healer.errors import UsageError
from gitops_healer.evidence.history import history_of
from gitops_healer.evidence.history_calls import Versions
from gitops_healer.refactorings.restore_version import restore_version
from tests.refactorings.knots import scene_of

MakeRepo = Callable[..., Any]


def restored(repo: Any, tool: str, version: str) -> tuple[Investigation, dict[str, str]]:
    """What the fixer says of the order, and the files of its change after it."""
    scene = scene_of(Path(repo.path), repo.git("rev-parse", "HEAD"))
    versions = history_of(scene, tool)
    found = restore_version(scene, order_of(scene, versions, Versions(scene, versions).named(version)))
    change = found.options[0].change if found.options else Change(())
    before = {path: scene.code.source(path) or b"" for path in change.paths}
    return found, {path: data.decode() for path, data in change.apply(before).items()}


def lived(make_repo: MakeRepo, *states: dict[str, str | None]) -> Any:
    repo = make_repo()
    for number, files in enumerate(states):
        for gone in [path for path, text in files.items() if text is None]:
            (repo.path / gone).unlink()
        repo.commit({path: text for path, text in files.items() if text is not None}, f"commit {number}")
    return repo


V1 = 'def price(item):\n    """What it costs."""\n    return round(item.net * 1.2, 2)\n'
V2 = "def price(item, rate):\n    return item.net * rate\n"
AROUND = "import os\n\n\ndef first():\n    return os.sep\n\n\n", "\n\ndef last():\n    return 1\n"


def test_the_old_text_stands_where_todays_did_and_nothing_else_changes(make_repo: MakeRepo) -> None:
    repo = lived(make_repo, {"shop.py": V1}, {"shop.py": AROUND[0] + V2 + AROUND[1]})
    found, after = restored(repo, "shop:price", "1")
    assert after == {"shop.py": AROUND[0] + V1 + AROUND[1]}
    assert found.options[0].symbols == ("shop:price",)
    assert "It takes (item) instead of (item, rate)." in found.options[0].behaviour


def test_it_comes_back_into_the_class_and_under_the_name_of_today(make_repo: MakeRepo) -> None:
    old = '@staticmethod\ndef cost(item):\n    text = """a\n  b"""\n    return item.net * 1.2, text\n'
    new = "    @staticmethod\n    def price(item):\n        text = 'a'\n        return item.net * 1.3, text, 1\n"
    repo = lived(
        make_repo, {"a.py": old.replace("@staticmethod\n", "")}, {"a.py": "class Shop:\n" + new + "    x = 1\n"}
    )
    _, after = restored(repo, "a:Shop.price", "1")
    body = '    def price(item):\n        text = """a\n  b"""\n        return item.net * 1.2, text\n'
    assert after == {"a.py": "class Shop:\n" + body + "    x = 1\n"}


def test_what_it_needs_and_is_gone_comes_back_with_it(make_repo: MakeRepo) -> None:
    old = (
        "import math\nfrom decimal import Decimal as D\n\nRATE = D(2)\n\n\ndef _net(item):\n    return math.floor(item)"
        "\n\n\ndef price(item):\n    return _net(item) * RATE\n"
    )
    repo = lived(make_repo, {"a.py": old}, {"a.py": "import os\n\n\ndef price(item):\n    return os.sep\n"})
    found, after = restored(repo, "a:price", "1")
    assert found.options == ()  # `os` would be left unused: ruff says so
    assert "F401" in found.cause.sentence
    repo.commit({"a.py": "import os\n\nSEP = os.sep\n\n\n@print\ndef price(item):\n    return SEP\n"})
    found, after = restored(repo, "a:price", "1")
    names: dict[str, Any] = {}
    exec(after["a.py"], names)
    assert names["price"](3.7) == 6
    assert after["a.py"].startswith("import os\nimport math\nfrom decimal import Decimal as D\n") or after[
        "a.py"
    ].startswith("import os\nfrom decimal import Decimal as D\nimport math\n")
    assert "@print" not in after["a.py"] and "SEP = os.sep" in after["a.py"]
    assert {"a:price", "a:_net", "a"} == set(found.options[0].symbols)
    assert sum("comes back" in line for line in found.evidence) == 4


def test_a_function_inside_of_one_keeps_what_it_finds_there(make_repo: MakeRepo) -> None:
    text = "def outer(x):\n    def inner(y):\n        return y + x\n\n    return inner\n"
    repo = lived(make_repo, {"a.py": text}, {"a.py": text.replace("y + x", "y - x")})
    found, after = restored(repo, "a:outer.inner", "1")
    assert after == {"a.py": text}, found.cause.sentence


def test_a_class_comes_back_whole(make_repo: MakeRepo) -> None:
    text = "class Box:\n    size = 1\n\n    def grow(self):\n        self.size += 1\n"
    repo = lived(make_repo, {"a.py": text}, {"a.py": "class Box:\n    size = 2\n\n\nBOX = Box()\n"})
    _, after = restored(repo, "a:Box", "1")
    assert after == {"a.py": text + "\n\nBOX = Box()\n"}


def test_a_helper_that_is_another_now_is_said(make_repo: MakeRepo) -> None:
    repo = lived(
        make_repo,
        {"a.py": "def _net(x):\n    return x\n\n\ndef price(x):\n    return _net(x) * 1.2\n"},
        {"a.py": "def _net(x):\n    return x + 1\n\n\ndef price(x):\n    return _net(x) * 1.3\n"},
    )
    found, _ = restored(repo, "a:price", "1")
    assert any("_net, which it uses, is not what it was then" in line for line in found.evidence)


def test_a_module_of_a_package_is_imported_again(make_repo: MakeRepo) -> None:
    text = "from p import b\nfrom json import dumps\n\n\ndef f(x):\n    return dumps(x + b.z)\n"
    files = {"p/__init__.py": "", "p/b.py": "z = 1\n"}
    repo = lived(
        make_repo,
        {**files, "a.py": text},
        {"a.py": "import os\n\n\n@os.fspath\ndef g():\n    pass\n\n\ndef f(x):\n    return x\n"},
    )
    found, after = restored(repo, "a:f", "1")
    assert found.options, found.cause.sentence
    assert "from p import b\n" in after["a.py"] and "from json import dumps\n" in after["a.py"]


def test_line_ends_of_the_file_are_kept(make_repo: MakeRepo) -> None:
    repo = lived(make_repo, {"a.py": V1}, {"a.py": ("x = 1\n\n\n" + V2).replace("\n", "\r\n")})
    _, after = restored(repo, "a:price", "1")
    assert after == {"a.py": ("x = 1\n\n\n" + V1).replace("\n", "\r\n")}


LOST = "class A:\n    def rate(self):\n        return 2\n\n    def price(self, x):\n        return x * self.rate()\n"
REFUSALS: dict[str, tuple[Sequence[dict[str, str | None]], str, str]] = {
    "a method that its class has lost": (
        [{"a.py": LOST}, {"a.py": "class A:\n    def price(self, x):\n        return x * 2\n"}],
        "a:A.price",
        "it uses rate of its object, which A no longer has",
    ),
    "a module that is gone": (
        [
            {"p/__init__.py": "", "p/b.py": "z = 1\n", "p/a.py": "from .b import z\n\n\ndef f(x):\n    return x + z\n"},
            {"p/b.py": None, "p/a.py": "def f(x):\n    return x + 1\n"},
        ],
        "p.a:f",
        "no such module any more",
    ),
    "a name that its module no longer has": (
        [
            {"p/__init__.py": "", "p/b.py": "z = 1\n", "p/a.py": "from .b import z\n\n\ndef f(x):\n    return x + z\n"},
            {"p/b.py": "y = 1\n", "p/a.py": "def f(x):\n    return x + 1\n"},
        ],
        "p.a:f",
        "`from .b import z`, and .b no longer has z",
    ),
    "the same by its whole name": (
        [
            {"p/__init__.py": "", "p/b.py": "z = 1\n", "a.py": "from p.b import z\n\n\ndef f(x):\n    return x + z\n"},
            {"p/b.py": "y = 1\n", "a.py": "def f(x):\n    return x + 1\n"},
        ],
        "a:f",
        "p.b no longer has z",
    ),
    "a name that nobody defines": (
        [
            {"a.py": "from math import *\n\n\ndef f(x):\n    return floor(x) + 1\n"},
            {"a.py": "def f(x):\n    return x + 1\n"},
        ],
        "a:f",
        "uses floor",
    ),
    "Python 2": (
        [{"a.py": "def f(x):\n    print x\n    return x\n"}, {"a.py": "def f(x):\n    print(x)\n    return x\n"}],
        "a:f",
        "does not compile",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_it_does_not_come_back_without(make_repo: MakeRepo, name: str) -> None:
    states, tool, because = REFUSALS[name]
    found, after = restored(lived(make_repo, *states), tool, "1")
    assert because in found.cause.sentence
    assert not found.options and not after


def test_what_is_there_already_is_not_ordered(make_repo: MakeRepo) -> None:
    repo = lived(make_repo, {"a.py": V1}, {"a.py": V2}, {"a.py": V1})
    for version in ("3", "1", "HEAD"):
        with pytest.raises(UsageError, match="already"):
            restored(repo, "a:price", version)
    assert restored(repo, "a:price", "-1")[1] == {"a.py": V2}
    for wrong in ("0", "4", "-3", "nothing", "", "--all", "a..b", "\0"):
        with pytest.raises(UsageError, match="names no version"):
            restored(repo, "a:price", wrong)
