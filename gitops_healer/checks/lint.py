"""No new complaint of ruff."""

import json
from collections.abc import Sequence
from pathlib import PurePosixPath

from gitops_healer.checks.analysis import Desk, Diagnostic, Trouble, changed_python, desk, failure_of, verdict
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Case, Scene, check

_OPTIONS = ("check", "--output-format", "json", "--exit-zero", "--no-fix", "--no-cache", "--force-exclude", "--quiet")


@check(order=30)
def lint(scene: Scene, case: Case) -> CheckResult:
    """ruff has no new complaint about the changed files, by the project's own configuration.

    Without one, or when ours cannot read it, by ruff's default rules. ruff executes nothing of the project.
    """
    files = changed_python(scene, case)
    if not files:
        return CheckResult("lint", Outcome.PASSED, "0 Python files changed: nothing to lint")
    with desk(scene, case) as place:
        note, seconds = "", 0.0
        found = _both(place, files, ())
        if isinstance(found, Trouble):
            note = f"; by default rules, since the project's configuration cannot be used: {found.reason}"
            found = _both(place, files, ("--isolated",))
        if isinstance(found, Trouble):
            return CheckResult("lint", Outcome.UNKNOWN, f"ruff could not look at {len(files)} files: {found.reason}")
        before, after, seconds = found
    return verdict("lint", "ruff", len(files), before, after, note, seconds)


def _both(
    place: Desk, files: Sequence[str], options: Sequence[str]
) -> tuple[list[Diagnostic], list[Diagnostic], float] | Trouble:
    before, after = _look(place, "base", files, options), _look(place, "head", files, options)
    if isinstance(before, Trouble):
        return before
    if isinstance(after, Trouble):
        return after
    return before[0], after[0], before[1] + after[1]


def _look(
    place: Desk, side: str, files: Sequence[str], options: Sequence[str]
) -> tuple[list[Diagnostic], float] | Trouble:
    there = place.existing(side, files)
    if not there:
        return [], 0.0
    ran = place.run("ruff", [*_OPTIONS, *options, "--", *there], side)
    if ran.exit_code != 0:
        return Trouble(failure_of(ran))
    try:
        return [_diagnostic(item, f"{place.scratch}/{side}") for item in json.loads(ran.stdout or b"[]")], ran.seconds
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Trouble(f"its answer cannot be read ({error})")


def _diagnostic(item: dict[str, object], root: str) -> Diagnostic:
    location = item.get("location")
    row = location.get("row", 1) if isinstance(location, dict) else 1
    path = str(PurePosixPath(str(item["filename"]).removeprefix(root).lstrip("/")))
    return Diagnostic(path, int(row), str(item.get("code") or "syntax"), str(item["message"]))
