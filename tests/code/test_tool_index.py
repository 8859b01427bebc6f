"""Which functions are tools, told by the code alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.code.tool_index import Marks, ToolIndex

PACKAGE = {"pkg/__init__.py": ""}


def index_of(repo: Any, directory: Path, marks: Marks | None = None) -> ToolIndex:
    repository = open_repository(repo.path)
    cache = SqliteCache(directory / "cache.sqlite")
    code = CodeModel(repository.files(repo.git("rev-parse", "HEAD")), repository.read_blob, cache)
    return ToolIndex(code, cache, marks or Marks.of())


def names(repo: Any, directory: Path, **marks: Any) -> list[str]:
    return [tool.name for tool in index_of(repo, directory, Marks.of(**marks)).tools()]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pkg/a.py": "from gitops_healer.recorder import tool\n@tool\ndef f(): ...\ndef g(): ...\n"}, ["pkg.a:f"]),
        (
            {"pkg/a.py": "from gitops_healer import recorder as r\n@r.tool(sample=1)\ndef f(): 1\n"},
            ["pkg.a:f"],
        ),
        (
            {"pkg/a.py": "import gitops_healer.recorder\n@gitops_healer.recorder.tool\nasync def f(): 1\n"},
            ["pkg.a:f"],
        ),
        ({"pkg/a.py": "from gitops_healer.recorder import *\n@tool\ndef f(): ...\n"}, ["pkg.a:f"]),
        ({"pkg/a.py": "from other import tool\n@tool\ndef f(): ...\n"}, []),
        (
            {
                "pkg/base.py": "from gitops_healer.recorder import tool as recorded\n",
                "pkg/a.py": "from .base import recorded\nclass C:\n    @recorded\n    def m(self): ...\n",
            },
            ["pkg.a:C.m"],
        ),
        (
            {
                "pkg/base.py": "from gitops_healer.recorder import BaseTool\nclass Base(BaseTool): ...\n",
                "pkg/b.py": "from pkg import base\nclass Middle(base.Base):\n    pass\n",
                "pkg/c.py": "from pkg.b import Middle\nclass Leaf(Middle):\n    def execute(self, x): ...\n",
            },
            ["pkg.c:Leaf.execute"],
        ),
        (
            {"pkg/a.py": "from gitops_healer.recorder import tool\n@tool(name='shop:old')\ndef f(): ...\n"},
            ["shop:old"],
        ),
        ({"pkg/a.py": "from gitops_healer.recorder import tool\n@tool\ndef f(:\n"}, []),
    ],
    ids=["plain", "alias", "dotted", "star", "foreign", "passed on", "subclass", "named", "broken"],
)
def test_tools_are_found_under_any_name(
    make_repo: Callable[..., Any], tmp_path: Path, files: Mapping[str, str], expected: list[str]
) -> None:
    assert names(make_repo(PACKAGE | dict(files)), tmp_path) == expected


def test_policies_name_further_decorators_and_base_classes(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    code = "import celery\nfrom shop import Action\n@celery.shared_task(bind=True)\ndef f(): ...\n"
    code += "class Pay(Action):\n    def execute(self): ...\n"
    repo = make_repo({"a.py": code})
    assert names(repo, tmp_path) == []
    found = names(repo, tmp_path, decorators=["celery.shared_task"], bases=["shop.Action"])
    assert found == ["a:Pay.execute", "a:f"]


def test_what_a_tool_declares_is_read_where_it_is_literal(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    code = '''from gitops_healer.recorder import tool
LIST = []
@tool(idempotent=True, side_effects=["mail", "disk"], requires_mocking=LIST, examples=[{"input": [1]}])
def send(to: str, *, retries: int = 3) -> bool:
    """Send a letter."""
    return deliver(to)
'''
    tool = index_of(make_repo({"a.py": code}), tmp_path).tools()[0]
    assert (tool.signature, tool.docstring) == ("(to: str, *, retries: int=3) -> bool", "Send a letter.")
    assert (tool.declared.idempotent, tool.declared.side_effects) == ("True", "disk, mail")
    assert (tool.declared.requires_mocking, tool.declared.safe_for_shadow_testing) == ("unknown", "")
    assert tool.declared.examples
    assert "deliver" in tool.words


def test_recorded_names_are_tools_where_the_code_has_them(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    index = index_of(make_repo(PACKAGE | {"pkg/a.py": "def f(): ...\n"}), tmp_path)
    assert [(tool.name, tool.why) for tool in index.tools(["pkg.a:f", "pkg.a:gone"])] == [("pkg.a:f", "recorded")]


def test_files_that_stay_the_same_are_parsed_once(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    code = "from gitops_healer.recorder import tool\n@tool\ndef f(): ...\n"
    repo = make_repo({"a.py": code, "b.py": code, "c.py": "def g(): ...\n"})
    first = index_of(repo, tmp_path)
    assert len(first.tools()) == 2
    assert first.parsed == 1, "both files are one blob, and the third holds no mark"
    again = index_of(repo, tmp_path)
    assert again.tools() == first.tools()
    assert again.parsed == 0
    repo.commit({"c.py": "from gitops_healer.recorder import tool\n@tool\ndef g(): ...\n"})
    changed = index_of(repo, tmp_path)
    assert len(changed.tools()) == 3
    assert changed.parsed == 1
