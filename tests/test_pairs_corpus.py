"""The pairs of versions are what they are called, and the rules beside the gates are just."""

import importlib.util
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PROJECTS = sorted(path.parent for path in (BENCHMARKS / "pairs").glob("*/*/pairs.toml"))


def load(path: Path, name: str) -> ModuleType:
    """A module of the benchmarks, which are no package."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


corpus = load(BENCHMARKS / "pairs" / "corpus.py", "corpus")
proof = load(BENCHMARKS / "proof.py", "benchmark_proof")


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: f"{project.parent.name}-{project.name}")
def test_pairs_are_what_they_are_called(project: Path) -> None:
    pairs = list(corpus.read_project(project))
    assert len({pair.name for pair in pairs}) == len(pairs)
    for pair, base, head in corpus.looked_at(pairs):
        assert (pair.name, list(corpus.truth_problems(pair, base, head))) == (pair.name, [])
        assert pair.truth in corpus.TRUTHS and pair.why
        assert (pair.aim == "mends") == bool(pair.error)


def test_there_are_enough_pairs_of_every_truth() -> None:
    pairs = {name: corpus.read_pairs(name) for name in ("shown", "held")}
    assert sum(map(len, pairs.values())) >= 90
    for of in pairs.values():
        assert set(Counter(pair.truth for pair in of)) == set(corpus.TRUTHS)
    projects = [{pair.project.name for pair in of} for of in pairs.values()]
    assert projects[0].isdisjoint(projects[1])


def look(result: Any = None, error: str = "", **more: Any) -> dict[str, Any]:
    end = {"error": error, "message": ""} if error else {"result": result, "essence": result}
    return {**end, "printed": "", "asked": [], "arguments": None, "files": {}, **more}


PAIR = corpus.Pair("shown", Path("p"), "n", "equivalent", "keeps", "m:f", "", "why", {}, {})
SAME = [look(1)] * 40


@pytest.mark.parametrize(
    ("truth", "aim", "base", "head", "told"),
    [
        ("equivalent", "keeps", look(0.1 + 0.2), look(0.3), ""),
        ("equivalent", "keeps", look(2), look(2.0), "1 of 41 calls differ"),
        ("effectful", "keeps", look(2, files={"a": "1"}), look(2, files={"a": "2"}), "1 of 41 calls differ"),
        ("noisy", "keeps", {**look(2), "result": 7}, {**look(2), "result": 8}, ""),
        ("regressed", "keeps", look(2), look(2), "no call is worse"),
        ("regressed", "keeps", look(error="ValueError"), look(2), ""),
        ("regressed", "mends", look(error="ValueError"), look(2), "no call is worse"),
        ("improved", "mends", look(error="KeyError"), look(2), ""),
        ("improved", "mends", look(error="KeyError"), look(error="OwnError"), ""),
        ("improved", "mends", look(error="KeyError"), look(error="TypeError"), "no call is mended"),
        ("improved", "mends", look(1), look(2), "1 calls that worked differ"),
    ],
)
def test_a_wrong_truth_is_told(truth: str, aim: str, base: Any, head: Any, told: str) -> None:
    problems = list(corpus.truth_problems(replace(PAIR, truth=truth, aim=aim), [*SAME, base], [*SAME, head]))
    assert len(problems) == bool(told) and all(one.startswith(told) for one in problems)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [({"old": "\nb = 1\n", "new": "\nb = 2\n"}, ""), ({"old": "c", "new": ""}, "0"), ({"old": "=", "new": ""}, "2")],
)
def test_an_edit_fits_exactly_once(edit: dict[str, str], problem: str) -> None:
    files = {"m.py": "a = 1\nb = 1\n", "other.py": "c"}
    if not problem:
        assert corpus.edited(files, [edit], "m.py", "x")["m.py"] == "a = 1\nb = 2\n"
        return
    with pytest.raises(ValueError, match=f"x: m.py has {problem} times"):
        corpus.edited(files, [edit], "m.py", "x")


@pytest.mark.parametrize(
    ("primary", "secondary", "candidate", "naive", "diffy"),
    [
        ([{"id": 1, "n": 1}], [{"id": 2, "n": 1}], [{"id": 3, "n": 1}], "failed", "passed"),  # noise alone
        ([{"id": 1, "n": 1}], [{"id": 2, "n": 1}], [{"id": 3, "n": 2}], "failed", "failed"),
        ([[1, 2]], [[1, 2]], [[1, 2, 3]], "failed", "failed"),
        ([1] * 99 + [2], [1] * 99 + [2], [1] * 100, "passed", "failed"),  # one of a hundred
    ],
)
def test_the_rules_beside_the_gates(
    primary: Sequence[Any], secondary: Sequence[Any], candidate: Sequence[Any], naive: str, diffy: str
) -> None:
    sides = [[look(value) for value in values] for values in (primary, secondary, candidate)]
    assert (proof.naive(sides[0], sides[2]), proof.diffy(*sides)) == (naive, diffy)


def test_the_report_counts_by_truth() -> None:
    done = [
        proof.Judged("a", "regressed", "keeps", "passed", {"shadow": ("passed", "agree")}, "failed", "failed", 9, 2.0),
        proof.Judged("b", "noisy", "keeps", "failed", {"shadow": ("failed", "3")}, "failed", "passed", 11, 4.0),
        proof.Judged("c", "improved", "mends", "unknown", {"replay": ("unknown", "few")}, "passed", "passed", 10, 3.0),
    ]
    lines = list(proof.report(done))
    assert [line.split() for line in lines if line.startswith("gates")] == ["gates 1 of 1 0 of 1 1 of 1 0 of 1".split()]
    assert [line.split() for line in lines if line.startswith("diffy")] == ["diffy 0 of 1 1 of 1 0 of 1 0 of 1".split()]
    assert "a pair: 3.0 s, 10 inputs compared (medians)" in lines
    assert [line.partition(" (")[0] for line in lines if line.startswith(("wrong", "unknown"))] == [
        "wrong: a", "wrong: b", "unknown: c",
    ]  # fmt: skip
