"""What a cycle that has nothing to do asks of GitHub, by the number of open pull requests of the healer, or of merges
that are watched.

    python -m benchmarks.github_calls [PULLS ...] [--watches 1 5] [--people 200] [--show]

Real cycles, wired as `heal --forge github` wires them, over real HTTP and real git against the forge server of the
tests. A run is a fresh clone, as on a runner; with the cache, `cache.sqlite` came along from the run before; `plain` is
a bot that looks at each pull request by itself, with PyGithub as it comes. Columns: REST calls, how many of them were
answered by 304 (these cost no rate limit), GraphQL queries, fetches, pushes, writes. Of watches: CI reported on every
commit and the merges are three hours old; that long, and 24 more commits, are before them.
"""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import github

from gitops_healer.core.change import whole_file
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.cycle import run_cycle
from gitops_healer.registry import Detector, Fixer, Scene
from tests.cycle.stage import BROKEN, HEALED, PROGRAM, TESTS
from tests.forge_server.exchanges import Calls
from tests.forge_server.person import Person
from tests.github_stage import GitHubStage, github_stage

RULE = "scripted"
BEFORE = 24
HEAD = f"{'pulls':>6} {'cache':>6} {'rest':>6} {'304':>6} {'graphql':>8} {'fetch':>6} {'push':>6} {'write':>6}"


def sees(scene: Scene) -> Iterable[Finding]:
    """Every module with the broken line."""
    for file in scene.repository.files(scene.commit):
        source = scene.repository.read_blob(file.blob).decode()
        if file.path.startswith("program") and BROKEN in source and HEALED not in source:
            symbol = f"{file.path.removesuffix('.py')}:mean"
            print_ = fingerprint(RULE, symbol, BROKEN)
            yield Finding(RULE, file.path, symbol, 1, 2, Severity.HIGH, "mean fails for no values", print_, priority=8)


def heals(scene: Scene, finding: Finding) -> Investigation:
    before = scene.repository.read(scene.commit, finding.path) or b""
    change = whole_file(finding.path, before, before.replace(BROKEN.encode(), HEALED.encode(), 1))
    option = Option("zero", "Return 0.0", RULE, change, "Return 0.0", ("the benchmark says so",), symbols=("mean",))
    return Investigation(Cause("no values", finding.path, 2, 0.9), options=(option,))


def healed(stage: GitHubStage) -> list[str]:
    """One cycle; what went wrong in it."""
    stage.clock.turn(timedelta(minutes=5))
    detector, fixer = Detector(RULE, "Sees it.", "code", sees), Fixer(RULE, "Fixes it.", (RULE,), heals)
    cycle = run_cycle(replace(stage.world(), detectors=(detector,), fixers=(fixer,)))
    return [str(error) for error in cycle.errors]


def measured(pulls: int, people: int, show: bool) -> Iterable[str]:
    files = {"test_program.py": TESTS.replace("program", "program0"), "program0.py": PROGRAM.replace(BROKEN, HEALED)}
    files |= {f"program{number}.py": PROGRAM for number in range(1, pulls + 1)}
    with TemporaryDirectory() as folder, github_stage(Path(folder), "app", files, keeps_cache=True) as stage:
        stage.options |= {"limits.open_pulls": 1000, "limits.new_per_cycle": 1000, "limits.queue": 1000}
        stage.options |= {"limits.slots": 1000}
        robin = stage.person("robin")
        issue = robin.open_issue("Talk").number
        for _ in range(people):
            robin.comment(issue, "What people say to each other.")
        stage.clock.turn(timedelta(hours=3))
        for _ in range(3):
            if errors := healed(stage):
                raise SystemExit(f"a cycle of the benchmark failed: {errors}")
        opened = len([one for one in stage.server.repository(stage.repository).pulls.values() if not one.merged])
        for kept in (True, False):
            stage.keeps_cache = kept
            mark = stage.server.mark()
            healed(stage)
            spent = stage.spent(mark)
            yield row(opened, kept, spent)
            if kept and show:
                yield from paths_of(stage, mark)
        mark = stage.server.mark()
        asked_one_by_one(stage)
        plain = stage.spent(mark)
        more = plain.rest / (spent.rest + spent.graphql)
        yield f"{opened:>6} {'plain':>6} {plain.rest:>6} {'':36} {more:.1f} times a run without cache"


