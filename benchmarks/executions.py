"""What importing and counting executions costs: events a second, and statistics on what was imported.

    python benchmarks/executions.py [--events 1000000] [--tools 50] [--url postgresql://…]
    python benchmarks/executions.py --rows 10000000 [--tools 50]      a year of calls, made inside SQLite

Lines look like those of a recorder: inputs, result, commit, id, 5 % failures with two frames. Parsing alone is shown
beside; an import parses in a process of its own, so it needs two cores.
"""

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_healer.adapters.execution_lines import read_lines
from gitops_healer.adapters.execution_tables import HOUR
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
            "kwargs": {"limit": 10}, "commit": f"{number * 10 // count:040x}", "id": f"8f3a6c1e2b-{number:x}",
        }  # fmt: skip
        if ok:
            event["result"] = {"total": number}
        else:
            frames = [["shop/part.py", 10, "work"], ["shop/sums.py", 20, "add"]]
            event["error"] = {"type": "ValueError", "message": "bad", "frames": frames}
        yield json.dumps(event, separators=(",", ":")).encode() + b"\n"


def timed(label: str, work: Callable[[], object], count: int = 0) -> None:
    wall, used = time.perf_counter(), time.process_time()
    work()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    rate = (
        f"{used:8.3f} s of this process's CPU"
        if not count
        else f"{count / wall:10,.0f}/s   {count / used:10,.0f} per CPU second of this process"
    )
    print(f"{label:34} {wall:8.3f} s {rate}", flush=True)


def baseline(made: list[bytes], path: Path) -> None:
    """What no import can be faster than: the lines as they are, in one column."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE lines (line BLOB)")
    connection.executemany("INSERT INTO lines VALUES (?)", ((line,) for line in made))
    connection.commit()
    connection.close()


MADE = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :rows - 1)
INSERT INTO healer_calls (tool, ts, key, outcome, duration, commit_id, error, input, given, cut, payload, counted)
SELECT tool, :first + within * :step, n, n % 20 != 7, (n * 7919 % 100003) / 500.0,
       :tools + 1 + within * 20 / :each, CASE WHEN n % 20 = 7 THEN :tools + 21 END,
       CASE WHEN n % 20 = 7 THEN n * 31 % 1000 END, printf('%032x', n), 0,
       '{"args":[' || (n % 1000) || ',"abc"],"kwargs":{"limit":10,"name":"xxxxxxxxxxxxxxxxxxxx"},"result":1}', 0
FROM (SELECT n, n / :each + 1 AS tool, n % :each AS within FROM numbers)
"""


def a_year(rows: int, tools: int, path: Path) -> None:
    """Fills a store by SQL, as an import would, then asks what is asked of it."""
    store, year, each = open_executions(path), timedelta(days=365), max(1, rows // tools)
    first = int(START.timestamp() * 1e6)
    step = int(year.total_seconds() * 1e6) // each
    words = [(n + 1, 0, f"shop.part{n}:work") for n in range(tools)]
    words += [(tools + 1 + n, 1, f"{n:040x}") for n in range(20)] + [(tools + 21, 2, "ValueError")]
    with sqlite3.connect(path) as connection:
        connection.executemany("INSERT INTO healer_words VALUES (?, ?, ?)", words)
        values = {"rows": each * tools, "tools": tools, "each": each, "first": first, "step": step}
        timed("rows made by SQL", lambda: connection.execute(MADE, values), rows)
        hours = f"SELECT DISTINCT tool, ts / {HOUR}, 0 FROM healer_calls"
        connection.execute(f"INSERT INTO healer_marked_hours (tool, hour, mark) {hours}")
        connection.commit()
    connection.close()
    end, tool = START + year, "shop.part0:work"
    timed("statistics, summed up at first", store.stats, rows)
    timed("statistics of everything", store.stats)
    timed("statistics of the last hour", lambda: store.stats(end - timedelta(hours=1), end))
    timed("one tool by commit, a week", lambda: store.counts_by_commit(tool, end - WEEK, end))
    timed("one tool, a year by the day", lambda: store.timeline(tool, START, end, timedelta(days=1)))
    timed("one tool, a day by the minute", lambda: store.timeline(tool, end - WEEK / 7, end, timedelta(minutes=1)))
    print(f"{path.stat().st_size / rows:.0f} bytes a row on disk", flush=True)
    before = [(one.total, one.failed) for one in store.stats()]
    ages = {"payloads": timedelta(days=30), "calls": timedelta(days=90), "minutes": timedelta(days=180)}
    timed("prune to 30, 90 and 180 days", lambda: print(store.prune(end, **ages)), rows)
    timed("statistics after it", store.stats)
    if before != [(one.total, one.failed) for one in store.stats()]:
        raise SystemExit("the totals are not those of before")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tools", type=int, default=50)
    parser.add_argument("--url", default="")
    parser.add_argument("--rows", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.rows:
        with tempfile.TemporaryDirectory() as directory:
            a_year(chosen.rows, chosen.tools, Path(directory) / "executions.sqlite")
        return
    made = list(lines(chosen.events, chosen.tools))
    print(f"{chosen.events:,} events of {sum(map(len, made)) // len(made)} bytes, {chosen.tools} tools")
    timed("json.loads", lambda: [None for line in made if json.loads(line) is None], len(made))
    timed("parse, the careful way", lambda: [None for line in made if parse_line(line) is None], len(made))
    timed("parse", lambda: [None for batch in read_lines(made) if batch is None], len(made))
    with tempfile.TemporaryDirectory() as directory:
        timed("plain executemany of the lines", lambda: baseline(made, Path(directory) / "lines.sqlite"), len(made))
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
