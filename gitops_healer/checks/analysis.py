"""What lint and types share: a tool looks at changed files before and after, and only what is new counts."""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.ports import Limits, Ran
from gitops_healer.registry import Case, Scene

_SHOWN = 20
_NUMBERS = re.compile(r"\b(line|lines|column) \d+")


@dataclass(frozen=True)
class Diagnostic:
    """One complaint. line is for the reader: two complaints are the same when all else is."""

    path: str
    line: int
    code: str
    message: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.path, self.code, _NUMBERS.sub(r"\1 N", self.message)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.code} {self.message}"


@dataclass(frozen=True)
class Trouble:
    """The tool could not do its work."""

    reason: str


def new_diagnostics(before: Sequence[Diagnostic], after: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Complaints of which there are more now than before, wherever their lines went."""
    known = Counter(item.key for item in before)
    fresh = []
    for item in after:
        if known[item.key] > 0:
            known[item.key] -= 1
        else:
            fresh.append(item)
    return tuple(fresh)


def changed_python(scene: Scene, case: Case) -> tuple[str, ...]:
    """Python files that changed and are regular files at head."""
    paths = scene.repository.changed_paths(case.base, case.head)
    python = [path for path in paths if path.endswith((".py", ".pyi"))]
    return tuple(path for path in python if scene.repository.read(case.head, path) is not None)


@dataclass(frozen=True)
class Desk:
    """Both trees side by side in a scratch directory: `base` and `head`."""

    scene: Scene
    scratch: Path

    def run(self, tool: str, arguments: Sequence[str], side: str) -> Ran:
        """A tool of our own environment on one of the trees. `-I`: nothing is imported from the tree."""
        testing = self.scene.settings.testing
        limits = Limits(
            seconds=testing.timeout.total_seconds(),
            memory=testing.memory_mb * 1024**2,
            processes=testing.processes,
            output=32 * 1024**2,
        )
        argv = [sys.executable, "-I", "-m", tool, *arguments]
        return self.scene.sandbox.run(argv, self.scratch, limits=limits, cwd=side)

    def existing(self, side: str, paths: Sequence[str]) -> list[str]:
        """Those of the paths that are there, so that no name is taken for an option."""
        root = self.scratch / side
        return [f"./{path}" for path in paths if (root / path).is_file()]


@contextmanager
def desk(scene: Scene, case: Case) -> Iterator[Desk]:
    with scene.sandbox.scratch() as scratch:
        for side, commit in (("base", case.base), ("head", case.head)):
            (scratch / side).mkdir()
            scene.repository.export(commit, scratch / side)
        yield Desk(scene, scratch)


def failure_of(ran: Ran) -> str:
    """Why a tool did not end well, in a line."""
    said = (ran.stderr.strip() or ran.stdout.strip()).splitlines()[:1] or [b"it said nothing"]
    return ran.reason or f"exit code {ran.exit_code}: {said[0].decode('utf-8', 'replace')[:300]}"


def verdict(
    check: str,
    tool: str,
    files: int,
    before: Sequence[Diagnostic],
    after: Sequence[Diagnostic],
    note: str,
    seconds: float,
) -> CheckResult:
    """PASSED when nothing is new; the sentence has the figures. note: how the tool was configured."""
    fresh = new_diagnostics(before, after)
    details = tuple(str(item) for item in fresh[:_SHOWN])
    if fresh:
        reason = f"{tool} sees {len(fresh)} new problems in {files} changed files, first: {fresh[0]}"
        return CheckResult(check, Outcome.FAILED, reason, seconds, details)
    reason = f"{tool} sees 0 new problems in {files} changed files ({len(before)} before, {len(after)} now{note})"
    return CheckResult(check, Outcome.PASSED, reason, seconds)
