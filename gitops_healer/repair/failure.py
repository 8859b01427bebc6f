"""What fails, where, and on which inputs - as it is at this commit, not as it was recorded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.core.execution import Execution, Frame
from gitops_healer.core.finding import Finding
from gitops_healer.core.testing import TestCase
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.inputs import Input

_READ = 1000  # executions looked at, newest first
_FAILING = 60  # distinct failing inputs kept
_PASSING = 150  # distinct passing inputs kept
_DEPTH = 3  # frames of the project looked at, innermost first


@dataclass(frozen=True)
class Recorded:
    """What was recorded of one tool. path: its file; failing: distinct inputs, most frequent first, with counts;
    passing: distinct inputs with their recorded results; unusable: failing executions without inputs."""

    tool: str
    path: str
    symbol: str
    failing: tuple[tuple[Input, int], ...]
    passing: tuple[tuple[Input, str | None], ...]
    unusable: int

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(dict.fromkeys([*(given for given, _ in self.failing), *(given for given, _ in self.passing)]))


@dataclass(frozen=True)
class Failure:
    """One way of failing. error: class name as it is reported; frames: of the project, outermost first; inputs:
    that fail so, most frequent first; count: recorded executions (or 1 for a test)."""

    error: str
    message: str
    frames: tuple[Frame, ...]
    inputs: tuple[Input, ...]
    count: int


def recorded(scene: Scene, finding: Finding) -> Recorded | None:
    """The recorded executions of the finding's tool; None when the code has no such function any more."""
    location = scene.code.locate(finding.symbol)
    if location is None:
        return None
    failing = scene.executions.executions(finding.symbol, ok=False, limit=_READ)
    passing = scene.executions.executions(finding.symbol, ok=True, limit=_READ)
    counts: dict[Input, int] = {}
    for execution in failing:
        if (given := _input(execution)) is not None:
            counts[given] = counts.get(given, 0) + 1
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_FAILING]
    results: dict[Input, str | None] = {}
    for execution in passing:
        if (given := _input(execution)) is not None and len(results) < _PASSING:
            results.setdefault(given, execution.result)
    unusable = sum(_input(execution) is None for execution in failing)
    return Recorded(finding.symbol, location.path, location.symbol, tuple(often), tuple(results.items()), unusable)


def _input(execution: Execution) -> Input | None:
    if not execution.replayable:
        return None
    return execution.args or "[]", execution.kwargs or "{}"


def failures_of(
    scene: Scene, counted: Sequence[tuple[Input, int]], outcomes: Iterable[CallOutcome]
) -> tuple[Failure, ...]:
    """Failing calls grouped by error and innermost frame in the project, the most frequent group first."""
    groups: dict[tuple[str, Frame], list[tuple[Input, int, CallOutcome]]] = {}
    for (given, count), outcome in zip(counted, outcomes, strict=True):
        frames = project_frames(scene, outcome)
        if not outcome.ok and frames:
            groups.setdefault((outcome.error_type, frames[-1]), []).append((given, count, outcome))
    found = [
        Failure(
            error, members[0][2].detail, project_frames(scene, members[0][2]),
            tuple(given for given, _, _ in members), sum(count for _, count, _ in members),
        )
        for (error, _), members in groups.items()
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.count, one.error, one.frames[-1].file, one.frames[-1].line)))


def project_frames(scene: Scene, outcome: CallOutcome) -> tuple[Frame, ...]:
    return in_project(scene, (Frame(file, line, function) for file, line, function in outcome.frames))


def in_project(scene: Scene, frames: Iterable[Frame]) -> tuple[Frame, ...]:
    """The frames that lie in code of the project that is not a test."""
    return tuple(frame for frame in frames if not is_test(frame.file) and scene.code.source(frame.file) is not None)


def same_failure(scene: Scene, failure: Failure, outcome: CallOutcome) -> bool:
    """Whether a call fails with the same error at the same line; of wrong types also with the same words."""
    if outcome.ok or outcome.error_type != failure.error:
        return False
    if failure.error in ("TypeError", "AttributeError") and outcome.detail != failure.message:
        return False
    frames = project_frames(scene, outcome)
    return bool(frames) and frames[-1] == failure.frames[-1]


def failure_of_test(scene: Scene, case: TestCase) -> Failure | None:
    """The failure behind a failing test; None when no code of the project is in its traceback."""
    frames = in_project(scene, case.frames)
    return Failure(case.error_type, case.message, frames, (), 1) if frames else None


def places(failure: Failure) -> Iterator[Frame]:
    """Where to look, innermost first, each line once."""
    yield from dict.fromkeys(reversed(failure.frames[-_DEPTH:]))


def is_test(path: str) -> bool:
    """Whether a file is one of the project's tests, by the usual names."""
    *folders, name = path.split("/")
    named = name.startswith("test_") or name.endswith("_test.py") or name in ("conftest.py", "tests.py", "test.py")
    return named or any(folder in ("tests", "test", "testing") for folder in folders)
