"""Repairs the corpora of bugs with the real command, and asks held-out inputs whether the repair is right.

    python benchmarks/bugs.py [--set shown|held|DIR] [--budget 60] [--jobs 1] [--only NAME] [--limit N] [--json FILE]

Every bug becomes a git repository of one commit: the program with the bug and its tests, without the probe and the
list of bugs. `gitops-healer repair` runs on it as users run it. Each of the first three patches is applied to a copy:
plausible are those whose tests pass in a fresh process, correct those of them with which the probe prints the same
as for the correct program. Beside it, on a sample, stands what one would write first: one random mutation of a node
after the other, each tried by a fresh pytest, with the same budget. Ctrl-C prints what there is.
"""

import argparse
import json
import random
import shlex
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from corpora import commit_all, git
from patches import (
    ENGINE,
    Told,
    apply_patch,
    ask_engine,
    make_sandbox,
    naive_repair,
    passes,
    run,
    run_suite,
    scratch_copy,
)
from verdicts import Judged, Result, collect, end_like_ctrl_c, in_turn, report, save

from gitops_healer.ports import Sandbox

SETS = Path(__file__).parent / "bugs"
LOOKED_AT = 3
PROBE_SECONDS = 60.0
SHORT = {
    "early return/return inside loop": "early return",
    "missing statement that stands elsewhere in the code in the same form": "missing statement",
    "wrong loop range/start/end": "wrong loop range",
}
"""Long names of classes of bugs, which some programs use."""


@dataclass(frozen=True)
class Case:
    """A program and one of its bugs: `old` of `file` becomes `new`."""

    program: Path
    name: str
    kind: str
    file: str
    function: str
    old: str
    new: str
    why: str

    @property
    def title(self) -> str:
        return f"{self.program.name}/{self.name}"


def read_cases(folder: Path) -> Iterator[Case]:
    """The bugs of all programs of a set, or of one program."""
    for path in sorted([*folder.glob("probe.py"), *folder.glob("*/probe.py")]):
        for table in tomllib.loads(path.with_name("bugs.toml").read_text(encoding="utf-8"))["bug"]:
            kind = table.pop("class").replace("`", "")
            yield Case(path.parent, kind=SHORT.get(kind, kind), **table)


def lay_out(case: Case, directory: Path) -> Path:
    """The repository of a case, with one commit."""
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", "probe.py", "bugs.toml")
    tree = Path(shutil.copytree(case.program, directory / case.program.name, ignore=ignored))
    source = (tree / case.file).read_text(encoding="utf-8")
    if source.count(case.old) != 1:
        raise ValueError(f"{case.name}: old occurs {source.count(case.old)} times in {case.file}, not once")
    (tree / case.file).write_text(source.replace(case.old, case.new), encoding="utf-8")
    commit_all(tree, "A program")
    return tree


