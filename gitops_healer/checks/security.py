"""Nothing dangerous that was not there before."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from gitops_healer.checks.analysis import Trouble
from gitops_healer.checks.security_rules import Ruled, new_warnings
from gitops_healer.checks.security_steps import Step, Worry, steps_of
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.secrets import secrets_in
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.core.words import counted
from gitops_healer.evidence.guarded import grants_in, guard_of, is_other_code, is_workflow, moved_sections
from gitops_healer.evidence.hidden_text import hidden_in
from gitops_healer.evidence.power_names import Power
from gitops_healer.evidence.powers import gained, guards_lost
from gitops_healer.evidence.requirements import (
    distributions_of,
    is_installed,
    is_lock_file,
    is_own,
    is_requirement_file,
    is_standard,
    requirements_of,
    told,
)
from gitops_healer.registry import Case, Scene, check

_SHOWN = 40
_MODES = re.compile(r"^(?:new (?:file )?mode (?:100755|12\d+|16\d+)|Binary files .*|GIT binary patch.*)$", re.M)
_IN_TESTS = frozenset((Power.CODE, Power.NATIVE, Power.NETWORK, Power.PROCESS, Power.PLACE))


@check(order=35)
def security(scene: Scene, case: Case) -> CheckResult:
    """The change brings no danger: no new warning of ruff's security rules, no new power, secret, or dependency.

    New powers are the network, processes, text run as code, native code, deletion and the like, in functions that did
    not have them; what moves with its code is not new. Files that run by themselves or grant rights, hidden text,
    unpinned or unknown packages, and protections that are taken away stop it too. `noqa` silences nothing. Files that
    the plan names may be such files; what is in them is looked at all the same. Nothing of the project is executed.
    """
    steps = steps_of(scene, case)
    python = [step for step in steps if step.is_python]
    worries = [*_files(scene, case, steps), *_texts(steps), *_dependencies(case, steps), *_powers(python)]
    worries += _imports(scene, case, python)
    found = new_warnings(scene, python)
    rules = () if isinstance(found, Trouble) else found.worries
    unread = [step.path for step in python if step.file.after is not None and step.after is None]
    unread += [step.path for step in steps if is_other_code(step.path) and step.file.after is not None]
    return _result([*worries, *rules], found, unread, steps)


def _result(
    worries: Sequence[Worry], found: Ruled | Trouble, unread: Sequence[str], steps: Sequence[Step]
) -> CheckResult:
    seconds = 0.0 if isinstance(found, Trouble) else found.seconds
    stopping = list(dict.fromkeys(str(worry) for worry in worries if worry.stops))
    noted = list(dict.fromkeys(f"noted: {worry}" for worry in worries if not worry.stops))
    details = tuple([*stopping, *noted][:_SHOWN])
    if stopping:
        reason = f"{len(stopping)} dangers that were not there before, first: {stopping[0]}"
        return CheckResult("security", Outcome.FAILED, reason, seconds, details)
    python = sum(step.is_python for step in steps)
    if isinstance(found, Trouble):
        reason = f"ruff could not look at {python} files: {found.reason}"
        return CheckResult("security", Outcome.UNKNOWN, reason, seconds, details)
    if unread:
        reason = f"{len(unread)} of {len(steps)} files hold code that cannot be read here, first: {unread[0]}"
        return CheckResult("security", Outcome.UNKNOWN, reason, seconds, details)
    count = Counter(worry.kind for worry in worries)
    reason = (
        f"{counted(count['rule'], 'new warning')} of ruff's security rules in {counted(python, 'file')} "
        f"({found.before} before), "
        f"0 secrets in {sum(len(step.added) for step in steps)} added lines, "
        f"{'planned changes of dependencies' if count['dependency'] else 'no new dependency'}, "
        f"{'no new effect that stops it' if count['power'] else 'no new effect'}"
    )
    return CheckResult("security", Outcome.PASSED, reason, seconds, details)


# Files and lines


def _files(scene: Scene, case: Case, steps: Sequence[Step]) -> Iterator[Worry]:
    for step in steps:
        planned = step.path in case.plan.paths
        if (why := guard_of(step.path, step.file.after or b"")) and not planned:
            yield Worry("file", step.path, 0, f"it {why}, and the plan does not name it")
        if is_workflow(step.path):
            yield from (Worry("file", step.path, number, what) for number, what in grants_in(step.added))
        if PurePosixPath(step.path).name == "pyproject.toml" and not planned:
            yield from _pyproject(step)
        if step.file.before is None and step.file.after is None:
            yield Worry("file", step.path, 0, "it is a link or a submodule")
    for match in _MODES.finditer(scene.repository.diff(case.base, case.head)):
        yield Worry("file", "the diff", 0, f"says `{match[0][:100]}`: an executable, a link or a binary file")


def _pyproject(step: Step) -> Iterator[Worry]:
    try:
        moved = moved_sections(step.file.before, step.file.after)
    except ValueError as error:
        yield Worry("file", step.path, 0, f"it cannot be read: {error}")
        return
    if moved:
        sections = ", ".join(moved[:5])
        yield Worry("file", step.path, 0, f"{sections} changed, by which code runs, and the plan does not name it")


def _texts(steps: Sequence[Step]) -> Iterator[Worry]:
    for step in steps:
        for secret in secrets_in(step.added, code=step.is_python, fixture=is_test_path(step.path)):
            yield Worry("secret", step.path, secret.line, str(secret))
        for number, what in hidden_in(step.added, code=step.is_python):
            yield Worry("hidden", step.path, number, f"hidden text: {what}")


# Dependencies


def _dependencies(case: Case, steps: Sequence[Step]) -> Iterator[Worry]:
    for step in steps:
        planned = step.path in case.plan.paths
        if is_lock_file(step.path):
            yield Worry("dependency", step.path, 0, "it is a lock file, and the plan does not name it", not planned)
        elif is_requirement_file(step.path):
            try:
                changes = told(*(requirements_of(step.path, side) for side in (step.file.before, step.file.after)))
            except ValueError as error:
                yield Worry("dependency", step.path, 0, f"it cannot be read: {error}")
                continue
            yield from (Worry("dependency", step.path, 0, change, not planned) for change in changes)


def _imports(scene: Scene, case: Case, python: Sequence[Step]) -> Iterator[Worry]:
    known = {root for step in python for root in step.could.roots}
    fresh = [
        (step, root, line)
        for step in python
        for root, line in step.can.roots.items()
        if root not in known and not is_standard(root)
    ]
    if not fresh:
        return
    paths = [file.path for file in scene.repository.files(case.head)]
    files, folders = set(paths), {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    required = _required(scene, case.head, paths)
    for step, root, line in fresh:
        if is_own(root, step.path, files.__contains__, folders.__contains__):
            continue
        if distributions_of(root) & required or _is_imported(scene, case.base, root):
            continue
        there = is_installed(root)
        where = "is installed here, but" if there else "is not installed, and"
        yield Worry("import", step.path, line, f"imports {root}, which {where} no requirement names it", not there)


def _required(scene: Scene, commit: str, paths: Sequence[str]) -> set[str]:
    names: set[str] = set()
    for path in paths:
        if is_requirement_file(path) or path == "setup.py":
            try:
                names |= requirements_of(path, scene.repository.read(commit, path)).keys()
            except ValueError:
                continue
    return names


def _is_imported(scene: Scene, commit: str, root: str) -> bool:
    """Whether some file of the project imports it already."""
    pattern = re.compile(rb"^\s*(?:import|from)\s+(?:[\w., ]+,\s*)?" + re.escape(root.encode()) + rb"\b", re.M)
    files = (file for file in scene.repository.files(commit) if file.path.endswith(".py"))
    return any(pattern.search(scene.repository.read_blob(file.blob)) for file in files)


# Powers


def _powers(python: Sequence[Step]) -> Iterator[Worry]:
    before, after = [step.could for step in python], [step.can for step in python]
    numbered = {id(use): step for step in python for use in step.can.uses}
    for use in gained(before, after):
        step = numbered[id(use)]
        stop = use.power is not Power.WRITING and (use.power in _IN_TESTS or not is_test_path(step.path))
        yield Worry("power", step.path, use.line, f"{use.owner or 'the module'} {use.power.value}: {use.name}", stop)
    for step in python:
        for name, owner in guards_lost(step.could, step.can):
            yield Worry("guard", step.path, 0, f"{owner or 'the module'} loses a protection: {name}")
    yield from _hosts(python)


def _hosts(python: Sequence[Step]) -> Iterator[Worry]:
    known = {host for step in python for host in step.could.hosts}
    for step in python:
        reaches = any(use.power in (Power.NETWORK, Power.PROCESS) for use in step.can.uses)
        for host, line in step.can.hosts.items():
            if host not in known:
                why = f"names the host {host[:100]}, which was not named before"
                yield Worry("host", step.path, line, why, reaches and not is_test_path(step.path))
