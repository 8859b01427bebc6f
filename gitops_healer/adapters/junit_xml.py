"""JUnit XML (pytest, Surefire, Gradle, jest-junit …) as lines of executions: each run of a test is one.

A test is a tool of its own: `tests.test_x:TestA.test_b`. The id of its parameters (`[1-a]`) is its only argument, and
marks the call as not replayable. A skipped test was not called. Surefire's `flakyFailure` and `rerunFailure` are failed
calls beside the last one. Ids are made from the report, so that reading it again adds nothing.
Format: https://github.com/testmoapp/junitxml and the XSDs of Surefire and Jenkins.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, BinaryIO, Final
from xml.parsers import expat

import orjson

from gitops_healer.adapters.execution_traces import failure, printable
from gitops_healer.core.executions_format import MESSAGE_LIMIT

CHUNK: Final = 64 * 1024
DEPTH_LIMIT: Final = 64
TEXT_KEPT: Final = 256 * 1024
COMMIT_NAMES: Final = frozenset(
    {"commit", "git.commit", "git_commit", "revision", "vcs.ref.head.revision", "github_sha", "ci_commit_sha"}
)
_LAST: Final = frozenset({"failure", "error"})
_EARLIER: Final = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})


class ReportError(ValueError):
    """Why a report cannot be read, or not to its end."""


@dataclass
class _Suite:
    name: str
    timestamp: str
    commit: str | None
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class _Fault:
    """A failure, error, or earlier attempt of a test case."""

    attributes: dict[str, str]
    texts: list[str] = field(default_factory=list)
    size: int = 0

    def error(self) -> dict[str, Any]:
        text = "".join(self.texts)
        message = self.attributes.get("message") or text.strip()[:MESSAGE_LIMIT]
        return failure(self.attributes.get("type", ""), message, text)


@dataclass
class _Case:
    attributes: dict[str, str]
    skipped: bool = False
    last: _Fault | None = None
    earlier: list[_Fault] = field(default_factory=list)


def junit_lines(stream: BinaryIO, commit: str | None = None, written: datetime | None = None) -> Iterator[bytes]:
    """Lines of executions, as test cases are read: memory does not grow with the report.

    commit: of all calls whose report does not name one; written: when the report has no time of its own. Raises
    ReportError for what is no XML, is cut off, or declares a document type (entities in it can grow without end).
    """
    report = _Report(commit, written)
    try:
        while chunk := stream.read(CHUNK):
            report.parser.Parse(chunk, False)
            yield from report.taken()
        report.parser.Parse(b"", True)
        yield from report.taken()
    except expat.ExpatError as error:
        raise ReportError(f"is no complete XML: {expat.errors.messages[error.code]} (line {error.lineno})") from None
    if not report.is_report:
        raise ReportError("is no JUnit report: it has neither testsuites nor testsuite at its root")


class _Report:
    """A report as it is read."""

    def __init__(self, commit: str | None, written: datetime | None) -> None:
        self.is_report = False
        self._commit, self._written = commit, written
        self._suites: list[_Suite] = []
        self._case: _Case | None = None
        self._fault: _Fault | None = None
        self._depth = 0
        self._lines: list[bytes] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def taken(self) -> list[bytes]:
        lines, self._lines = self._lines, []
        return lines

    def _refuse(self, *_: object) -> None:
        raise ReportError("declares a document type, which no test report needs: refused, since it may be an attack")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise ReportError(f"is nested deeper than {DEPTH_LIMIT} elements")
        if self._depth == 1:
            self.is_report = name in ("testsuites", "testsuite")
        if name in ("testsuites", "testsuite"):
            outer = self._suites[-1] if self._suites else _Suite("", "", self._commit)
            stamp = attributes.get("timestamp") or outer.timestamp
            self._suites.append(_Suite(attributes.get("name", ""), stamp, outer.commit))
        elif name == "testcase":
            self._case = _Case(attributes)
        elif name == "property" and self._suites and attributes.get("name", "").lower() in COMMIT_NAMES:
            self._suites[-1].commit = printable(attributes.get("value", "").strip()) or self._suites[-1].commit
        elif self._case is not None:
            self._inside_case(self._case, name, attributes)

    def _inside_case(self, case: _Case, name: str, attributes: dict[str, str]) -> None:
        if name == "skipped":
            case.skipped = True
        elif name in _LAST:
            self._fault = case.last = _Fault(attributes)
        elif name in _EARLIER:
            self._fault = _Fault(attributes)
            case.earlier.append(self._fault)
        elif name in ("system-out", "system-err"):
            self._fault = None

    def _text(self, text: str) -> None:
        if self._fault is not None and self._fault.size < TEXT_KEPT:
            self._fault.texts.append(text)
            self._fault.size += len(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name in ("testsuites", "testsuite"):
            self._suites.pop()
        elif name == "testcase" and self._case is not None:
            if self._suites:
                self._lines.extend(self._calls(self._case, self._suites[-1]))
            self._case = self._fault = None
        elif name in _LAST or name in _EARLIER:
            self._fault = None

    def _calls(self, case: _Case, suite: _Suite) -> Iterator[bytes]:
        if case.skipped:
            return
        classname, name = case.attributes.get("classname", ""), case.attributes.get("name", "")
        suite.seen[classname, name] += 1
        same = [suite.timestamp, suite.name, classname, name, str(suite.seen[classname, name])]
        common: dict[str, Any] = {
            "tool": _tool(case.attributes),
            "ts": self._moment(case, suite),
            "commit": suite.commit,
        }
        if parameters := _split(name)[1]:
            common |= {"args": [parameters], "unreplayable": "the id of a test's parameters stands for them"}
        for number, fault in enumerate(case.earlier):
            yield _line(common | {"ok": False, "error": fault.error()}, [*same, f"attempt {number}"])
        last: dict[str, Any] = {"ok": case.last is None, "duration_ms": _milliseconds(case.attributes.get("time"))}
        if case.last is not None:
            last["error"] = case.last.error()
        yield _line(common | last, same)

    def _moment(self, case: _Case, suite: _Suite) -> str | None:
        """Most reports name no time zone: they are taken to be UTC."""
        text = case.attributes.get("timestamp") or suite.timestamp
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return text or (self._written.isoformat() if self._written else None)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _line(event: dict[str, Any], same: list[str]) -> bytes:
    number = blake2b("\0".join(same).encode("utf-8", "replace"), digest_size=12).hexdigest()
    return orjson.dumps(event | {"id": f"junit-{number}"}) + b"\n"


def _split(name: str) -> tuple[str, str]:
    """(test, id of its parameters)."""
    head, bracket, rest = name.partition("[")
    return (head, rest[:-1]) if bracket and head and rest.endswith("]") else (name, "")


def _tool(attributes: dict[str, str]) -> str:
    """`tests.test_x:TestA.test_b`; where the file is told, it says which part is the module."""
    classname, name = attributes.get("classname", "").strip("."), _split(attributes.get("name", ""))[0]
    module = attributes.get("file", "").removesuffix(".py").replace("\\", "/").strip("./").replace("/", ".")
    if module and (classname == module or classname.startswith(f"{module}.")):
        inner = classname[len(module) + 1 :]
        return printable(f"{module}:{inner}.{name}" if inner else f"{module}:{name}")
    if not classname:
        return printable(name)
    parts = classname.split(".")
    first = next((at for at, part in enumerate(parts) if at and part[:1].isupper()), len(parts))
    return printable(f"{'.'.join(parts[:first])}:{'.'.join([*parts[first:], name])}")


def _milliseconds(seconds: str | None) -> float | None:
    """Some tools write 1,234.5 for a thousand seconds."""
    try:
        value = float((seconds or "").replace(",", ""))
    except ValueError:
        return None
    return value * 1000 if 0 <= value < 1e9 else None
