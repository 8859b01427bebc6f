"""How well the gates tell good changes from bad ones: pairs of versions with known truth (benchmarks/pairs).

    python benchmarks/proof.py [--set shown|held] [--all] [--limit N] [--only NAME] [--seed N] [--jobs N]
                               [--inputs N] [--format text|json]

Each pair becomes a real repository with two commits and a store with the recorded calls of the first; the gates shadow
and replay (with --all also tests, synthetic and evidence) judge the step, in the sandbox, as the bot would. Beside them
two rules judge the same calls without sandbox: a naive one (outputs equal on 95 % of the calls) and that of Diffy (a
place is suspicious when candidate and primary differ there more than primary and secondary do, by 20 % relative to both
and by 0.03 % of the calls). An interrupted run prints what it has.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "pairs"))

import corpus

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.aim import Aim
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.plan import Plan
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.places import Choices
from gitops_healer.registry import Case
from gitops_healer.wiring import build_world

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GATES = ("shadow", "replay")
ALL_GATES = ("tests", *GATES, "synthetic", "evidence")
VERDICTS = ("passed", "failed", "unknown", "skipped")
AGREEMENT = 0.95
PHASE = 1800.0  # seconds for all gates of a pair
DIFFY_RELATIVE, DIFFY_ABSOLUTE = 20.0, 0.03  # percent; the defaults of Diffy's -threshold.relative and .absolute
_COMPARED = re.compile(r"(\d+) (?:agrees|improves|regresses|changes)\b")
_REPEATED = re.compile(r": (\d+) of \d+ recorded calls made again")


@dataclass(frozen=True)
class Judged:
    """What was said of one pair. gates: name -> (verdict, reason); inputs: compared by shadow and replay."""

    name: str
    truth: str
    aim: str
    verdict: str
    gates: dict[str, tuple[str, str]] = field(default_factory=dict)
    naive: str = ""
    diffy: str = ""
    inputs: int = 0
    seconds: float = 0.0
    details: tuple[str, ...] = ()


# One pair


def judge(pair: corpus.Pair, gates: Sequence[str], seed: int, inputs: int) -> Judged:
    if "ends" in _state:
        os._exit(0)
    began = time.monotonic()
    _state.add("judges")
    with tempfile.TemporaryDirectory(prefix="pair-") as place:
        base, head = lay_out(pair, Path(place), seed)
        results = gated(pair, Path(place) / "repo", base, head, gates, inputs)
    _state.discard("judges")
    seconds = time.monotonic() - began
    said = {result.check: (result.outcome.value, result.reason) for result in results}
    details = tuple(line for result in results for line in result.details)
    naive, diffy = baselines(pair, seed)
    return Judged(
        pair.whole_name, pair.truth, pair.aim, together(results), said, naive, diffy, compared(details), seconds,
        details,
    )  # fmt: skip


def lay_out(pair: corpus.Pair, place: Path, seed: int) -> tuple[str, str]:
    """A repository with both versions, and the calls of the first in its store. Returns the commits."""
    repo, scratch, spool = place / "repo", place / "scratch", place / "spool"
    for path in (repo, scratch, spool):
        path.mkdir()
    git(repo, "init", "--quiet", "--initial-branch=main")
    base = commit(repo, pair.base, "Begin")
    command = [sys.executable, str(corpus.HERE / "drive.py"), "record", str(pair.inputs), str(seed), str(repo)]
    subprocess.run(
        [*command, str(spool), base, str(NOW.timestamp())], cwd=scratch, check=True, capture_output=True, timeout=120
    )
    world = build_world(Choices(repo, clock=TurnedClock(NOW)))
    lines = [line for path in sorted(spool.rglob("*.jsonl")) for line in path.read_bytes().splitlines(keepends=True)]
    imported = world.executions.import_jsonl(lines)
    if imported.broken or not imported.stored:
        raise ValueError(f"{pair.whole_name}: {imported}")
    return base, commit(repo, pair.candidate, "Change")


def commit(repo: Path, files: Any, message: str) -> str:
    corpus.write(files, repo)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", message)
    return git(repo, "rev-parse", "HEAD")


def git(repo: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in IDENTITY.items()}
    environment = {**os.environ, **who, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *arguments], cwd=repo, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


IDENTITY = {"NAME": "Maintainer", "EMAIL": "maintainer@example.org", "DATE": "2026-02-01T00:00:00+00:00"}


def gated(pair: corpus.Pair, repo: Path, base: str, head: str, gates: Sequence[str], inputs: int) -> list[CheckResult]:
    """Each gate, also after one that refused; each knows what those before it said."""
    options: dict[str, Any] = {"testing.allow_untested": not any(Path(path).match("test_*.py") for path in pair.base)}
    if inputs:
        options["proof.shadow.inputs"] = inputs
    world = build_world(Choices(repo, options=options, clock=TurnedClock(NOW)))
    case, scene = case_of(pair, base, head), world.scene(head)
    results: list[CheckResult] = []
    with world.sandbox.within(PHASE):
        for check in sorted(world.checks, key=lambda check: check.order):
            if check.name in gates:
                results.append(check(scene, replace(case, before=tuple(results))))
    return results


def case_of(pair: corpus.Pair, base: str, head: str) -> Case:
    module, _, symbol = pair.tool.partition(":")
    paths = tuple(path for path in pair.candidate if pair.candidate[path] != pair.base.get(path))
    rule = "recent_failures" if pair.aim == "mends" else "long_function"
    message = f"{pair.tool} fails with {pair.error}" if pair.error else f"{pair.tool} is hard to read"
    finding = Finding(rule, f"{module}.py", pair.tool, 1, 2, Severity.MEDIUM, message, "f" * 40)
    plan = Plan("key", pair.name, (), paths, (symbol,), Risk.LOW, 5, 40, base, aim=Aim(pair.aim))
    return Case(base, head, 1, plan, finding)


def together(results: Sequence[CheckResult]) -> str:
    outcomes = {result.outcome for result in results}
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED):
        if outcome in outcomes:
            return outcome.value
    return Outcome.SKIPPED.value


def compared(details: Sequence[str]) -> int:
    shadow = sum(int(count) for line in details for count in _COMPARED.findall(line.partition(" in ")[0]))
    return shadow + sum(int(count) for line in details for count in _REPEATED.findall(line))


# The other rules


def baselines(pair: corpus.Pair, seed: int) -> tuple[str, str]:
    """What the naive rule and that of Diffy say."""
    versions = (pair.base, pair.base, pair.candidate)
    primary, secondary, candidate = (corpus.looked([files], pair.inputs, seed)[0] for files in versions)
    return naive(primary, candidate), diffy(primary, secondary, candidate)


def output(look: corpus.Look) -> Any:
    return {"error": look["error"], "message": look["message"]} if "error" in look else {"result": look["result"]}


def naive(primary: Sequence[corpus.Look], candidate: Sequence[corpus.Look]) -> str:
    equal = sum(output(one) == output(other) for one, other in zip(primary, candidate, strict=True))
    return "passed" if equal / len(primary) >= AGREEMENT else "failed"


def diffy(primary: Sequence[corpus.Look], secondary: Sequence[corpus.Look], candidate: Sequence[corpus.Look]) -> str:
    raw = differing_places(primary, candidate)
    noise = differing_places(primary, secondary)
    return "failed" if any(suspicious(raw[place], noise[place], len(primary)) for place in raw) else "passed"


def suspicious(raw: int, noise: int, total: int) -> bool:
    relative = abs(raw - noise) / (raw + noise) * 100
    return raw > noise and relative > DIFFY_RELATIVE and abs(raw - noise) / total * 100 > DIFFY_ABSOLUTE


def differing_places(left: Sequence[corpus.Look], right: Sequence[corpus.Look]) -> Counter[str]:
    """Place -> calls that differ there; items of lists are one place."""
    rows = zip(left, right, strict=True)
    return Counter(place for one, other in rows for place in set(places(output(one), output(other), "")))


def places(one: Any, other: Any, at: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from places(one.get(key), other.get(key), f"{at}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for item, another in zip(one, other, strict=True):
            yield from places(item, another, f"{at}[]")
    elif type(one) is not type(other) or one != other:
        yield at


# All pairs


def chosen(options: argparse.Namespace) -> list[corpus.Pair]:
    """In an order of which every beginning is fair to projects and truths."""
    pairs = [pair for pair in corpus.read_pairs(options.set) if re.search(options.only, pair.whole_name)]
    random.Random(options.seed).shuffle(pairs)
    return pairs[: options.limit or len(pairs)]


def run(options: argparse.Namespace, done: list[Judged]) -> None:
    pairs, gates = chosen(options), ALL_GATES if options.all else GATES
    pool = ProcessPoolExecutor(options.jobs, initializer=await_the_end)
    try:
        waiting = {pool.submit(judge, pair, gates, options.seed, options.inputs): pair for pair in pairs}
        for future in as_completed(waiting):
            pair, error = waiting[future], future.exception()
            if error is None:
                done.append(future.result())
            else:
                broken = {"benchmark": ("broken", f"{type(error).__name__}: {error}")}
                done.append(Judged(pair.whole_name, pair.truth, pair.aim, "unknown", broken))
            tell(done[-1], len(done), len(pairs))
    finally:
        pool.shutdown(wait=len(done) == len(pairs), cancel_futures=True)


_state: set[str] = set()  # of this process: whether it judges a pair, and whether it is to end


def await_the_end() -> None:
    """The first process decides when to stop; what has begun then clears its things away."""

    def end(*_: object) -> None:
        _state.add("ends")
        if "judges" not in _state:
            os._exit(0)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end)


def tell(one: Judged, number: int, total: int) -> None:
    said = " ".join(f"{gate}={verdict}" for gate, (verdict, _) in one.gates.items())
    mark = "" if right(one) else "  <-- wrong"
    print(f"{number:3}/{total} {one.name:42} {one.truth:20} {said}{mark} ({one.seconds:.0f} s)", file=sys.stderr)


def right(one: Judged) -> bool:
    """A bad change is not let through, a good one is not refused."""
    return one.verdict != "passed" if one.truth in corpus.BREAKING else one.verdict != "failed"


# The report


def figures(done: Sequence[Judged]) -> dict[str, Any]:
    bad = [one for one in done if one.truth in corpus.BREAKING]
    good = [one for one in done if one.truth in corpus.KEEPING]
    improved = [one for one in done if one.truth == "improved"]
    answers: dict[str, Callable[[Judged], str]] = {
        "gates": lambda one: one.verdict,
        "naive": lambda one: one.naive,
        "diffy": lambda one: one.diffy,
    }
    judges = {
        name: {
            "bad_passed": sum(verdict(one) == "passed" for one in bad),
            "bad_refused": sum(verdict(one) == "failed" for one in bad),
            "good_refused": sum(verdict(one) == "failed" for one in good),
            "improved_refused": sum(verdict(one) == "failed" for one in improved),
        }
        for name, verdict in answers.items()
    }
    return {
        "pairs": len(done), "bad": len(bad), "good": len(good), "improved": len(improved), "judges": judges,
        "median_seconds": median([one.seconds for one in done] or [0]),
        "median_inputs": median([one.inputs for one in done] or [0]),
    }  # fmt: skip


def confusion(done: Sequence[Judged]) -> Iterator[str]:
    yield f"{'truth':21}{'pairs':>6}" + "".join(f"{verdict:>9}" for verdict in VERDICTS)
    for truth in corpus.TRUTHS:
        of = [one for one in done if one.truth == truth]
        counts = Counter(one.verdict for one in of)
        if of:
            yield f"{truth:21}{len(of):6}" + "".join(f"{counts[verdict]:9}" for verdict in VERDICTS)


def report(done: Sequence[Judged]) -> Iterator[str]:
    done = sorted(done, key=lambda one: one.name)
    yield from confusion(done)
    found = figures(done)
    yield ""
    yield f"{'':10}{'bad passed':>14}{'bad refused':>14}{'good refused':>14}{'improved refused':>18}"
    for name, row in found["judges"].items():
        cells = [
            f"{row['bad_passed']} of {found['bad']}", f"{row['bad_refused']} of {found['bad']}",
            f"{row['good_refused']} of {found['good']}", f"{row['improved_refused']} of {found['improved']}",
        ]  # fmt: skip
        yield f"{name:10}{cells[0]:>14}{cells[1]:>14}{cells[2]:>14}{cells[3]:>18}"
    yield ""
    for gate in dict.fromkeys(gate for one in done for gate in one.gates):
        counts = Counter(one.gates[gate][0] for one in done if gate in one.gates)
        yield f"{gate}: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    yield f"a pair: {found['median_seconds']:.1f} s, {found['median_inputs']:.0f} inputs compared (medians)"
    for one in done:
        if not right(one) or one.verdict in ("unknown", "skipped"):
            yield f"{'wrong' if not right(one) else one.verdict}: {one.name} ({one.truth}, {one.aim}) {one.verdict}"
            yield from (f"    {gate}: {verdict}: {reason[:300]}" for gate, (verdict, reason) in one.gates.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", choices=("shown", "held"), default="shown")
    parser.add_argument("--all", action="store_true", help="also the gates tests, synthetic and evidence")
    parser.add_argument("--limit", type=int, default=0, help="so many pairs at most")
    parser.add_argument("--only", default="", help="regular expression of project/name")
    parser.add_argument("--inputs", type=int, default=0, help="proof.shadow.inputs in place of the policy's")
    parser.add_argument("--seed", type=int, default=0, help="of the recorded inputs")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    done: list[Judged] = []
    try:
        run(options, done)
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        print("interrupted", file=sys.stderr)
    if options.format == "json":
        print(json.dumps({"set": options.set, **figures(done), "judged": [asdict(one) for one in done]}))
    else:
        print("\n".join(report(done)), flush=True)
    if len(done) < len(chosen(options)):
        for process in active_children():
            process.terminate()


if __name__ == "__main__":
    main()
