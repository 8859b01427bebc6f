"""Trying proposals until what is left is too unlikely, and trying two edits where one helps and does not suffice."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gitops_healer.core.change import Change
from gitops_healer.core.trials import Ending, Tried
from gitops_healer.ports import Progress, TrialSession
from gitops_healer.repair.search.proposals import Proposal
from gitops_healer.repair.stopwatch import Stopwatch

_WORTH = 0.003  # proposals less likely than this share of the best survivor are not tried any more
_AFTER = 5000  # candidates that are tried at least, and
_LONGER = 4  # times as many as were needed for the first survivor, while anything is worth it
_MOST_SURVIVORS = 120
_PREFERRED = 12  # survivors that are tried with tests that do not end
_LEAST = 2.0  # seconds for what has to be tried whatever time is left


@dataclass(frozen=True, eq=False)
class Survivor:
    """A proposal that fixes what it should and breaks nothing."""

    proposal: Proposal
    tried: Tried


@dataclass(frozen=True, eq=False)
class Partial:
    """A proposal that helps without fixing all. gain: failing tests fixed, and less than 1 for progress in one."""

    proposal: Proposal
    fixed: tuple[str, ...]
    gain: float


@dataclass
class Search:
    """One search. goal: failing tests that must pass (a few that stand for all); rest: further failing tests that a
    survivor must fix as well; passing: for a change the tests that must stay passing, most telling first; before: how
    the tests of the goal fail without a change, `path:line error`; forbidden: why a proposal may not be offered, ""
    when it may; refused: how many passed and may not, by that reason; stumbled: templates that broke, with what they
    said."""

    session: TrialSession
    goal: tuple[str, ...]
    rest: tuple[str, ...]
    passing: Callable[[Change], Sequence[str]]
    watch: Stopwatch
    progress: Progress
    before: frozenset[str] = frozenset()
    forbidden: Callable[[Proposal], str] = lambda _: ""
    refused: Counter[str] = field(default_factory=Counter)
    drawn: int = 0
    tried: int = 0
    stumbled: dict[str, str] = field(default_factory=dict)
    survivors: list[Survivor] = field(default_factory=list)
    partials: list[Partial] = field(default_factory=list)
    _first: int = 0

    def run(self, proposals: Iterable[Proposal], until: float) -> None:
        """Try proposals, likeliest first, until `until` (seconds of the stopwatch) or until it is not worth more."""
        given: list[Proposal] = []
        drawn = self._drawn(proposals, given, until)
        results = self.session.run(drawn, self.goal, self.passing, max(0.0, until - self.watch.seconds))
        try:
            for result in results:
                self.tried += 1
                self._take(given[result.number], result)
                if self.tried % 50 == 0 or result.ending is Ending.PASSED:
                    self._tell()
        finally:
            close = getattr(results, "close", None)
            if close is not None:
                close()

    def _drawn(self, proposals: Iterable[Proposal], given: list[Proposal], until: float) -> Iterator[Change]:
        for proposal in proposals:
            if self.watch.seconds > until or self._enough(proposal):
                return
            given.append(proposal)
            self.drawn += 1
            yield proposal.change

    def _enough(self, following: Proposal) -> bool:
        if not self.survivors:
            return False
        best = max(survivor.proposal.score for survivor in self.survivors)
        late = self.tried > max(_AFTER, _LONGER * self._first)
        return late or following.score < _WORTH * best or len(self.survivors) >= _MOST_SURVIVORS

    def _take(self, proposal: Proposal, result: Tried) -> None:
        if result.broken:
            return
        if result.ending is Ending.PASSED and set(self.goal) <= set(result.fixed):
            if why := self.forbidden(proposal):
                self.refused[why] += 1
                return
            if not self.survivors:
                self._first = self.tried
            self.survivors.append(Survivor(proposal, result))
        elif gain := self._gain(result):
            self.partials.append(Partial(proposal, result.fixed, gain))

    def _gain(self, result: Tried) -> float:
        """Tests fixed; half for getting further in a test (it fails at a later line of the same file), a little for
        failing in another way."""
        if result.fixed:
            return float(len(result.fixed))
        if not result.reached or result.reached in self.before:
            return 0.0
        place = _place(result.reached)
        places = [_place(reached) for reached in self.before]
        return 0.5 if any(place[0] == path and place[1] > line for path, line in places) else 0.1

    def _tell(self) -> None:
        best = max(self.survivors, key=lambda one: one.proposal.score, default=None)
        so_far = f", best so far: {best.proposal.title} ({best.proposal.qualname})" if best is not None else ""
        self.progress(f"{self.tried:,} candidates tried, {len(self.survivors)} pass{so_far}")

    def verify(self) -> None:
        """Leave out survivors that do not fix the failing tests that the goal stood for."""
        if not self.rest or not self.survivors:
            return
        survivors = self.survivors
        changes = [survivor.proposal.change for survivor in survivors]
        kept: dict[int, Survivor] = {}
        for result in self.session.run(changes, self.rest, lambda _: (), max(_LEAST, self.watch.left)):
            survivor = survivors[result.number]
            if set(self.rest) <= set(result.fixed):
                kept[result.number] = survivor
            else:
                fixed = (*survivor.tried.fixed, *result.fixed)
                self.partials.append(Partial(survivor.proposal, fixed, float(len(fixed))))
        self.survivors = [kept[number] for number in sorted(kept)]

    def prefer(self, tests: Sequence[str]) -> tuple[str, ...]:
        """Keep the survivors that fix further tests, when any of the likeliest does: the tests that are fixed."""
        if not tests or not self.survivors:
            return ()
        survivors = sorted(self.survivors, key=lambda one: -one.proposal.score)[:_PREFERRED]
        seconds = max(_LEAST, self.watch.left / 4)
        changes = [survivor.proposal.change for survivor in survivors]
        fixed = {one.number: set(one.fixed) for one in self.session.run(changes, tests, lambda _: (), seconds)}
        most = max((len(found) for found in fixed.values()), default=0)
        if not most:
            return ()
        chosen = [number for number in sorted(fixed) if len(fixed[number]) == most]
        self.survivors = [survivors[number] for number in chosen if fixed[number] == fixed[chosen[0]]]
        return tuple(sorted(fixed[chosen[0]]))


def _place(reached: str) -> tuple[str, int]:
    """Path and line of `path:line error`."""
    path, _, line = reached.partition(" ")[0].rpartition(":")
    return path, int(line) if line.isdigit() else 0
