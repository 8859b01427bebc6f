"""Collects what the search knows of patches that pass, asks held-out inputs which are right, fits the ranking to it.

    python benchmarks/ranking.py collect FILE [--set shown] [--sample 60] [--seed 1] [--budget 60]
    python benchmarks/ranking.py fit FILE…

`collect` runs the search on bugs of a set and writes for each the behaviours that pass with their features and whether
the best patch of each is right (its probe prints what the correct program's does). `fit` finds weights under which the
right behaviour is the likeliest (conditional logit, gradient ascent, pulled towards today's weights), prints them, and
how often rank 1 and the first three are right, and for some thresholds how many repairs are certain and how many of
these are wrong; by cross-validation over five parts.
"""

import argparse
import json
import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bugs import SETS, Case, Judge, lay_out, read_cases
from patches import make_sandbox

from gitops_healer.places import Choices
from gitops_healer.repair.search import engine
from gitops_healer.repair.search.goals import goal_of
from gitops_healer.repair.search.ranking import CONFIDENCE, WEIGHTS, Ranking, grounds
from gitops_healer.wiring import build_world

_JUDGED = 10
_PULL = 0.02


@dataclass(frozen=True)
class Known:
    """One behaviour. members: features of up to five of its patches, best first; right: whether the first is."""

    members: list[dict[str, float]]
    template: str
    title: str
    right: bool


@dataclass(frozen=True)
class Bug:
    name: str
    kind: str
    tried: int
    seconds: float
    visible: bool
    behaviours: list[Known]


def collect(case: Case, judge: Judge, budget: float) -> Bug:
    with tempfile.TemporaryDirectory(prefix="ranking-") as folder:
        tree = lay_out(case, Path(folder))
        world = build_world(Choices(tree, options={"testing.command": "pytest"}))
        scene = world.scene(world.repository.snapshot())
        watch = engine.Stopwatch(budget)
        with scene.trials.open(scene.commit) as session:
            work = engine.Work(scene, engine.Order(budget=budget), session, watch)
            failing = work.oracle.failing
            goal = goal_of(failing)
            search = engine.searched(work, goal, engine.located(work, goal, failing))
            ranking = engine.ranked(work, search.survivors, goal) if search.survivors else Ranking((), (), ())
        known = [_known(one, case, judge, tree) for one in ranking.behaviours[:_JUDGED]]
        return Bug(case.title, case.kind, search.tried, watch.seconds, ranking.visible, known)


def _known(behaviour: Any, case: Case, judge: Judge, tree: Path) -> Known:
    proposal = behaviour.best.survivor.proposal
    sources = {path: (tree / path).read_bytes() for path in proposal.change.paths}
    told = judge.judge({"diff": proposal.change.diff(sources)}, case.program, tree)
    members = [dict(member.features) for member in behaviour.members[:5]]
    return Known(members, "+".join(proposal.templates), proposal.title, told.correct)


def utility(known: dict[str, Any], weights: dict[str, float]) -> tuple[float, dict[str, float]]:
    """As in `ranking`: the best member, raised by half the logarithm of what the others add. And its gradient."""
    scores = [sum(weights.get(n, 0.0) * v for n, v in member.items()) for member in known["members"]]
    best = max(range(len(scores)), key=scores.__getitem__)
    others = sum(math.exp(score - scores[best]) for n, score in enumerate(scores) if n != best)
    return scores[best] + 0.5 * math.log1p(others), known["members"][best]


def shares(bug: dict[str, Any], weights: dict[str, float]) -> list[float]:
    values = [utility(known, weights)[0] for known in bug["behaviours"]]
    top = max(values)
    powers = [math.exp(value - top) for value in values]
    return [power / sum(powers) for power in powers]


def fit(bugs: Sequence[dict[str, Any]], steps: int = 400) -> dict[str, float]:
    weights, first = dict(WEIGHTS), dict(WEIGHTS)
    useful = [bug for bug in bugs if any(k["right"] for k in bug["behaviours"]) and len(bug["behaviours"]) > 1]
    for step in range(steps):
        gradient = {name: _PULL * len(useful) * (first[name] - weights[name]) for name in weights}
        for bug in useful:
            likely = shares(bug, weights)
            good = sum(share for share, known in zip(likely, bug["behaviours"], strict=True) if known["right"])
            for share, known in zip(likely, bug["behaviours"], strict=True):
                slope = (share / good if known["right"] else 0.0) - share
                for name, value in utility(known, weights)[1].items():
                    if name in gradient:
                        gradient[name] += slope * value
        for name in weights:
            weights[name] += 1.0 / (1 + step / 40) * max(-1.0, min(1.0, gradient[name] / max(1, len(useful))))
    return weights


