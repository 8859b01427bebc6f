"""What people read of an analysis, and what machines do."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from gitops_healer.core.analysis.types import ToolAnalysis
from gitops_healer.core.codec import to_json
from gitops_healer.evidence.analysis import analyse
from gitops_healer.report.analysis_text import analysis_text
from tests.detectors.tools_scene import HOUR, NOW, Tools

FILES = {"pkg/__init__.py": "", "pkg/mod.py": "def f(x):\n    return 1 / x\n"}


def read(found: ToolAnalysis) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False)
    console.print(analysis_text(found))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_text_and_json_say_the_same(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    tools = Tools(make_repo(FILES), tmp_path)
    old = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=100, at=NOW - 90 * HOUR, commit=old)
    tools.repo.commit({"pkg/mod.py": "def f(x):\n    return 2 / x\n"})
    new = tools.repo.git("rev-parse", "HEAD")
    tools.record("pkg.mod:f", passed=30, failed=70, commit=new, message="[red]bad[red] \x1b[31m\udcff 17")
    found = analyse(tools.scene(), "pkg.mod:f")
    assert found is not None
    text = read(found)
    assert "70 of 100 calls failed: 30.0% succeed (95% interval 21.9% to 39.6%), 70 different inputs failed" in text
    assert "100 calls ran another version of this function and do not count" in text
    assert "failing calls against earlier versions: worsening, 0.0% before, 70.0% since 2026-01-20 10:00 UTC" in text
    assert "[red]bad[red]" in text and "\x1b" not in text, "foreign text is shown as it is, and does nothing"
    assert "-> Look at what changed about 2026-01-20 10:00 UTC" in text
    document = json.loads(json.dumps(to_json(found)))
    assert (document["total"], document["failed"], document["by_version"]["direction"]) == (100, 70, "worsening")


def test_a_version_that_never_ran_is_said_so(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    tools = Tools(make_repo(FILES), tmp_path)
    tools.record("pkg.mod:f", passed=10, commit=tools.repo.git("rev-parse", "HEAD"))
    tools.repo.commit({"pkg/mod.py": "def f(x):\n    return 2 / x\n"})
    found = analyse(tools.scene(), "pkg.mod:f")
    assert found is not None and "no call ran this version yet" in read(found)
