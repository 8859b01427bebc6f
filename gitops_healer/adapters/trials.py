"""Candidates tried by the project's own tests in warm processes, in the sandbox."""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gitops_healer.adapters.suite import project_of, tree_at
from gitops_healer.adapters.suite_commands import Kind, discover_command, import_roots, prepare
from gitops_healer.adapters.trials_loading import Definitions
from gitops_healer.adapters.trials_opening import Measured, Opening, broken_cases, limits
from gitops_healer.adapters.trials_servers import Servers
from gitops_healer.adapters.trials_session import Session
from gitops_healer.adapters.trials_start import Hello, Starter
from gitops_healer.adapters.workbench import TREE, lay_out, make_bench
from gitops_healer.core.change import Change
from gitops_healer.core.testing import CaseStatus, TestCase
from gitops_healer.core.trials import Opened
from gitops_healer.ports import Repository, Sandbox, TrialSession
from gitops_healer.settings import Testing

_MOST_NAMED = 20
_LEAST_PATIENCE = 0.8


class ProjectTrials:
    """`Trials`. python: the interpreter that has the project's dependencies; testing: policy section `testing`.

    Tests are run by pytest, with the arguments of the project's command where that is pytest, else with none. A pytest
    of ours is brought where the project has none. workers: candidates at once (default: one a processor); patience:
    seconds after which an unchanged test counts as endless (the first of them gets three times as many).
    """

    def __init__(
        self,
        repository: Repository,
        sandbox: Sandbox,
        testing: Testing,
        python: Path,
        workers: int | None = None,
        patience: float = 4.0,
    ) -> None:
        self._patience = patience
        self._repository = repository
        self._sandbox = sandbox
        self._testing = testing
        self._python = python
        self._workers = workers or os.cpu_count() or 1

    @contextmanager
    def open(
        self, commit: str, change: Change | None = None, only: Sequence[str] = (), seconds: float = math.inf
    ) -> Iterator[TrialSession]:
        until = time.monotonic() + min(seconds, self._testing.timeout.total_seconds())
        with ExitStack() as stack:
            scratch = stack.enter_context(self._sandbox.scratch())
            lay_out(self._repository, scratch, commit, change)
            yield self._session(stack, scratch, commit, change, only, until)

    def _session(
        self,
        stack: ExitStack,
        scratch: Path,
        commit: str,
        change: Change | None,
        only: Sequence[str],
        until: float,
    ) -> Session:
        tree = tree_at(self._repository, commit, self._python)
        project = project_of(tree, (*tree.paths, *(change.paths if change else ())))
        arguments = self._arguments(self._testing.command.strip() or discover_command(tree))
        starter = Starter(
            self._sandbox, self._testing, self._python, make_bench(scratch, self._python),
            arguments, only, import_roots(tree), self._workers,
        )  # fmt: skip
        server, hello = starter.warm(stack, until - time.monotonic())
        broken = broken_cases(hello.broken, project)
        measured = Measured()
        if hello.tests:
            left = max(0.0, until - time.monotonic())
            opening = Opening(server, hello.tests, project, left, min(self._patience, max(_LEAST_PATIENCE, left / 16)))
            measured = opening.measured(self._testing.flaky_reruns)
        cases = (*(measured.cases[number] for number in sorted(measured.cases)), *broken)
        problem = measured.problem or _problem(hello, broken)
        if measured.written:
            starter.pristine = str(self._pristine(scratch, commit, change))
        names = [*hello.tests, *(case.id for case in broken)]
        read = _reader(self._repository, commit, change)
        servers = Servers(starter, stack, server, hello, names, limits(measured, len(names)), measured.strict)
        starting = [hello.tests[number] for number in sorted(measured.spawning)]
        notes = (*_notes(cases), *_notes_on_unrun(measured.unrun), *_notes_on_files(measured.written))
        notes += tuple(_notes_on_starts(starting))
        opened = Opened(cases, problem, notes, tuple(hello.files))
        return Session(opened, servers, names, Definitions(read), read, measured.spawning)

    def _pristine(self, scratch: Path, commit: str, change: Change | None) -> Path:
        place = scratch / "pristine"
        place.mkdir()
        lay_out(self._repository, place, commit, change)
        return place / TREE

    def _arguments(self, command: str) -> Sequence[str]:
        try:
            invocation = prepare(command, self._python) if command else None
        except ValueError:  # a quotation that is not closed: the test runner says so
            return ()
        return invocation.rest if invocation is not None and invocation.kind is Kind.PYTEST else ()


def _reader(repository: Repository, commit: str, change: Change | None) -> Callable[[str], bytes | None]:
    """The bytes of files of the commit with the change."""

    def read(path: str) -> bytes | None:
        data = repository.read(commit, path)
        if change is None or path not in change.paths:
            return data
        return Change(change.edits_of(path)).apply({path: data or b""})[path]

    return read


def _problem(hello: Hello, broken: Sequence[TestCase]) -> str:
    """Why nothing can be tried, "" when something can: also where no test can be imported, for a change may mend it."""
    if broken or hello.tests:
        return ""
    if hello.problem:
        said = hello.said.strip().splitlines()[-1:]
        return f"the tests cannot be collected: {hello.problem}" + "".join(f" ({line[:300]})" for line in said)
    return "there are no tests that pytest can collect"


def _notes(cases: Sequence[TestCase]) -> Iterator[str]:
    flaky = [case.id for case in cases if case.status is CaseStatus.FLAKY]
    if flaky:
        yield f"{len(flaky)} tests pass and fail with the same code and are no oracle: {_listed(flaky)}"
    for kind, words in (("TimedOut", "do not end"), ("Crashed", "end their process")):
        found = [case.id for case in cases if case.error_type == f"gitops_healer.{kind}"]
        if found:
            yield f"{len(found)} tests {words}: {_listed(found)}"


def _notes_on_unrun(count: int) -> Iterator[str]:
    if count:
        yield f"{count} tests were not run because too many before them do not end"


def _notes_on_files(written: Sequence[str]) -> Iterator[str]:
    if written:
        yield f"tests write into the repository, candidates are tried one by one and that is undone: {_listed(written)}"


def _notes_on_starts(tests: Sequence[str]) -> Iterator[str]:
    if tests:
        yield f"{len(tests)} tests start Python themselves, what runs there is not traced: {_listed(tests)}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
