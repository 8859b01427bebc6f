"""A recorder that writes below the test's own folder, and programs that use one in processes of their own."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.recorder import configure, flush
from gitops_healer.recorder.recording import RECORDING

ROOT = Path(__file__).parents[2]
COMMIT = "c" * 40
Program = Callable[..., "subprocess.CompletedProcess[str]"]


class Recorded:
    """What lies in a directory of recorded lines."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def lines(self) -> list[dict[str, Any]]:
        """All lines; raises when one is torn."""
        files = sorted(self.directory.glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]

    def events(self, ending: str = "") -> list[dict[str, Any]]:
        """Calls that were written down, of tools whose name ends so."""
        return [line for line in self.lines() if "counts" not in line and line["tool"].endswith(ending)]

    def calls(self, ending: str = "") -> Counter[str]:
        """How often tools were called, by outcome, over events and counts."""
        found: Counter[str] = Counter()
        for line in self.lines():
            if line["tool"].endswith(ending):
                found.update(line.get("counts") or {"ok" if line["ok"] else "failed": 1})
        return found

    def text(self) -> str:
        return "".join(file.read_text("utf-8") for file in self.directory.glob("*.jsonl"))


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    """Every call is written down."""
    configure(directory=tmp_path / "spool", commit=COMMIT, sample=1.0)
    yield Recorded(tmp_path / "spool")
    flush()
    assert RECORDING.statistics.errors == 0
    configure(enabled=False)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs a program whose recorder writes to `tmp_path / "spool"`, as a script, since spawned children import it."""

    def run(body: str, *, options: str = "", check: bool = True) -> "subprocess.CompletedProcess[str]":
        script = tmp_path / "program.py"
        begin = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport gitops_healer.recorder as recorder\n"
        begin += f"recorder.configure(directory={str(tmp_path / 'spool')!r}, commit={COMMIT!r}{options})\n"
        script.write_text(begin + body)
        return subprocess.run(
            [sys.executable, script], capture_output=True, text=True, timeout=60, check=check, cwd=tmp_path
        )

    return run


@pytest.fixture
def spooled(tmp_path: Path) -> Recorded:
    """What programs recorded."""
    return Recorded(tmp_path / "spool")
