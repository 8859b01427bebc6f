"""Puts random mistakes into real libraries and repairs them with the real command and the libraries' own tests.

    python benchmarks/mutants.py [--count 100] [--seed 1] [--budget 120] [--only LIBRARY] [--json FILE]

Libraries (libraries.toml) are source distributions from the package index, by exact version and hash. Of each, as many
mutants are drawn: a function that tests run, an operator (mutation.py), a place, each uniformly at random by the seed.
Kept is every mutant with which the suite is still collected and a test fails. It becomes a git repository of one
commit, so there is no history to undo. Restored is a mutant by a patch that gives back the original syntax tree, or
with which the changed functions end as in the original on all calls that the suite makes of them and on neighbours of
these. Beside it, on a sample, random mutations as a repair (see bugs.py). Ctrl-C prints what there is.
"""

import argparse
import ast
import hashlib
import random
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import mutation
from corpora import commit_all, git
from mutation import Mutant, Scope
from patches import (
    ENGINE,
    Told,
    apply_patch,
    ask_engine,
    changed_paths,
    first_line,
    is_test,
    make_sandbox,
    naive_repair,
    passes,
    run_suite,
    scratch_copy,
)
from verdicts import (
    UNTOLD,
    Judged,
    Result,
    by_group,
    by_template,
    certainty,
    collect,
    end_like_ctrl_c,
    ratio,
    save,
    share,
    table,
    time_spent,
    trouble,
)

from gitops_healer.adapters.repository import open_repository
from gitops_healer.adapters.trials import ProjectTrials
from gitops_healer.core.change import Change, whole_file
from gitops_healer.core.trials import Observed
from gitops_healer.ports import Sandbox
from gitops_healer.settings import load_settings

LIBRARIES = Path(__file__).parent / "libraries.toml"
PROFILED_SECONDS = 300.0
OBSERVED = 3
"""Patches whose behaviour is looked at; of later ones only the syntax tree is compared."""
CALLERS = 300
"""Tests from which calls are taken, at most."""
DRAWS = 15
"""Draws for each mutant that is wanted, at most."""
GOAL = 0.6


@dataclass(frozen=True)
class Library:
    """code: file or folder of the functions to mutate; tests: command that runs the suite."""

    name: str
    version: str
    sha256: str
    code: str
    tests: str
    kind: str


@dataclass(frozen=True)
class Suite:
    """An unchanged library. functions: (path, names) -> tests that call it; seconds: of a run of all tests."""

    library: Library
    tree: Path
    functions: Mapping[tuple[str, tuple[str, ...]], tuple[str, ...]]
    seconds: float

    @property
    def patience(self) -> float:
        """Seconds that a run may take with a mutant."""
        return 20 + 4 * self.seconds


def read_libraries() -> tuple[Library, ...]:
    tables = tomllib.loads(LIBRARIES.read_text(encoding="utf-8"))["library"]
    return tuple(Library(**table) for table in tables)


def fetch(library: Library, downloads: Path, target: Path) -> Path:
    """Unpack the source distribution, which is downloaded when it is missing and must have the hash."""
    downloads.mkdir(parents=True, exist_ok=True)
    stem = f"{library.name.replace('-', '_')}-{library.version}"
    archive = downloads / f"{stem}.tar.gz"
    if not archive.is_file():
        wanted = downloads / f"{library.name}.txt"
        wanted.write_text(f"{library.name}=={library.version} --hash=sha256:{library.sha256}\n")
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:")
        subprocess.run([*pip, "--require-hashes", "--dest", str(downloads), "-r", str(wanted)], check=True)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != library.sha256:
        raise ValueError(f"{archive} is not the distribution that {LIBRARIES.name} names: delete it")
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
    return Path((target / stem).rename(target / library.name))


