"""How often an investigation names what is really wrong: small programs with a fault each, run under the recorder.

    python benchmarks/investigation.py [--seed 1] [--only commit] [--variants 3] [--set shown] [--format json]

Every program has a git history, runs in processes of its own at the commits that were deployed, over two simulated
weeks with quiet nights, and is recorded by the real recorder; the files are imported into a real store. Then the
investigation and two simple ways to look are asked, and judged on kind, line and commit. Everything but durations is
the same for the same seed.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from faults.baselines import frequent_message, last_commit
from faults.judge import SURE, Claim, Score, Verdict, calibration, judge, targets
from faults.model import Variant
from faults.program import Commit, commit_all, named, steps

from gitops_healer.adapters.cache import SqliteCache
from gitops_healer.adapters.executions import open_executions
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.registry import Absent, Scene
from gitops_healer.settings import load_settings

FILES = (
    "inputs", "dependency", "callee", "slow", "commits", "flaky", "times", "environment", "state", "caller", "controls",
)  # fmt: skip
FRESH = (
    "fresh_inputs", "fresh_dependency", "fresh_callee", "fresh_slow", "fresh_commits", "fresh_flaky", "fresh_times",
    "fresh_environment", "fresh_state", "fresh_caller", "fresh_controls",
)  # fmt: skip
"""Faults by others than those who wrote the investigation, in files of their own; only `--set fresh` asks for them."""
DRIVER = Path(__file__).parent / "faults" / "driver.py"
DEPLOYED = 3
"""Every third commit is deployed, so that some deployments bring innocent commits beside the bad one."""

Way = Callable[[Scene, str], list[Claim]]


@dataclass(frozen=True)
class Answer:
    """What one way of looking said about one variant."""

    variant: Variant
    way: str
    said: tuple[Claim, ...]
    score: Score


def variants(only: str, limit: int, held: bool | None, files: Sequence[str] = FILES) -> list[Variant]:
    """held: only those that are, only those that are not, or all. limit: of each kind."""
    found: list[Variant] = []
    for name in files:
        found += import_module(f"faults.{name}").VARIANTS
    chosen = [one for one in found if only in one.name and held in (None, one.held)]
    seen: Counter[str] = Counter()
    kept = []
    for one in chosen:
        seen[one.kind] += 1
        kept += [one] if seen[one.kind] <= limit else []
    return kept


def moments(variant: Variant, chance: random.Random) -> list[datetime]:
    """When work is done: most by day, little by night, as much on every day."""
    hours = [1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 11, 12, 12, 10, 8, 6, 5, 4, 3, 2, 1]
    found = [
        variant.start + timedelta(days=day, hours=hour, seconds=chance.uniform(0, 3600))
        for day in range(variant.days)
        for hour in chance.choices(range(24), hours, k=variant.rate)
    ]
    return sorted(found)


def run(variant: Variant, commits: Sequence[Commit], directory: Path, spool: Path, seed: int) -> None:
    """Do the work at every deployed commit, in its time, each in a process of its own."""
    times = moments(variant, random.Random(seed))
    deployed = [commit for number, commit in enumerate(commits) if number % DEPLOYED == 0]
    ends = [commit.when for commit in deployed[1:]] + [times[-1] + timedelta(days=1)]
    first = 0
    for commit, end in zip(deployed, ends, strict=True):
        mine = [moment for moment in times if commit.when <= moment < end]
        if not mine:
            continue
        subprocess.run(
            ["git", "checkout", "-q", "--detach", commit.sha], cwd=directory, check=True, capture_output=True
        )
        document = {
            "root": f"{directory}", "spool": f"{spool}", "commit": commit.sha, "work": named(variant, variant.work),
            "seed": seed + first, "first": first, "moments": [int(moment.timestamp() * 1e9) for moment in mine],
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-B", str(DRIVER)],
            input=json.dumps(document),
            capture_output=True,
            text=True,
            cwd=directory,
        )
        if done.returncode or done.stderr:
            raise RuntimeError(f"{variant.name} at {commit.sha[:9]}: {done.stderr}")
        first += len(mine)
    subprocess.run(["git", "checkout", "-q", "main"], cwd=directory, check=True, capture_output=True)


def recorded(variant: Variant, spool: Path) -> list[bytes]:
    """The recorder's lines; of a program that is said to record less, without inputs or frames."""
    lines = [line for path in sorted(spool.rglob("*")) if path.is_file() for line in path.read_bytes().splitlines()]
    return lines if variant.inputs and variant.frames else [_poorer(variant, json.loads(line)) for line in lines]


def _poorer(variant: Variant, event: dict[str, Any]) -> bytes:
    if not variant.inputs:
        event.pop("args", None), event.pop("kwargs", None)
    if not variant.frames and "error" in event:
        event["error"].pop("frames", None)
    return json.dumps(event).encode()


def scene_of(directory: Path, store: Path, lines: Iterable[bytes], now: datetime) -> Scene:
    executions = open_executions(store / "executions.sqlite")
    imported = executions.import_jsonl(lines)
    if imported.broken or not imported.stored:
        raise RuntimeError(f"{directory.name}: {imported}")
    repository = open_repository(directory)
    commit = repository.resolve("main")
    assert commit is not None
    cache = SqliteCache(store / "cache.sqlite")
    code = CodeModel(repository.files(commit), repository.read_blob, cache)
    unused: Any = Absent("the study runs nothing")
    return Scene(
        commit, now, repository, code, executions, unused, unused, unused, cache, load_settings(), lambda _: None
    )


