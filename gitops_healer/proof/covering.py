"""Which tests run which changed lines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.evidence import Changed
from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Line
from gitops_healer.errors import HealerError
from gitops_healer.ports import TrialSession
from gitops_healer.proof.subjects import loads
from gitops_healer.registry import Absent, Scene

_VERSION = 1  # of what is cached: raise it when it changes its meaning
_TRACE = 0.5  # share of testing.timeout in which tests are traced


@dataclass(frozen=True)
class Covering:
    """lines: test -> changed lines that it ran, of passing tests that ran any; seconds: of these tests, unwatched;
    failing: tests that ran any and do not pass; problem: why it could not be measured, a sentence without a full stop,
    else ""; loaded: changed files that were imported while tests were collected; passing: how many tests passed;
    traced: how many of them were looked at; notes: what could not be seen, sentences.
    """

    lines: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    failing: tuple[str, ...] = ()
    problem: str = ""
    loaded: tuple[str, ...] = ()
    passing: int = 0
    traced: int = 0
    notes: tuple[str, ...] = ()

    def ran(self, changed: Changed) -> frozenset[Line]:
        """Changed lines that tests ran, or that importing their modules ran."""
        return changed.ran_by((), self.loaded).union(*self.lines.values())

    def tests_of(self, lines: Collection[Line]) -> tuple[str, ...]:
        """Tests that ran any of these lines, quick ones first."""
        wanted = frozenset(lines)
        found = (test for test, ran in self.lines.items() if not wanted.isdisjoint(ran))
        return tuple(sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test)))


def covering(scene: Scene, commit: str, changed: Changed) -> Covering:
    """What passing tests run of the changed lines at a commit; remembered, also that it cannot be told.

    Takes as long as `testing.timeout` at most, and half of that again for tests that are run under watch.
    """
    if not changed.lines:
        return Covering(problem="there is no changed line to be run")
    if isinstance(scene.trials, Absent):
        return Covering(problem="nothing can be tried here")
    if not scene.tests.command(commit):
        return Covering(problem="the project has no tests")
    key = memory_key("covering", scene, commit, changed)
    if (known := load(scene.cache.get(key), Covering)) is not None:
        return known
    budget = scene.settings.testing.timeout.total_seconds()
    scene.progress("looking which tests run the changed lines")
    try:
        with scene.trials.open(commit, seconds=budget) as session:
            found = _covered(scene, session, changed, _TRACE * budget)
    except HealerError as error:
        return Covering(problem=str(error))
    scene.cache.put(key, dump(found))
    return found


def memory_key(what: str, scene: Scene, commit: str, changed: Changed, *more: object) -> str:
    """Of what is measured at a commit: tree, command, settings of tests and lines."""
    tree = scene.repository.commit(commit).tree
    lines = {path: sorted(numbers) for path, numbers in changed.lines.items()}
    place = [scene.settings.testing.model_dump_json(), scene.sandbox.level.value]
    return digest(what, _VERSION, tree, scene.tests.command(commit), place, lines, *more)


def _covered(scene: Scene, session: TrialSession, changed: Changed, seconds: float) -> Covering:
    opened = session.opened
    if opened.problem:
        return Covering(problem=opened.problem)
    own = {case.id: case.seconds for case in opened.cases if case.status is CaseStatus.PASSED}
    failing = [case.id for case in opened.cases if case.failed]
    if not own:
        return Covering(problem=f"none of {len(opened.cases)} tests passes when it is run one by one")
    loaded = tuple(path for path in opened.loaded if path in changed.lines)
    trace = session.trace(_likely_first(scene, own, failing, changed), deep=changed.entries, seconds=seconds)
    lines: dict[str, tuple[Line, ...]] = {}
    for test in trace.functions:
        ran = changed.ran_by(_lines(trace.covered.get(test, {})) | _lines(trace.functions[test]))
        if ran:
            lines[test] = tuple(sorted(ran))
    passing = {test: lines[test] for test in own if test in lines}
    known = {test: round(own[test], 4) for test in passing}
    worse = tuple(test for test in failing if test in lines)
    traced = sum(test in trace.functions for test in own)
    return Covering(passing, known, worse, "", loaded, len(own), traced, opened.notes)


def _likely_first(
    scene: Scene, passing: Mapping[str, float], failing: Collection[str], changed: Changed
) -> Sequence[str]:
    """Tests of files that load a changed one first, quick ones before slow ones: time may not be enough for all."""
    wanted = frozenset(changed.lines)
    near: dict[str, bool] = {}

    def distance(test: str) -> tuple[bool, bool, float, str]:
        file = test.partition("::")[0]
        if file not in near:
            near[file] = scene.code.has(file) and loads(scene.code, file, wanted)
        return not near[file], test not in passing, passing.get(test, 0.0), test

    return sorted([*passing, *failing], key=distance)


def _lines(files: Mapping[str, Iterable[int]]) -> frozenset[Line]:
    return frozenset((path, line) for path, numbers in files.items() for line in numbers)
