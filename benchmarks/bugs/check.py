"""Validates the corpora of bugs: every promise of a program's folder is tried out, in a copy, with real pytest.

    python benchmarks/bugs/check.py [FOLDER ...]     a set (benchmarks/bugs/shown) or single programs; default: all sets

A program must pass its tests within a second (of processor time, beside the start of pytest), and its probe must
print the same list of strings twice (under two hash seeds) within three seconds. Each bug must stand alone in a
function, apply exactly once, make some tests fail but not all, and change what the probe prints. Prints the problems
and the number of bugs a class; exit code 1 if there are problems.
"""

import ast
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CLASSES = (
    "comparison operator",
    "boundary/off-by-one",
    "arithmetic operator",
    "wrong constant",
    "wrong variable",
    "wrong attribute or method",
    "wrong function called",
    "swapped arguments or operands",
    "missing argument",
    "missing call/conversion",
    "superfluous call",
    "missing guard",
    "missing branch",
    "superfluous condition or conjunct",
    "missing conjunct",
    "negated condition",
    "and/or mixed up",
    "wrong branch order",
    "wrong return value",
    "missing return",
    "early return",
    "wrong initial value",
    "wrong loop range",
    "break/continue mixed up",
    "mutating while iterating",
    "mutable default argument",
    "alias instead of copy",
    "missing await",
    "wrong exception type",
    "string/format mistake",
    "wrong key or index",
    "wrong slice",
    "statement in the wrong block or order",
    "missing update of state",
    "superfluous statement",
    "missing statement",
    "class attribute vs instance attribute",
    "module-level constant wrong",
    "generator/yield mistake",
    "two edits",
)
MODULE = "<module>"
# Processor time, as other work may slow the clock of the wall; up to a second of the tests is the start of pytest.
TESTS_SECONDS = 2.0
PROBE_SECONDS = 3.0
BEHAVIOURS_PER_FUNCTION = 30
# A bug may loop for ever: an alarm ends the one test, so that the others still count. It rings again, as an event
# loop swallows what is raised between two tasks.
ALARM = """
import signal
import pytest

def ring(signum, frame):
    pytest.fail("takes more than two seconds", pytrace=False)

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 2, 0.2)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
"""


@dataclass(frozen=True)
class Bug:
    """One entry of a `bugs.toml`: the text `old` of the correct program becomes `new`."""

    name: str
    kind: str
    file: str
    function: str
    old: str
    new: str
    why: str


@dataclass(frozen=True)
class Verdict:
    """How a run of the tests ended: tests run, tests that did not pass, seconds of processor time."""

    ran: int
    failed: int
    seconds: float


def load_bugs(program: Path) -> tuple[Bug, ...]:
    """The bugs of a program; raises KeyError or TypeError for missing and unknown keys."""
    tables = tomllib.loads((program / "bugs.toml").read_text())["bug"]
    return tuple(Bug(kind=table.pop("class"), **table) for table in tables)


def run_tests(folder: Path) -> Verdict:
    """Runs the tests of the folder; a run without a single result counts as one failed test of one."""
    started = _processor_seconds()
    with tempfile.TemporaryDirectory() as aside:
        (Path(aside) / "alarm_plugin.py").write_text(ALARM)
        results = Path(aside) / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "alarm_plugin"]
        _run([*command, "--rootdir=.", f"--junitxml={results}"], folder, aside)
        if not results.exists():
            return Verdict(1, 1, 0.0)
        suite = next(ElementTree.parse(results).iter("testsuite")).attrib
    failed = int(suite["failures"]) + int(suite["errors"])
    return Verdict(int(suite["tests"]), failed, _processor_seconds() - started)


def probe(folder: Path, hash_seed: int) -> tuple[str, float]:
    """What the probe prints (nothing when it crashes or takes over a minute) and its seconds of processor time."""
    started = _processor_seconds()
    printed = _run([sys.executable, "probe.py"], folder, hash_seed=hash_seed)
    return printed, _processor_seconds() - started


