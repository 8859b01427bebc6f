"""How often the analysis is wrong, what it finds, and how long it takes, on simulated traffic.

    python -m benchmarks.analysis [--repeats 300] [--calls 1000000] [--only grouping,noise,power,trend,latency,speed]

Every workload is made of a seed, so that the figures can be had again.
"""

import argparse
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import exp, pi, sin
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.core.analysis.clusters import template_of
from gitops_healer.core.analysis.durations import slower
from gitops_healer.core.analysis.patterns import input_patterns
from gitops_healer.core.analysis.times import time_patterns
from gitops_healer.core.analysis.trend import between, trend_of
from gitops_healer.core.analysis.types import Direction
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame, Slice
from gitops_healer.core.latency import bucket_of
from gitops_healer.evidence.analysis import analyse
from gitops_healer.registry import Scene
from gitops_healer.settings import load_settings

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


# Messages: those of one line say the same. Written after the placeholders were, none was changed for them but versions.
MESSAGES: list[list[str]] = [
    [
        "could not convert string to float: '1,5'",
        "could not convert string to float: 'abc'",
        'could not convert string to float: "it\'s"',
    ],
    ["Expecting value: line 1 column 1 (char 0)", "Expecting value: line 12 column 30 (char 411)"],
    [
        "HTTPSConnectionPool(host='a.example.org', port=443): Max retries exceeded with url: /v1/a/7 (Caused by X)",
        "HTTPSConnectionPool(host='b.org', port=8443): Max retries exceeded with url: /v2/zz/9?x=1 (Caused by X)",
    ],
    ["time data '2026-01-01' does not match format '%d.%m.%Y'", "time data '' does not match format '%d.%m.%Y'"],
    ["'NoneType' object has no attribute 'id'", "'NoneType' object has no attribute 'name'"],
    ["list index out of range"],
    ["string index out of range"],
    [
        'duplicate key value violates unique constraint "u_pkey" DETAIL: Key (id)=(17) already exists.',
        'duplicate key value violates unique constraint "v_pkey" DETAIL: Key (id)=(4711) already exists.',
    ],
    ["Object of type Decimal is not JSON serializable"],
    ["Object of type datetime is not JSON serializable"],
    ["order ORD-2026-00017 has no lines", "order ORD-2025-99999 has no lines"],
    ["user a1b2c3d4e5f6 is locked", "user 0f9e8d7c6b5a is locked"],
    ["<Response [503]> from upstream", "<Response [502]> from upstream"],
    ["took 1.5s, allowed 1s", "took 12.25s, allowed 1s"],
    ["timeout after 30000ms", "timeout after 5ms"],
    ["price must be > 0, got -3", "price must be > 0, got -12.50"],
    ["unhashable type: 'list'", "unhashable type: 'dict'"],
    ["v1.2.3 is older than v1.10.0", "v1.2.4 is older than v2.0.0"],
    ["at 12:30:01 the lock was held", "at 23:59:59 the lock was held"],
    ["C:\\data\\a.csv is locked", "C:\\data\\sub dir.csv is locked"],
    ["row 5, column B7: empty", "row 17, column AA12: empty"],
    ["token eyJhbGciOi.eyJzdWIi.abc is expired", "token eyJ0eXAiOi.eyJhbGci.xyz is expired"],
]


def grouping(_: int) -> None:
    """Pairs of messages that get one template, against those that should."""
    labelled = [(label, template_of(text)) for label, group in enumerate(MESSAGES) for text in group]
    pairs = Counter((a[0] == b[0], a[1] == b[1]) for a, b in combinations(labelled, 2))
    right = pairs[True, True]
    precision, recall = right / (right + pairs[False, True]), right / (right + pairs[True, False])
    print(f"grouping by message alone: precision {precision:.2f}, recall {recall:.2f} of {len(labelled)} messages")


# Inputs


def arguments(random: Random) -> dict[str, object]:
    """Inputs as programs have them: numbers, texts, missing keys, nested objects, lists."""
    order: dict[str, object] = {
        "qty": random.choice([0, 1, 1, 2, 3, 10, -1]),
        "price": round(random.lognormvariate(3, 1), 2),
        "name": "".join(random.choice("abcdef éÄ-0") for _ in range(random.randrange(0, 12))),
        "tags": [random.choice("xyz") for _ in range(random.randrange(4))],
        "user": {"id": random.randrange(10**6), "plan": random.choice(["free", "pro", None])},
    }
    if random.random() < 0.3:
        order["coupon"] = random.choice(["A10", "B20", ""])
    return order