def row(number: int, kept: bool, spent: Calls) -> str:
    return (
        f"{number:>6} {'yes' if kept else 'no':>6} {spent.rest:>6} {spent.unchanged:>6} {spent.graphql:>8} "
        f"{spent.fetches - 1:>6} {spent.pushes:>6} {spent.writes:>6}"
    )


def watched(watches: int, show: bool) -> Iterable[str]:
    """So many merges are watched, and nothing happens."""
    files = {"test_program.py": TESTS.replace("program", "program0"), "program0.py": PROGRAM.replace(BROKEN, HEALED)}
    files |= {f"program{number}.py": PROGRAM for number in range(1, watches + 1)}
    many = {f"limits.{name}": 1000 for name in ("open_pulls", "new_per_cycle", "queue", "slots")}
    options = {"limits.mode": "deploy", **many}
    with TemporaryDirectory() as folder, github_stage(Path(folder), "app", files, keeps_cache=True) as stage:
        stage.options |= options
        robin = stage.person("robin")
        for number in range(BEFORE):
            robin.push("main", {"NEWS.md": f"{number}\n"})
        for _ in range(2 * watches + 4):
            report(stage, robin)
            if errors := healed(stage):
                raise SystemExit(f"a cycle of the benchmark failed: {errors}")
            found = [up.stage for up in stage.history.upgrades.values()]
            if found.count(At.WATCHED) == watches:
                break
        else:
            raise SystemExit(f"not everything was merged: {found}")
        report(stage, robin)
        stage.clock.turn(timedelta(hours=3))
        healed(stage)
        for kept in (True, False):
            stage.keeps_cache = kept
            mark = stage.server.mark()
            healed(stage)
            yield row(watches, kept, stage.spent(mark))
            if kept and show:
                yield from paths_of(stage, mark)


def report(stage: GitHubStage, robin: Person) -> None:
    """CI says that all is well on every commit that it said nothing of, of the base branch and of ours."""
    told = {run.sha for run in stage.server.repository(stage.repository).check_runs.values()}
    for commit in stage.git("rev-list", "main", "--branches=healer/*").split():
        if commit not in told:
            robin.check_run(commit, "tests")


def asked_one_by_one(stage: GitHubStage) -> None:
    """The baseline: what a bot asks that looks at each pull request by itself, with PyGithub as it comes."""
    variables = stage.variables
    with github.Github(base_url=variables.api_url, auth=github.Auth.Token(variables.token), per_page=100) as client:
        repository = client.get_repo(stage.repository)
        for pull in repository.get_pulls("open"):
            commit = repository.get_commit(pull.head.sha)
            looked = [pull.get_reviews(), pull.get_issue_comments(), commit.get_check_runs()]
            [list(found) for found in looked]
            commit.get_combined_status()


def paths_of(stage: GitHubStage, mark: int) -> Iterable[str]:
    """The calls themselves."""
    for line in stage.server.exchanges[mark:]:
        if line.kind in ("rest", "graphql"):
            yield f"         {line.status} {line.method} {line.path}{'?' if line.query else ''}{line.query}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pulls", nargs="*", type=int, default=[0, 1, 10, 50])
    parser.add_argument("--people", type=int, default=200, help="comments of people elsewhere in the repository")
    parser.add_argument("--show", action="store_true", help="the calls themselves as well")
    parser.add_argument("--watches", nargs="*", type=int, default=[1, 5], help="merges that are watched")
    chosen = parser.parse_args()
    print(HEAD)
    for pulls in chosen.pulls:
        for line in measured(pulls, chosen.people, chosen.show):
            print(line, flush=True)
    print(HEAD.replace(" pulls", " watch", 1) if chosen.watches else "")
    for watches in chosen.watches:
        for line in watched(watches, chosen.show):
            print(line, flush=True)


if __name__ == "__main__":
    main()
