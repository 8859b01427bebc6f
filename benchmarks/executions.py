"""What importing and counting executions costs: events a second, and statistics on what was imported.

    python benchmarks/executions.py [--events 1000000] [--tools 50] [--url postgresql://…]

Lines look like those of a recorder: 20 words of payload, commit, id, 5 % failures with two frames. Times are of one
process; parsing alone is shown beside, since the standard library's JSON is most of it.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.adapters.executions import open_executions
from gitops_healer.core.executions_format import parse_line

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


def lines(count: int, tools: int) -> Iterator[bytes]:
    chance = random.Random(1)
    for number in range(count):
        ok = chance.random() < 0.95
        moment = START + WEEK * number / count
        event: dict[str, Any] = {
            "v": 1, "tool": f"shop.part{number % tools}:work", "ts": moment.isoformat(), "ok": ok,
            "duration_ms": round(chance.expovariate(0.1), 3), "args": [number % 1000, "abc"],
            "kwargs": {"limit": 10, "name": "x" * 20}, "commit": f"{number * 10 // count:040x}", "id": f"{number:032x}",
        }  # fmt: skip
        if ok:
            event["result"] = {"total": number, "items": [1, 2, 3]}
        else:
            frames = [["shop/part.py", 10, "work"], ["shop/sums.py", 20, "add"]]
            event["error"] = {"type": "ValueError", "message": "bad", "frames": frames}
        yield json.dumps(event).encode() + b"\n"


def timed(label: str, work: Callable[[], object], count: int = 0) -> None:
    wall, used = time.perf_counter(), time.process_time()
    work()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    rate = f"{count / wall:10,.0f}/s   {count / used:10,.0f} per CPU second" if count else ""
    print(f"{label:34} {wall:8.3f} s {rate}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tools", type=int, default=50)
    parser.add_argument("--url", default="")
    chosen = parser.parse_args()
    made = list(lines(chosen.events, chosen.tools))
    print(f"{chosen.events:,} events of {sum(map(len, made)) // len(made)} bytes, {chosen.tools} tools")
    timed("json.loads", lambda: [None for line in made if json.loads(line) is None], len(made))
    timed("parse", lambda: [None for line in made if parse_line(line) is None], len(made))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "executions.sqlite"
        store = open_executions(chosen.url or path)
        timed("import", lambda: store.import_jsonl(made), len(made))
        timed("import again", lambda: store.import_jsonl(made), len(made))
        tool, end = "shop.part0:work", START + WEEK
        timed("statistics of everything", store.stats)
        timed("statistics of the last hour", lambda: store.stats(end - timedelta(hours=1), end))
        timed("one tool by commit, a week", lambda: store.counts_by_commit(tool, START, end))
        timed("one tool by commit, an hour", lambda: store.counts_by_commit(tool, end - timedelta(hours=1), end))
        timed("100 newest failures of a tool", lambda: store.executions(tool, ok=False))
        timed("version", store.version)
        if not chosen.url:
            print(f"{path.stat().st_size / len(made):.0f} bytes an event on disk")


if __name__ == "__main__":
    main()
