"""What the tests are worth: small mistakes put into the changed lines, and how many of them are noticed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from gitops_healer.core.change import Change
from gitops_healer.core.codec import dump, load
from gitops_healer.core.evidence import Changed
from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Ending, Line, Tried
from gitops_healer.errors import HealerError
from gitops_healer.ports import TrialSession
from gitops_healer.proof.covering import Covering, memory_key
from gitops_healer.proof.mutants import Mutant
from gitops_healer.proof.mutants import mutants_of as mutants_of
from gitops_healer.registry import Scene

_LOOKING = 0.2  # share of the budget in which it is seen what tests call


@dataclass(frozen=True)
class Mutation:
    """Mutants of lines that tests run, tried with the tests that run them.

    killed: how many a test noticed; survivors: those that none did; broken: mutants
    that could not be loaded; tried: killed and survivors; left: for which there was no time; problem: why none could be
    tried, else "".
    """

    killed: int = 0
    survivors: tuple[Mutant, ...] = ()
    broken: int = 0
    left: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def tried(self) -> int:
        return self.killed + len(self.survivors)


def mutation(scene: Scene, commit: str, changed: Changed, covered: Covering) -> Mutation:
    """At most `proof.mutants` mutants at a commit within `proof.mutation_budget`; remembered."""
    most, budget = scene.settings.proof.mutants, scene.settings.proof.mutation_budget.total_seconds()
    if covered.problem or not most:
        return Mutation(problem=covered.problem or "proof.mutants is 0")
    key = memory_key("mutation", scene, commit, changed, most, budget, sorted(covered.lines))
    if (known := load(scene.cache.get(key), Mutation)) is not None:
        return known
    mutants = _chosen(scene, commit, covered.ran(changed), most)
    if not mutants:
        return Mutation(problem="the changed lines that tests run have nothing in which a mistake could be made")
    scene.progress(f"trying whether the tests notice {len(mutants)} small mistakes in the changed lines")
    found = _tried(scene, commit, covered, mutants, budget)
    if not found.problem:
        scene.cache.put(key, dump(found))
    return found


def untested(scene: Scene, commit: str, lines: frozenset[Line]) -> Mutation:
    """Mutants of lines that no test runs: nobody has noticed them yet."""
    return Mutation(survivors=_chosen(scene, commit, lines, scene.settings.proof.mutants))


def _chosen(scene: Scene, commit: str, lines: frozenset[Line], most: int) -> tuple[Mutant, ...]:
    """From every file in turn."""
    files: list[Iterator[Mutant]] = []
    for path in sorted({path for path, _ in lines}):
        source = scene.repository.read(commit, path) or b""
        files.append(mutants_of(source, path, {line for known, line in lines if known == path}))
    found: list[Mutant] = []
    for turn in zip_longest(*files):
        found += [mutant for mutant in turn if mutant is not None]
        if len(found) >= most:
            break
    return tuple(found[:most])


def _tried(scene: Scene, commit: str, covered: Covering, mutants: Sequence[Mutant], budget: float) -> Mutation:
    began = time.monotonic()
    reaching = {(mutant.path, mutant.line): covered.tests_of([(mutant.path, mutant.line)]) for mutant in mutants}
    everywhere = not all(reaching.values())  # a line that only an import runs: anybody may see what comes of it
    only = () if everywhere else tuple(sorted({test for tests in reaching.values() for test in tests}))
    try:
        with scene.trials.open(commit, only=only, seconds=budget) as session:
            return _Round(session, mutants, reaching).judged(began, budget)
    except HealerError as error:
        return Mutation(problem=str(error))


@dataclass
class _Round:
    """One session's work. ends: of mutants by number. Mutable because results come one by one."""

    session: TrialSession
    mutants: Sequence[Mutant]
    reaching: Mapping[Line, Sequence[str]]
    ends: dict[int, Tried] = field(default_factory=dict)

    def judged(self, began: float, budget: float) -> Mutation:
        opened = self.session.opened
        own = {case.id: case.seconds for case in opened.cases if case.status is CaseStatus.PASSED}
        if opened.problem or not own:
            return Mutation(problem=opened.problem or "none of the tests that run the changed lines passes by itself")
        tests = sorted(own, key=lambda test: (own[test], test))
        self.session.trace(tests, seconds=_LOOKING * budget)
        chosen = {
            mutant.change: [test for test in self.reaching[mutant.path, mutant.line] if test in own] or tests
            for mutant in self.mutants
        }

        def passing(change: Change) -> Sequence[str]:
            return chosen[change]

        changes = (mutant.change for mutant in self.mutants)
        left = budget - (time.monotonic() - began)
        self.ends = {tried.number: tried for tried in self.session.run(changes, (), passing, left)}
        return self._counted(time.monotonic() - began)

    def _counted(self, seconds: float) -> Mutation:
        endings = {number: tried.ending for number, tried in self.ends.items()}
        survivors = [self.mutants[number] for number, ending in endings.items() if ending is Ending.PASSED]
        survivors.sort(key=lambda mutant: (mutant.path, mutant.place, mutant.title))
        broken = sum(ending is Ending.UNLOADABLE for ending in endings.values())
        killed = len(endings) - len(survivors) - broken
        return Mutation(killed, tuple(survivors), broken, len(self.mutants) - len(endings), round(seconds, 3))
