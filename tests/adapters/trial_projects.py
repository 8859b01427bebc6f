"""Real little projects in which candidates are tried, for the tests of trials."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Tried
from gitops_healer.ports import Sandbox, SandboxLevel, TrialSession
from gitops_healer.settings import load_settings

PYTHON = Path(sys.executable)
# Plug-ins of our own environment would make each start of pytest five times as long.
BARE = "[pytest]\naddopts = -p no:hypothesispytest -p no:pytest_cov -p no:xdist -p no:xdist.looponfail -p no:anyio\n"


@dataclass(frozen=True)
class Project:
    """A session on files that are known."""

    session: TrialSession
    files: Mapping[str, str]

    def change(self, path: str, *replacements: tuple[str, str]) -> Change:
        """Each old text, which stands once in the file, replaced."""
        source = self.files.get(path, "").encode()
        edits = []
        for old, new in replacements:
            assert not source or source.count(old.encode()) == 1
            start = source.find(old.encode()) if source else 0
            edits.append(replace_span(path, source, start, start + len(old.encode()), new))
        return Change(tuple(edits))

    @property
    def cases(self) -> dict[str, TestCase]:
        return {case.id: case for case in self.session.opened.cases}

    @property
    def failing(self) -> list[str]:
        return [case.id for case in self.session.opened.cases if case.failed]

    @property
    def passing(self) -> list[str]:
        return [case.id for case in self.session.opened.cases if case.status is CaseStatus.PASSED]

    def try_all(self, changes: Sequence[Change], failing: Sequence[str] | None = None) -> list[Tried]:
        chosen = self.failing if failing is None else failing
        tried = list(self.session.run(iter(changes), chosen, lambda _: self.passing))
        return sorted(tried, key=lambda one: one.number)


Open = Callable[..., Any]


@pytest.fixture(scope="session")
def trial_sandbox() -> Sandbox:
    return detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])


@pytest.fixture
def opened(make_repo: Callable[..., Any], trial_sandbox: Sandbox) -> Open:
    @contextmanager
    def make(files: Mapping[str, str], change: Change | None = None, **options: Any) -> Iterator[Project]:
        repo = make_repo({"pytest.ini": BARE, **files} if options.pop("bare", True) else files)
        only, patience = options.pop("only", ()), options.pop("patience", 4.0)
        given = {"testing.flaky_reruns": 1, "testing.timeout": "60s", **options}
        testing = load_settings(None, {key.replace("__", "."): value for key, value in given.items()}).testing
        trials = ProjectTrials(open_repository(repo.path), trial_sandbox, testing, PYTHON, patience=patience)
        with trials.open(repo.git("rev-parse", "HEAD"), change, only) as session:
            yield Project(session, files)

    return make
