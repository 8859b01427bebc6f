"""Both versions on the same inputs: what passes, what is refused, and what is left to others."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_healer.checks.replay import replay
from gitops_healer.checks.shadow import shadow
from gitops_healer.core.aim import Aim
from gitops_healer.core.plan import Plan
from gitops_healer.core.verdict import CheckResult, Outcome
from tests.checks.conftest import Step, finding_of, plan_of

BASE = """
def total(prices, discount=0.0):
    result = 0
    for price in prices:
        result += price
    return {"total": result * (1 - discount), "average": result / len(prices)}
"""
EQUAL = """
def total(prices, discount=0.0):
    paid = sum(prices)
    return {"average": paid / len(prices), "total": (1 - discount) * paid}
"""
GUARDED = """
def total(prices, discount=0.0):
    result = 0
    for price in prices:
        result += price
    return {"total": result * (1 - discount), "average": result / len(prices) if prices else 0.0}
"""
INPUTS = [[[price * 1.5 for price in range(1, 2 + at % 4)], at % 3 / 4] for at in range(24)]


def planned(aim: Aim) -> Plan:
    plan = plan_of(("pkg/mod.py",), ("pkg.mod:total",))
    return Plan(**{**vars(plan), "aim": aim})


def record(step: Step, inputs: list[list[Any]], source: str = BASE, tool: str = "pkg.mod:total") -> None:
    """What a recorder would have written of a version."""
    names: dict[str, Any] = {}
    exec(source, names)  # the base of the story
    lines = []
    for number, args in enumerate(inputs):
        line: dict[str, Any] = {"v": 1, "id": f"e{number}", "tool": tool, "ts": f"2026-02-{10 + number % 15}T10:00:00Z",
                                "args": args, "kwargs": {}}  # fmt: skip
        try:
            line |= {"ok": True, "result": names[tool.partition(":")[2]](*args)}
        except Exception as error:
            told = {"type": type(error).__name__, "message": str(error), "frames": [["pkg/mod.py", 6, "total"]]}
            line |= {"ok": False, "error": told}
        lines.append(json.dumps(line).encode())
    step.scene.executions.import_jsonl(lines)


def judged(
    step: Callable[..., Step], head: str, aim: Aim, inputs: list[list[Any]], base: str = BASE,
    options: Mapping[str, Any] | None = None,
) -> tuple[CheckResult, CheckResult]:  # fmt: skip
    """(shadow, replay)"""
    made = step({"pkg/__init__.py": "", "pkg/mod.py": base}, {"proof.shadow.inputs": 40, **(options or {})})
    record(made, inputs, base)
    case = {"plan": planned(aim), "finding": finding_of(symbol="pkg.mod:total")}
    first = made.judge(shadow, {"pkg/mod.py": head}, **case)
    return first, made.judge_head(replay, made.repo.git("rev-parse", "HEAD"), **case)


@pytest.mark.parametrize(
    ("head", "aim", "inputs", "outcome", "word"),
    [
        (EQUAL, Aim.KEEPS, INPUTS, Outcome.PASSED, "agree"),
        (BASE.replace("1 - discount", "1 + discount"), Aim.KEEPS, INPUTS, Outcome.FAILED, "something else"),
        (BASE.replace("/ len", "// len"), Aim.MENDS, INPUTS, Outcome.FAILED, "something else"),
        (BASE.replace("for price", "assert discount < 0.5\n    for price"), Aim.MENDS, INPUTS, Outcome.FAILED, "fails"),
        (GUARDED, Aim.MENDS, [*INPUTS, [[]], [[], 0.5]], Outcome.PASSED, "work now"),
        (EQUAL, Aim.MENDS, [*INPUTS, [[]], [[], 0.5]], Outcome.FAILED, "is any better"),
        (BASE.replace("/ len", "// len"), Aim.OBEYS, INPUTS, Outcome.SKIPPED, "ordered"),
        (BASE.replace("\ndef", "\n# said\ndef"), Aim.KEEPS, INPUTS, Outcome.SKIPPED, "comments"),
    ],
)
def test_what_two_versions_do_is_compared(
    step: Callable[..., Step], head: str, aim: Aim, inputs: list[list[Any]], outcome: Outcome, word: str
) -> None:
    first, again = judged(step, head, aim, inputs)
    assert (first.outcome, word in first.reason) == (outcome, True), first.reason
    if "better" not in word:  # that is the shadow's question
        assert again.outcome is outcome, again.reason
    if outcome is Outcome.PASSED:
        assert first.ran == again.ran != ()


def test_calls_that_were_recorded_under_the_name_of_a_package_count(step: Callable[..., Step]) -> None:
    files = {"pkg/__init__.py": "from pkg.mod import total as total\n", "pkg/mod.py": BASE}
    made = step(files, {"proof.shadow.inputs": 40})
    record(made, INPUTS, tool="pkg:total")
    case = {"plan": planned(Aim.KEEPS), "finding": finding_of(symbol="pkg:total")}
    first = made.judge(shadow, {"pkg/mod.py": EQUAL}, **case)
    again = made.judge_head(replay, made.repo.git("rev-parse", "HEAD"), **case)
    assert "recorded" in first.reason
    assert again.outcome is Outcome.PASSED, again.reason


def test_few_recorded_calls_prove_nothing(step: Callable[..., Step]) -> None:
    _, again = judged(step, EQUAL, Aim.KEEPS, INPUTS[:3])
    assert again.outcome is Outcome.SKIPPED
    assert "too few" in again.reason


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (("random.random()", "random.choice([random.random(), random.random()])"), Outcome.PASSED),
        (('"sum": sum', '"sum": 1 + sum'), Outcome.FAILED),
    ],
)
def test_noise_is_not_taken_for_a_change_and_hides_none(
    step: Callable[..., Step], change: tuple[str, str], outcome: Outcome
) -> None:
    base = """
import random, time, uuid

def total(prices, discount=0.0):
    tags = {"a", "b", "c", "d", "e"}
    return {"id": str(uuid.uuid4()), "at": time.time(), "tags": list(tags), "luck": random.random(), "sum": sum(prices)}
"""
    first, _ = judged(step, base.replace(*change), Aim.KEEPS, INPUTS, base)
    assert first.outcome is outcome, first.reason


def test_other_requirements_are_told(step: Callable[..., Step]) -> None:
    made = step({"pkg/__init__.py": "", "pkg/mod.py": BASE, "requirements.txt": "attrs==23.1\n"})
    record(made, INPUTS[:4])
    case = {"plan": planned(Aim.KEEPS), "finding": finding_of(symbol="pkg.mod:total")}
    told = made.judge(shadow, {"pkg/mod.py": EQUAL, "requirements.txt": "attrs>=23.1\nrich\n"}, **case)
    assert told.outcome is Outcome.PASSED
    assert any(
        "the head adds rich and 1 more; both versions ran with what is installed here" in d for d in told.details
    )
