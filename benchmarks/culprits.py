"""How often a search for the culprit names the wrong commit, and how many runs it takes. Simulated; same figures in
every run.

    python benchmarks/culprits.py [--trials 1000]

Of N commits one makes runs fail with chance q, before it they fail with chance p; in every fifth case none of them did:
half of these fail with chance q at every commit (the world around changed), half with chance p (it went by). Every
trial is searched by three rules with the same luck beforehand: bisection with one run a step and both ends believed,
bisection by the majority of five runs a step, and ours (certainty 0.99, at most 60 runs). Ours is tried with flat
weights, and with weights of 8 for a quarter of the commits, among which the culprit is in 3 of 4 cases.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_healer.core.attribution import Blame, Candidate
from gitops_healer.core.judgement.culprit import search

SIZES = (2, 8, 12, 32, 64)
RATES = ((1.0, 0.0), (0.9, 0.02), (0.7, 0.05), (0.5, 0.05))
NONE_OF_THEM = 0.2
MOST_RUNS = 60
CERTAINTY = 0.99


@dataclass
class Bench:
    """One trial: commits 1 to `size` after commit 0. culprit: 0 for none of them; everywhere: the rate then."""

    size: int
    culprit: int
    q: float
    p: float
    everywhere: float
    chance: random.Random
    runs: int = 0

    def run(self, position: int) -> bool:
        self.runs += 1
        rate = self.everywhere if not self.culprit else self.q if position >= self.culprit else self.p
        return self.chance.random() < rate


Rule = Callable[[Bench, Sequence[float]], int | None]
"""The culprit's number, None where the rule names none."""


def bisection(bench: Bench, fails: Callable[[int], bool]) -> int:
    good, bad = 0, bench.size
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if fails(middle) else (middle, bad)
    return bad


def naive(bench: Bench, weights: Sequence[float]) -> int | None:
    return bisection(bench, bench.run)


def five_runs(bench: Bench, weights: Sequence[float]) -> int | None:
    return bisection(bench, lambda position: sum(bench.run(position) for _ in range(5)) >= 3)


def ours(bench: Bench, weights: Sequence[float]) -> int | None:
    candidates = [Candidate(str(number), "", "", "", weight) for number, weight in enumerate(weights, start=1)]
    found = search("0", candidates, lambda commit: bench.run(int(commit)), runs=MOST_RUNS, certainty=CERTAINTY)
    return int(found.culprit) if found.blame is Blame.FOUND else None


def trial(size: int, q: float, p: float, seed: str, *, weighted: bool) -> tuple[Bench, list[float]]:
    chance = random.Random(seed)
    weights = [8.0 if weighted and chance.random() < 0.25 else 1.0 for _ in range(size)]
    heavy = [number for number, weight in enumerate(weights, start=1) if weight > 1]
    culprit = chance.choice(heavy) if heavy and chance.random() < 0.75 else chance.randint(1, size)
    if chance.random() < NONE_OF_THEM:
        culprit = 0
    return Bench(size, culprit, q, p, chance.choice((q, p)), chance), weights


def row(rule: Rule, size: int, q: float, p: float, trials: int, *, weighted: bool = False) -> str:
    told: Counter[str] = Counter()
    runs = 0
    for number in range(trials):
        bench, weights = trial(size, q, p, f"{size}/{q}/{p}/{number}", weighted=weighted)
        said = rule(bench, weights)
        right = said == (bench.culprit or None)
        told["right" if right else "undecided" if said is None else "wrong"] += 1
        runs += bench.runs
    shares = " ".join(f"{told[word] / trials:>8.2%}" for word in ("right", "wrong", "undecided"))
    return f"{shares} {runs / trials:>6.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    trials = parser.parse_args().trials
    rules: list[tuple[str, Rule, bool]] = [
        ("one run a step", naive, False), ("five runs a step", five_runs, False), ("ours", ours, False),
        ("ours, weighted", ours, True),
    ]  # fmt: skip
    print(f"{trials} trials a line; right: the culprit, or none where there is none")
    print(f"{'q':>4} {'p':>5} {'N':>3}  {'rule':<17} {'right':>8} {'wrong':>8} {'no word':>8} {'runs':>6}")
    began = time.perf_counter()
    for q, p in RATES:
        for size in SIZES:
            for name, rule, weighted in rules:
                print(f"{q:>4} {p:>5} {size:>3}  {name:<17} {row(rule, size, q, p, trials, weighted=weighted)}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