def fit_confidence(bugs: Sequence[dict[str, Any]], weights: dict[str, float], steps: int = 600) -> dict[str, float]:
    """Logistic regression of `rank 1 is right`, pulled towards today's."""
    rows = [first_of(bug, weights) for bug in bugs]
    fitted, first = dict(CONFIDENCE), dict(CONFIDENCE)
    for step in range(steps):
        gradient = {name: _PULL * (first[name] - fitted[name]) for name in fitted}
        for found, right in rows:
            wrongness = float(right) - confidence(found, fitted)
            for name in gradient:
                gradient[name] += wrongness * found.get(name, 0.0) / len(rows)
        for name in fitted:
            fitted[name] += 0.5 / (1 + step / 100) * max(-1.0, min(1.0, gradient[name]))
    return fitted


def confidence(found: dict[str, float], weights: dict[str, float]) -> float:
    return 1 / (1 + math.exp(-sum(weights[name] * found.get(name, 0.0) for name in weights)))


def first_of(bug: dict[str, Any], weights: dict[str, float]) -> tuple[dict[str, float], bool]:
    """(what confidence in the first behaviour rests on, whether it is right)"""
    likely = shares(bug, weights)
    best = max(range(len(likely)), key=likely.__getitem__)
    known = bug["behaviours"][best]
    return grounds(utility(known, weights)[1], likely[best]), known["right"]


def outcome(bug: dict[str, Any], weights: dict[str, float], sure: dict[str, float]) -> tuple[float, bool, bool]:
    """(confidence in the first, whether it is right, whether one of the first three is)"""
    likely = shares(bug, weights)
    order = sorted(range(len(likely)), key=lambda n: -likely[n])
    right = [bug["behaviours"][n]["right"] for n in order]
    return confidence(first_of(bug, weights)[0], sure) if bug["visible"] else 0.0, right[0], any(right[:3])


def report(title: str, told: Sequence[tuple[float, bool, bool]], total: int) -> None:
    first, three = sum(one[1] for one in told), sum(one[2] for one in told)
    print(f"{title}: {len(told)} of {total} plausible, rank 1 right {first}, in the first three {three}")
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98):
        sure = [one for one in told if one[0] >= threshold]
        print(f"   confidence {threshold:4}: {len(sure):3} certain, {sum(not one[1] for one in sure)} of them wrong")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["collect", "fit"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--set", default="shown")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=60.0)
    options = parser.parse_args()
    if options.mode == "collect":
        cases = list(read_cases(SETS / options.set))
        random.Random(options.seed).shuffle(cases)
        chosen = cases[: options.sample or None]
        with Path(options.files[0]).open("a", encoding="utf-8") as file:
            for bug in collected(chosen, options):
                file.write(json.dumps(asdict(bug)) + "\n")
                file.flush()
        return
    bugs = [json.loads(line) for file in options.files for line in Path(file).read_text().splitlines()]
    plausible = [bug for bug in bugs if bug["behaviours"]]
    report("today's weights", [outcome(bug, dict(WEIGHTS), dict(CONFIDENCE)) for bug in plausible], len(bugs))
    crossed = []
    for part in range(5):
        others = [bug for n, bug in enumerate(plausible) if n % 5 != part]
        weights = fit(others)
        sure = fit_confidence(others, weights)
        crossed += [outcome(bug, weights, sure) for n, bug in enumerate(plausible) if n % 5 == part]
    report("fitted, cross-validated", crossed, len(bugs))
    weights = fit(plausible)
    for name, weight in weights.items():
        print(f'    "{name}": {weight:.2f},  # was {WEIGHTS[name]:.2f}')
    for name, weight in fit_confidence(plausible, weights).items():
        print(f'    confidence "{name}": {weight:.2f},  # was {CONFIDENCE[name]:.2f}')


def collected(cases: Sequence[Case], options: argparse.Namespace) -> Iterator[Bug]:
    judge = Judge(make_sandbox())
    for case in cases:
        try:
            bug = collect(case, judge, options.budget)
        except Exception as error:  # one broken case must not cost all others
            print(f"{case.title}: {type(error).__name__}: {error}", flush=True)
            continue
        right = [known.right for known in bug.behaviours]
        where = right.index(True) + 1 if True in right else 0
        print(
            f"{case.title}: {bug.tried} tried, {bug.seconds:.0f} s, {len(right)} behaviours, right at {where}",
            flush=True,
        )
        yield bug


if __name__ == "__main__":
    main()
