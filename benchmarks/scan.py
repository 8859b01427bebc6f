"""What a scan costs, side by side with others: CPU seconds and memory of the whole process tree.

    python benchmarks/scan.py --work DIRECTORY [--ready DIRECTORY] [--corpus django|mono|PATH] [--repeat 5]
                              [--peers pyscn ruff | --peers]

Works on a clone of its own. Rows take turns, so that the load of the machine falls on all of them; a number is the
median of the repeats. CPU: user and system seconds of the process and all its children; tree: the largest sum of
resident memory over the process tree, sampled (shared pages count once for each process); largest: that of one process,
as the system counts it. A program that takes more than --most-memory is stopped, and its row says so.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from corpora import CACHE, add_places, clone, commit_all, corpus, environment, git, scan_command

HERE = str(Path(__file__).resolve().parents[1])
PEERS = {"pyscn": "pyscn==1.33.0", "ruff": "ruff"}
CHANGED = 20
LARGE = 10_000  # Python files
MEGABYTE = 1024 * 1024

PARSE_AND_WALK = """
import ast, gc, sys, warnings
import pygit2
gc.disable()
warnings.simplefilter("ignore")
repository = pygit2.Repository(sys.argv[1])
waiting, blobs = [repository.revparse_single("HEAD").peel(pygit2.Tree)], set()
while waiting:
    for entry in waiting.pop():
        if entry.type_str == "tree":
            waiting.append(entry)
        elif entry.type_str == "blob" and entry.name.endswith(".py"):
            blobs.add(entry.id)
nodes = 0
for blob in blobs:
    try:
        nodes += sum(1 for _ in ast.walk(ast.parse(repository[blob].data)))
    except (SyntaxError, ValueError, RecursionError):
        pass
