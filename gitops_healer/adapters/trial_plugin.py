"""The pytest plugin of a trial server: it lets pytest collect, and then serves where the tests would run. Runs inside
the sandbox, on any pytest from 6."""

from __future__ import annotations

import os
import traceback
import unittest
import unittest.case
import unittest.util
from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest

from .failures import cause_of, describe, relative, type_name

_RANK = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}


class TrialPlugin:
    """root: of the tree; wanted: ids or files, all when empty; files: what is collected instead of what the command
    names; serve: called in place of running tests, with the collected items by their id."""

    def __init__(
        self,
        root: str,
        serve: Callable[[TrialPlugin, Any, dict[str, Any]], None],
        wanted: frozenset[str] = frozenset(),
        files: tuple[str, ...] = (),
    ) -> None:
        self.root = root
        self.serve = serve
        self.wanted = wanted
        self.files = files
        self.base = root
        self.broken: dict[str, dict[str, Any]] = {}
        self.served = False
        self.failure = ""
        self.places: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.record: dict[str, Any] = {}
        self.detailed = True

    # Beginning

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Generator[None, Any, None]:
        if hasattr(early_config.known_args_namespace, "cov_source"):  # pytest-cov: what it counts nobody reads here
            early_config.known_args_namespace.cov_source = []
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        path = getattr(error, "path", None)
        if error is not None and path is not None:
            self.broken[relative(str(path), self.root)] = describe(cause_of(error), self.root)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: Any) -> None:
        self.base = str(getattr(config, "rootpath", None) or config.rootdir)
        for option, value in (("numprocesses", None), ("dist", "no"), ("tx", []), ("maxfail", 0)):
            if hasattr(config.option, option):  # pytest-xdist: one process is enough, it forks by itself
                setattr(config.option, option, value)
        if self.files:
            config.args = [os.path.join(self.root, name) for name in self.files]  # noqa: PTH118

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        if self.wanted:
            named = ((item, self.name_of(item.nodeid)) for item in list(items))
            items[:] = [item for item, name in named if self.wanted & {name, name.partition("::")[0]}]

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        if call.excinfo is not None and getattr(report, "when", "collect") == "collect":
            self.broken[self.name_of(node.nodeid)] = describe(cause_of(call.excinfo.value), self.root)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            told = {"message": str(getattr(report, "longrepr", ""))[-2000:]}
            self.broken.setdefault(self.name_of(report.nodeid), told)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        self.served = True
        items: dict[str, Any] = {}
        for item in session.items:
            item.repr_failure = item._repr_failure_py = _no_text
            name = self.names[item.nodeid] = self.name_of(item.nodeid)
            items.setdefault(name, item)
        for name in ("terminalreporter", "assertion"):  # the text of failures is what takes most of their time
            if session.config.pluginmanager.has_plugin(name):
                session.config.pluginmanager.unregister(name=name)
        try:
            self.serve(self, session.config, items)
        except BaseException:  # pytest would print it where nobody listens any more
            self.failure = traceback.format_exc()
        return True

    def name_of(self, nodeid: str) -> str:
        """The id relative to the repository, wherever pytest's own root directory is."""
        path, separator, rest = str(nodeid).partition("::")
        joined = os.path.join(self.base, path)  # noqa: PTH118
        return relative(joined, self.root).rstrip("/") + separator + rest

    # Running

    def show_nothing(self) -> None:
        """In a child: values in failing assertions are not shown, so that no `__repr__` of the project is run."""
        from _pytest.assertion import rewrite

        self.detailed = False
        rewrite._saferepr = _no_text

    def compare_nothing(self) -> None:
        """In a child: unittest need not say how two values differ, which takes longer than most tests."""
        case: Any = unittest.case
        case.difflib = SimpleNamespace(ndiff=lambda *_: [], unified_diff=lambda *_, **__: [])
        case.pprint = SimpleNamespace(pformat=unittest.util.safe_repr)

    def run(self, item: Any, following: Any) -> dict[str, Any]:
        """Run one test by pytest's own protocol. {"outcome", "seconds", "setup"}; of the first failure `describe` when
        `detailed`, and always {"reached"}: `path:line Type` of the last line of the test's own file that it came to."""
        self.record = {"outcome": "passed", "seconds": 0.0, "setup": 0.0}
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return self.record

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        report = None if outcome.excinfo else outcome.get_result()
        if report is None or not report.failed or call.excinfo is None or "reached" in self.record:
            return
        self.record.update(self.told(item, call.excinfo.value))

    def told(self, item: Any, error: BaseException) -> dict[str, Any]:
        """What a record holds of a failure."""
        try:
            error = cause_of(error)
            reached = {"reached": self._reached(error, self.names.get(item.nodeid, "").partition("::")[0])}
            return {**describe(error, self.root), **reached} if self.detailed else reached
        except Exception:  # an exotic exception of the project must not become one of ours
            return {"reached": ""}

    def pytest_runtest_logreport(self, report: Any) -> None:
        record = self.record
        seconds = float(getattr(report, "duration", 0.0))
        record["seconds"] += seconds
        record["setup"] += seconds if report.when == "setup" else 0.0
        failure = "failed" if report.when == "call" else "error"
        outcome = failure if report.failed else "skipped" if report.skipped else "passed"
        if _RANK[outcome] > _RANK[record["outcome"]]:
            record["outcome"] = outcome

    def _reached(self, error: BaseException, test_file: str) -> str:
        """The frame in the file of the test, else the innermost one in the tree."""
        found = of_test = ""
        frame = error.__traceback__
        while frame is not None:
            place = self._place(frame.tb_frame.f_code.co_filename)
            if not os.path.isabs(place):  # noqa: PTH117
                found = f"{place}:{frame.tb_lineno}"
                of_test = found if place == test_file else of_test
            frame = frame.tb_next
        return f"{of_test or found} {type_name(error)}".strip()

    def _place(self, file: str) -> str:
        if file not in self.places:
            self.places[file] = relative(file, self.root)
        return self.places[file]


def _no_text(*_arguments: Any, **_options: Any) -> str:
    return ""