def look_at(sandbox: Sandbox, library: Library, tree: Path) -> Suite | None:
    """Run the unchanged suite, once as it is and once to see what calls what; None when it does not pass."""
    with scratch_copy(sandbox, tree) as (scratch, copy):
        began = time.monotonic()
        plain = run_suite(sandbox, scratch, copy, library.tests, PROFILED_SECONDS)
        seconds = time.monotonic() - began
        told = run_suite(sandbox, scratch, copy, library.tests, PROFILED_SECONDS, calls=True)
    if not passes(plain) or not passes(told):
        wrong = [*plain["failed"], *plain["unreadable"], *told["failed"], *told["unreadable"]]
        print(f"{library.name} is left out: its tests do not pass here: {wrong[:3]}", file=sys.stderr)
        return None
    callers: dict[tuple[str, int], list[str]] = {}
    for test, called in told["called"].items():
        for path, line in called:
            callers.setdefault((path, line), []).append(test)
    inside = sorted(path for path in {path for path, _ in callers} if path.startswith(library.code))
    functions = {
        (path, names): tuple(callers[path, first_line(function)])
        for path in inside
        if not is_test(path)
        for names, function, _ in mutation.functions(ast.parse((tree / path).read_bytes()))
        if (path, first_line(function)) in callers
    }
    return Suite(library, tree, functions, seconds)


def draw(suite: Suite, chance: random.Random) -> Iterator[Mutant]:
    """Different mutants, for ever or until the functions are used up."""
    places, seen, idle = sorted(suite.functions), set(), 0
    while idle < 200:
        path, names = chance.choice(places)
        source = (suite.tree / path).read_bytes()
        found = next(one for one in mutation.functions(ast.parse(source)) if one[0] == names)
        kinds = mutation.mutants(path, names, Scope(source, *found[1:]))
        mutant = chance.choice(kinds[chance.choice(sorted(kinds))]) if kinds else None
        if mutant is None or mutant in seen or not mutation.sound(mutant, source):
            idle += 1
            continue
        seen.add(mutant)
        idle = 0
        yield mutant


def put_in(mutant: Mutant, tree: Path) -> None:
    path = tree / mutant.path
    path.write_bytes(mutant.put_into(path.read_bytes()))


def kept(sandbox: Sandbox, suite: Suite, mutant: Mutant) -> str:
    """`kept`, or why not: the suite `passes`, `cannot be collected`, or `does not end`."""
    with scratch_copy(sandbox, suite.tree) as (scratch, copy):
        put_in(mutant, copy)
        told = run_suite(sandbox, scratch, copy, f"{suite.library.tests} -x", suite.patience)
    if not told["ended"]:
        return "does not end"
    if told["unreadable"]:
        return "cannot be collected"
    return "kept" if told["failed"] else "passes"