def workload(random: Random, calls: int, fails: Callable[[dict[str, object]], bool], noise: float) -> list[Execution]:
    """noise: share of the other calls that fail for no reason."""
    found = []
    for number in range(calls):
        order = arguments(random)
        ok = not (fails(order) or random.random() < noise)
        ts = START + timedelta(minutes=7 * number)
        found.append(Execution(str(number), "m:f", ts, ok, 1.0, "[]", json.dumps(order)))
    return found


CLASSES: dict[str, Callable[[dict[str, object]], bool]] = {
    "qty = 0": lambda order: order["qty"] == 0,
    "qty < 0": lambda order: int(str(order["qty"])) < 0,
    "price > 40": lambda order: float(str(order["price"])) > 40,
    "name beyond ASCII": lambda order: not str(order["name"]).isascii(),
    "name empty": lambda order: order["name"] == "",
    "tags empty": lambda order: order["tags"] == [],
    "plan None": lambda order: isinstance(order["user"], dict) and order["user"]["plan"] is None,
    "coupon given": lambda order: "coupon" in order,
    "coupon empty": lambda order: order.get("coupon") == "",
    "qty = 0 and coupon": lambda order: order["qty"] == 0 and "coupon" in order,
}


def noise(repeats: int) -> None:
    wrong = Counter[str]()
    for seed in range(repeats):
        random = Random(seed)
        calls, share = random.choice([30, 100, 300, 1000]), random.choice([0.05, 0.2, 0.5])
        wrong["rules"] += bool(input_patterns(workload(random, calls, lambda _: False, share)))
    print(f"false rules on noise: {wrong['rules']} of {repeats} workloads")


def power(repeats: int) -> None:
    print("found, of workloads with a class of inputs that fails (others fail in 3 %): first rule covers it")
    for name, fails in CLASSES.items():
        row = []
        for calls in (50, 200, 1000):
            hits = sum(_explains(workload(Random(seed), calls, fails, 0.03), fails) for seed in range(repeats))
            row.append(f"{calls} calls {hits / repeats:4.0%}")
        print(f"  {name:22}" + "  ".join(row))


def _explains(calls: list[Execution], fails: Callable[[dict[str, object]], bool]) -> bool:
    """Whether the first rule explains 80 % of all failures of the class and fails in 80 % of what it covers."""
    found = input_patterns(calls)
    return bool(found) and found[0].explained > 0.6 and found[0].inside > 0.7


# Traffic over time


def rhythm(random: Random, days: int, per_hour: float, shares: list[float]) -> list[Slice]:
    """Hours with a daily rhythm and a failing share that differs a little from hour to hour."""
    slices = []
    for hour in range(24 * days):
        total = _poisson(random, per_hour * (1 + 0.8 * sin(2 * pi * hour / 24)))
        chance = min(1.0, max(0.0, shares[hour] * random.lognormvariate(0, 0.2)))
        failed = sum(random.random() < chance for _ in range(total))
        if total:
            slices.append(Slice(START + hour * HOUR, None, total, failed))
    return slices


def _poisson(random: Random, mean: float) -> int:
    limit, count, product = exp(-mean), 0, random.random()
    while product > limit:
        count, product = count + 1, product * random.random()
    return count


def trend(repeats: int) -> None:
    for per_hour in (2, 20):
        for after in (0.05, 0.08, 0.1, 0.2, 0.4):
            seen = Counter[str]()
            for seed in range(repeats):
                slices = rhythm(Random(seed), 30, per_hour, [0.05] * 480 + [after] * 240)
                points = [(piece.start, piece.total, piece.failed) for piece in slices]
                change = trend_of(points)
                seen["change"] += change.direction is Direction.WORSENING
                near = change.since is not None and abs((change.since - START) / HOUR - 480) <= 24
                seen["near"] += change.direction is Direction.WORSENING and near
                split = sum(piece.start < START + 480 * HOUR for piece in slices)
                seen["known"] += between(points[:split], points[split:]).direction is Direction.WORSENING
                seen["time"] += bool(time_patterns(slices))
            figures = "  ".join(f"{key} {value / repeats:6.1%}" for key, value in seen.items())
            print(f"failing 5 % -> {after:.0%} on day 20 of 30, {per_hour:2} an hour: {figures}")


