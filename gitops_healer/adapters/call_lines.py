"""Which lines of some files run. Runs inside the sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import Any

from .failures import relative


class Lines:
    """Which lines of some files run. paths: relative to the tree."""

    def __init__(self, paths: list[str], root: str) -> None:
        self.paths = frozenset(paths)
        self.root = root
        self.files: dict[str, str | None] = {}
        self.ran: dict[str, set[int]] = {}

    def start(self) -> None:
        """Of everything from now on, in this thread and in new ones."""
        self.ran = {}
        if not self.paths:
            return
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            if monitoring.get_tool(monitoring.COVERAGE_ID) is None:
                monitoring.use_tool_id(monitoring.COVERAGE_ID, "gitops_healer")
            events = monitoring.events
            monitoring.register_callback(monitoring.COVERAGE_ID, events.LINE, self._monitored)
            monitoring.register_callback(monitoring.COVERAGE_ID, events.PY_START, self._started)
            monitoring.set_events(monitoring.COVERAGE_ID, events.LINE | events.PY_START)
            monitoring.restart_events()
        else:
            threading.settrace(self._entered)
            sys.settrace(self._entered)

    def stop(self) -> dict[str, list[int]]:
        """{path: lines}"""
        if self.paths:
            if sys.version_info >= (3, 12):
                sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, 0)
            else:
                sys.settrace(None)
                threading.settrace(None)
        return {path: sorted(lines) for path, lines in list(self.ran.items())}

    def _path(self, file: str) -> str | None:
        if file not in self.files:
            path = relative(file, self.root)
            self.files[file] = path if path in self.paths else None
        return self.files[file]

    def _monitored(self, code: CodeType, line: int) -> Any:
        path = self._path(code.co_filename)
        if path is not None:
            self.ran.setdefault(path, set()).add(line)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]

    def _started(self, code: CodeType, _: int) -> Any:
        """Python 3.13 has no LINE event for a function whose body stands on the line of its `def`."""
        if {line for _, _, line in code.co_lines() if line is not None} == {code.co_firstlineno}:
            return self._monitored(code, code.co_firstlineno)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]

    def _entered(self, frame: FrameType, event: str, _: Any) -> Any:
        path = self._path(frame.f_code.co_filename)
        if path is None:
            return None
        add = self.ran.setdefault(path, set()).add

        def noted(inner: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                add(inner.f_lineno)
            return noted

        return noted
