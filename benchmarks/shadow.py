"""What shadow and replay cost: `python benchmarks/shadow.py [inputs sizes files imports check peers]`.

inputs: executions a second, end to end, as inputs grow; sizes: the same as results grow; files: opening both versions
as the repository grows; imports: as the module takes longer to import; check: the whole check on a small project with
a test suite; peers: a fresh interpreter for each call, a test for each input, a plain loop. Seconds are of
the wall; CPU seconds tell more where others use the machine too.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitops_healer.checks.shadow import shadow as shadow_check
from gitops_healer.core.calls import Call, Conditions, Seen
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.plan import Plan
from gitops_healer.core.shadowing import Origin, Sample
from gitops_healer.ports import CallSession
from gitops_healer.proof.replay import ReplayOrder, replay
from gitops_healer.proof.shadow import Order, shadow
from gitops_healer.proof.subjects import Subject
from gitops_healer.proof.versions import versions
from gitops_healer.registry import Case, Scene
from gitops_healer.settings import load_settings
from gitops_healer.wiring import Choices, build_world

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOOL = "shop.bill:total"
SUBJECT = Subject(TOOL, "shop/bill.py", "total", "shop/bill.py", True)
BASE = """
def total(prices, discount=0.0):
    result = 0
    for price in prices:
        result += price
    return {"total": result * (1 - discount), "items": len(prices)}
"""
HEAD = BASE.replace("    result = 0\n    for price in prices:\n        result += price\n", "    result = sum(prices)\n")
SAME = "def total(prices, discount=0.0):\n    return prices\n"
SAME_HEAD = "def total(prices, discount=0.0):\n    given = prices\n    return given\n"
TESTS = """
import time
from shop.bill import total

def test_slow():
    time.sleep(0.8)

def test_total():
    for size in range(1, 20):
        assert total(list(range(size)))["items"] == size
"""
LONG = 600.0


@dataclass
class Counted:
    """A caller that counts the calls that are made of it."""

    caller: Any
    made: int = 0
    opened: int = 0

    @contextmanager
    def open(self, *args: Any, **kwargs: Any) -> Iterator["CountedSession"]:
        with self.caller.open(*args, **kwargs) as session:
            self.opened += 1
            yield CountedSession(self, session)
            _SPENT.update(_descendants())


@dataclass
class CountedSession:
    """One session of it."""

    counted: Counted
    session: CallSession

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def call(self, calls: Sequence[Call], seconds: float = LONG) -> tuple[Seen, ...]:
        self.counted.made += len(calls)
        return self.session.call(calls, seconds)


@dataclass
class Cost:
    """seconds, and CPU seconds of this process and of those that it started."""

    seconds: float = 0.0
    own: float = 0.0
    theirs: float = 0.0
    began: tuple[float, float, float] = field(default_factory=lambda: (time.perf_counter(), *_cpu()))

    def stop(self) -> "Cost":
        now = (time.perf_counter(), *_cpu())
        self.seconds, self.own, self.theirs = (now[at] - self.began[at] for at in range(3))
        return self


_SPENT: dict[tuple[str, str], float] = {}
"""{(process, when it began): CPU seconds of it and of those that it waited for}. What a killed sandbox used comes to
nobody's account (wait(2)), so that sessions are looked at before they end."""


def _cpu() -> tuple[float, float]:
    own = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, theirs.ru_utime + theirs.ru_stime + sum(_SPENT.values())


def _descendants() -> Iterator[tuple[tuple[str, str], float]]:
    """All processes below this one, as /proc/PID/stat tells of them (proc(5))."""
    told = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        told[path.parent.name] = fields
    for pid, fields in told.items():
        above = fields[1]
        while above in told and above != str(os.getpid()):
            above = told[above][1]
        if above == str(os.getpid()):
            ticks = sum(map(int, fields[11:15]))
            yield (pid, fields[19]), ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def project(base: str, head: str, files: int = 0, recorded: int = 0, tests: str = "") -> Iterator[tuple[Scene, str]]:
    """(scene at head, base commit) of a repository with both versions and so many other files."""
    with tempfile.TemporaryDirectory(prefix="shadow-") as place:
        repo = Path(place) / "repo"
        written = {"shop/__init__.py": "", "shop/bill.py": base, **({"tests/test_bill.py": tests} if tests else {})}
        written |= {f"data/d{n % 50}/m{n}.py": f"VALUE = {n}\n" * 40 for n in range(files)}
        for name, text in written.items():
            (repo / name).parent.mkdir(parents=True, exist_ok=True)
            (repo / name).write_text(text)
        _git(repo, "init", "-q")
        first = _commit(repo)
        (repo / "shop/bill.py").write_text(head)
        last = _commit(repo)
        world = build_world(Choices(repo))
        if recorded:
            world.executions.import_jsonl(_recorded(recorded))
        scene = replace(world.scene(last), now=NOW)
        yield replace(scene, caller=Counted(scene.caller)), first  # type: ignore[arg-type]


