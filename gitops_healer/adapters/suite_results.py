"""What a test run told, read without trust: the file was written by the candidate's own process."""

import json
import math
import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gitops_healer.adapters.environmental import Link, Project, is_environmental
from gitops_healer.adapters.traceback_text import read_traceback
from gitops_healer.core.execution import Frame
from gitops_healer.core.testing import CaseStatus, TestCase

MAX_BYTES = 128 * 1024**2
MAX_LINE = 1024 * 1024
MAX_CASES = 500_000
MAX_MESSAGE = 4000
_STATUSES = {status.value: status for status in CaseStatus if status is not CaseStatus.FLAKY}
_RANK = [CaseStatus.PASSED, CaseStatus.SKIPPED, CaseStatus.FLAKY, CaseStatus.FAILED, CaseStatus.ERROR]


@dataclass(frozen=True)
class Results:
    """cases: by id, in the order in which they ended; collected: ids that stand for whole files which cannot be
    imported; sessions: how many began; problem: why this cannot be all that happened, empty when it can;
    running: the test that started last and did not end."""

    cases: tuple[TestCase, ...] = ()
    collected: frozenset[str] = frozenset()
    sessions: int = 0
    problem: str = ""
    running: str = ""


@dataclass
class _Reading:
    """Lines so far. Mutable because a file is read line by line."""

    cases: dict[str, TestCase] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    begun: int = 0
    ended: int = 0
    lines: int = 0
    announced: int = 0
    bad: int = 0
    running: str = ""


def read_results(path: Path, project: Project) -> Results:
    """The cases of a results file. A file that is missing has none; one that is no regular file is not read."""
    try:
        with _open(path) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Results()
    except OSError as error:
        return Results(sessions=1, problem=f"the results cannot be read ({error.strerror or error})")
    if len(data) > MAX_BYTES:
        return Results(sessions=1, problem=f"the results are larger than {MAX_BYTES:,} bytes")
    reading = _Reading()
    for line in data.split(b"\n"):
        if line:
            _take(reading, line, project)
    return Results(
        tuple(reading.cases.values()), frozenset(reading.collected), reading.begun, _problem(reading), reading.running
    )


def _open(path: Path) -> Any:
    """A regular file, never a link, a pipe or a device that the candidate put in its place."""
    if not stat.S_ISDIR(path.parent.lstat().st_mode):
        raise OSError("its folder was replaced")
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is not a regular file")
    return os.fdopen(descriptor, "rb")


def _problem(reading: _Reading) -> str:
    if reading.bad:
        return f"{reading.bad} lines of the results are broken"
    if reading.begun != reading.ended:
        return f"the run ended in the middle{f', in {reading.running}' if reading.running else ''}"
    if reading.announced != reading.lines:
        return f"the results tell of {reading.lines} tests, the run of {reading.announced}"
    return ""


def _take(reading: _Reading, line: bytes, project: Project) -> None:
    record = _decoded(line)
    if record is None or len(reading.cases) >= MAX_CASES:
        reading.bad += 1
    elif "begin" in record:
        reading.begun += 1
    elif "end" in record:
        reading.ended += 1
        reading.announced += _whole(record.get("tests"))
        reading.running = ""
    elif isinstance(record.get("start"), str):
        reading.running = record["start"]
    elif (case := case_of(record, project)) is None:
        reading.bad += 1
    else:
        reading.lines += 1
        reading.cases[case.id] = worse(reading.cases.get(case.id), case)
        if record.get("collect"):
            reading.collected.add(case.id)
        if case.id == reading.running:
            reading.running = ""


def _decoded(line: bytes) -> dict[str, Any] | None:
    if len(line) > MAX_LINE:
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def worse(known: TestCase | None, case: TestCase) -> TestCase:
    """The same test told twice (two sessions, a forged line): what failed once has failed."""
    return case if known is None or _RANK.index(case.status) >= _RANK.index(known.status) else known


