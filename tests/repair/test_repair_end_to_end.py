"""The engine on the real caller, test runner, sandbox, store and git."""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitops_healer.core.change import Change
from gitops_healer.core.plan import Investigation
from gitops_healer.ports import Caller, CallOutcome, Sandbox
from gitops_healer.registry import Scene
from gitops_healer.repair.repair_failure import repair_failure


def load_benchmark() -> ModuleType:
    path = Path(__file__).parent.parent.parent / "benchmarks" / "repair.py"
    spec = importlib.util.spec_from_file_location("repair_benchmark_real", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()
Build = Callable[..., tuple[Any, Scene]]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    found: Sandbox = benchmark.make_sandbox()
    return found


@pytest.fixture
def build(tmp_path: Path, sandbox: Sandbox) -> Build:
    """build(files, tool, failing, passing): the case and its scene, executions recorded."""

    def make(
        files: dict[str, str], tool: str, failing: tuple[str, ...] = (), passing: tuple[str, ...] = (), test: str = ""
    ) -> tuple[Any, Scene]:
        case = benchmark.Case("case", "determined", files, tool, failing, passing, test=test)
        (tmp_path / "tree").mkdir()
        (tmp_path / "store").mkdir()
        scene = benchmark.make_scene(
            tmp_path / "tree", benchmark.make_repository(case, tmp_path / "tree"), tmp_path / "store", sandbox
        )
        if not test:
            benchmark.record(scene, case)
        return case, scene

    return make


def investigate(case: Any, scene: Scene) -> Investigation:
    return repair_failure(scene, benchmark.finding_of(case))


DOC = '    """Returns 0.0 if there are no values."""\n'
MEAN = {"stats.py": f"def mean(values):\n{DOC}    return sum(values) / len(values)\n"}


def test_a_recorded_failure_is_repaired_and_proven(build: Build) -> None:
    found = investigate(*build(MEAN, "stats:mean", ("[[]]",), ("[[1]]", "[[2, 4]]")))
    (option,) = found.options
    assert found.question == ""
    assert option.source == "division_by_zero"
    assert option.symbols == ("mean",)
    assert option.proof[:2] == (
        "1 of 1 failing inputs return 0.0 now",
        "2 of 2 known passing inputs give what they gave before",
    )
    assert (found.cause.path, found.cause.line) == ("stats.py", 3)
    assert found.tried >= 1


def test_the_same_case_gives_the_same_answer(build: Build) -> None:
    case, scene = build({"k.py": "def f(d):\n    return d[0]\n"}, "k:f", ("[[]]",), ("[[1]]",))
    first, second = investigate(case, scene), investigate(case, scene)
    assert first.question
    assert replace(first, seconds=0) == replace(second, seconds=0)


def test_what_was_repaired_since_is_said_and_left(build: Build) -> None:
    case, scene = build(MEAN, "stats:mean", ("[[]]",), ("[[1]]",))
    tree = scene.repository.path
    (tree / "stats.py").write_text("def mean(values):\n    return sum(values) / (len(values) or 1)\n")
    commit = benchmark.make_repository(replace(case, files={"other.py": ""}), tree)
    model = type(scene.code)(scene.repository.files(commit), scene.repository.read_blob, scene.cache)
    found = investigate(case, replace(scene, commit=commit, code=model))
    assert found.options == ()
    assert "none of the 1 recorded failing inputs fails at this commit" in found.cause.sentence


def test_a_tool_that_is_gone(build: Build) -> None:
    case, scene = build(MEAN, "stats:mean", ("[[]]",), ())
    found = investigate(replace(case, tool="stats:average"), scene)
    assert "not in the code" in found.cause.sentence
    assert found.options == ()


def test_what_differs_from_run_to_run_is_not_compared_and_said(build: Build) -> None:
    text = (
        "import time\n\n\ndef stamp(values):\n"
        '    """Returns None if there are no values."""\n'
        "    return [time.perf_counter_ns(), values[0]]\n"
    )
    found = investigate(*build({"s.py": text}, "s:stamp", ("[[]]",), ("[[1]]", "[[2]]")))
    assert found.options[0].determined_by
    assert any("were not compared" in line for line in found.options[0].proof)


def test_a_passing_input_is_never_changed(build: Build) -> None:
    """The docstring asks for what would change inputs that work: nothing is proposed."""
    text = (
        'def f(values):\n    """Returns 0 if values is empty."""\n    total = 0\n    for value in values or [0]:\n'
        "        total += 10 // (value - 1)\n    return total\n"
    )
    found = investigate(*build({"f.py": text}, "f:f", ("[[1]]",), ("[[2]]", "[[]]")))
    assert all("values is empty" not in option.title for option in found.options)
    assert found.question or not found.options


def test_no_time_left_means_no_option_not_an_error(build: Build) -> None:
    case, scene = build(MEAN, "stats:mean", ("[[]]",), ("[[1]]",))
    testing = scene.settings.testing.model_copy(update={"investigation_budget": timedelta(0)})
    found = investigate(case, replace(scene, settings=scene.settings.model_copy(update={"testing": testing})))
    assert found.options == ()
    assert found.tried == 0


@dataclass(frozen=True)
class FailingCaller:
    """A caller that breaks as soon as a change is to be tried."""

    inner: Caller

    def call(
        self, commit: str, tool: str, path: str, inputs: Sequence[tuple[str, str]], change: Change | None = None
    ) -> tuple[CallOutcome, ...]:
        if change is not None:
            raise OSError("no space left on device")
        return self.inner.call(commit, tool, path, inputs)


def test_an_error_with_a_candidate_is_told_and_ends_nothing(build: Build) -> None:
    case, scene = build(MEAN, "stats:mean", ("[[]]",), ("[[1]]",))
    found = investigate(case, replace(scene, caller=FailingCaller(scene.caller)))
    assert found.options == ()
    assert any("no space left on device" in line for line in found.evidence)
    assert "when values is empty" in found.cause.sentence


TESTED = {
    "pick.py": "def first(items):\n    return items[0]\n",
    "test_pick.py": (
        "from pick import first\n\n\ndef test_nothing():\n    assert first([]) is None\n\n\n"
        "def test_one():\n    assert first([1]) == 1\n"
    ),
}


def test_a_failing_test_is_repaired_and_the_whole_suite_passes(build: Build) -> None:
    found = investigate(*build(TESTED, "pick:first", test="test_pick.py::test_nothing"))
    (option,) = found.options
    assert found.question == ""
    assert option.determined_by[0] == "test_pick.py::test_nothing expects it"
    assert "2 tests pass, none fails that passed before" in option.proof


def test_a_test_that_passes_is_no_case(build: Build) -> None:
    found = investigate(*build(TESTED, "pick:first", test="test_pick.py::test_one"))
    assert found.options == ()
