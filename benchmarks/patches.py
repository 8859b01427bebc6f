"""What the benchmarks of repair share: the command, its patches in fresh processes, and the simple way beside it."""

import ast
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpora import git

from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.change import unified_diff
from gitops_healer.ports import Limits, Ran, Sandbox, SandboxLevel
from gitops_healer.wiring import visible_to_candidates

ENGINE = (sys.executable, "-m", "gitops_healer")
SUITE_SECONDS = 60.0
PLAIN = {"PYTHONHASHSEED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Plug-ins that the programs do not need would take most of the time of a run of pytest."""
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".git", ".hypothesis")
# Tells how every test ended and, when asked, the functions that it called; an alarm ends tests that hang.
WATCH = """
import json, os, signal, sys
import pytest

told = {"passed": [], "failed": [], "unreadable": [], "called": {}}
root = os.getcwd() + os.sep

def ring(signum, frame):
    pytest.fail("takes too long", pytrace=False)

def pytest_collectreport(report):
    if report.failed:
        told["unreadable"].append(report.nodeid)

def pytest_runtest_logreport(report):
    if report.failed or report.when == "call":
        told["failed" if report.failed else "passed"].append(report.nodeid)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    seen = set()
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, float(os.environ["WATCH_ALARM"]))
    if "WATCH_CALLS" in os.environ:
        sys.setprofile(lambda frame, event, argument: seen.add(frame.f_code))
    try:
        return (yield)
    finally:
        sys.setprofile(None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        paths = ((os.path.abspath(code.co_filename), code.co_firstlineno) for code in seen)
        told["called"][item.nodeid] = [(path[len(root):], line) for path, line in paths if path.startswith(root)]

def pytest_unconfigure():
    with open(os.environ["WATCH_FILE"], "w") as file:
        json.dump(told, file)
"""


@dataclass(frozen=True)
class Told:
    """What the command said about a repository. seconds: wall clock of the process; budget: seconds that it was given;
    tried: candidates by template, where it says so; left: files that it left behind."""

    status: str
    seconds: float
    patches: tuple[Mapping[str, Any], ...] = ()
    candidates: int = 0
    certain: bool = False
    question: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    tried: Mapping[str, int] = field(default_factory=dict)
    left: str = ""
    budget: float = 0.0


def make_sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=visible_to_candidates(Path(sys.executable)))


def ask_engine(engine: Sequence[str], tree: Path, tests: str, budget: float) -> Told:
    """Run the command as users do. One that does not end, or says nothing readable, is an error that it made."""
    options = ("--test-command", tests, "--budget", f"{budget:g}", "--format", "json")
    here = str(Path(__file__).resolve().parents[1])
    began = time.monotonic()
    with subprocess.Popen(
        [*engine, "repair", str(tree), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": here},
    ) as process:
        printed, complaint = _until(process, 2 * budget + 60)
    seconds = time.monotonic() - began
    left = git(tree, "status", "--porcelain")
    try:
        document = json.loads(printed)
    except ValueError:
        return Told(
            "error",
            seconds,
            reason=f"exit code {process.returncode}: {complaint.decode()[-500:]}",
            left=left,
            budget=budget,
        )
    plain = ("candidates", "certain", "question", "reason", "phases", "tried")
    known: dict[str, Any] = {name: document[name] for name in plain if name in document}
    known |= {name: tuple(document.get(name, ())) for name in ("patches", "notes")}
    return Told(document["status"], seconds, left=left, budget=budget, **known)


def _until(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bytes]:
    """What a process printed; when it takes longer it is interrupted as by Ctrl-C, and killed when it ignores that."""
    for limit, end in ((seconds, signal.SIGINT), (15.0, signal.SIGKILL)):
        try:
            return process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.send_signal(end)
    return process.communicate()


@contextmanager
def scratch_copy(sandbox: Sandbox, tree: Path) -> Iterator[tuple[Path, Path]]:
    """(scratch, copy of the tree in it)."""
    with sandbox.scratch() as scratch:
        yield scratch, Path(shutil.copytree(tree, scratch / tree.name, ignore=LEFT_OUT, symlinks=True))


def run_suite(
    sandbox: Sandbox, scratch: Path, tree: Path, tests: str, seconds: float = SUITE_SECONDS, calls: bool = False
) -> dict[str, Any]:
    """Run tests with pytest. Returns `passed`, `failed`, `unreadable` files and, when asked, `called` functions by
    test; of a run that was not `ended` by itself, an unreadable file with the reason."""
    (scratch / "plugins").mkdir(exist_ok=True)
    (scratch / "plugins" / "watch_tests.py").write_text(WATCH)
    report = scratch / "watched.json"
    report.unlink(missing_ok=True)
    env = PLAIN | {"PYTHONPATH": f"{scratch / 'plugins'}", "WATCH_FILE": f"{report}", "WATCH_ALARM": f"{seconds / 4}"}
    command = [sys.executable, "-m", *shlex.split(tests), "-q", "-p", "watch_tests", "-p", "no:cacheprovider"]
    env |= {"WATCH_CALLS": "1"} if calls else {}
    ran = run(sandbox, command, scratch, tree, seconds, env)
    if not report.is_file():
        why = ran.reason or ran.stderr.decode(errors="replace")[-300:]
        return {"passed": [], "failed": [], "unreadable": [why], "called": {}, "ended": False}
    return {**json.loads(report.read_text()), "ended": True}


def run(
    sandbox: Sandbox, command: Sequence[str], scratch: Path, tree: Path, seconds: float, env: Mapping[str, str] = PLAIN
) -> Ran:
    where = str(tree.relative_to(scratch))
    return sandbox.run(command, scratch, env=env, limits=Limits(seconds=seconds, output=2**26), cwd=where)


def passes(told: Mapping[str, Any]) -> bool:
    return bool(told["passed"]) and not told["failed"] and not told["unreadable"]


def apply_patch(diff: str, tree: Path) -> str:
    """Apply a diff as a user would. "" or why that cannot be, or must not be."""
    changed = changed_paths(diff)
    tests = [path for path in changed if is_test(path)]
    if tests or not changed:
        return f"changes the tests {', '.join(tests)}" if tests else "changes nothing"
    alone = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tree, capture_output=True, env=alone)
    return f"does not apply: {done.stderr.decode().strip()}" if done.returncode else ""


