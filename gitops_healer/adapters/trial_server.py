"""Tries changes in warm processes. Runs inside the sandbox: standard library and pytest only, on any Python from 3.8.

pytest collects the project's tests once, with everything imported; where they would run this program serves instead:
each request becomes a forked child that gives the functions of a change new code and runs tests. `trial_channel` says
how it talks; `TrialSession` in ports.py what may be asked.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
import traceback
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from .failures import relative, tree_root
from .trial_channel import Answers, Channel
from .trial_code import LiveCode, UnfitError, Watch
from .trial_crew import Crew, Slot
from .trial_tree import TreeWatch

if TYPE_CHECKING:
    from .trial_crew import Job

_INSIDE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
_SAID = os.path.join(_INSIDE, "said.txt")  # noqa: PTH118
_MEMORY = 1024**3


def main() -> None:
    """Talk with the driver on stdin and stdout until it hangs up."""
    channel = Channel()
    job = channel.wait()
    if job is None:
        return
    _hear_everything(_SAID)
    try:
        problem = _serve(channel, job)
    except BaseException as error:
        problem = f"it could not begin: {type(error).__name__}: {error}"
        traceback.print_exc()
    if problem is not None:
        channel.send({"problem": problem, "said": _said()})
    os._exit(0)


def _hear_everything(path: str) -> None:
    """What is printed goes to a file, until tests run; then nowhere."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _said() -> str:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with open(_SAID, "rb") as file:  # noqa: PTH123
        file.seek(max(0, os.path.getsize(_SAID) - 4000))  # noqa: PTH202
        return file.read().decode("utf-8", "replace")


def _serve(channel: Channel, job: dict[str, Any]) -> str | None:
    """Why it could not serve, or None when it has."""
    root = tree_root()
    if job.get("pytest"):
        sys.path.append(job["pytest"])
    try:
        import pytest  # noqa: F401
    except ImportError as error:
        return f"no pytest: {error}"
    if not job["cold"]:
        return _serve_warm(channel, job, root)
    _serve_cold(channel, job, root)
    return None


def _serve_cold(channel: Channel, job: dict[str, Any], root: str) -> None:
    from .trial_cold import ColdServer

    _hear_everything(os.devnull)
    del sys.path[0]
    ColdServer(channel, job, root).serve()


def _serve_warm(channel: Channel, job: dict[str, Any], root: str) -> str | None:
    import pytest

    from .trial_plugin import TrialPlugin

    sys.path[0] = root
    sys.argv = ["pytest", *job["args"]]
    server = WarmServer(channel, job, root)
    plugin = TrialPlugin(root, server.serve, frozenset(job["only"]))
    server.watch.start()
    status = pytest.main(job["args"], plugins=[plugin])
    if plugin.served:
        return plugin.failure or None
    channel.send(server.known(plugin))
    return f"pytest ended with {int(status)} before any test"


