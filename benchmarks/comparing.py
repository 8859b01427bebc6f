"""What comparing costs and how often it is right, beside what others do.

    python benchmarks/comparing.py cost
    python benchmarks/comparing.py verdicts [--releases 60] [--inputs 20,50,200]

`cost`: microseconds of CPU time of one comparison, the least of some rounds; DeepDiff when it is installed (it is no
dependency), and not for 5,000 shuffled dicts of which a tenth is changed: that takes it half a minute.

`verdicts`: a function whose results have a timestamp, a uuid, shuffled tags, floats summed in any order, and a flag
that flips on 5 % of its calls, in releases that change nothing or plant one bug; the share of releases that each rule
calls changed:

* exact: less than 95 % of the results are the same text;
* Diffy's: the base runs twice, the release once; a place is suspicious when the number of inputs on which it differs
  between release and base, and that between base and base, are further apart than a fifth of their sum and than 0.03 %
  of the inputs (Diffy's thresholds as they are by default: relative 20 %, absolute 0.03 %);
* ours: `learn` on three runs of the base, `compare`, and up to five mismatches are run three times more on both
  sides; one that is there each time counts.
"""

import argparse
import json
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from gitops_healer.core.calls import Seen
from gitops_healer.core.comparing import as_json, differences
from gitops_healer.core.noise import rules_of
from gitops_healer.core.pairing import compare, learn_seen
from gitops_healer.core.shadowing import Kind, Origin, Rules, Sample

SMALL = {"id": 7, "name": "a short text", "price": 9.5, "ok": True, "tags": ["new", "sold"], "size": {"w": 3, "h": 4}}
ROWS = [{"id": n, "name": f"row {n}", "qty": n % 7, "price": n * 1.1, "tags": ["a", "b"]} for n in range(5000)]
PLAIN, ANY_ORDER = Rules(), Rules(unordered=frozenset({"$"}))


def least(call: Callable[[], object], seconds: float = 1.0, most: int = 2000) -> float:
    """Microseconds of the fastest of as many calls as fit, at least one."""
    best, end = float("inf"), time.process_time() + seconds
    for _ in range(most):
        begin = time.process_time()
        call()
        now = time.process_time()
        best = min(best, now - begin)
        if now > end:
            break
    return best * 1e6


def cost() -> None:
    shuffled = [dict(row) for row in ROWS]
    random.Random(1).shuffle(shuffled)
    changed = [dict(row, qty=row["qty"] + 1) if n % 10 == 0 else row for n, row in enumerate(shuffled)]
    in_order = [dict(row, qty=row["qty"] + 1) if n % 10 == 0 else row for n, row in enumerate(ROWS)]
    small, copy = SMALL, json.loads(json.dumps(SMALL))
    pairs: list[tuple[str, Any, Any, Rules]] = [
        ("small dict, equal", small, copy, PLAIN),
        ("small dict, one value changed", small, {**copy, "price": 9.6}, PLAIN),
        ("small dict, with rules", small, copy, Rules(ignored=frozenset({"$.id"}), unordered=frozenset({"$.tags"}))),
        ("5,000 dicts, equal", ROWS, [dict(row) for row in ROWS], PLAIN),
        ("5,000 dicts, 10 % changed", ROWS, in_order, PLAIN),
        ("5,000 dicts, shuffled", ROWS, shuffled, ANY_ORDER),
        ("5,000 dicts, shuffled, 10 % changed", ROWS, changed, ANY_ORDER),
        ("1,000 dicts, shuffled, 10 % changed", ROWS[:1000], _shuffled(in_order[:1000]), ANY_ORDER),
    ]
    print("| values | == | as JSON | ours | DeepDiff |\n|---|---|---|---|---|")
    for name, left, right, rules in pairs:
        texts = json.dumps(left), json.dumps(right)
        times = [
            least(lambda left=left, right=right: left == right),
            least(lambda texts=texts: as_json(texts[0], texts[1] + " ")),
            least(lambda left=left, right=right, rules=rules: differences(left, right, rules)),
            None if left is ROWS and right is changed else _deepdiff(left, right, bool(rules.unordered)),
        ]
        print(f"| {name} | " + " | ".join(_microseconds(value) for value in times) + " |", flush=True)


def _shuffled(items: list[Any]) -> list[Any]:
    return random.Random(2).sample(items, len(items))


def _deepdiff(left: Any, right: Any, any_order: bool) -> float | None:
    try:
        from deepdiff import DeepDiff
    except ImportError:
        return None
    options = {"ignore_order": True} if any_order else {"math_epsilon": 1e-9}
    return least(lambda: DeepDiff(left, right, **options))


def _microseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


Release = Callable[[int, dict[str, Any], random.Random], dict[str, Any]]