class Restoration:
    """Tells whether patches give back what the library did."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def judge(self, patch: Mapping[str, Any], rank: int, suite: Suite, mutant: Mutant, tree: Path) -> Judged:
        """tree: the repository with the mutant."""
        named = partial(Judged, patch.get("template", ""), patch.get("title", ""), patch["diff"])
        with scratch_copy(self.sandbox, tree) as (scratch, copy):
            refused = apply_patch(patch["diff"], copy)
            if refused:
                return named(False, False, refused)
            texts = {path: (copy / path).read_bytes() for path in changed_paths(patch["diff"])}
            if all(same_tree(text, (suite.tree / path).read_bytes()) for path, text in texts.items()):
                return named(True, mutant.path in texts, "" if mutant.path in texts else "changes nothing", exact=True)
            if rank > OBSERVED:
                return named(False, False, "another text, not looked at")
            told = run_suite(self.sandbox, scratch, copy, suite.library.tests, suite.patience)
            if not passes(told):
                return named(False, False, f"tests fail: {', '.join([*told['failed'], *told['unreadable']][:3])}")
        why = self.difference(suite, mutant, tree, texts)
        return named(True, not why, why)

    def difference(self, suite: Suite, mutant: Mutant, tree: Path, texts: Mapping[str, bytes]) -> str:
        """Where a patched function ends another way than the original, "" when it never does."""
        repository = open_repository(tree)
        commit = repository.resolve("main")
        assert commit is not None
        testing = load_settings().testing.model_copy(update={"command": suite.library.tests})
        trials = ProjectTrials(repository, self.sandbox, testing, Path(sys.executable))
        original = (suite.tree / mutant.path).read_bytes()
        versions = [whole_file(mutant.path, mutant.put_into(original), original), patch_of(tree, texts)]
        places = [(mutant.path, mutant.names), *touched(tree, texts)]
        callers = [test for place in places for test in suite.functions.get(place, ())][:CALLERS]
        with trials.open(commit, only=callers) as session:
            if session.opened.problem:
                return f"{UNTOLD}: {session.opened.problem}"
            tests = [case.id for case in session.opened.cases]
            seen = [session.observe(path, names, versions, tests, 20.0) for path, names in dict.fromkeys(places)]
        return differing(seen)


def differing(seen: Sequence[Observed]) -> str:
    """The first call on which version 1 is not as version 0. Absence of calls that can be compared is a difference."""
    told = 0
    for one in seen:
        if not {0, 1} <= one.endings.keys():
            continue
        for call, right, now in zip(one.calls, one.endings[0], one.endings[1], strict=True):
            if right != now:
                return f"{call[:80]}: {now[:80]} in place of {right[:80]}"
            told += right != "~"
    return "" if told else f"{UNTOLD}: no call of it can be compared"


def same_tree(left: bytes, right: bytes) -> bool:
    try:
        return ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))
    except SyntaxError:
        return False


def patch_of(tree: Path, texts: Mapping[str, bytes]) -> Change:
    changes = (whole_file(path, (tree / path).read_bytes(), text) for path, text in texts.items())
    return Change(tuple(edit for change in changes for edit in change.edits))


def touched(tree: Path, texts: Mapping[str, bytes]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The functions that a patch changes."""
    for path, text in texts.items():
        before, after = ({names: ast.dump(function) for names, function, _ in mutation.functions(ast.parse(source))}
                         for source in ((tree / path).read_bytes(), text))  # fmt: skip
        yield from ((path, names) for names in before.keys() & after.keys() if before[names] != after[names])


@dataclass(frozen=True)
class Task:
    suite: Suite
    mutant: Mutant

    @property
    def title(self) -> str:
        return f"{self.suite.library.name}/{'.'.join(self.mutant.names)}:{self.mutant.line}"


def tasks(
    sandbox: Sandbox, shares: Mapping[Library, int], seed: int, downloads: Path, work: Path, ends: Counter[str]
) -> Iterator[Task]:
    """Kept mutants, library after library. ends: counts what became of all that were drawn."""
    for library, wanted in shares.items():
        suite = look_at(sandbox, library, fetch(library, downloads, work))
        if suite is None:
            continue
        got = 0
        for number, mutant in enumerate(draw(suite, random.Random(f"{seed} {library.name}"))):
            if got == wanted or number == DRAWS * wanted:
                break
            end = kept(sandbox, suite, mutant)
            ends[end] += 1
            if end == "kept":
                got += 1
                yield Task(suite, mutant)


def run_task(task: Task, restoration: Restoration, repair: Callable[[Path, str, float], Told]) -> Result:
    suite, mutant = task.suite, task.mutant
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        tree = Path(shutil.copytree(suite.tree, Path(directory) / suite.library.name, symlinks=True))
        put_in(mutant, tree)
        commit_all(tree, "A library")
        told = repair(tree, suite.library.tests, suite.patience)
        git(tree, "checkout", "--quiet", "--force", "HEAD")
        judged = tuple(
            restoration.judge(patch, rank, suite, mutant, tree) for rank, patch in enumerate(told.patches, 1)
        )
    return Result(task.title, mutant.operator, told, judged)


