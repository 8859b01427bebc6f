"""What a sandbox costs: time to run `true` at each level, and directly. Usage: python benchmarks/sandbox.py [RUNS]"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from gitops_healer.adapters.sandbox import sandbox_at
from gitops_healer.errors import SandboxError
from gitops_healer.ports import SandboxLevel


def milliseconds(action: Callable[[], object], runs: int) -> list[float]:
    """One figure a run, after one that warms up."""
    action()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def rows(runs: int) -> Iterator[tuple[str, list[float]]]:
    yield "subprocess", milliseconds(lambda: subprocess.run(["true"], capture_output=True, check=True), runs)
    bare = [sys.executable, "-I", "-S", "-c", "pass"]
    yield "python -I -S", milliseconds(lambda: subprocess.run(bare, capture_output=True, check=True), runs)
    for level in (SandboxLevel.PROCESS, SandboxLevel.NAMESPACE, SandboxLevel.BUBBLEWRAP):
        try:
            sandbox = sandbox_at(level)
        except SandboxError as error:
            print(f"{level.value}: {error}", file=sys.stderr)
            continue
        with sandbox.scratch() as scratch:
            yield level.value, milliseconds(lambda box=sandbox, where=scratch: box.run(["true"], where), runs)


def main(runs: int) -> None:
    base = None
    print("| how | median ms | best ms | 95 % ms | times subprocess |\n|---|---|---|---|---|")
    for name, taken in rows(runs):
        median = statistics.median(taken)
        base = base or median
        late = sorted(taken)[int(len(taken) * 0.95)]
        print(f"| {name} | {median:.1f} | {min(taken):.1f} | {late:.1f} | {median / base:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
