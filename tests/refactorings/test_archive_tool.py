"""A tool that nobody calls is removed only where nothing names it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.plan import Investigation
from gitops_healer.detectors.unused_tool import unused_tool
from gitops_healer.refactorings.archive_tool import archive_tool
from tests.detectors.tools_scene import Tools

DAY = timedelta(days=1)
MODULE = '''"""Shop."""

import json
import os
from gitops_healer.recorder import tool, BaseTool


@tool
def used(x):
    return os.fspath(x)


@tool
def stale(rows):
    """Nobody calls it."""
    return json.dumps(rows)


LAST = 1
'''
AFTER = '''"""Shop."""

import os
from gitops_healer.recorder import tool, BaseTool


@tool
def used(x):
    return os.fspath(x)


LAST = 1
'''


def archived(make_repo: Callable[..., Any], directory: Path, files: dict[str, str]) -> tuple[Tools, Investigation]:
    tools = Tools(make_repo(files), directory)
    tools.now = datetime(2026, 1, 1, tzinfo=UTC) + 200 * DAY
    for days in (150, 80, 1):
        tools.record("shop:used", 20, at=tools.now - days * DAY)
    scene = tools.scene()
    findings = {finding.symbol: finding for finding in unused_tool(scene)}
    assert list(findings) == ["shop:stale"]
    return tools, archive_tool(scene, findings["shop:stale"])


def test_it_goes_with_the_imports_that_only_it_needed(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    tools, found = archived(make_repo, tmp_path, {"shop.py": MODULE})
    assert len(found.options) == 1, found.evidence
    option = found.options[0]
    scene = tools.scene()
    assert option.change.apply({"shop.py": scene.code.source("shop.py") or b""}) == {"shop.py": AFTER.encode()}
    assert f"git show {scene.commit[:10]}:shop.py" in option.behaviour
    assert option.symbols == ("shop:stale", "shop")


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"other.py": "import shop\nshop.stale([])\n"}, "other.py:2"),
        ({"other.py": "getattr(shop, 'stale')\n"}, "other.py:1"),
        ({"shop.py": MODULE + "__all__ = ['stale']\n"}, "shop.py:20"),
        ({"pyproject.toml": "[project.scripts]\nstale = 'shop:stale'\n"}, "pyproject.toml:2"),
        ({"setup.cfg": "[options.entry_points]\nx =\n  a = shop:stale\n"}, "setup.cfg:3"),
        ({"README.md": "Call `stale`.\n"}, "README.md:1"),
        ({"tests/test_shop.py": "from shop import stale\n"}, "tests/test_shop.py:1"),
    ],
    ids=["called", "spelled", "exported", "script", "entry point", "documented", "tested"],
)
def test_nothing_is_offered_where_its_name_stands(
    make_repo: Callable[..., Any], tmp_path: Path, files: dict[str, str], where: str
) -> None:
    _, found = archived(make_repo, tmp_path, {"shop.py": MODULE} | files)
    assert found.options == ()
    assert where in found.evidence[-1]
