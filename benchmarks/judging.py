"""How often the judgement after a merge is wrong, and how fast it is right. Simulated; same figures in every run.

    python benchmarks/judging.py [--repetitions 1000]

Calls come at random times (Poisson), each fails with a fixed probability. 7 days before the merge, 24 hours after it,
looked at every 5 minutes. Beside ours stands the rule that one would write first: success rate 15 % below that of
before, over at least 10 executions.
"""

import argparse
import random
from collections.abc import Callable, Iterator
from statistics import median

from gitops_healer.core.judging import Tolerance, judge
from gitops_healer.core.watching import Judgement, Reading

TOLERANCE = Tolerance(min_executions=10, min_failures=3, margin=0.02, alpha=0.01)
LOOKS = 288
BEFORE_HOURS = 7 * 24

Rule = Callable[[Reading], bool]


def ours(reading: Reading) -> bool:
    return judge([reading], TOLERANCE, closing=False).judgement is Judgement.REGRESSED


def drop_of_15_percent(reading: Reading) -> bool:
    if min(reading.before_total, reading.after_total) < 10:
        return False
    before = 1 - reading.before_failed / reading.before_total
    return 1 - reading.after_failed / reading.after_total <= 0.85 * before


def watch(chance: random.Random, per_hour: float, before: float, after: float) -> Iterator[Reading]:
    """What is seen at each look of one watch. before, after: success rates. Every failing input is another one."""
    total = _poisson(chance, per_hour * BEFORE_HOURS)
    failed = _binomial(chance, total, 1 - before)
    seen = seen_failed = 0
    for _ in range(LOOKS):
        new = _poisson(chance, per_hour / 12)
        seen, seen_failed = seen + new, seen_failed + _binomial(chance, new, 1 - after)
        yield Reading("executions", "tool", total, failed, seen, seen_failed, seen_failed)


def first_alarms(
    rules: list[Rule], repetitions: int, per_hour: float, before: float, after: float, seed: int = 1
) -> list[list[float]]:
    """For each rule, the hour of its first alarm in each watch that it alarmed in."""
    chance = random.Random(f"{seed}/{per_hour}/{before}/{after}")
    hours: list[list[float]] = [[] for _ in rules]
    for _ in range(repetitions):
        waiting, last = dict(enumerate(rules)), -1
        for look, reading in enumerate(watch(chance, per_hour, before, after), start=1):
            if reading.after_total == last:
                continue
            last = reading.after_total
            for place in [place for place, rule in waiting.items() if rule(reading)]:
                hours[place].append(look / 12)
                del waiting[place]
    return hours


def _poisson(chance: random.Random, mean: float) -> int:
    """By waiting times; normal for large means, where nobody can tell."""
    if mean > 500:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    count, waited = 0, chance.expovariate(1)
    while waited < mean:
        count, waited = count + 1, waited + chance.expovariate(1)
    return count


def _binomial(chance: random.Random, count: int, rate: float) -> int:
    return sum(chance.random() < rate for _ in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    print(f"{repetitions} watches each; alarm in % of watches / median hour of the first alarm")
    print("success    per hour   this rule        15 % drop")
    for before in (0.90, 0.95, 0.99):
        for after in (before, before - 0.02, 0.80, 0.50):
            for per_hour in (1, 10, 100):
                found = first_alarms([ours, drop_of_15_percent], repetitions, per_hour, before, after)
                cells = [f"{len(h) / repetitions:6.2%} {median(h) if h else float('nan'):6.2f} h" for h in found]
                print(f"{before:.2f}->{after:.2f} {per_hour:8}   {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main()