def is_test(path: str) -> bool:
    folders, name = set(Path(path).parts[:-1]), Path(path).name
    return bool(folders & {"test", "tests"}) or name.startswith(("test_", "tests.", "conftest.")) or "_test." in name


def changed_paths(diff: str) -> list[str]:
    return [line[6:].split("\t")[0] for line in diff.splitlines() if line.startswith("+++ b/")]


# --- what one would write first ---

Mutation = tuple[str, int, int, str]
"""path, first byte, byte behind the last, new text."""
COMPARISONS: tuple[type[ast.cmpop], ...] = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
OPERATORS: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Div, ast.Mod)


def naive_repair(
    sandbox: Sandbox, tree: Path, tests: str, budget: float, seed: int, suite_seconds: float = 10.0
) -> Told:
    """Mutate one node after the other, in random order, in the functions that failing tests call; a fresh pytest for
    each, until one passes."""
    patches: tuple[Mapping[str, Any], ...] = ()
    began, tried = time.monotonic(), 0
    with scratch_copy(sandbox, tree) as (scratch, copy):
        told = run_suite(sandbox, scratch, copy, tests, suite_seconds, calls=True)
        called = {(path, line) for test in told["failed"] for path, line in told["called"].get(test, ())}
        mutations = [one for path in sorted({path for path, _ in called}) for one in mutations_of(copy, path, called)]
        random.Random(seed).shuffle(mutations)
        while mutations and not patches and time.monotonic() - began < budget:
            path, start, end, new = mutations.pop()
            before, tried = (copy / path).read_bytes(), tried + 1
            after = before[:start] + new.encode() + before[end:]
            (copy / path).write_bytes(after)
            if passes(run_suite(sandbox, scratch, copy, f"{tests} -x", suite_seconds)):
                patches = ({"diff": unified_diff(path, before, after), "template": "mutation"},)
            (copy / path).write_bytes(before)
    return Told("repaired" if patches else "no_repair", time.monotonic() - began, patches, tried, budget=budget)


def mutations_of(tree: Path, path: str, called: set[tuple[str, int]]) -> Iterator[Mutation]:
    if is_test(path) or not path.endswith(".py"):
        return
    source = (tree / path).read_bytes()
    starts = line_starts(source)
    for function in functions_of(ast.parse(source)):
        if (path, first_line(function)) in called:
            names = sorted({node.id for node in ast.walk(function) if isinstance(node, ast.Name)})
            for node in mutable_nodes(function):
                for new in _changed(node, names):
                    yield path, *span(starts, node), f"({ast.unparse(new)})"


def _changed(node: ast.AST, names: Sequence[str]) -> Iterator[ast.expr]:
    match node:
        case ast.Compare(left, [was], rest):
            yield from (ast.Compare(left, [new()], rest) for new in COMPARISONS if not isinstance(was, new))
        case ast.BinOp(left, was, right):
            yield from (ast.BinOp(left, new(), right) for new in OPERATORS if not isinstance(was, new))
        case ast.BoolOp(was, values):
            yield ast.BoolOp(ast.And() if isinstance(was, ast.Or) else ast.Or(), values)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield from (ast.Constant(new) for new in sorted({value - 1, value + 1, 0, 1} - {value}))
        case ast.Name(was, ast.Load()):
            yield from (ast.Name(new, ast.Load()) for new in names if new != was)


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def first_line(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """As in the code object: decorators count."""
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def mutable_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes below that have a span of their own: inside formatted strings Python 3.11 does not tell it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.JoinedStr):
            yield child
            yield from mutable_nodes(child)


def line_starts(source: bytes) -> list[int]:
    found = [0]
    for line in source.splitlines(keepends=True):
        found.append(found[-1] + len(line))
    return found


def span(starts: Sequence[int], node: Any) -> tuple[int, int]:
    """First byte of a node and the one behind its last."""
    return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
