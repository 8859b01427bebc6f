"""What holds at which level: every attack of the tests, run for real: `python benchmarks/attacks.py [--format json]`.

A row an attack, a column a level that this machine has, and one without a sandbox for attacks that are harmless there.
`blocked`: it failed, as promised. `open`: it succeeded, as docs/sandbox.md says. `WRONG`: not what is promised; then
the exit code is 1. What depends on the machine is shown as it came out, with `*`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from gitops_healer.adapters.sandbox import LocalSandbox
from gitops_healer.adapters.sandbox_places import view_of
from gitops_healer.ports import Ran, SandboxLevel
from tests.adapters import test_call_attacks as calls
from tests.adapters import test_sandbox_attacks as programs
from tests.adapters.test_sandbox_attacks import LEVELS, Wall
from tests.conftest import GitRepo

NO_SANDBOX = "none"


def answered(succeeded: bool, promised: Wall) -> str:
    """As the table shows it."""
    if promised is Wall.UNSTATED:
        return "open*" if succeeded else "blocked*"
    if succeeded is not (promised is Wall.OPEN):
        return "WRONG"
    return "open" if succeeded else "blocked"


def of_programs(levels: list[SandboxLevel]) -> Iterator[dict[str, Any]]:
    for topic, attacks in programs.TOPICS.items():
        for attack in attacks:
            cells = {level.value: by_program(attack, level) for level in levels}
            yield {"topic": topic, "attack": attack.name, NO_SANDBOX: without_sandbox(attack), **cells}


def by_program(attack: programs.Attack, level: SandboxLevel) -> str:
    with tempfile.TemporaryDirectory() as folder, programs.world_in(Path(folder)) as world:
        box = LocalSandbox(level, view_of([world.packages]))
        ran = box.run(programs.code_of(attack, world), world.scratch, limits=attack.limits)
        return answered(attack.succeeded(world, ran), attack.promised(level))


def without_sandbox(attack: programs.Attack) -> str:
    if not attack.control:
        return ""
    with tempfile.TemporaryDirectory() as folder, programs.world_in(Path(folder)) as world:
        done = subprocess.run(programs.code_of(attack, world), cwd=world.scratch, capture_output=True, check=False)
        return answered(attack.succeeded(world, Ran(done.returncode, done.stdout, done.stderr, 0.0)), Wall.OPEN)


def of_calls(levels: list[SandboxLevel]) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        commit = calls.hostile_commit(GitRepo(Path(folder)))
        found: dict[str, dict[str, str]] = {attack.name: {} for attack in calls.ATTACKS}
        for level in levels:
            stage = calls.stage_at(level, commit)
            with stage.begin() as session:
                for attack in calls.ATTACKS:
                    succeeded = attack.succeeded(calls.told_by(attack, stage, session))
                    found[attack.name][level.value] = answered(succeeded, attack.promised_at(level))
        for name, cells in found.items():
            yield {"topic": "calls", "attack": name, NO_SANDBOX: "", **cells}


def table(rows: list[dict[str, Any]], levels: list[SandboxLevel]) -> Iterator[str]:
    columns = [NO_SANDBOX, *(level.value for level in levels)]
    yield f"| | attack | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 2) + "|"
    shown = ""
    for row in rows:
        topic = "" if row["topic"] == shown else row["topic"]
        shown = row["topic"]
        yield f"| {topic} | {row['attack'].replace('_', ' ')} | {' | '.join(row[column] for column in columns)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--format", choices=("text", "json"), default="text")
    as_json = parser.parse_args().format == "json"
    os.environ["HEALER_SECRET"] = programs.SECRET
    levels = [level for level in LEVELS if not programs.missing(level)]
    rows = [*of_programs(levels), *of_calls(levels)]
    wrong = [row["attack"] for row in rows if "WRONG" in row.values()]
    if as_json:
        print(json.dumps({"levels": [level.value for level in levels], "attacks": rows, "wrong": wrong}))
    else:
        print("\n".join(table(rows, levels)))
        print(f"\n{len(rows)} attacks, {len(wrong)} not as promised: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
