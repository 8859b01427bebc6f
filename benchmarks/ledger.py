"""What the ledger costs: python benchmarks/ledger.py [COUNT...] (events; default 100 10000 100000, twelve months).

Prints the first load of a process, a load when nothing moved, a load after another writer added one event, an append
(by compare-and-swap, with the size of the month's file that it rewrites), and `verify`.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitops_healer.adapters.ledger import GitLedger
from gitops_healer.adapters.repository import open_repository
from gitops_healer.core.change import Change, Edit
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.upgrade import Closed, Dropped, Event, Held, Intended, Investigated, Queued, Resumed, event_id

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTHS = 12


def life(number: int, ts: datetime) -> list[Event]:
    """Ten events of realistic size."""
    upgrade = f"up-{number:010x}"
    finding = Finding("rule", "pkg/mod.py", "pkg.mod:f", 1, 9, Severity.HIGH, "fails often", f"{number:040x}")
    edit = Edit("pkg/mod.py", 100, "    return a / b\n", "    if not b:\n        return 0\n    return a / b\n")
    option = Option("guard", "Guard it", "guard", Change((edit,)), proof=("3 of 3 recorded failures pass",))
    facts = [
        Queued(finding, f"name-{number}", "c" * 40), Investigated(Investigation(Cause("why"), ("seen",), (option,))),
        Held("a question", "which?"), Resumed("ada"), Intended("push", "x"), Intended("open", "y"),
        Held("waits"), Resumed("ada"), Dropped("closed by ada"), Closed("dropped", "lesson"),
    ]  # fmt: skip
    return [Event(event_id(upgrade, n, fact), ts, upgrade, "run", "healer", fact) for n, fact in enumerate(facts)]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure(count: int, place: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(place)], check=True)
    ledger = GitLedger(open_repository(place))
    for month in range(MONTHS):
        ts = START + timedelta(days=31 * month)
        numbers = range(month * count // 10 // MONTHS, (month + 1) * count // 10 // MONTHS)
        for first in range(numbers.start, numbers.stop, 100):
            ledger.append(
                [event for number in range(first, min(first + 100, numbers.stop)) for event in life(number, ts)]
            )
    reader, ts = GitLedger(open_repository(place)), START + timedelta(days=31 * MONTHS - 31)
    first = seconds(reader.load)
    same = seconds(reader.load)
    appends = [seconds(lambda event=event: ledger.append([event])) for event in life(10**9, ts)]
    added = seconds(reader.load)
    newest = max(open_repository(place).files(ledger.tip() or ""), key=lambda file: file.path)
    verified = seconds(ledger.verify)
    print(
        f"{len(reader.load()):>7} events: first load {first:.3f} s, unchanged {same * 1000:.2f} ms, ten added "
        f"{added * 1000:.1f} ms, append {statistics.median(appends) * 1000:.1f} ms (month's file {newest.size:,} B), "
        f"verify {verified:.2f} s"
    )


if __name__ == "__main__":
    for text in sys.argv[1:] or ["100", "10000", "100000"]:
        with tempfile.TemporaryDirectory() as directory:
            measure(int(text), Path(directory) / "ledger.git")
