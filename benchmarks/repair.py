"""Repairs the corpus of buggy functions with the real engine and prints, class by class, what came of it.

    python benchmarks/repair.py [built.toml held_out.toml …] [-v]

Every case becomes a git repository with recorded executions; callers, tests and sandbox are the real ones. A repair is
right when it agrees with the reference implementation on inputs that the engine never saw.
"""

import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.suite import ProjectTests
from gitops_healer.code.model import CodeModel
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.plan import Investigation
from gitops_healer.ports import CallOutcome, Sandbox, SandboxLevel
from gitops_healer.registry import Scene
from gitops_healer.repair.repair_failure import repair_failure
from gitops_healer.settings import load_settings
from gitops_healer.wiring import visible_to_candidates

CORPUS = Path(__file__).parent.parent / "tests" / "repair" / "corpus"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One entry of the corpus. failing, passing, held: arguments as JSON arrays; recorded: results that differ from
    what the code gives today, by input; test: id of a failing test, in place of executions."""

    name: str
    kind: str
    files: Mapping[str, str]
    tool: str = ""
    failing: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    reference: str = ""
    by: str = ""
    test: str = ""
    crlf: bool = False
    recorded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """outcome: repaired, asked, refused; right: whether that is what the case wants; why: when it is not."""

    case: Case
    investigation: Investigation
    outcome: str
    right: bool
    why: str
    seconds: float


def read_cases(path: Path) -> tuple[Case, ...]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    return tuple(Case(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}) for entry in entries)


def make_repository(case: Case, directory: Path) -> str:
    """Write and commit the files of a case; returns the commit."""
    for name, text in case.files.items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_bytes(case, text))
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "first"]):
        who = ["-c", "user.name=Maintainer", "-c", "user.email=maintainer@example.org", "-c", "core.autocrlf=false"]
        subprocess.run(["git", *who, *command], cwd=directory, check=True, capture_output=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=directory, check=True, capture_output=True)
    return head.stdout.decode().strip()


def _bytes(case: Case, text: str) -> bytes:
    return text.replace("\n", "\r\n" if case.crlf else "\n").encode()


def make_sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=visible_to_candidates(Path(sys.executable)))


def make_scene(directory: Path, commit: str, store: Path, sandbox: Sandbox) -> Scene:
    """A scene on real adapters."""
    settings = load_settings()
    repository = open_repository(directory)
    cache = SqliteCache(store / "cache.sqlite")
    python = Path(sys.executable)
    return Scene(
        commit=commit,
        now=NOW,
        repository=repository,
        code=CodeModel(repository.files(commit), repository.read_blob, cache),
        executions=open_executions(store / "executions.sqlite"),
        tests=ProjectTests(repository, sandbox, cache, settings.testing, python),
        caller=SandboxedCaller(repository, sandbox, settings.testing, python),
        sandbox=sandbox,
        cache=cache,
        settings=settings,
        progress=lambda _: None,
    )


def record(scene: Scene, case: Case) -> None:
    """Put the executions of a case into the store, three calls for every failing input."""
    location = scene.code.locate(case.tool)
    assert location is not None, case.tool
    given = [*case.failing, *case.passing, *case.recorded]
    outcomes = scene.caller.call(scene.commit, case.tool, location.path, [(args, "{}") for args in given])
    rows: list[Execution] = []
    for number, (args, outcome) in enumerate(zip(given, outcomes, strict=True)):
        older = args in case.recorded and number >= len(case.failing) + len(case.passing)
        times = 1 if outcome.ok or older else 3
        rows += [_execution(case, args, outcome, older, number * 10 + again) for again in range(times)]
    imported = scene.executions.add(rows)
    assert imported.stored == len(rows), imported


def _execution(case: Case, args: str, outcome: CallOutcome, older: bool, number: int) -> Execution:
    ok = outcome.ok or older
    result = case.recorded[args] if older else outcome.result
    error = None if ok else ExecutionFailure(outcome.error_type, outcome.detail)
    moment = NOW - timedelta(minutes=number + 1)
    return Execution(f"{case.name}-{number}", case.tool, moment, ok, 1.0, args, "{}", result if ok else None, error)


def finding_of(case: Case) -> Finding:
    rule = "failing_test" if case.test else "low_success_rate"
    symbol = case.test or case.tool
    return Finding(rule, "", symbol, 1, 1, Severity.HIGH, f"{symbol} fails", fingerprint(rule, symbol, ""))


def run_case(
    case: Case, directory: Path, sandbox: Sandbox, change: Callable[[Scene], Scene] = lambda scene: scene
) -> Judged:
    """The whole of one case, in an empty directory. change: puts other adapters into the scene."""
    tree, store = directory / "tree", directory / "store"
    tree.mkdir()
    store.mkdir()
    scene = change(make_scene(tree, make_repository(case, tree), store, sandbox))
    if not case.test:
        record(scene, case)
    began = time.monotonic()
    investigation = repair_failure(scene, finding_of(case))
    seconds = time.monotonic() - began
    outcome = "asked" if investigation.question else "repaired" if investigation.options else "refused"
    wanted = {"determined": "repaired", "undetermined": "asked", "untouchable": "refused"}[case.kind]
    why = "" if outcome == wanted else f"{outcome}, should be {wanted}"
    if not why and outcome == "repaired":
        why = "; ".join(_disagreements(scene, case, investigation))
    return Judged(case, investigation, outcome, not why, why, seconds)


def _disagreements(scene: Scene, case: Case, investigation: Investigation) -> Iterator[str]:
    """Where the repaired tool and the reference differ, on failing and on held-out inputs."""
    inputs = list(dict.fromkeys([*case.held, *(case.failing if not case.held else ())]))
    location = scene.code.locate(case.tool)
    assert location is not None
    change = investigation.options[0].change
    calls = [(args, "{}") for args in inputs]
    outcomes = scene.caller.call(scene.commit, case.tool, location.path, calls, change)
    for args, outcome in zip(inputs, outcomes, strict=True):
        expected, seen = _expected(case, args), outcome.result if outcome.ok else outcome.error_type
        if expected != seen:
            yield f"{args}: {seen}, the reference gives {expected}"


def _expected(case: Case, args: str) -> str:
    names: dict[str, Any] = {}
    exec(case.reference, names)
    try:
        result = names[case.tool.rpartition(":")[2].rpartition(".")[2]](*json.loads(args))
    except Exception as error:
        return type(error).__name__
    return json.dumps(result, sort_keys=True, separators=(",", ":"))


def main(arguments: list[str]) -> None:
    verbose = "-v" in arguments
    names = [name for name in arguments if name.endswith(".toml")] or sorted(p.name for p in CORPUS.glob("*.toml"))
    only = [name for name in arguments if not name.endswith(".toml") and name != "-v"]
    titles = ("cases", "right", "repaired", "asked", "refused", "s each")
    print(f"{'corpus':16} {'class':14}" + "".join(f" {title:>8}" for title in titles))
    sandbox = make_sandbox()
    for name in names:
        judged = []
        for case in read_cases(CORPUS / name):
            if only and case.name not in only:
                continue
            with tempfile.TemporaryDirectory() as directory:
                judged.append(run_case(case, Path(directory), sandbox))
            if verbose or not judged[-1].right:
                _tell(judged[-1])
        for kind in dict.fromkeys(one.case.kind for one in judged):
            of = [one for one in judged if one.case.kind == kind]
            counts = [sum(one.outcome == outcome for one in of) for outcome in ("repaired", "asked", "refused")]
            seconds = sum(one.seconds for one in of) / len(of)
            figures = (len(of), sum(one.right for one in of), *counts, round(seconds, 2))
            print(f"{name:16} {kind:14}" + "".join(f" {figure:>8}" for figure in figures))


def _tell(judged: Judged) -> None:
    found = judged.investigation
    verdict = "right" if judged.right else f"WRONG {judged.why}"
    print(f"\n--- {judged.case.name}: {verdict} ({judged.seconds:.1f} s, {found.tried} tried)")
    print("    cause:", found.cause.sentence)
    for line in found.evidence:
        print("    evidence:", line)
    if found.question:
        print("    question:", found.question.replace("\n", "\n    "))
    for option in found.options:
        print(f"    option {option.key}: {option.title} | {option.behaviour} | {option.source} {option.prior}")
        for line in (*option.determined_by, *option.proof):
            print("        ", line)
        sources = {path: _bytes(judged.case, judged.case.files[path]) for path in option.change.paths}
        print("\n".join("        " + line for line in option.change.diff(sources).splitlines()[2:]))


if __name__ == "__main__":
    main(sys.argv[1:])
