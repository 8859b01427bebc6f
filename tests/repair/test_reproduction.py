"""Recorded calls become a test, and the test becomes a repair: on real git, caller, trials and store."""

import importlib.util
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.code.model import CodeModel
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.plan import Investigation
from gitops_healer.ports import Sandbox
from gitops_healer.repair.failure import recorded
from gitops_healer.repair.oracle import Expectations, expectations_of
from gitops_healer.repair.repair_failure import repair_failure


def load_benchmark() -> ModuleType:
    path = Path(__file__).parent.parent.parent / "benchmarks" / "repair.py"
    spec = importlib.util.spec_from_file_location("repair_benchmark_executions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()
GIT = ("git", "-c", "user.name=Maintainer", "-c", "user.email=maintainer@example.org")


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found: Sandbox = benchmark.make_sandbox()
    return found


@dataclass
class Project:
    """A repository whose commits are made one by one, and what was recorded at each."""

    folder: Path
    sandbox: Sandbox
    tool: str = ""
    scene: Any = None
    count: int = 0

    def commit(self, files: dict[str, str]) -> str:
        tree = self.folder / "tree"
        for name, text in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "A step"]):
            subprocess.run([*GIT, *command], cwd=tree, check=True, capture_output=True)
        head = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=tree, check=True, capture_output=True)
        commit = head.stdout.decode().strip()
        made = self.scene or benchmark.make_scene(tree, commit, self.folder / "store", self.sandbox)
        code = CodeModel(made.repository.files(commit), made.repository.read_blob, made.cache)
        trials = ProjectTrials(made.repository, self.sandbox, made.settings.testing, Path(sys.executable))
        self.scene = replace(made, commit=commit, code=code, trials=trials)
        return commit

    def record(self, tool: str, *inputs: str) -> None:
        """Calls at the commit as it is, oldest first: what they gave, or how they failed."""
        self.tool = tool
        path = self.scene.code.locate(tool).path
        outcomes = self.scene.caller.call(self.scene.commit, tool, path, [(args, "{}") for args in inputs])
        rows = []
        for args, outcome in zip(inputs, outcomes, strict=True):
            self.count += 1
            error = None if outcome.ok else ExecutionFailure(outcome.error_type, outcome.detail)
            when = benchmark.NOW - timedelta(days=2) + timedelta(minutes=self.count)
            rows.append(
                Execution(
                    f"e{self.count}", tool, when, outcome.ok, 1.0, args, "{}", outcome.result, error, self.scene.commit
                )
            )
        assert self.scene.executions.add(rows).stored == len(rows)

    @property
    def finding(self) -> Finding:
        return Finding(
            "low_success_rate", "", self.tool, 1, 1, Severity.HIGH, f"{self.tool} fails",
            fingerprint("low_success_rate", self.tool, ""),
        )  # fmt: skip

    @property
    def expected(self) -> Expectations:
        log = recorded(self.scene, self.finding)
        assert log is not None
        return expectations_of(self.scene, log, 60.0)

    def repaired(self) -> Investigation:
        return repair_failure(self.scene, self.finding)

    def after(self, investigation: Investigation) -> dict[str, str]:
        change = investigation.options[0].change
        before = {path: self.scene.code.source(path) or b"" for path in change.paths}
        return {path: data.decode() for path, data in change.apply(before).items()}


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Project:
    (tmp_path / "tree").mkdir()
    (tmp_path / "store").mkdir()
    return Project(tmp_path, sandbox)


MEDIAN = '''\
def median(values):
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
'''
BROKEN = MEDIAN.replace("// 2\n", "/ 2\n", 1)
TESTED = "from stats import median\n\n\ndef test_doc():\n    assert median.__doc__\n"


def test_what_a_commit_broke_is_restored_with_a_regression_test(project: Project) -> None:
    project.commit({"stats.py": MEDIAN, "tests/test_stats.py": TESTED})
    project.record("stats:median", "[[3, 1, 2]]", "[[4, 1]]")
    project.commit({"stats.py": BROKEN})
    project.record("stats:median", "[[3, 1, 2]]", "[[5, 9, 7, 1]]", "[[1.5, 2.5]]", "[[]]")
    found = project.repaired()
    assert found.question == ""
    after = project.after(found)
    assert after["stats.py"] == MEDIAN
    assert "test_median_that_failed" in after["tests/test_median_recorded.py"]
    assert "version 1 of median" in " ".join(found.evidence)
