"""Tries changes with a fresh import. Runs inside the sandbox: standard library and pytest only, on any Python from 3.8.

The server has imported what the project needs of others and nothing of the project; each trial is a fork that writes
the changed files into a copy of the tree of its own, and lets pytest collect and run only the tests that matter.
"""

from __future__ import annotations

import base64
import gc
import importlib
import os
import pathlib
import py_compile
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from .trial_channel import Answers, Channel
from .trial_crew import Crew, Slot
from .trial_plugin import TrialPlugin
from .trial_tests import Tests
from .trial_tree import TreeWatch

if TYPE_CHECKING:
    from .trial_crew import Job

_REHEARSAL_SECONDS = 60.0


class ColdServer:
    """job: args, names (ids of tests by number; a file stands for all tests of it that have no number), roots,
    modules and files that the tests load, start (seconds that collecting may take)."""

    def __init__(self, channel: Channel, job: dict[str, Any], root: str) -> None:
        self.channel = channel
        self.job = job
        self.names: list[str] = job["names"]
        self.root = root
        self.orders: list[list[int]] = []
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.watches: dict[str, TreeWatch] = {}
        self.originals: dict[str, dict[str, bytes | None]] = {}

    def serve(self) -> None:
        crew = Crew(self.channel, self.job["temporary"], self.job["workers"], self.make)
        _warm_up(self.job["temporary"])
        for name in _importable(_wanted(self.job["modules"])):
            importlib.import_module(name)
        for slot in crew.free:
            tree = _tree_of(slot)
            shutil.copytree(self.job["pristine"] or self.root, tree, symlinks=True)
            _compile(tree, self.job["files"])
            if self.job["pristine"]:
                self.watches[tree] = TreeWatch(tree)
        crew.starting, crew.finished = self.write, self.restore
        gc.collect()
        gc.freeze()
        crew.serve()

    def make(self, request: dict[str, Any]) -> Job | None:
        if request["do"] == "limits":
            self.cpu, self.wall = request["cpu"], request["wall"]
            return None
        if request["do"] == "order":
            self.orders.append(request["tests"])
            return None
        return partial(self.trial, request)

    # In the server, around each child

    def write(self, request: dict[str, Any], slot: Slot) -> None:
        """Put the files of a change into the copy; what was there is kept."""
        tree = _tree_of(slot)
        kept = self.originals[tree] = {}
        for path, data in request["files"].items():
            file = pathlib.Path(tree, path)
            kept[path] = file.read_bytes() if file.is_file() else None
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(base64.b64decode(data))

    def restore(self, request: dict[str, Any], slot: Slot, said: bytes) -> None:
        tree = _tree_of(slot)
        if tree in self.watches:
            self.watches[tree].restore(self.job["pristine"])
        for path, data in self.originals.pop(tree, {}).items():
            file = pathlib.Path(tree, path)
            if data is not None:
                file.write_bytes(data)
            elif file.exists():
                file.unlink()

    # In a child

    def trial(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        import pytest

        start = self.job["start"]
        slot.begin(-1, start, 5 * start)
        tree = _tree_of(slot)
        self._settle(tree)
        passing = self.orders[request["order"]] if request["order"] >= 0 else []
        wanted = {self.names[number] for number in (*request["failing"], *passing)}
        files = tuple(sorted({name.partition("::")[0] for name in wanted}))
        if any(_holds_no_tests(file) for file in files):
            wanted, files = set(), ()

        def serve(plugin: TrialPlugin, config: Any, items: dict[str, Any]) -> None:
            signal.setitimer(signal.ITIMER_PROF, 0)
            tests = Tests(plugin, config, self._numbered(plugin, items), start)
            tests.cpu, tests.wall = self.cpu, self.wall
            answers.add(tests.attempt(request["failing"], passing, slot))
            os._exit(0)

        plugin = TrialPlugin(tree, serve, frozenset(wanted), files)
        pytest.main(self.job["args"], plugins=[plugin])
        if not plugin.served or plugin.failure:
            told = next(iter(plugin.broken.values()), {"type": "pytest", "message": plugin.failure[-300:]})
            reached = f"{told.get('type', '')} {told.get('message', '')}"
            broken = passing[0] if passing and not request["failing"] else -1
            answers.add({"fixed": [], "broken": broken, "passed": 0, "reached": reached[:300]})

    def _settle(self, tree: str) -> None:
        roots = [tree if root == "." else os.path.join(tree, root) for root in self.job["roots"]]  # noqa: PTH118
        sys.path[:0] = [tree, *roots]
        inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        os.environ["PYTHONPATH"] = os.pathsep.join([*inherited[:1], *roots, *inherited[1:]])
        sys.argv = ["pytest", *self.job["args"]]
        os.chdir(tree)

    def _numbered(self, plugin: TrialPlugin, items: dict[str, Any]) -> dict[int, list[Any]]:
        numbered = {number: [items[name]] for number, name in enumerate(self.names) if name in items}
        known = set(self.names)
        for number, name in enumerate(self.names):
            if "::" not in name and name not in plugin.broken:
                everywhere = _holds_no_tests(name)
                fresh = [
                    item
                    for inner, item in items.items()
                    if inner not in known and (everywhere or inner.partition("::")[0] == name)
                ]
                if fresh:
                    numbered[number] = fresh
        return numbered


def _holds_no_tests(file: str) -> bool:
    """A file that stands for all tests that are collected once it can be imported."""
    return file.rpartition("/")[2] == "conftest.py"


def _tree_of(slot: Slot) -> str:
    return slot.folder + "-tree"


def _compile(tree: str, files: list[str]) -> None:
    """Byte code that is checked by the hash of its source: what a change leaves alone is not compiled each time."""
    for path in files:
        try:
            checked = py_compile.PycInvalidationMode.CHECKED_HASH
            py_compile.compile(os.path.join(tree, path), doraise=True, invalidation_mode=checked)  # noqa: PTH118
        except (OSError, py_compile.PyCompileError, ValueError, RecursionError):
            continue


def _warm_up(folder: str) -> None:
    """Let pytest collect nothing once, so that it and its plug-ins are loaded, by itself."""
    import pytest

    nothing = os.path.join(folder, "nothing")  # noqa: PTH118
    os.mkdir(nothing)  # noqa: PTH102
    os.chdir(nothing)
    options = ["-c", os.devnull, "--rootdir", nothing, "-p", "no:cacheprovider", "--collect-only", nothing]
    pytest.main(options)


def _wanted(modules: list[str]) -> Iterator[str]:
    """Modules that may be there before pytest begins: plug-ins that it has not loaded it has to load by itself."""
    plugins = set()
    for distribution in metadata.distributions():
        if any(entry.group == "pytest11" for entry in distribution.entry_points):
            plugins |= {file.parts[0].partition(".")[0] for file in distribution.files or ()}
    for name in modules:
        top = name.partition(".")[0]
        if name not in sys.modules and (top not in plugins or top in sys.modules):
            yield name


def _importable(names: Iterator[str]) -> list[str]:
    """Those that can be imported one after the other, as a child has found out."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        for name in names:
            try:
                importlib.import_module(name)
                os.write(writing, name.encode("utf-8", "replace") + b"\n")
            except BaseException:  # somebody else's module, of whatever kind its trouble is
                continue
        os._exit(0)
    os.close(writing)
    os.set_blocking(reading, False)
    said, until = bytearray(), time.monotonic() + _REHEARSAL_SECONDS
    status = 0
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        said += _available(reading)
        if ended:
            break
        time.sleep(0.005)
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        status = 1
    os.close(reading)
    return said.decode("utf-8", "replace").splitlines() if status == 0 else []


def _available(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return b""