class WarmServer:
    """Serves children of the process that has collected the tests."""

    def __init__(self, channel: Channel, job: dict[str, Any], root: str) -> None:
        self.channel = channel
        self.job = job
        self.root = root
        self.watch = Watch()
        self.orders: list[list[int]] = []
        self.killers: dict[str, Counter[int]] = {}

    def known(self, plugin: Any) -> dict[str, Any]:
        """Files that cannot be imported, modules of others that are loaded, and files of the tree that are."""
        broken = [{"id": name, **told} for name, told in plugin.broken.items()]
        modules, files = _loaded(self.root)
        return {"broken": broken, "modules": modules, "files": files}

    def serve(self, plugin: Any, config: Any, items: dict[str, Any]) -> None:
        from .trial_plain import plain_numbers
        from .trial_tests import Tests, address_space

        called = self.watch.stop(self.root)
        numbered = {number: [item] for number, item in enumerate(items.values())}
        self.tests = Tests(plugin, config, numbered, self.job["longest"])
        self.plain = self.tests.plain = plain_numbers(config, numbered)
        self.code = LiveCode(self.root)
        self.memory = address_space() + _MEMORY
        took = time.process_time()
        self.channel.send({**self.known(plugin), "called": called, "tests": list(items), "seconds": took})
        _hear_everything(os.devnull)
        self.tree, self.pristine = TreeWatch(self.root), ""
        self.crew = Crew(self.channel, self.job["temporary"], self.job["workers"], self.make)
        self.crew.finished = self.learn
        gc.collect()
        gc.freeze()
        self.crew.serve()

    def make(self, request: dict[str, Any]) -> Job | None:
        """What a child has to do for a request; None when it was something that the server has to know."""
        kind = request["do"]
        if kind == "limits":
            self.tests.cpu, self.tests.wall = request["cpu"], request["wall"]
            return None
        if kind == "careful":
            self.pristine = request["pristine"]
            self.tree.restore(self.pristine)
            del self.crew.free[1:]
            return None
        if kind == "strict":
            self.plain.difference_update(request["tests"])
            return None
        if kind == "order":
            self.orders.append(request["tests"])
            return None
        if kind == "written":
            return lambda answers, _slot: answers.add({"written": self.tree.written()[:100]})
        if kind == "suite":
            return partial(self.suite, request)
        if kind == "trace":
            return partial(self.trace, request)
        if kind == "observe":
            return partial(self.observe, request)
        if kind == "evaluate":
            return partial(self.evaluate, request)
        return partial(self.trial, request)

    def suite(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        """In a child: run unchanged tests, each for at most `longest` seconds."""
        self.tests.same_limit(request["longest"])
        if request["plain"]:
            self.tests.plugin.compare_nothing()
        else:
            self.tests.plain = set()
        self.tests.run_all(request["tests"], answers, slot)

    def trace(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        """In a child: run unchanged tests and note what they run."""
        from .trial_tracer import Tracer, trace_tests

        self.tests.settle(slot)
        self.tests.plugin.show_nothing()
        numbers = [number for number in request["tests"] if number in self.tests.items]
        seconds = dict(zip(request["tests"], request["seconds"]))  # noqa: B905 - there is no `strict` before 3.10
        self.tests.same_limit(2 * max(seconds.values()) + 1.0)
        tracer = Tracer(self.root, _is_test, request["deep"])

        def run(at: int) -> None:
            self.tests.run(numbers[at], self.tests.following(numbers, at), slot)

        trace_tests(tracer, run, numbers, set(request["detailed"]), seconds, answers)

    def observe(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        """In a child: {"calls", "tested"} once, then {"version", "endings"} of each version that fits."""
        from .trial_observer import ending, listen, seen, versions

        seconds = request["seconds"]
        slot.begin(-1, 0.0, 2 * seconds + 5.0)
        self.tests.settle(slot)
        self.tests.plugin.detailed = False
        functions = self.code.named.get((request["path"], request["line"], request["names"][-1]), [])
        began = time.monotonic()

        def run(number: int) -> None:
            self.tests.run_untimed(number)

        tested = listen(functions, run, request["tests"], began + seconds / 3)
        if not tested:
            return
        swaps = [partial(self._swap_all, parts) for parts in request["versions"]]
        live = next(function for function in functions if function.__code__ is tested[0].code)
        tell = partial(seen, self.root) if request["whole"] else ending
        calls, endings = versions(live, tested, swaps, began + seconds, tell)
        name = ".".join(request["names"])
        answers.add({"calls": [call.written(name) for call in calls], "tested": [call.tested for call in calls]})
        for number, told in enumerate(endings):
            if told is not None:
                answers.add({"version": number, "endings": told})

    def evaluate(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        """In a child: {"version", "endings"} of each version: what examples give."""
        from .trial_examples import evaluated

        seconds = request["seconds"]
        slot.begin(-1, 0.0, 2 * seconds + 5.0)
        until = time.monotonic() + seconds
        for number, parts in enumerate(request["versions"]):
            swap = partial(self._swap_all, parts)
            told = evaluated(request["path"], self.root, request["sources"], swap, until)
            if told is not None and time.monotonic() < until:
                answers.add({"version": number, "endings": told})

    def _swap_all(self, parts: list[dict[str, Any]]) -> None:
        for part in parts:
            self.code.swap(part)

    def trial(self, request: dict[str, Any], answers: Answers, slot: Slot) -> None:
        """In a child: try one change."""
        if self.memory > _MEMORY:
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            soft = self.memory if hard == resource.RLIM_INFINITY else min(self.memory, hard)
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        try:
            self._swap_all(request["parts"])
        except UnfitError as error:
            answers.add({"unfit": str(error)})
            return
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            answers.add({"unloadable": f"{type(error).__name__}: {error}"})
            return
        passing = self.orders[request["order"]] if request["order"] >= 0 else []
        killers = self.killers.get(_subject(request))
        if killers and passing:
            passing = sorted(passing, key=lambda number: -killers[number])
        answers.add(self.tests.attempt(request["failing"], passing, slot))

    def learn(self, request: dict[str, Any], slot: Slot, said: bytes) -> None:
        """Tests that break under one change of a definition are run first under the next."""
        if self.pristine:
            self.tree.restore(self.pristine)
        if request["do"] != "trial" or b'"broken": -1' in said or b'"broken"' not in said:
            return
        try:
            broken = json.loads(said)[0]["broken"]
        except (ValueError, LookupError, TypeError):
            return
        if isinstance(broken, int):
            self.killers.setdefault(_subject(request), Counter())[broken] += 1


def _is_test(path: str) -> bool:
    """A file of the tests, by its name or a folder that it lies in."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    named = stem.startswith("test_") or stem.endswith("_test") or stem in ("conftest", "tests", "test")
    return named or not {"tests", "test"}.isdisjoint(folders)


def _subject(request: dict[str, Any]) -> str:
    return "|".join(f"{part['path']}:{part['line']}" for part in request["parts"])


def _loaded(root: str) -> tuple[list[str], list[str]]:
    """(names of modules that are not of the tree, files of those that are)."""
    others, files = [], []
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if not isinstance(origin, str):
            continue
        place = relative(origin, root)
        if place != origin:
            files.append(place)
        elif not os.path.realpath(origin).startswith(_INSIDE):
            others.append(name)
    return sorted(others), sorted(file for file in files if file.endswith(".py"))
