"""How fast calls of a session are, beside plain calls in this process: `python benchmarks/calls.py`.

For each size of input: calls a second of a session with all watching on, of a session that traces the lines of the
module too, and of `SandboxedCaller.call`; milliseconds that a call costs, beside a plain call with the same work
(arguments made from JSON, result as JSON).
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gitops_healer.adapters.caller import SandboxedCaller
from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.sandbox import detect_sandbox
from gitops_healer.core.calls import Call, Conditions
from gitops_healer.ports import SandboxLevel
from gitops_healer.settings import load_settings

SOURCE = """
import json, subprocess

def total(items):
    return {"total": sum(item["price"] * item["count"] for item in items), "items": len(items)}

def same(items):
    return items

def write(items):
    with open("out.json", "w") as out:
        json.dump(items, out)

def spawn(items):
    return subprocess.run(["true"]).returncode
"""
SIZES = (0, 1, 10, 100, 1000, 5000)
ROUNDS = 3


def items(size: int) -> str:
    """The arguments of a call with so many small dicts, as JSON."""
    return json.dumps([[{"name": f"item {n}", "price": n / 4, "count": n % 7} for n in range(size)]])


def best(work: Callable[[], object], times: int) -> float:
    """Milliseconds of one of so many calls: the median round."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) / times * 1e3)
    return statistics.median(found)


def plain(function: str, given: str) -> float:
    """Milliseconds of a call in this process."""
    names: dict[str, Callable[..., object]] = {}
    exec(SOURCE, names)  # the benchmark's own source, which the repository holds too
    return best(lambda: [json.dumps(names[function](*json.loads(given))) for _ in range(20)], 20)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "shop.py").write_text(SOURCE)
        for words in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "-"],
        ):
            subprocess.run(["git", "-C", folder, *words], check=True)
        head = ["git", "-C", folder, "rev-parse", "HEAD"]
        commit = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
        sandbox = detect_sandbox(SandboxLevel.PROCESS, visible=[Path(sys.prefix)])
        repository = open_repository(Path(folder))
        caller = SandboxedCaller(repository, sandbox, load_settings(None).testing, Path(sys.executable))
        print(f"sandbox: {sandbox.level.value}, Python {sys.version.split()[0]}")
        print("| function | items | plain ms | session ms | calls/s | with lines ms | calls/s | Caller.call ms | KB |")
        print("|---|---|---|---|---|---|---|---|---|")
        rows = [("total", size) for size in SIZES] + [("same", size) for size in SIZES] + [("write", 10), ("spawn", 10)]
        for function, size in rows:
            print(row(caller, commit, function, size), flush=True)


def row(caller: SandboxedCaller, commit: str, function: str, size: int) -> str:
    given = items(size)
    times = 100 if size < 1000 else 20
    calls = [Call((given, "{}"))] * times
    measured = []
    for conditions in (Conditions(), Conditions(traced=("shop.py",))):
        with caller.open(commit, f"shop:{function}", "shop.py", None, conditions) as session:
            assert all(seen.ok for seen in session.call(calls[:5])), session.call(calls[:1])
            measured.append(best(lambda: session.call(calls), times))
    batch = best(lambda: caller.call(commit, f"shop:{function}", "shop.py", [(given, "{}")] * times), times)
    bare = plain(function, given) if function in ("total", "same") else 0.0
    cells = [f"{bare:.4f}" if bare else "", *(cell for ms in measured for cell in (f"{ms:.2f}", f"{1000 / ms:.0f}"))]
    return f"| {function} | {size} | {' | '.join(cells)} | {batch:.2f} | {len(given) / 1024:.1f} |"


if __name__ == "__main__":
    main()
