"""Tests that pytest would do nothing for but call them, called directly: many times as fast. Runs inside the sandbox:
on any pytest from 6.

Whether that makes a difference after all is found out when the suite is run unchanged, in both ways.
"""

from __future__ import annotations

import inspect
import os
from contextlib import nullcontext
from typing import Any

import pytest

_HOOKS = ("protocol", "setup", "call", "teardown", "makereport", "logreport", "logstart", "logfinish")
_HARMLESS = ("_pytest.", "xdist.", "pytest_cov.", "_hypothesis_", "anyio.", "pytest_asyncio.", "healer_inside.")


def plain_numbers(config: Any, items: dict[int, list[Any]]) -> set[int]:
    """Numbers of tests that need nothing of pytest: functions without fixtures and marks, in a suite without hooks
    around tests."""
    if _has_hooks(config) or config.getini("log_level") or config.getini("usefixtures"):
        return set()
    return {number for number, group in items.items() if len(group) == 1 and _is_plain(group[0])}


def _has_hooks(config: Any) -> bool:
    names = [f"pytest_runtest_{name}" for name in _HOOKS]
    callers = [getattr(config.hook, name) for name in (*names, "pytest_pyfunc_call", "pytest_fixture_setup")]
    plugins = (hook.plugin for caller in callers for hook in caller.get_hookimpls())
    modules = (getattr(plugin, "__name__", None) or type(plugin).__module__ for plugin in plugins)
    return any(not f"{module}.".startswith(_HARMLESS) for module in modules)


def _is_plain(item: Any) -> bool:
    if type(item) is not pytest.Function or any(mark.name != "parametrize" for mark in item.iter_markers()):
        return False
    function = getattr(item.obj, "__func__", item.obj)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return False
    if hasattr(function, "is_hypothesis_test") or hasattr(function, "patchings"):
        return False
    return all(name in _arguments(item) and _is_parameter(item, name) for name in item.fixturenames)


def _arguments(item: Any) -> dict[str, Any]:
    """What a parametrised test is called with."""
    called = getattr(item, "callspec", None)
    return {**getattr(called, "funcargs", {}), **getattr(called, "params", {})}


def _is_parameter(item: Any, name: str) -> bool:
    """No fixture gets the value first."""
    fixtures = item._fixtureinfo.name2fixturedefs.get(name)
    return not fixtures or fixtures[-1].func.__name__ == "get_direct_param_fixture_func"


class PlainRuns:
    """Calls plain tests of a child. The first begins pytest's capture, which the others stay in."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.filters = bool(config.getini("filterwarnings") or config.known_args_namespace.pythonwarnings)
        self.begun = False

    def run(self, item: Any) -> BaseException | None:
        """What it raises."""
        if not self.begun:
            self.begun = True
            self.config.pluginmanager.getplugin("capturemanager").resume_global_capture()
        os.environ["PYTEST_CURRENT_TEST"] = f"{item.nodeid} (call)"
        try:
            with self._warnings(item):
                arguments = _arguments(item)
                function = item.obj if item.cls is None else getattr(item.cls(), item.originalname)
                function(**{name: arguments[name] for name in item._fixtureinfo.argnames})
        except BaseException as error:  # also what means to end pytest: it ends the test
            return error
        return None

    def _warnings(self, item: Any) -> Any:
        if not self.filters:
            return nullcontext()
        from _pytest.warnings import catch_warnings_for_item

        return catch_warnings_for_item(self.config, item.ihook, when="runtest", item=item)


def outcome_of(error: BaseException | None) -> str:
    if error is None:
        return "passed"
    return "skipped" if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)) else "failed"
