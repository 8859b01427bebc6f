"""Tests that fail, whenever they are run, because of the code."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_healer.code.shape import shape_of
from gitops_healer.core.execution import Frame
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.testing import TestCase
from gitops_healer.registry import Scene, detector

RULE = "failing_test"
_SHOWN_TESTS = 10
_SHOWN_MESSAGE = 500
_PARAMETERS = re.compile(r"\[.*\Z", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """Where a test stands. start, end: lines of its function, from 1; of the whole file when it has none."""

    path: str
    start: int
    end: int
    source: bytes


@detector(reads="tests")
def failing_test(scene: Scene) -> Iterable[Finding]:
    """A test of the project fails, not only now and then and not because of the machine.

    One finding for tests that fail in the same code with the same error: symbol is the id of the first, `evidence`
    names all (`fails: ID`). The progress says how the run went: when it cannot be told
    whether tests fail there is no finding.
    """
    report = scene.tests.run(scene.commit)
    failing = [case for case in report.failing if not case.environmental]
    scene.progress(report.reason)
    found = {item.fingerprint: item for item in reversed([_finding(scene, group) for group in grouped(failing)])}
    ordered = sorted(found.values(), key=lambda item: (item.path, item.start, item.symbol))
    most = scene.settings.detection.failing_test.max_findings
    if len(ordered) > most:
        scene.progress(f"{len(ordered)} findings, the first {most} are kept (detection.failing_test): {report.reason}")
    return ordered[:most]


def grouped(failing: Sequence[TestCase]) -> list[list[TestCase]]:
    """Tests that one change would mend: the same error at the same line of the code, or the same test function."""
    groups: dict[tuple[str, ...], list[TestCase]] = {}
    for case in failing:
        blamed = blamed_frame(case)
        code = (blamed.file, str(blamed.line), blamed.function) if blamed else (without_parameters(case.id),)
        groups.setdefault((case.error_type, *code), []).append(case)
    return list(groups.values())


def blamed_frame(case: TestCase) -> Frame | None:
    """The innermost frame in the project's own code that is not a test's."""
    return next((frame for frame in reversed(case.frames) if not is_test_path(frame.file)), None)


def is_test_path(path: str) -> bool:
    """By its name or that of a folder it lies in."""
    pure = PurePosixPath(path)
    named = pure.name.startswith("test_") or pure.stem.endswith("_test") or pure.stem in ("conftest", "tests", "test")
    return named or any(part in ("tests", "test") for part in pure.parts[:-1])


def without_parameters(name: str) -> str:
    """The id of the test function: `t.py::test_x[1-2]` is `t.py::test_x`."""
    path, separator, rest = name.partition("::")
    return path + separator + _PARAMETERS.sub("", rest)


def _finding(scene: Scene, group: Sequence[TestCase]) -> Finding:
    first = group[0]
    place = _place(scene, first)
    shape = shape_of(place.source, place.start, place.end)
    more = f" (and {len(group) - 1} more for the same reason)" if len(group) > 1 else ""
    return Finding(
        RULE,
        place.path,
        first.id,
        place.start,
        place.end,
        Severity.HIGH,
        f"{_short_name(first.id)} fails with {first.error_type or 'an error'}{more}",
        fingerprint(RULE, _short_name(without_parameters(first.id)), f"{shape}:{first.error_type}"),
        priority=8,
        evidence=tuple(_evidence(group)),
    )


def _evidence(group: Sequence[TestCase]) -> Iterator[str]:
    first = group[0]
    yield f"error: {first.error_type or 'unknown'}"
    if first.message:
        yield f"message: {first.message[:_SHOWN_MESSAGE]}"
    if (blamed := blamed_frame(first)) is not None:
        yield f"at: {blamed.file}:{blamed.line} in {blamed.function}"
    yield from (f"fails: {case.id}" for case in group[:_SHOWN_TESTS])
    if len(group) > _SHOWN_TESTS:
        yield f"and {len(group) - _SHOWN_TESTS} more tests fail for the same reason"


def _short_name(name: str) -> str:
    """The id without directories: it stays when the test file moves."""
    path, separator, rest = name.partition("::")
    return PurePosixPath(path).name + separator + rest


def _place(scene: Scene, case: TestCase) -> Place:
    path, names = _file_and_names(scene, case)
    source = scene.repository.read(scene.commit, path) or b""
    span = _span(source, names)
    return Place(path, *(span or (1, max(1, source.count(b"\n")))), source)


def _file_and_names(scene: Scene, case: TestCase) -> tuple[str, list[str]]:
    """pytest ids begin with the file; unittest's are dotted names, whose file the traceback knows as well."""
    path, separator, rest = without_parameters(case.id).partition("::")
    if separator or path.endswith(".py"):
        return path, rest.split("::") if rest else []
    names = case.id.split(".")
    for length in range(len(names), 0, -1):
        found = scene.code.path_of(".".join(names[:length]))
        if found is not None:
            return found, names[length:]
    in_tests = [frame.file for frame in case.frames if is_test_path(frame.file)]
    return (in_tests or [path])[0], names[-2:]


def _span(source: bytes, names: Sequence[str]) -> tuple[int, int] | None:
    """First and last line of a nested definition, with its decorators."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            scope: ast.AST = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    span = None
    for name in names:
        found = [node for node in ast.walk(scope) if isinstance(node, kinds) and node.name == name]
        if not found:
            break
        scope = found[-1]
        node = found[-1]
        span = min([node.lineno, *(item.lineno for item in node.decorator_list)]), node.end_lineno or node.lineno
    return span
