"""What the runs so far say of every commit: the model behind the search for a culprit. See `culprit`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, lgamma, log, log2
from typing import Final

_NONE: Final = 0.5
_EXACT: Final = 0.5
_LEAST_WEIGHT: Final = 1e-9


@dataclass(frozen=True)
class Rate:
    """Beta(failing, passing): what is thought of a chance to fail before anything was run; (1/2, 1/2) is that of
    Jeffreys, who knows nothing."""

    failing: float
    passing: float

    @cached_property
    def log_prior(self) -> float:
        return _log_beta(self.failing, self.passing)

    def log_evidence(self, failed: float, passed: float) -> float:
        """Of so many failures and passes in a row, the chance integrated out."""
        return _log_beta(self.failing + failed, self.passing + passed) - self.log_prior

    def mean(self, failed: int, passed: int) -> float:
        return (self.failing + failed) / (self.failing + failed + self.passing + passed)


_BEFORE, _AFTER, ANY = Rate(0.5, 4), Rate(1.5, 1), Rate(0.5, 0.5)


@dataclass(frozen=True)
class Guess:
    """One hypothesis and what follows from it. at: position of the culprit, 0 for none of them; before, after: chance
    that the next run on that side fails."""

    at: int
    probability: float
    before: float
    after: float


def guesses(weights: Sequence[float], low: int, failed: Sequence[int], passed: Sequence[int]) -> tuple[Guess, ...]:
    """None of them, and every position after `low`. weights: one a position; failed, passed: runs before each position,
    and of all in the last entry."""
    all_failed, all_passed = failed[-1], passed[-1]
    total = sum(max(weight, _LEAST_WEIGHT) for weight in weights[low + 1 :])
    rate = ANY.mean(all_failed, all_passed)
    rows = [(log(_NONE) + ANY.log_evidence(all_failed, all_passed), 0, rate, rate)]
    for at in range(low + 1, len(weights)):
        early, late = (failed[at], passed[at]), (all_failed - failed[at], all_passed - passed[at])
        exact = log(_EXACT) if not early[0] and not late[1] else -inf
        noisy = log(1 - _EXACT) + _BEFORE.log_evidence(*early) + _AFTER.log_evidence(*late)
        both = _log_sum(exact, noisy)
        share = exp(exact - both)
        before = (1 - share) * _BEFORE.mean(*early)
        after = share + (1 - share) * _AFTER.mean(*late)
        prior = log((1 - _NONE) * max(weights[at], _LEAST_WEIGHT) / total)
        rows.append((prior + both, at, before, after))
    top = max(row[0] for row in rows)
    whole = sum(exp(row[0] - top) for row in rows)
    return tuple(Guess(at, exp(score - top) / whole, before, after) for score, at, before, after in rows)


def information(guesses: Sequence[Guess], positions: range) -> dict[int, float]:
    """Bits that one run at each position tells about the hypotheses: the entropy of its outcome, less what of it is
    chance under each. Guesses change sides one by one as the position grows."""
    by_position = {guess.at: guess for guess in guesses}
    failing = sum(guess.probability * guess.before for guess in guesses)
    chance = sum(guess.probability * _bits(guess.before) for guess in guesses)
    learnt = {}
    for position in positions:
        if position and (guess := by_position.get(position)) is not None:
            failing += guess.probability * (guess.after - guess.before)
            chance += guess.probability * (_bits(guess.after) - _bits(guess.before))
        learnt[position] = _bits(min(1.0, max(0.0, failing))) - chance
    return learnt


def _bits(chance: float) -> float:
    return -sum(part * log2(part) for part in (chance, 1 - chance) if part > 0)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)


def _log_sum(first: float, second: float) -> float:
    top = max(first, second)
    return top + log(exp(first - top) + exp(second - top))