class Judge:
    """Tells right from wrong by the probes of the programs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._behaviours: dict[Path, list[str]] = {}

    def behaviour(self, program: Path) -> list[str]:
        """What the correct program does."""
        if program not in self._behaviours:
            with scratch_copy(self.sandbox, program) as (scratch, tree):
                self._behaviours[program] = self._probe(scratch, tree, program)
        if not self._behaviours[program]:
            raise ValueError(f"{program}: the probe prints nothing for the correct program")
        return self._behaviours[program]

    def judge(self, patch: Mapping[str, Any], program: Path, tree: Path) -> Judged:
        """program: the correct one; tree: the one with the bug."""
        named = partial(Judged, patch.get("template", ""), patch.get("title", ""), patch["diff"])
        with scratch_copy(self.sandbox, tree) as (scratch, copy):
            refused = apply_patch(patch["diff"], copy)
            if refused:
                return named(False, False, refused)
            told = run_suite(self.sandbox, scratch, copy, "pytest")
            if not passes(told):
                return named(False, False, f"tests fail: {', '.join([*told['failed'], *told['unreadable']][:3])}")
            wrong = self.differences(self._probe(scratch, copy, program), self.behaviour(program))
        return named(True, not wrong, wrong)

    def _probe(self, scratch: Path, tree: Path, program: Path) -> list[str]:
        shutil.copy(program / "probe.py", tree / "probe.py")
        ran = run(self.sandbox, [sys.executable, "probe.py"], scratch, tree, PROBE_SECONDS)
        try:
            answers = json.loads(ran.stdout)
        except ValueError:
            return []
        return answers if isinstance(answers, list) else []

    @staticmethod
    def differences(answers: Sequence[str], wanted: Sequence[str]) -> str:
        """How answers differ from those of the correct program, "" when they do not."""
        if len(answers) != len(wanted):
            return f"the probe gives {len(answers)} answers in place of {len(wanted)}"
        pairs = [(was, right) for was, right in zip(answers, wanted, strict=True) if was != right]
        first = f": {pairs[0][0][:80]} in place of {pairs[0][1][:80]}" if pairs else ""
        return f"{len(pairs)} of {len(wanted)} answers differ{first}" if pairs else ""


def run_case(case: Case, judge: Judge, repair: Callable[[Path], Told]) -> Result | None:
    """None, with a word on stderr, when it is the corpus that is broken."""
    with tempfile.TemporaryDirectory(prefix="bugs-") as directory:
        try:
            judge.behaviour(case.program)
            tree = lay_out(case, Path(directory))
        except ValueError as error:
            print(f"{case.title} is left out: {error}", file=sys.stderr)
            return None
        told = repair(tree)
        git(tree, "checkout", "--quiet", "--force", "HEAD")
        judged = tuple(judge.judge(patch, case.program, tree) for patch in told.patches[:LOOKED_AT])
    return Result(case.title, case.kind, told, judged)


def chosen_cases(chosen: argparse.Namespace) -> list[Case]:
    folder = Path(chosen.set) if Path(chosen.set).is_dir() else SETS / chosen.set
    cases = [case for case in read_cases(folder) if chosen.only in case.title]
    return cases if not chosen.limit else random.Random(chosen.seed).sample(cases, min(chosen.limit, len(cases)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--set", default="shown", help="shown, held, or a folder of programs")
    parser.add_argument("--budget", type=float, default=60, help="seconds a bug")
    parser.add_argument("--jobs", type=int, default=1, help="bugs at a time")
    parser.add_argument("--only", default="", help="part of program/bug")
    parser.add_argument("--limit", type=int, default=0, help="so many bugs, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--baseline", type=int, default=10, help="bugs on which random mutations are tried as well")
    parser.add_argument("--full-baseline", action="store_true", help="random mutations on all bugs")
    parser.add_argument("--engine", default=shlex.join(ENGINE), help="a command that prints the same document")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    cases = chosen_cases(chosen)
    if not cases:
        parser.error(f"no bug of {chosen.set!r} is called {chosen.only!r}: try --set shown --limit 5")
    judge = Judge(make_sandbox())
    engine = partial(ask_engine, shlex.split(chosen.engine), tests="pytest", budget=chosen.budget)
    results = collect(in_turn(cases, chosen.jobs, partial(run_case, judge=judge, repair=engine)))
    names = {one.name for one in results}
    sample = [case for case in cases if case.title in names]
    if not chosen.full_baseline:
        sample = random.Random(chosen.seed).sample(sample, min(chosen.baseline, len(sample)))
    print(f"\nrandom mutations on {len(sample)} of them")
    simple = partial(naive_repair, judge.sandbox, tests="pytest", budget=chosen.budget, seed=chosen.seed)
    naive = collect(in_turn(sample, chosen.jobs, partial(run_case, judge=judge, repair=simple)))
    if chosen.json:
        save(chosen.json, repair=results, mutations=naive)
    if results:
        report(results, naive)


if __name__ == "__main__":
    end_like_ctrl_c()
    main()
