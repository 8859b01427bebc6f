"""What all steps of a search share: what is ordered, on which ground, in which time."""

from dataclasses import dataclass, field

from gitops_healer.core.change import Change
from gitops_healer.core.testing import TestCase
from gitops_healer.ports import TrialSession
from gitops_healer.registry import Scene
from gitops_healer.repair.search.oracle import Oracle
from gitops_healer.repair.search.searching import Search
from gitops_healer.repair.stopwatch import Stopwatch

OPENING = 0.6
"""Share of the budget in which the unchanged suite has to have run."""
_SEARCH = 0.85  # share after which nothing is tried any more: the rest is for ranking and proof
_STARTING = 2.0  # seconds until a fresh run of the suite begins with its first test


@dataclass(frozen=True)
class Order:
    """What is to be repaired at the scene's commit. tests: ids that must pass, all failing ones when empty; extra:
    files that are added for the trials (a reproduction); budget: seconds."""

    tests: tuple[str, ...] = ()
    extra: Change | None = None
    budget: float = 120.0


@dataclass(frozen=True)
class Work:
    """What all steps share."""

    scene: Scene
    order: Order
    session: TrialSession
    watch: Stopwatch
    searches: list[Search] = field(default_factory=list)  # begun: what there is to tell when somebody ends it

    @property
    def cases(self) -> tuple[TestCase, ...]:
        return self.session.opened.cases

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.session.opened, self.order.tests)

    @property
    def until(self) -> float:
        """Seconds of the stopwatch after which nothing is tried any more: the rest is for ranking and proof, which
        takes as long as the suite does."""
        budget = self.order.budget
        suite = _STARTING + sum(case.seconds for case in self.cases)
        return budget - max((1 - _SEARCH) * budget, min(budget / 2, suite))