def result(given: int, chance: random.Random) -> dict[str, Any]:
    """What the base returns for an input; all its noise comes from `chance`."""
    parts = [0.1 * (given % 5 + 1), 1e-3 / 3, 1e6 / 7, 0.7]
    tags = [f"tag {given % 11}", "new", "sold", f"size {given % 3}"]
    chance.shuffle(parts)
    chance.shuffle(tags)
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128))),
        "at": f"2026-01-01T12:{chance.randrange(60):02}:{chance.randrange(60):02}",
        "number": given,
        "kind": "gold" if given % 3 else "plain",
        "total": sum(parts),
        "tags": tags,
        "cached": chance.random() < 0.05,
    }


RELEASES: dict[str, Release] = {
    "unchanged": lambda given, value, chance: value,
    "one value wrong always": lambda given, value, chance: {**value, "kind": "none"},
    "a key is missing": lambda given, value, chance: {key: value[key] for key in value if key != "kind"},
    "total × 1.0001": lambda given, value, chance: {**value, "total": value["total"] * 1.0001},
    "wrong on 10 % of inputs": lambda given, value, chance: {**value, "number": -1} if given % 10 == 0 else value,
    "wrong on 4 % of inputs": lambda given, value, chance: {**value, "number": -1} if given % 25 == 0 else value,
    "a bug inside of the shuffled tags": lambda given, value, chance: {
        **value,
        "tags": ["old" if tag == "new" else tag for tag in value["tags"]],
    },
    "no uuid but a text": lambda given, value, chance: {**value, "id": "unknown"},
}


def verdicts(releases: int, sizes: list[int]) -> None:
    print("| release | inputs | exact | Diffy's | ours | ours, without running again |\n|---|---|---|---|---|---|")
    for name, release in RELEASES.items():
        for size in sizes:
            flags = Counter[str]()
            for seed in range(releases):
                flags.update(_flagged(release, size, random.Random(f"{name} {size} {seed}")))
            shares = [f"{100 * flags[rule] / releases:.0f}" for rule in ("exact", "diffy", "ours", "once")]
            print(f"| {name} | {size} | " + " | ".join(shares) + " |", flush=True)


def _flagged(release: Release, size: int, chance: random.Random) -> Iterator[str]:
    """Rules that call the release changed."""
    inputs = [chance.randrange(10**6) for _ in range(size)]

    def old(given: int) -> dict[str, Any]:
        return result(given, chance)

    def new(given: int) -> dict[str, Any]:
        return release(given, result(given, chance), chance)

    base, head = [[old(given) for given in inputs] for _ in range(3)], [new(given) for given in inputs]
    if statistics.fmean(one == other for one, other in zip(base[0], head, strict=True)) < 0.95:
        yield "exact"
    if _diffy(base[0], base[1], head):
        yield "diffy"
    rules = rules_of(learn_seen([[_seen(value) for value in run] for run in base]))
    mismatches = [at for at in range(size) if _differ(base[0][at], head[at], rules)]
    if mismatches:
        yield "once"
    for at in mismatches[:5]:
        if all(
            _differ(old(inputs[at]), new(inputs[at]), rules) and not _differ(old(inputs[at]), old(inputs[at]), rules)
            for _ in range(3)
        ):
            yield "ours"
            return


def _seen(value: dict[str, Any]) -> Seen:
    return Seen(True, json.dumps(value, sort_keys=True))


def _differ(base: dict[str, Any], head: dict[str, Any], rules: Rules) -> bool:
    sample = Sample(("[]", "{}"), Origin.GENERATED)
    return compare(sample, _seen(base), _seen(head), rules).kind is Kind.CHANGES


def _diffy(base: list[dict[str, Any]], again: list[dict[str, Any]], head: list[dict[str, Any]]) -> bool:
    raw, noise = _places(base, head), _places(base, again)
    for place, count in raw.items():
        relative = abs(count - noise[place]) / (count + noise[place]) * 100
        if relative > 20 and abs(count - noise[place]) / len(base) * 100 > 0.03:
            return True
    return False


def _places(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> Counter[str]:
    counts = Counter[str]()
    for one, other in zip(left, right, strict=True):
        for key in one.keys() | other.keys():
            first, second = one.get(key), other.get(key)
            if isinstance(first, list) and isinstance(second, list):
                counts.update(
                    f"{key}[{at}]" for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]
                )
            elif first != second:
                counts[key] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cost", "verdicts"])
    parser.add_argument("--releases", type=int, default=60)
    parser.add_argument("--inputs", default="20,50,200")
    choices = parser.parse_args()
    if choices.what == "cost":
        cost()
    else:
        verdicts(choices.releases, [int(size) for size in choices.inputs.split(",")])


if __name__ == "__main__":
    main()