SHAPES: dict[str, Callable[[Random], float]] = {
    "lognormal .5": lambda random: random.lognormvariate(3, 0.5),
    "lognormal 1.5": lambda random: random.lognormvariate(3, 1.5),
    "bimodal": lambda random: random.lognormvariate(2 if random.random() < 0.7 else 5, 0.4),
    "timeouts 2 %": lambda random: 30_000 if random.random() < 0.02 else random.lognormvariate(3, 0.4),
}


def timed(random: Random, hours: range, per_hour: float, shape: Callable[[Random], float], times: float) -> list[Slice]:
    slices = []
    for hour in hours:
        total = _poisson(random, per_hour * (1 + 0.8 * sin(2 * pi * hour / 24)))
        load = times * (1 + 0.2 * sin(2 * pi * hour / 24)) * random.lognormvariate(0, 0.1)
        counts = Counter(bucket_of(int(shape(random) * load * 1e6)) for _ in range(total))
        if total:
            slices.append(Slice(START + hour * HOUR, None, total, 0, tuple(sorted(counts.items()))))
    return slices


def latency(repeats: int) -> None:
    print("found slower by the factor 1.5 (28 days before, 7 days of late, an hourly and a daily rhythm)")
    for name, shape in SHAPES.items():
        for per_hour in (0.3, 3):
            row = []
            for times in (1.0, 1.2, 1.5, 2.0, 3.0):
                found = 0
                for seed in range(repeats):
                    random = Random(seed)
                    before = timed(random, range(672), per_hour, shape, 1.0)
                    after = timed(random, range(672, 840), per_hour, shape, times)
                    found += slower(before, after, 1.5).direction is Direction.WORSENING
                row.append(f"x{times:g} {found / repeats:6.1%}")
            print(f"  {name:14} {per_hour:3} an hour  " + "  ".join(row))


def speed(calls: int) -> None:
    """A real repository and a real store with as many calls of one tool."""
    with TemporaryDirectory() as folder:
        repo = Path(folder) / "repo"
        (repo / "pkg").mkdir(parents=True)
        (repo / "pkg/__init__.py").touch()
        (repo / "pkg/mod.py").write_text("def f(qty):\n    return 1 / qty\n")
        for command in ("init -q", "add .", "-c user.name=a -c user.email=a@example.org commit -q -m one"):
            subprocess.run(["git", *command.split()], cwd=repo, check=True)
        store = open_executions(Path(folder) / "executions.sqlite")
        store.add(made(calls))
        scene = _scene(repo, store, Path(folder))
        begin = time.perf_counter()
        found = analyse(scene, "pkg.mod:f")
        assert found is not None
        print(f"analyse() of {found.total:,} calls, {found.failed:,} failed: {time.perf_counter() - begin:.2f} s")
        print("\n".join(f"  {sentence}" for sentence in found.recommendations))


def _scene(repo: Path, store: SqlExecutions, folder: Path) -> Scene:
    unused: Any = None
    repository, cache = open_repository(repo), SqliteCache(folder / "cache.sqlite")
    commit = repository.resolve("HEAD")
    assert commit is not None
    code = CodeModel(repository.files(commit), repository.read_blob, cache)
    now = START + timedelta(days=29)
    return Scene(commit, now, repository, code, store, unused, unused, unused, cache, load_settings(), lambda _: None)


def made(calls: int) -> Iterator[Execution]:
    random, error = Random(1), ExecutionFailure("ZeroDivisionError", "division by zero", (Frame("pkg/mod.py", 2, "f"),))
    step = timedelta(days=29) / calls
    for number in range(calls):
        qty = random.randrange(50)
        ok = qty != 0
        ts = START + step * number
        yield Execution(
            f"{number}", "pkg.mod:f", ts, ok, random.lognormvariate(2, 1), f"[{qty}]", error=None if ok else error
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--only", default="grouping,noise,power,trend,latency,speed")
    chosen = parser.parse_args()
    parts = {"grouping": grouping, "noise": noise, "power": power, "trend": trend, "latency": latency}
    for name in chosen.only.split(","):
        begin = time.perf_counter()
        if name == "speed":
            speed(chosen.calls)
        else:
            parts[name](chosen.repeats)
        print(f"  ({name}: {time.perf_counter() - begin:.0f} s)")


if __name__ == "__main__":
    main()
