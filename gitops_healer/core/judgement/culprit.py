"""Which commit made it fail: a search by runs that may lie now and then.

Both ends are run first and in turn (base, head, base, head: what changes on the machine meanwhile hits both alike, as
PyTorch's autorevert demands of a failure that it acts on). When the base fails as well, no commit is to blame; when the
head passes, there is nothing to find. Then the commit is run from whose outcome most is learnt, until one commit is
certain enough, and that one and its parent are run once more (as LUCI Bisection verifies a culprit).

The model is that of a noisy binary search (Henderson et al., "Flake Aware Culprit Finding", ICST 2023), but for its
rates, which nobody knows beforehand: runs fail with chance p before the culprit and q from it on, each commit has a
prior weight, and beside "commit k did it" stands "none of them did", with one rate for all. p and q are integrated out
(Beta priors), so that what the runs say of them counts, and doubt about them too. With a chance of 1/2 they are 0 and 1
exactly: as long as no run contradicts, the search is a bisection by weight.

Assumed: runs do not depend on each other, rates depend on the side of the culprit only, and the failure that came was
not gone again in between. The last run of both sides guards against the first two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import inf
from typing import Final

from gitops_healer.core.attribution import Blame, Candidate
from gitops_healer.core.judgement.noisy_search import ANY, Guess, guesses, information

Run = Callable[[str], bool | None]
"""Runs what fails at a commit. True: it failed; False: it passed; None: it could not be run there."""

LEAST_GAP: Final = 0.25
"""With q - p below it, more runs than anybody has would be needed."""
_FEW_ROUNDS, _QUIET_ROUNDS, _ROUNDS = 3, 4, 6
_SURELY_NONE: Final = 0.95
_NAMED: Final = 3
_LEAST_LEARNT: Final = 1e-9  # bits


@dataclass(frozen=True)
class Found:
    """What a search came to. standing: (commit, probability) of every candidate that is not ruled out, likeliest
    first; probes: (commit, whether it failed, None when it could not be run), in order; parent: the commit before the
    culprit; base_failing, head_failing: chance of a failing run before the culprit and from it on, as it is estimated
    (at both ends where there is no culprit)."""

    blame: Blame
    reason: str
    culprit: str = ""
    parent: str = ""
    probability: float = 0.0
    base_failing: float = 0.0
    head_failing: float = 0.0
    standing: tuple[tuple[str, float], ...] = ()
    probes: tuple[tuple[str, bool | None], ...] = ()

    @property
    def runs(self) -> int:
        return len(self.probes)

    @property
    def unrunnable(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(commit for commit, failed in self.probes if failed is None))


def search(
    base: str,
    candidates: Sequence[Candidate],
    run: Run,
    *,
    runs: int,
    certainty: float,
    time_left: Callable[[], float] = lambda: inf,
) -> Found:
    """Find the candidate since which `run` fails. base: the last good commit; candidates: what came after it, newest
    last; runs: at most so many; certainty: probability that the culprit must have; time_left: seconds.

    Raises ValueError without candidates.
    """
    if not candidates:
        raise ValueError("no candidates: there is nothing to search among")
    commits = (base, *(candidate.commit for candidate in candidates))
    weights = (0.0, *(candidate.weight for candidate in candidates))
    hunt = _Hunt(commits, weights, run, runs, certainty, time_left)
    return hunt.ends() or hunt.between()


@dataclass
class _Hunt:
    """The runs so far. Positions: 0 is the base, the last is the head. low: the oldest position that can be run."""

    commits: tuple[str, ...]
    weights: tuple[float, ...]
    run: Run
    most: int
    certainty: float
    time_left: Callable[[], float]
    low: int = 0
    probes: list[tuple[int, bool | None]] = field(default_factory=list)
    verified: dict[int, int] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return len(self.commits) - 1

    @property
    def over(self) -> str:
        """Why no more runs are made, "" while they are."""
        if len(self.probes) >= self.most:
            return f"all {self.most} runs were made"
        return "time was over" if self.time_left() <= 0 else ""

    def probe(self, position: int) -> bool | None:
        failed = self.run(self.commits[position])
        self.probes.append((position, failed))
        return failed

    def counts(self, position: int) -> tuple[int, int]:
        """(failed, passed)"""
        told = [failed for at, failed in self.probes if at == position and failed is not None]
        return sum(told), len(told) - sum(told)

    @property
    def lost(self) -> frozenset[int]:
        """Positions that could not be run; one run that told is enough to try again."""
        told = {at for at, failed in self.probes if failed is not None}
        return frozenset(at for at, failed in self.probes if failed is None) - told

    # Both ends

    def ends(self) -> Found | None:
        """Run both ends in turn. None when there is something to search for."""
        for number in range(1, _ROUNDS + 1):
            for position in (self.low, self.head):
                if over := self.over:
                    return self.undecided(f"{over} before both ends were known")
                if self.probe(position) is None and (stuck := self.unrunnable_end(position)):
                    return stuck
            if (told := self.told(number)) is not None:
                return None if told is Blame.FOUND else self.refused(told)
        return self.refused(self.settled())

    def told(self, rounds: int) -> Blame | None:
        """What the ends say when they say it plainly. FOUND: there is something to be found."""
        (base_failed, base_passed), (head_failed, head_passed) = self.counts(self.low), self.counts(self.head)
        if rounds < _FEW_ROUNDS:
            return None
        if not base_failed and not head_passed:
            return Blame.FOUND
        if not base_passed and not head_passed:
            return Blame.ENVIRONMENT
        if not base_failed and not head_failed and rounds >= _QUIET_ROUNDS:
            return Blame.NOT_REPRODUCED
        return None if rounds < _ROUNDS or self.settled() is not Blame.FOUND else Blame.FOUND

    def settled(self) -> Blame:
        """What all rounds of the ends say."""
        base, head = ANY.mean(*self.counts(self.low)), ANY.mean(*self.counts(self.head))
        if not self.counts(self.head)[0]:
            return Blame.NOT_REPRODUCED
        if head - base >= LEAST_GAP:
            return Blame.FOUND
        return Blame.ENVIRONMENT if base > 0.75 and head > 0.75 else Blame.FLAKY

    def unrunnable_end(self, position: int) -> Found | None:
        """Look for the oldest commit that can be run, by halves: what came late cannot be run before it was there."""
        if position == self.head or self.counts(position) != (0, 0):
            return self.undecided(f"it cannot be run at {_short(self.commits[position])}")
        lost, runnable = position, self.head
        while runnable - lost > 1:
            if over := self.over:
                return self.undecided(f"{over} before a commit was found where it can be run")
            middle = (lost + runnable) // 2
            lost, runnable = (middle, runnable) if self.probe(middle) is None else (lost, middle)
        if runnable == self.head:
            return self.undecided("it can be run at the newest commit only")
        self.low = runnable
        return None

    def refused(self, blame: Blame) -> Found:
        base, head = self.commits[self.low], self.commits[self.head]
        told = f"it failed in {_of(self.counts(self.low))} at {_short(base)}"
        told += f" and in {_of(self.counts(self.head))} at {_short(head)}"
        if self.low and blame in (Blame.ENVIRONMENT, Blame.FLAKY):
            return self.undecided(f"{told}, and no commit before {_short(base)} can be run")
        reasons = {
            Blame.ENVIRONMENT: f"the last good commit fails as well: {told}",
            Blame.NOT_REPRODUCED: f"it passes at the newest commit: {told}",
            Blame.FLAKY: f"too much chance is in it to tell: {told}",
        }
        return self.ended(blame, reasons[blame])

    # Between them

    def between(self) -> Found:
        """Run where most is learnt until one commit is certain, and then it and its parent once more."""
        while not (over := self.over):
            guesses = self.guesses()
            best = max(guesses, key=lambda guess: guess.probability)
            if best.probability >= self.certainty and best.at and not self.apart(best.at):
                if self.sandwiched(best):
                    return self.found(best)
                self.verified[best.at] = self.verified.get(best.at, 0) + 1
                self.probe(best.at if self.verified[best.at] % 2 else best.at - 1)
                continue
            if not best.at and best.probability >= _SURELY_NONE:
                return self.refused(Blame.FLAKY)
            if (group := self.blurred(guesses)) or (position := self.telling(guesses)) is None:
                return self.undecided(f"{_listed([_short(self.commits[at]) for at in group])} cannot be told apart")
            self.probe(position)
        return self.undecided(over)

    def sandwiched(self, best: Guess) -> bool:
        """Whether the culprit and its parent were run again, in turn, after it was certain; twice where runs of one
        side differ."""
        (failed, _), (_, passed) = self.counts(best.at), self.counts(best.at - 1)
        rounds = 1 if self.clean(best.at) else 2
        return self.verified.get(best.at, 0) >= 2 * rounds and failed >= 2 and passed >= 2

    def clean(self, at: int) -> bool:
        """Whether everything passed before and failed from there on."""
        return all(failed is None or failed == (position >= at) for position, failed in self.probes)

    def apart(self, at: int) -> frozenset[int]:
        """Of a commit and its parent, those that cannot be run: then no run tells it from its neighbours."""
        return self.lost & {at - 1, at}

    def blurred(self, guesses: Sequence[Guess]) -> tuple[int, ...]:
        """Commits that are certain together, when nothing between them can be run; () when there is no such group."""
        group: list[Guess] = []
        for guess in sorted((guess for guess in guesses if guess.at), key=lambda guess: guess.at):
            if group and guess.at - 1 not in self.lost:
                group = []
            group.append(guess)
            if len(group) > 1 and sum(one.probability for one in group) >= self.certainty:
                whole = range(group[0].at, self.head + 1)
                end = next((at for at in whole if at not in self.lost), self.head)
                return tuple(range(group[0].at, end + 1))
        return ()

    def guesses(self) -> tuple[Guess, ...]:
        """All hypotheses with their probabilities after all runs so far."""
        return guesses(self.weights, self.low, *self.tallies())

    def tallies(self) -> tuple[list[int], list[int]]:
        """How many runs failed and passed before each position; the last entry counts all of them."""
        failed, passed = [0] * len(self.commits), [0] * len(self.commits)
        for at, outcome in self.probes:
            failed[at] += outcome is True
            passed[at] += outcome is False
        return [0, *accumulate(failed)], [0, *accumulate(passed)]

    def telling(self, guesses: Sequence[Guess]) -> int | None:
        """The position whose next run tells most about which hypothesis holds (mutual information); None when no run
        tells anything."""
        learnt = information(guesses, range(self.low, self.head + 1))
        best = max((at for at in learnt if at not in self.lost), key=lambda at: (learnt[at], -at))
        return best if learnt[best] > _LEAST_LEARNT else None

    # Ending

    def found(self, best: Guess) -> Found:
        parent, culprit = self.commits[best.at - 1], self.commits[best.at]
        failed, passed = self.tallies()
        before, after = (failed[best.at], passed[best.at]), (failed[-1] - failed[best.at], passed[-1] - passed[best.at])
        if ANY.mean(*after) - ANY.mean(*before) < LEAST_GAP:
            return self.refused(Blame.FLAKY)
        reason = f"{_short(culprit)} fails in {_of(self.counts(best.at))}, and {_short(parent)} before it in "
        reason += f"{_of(self.counts(best.at - 1))}"
        return self.ended(Blame.FOUND, reason, best)

    def undecided(self, why: str) -> Found:
        standing = self.standing()
        named = [f"{_short(commit)} ({probability:.0%})" for commit, probability in standing[:_NAMED]]
        return self.ended(Blame.UNDECIDED, f"{why}; likeliest: {', '.join(named)}" if named else why)

    def ended(self, blame: Blame, reason: str, best: Guess | None = None) -> Found:
        failed, passed = self.tallies()
        cut = best.at if best else self.head
        early = (failed[cut], passed[cut]) if best else self.counts(self.low)
        late = (failed[-1] - failed[cut], passed[-1] - passed[cut])
        return Found(
            blame,
            reason,
            self.commits[best.at] if best else "",
            self.commits[best.at - 1] if best else "",
            best.probability if best else 0.0,
            ANY.mean(*early),
            ANY.mean(*late),
            self.standing(),
            tuple((self.commits[at], failed) for at, failed in self.probes),
        )

    def standing(self) -> tuple[tuple[str, float], ...]:
        ranked = sorted(self.guesses(), key=lambda guess: (-guess.probability, -guess.at))
        return tuple((self.commits[one.at], one.probability) for one in ranked if one.at and one.probability >= 0.001)


def _short(commit: str) -> str:
    return commit[:10]


def _of(counts: tuple[int, int]) -> str:
    failed, passed = counts
    return f"{failed} of {failed + passed} run{'s' * (failed + passed != 1)}"


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else "".join(names) or "the candidates"