def _recorded(count: int) -> Iterator[bytes]:
    for n in range(count):
        prices = [float(n), *map(float, range(n % 9))]
        line = {
            "v": 1, "id": f"e{n}", "tool": TOOL, "ts": f"2026-02-{10 + n % 15}T10:00:00Z", "args": [prices],
            "kwargs": {}, "ok": True, "result": {"total": sum(prices) * 1.0, "items": len(prices)},
        }  # fmt: skip
        yield json.dumps(line).encode()


def _commit(repo: Path) -> str:
    _git(repo, "add", "-A")
    _git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "-")
    return _git(repo, "rev-parse", "HEAD")


def _git(repo: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", repo, *words], check=True, capture_output=True, text=True).stdout.strip()


def samples(count: int) -> list[Sample]:
    """Different inputs of a few shapes."""
    given = (json.dumps([[float(n), *map(float, range(n % 9))], n % 5 / 8]) for n in range(count))
    return [Sample((args, "{}"), Origin.GENERATED, stratum=str(n % 9)) for n, args in enumerate(given)]


def order(scene: Scene, base: str, inputs: Sequence[Sample]) -> Order:
    conditions = Conditions(forbidden=frozenset({"network"}), traced=("shop/bill.py",))
    policy = scene.settings.proof.shadow
    return Order(SUBJECT, base, scene.commit, inputs, policy, LONG, None, conditions)


def shadowed(scene: Scene, base: str, inputs: Sequence[Sample]) -> tuple[Cost, int]:
    caller: Any = scene.caller
    caller.made = 0
    cost = Cost()
    run = shadow(scene, order(scene, base, inputs))
    assert len(run.compared) == len(inputs), run.problem
    assert not run.mismatches, run.mismatches[0].told
    return cost.stop(), caller.made


def table(title: str, *columns: str) -> None:
    print(f"\n{title}\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: object) -> None:
    print(f"| {' | '.join(f'{cell:.3g}' if isinstance(cell, float) else str(cell) for cell in cells)} |", flush=True)


def rates(cost: Cost, made: int, inputs: int) -> tuple[object, ...]:
    return made, cost.seconds, cost.own, cost.theirs, made / cost.seconds, inputs / cost.seconds


COUNTED = ("executions", "s", "CPU s here", "CPU s of others", "executions/s", "inputs/s")


def inputs() -> None:
    table("Shadow and replay, as inputs grow", "what", "inputs", *COUNTED)
    with project(BASE, HEAD, recorded=1200) as (scene, base):
        shadowed(scene, base, samples(5))
        for count in (10, 100, 300, 1000):
            row("shadow", count, *rates(*shadowed(scene, base, samples(count)), count))
        for count in (10, 50, 1000):
            caller: Any = scene.caller
            caller.made = 0
            settings = load_settings(None, {"proof.replay.most": count})
            cost = Cost()
            run = replay(
                replace(scene, settings=settings),
                ReplayOrder(SUBJECT, base, scene.commit, LONG, None, Conditions(traced=("shop/bill.py",))),
            )
            assert len(run.repeated) == count, (len(run.repeated), run.problem, run.obsolete)
            row("replay", count, *rates(cost.stop(), caller.made, count))


def sizes() -> None:
    table("Shadow of 20 inputs, as arguments and results grow", "KB", *COUNTED)
    with project(SAME, SAME_HEAD) as (scene, base):
        for size in (100, 1_000, 10_000, 100_000, 500_000):
            given = [json.dumps([["x" * 40 + str(n)] * (size // 50)]) for n in range(20)]
            made = [Sample((args, "{}"), Origin.GENERATED) for args in given]
            row(size / 1000, *rates(*shadowed(scene, base, made), 20))


def opened(scene: Scene, base: str) -> Cost:
    cost = Cost()
    with versions(scene, SUBJECT, base, scene.commit, Conditions(traced=("shop/bill.py",))) as pair:
        assert not pair.refused, pair.refused
    return cost.stop()


def files() -> None:
    table("Opening both versions, as the repository grows", "files", "s", "CPU s here", "CPU s of others")
    for count in (10, 1000, 5000):
        with project(BASE, HEAD, files=count) as (scene, base):
            cost = opened(scene, base)
            row(count, cost.seconds, cost.own, cost.theirs)


def imports() -> None:
    table("Opening both versions, as the import takes longer", "CPU s of import", "s", "CPU s here", "CPU s of others")
    for seconds in (0.0, 0.1, 1.0):
        burn = f"import time\nuntil = time.process_time() + {seconds}\nwhile time.process_time() < until: pass\n"
        with project(burn + BASE, burn + HEAD) as (scene, base):
            cost = opened(scene, base)
            row(seconds, cost.seconds, cost.own, cost.theirs)


def check() -> None:
    table("The whole check, no recorded calls, a test suite of a second", "s", "CPU s here", "CPU s of others", "said")
    with project(BASE, HEAD, tests=TESTS) as (scene, base):
        finding = Finding("long_function", "shop/bill.py", TOOL, 1, 2, Severity.MEDIUM, "-", "f" * 40)
        plan = Plan("key", "-", (), ("shop/bill.py",), ("total",), Risk.LOW, 5, 40, base)
        cost = Cost()
        said = shadow_check(scene, Case(base, scene.commit, 1, plan, finding))
        cost.stop()
        row(cost.seconds, cost.own, cost.theirs, f"{said.outcome.value}: {said.reason}")


def peers() -> None:
    table("One version, one call, other ways", "way", "calls", "calls/s", "CPU ms a call")
    given = [sample.given[0] for sample in samples(2000)]
    names: dict[str, Callable[..., object]] = {}
    exec(BASE, names)  # the benchmark's own source
    cost = Cost()
    for args in given:
        json.dumps(names["total"](*json.loads(args)))
    _peer("plain loop here", len(given), cost.stop())
    with tempfile.TemporaryDirectory() as place:
        _laid(Path(place), given[:300])
        environment = {**os.environ, "PYTHONPATH": place}
        cost = Cost()
        call = "import json, sys; from shop.bill import total; print(json.dumps(total(*json.loads(sys.argv[1]))))"
        for args in given[:20]:
            subprocess.run([sys.executable, "-c", call, args], check=True, capture_output=True, env=environment)
        _peer("python -c a call", 20, cost.stop())
        cost = Cost()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{place}/test_each.py"]
        subprocess.run(command, check=True, capture_output=True, env=environment)
        _peer("pytest, a test a call", 300, cost.stop())
    with project(BASE, HEAD) as (scene, _), ExitStack() as stack:
        session = stack.enter_context(scene.caller.open(scene.commit, TOOL, "shop/bill.py", None, Conditions()))
        session.call([Call((args, "{}")) for args in given[:5]])
        cost = Cost()
        session.call([Call((args, "{}")) for args in given[:300]])
        stack.close()
        _peer("our session", 300, cost.stop())


def _laid(place: Path, given: Sequence[str]) -> None:
    (place / "shop").mkdir()
    (place / "shop/bill.py").write_text(BASE)
    (place / "given.json").write_text(json.dumps(given))
    (place / "test_each.py").write_text(
        "import json, pathlib, pytest\nfrom shop.bill import total\n"
        "GIVEN = json.loads(pathlib.Path(__file__).with_name('given.json').read_text())\n"
        "@pytest.mark.parametrize('given', GIVEN)\n"
        "def test_it(given):\n    assert total(*json.loads(given))\n"
    )


def _peer(way: str, calls: int, cost: Cost) -> None:
    row(way, calls, calls / cost.seconds, (cost.own + cost.theirs) / calls * 1e3)


PARTS: dict[str, Callable[[], None]] = {
    "inputs": inputs, "sizes": sizes, "files": files, "imports": imports, "check": check, "peers": peers,
}  # fmt: skip

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