def case_of(record: dict[str, Any], project: Project) -> TestCase | None:
    """The test case that a record from inside the sandbox tells of, None when it tells of none."""
    name, outcome = record.get("id"), record.get("outcome")
    if not isinstance(name, str) or not name or not isinstance(outcome, str) or outcome not in _STATUSES:
        return None
    chain = tuple(_link(item) for item in _list(record.get("chain"))[:20])
    case = TestCase(
        name, _STATUSES[outcome], _seconds(record.get("seconds")), _text(record.get("type"), 300),
        _text(record.get("message")), tuple(_frames(_list(record.get("frames")))),
    )  # fmt: skip
    links = chain or (Link(case.error_type, case.message),)
    return replace(case, environmental=case.failed and is_environmental(links, project))


def _link(item: Any) -> Link:
    told = item if isinstance(item, dict) else {}
    return Link(
        _text(told.get("type"), 300), _text(told.get("message")), _whole(told.get("errno")),
        _text(told.get("filename")), _text(told.get("name")), told.get("spawned") is True, _text(told.get("stderr")),
    )  # fmt: skip


def _frames(items: Sequence[Any]) -> Iterable[Frame]:
    for item in items[-60:]:
        if isinstance(item, list) and len(item) == 3 and isinstance(item[0], str) and isinstance(item[2], str):
            yield Frame(item[0][:1000], max(1, _whole(item[1])), item[2][:300])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, limit: int = MAX_MESSAGE) -> str:
    return value[:limit] if isinstance(value, str) else ""


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else 0


def _seconds(value: Any) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if good and math.isfinite(value) and 0 <= value < 1e6 else 0.0


# unittest without our runner, for instance under `make test`: its text is all there is

_BLOCK = re.compile(r"^={70}\n(?P<kind>ERROR|FAIL): (?P<title>.*)\n(?:(?!-{70}).*\n)?-{70}\n", re.M)
_TITLE = re.compile(r"^(?P<method>\S+) \((?P<where>[\w.]+)\)")
_VERBOSE = re.compile(
    r"^(?P<method>\w+) \((?P<where>[\w.]+)\)(?:\n.*)? \.\.\. (?P<word>ok|skipped\b.*|expected failure)$", re.M
)
_RAN = re.compile(r"^Ran (\d+) tests? in [\d.]+s\n+(OK|FAILED|NO TESTS RAN)", re.M)


def read_unittest(text: str, project: Project) -> tuple[TestCase, ...]:
    """The cases that the output of `python -m unittest` names: with `-v` all, else those that fail.

    Files of the repository begin with `./` in it.
    """
    if not _RAN.search(text):
        return ()
    cases: dict[str, TestCase] = {}
    for match in _VERBOSE.finditer(text):
        status = CaseStatus.PASSED if match["word"] == "ok" else CaseStatus.SKIPPED
        name = _dotted(match["method"], match["where"])
        cases[name] = TestCase(name, status)
    blocks = list(_BLOCK.finditer(text))
    for match, following in zip(blocks, [*blocks[1:], None], strict=True):
        case = _from_block(match, text[match.end() : following.start() if following else len(text)], project)
        cases[case.id] = worse(cases.get(case.id), case)
    return tuple(cases.values())


def _dotted(method: str, where: str) -> str:
    """Python 3.11 writes the method into the parentheses, older versions do not."""
    if where.startswith("unittest.loader._FailedTest"):
        return method
    return where if where.endswith(f".{method}") else f"{where}.{method}"


def _from_block(match: re.Match[str], body: str, project: Project) -> TestCase:
    title = _TITLE.match(match["title"])
    name = _dotted(title["method"], title["where"]) if title else match["title"].strip()
    status = CaseStatus.ERROR if match["kind"] == "ERROR" else CaseStatus.FAILED
    summary = _RAN.search(body)
    told = read_traceback(body[: summary.start()].rstrip().rstrip("-").rstrip() if summary else body)
    if told is None:
        return TestCase(name, status)
    frames = [[file[2:], *rest] for file, *rest in told["frames"] if file.startswith("./")]
    record = {"id": name, "outcome": status.value, **told, "frames": frames}
    return case_of(record, project) or TestCase(name, status)
