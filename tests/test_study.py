"""The study of investigations: its faults show, its judge is just, and the same seed gives the same answers."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
from faults.judge import Claim, Target, judge
for target, claims in json.load(sys.stdin):
    wanted = [Target(tuple(k), p, tuple(l), c) for k, p, l, c in target]
    print(judge(wanted, [Claim(*claim) for claim in claims]).verdict.value)
"""
INPUT = [[["input"], "a.py", [7], ""]]
COMMIT = [[["commit"], "a.py", [7], "c1"]]
BOTH = [[["input"], "a.py", [7], ""], [["time"], "a.py", [20], ""]]


FRESH = """
import json, sys
sys.path.insert(0, sys.argv[1])
from investigation import FRESH, variants
from faults.judge import targets
from faults.program import Commit, named
rows = []
for one in variants("", 1000, None, FRESH):
    texts = {named(one, path): named(one, text) for path, text in one.files.items()}
    for path, text in texts.items():
        path.endswith(".py") and compile(text, path, "exec")
    targets(one, [Commit("c1", one.start, bool(one.before))], texts)
    rows.append(one.name)
print(json.dumps([rows, [one.name for one in variants("", 1000, None)]]))
"""


def study(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "investigation.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_fault_shows_in_what_was_recorded_and_every_way_to_look_is_judged() -> None:
    done = study("--only", "removed-guard", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = {row["way"]: row for row in json.loads(done.stdout)["answers"]}
    blamed = rows["innermost line, last commit"]
    assert (blamed["named"], blamed["verdict"]) == (["commit"], "partly"), "blame cannot see a line that was removed"
    assert rows["most frequent message"]["verdict"] == "wrong"
    again = study("--only", "removed-guard", "--format", "json")
    assert timeless(again.stdout) == timeless(done.stdout)


def timeless(document: str) -> object:
    """What was said, without what a busy machine may add: that calls were slow."""
    told = json.loads(document)
    for answer in told["answers"]:
        answer["named"] = [cause for cause in answer["named"] if cause != "slow"]
    return told


def test_a_healthy_program_fails_nowhere() -> None:
    done = study("--only", "controls/healthy", "--variants", "1", "--format", "json")
    verdicts = {row["way"]: row["verdict"] for row in json.loads(done.stdout)["answers"]}
    assert verdicts["innermost line, last commit"] == verdicts["most frequent message"] == "right"


def test_a_name_that_no_fault_has_is_told() -> None:
    done = study("--only", "no-such-fault")
    assert done.returncode == 2 and "no-such-fault" in done.stderr


def test_a_fresh_fault_is_looked_at_when_its_set_is_asked_for_and_only_then() -> None:
    done = study("--set", "fresh", "--only", "commits/off-by-one", "--format", "json")
    assert done.returncode == 0, done.stderr
    verdicts = {row["way"]: row["verdict"] for row in json.loads(done.stdout)["answers"]}
    assert verdicts["most frequent message"] == "wrong", "the message says nothing of the commit"
    assert study("--set", "all", "--only", "commits/off-by-one").returncode == 2


def test_every_fresh_fault_has_a_name_of_its_own_and_points_at_code_that_is_there() -> None:
    command = [sys.executable, "-c", FRESH, str(BENCHMARKS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    fresh, others = json.loads(done.stdout)
    kinds = Counter(name.partition("/")[0] for name in fresh)
    assert set(kinds) == {name.partition("/")[0] for name in others} and min(kinds.values()) >= 3
    assert len({*fresh, *others}) == len(fresh) + len(others)


@pytest.mark.parametrize(
    ("wanted", "claims", "verdict"),
    [
        (INPUT, [["input", "a.py", 8]], "right"),
        (INPUT, [["input", "a.py", 12]], "partly"),
        (INPUT, [["input", "b.py", 7]], "partly"),
        (INPUT, [["time", "a.py", 7]], "wrong"),
        (INPUT, [["time", "a.py", 7], ["input", "a.py", 7]], "wrong"),
        (INPUT, [["unknown"]], "unknown"),
        (INPUT, [], "unknown"),
        (COMMIT, [["commit", "a.py", 7, "c1"]], "right"),
        (COMMIT, [["commit", "a.py", 7, "c2"]], "partly"),
        (BOTH, [["time", "a.py", 20], ["input", "a.py", 7]], "right"),
        (BOTH, [["input", "a.py", 7]], "wrong"),
        ([], [], "right"),
        ([], [["unknown"]], "right"),
        ([], [["input", "a.py", 7]], "wrong"),
        ([[["unknown"], "", [], ""]], [["unknown"]], "right"),
        ([[["unknown"], "", [], ""]], [["flaky", "a.py", 7]], "wrong"),
    ],
)
def test_what_was_named_is_judged(wanted: object, claims: object, verdict: str) -> None:
    document = json.dumps([[wanted, claims]])
    command = [sys.executable, "-c", SCRIPT, str(BENCHMARKS)]
    done = subprocess.run(command, input=document, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [verdict]