"""
# pyscn leaves out tests and migrations; an empty list of exclusions means its own, so one that fits nothing is given.
PYSCN_ALL = """[analysis]
include_patterns = ["**/*.py"]
exclude_patterns = ["**/no-such-folder/**"]
"""
PYSCN_DEFAULT = "[analysis]\nrecursive = true\n"


class Cost(NamedTuple):
    """wall, cpu: seconds; tree, largest: bytes; ended: the exit code, or why it was stopped."""

    wall: float
    cpu: float
    tree: int
    largest: int
    ended: str


@dataclass(frozen=True)
class Row:
    """prepare: what happens before each run and is not measured; it may return another folder to work in."""

    name: str
    command: Callable[[Path], Sequence[str]]
    prepare: Callable[[int], Path]


# Measuring


def measured(command: Sequence[str], directory: Path, most_memory: int) -> Cost:
    """Run a program in a process group of its own."""
    began = time.perf_counter()
    program = subprocess.Popen(
        command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, env={**os.environ, "PYTHONPATH": HERE},
    )  # fmt: skip
    watch = Watch(program.pid, most_memory)
    watch.start()
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    watch.ended.set()
    watch.join()
    ended = f"stopped at {most_memory // MEGABYTE:,} MB" if watch.stopped else str(program.returncode)
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.peak, usage.ru_maxrss * 1024, ended)


class Watch(threading.Thread):
    """Samples the memory of a process and all its descendants; stops the group when it is too much."""

    INTERVAL = 0.01  # seconds

    def __init__(self, pid: int, most: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most = pid, most
        self.peak = 0
        self.stopped = False
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(self.INTERVAL):
            now = sum(map(resident, descendants(self.pid)))
            self.peak = max(self.peak, now)
            if now > self.most and not self.stopped:
                self.stopped = True
                os.killpg(self.pid, signal.SIGKILL)


def descendants(pid: int) -> Iterator[int]:
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from descendants(int(child))
    except OSError:  # it ended meanwhile
        return


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now, 0 when it ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


# What is run


@dataclass(frozen=True)
class Bench:
    """The clones that the rows work on. plain: for others and for cold scans; changing: gets the commits."""

    source: Path
    work: Path

    @property
    def plain(self) -> Path:
        return self.work / "clones" / "plain"

    @property
    def changing(self) -> Path:
        return self.work / "clones" / "changing"

    def begin(self) -> None:
        for place in (self.plain, self.changing):
            clone(self.source, place)
        for name, text in (("all", PYSCN_ALL), ("default", PYSCN_DEFAULT)):
            (self.work / f"{name}.toml").write_text(text)
        subprocess.run(ours(self.changing), check=True, capture_output=True, env={**os.environ, "PYTHONPATH": HERE})

    def nothing(self, _: int) -> Path:
        return self.plain

    def no_cache(self, _: int) -> Path:
        shutil.rmtree(cache_of(self.plain).parent, ignore_errors=True)
        return self.plain

    def changed(self, repeat: int) -> Path:
        """A commit that adds a function to files spread evenly over the tree."""
        files = sorted(line for line in git(self.changing, "ls-files", "*.py").splitlines() if not line.startswith('"'))
        readable = [file for file in files if not (self.changing / file).is_symlink()]
        for file in readable[repeat :: max(1, len(readable) // CHANGED)][:CHANGED]:
            with (self.changing / file).open("ab") as end:
                end.write(b"\n\ndef added_%d(value):\n    return [each for each in value if each]\n" % repeat)
        commit_all(self.changing, f"change {repeat}")
        return self.changing

    def seen(self, _: int) -> Path:
        subprocess.run(ours(self.plain), check=True, capture_output=True, env={**os.environ, "PYTHONPATH": HERE})
        return self.plain

    def restored(self, repeat: int) -> Path:
        """A clone as a CI job makes it, with the cache of the job before."""
        fresh = clone(self.source, self.work / "clones" / "fresh")
        target = cache_of(fresh)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._kept(), target)
        return fresh

    def _kept(self) -> Path:
        """The cache of a finished scan of the same commit, in one file."""
        kept = self.work / "kept.sqlite"
        if not kept.exists():
            place = clone(self.source, self.work / "clones" / "before")
            subprocess.run(ours(place), check=True, capture_output=True, env={**os.environ, "PYTHONPATH": HERE})
            shutil.copy(cache_of(place), kept)
        return kept


def cache_of(repository: Path) -> Path:
    return repository / ".git" / CACHE


def ours(repository: Path) -> list[str]:
    return scan_command(repository, "--format", "json")


def rows_of(bench: Bench, peers: Mapping[str, Path]) -> Iterator[Row]:
    """Ours first. pyscn compares copies only in the files it takes by default, whatever its setting says."""
    yield Row("parse and walk once", lambda place: [sys.executable, "-c", PARSE_AND_WALK, str(place)], bench.nothing)
    yield Row("ours, cold", ours, bench.no_cache)
    yield Row(f"ours, {CHANGED} files changed", ours, bench.changed)
    yield Row("ours, nothing changed", ours, bench.seen)
    yield Row("ours, fresh clone, restored cache", ours, bench.restored)
    if "pyscn" in peers:
        command = [str(peers["pyscn"] / "pyscn"), "analyze", "--json", "--output", "-", "--no-open"]
        every = [*command, "--config", str(bench.work / "all.toml")]
        some = [*command, "--config", str(bench.work / "default.toml")]
        yield Row("pyscn, all files", lambda _: [*every, "."], bench.nothing)
        yield Row("pyscn, all files --skip-clones", lambda _: [*every, "--skip-clones", "."], bench.nothing)
        yield Row("pyscn, its default files", lambda _: [*some, "."], bench.nothing)
    if "ruff" in peers:
        yield Row("ruff check", lambda _: [str(peers["ruff"] / "ruff"), "check", "--no-cache", "."], bench.nothing)


# The table


def median(costs: Sequence[Cost]) -> Cost:
    wall, cpu, tree, largest, ended = zip(*costs, strict=True)
    middle = statistics.median
    return Cost(middle(wall), middle(cpu), int(middle(tree)), int(middle(largest)), ", ".join(sorted(set(ended))))


def table(found: Mapping[str, Cost]) -> Iterator[str]:
    yield f"{'':36}{'wall s':>9}{'CPU s':>9}{'tree MB':>10}{'largest MB':>12}  ended"
    for name, cost in found.items():
        memory = f"{cost.tree / MEGABYTE:10.0f}{cost.largest / MEGABYTE:12.0f}"
        yield f"{name:36}{cost.wall:9.2f}{cost.cpu:9.2f}{memory}  {cost.ended}"


def verdicts(found: Mapping[str, Cost], files: int, is_django: bool) -> Iterator[str]:
    """A line for each target that this corpus can tell about."""
    cold, changed = found["ours, cold"], found[f"ours, {CHANGED} files changed"]
    if is_django:
        yield verdict("cold, CPU s", cold.cpu, 6)
        yield verdict("cold, MB of the tree", cold.tree / MEGABYTE, 250)
    yield verdict("cold, CPU of parse and walk once", cold.cpu / found["parse and walk once"].cpu, 2, " x")
    yield verdict(f"{CHANGED} files changed, CPU s", changed.cpu, 3 if files > LARGE else 0.5)
    yield verdict("nothing changed, wall s", found["ours, nothing changed"].wall, 0.15)
    for name in ("pyscn, all files", "pyscn, all files --skip-clones", "pyscn, its default files"):
        if name in found and found[name].ended == "0":
            yield verdict(f"CPU of {name}", found[name].cpu / cold.cpu, 4, " x ours", at_least=True)
            yield verdict(f"memory of {name}", found[name].tree / cold.tree, 10, " x ours", at_least=True)


def verdict(what: str, value: float, target: float, unit: str = "", at_least: bool = False) -> str:
    good = value >= target if at_least else value <= target
    return f"  {'met   ' if good else 'MISSED'}  {what}: {value:.2f}{unit} ({'>=' if at_least else '<='} {target:g})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", default="django", help="django, mono, another recipe, or a git repository")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["pyscn"], help="none when empty")
    parser.add_argument("--most-memory", type=int, default=8 * 1024, help="MB", metavar="MB")
    add_places(parser)
    options = parser.parse_args()
    work = options.work.resolve()
    source = corpus(options.corpus, work, options.ready).resolve()
    peers = {name: environment(name, work, [PEERS[name]]).parent for name in options.peers}
    bench = Bench(source, work / f"bench-{source.name}")
    shutil.rmtree(bench.work, ignore_errors=True)
    bench.begin()
    files = len(git(source, "ls-files", "*.py").splitlines())
    print(f"{source.name}: {files:,} Python files; CPython {sys.version.split()[0]}, {os.cpu_count()} processors, "
          f"load {os.getloadavg()[0]:.1f}; medians of {options.repeat}")  # fmt: skip
    found: dict[str, list[Cost]] = defaultdict(list)
    for repeat in range(options.repeat):
        for row in rows_of(bench, peers):
            place = row.prepare(repeat)
            found[row.name].append(measured(row.command(place), place, options.most_memory * MEGABYTE))
    medians = {name: median(costs) for name, costs in found.items()}
    print("\n".join([*table(medians), *verdicts(medians, files, options.corpus == "django")]))


if __name__ == "__main__":
    main()
