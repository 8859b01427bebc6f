"""Nothing dangerous that was not there before."""

import ast
import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from gitops_healer.checks.analysis import Desk, Trouble, failure_of
from gitops_healer.checks.scope import FileStep, lines
from gitops_healer.code.parsing import parsed
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.secrets import secrets_in
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.evidence.danger_rules import LEFT_OUT, stops
from gitops_healer.evidence.guarded import grants_in, guard_of, is_other_code, is_workflow, moved_sections
from gitops_healer.evidence.hidden_text import hidden_in
from gitops_healer.evidence.powers import Power, Reading, gained, guards_lost, reading
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
_NEAR = 200
_OPTIONS = ("check", "--isolated", "--ignore-noqa", "--select", "S", "--ignore", ",".join(LEFT_OUT), "--output-format",
            "json", "--exit-zero", "--no-fix", "--no-cache", "--quiet")  # fmt: skip
_MODES = re.compile(r"^(?:new (?:file )?mode (?:100755|12\d+|16\d+)|Binary files .*|GIT binary patch.*)$", re.M)
_IN_TESTS = frozenset((Power.CODE, Power.NATIVE, Power.NETWORK, Power.PROCESS, Power.PLACE))
_NOTHING = Reading((), Counter(), frozenset(), {}, {})


@dataclass(frozen=True)
class Worry:
    """stops: whether the change may not pass with it; kind: what the figures count it as."""

    kind: str
    path: str
    line: int
    why: str
    stops: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}" if self.line else f"{self.path}: {self.why}"


