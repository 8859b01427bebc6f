"""The process of a session that imports the module, and forks for every call. Runs inside the sandbox: standard library
only, on any Python from 3.8.
"""

from __future__ import annotations

import functools
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from . import call_conditions, call_mocks
from .call_channel import Channel, write
from .call_function import UncallableError, raised
from .call_lines import Lines
from .call_places import INSIDE
from .call_plain import called
from .call_processes import Powers
from .call_state import State
from .call_watched import Watched, WatchedCall
from .call_watching import Watch
from .failures import relative

_RECORDER = "gitops_healer.recorder"


class Importer:
    """Imports the module, then forks for every call.

    Nobody may look into this process, as into the supervisor that it is a fork of: who had its channel could answer for
    calls to come. A call may be looked into again, by debuggers of the candidate's own for example.
    """

    def __init__(self, job: dict[str, Any], supervisor: Channel, root: str, powers: Powers) -> None:
        self.job = job
        self.supervisor = supervisor
        self.root = root
        self.powers = powers
        self.lines = Lines(list(job.get("traced") or ()), root)
        self.watch = Watch(root, INSIDE, frozenset(job.get("forbidden") or ()))
        self.module: Any = None
        self.watched: Watched | None = None

    def serve(self) -> None:
        try:
            self._import()
        except BaseException as error:
            self.supervisor.send({"error": raised(error, self.root, f"importing {self.job['module']}: ")})
            os._exit(0)
        self.supervisor.send({"ready": True, "imported": self.lines.stop()})
        gc.collect()
        gc.freeze()
        while True:
            item = self.supervisor.receive(None)
            if item is None:
                os._exit(0)
            self._fork(item)

    def _import(self) -> None:
        roots = [os.path.join(self.root, entry) if entry != "." else self.root for entry in self.job["roots"]]  # noqa: PTH118
        sys.path[:] = [*roots, *(entry for entry in sys.path[1:] if entry)]
        sys.argv = [self.job["file"]]
        os.environ["PYTHONPATH"] = os.pathsep.join(roots)
        os.chdir(self.root)
        watches = self.job.get("watch")
        if watches:
            for stream in (sys.stdout, sys.stderr):  # what is written to both stays in order
                stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
            call_conditions.settle(self.job)
        self.lines.start()
        self.module = importlib.import_module(self.job["module"])
        _require_own(self.module, self.root)
        _stop_recording(self.job["module"])
        if watches:
            self.watched = self._make_watched()
            self.watch.hold()

    def _make_watched(self) -> Watched:
        foreign = Foreign(self.root)
        return Watched(
            module=self.module,
            qualname=self.job["qualname"],
            root=self.root,
            problems=_install(self.job, self.watch),
            foreign=foreign,
            state=State(self.module, foreign),
            watch=self.watch,
            lines=self.lines,
            flush=_flush_of_c(),
        )

    def _fork(self, item: dict[str, Any]) -> None:
        answers, answer = os.pipe()
        printed, output = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            for descriptor in (answers, printed, self.supervisor.fileno()):
                os.close(descriptor)
            self.powers.looked_into(True)
            self._answer(item, answer, output)
            os._exit(0)
        os.close(answer)
        os.close(output)
        self.supervisor.send({"pid": pid}, (answers, printed))
        os.close(answers)
        os.close(printed)
        status = os.waitpid(pid, 0)[1]
        _kill_rest(pid)
        self.supervisor.send({"ended": status})

    def _answer(self, item: dict[str, Any], answer: int, output: int) -> None:
        token = {"token": item.pop("token", "")}
        if self.watched is None:
            os.close(output)
            write(answer, {**called(self.module, self.job["qualname"], item, self.root), **token})
            return
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        write(answer, {**WatchedCall(self.watched, item).outcome(), **token})


def _flush_of_c() -> Callable[[], Any]:
    """What writes out that which C has buffered. Looked up once: in each call that costs as much as a call."""
    try:
        import ctypes

        return functools.partial(ctypes.CDLL(None).fflush, None)
    except Exception:  # no ctypes, no such function
        return lambda: None


def _install(job: dict[str, Any], watch: Watch) -> list[str]:
    """Put mocks in place. Returns what is wrong with them."""

    def record(kind: str, what: str) -> None:
        if watch.active:
            watch.note(kind, what)

    return call_mocks.install(job["mocks"], record) if job.get("mocks") else []


def _stop_recording(module: str) -> None:
    """Calls that are only tried are no executions; and a recorder gets ready at the first call, which each is here."""
    recorder = sys.modules.get(_RECORDER)
    if recorder is not None and not module.startswith(_RECORDER):
        try:
            recorder.configure(enabled=False)
        except Exception:  # of a version that cannot be told
            return


def _require_own(module: Any, root: str) -> None:
    file = getattr(module, "__file__", None) or ""
    if os.path.isabs(relative(file, root)) or not file:  # noqa: PTH117
        raise UncallableError(f"{module.__name__} was imported from {file or 'nowhere'}, not from the repository")


def _kill_rest(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return


class Foreign:
    """Whether a class is no code of the repository."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.known: dict[type[Any], bool] = {}

    def __call__(self, kind: type[Any]) -> bool:
        if kind not in self.known:
            module = sys.modules.get(str(kind.__module__).partition(".")[0])
            file = getattr(module, "__file__", None)
            self.known[kind] = not file or os.path.isabs(relative(file, self.root))  # noqa: PTH117
        return self.known[kind]
