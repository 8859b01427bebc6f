"""`python -m unittest` with structured results, in the lines of `pytest_report`. Runs inside the sandbox.

What it prints, what it runs and how it exits are unittest's own; only the result class listens.
"""

# ruff: noqa: N802 - the names are those of unittest

from __future__ import annotations

import os
import sys
import time
import unittest
from collections.abc import Iterator
from typing import Any

from .failures import describe, relative, shortened, tree_root
from .report_lines import selected, write
from .traceback_text import read_traceback

_FAILED_LOAD = "unittest.loader._FailedTest."


class Listening(unittest.TextTestResult):
    """Writes one line a test. A test with failing subtests fails, with the first failure as its reason."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.root = tree_root()
        self.began = 0.0
        self.record: dict[str, Any] | None = None
        self.done = 0

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.began = time.monotonic()
        self.record = {"id": _name(test), "outcome": "passed"}
        write({"start": self.record["id"]})

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        if self.record is not None:
            self._finish({**self.record, "seconds": time.monotonic() - self.began})
        self.record = None

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._note(test, "failed", err)

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._note(test, "error", err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note(test, "failed" if issubclass(err[0], test.failureException) else "error", err)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        if self.record is not None and self.record["outcome"] == "passed":
            self.record.update({"outcome": "skipped", "message": shortened(str(reason))})

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        if self.record is not None:
            self.record["outcome"] = "skipped"

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        if self.record is not None:
            self.record.update({"outcome": "failed", "type": "AssertionError", "message": "unexpected success"})

    def _note(self, test: Any, outcome: str, err: Any) -> None:
        """err outside a test is a setUpClass or setUpModule that failed: a case of its own."""
        told = {**describe(err[1], self.root), **_hidden(test, err[1], self.root)}
        if self.record is None:
            self._finish({"id": _name(test), "outcome": "error", "seconds": 0.0, **told})
        elif self.record["outcome"] in ("passed", "skipped"):
            self.record.update({"outcome": outcome, **told})

    def _finish(self, record: dict[str, Any]) -> None:
        self.done += 1
        write(record)


def _name(test: Any) -> str:
    """The dotted name by which unittest selects it. A module that cannot be loaded goes by its own name."""
    name = str(test.id())
    return name[len(_FAILED_LOAD) :] if name.startswith(_FAILED_LOAD) else name


def _hidden(test: Any, error: BaseException, root: str) -> dict[str, Any]:
    """The real error of a module that could not be imported: unittest keeps it as text only."""
    if not str(test.id()).startswith(_FAILED_LOAD):
        return {}
    told = read_traceback(str(error))
    if told is None:
        return {"collect": True}
    frames = [[relative(file, root), line, function] for file, line, function in told["frames"]]
    own = [frame for frame in frames if not frame[0].startswith(("/", "<"))]
    return {**told, "frames": own, "collect": True}


class Selecting(unittest.TestProgram):
    """Runs what unittest loads, or of that the tests that were asked for."""

    test: Any

    def createTests(self, *arguments: Any, **options: Any) -> None:
        super().createTests(*arguments, **options)
        wanted = selected()
        if wanted:
            self.test = unittest.TestSuite(test for test in _each(self.test) if _name(test) in wanted)


def _each(suite: Any) -> Iterator[Any]:
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _each(test)
        else:
            yield test


def main() -> None:
    """Run unittest on the arguments of this process."""
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as `-m` does
    sys.argv[0] = "python -m unittest"
    write({"begin": os.getpid()})
    runner = unittest.TextTestRunner
    runner.resultclass = Listening
    result = Selecting(module=None, exit=False, testRunner=runner).result
    failed = not result.wasSuccessful()
    write({"end": int(failed), "tests": getattr(result, "done", -1)})
    sys.exit(int(failed))
