"""The corpus of buggy functions: what is determined is repaired as the reference has it, the rest is asked or left.

Repository, executions and code model are real; calls run in forked processes of a small server in place of the sandbox.
`benchmarks/repair.py` does the same with the real caller, and `test_repair_end_to_end.py` some of it.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitops_healer.core.change import Change
from gitops_healer.core.plan import Investigation
from gitops_healer.ports import CallOutcome, Repository, Sandbox

HERE = Path(__file__).parent


def load_benchmark() -> ModuleType:
    path = HERE.parent.parent / "benchmarks" / "repair.py"
    spec = importlib.util.spec_from_file_location("repair_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()


@dataclass
class ForkedCaller:
    """`Caller` on exported trees, each written once."""

    repository: Repository
    directory: Path
    server: subprocess.Popen[str]
    trees: dict[tuple[str, Change | None], Path] = field(default_factory=dict)

    def call(
        self, commit: str, tool: str, path: str, inputs: Sequence[tuple[str, str]], change: Change | None = None
    ) -> tuple[CallOutcome, ...]:
        module, _, qualname = tool.partition(":")
        root = self.trees.get((commit, change))
        if root is None:
            root = self.directory / f"tree{len(self.trees)}"
            root.mkdir(parents=True)
            self.repository.export(commit, root, change)
            self.trees[commit, change] = root
        request = {"root": str(root), "module": module, "qualname": qualname, "inputs": [list(one) for one in inputs]}
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self.server.stdout.readline())
        return tuple(
            CallOutcome(a["ok"], a["result"], a["detail"], a["error_type"], tuple(map(tuple, a["frames"])))
            for a in answers
        )


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-E", str(HERE / "call_server.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found: Sandbox = benchmark.make_sandbox()
    return found


def cases() -> list[Any]:
    return [
        case for path in sorted(benchmark.CORPUS.glob("*.toml")) for case in benchmark.read_cases(path) if not case.test
    ]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_case(case: Any, tmp_path: Path, server: subprocess.Popen[str], sandbox: Sandbox) -> None:
    judged = benchmark.run_case(
        case,
        tmp_path,
        sandbox,
        lambda scene: replace(scene, caller=ForkedCaller(scene.repository, tmp_path / "trees", server)),
    )
    assert judged.right, f"{judged.why}\n{judged.investigation}"
    assert not any("could not be tried" in line for line in judged.investigation.evidence)
    match judged.outcome:
        case "repaired":
            check_repaired(judged.investigation, case)
        case "asked":
            check_asked(judged.investigation)
        case "refused":
            assert not judged.investigation.options
            assert any("is what the code promises" in line for line in judged.investigation.evidence)


def check_repaired(found: Investigation, case: Any) -> None:
    first = found.options[0]
    assert first.determined_by
    assert found.question == ""
    assert any(line.startswith(tuple("123456789")) and "failing inputs" in line for line in first.proof)
    assert found.cause.path in first.change.paths
    sources = {
        path: case.files[path].replace("\n", "\r\n" if case.crlf else "\n").encode() for path in first.change.paths
    }
    for path, after in first.change.apply(sources).items():
        assert (b"\r\n" in after) == case.crlf
        assert after.count(b"\n") == after.count(b"\r\n") or not case.crlf
        assert (b"\n    " in after) != (b"\n\t" in after) or path.endswith("bank.py")


def check_asked(found: Investigation) -> None:
    assert 2 <= len(found.options) <= 4
    assert len({option.key for option in found.options}) == len(found.options)
    assert len({option.behaviour for option in found.options}) == len(found.options)
    for option in found.options:
        assert option.determined_by == ()
        assert option.proof
        assert f"`{option.key}`" in found.question
