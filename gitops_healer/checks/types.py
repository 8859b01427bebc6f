"""No new type error."""

import ast
import json
import tomllib
import warnings
from collections.abc import Sequence
from configparser import ConfigParser
from configparser import Error as ConfigParserError

from gitops_healer.checks.analysis import Desk, Diagnostic, Trouble, changed_python, desk, failure_of, verdict
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Case, Scene, check

_OPTIONS = (
    "--output", "json", "--no-error-summary", "--no-color-output", "--no-pretty", "--hide-error-context",
    "--show-error-codes", "--cache-dir", "../mypy-cache",
)  # fmt: skip
_UNCONFIGURED = ("--config-file=", "--ignore-missing-imports", "--follow-imports=silent")


@check(order=40)
def types(scene: Scene, case: Case) -> CheckResult:
    """mypy has no new error about the changed files.

    By the project's own configuration where it has one that ours can use, else leniently (missing imports ignored), and
    then only when there are annotations to check. Plug-ins of a configuration are code: mypy runs in the sandbox.
    """
    files = changed_python(scene, case)
    configured = _is_configured(scene, case.head)
    if not files or not (configured or any(_has_annotations(scene, case, path) for path in files)):
        reason = f"0 of {len(files)} changed Python files have annotations, and the project configures no mypy"
        return CheckResult("types", Outcome.PASSED, f"{reason}: nothing to check")
    with desk(scene, case) as place:
        found = _both(place, files, ()) if configured else _both(place, files, _UNCONFIGURED)
        note = "" if configured else "; the project configures no mypy"
        if configured and isinstance(found, Trouble):
            note = f"; leniently, since the project's configuration cannot be used: {found.reason}"
            found = _both(place, files, _UNCONFIGURED)
        if isinstance(found, Trouble):
            return CheckResult("types", Outcome.UNKNOWN, f"mypy could not check {len(files)} files: {found.reason}")
    before, after, seconds = found
    return verdict("types", "mypy", len(files), before, after, note, seconds)


def _is_configured(scene: Scene, commit: str) -> bool:
    def read(path: str) -> str:
        return (scene.repository.read(commit, path) or b"").decode("utf-8", "replace")

    if any(scene.repository.read(commit, name) is not None for name in ("mypy.ini", ".mypy.ini")):
        return True
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(read("setup.cfg"))
        tools = tomllib.loads(read("pyproject.toml")).get("tool", {})
    except (ConfigParserError, tomllib.TOMLDecodeError, RecursionError):
        return False
    return parser.has_section("mypy") or (isinstance(tools, dict) and "mypy" in tools)


def _has_annotations(scene: Scene, case: Case, path: str) -> bool:
    """Without annotations mypy looks into no function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(scene.repository.read(case.head, path) or b"")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    spoken = (isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None for node in ast.walk(tree))
    return any(spoken) or any(function.returns is not None for function in functions)


def _both(
    place: Desk, files: Sequence[str], options: Sequence[str]
) -> tuple[list[Diagnostic], list[Diagnostic], float] | Trouble:
    before = _look(place, "base", files, options)
    if isinstance(before, Trouble):
        return before
    after = _look(place, "head", files, options)
    if isinstance(after, Trouble):
        return after
    return before[0], after[0], before[1] + after[1]


def _look(
    place: Desk, side: str, files: Sequence[str], options: Sequence[str]
) -> tuple[list[Diagnostic], float] | Trouble:
    there = place.existing(side, files)
    if not there:
        return [], 0.0
    ran = place.run("mypy", [*_OPTIONS, *options, "--", *there], side)
    if ran.exit_code not in (0, 1):
        return Trouble(failure_of(ran))
    try:
        told = [json.loads(line) for line in ran.stdout.splitlines() if line.strip()]
        return [_diagnostic(item) for item in told if item["severity"] == "error"], ran.seconds
    except (ValueError, KeyError, TypeError) as error:
        return Trouble(f"its answer cannot be read ({error})")


def _diagnostic(item: dict[str, object]) -> Diagnostic:
    path = str(item["file"]).removeprefix("./")
    return Diagnostic(path, int(str(item["line"])), str(item.get("code") or "error"), str(item["message"]))