class Calls:
    """The calls of a tree by where they begin."""

    def __init__(self, tree: ast.Module | None) -> None:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
        self._nodes = sorted(
            nodes, key=lambda node: (_begin(node), -(node.end_lineno or 0), -(node.end_col_offset or 0))
        )
        self._begins = [_begin(node) for node in self._nodes]

    def around(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The smallest call around a span, written in one way whatever its layout; "" when there is none near."""
        place = bisect_right(self._begins, first)
        for node in self._nodes[max(place - _NEAR, 0) : place][::-1]:
            if (node.end_lineno or 0, node.end_col_offset or 0) >= last:
                try:
                    return ast.unparse(node)
                except RecursionError:
                    return ""
        return ""


def _begin(node: ast.Call) -> tuple[int, int]:
    return node.lineno, node.col_offset


@dataclass(frozen=True)
class Step:
    """A changed file, before and after, with what it can do. added: lines that no changed file had before."""

    file: FileStep
    added: tuple[tuple[int, str], ...]

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def is_python(self) -> bool:
        script = (self.file.after or b"").startswith(b"#!") and b"python" in (self.file.after or b"")[:80]
        return script or self.path.endswith((".py", ".pyi", ".pyw"))

    @cached_property
    def before(self) -> ast.Module | None:
        return parsed(self.file.before or b"")

    @cached_property
    def after(self) -> ast.Module | None:
        return parsed(self.file.after or b"")

    @cached_property
    def calls(self) -> tuple[Calls, Calls]:
        """Before and after."""
        return Calls(self.before), Calls(self.after)

    @cached_property
    def could(self) -> Reading:
        return reading(self.before) if self.before else _NOTHING

    @cached_property
    def can(self) -> Reading:
        return reading(self.after) if self.after else _NOTHING


@dataclass(frozen=True)
class Ruled:
    """What ruff sees that is new, and how much it saw before."""

    worries: tuple[Worry, ...]
    before: int
    seconds: float


@check(order=35)
def security(scene: Scene, case: Case) -> CheckResult:
    """The change brings no danger: no new warning of ruff's security rules, no new power, secret, or dependency.

    New powers are the network, processes, text run as code, native code, deletion and the like, in functions that did
    not have them; what moves with its code is not new. Files that run by themselves or grant rights, hidden text,
    unpinned or unknown packages, and protections that are taken away stop it too. `noqa` silences nothing. Files that
    the plan names may be such files; what is in them is looked at all the same. Nothing of the project is executed.
    """
    steps = _steps(scene, case)
    python = [step for step in steps if step.is_python]
    worries = [*_files(scene, case, steps), *_texts(steps), *_dependencies(case, steps), *_powers(python)]
    worries += _imports(scene, case, python)
    found = _rules(scene, python)
    rules = () if isinstance(found, Trouble) else found.worries
    unread = [step.path for step in python if step.file.after is not None and step.after is None]
    unread += [step.path for step in steps if is_other_code(step.path) and step.file.after is not None]
    return _result([*worries, *rules], found, unread, steps)


def _steps(scene: Scene, case: Case) -> tuple[Step, ...]:
    read, paths = scene.repository.read, scene.repository.changed_paths(case.base, case.head)
    files = [FileStep(path, read(case.base, path), read(case.head, path)) for path in paths]
    known = {line for file in files for line in lines(file.before or b"")}
    return tuple(Step(file, tuple(_added(file, known))) for file in files)


def _added(file: FileStep, known: set[bytes]) -> Iterator[tuple[int, str]]:
    after = lines(file.after or b"")
    if b"\0" in (file.after or b""):
        return
    for _, _, start, end in file.blocks:
        for number in range(start, end):
            if after[number] not in known:
                yield number + 1, after[number].decode("utf-8", "replace")


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
        f"{count['rule']} new warnings of ruff's security rules in {python} files ({found.before} before), "
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


# Ruff


@dataclass(frozen=True)
class Hit:
    """One warning. text: the call that it is about, so that it is known again elsewhere; shown: its line."""

    code: str
    path: str
    line: int
    message: str
    text: str
    shown: str

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.text

    @property
    def worry(self) -> Worry:
        stop = stops(self.code, self.shown, is_test_path(self.path))
        return Worry("rule", self.path, self.line, f"{self.code} {self.message}", stop)


def _rules(scene: Scene, python: Sequence[Step]) -> Ruled | Trouble:
    """Both versions of each file under names of ours, so that no name of the project's is an option or a pattern."""
    sides = [(step, side, data) for step in python for side, data in _versions(step)]
    if not sides:
        return Ruled((), 0, 0.0)
    with scene.sandbox.scratch() as scratch:
        (scratch / "code").mkdir()
        names = [f"f{number}{_suffix(step.path)}" for number, (step, _, _) in enumerate(sides)]
        for name, (_, _, data) in zip(names, sides, strict=True):
            (scratch / "code" / name).write_bytes(data)
        ran = Desk(scene, scratch).run("ruff", [*_OPTIONS, "--", *names], "code")
    if ran.exit_code != 0:
        return Trouble(failure_of(ran))
    by_name = {name: (step, side) for name, (step, side, _) in zip(names, sides, strict=True)}
    try:
        items = [item for item in json.loads(ran.stdout or b"[]") if str(item.get("code") or "").startswith("S")]
        found = [(side, _hit(item, step, side)) for item in items for step, side in [by_name[_file_of(item)]]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Trouble(f"its answer cannot be read ({type(error).__name__}: {error})")
    before = [hit for side, hit in found if side == "before"]
    after = [hit for side, hit in found if side == "after"]
    return Ruled(tuple(hit.worry for hit in _fresh(before, after, python)), len(before), ran.seconds)


def _versions(step: Step) -> Iterator[tuple[str, bytes]]:
    yield from ((side, data) for side, data in (("before", step.file.before), ("after", step.file.after)) if data)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix if path.endswith((".pyi", ".pyw")) else ".py"


def _file_of(item: dict[str, object]) -> str:
    return PurePosixPath(str(item["filename"])).name


def _fresh(before: Sequence[Hit], after: Sequence[Hit], python: Sequence[Step]) -> Iterator[Hit]:
    """Warnings of calls of which there are more than before; those on lines that stayed are the old ones."""
    known = Counter(hit.key for hit in before)
    added = {step.path: {number for number, _ in step.added} for step in python}
    for hit in sorted(after, key=lambda hit: hit.line in added[hit.path]):
        if known[hit.key] > 0:
            known[hit.key] -= 1
        else:
            yield hit


def _hit(item: dict[str, object], step: Step, side: str) -> Hit:
    location, end = item["location"], item["end_location"]
    if not isinstance(location, dict) or not isinstance(end, dict):
        raise TypeError("no location")
    source = (step.file.before if side == "before" else step.file.after) or b""
    rows = lines(source)
    first, last = _point(rows, location), _point(rows, end)
    shown = rows[first[0] - 1].decode("utf-8", "replace").strip() if first[0] <= len(rows) else ""
    text = step.calls[side == "after"].around(first, last) or shown
    return Hit(str(item["code"]), step.path, first[0], str(item["message"]), text, shown)


def _point(rows: Sequence[bytes], place: dict[str, int]) -> tuple[int, int]:
    """Line from 1 and byte from 0, as `ast` counts, of one that is counted in characters from 1."""
    row, column = int(place["row"]), int(place["column"]) - 1
    if row > len(rows):
        return row, column
    return row, len(rows[row - 1].decode("utf-8", "replace")[:column].encode())