def must_show(variant: Variant, scene: Scene, tool: str) -> None:
    """Raises RuntimeError for a fault that did not show, or a failure of a program without one."""
    stats = next(one for one in scene.executions.stats() if one.tool == tool)
    fails = any("slow" not in truth.kinds for truth in variant.truths)
    if fails != (stats.failed > 0):
        raise RuntimeError(f"{variant.name}: {stats.failed} of {stats.total} calls failed")


def investigation() -> Way | None:
    """None when this version has none."""
    try:
        investigate = import_module("gitops_healer.investigation.investigate").investigate
    except ModuleNotFoundError:
        return None

    def look(scene: Scene, tool: str) -> list[Claim]:
        claims: list[Claim] = []
        try:
            problems = investigate(scene, tool).problems
        except Exception as error:  # one crash is one wrong answer, and the others still count
            return [Claim("crashed", confidence=0.0, sentence=f"{type(error).__name__}: {error}")]
        for problem in problems:
            place, began = problem.place, problem.began
            claims.append(
                Claim(
                    problem.kind.value, place.path if place else "", place.line if place else 0,
                    (began and began.commit) or "", problem.confidence, problem.sentence,
                )
            )  # fmt: skip
        return claims

    return look


def answers(variant: Variant, ways: dict[str, Way], seed: int) -> list[Answer]:
    """Make the program, let it work, ask everybody."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        directory, spool = place / "program", place / "spool"
        commits = commit_all(steps(variant, random.Random(f"{seed} {variant.name}")), directory)
        run(variant, commits, directory, spool, seed)
        scene = scene_of(directory, place, recorded(variant, spool), variant.start + timedelta(days=variant.days))
        texts = {path.relative_to(directory).as_posix(): path.read_text() for path in directory.rglob("*.py")}
        wanted = targets(variant, commits, texts)
        tool = named(variant, variant.tool)
        must_show(variant, scene, tool)
        return [
            Answer(variant, name, tuple(said), judge(wanted, said))
            for name, way in ways.items()
            for said in [way(scene, tool)]
        ]


def row(answer: Answer, sentences: bool = False) -> str:
    top = answer.said[0] if answer.said else Claim("nothing", confidence=0.0)
    marks = "".join(
        letter if value else "-" if value is False else "."
        for letter, value in zip("kpc", (answer.score.kind, answer.score.place, answer.score.commit), strict=True)
    )
    where = f"{top.path}:{top.line}" if top.path else ""
    wanted = " + ".join("/".join(truth.kinds) for truth in answer.variant.truths) or "nothing"
    said = f"{wanted:20} {top.kind:12}{where:26} {top.commit[:9]:9}"
    more = f"\n    {top.sentence}" if sentences and top.sentence else ""
    return f"{answer.variant.name:34} {said} {answer.score.verdict.value:8} {marks} {top.confidence:.2f}{more}"


def summary(name: str, given: Sequence[Answer]) -> str:
    counts = Counter(answer.score.verdict for answer in given)
    sure = sum(one.score.verdict is Verdict.WRONG and one.score.confidence >= SURE for one in given)
    told = ", ".join(f"{verdict.value} {counts[verdict]}" for verdict in Verdict)
    bins = "; ".join(
        f"{low:.2f}-{high:.2f}: {right} of {n}" for low, high, n, right in calibration(a.score for a in given)
    )
    share = counts[Verdict.RIGHT] / len(given)
    return f"{name}: {share:.0%} right of {len(given)} ({told}); wrong and sure {sure}\n  right by confidence: {bins}"


def as_json(given: Sequence[Answer]) -> str:
    rows = [
        {
            "fault": one.variant.name,
            "way": one.way,
            "verdict": one.score.verdict.value,
            "wanted": ["/".join(truth.kinds) for truth in one.variant.truths],
            "named": [c.kind for c in one.said],
            "confidence": one.said[0].confidence if one.said else 0.0,
            "sentence": one.said[0].sentence if one.said else "",
        }
        for one in given
    ]
    return json.dumps({"answers": rows}, indent=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a name, such as commit/ or slow/quadratic")
    parser.add_argument("--variants", type=int, default=1000, help="of each kind at most")
    parser.add_argument("--set", choices=["shown", "held", "all", "fresh"], default="all", help="all: shown and held")
    parser.add_argument("--sentences", action="store_true", help="print what was said, too")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    chosen = parser.parse_args()
    held = {"shown": False, "held": True}.get(chosen.set)
    asked = investigation()
    ways: dict[str, Way] = {"innermost line, last commit": last_commit, "most frequent message": frequent_message}
    ways = {"investigation": asked, **ways} if asked else ways
    given: list[Answer] = []
    started = time.monotonic()
    for variant in variants(chosen.only, chosen.variants, held, FRESH if chosen.set == "fresh" else FILES):
        given += answers(variant, ways, chosen.seed)
        if chosen.format == "text":
            print("\n".join(row(one, chosen.sentences) for one in given[-len(ways) :][:1]), flush=True)
    if not given:
        parser.error(f"no fault is called {chosen.only!r}: try --only commit/")
    if chosen.format == "json":
        print(as_json(given))
        return
    took = f"{time.monotonic() - started:.0f} s"
    print(
        f"\nFault, wanted, named; k p c: kind, place, commit are right (- wrong, . not asked for); confidence. {took}"
    )
    if not asked:
        print("This version has no investigation; the table shows the first simple way.")
    for name in ways:
        print(summary(name, [one for one in given if one.way == name]))


if __name__ == "__main__":
    main()
