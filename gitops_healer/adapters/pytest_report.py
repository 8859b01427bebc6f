"""A pytest plugin that writes what it sees, one JSON object a line. Runs inside the sandbox, on any pytest from 6.

It is injected (`-p` by PYTEST_ADDOPTS, found by PYTHONPATH), so it must never change what a test sees or how it ends.
Lines: {"begin": pid}; {"start": id}; a finished test {"id", "outcome", "seconds", ...}; {"end": status, "tests": n}.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Generator
from typing import Any

import pytest

from .failures import cause_of, describe, relative, tree_root
from .report_lines import encode, selected, write

ACTIVE = "GITOPS_HEALER_PYTEST"
_RANK = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}


def pytest_configure(config: Any) -> None:
    """Only the outermost session of a process tree reports: tests that run pytest themselves are not our business."""
    worker = hasattr(config, "workerinput")
    if not worker and os.environ.get(ACTIVE):
        return
    os.environ[ACTIVE] = str(os.getpid())
    config.pluginmanager.register(_Selection(selected(), config), "healer-selection")
    config.pluginmanager.register(_Attach(tree_root()), "healer-attach")
    if not worker:
        config.pluginmanager.register(_Recorder(config), "healer-recorder")


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests() -> Generator[None, Any, None]:
    """A conftest.py that cannot be imported ends pytest before any session: that is a finding, not a usage error."""
    outcome = yield
    error = outcome.excinfo[1] if outcome.excinfo else None
    path = getattr(error, "path", None)
    if error is None or path is None or os.environ.get(ACTIVE):
        return
    root = tree_root()
    write({"begin": os.getpid()})
    told = describe(cause_of(error), root)
    write({"id": relative(str(path), root), "outcome": "error", "seconds": 0.0, "collect": True, **told})
    write({"end": 4, "tests": 1})


class _Names:
    """Ids relative to the repository, wherever pytest's own root directory is."""

    def __init__(self, config: Any) -> None:
        self.root = tree_root()
        self.base = str(getattr(config, "rootpath", None) or config.rootdir)

    def of(self, nodeid: str) -> str:
        path, separator, rest = str(nodeid).partition("::")
        joined = os.path.join(self.base, path)  # noqa: PTH118
        return relative(joined, self.root).rstrip("/") + separator + rest


class _Selection:
    def __init__(self, wanted: frozenset[str], config: Any) -> None:
        self.wanted = wanted
        self.names = _Names(config)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        if not self.wanted:
            return
        chosen = [self._chosen(self.names.of(item.nodeid)) for item in items]
        keep = list(itertools.compress(items, chosen))
        gone = list(itertools.compress(items, (not wanted for wanted in chosen)))
        if gone:
            config.hook.pytest_deselected(items=gone)
            items[:] = keep

    def _chosen(self, name: str) -> bool:
        return name in self.wanted or name.partition("::")[0] in self.wanted


class _Attach:
    """Puts the exception as text on the report, which is what travels from an xdist worker."""

    def __init__(self, root: str) -> None:
        self.root = root

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        if call.excinfo is not None and outcome.excinfo is None:
            self._attach(outcome.get_result(), call.excinfo.value)

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        if call.excinfo is not None and not hasattr(report, "healer"):
            self._attach(report, call.excinfo.value)

    def _attach(self, report: Any, error: BaseException) -> None:
        try:
            report.healer = encode(describe(cause_of(error), self.root))
        except Exception:  # an exotic exception of the project must not become one of ours
            return


class _Recorder:
    """Adds the phases of each test up and writes the sum."""

    def __init__(self, config: Any) -> None:
        self.names = _Names(config)
        self.open: dict[str, dict[str, Any]] = {}
        self.done = 0

    def pytest_sessionstart(self) -> None:
        write({"begin": os.getpid()})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        write({"start": self.names.of(nodeid)})

    def pytest_runtest_logreport(self, report: Any) -> None:
        record = self.open.setdefault(report.nodeid, {"outcome": "passed", "seconds": 0.0})
        record["seconds"] += float(getattr(report, "duration", 0.0))
        self._add(record, report, "failed" if report.when == "call" else "error")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._flush(nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            record = {"outcome": "passed", "seconds": 0.0, "collect": True}
            self._add(record, report, "error")
            self.open[report.nodeid] = record
            self._flush(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: Any) -> None:
        for nodeid in list(self.open):
            self._flush(nodeid)
        write({"end": int(exitstatus), "tests": self.done})

    def _add(self, record: dict[str, Any], report: Any, failure: str) -> None:
        outcome = failure if report.failed else "skipped" if report.skipped else "passed"
        if _RANK[outcome] <= _RANK[record["outcome"]]:
            return
        told = getattr(report, "healer", None)
        fresh = json.loads(told) if isinstance(told, str) else {"message": str(getattr(report, "longrepr", ""))[-2000:]}
        first = "type" in record and record["outcome"] in ("failed", "error")
        record.update({"outcome": outcome, **({} if first else fresh)})

    def _flush(self, nodeid: str) -> None:
        record = self.open.pop(nodeid, None)
        if record is not None:
            self.done += 1
            write({"id": self.names.of(nodeid), **record})