def report(results: Sequence[Result], naive: Sequence[Result], ends: Counter[str]) -> None:
    print(f"\ndrawn: {ends.total()}; " + ", ".join(f"{end}: {count}" for end, count in ends.most_common()))
    print(f"\n{by_group(results, 'operator', lambda one: one.kind)}")
    print(f"\n{by_group(results, 'library', lambda one: one.name.partition('/')[0])}")
    for part in (by_template, certainty, time_spent, trouble, totals):
        print(f"\n{part(results)}")
    if naive:
        print(f"\n{ratio(results, naive)}")


def totals(results: Sequence[Result]) -> str:
    """What the goal is about, and how it was told."""
    count = len(results)
    first = [one for one in results if one.rank == 1]
    claims = [one for one in results if one.told.certain and one.judged]
    seconds = [one.told.seconds for one in results]
    met = "met" if len(first) >= GOAL * count else "NOT MET"
    rows = [
        ("repaired: all tests pass within the budget", share(sum(one.plausible for one in results), count)),
        (f"restored at rank 1 (goal: at least {GOAL:.0%}, {met})", share(len(first), count)),
        ("- of these by the same syntax tree", share(sum(one.judged[0].exact for one in first), len(first))),
        ("restored at rank 1 to 3", share(sum(0 < one.rank <= 3 for one in results), count)),
        ("restored at any rank", share(sum(one.rank > 0 for one in results), count)),
        ("certain and wrong, of what was called certain", share(sum(o.false_claim for o in claims), len(claims))),
        ("rank 1 cannot be told from the calls that there are", f"{sum(one.untold for one in results)}"),
        ("seconds: median, mean", f"{median(seconds):.1f}, {fmean(seconds):.1f}"),
    ]
    return table(("totals", ""), rows)


def shares(libraries: Sequence[Library], count: int, seed: int) -> dict[Library, int]:
    """How many mutants of each: equal shares, the rest to the first in an order of the seed."""
    order = random.Random(seed).sample(libraries, len(libraries))
    each, rest = divmod(count, len(order))
    wanted = {library: each + (place < rest) for place, library in enumerate(order)}
    return {library: number for library, number in wanted.items() if number}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="mutants that are kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=120, help="seconds a mutant")
    parser.add_argument("--only", default="", help="one library")
    parser.add_argument("--baseline", type=int, default=5, help="mutants on which random mutations are tried as well")
    parser.add_argument("--engine", default=shlex.join(ENGINE), help="a command that prints the same document")
    parser.add_argument("--downloads", type=Path, help="where distributions are kept (default: a temporary folder)")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    libraries = [one for one in read_libraries() if chosen.only in ("", one.name)]
    if not libraries or chosen.count < 1:
        parser.error(f"nothing to do: libraries are {', '.join(one.name for one in read_libraries())}")
    sandbox, ends, done = make_sandbox(), Counter[str](), []
    restoration = Restoration(sandbox)
    with tempfile.TemporaryDirectory(prefix="libraries-") as work:

        def drawn() -> Iterator[Task]:
            each = shares(libraries, chosen.count, chosen.seed)
            downloads = chosen.downloads or Path(work, "downloads")
            for task in tasks(sandbox, each, chosen.seed, downloads, Path(work), ends):
                done.append(task)
                yield task

        def engine(tree: Path, tests: str, _: float) -> Told:
            return ask_engine(shlex.split(chosen.engine), tree, tests, chosen.budget)

        def simple(tree: Path, tests: str, seconds: float) -> Told:
            return naive_repair(sandbox, tree, tests, chosen.budget, chosen.seed, seconds)

        results = collect(run_task(task, restoration, engine) for task in drawn())
        sample = random.Random(chosen.seed).sample(done[: len(results)], min(chosen.baseline, len(results)))
        print(f"\nrandom mutations on {len(sample)} of them", flush=True)
        naive = collect(run_task(task, restoration, simple) for task in sample)
    if chosen.json:
        save(chosen.json, repair=results, mutations=naive)
    if results:
        report(results, naive, ends)


if __name__ == "__main__":
    end_like_ctrl_c()
    main()