def _processor_seconds() -> float:
    """What all ended children of this process have used; a worker has one child at a time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(command: list[str], folder: Path, python_path: str = "", hash_seed: int = 1) -> str:
    plain = {"PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": python_path, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=folder, env=os.environ | plain, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def spans(source: str) -> dict[str, tuple[int, int]]:
    """First and last line (decorators included) of every function and class by qualified name."""
    found = {MODULE: (1, source.count("\n") + 1)}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}".lstrip(".")
                first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
                found[name] = (first, child.end_lineno or first)
            visit(child, name)

    visit(ast.parse(source), "")
    return found


def textual_problems(bug: Bug, source: str) -> Iterator[str]:
    """What is wrong with the entry before anything is run."""
    if bug.kind not in CLASSES:
        yield f"class {bug.kind!r} is unknown"
    if not bug.why.strip():
        yield "why is empty"
    if source.count(bug.old) != 1:
        yield f"old occurs {source.count(bug.old)} times in {bug.file}, not once"
        return
    if bug.function not in spans(source):
        yield f"no function {bug.function!r} in {bug.file}"
        return
    first, last = spans(source)[bug.function]
    line = source[: source.index(bug.old)].count("\n") + 1
    end = line + bug.old.strip("\n").count("\n")
    if not first <= line <= end <= last:
        yield f"old stands in lines {line} to {end}, {bug.function} in lines {first} to {last}"
    try:
        broken = ast.dump(ast.parse(source.replace(bug.old, bug.new)))
    except SyntaxError as error:
        yield f"new makes the file unreadable: {error}"
        return
    if broken == ast.dump(ast.parse(source)):
        yield "new means the same as old"


def bug_problems(program: Path, bug: Bug, behaviour: str) -> Iterator[str]:
    """What is wrong with one bug, tried in a copy of the program."""
    path = program / bug.file
    if not path.is_file():
        yield f"no file {bug.file}"
        return
    problems = list(textual_problems(bug, path.read_text()))
    yield from problems
    if problems:
        return
    with _copy(program) as folder:
        (folder / bug.file).write_text(path.read_text().replace(bug.old, bug.new))
        verdict = run_tests(folder)
        if verdict.failed == 0:
            yield "no test fails"
        elif verdict.failed >= verdict.ran:
            yield f"all {verdict.ran} tests fail"
        if probe(folder, 1)[0] == behaviour:
            yield "the probe prints the same as for the correct program"


def program_problems(program: Path, bugs: tuple[Bug, ...], behaviour: str) -> Iterator[str]:
    """What is wrong with the correct program, its tests and its probe."""
    places = Counter((bug.file, bug.function) for bug in bugs)
    yield from (f"{count} bugs in {function}" for (_, function), count in places.items() if count > 1)
    with _copy(program) as folder:
        verdict = run_tests(folder)
        if verdict.failed:
            yield f"{verdict.failed} of {verdict.ran} tests fail on the correct program"
        if verdict.seconds > TESTS_SECONDS:
            yield f"the tests take {verdict.seconds:.1f} s, {TESTS_SECONDS} s allowed"
        again, seconds = probe(folder, 2)
        if seconds > PROBE_SECONDS:
            yield f"the probe takes {seconds:.1f} s, {PROBE_SECONDS} s allowed"
        if again != behaviour:
            yield "the probe prints something else the second time"
    yield from _behaviour_problems(behaviour, len(places))


def _behaviour_problems(behaviour: str, functions: int) -> Iterator[str]:
    try:
        answers = json.loads(behaviour)
    except ValueError:
        yield "the probe does not print one JSON document"
        return
    if not isinstance(answers, list) or not all(isinstance(answer, str) for answer in answers):
        yield "the probe does not print a list of strings"
    elif len(answers) < BEHAVIOURS_PER_FUNCTION * functions:
        yield f"{len(answers)} behaviours for {functions} functions with bugs, {BEHAVIOURS_PER_FUNCTION} each wanted"
    elif "! timeout" in answers:
        yield "the probe of the correct program runs into its alarm"


@contextmanager
def _copy(program: Path) -> Iterator[Path]:
    """A temporary copy of a program, without what earlier runs left in it."""
    left = shutil.ignore_patterns("__pycache__", ".pytest_cache", "bugs.toml")
    with tempfile.TemporaryDirectory() as place:
        yield Path(shutil.copytree(program, Path(place) / program.name, ignore=left))


def check_program(program: Path) -> tuple[tuple[Bug, ...], list[str]]:
    """The bugs of a program and its problems, each with the name of the program and the bug."""
    where = f"{program.parent.name}/{program.name}"
    try:
        bugs = load_bugs(program)
    except (OSError, KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        return (), [f"{where}: bugs.toml cannot be read: {error!r}"]
    with _copy(program) as folder:
        behaviour, _ = probe(folder, 1)
    problems = [f"{where}: {problem}" for problem in program_problems(program, bugs, behaviour)]
    for bug in bugs:
        problems += [f"{where}: {bug.name}: {problem}" for problem in bug_problems(program, bug, behaviour)]
    return bugs, problems


def programs_in(folder: Path) -> list[Path]:
    """The programs at or one level below a folder, or two levels below for the folder of all sets."""
    if (folder / "probe.py").exists():
        return [folder]
    return sorted(probe.parent for depth in ("*", "*/*") for probe in folder.glob(f"{depth}/probe.py"))


def main(folders: list[Path]) -> int:
    """Checks the programs in the folders, two at a time; 0 when there is nothing to complain about, else 1."""
    programs = [program.resolve() for folder in folders or [HERE] for program in programs_in(folder)]
    with ProcessPoolExecutor(max_workers=2) as pool:
        checked = list(pool.map(check_program, programs))
    problems = [problem for _, found in checked for problem in found]
    names = Counter(
        (program.parent, bug.name) for program, (bugs, _) in zip(programs, checked, strict=True) for bug in bugs
    )
    problems += [f"{place.name}: {count} bugs are called {name}" for (place, name), count in names.items() if count > 1]
    kinds = Counter(bug.kind for bugs, _ in checked for bug in bugs)
    print("\n".join(problems))
    for kind in CLASSES:
        print(f"{kinds[kind]:4}  {kind}")
    print(f"{len(programs)} programs, {kinds.total()} bugs, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
