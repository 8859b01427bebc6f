"""What proof does to the life of an upgrade: what is dropped, what waits for people, and what is not done twice."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from markdown_it import MarkdownIt

from gitops_healer.core.finding import Finding, Risk
from gitops_healer.core.plan import Cause, Investigation
from gitops_healer.core.pull_body import Setting, pull_body
from gitops_healer.core.upgrade import Stage as At
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.registry import Detector, Scene
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.cycle.stage import DETECTOR, FILES, PROGRAM, TESTS, WRONG, Stage, option, sees_mean

MakeRepo = Callable[..., GitRepo]
LAX = TESTS.replace("    assert mean([1, 3]) == 2", "    assert callable(mean)")
"""Tests that pass whatever `mean` gives."""
QUICK: dict[str, Any] = {
    "proof.mutants": 0, "proof.shadow.inputs": 12, "proof.shadow.budget": "20s", "limits.mode": "deploy",
    "testing.disabled": ["types", "lint", "security"],
}  # fmt: skip
WORKED = tuple([[number, number + 3.0]] for number in range(12))


@dataclass
class Counted:
    """A world's caller that counts what is called."""

    inner: Any
    tools: list[str]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def open(self, commit: str, tool: str, *args: Any, **options: Any) -> Any:
        self.tools.append(tool)
        return self.inner.open(commit, tool, *args, **options)


@dataclass
class Play(Stage):
    """A stage that notes which tools are called, in `opened`."""

    detector: Detector = DETECTOR

    def __post_init__(self) -> None:
        self.options = QUICK | self.options
        self.opened: list[str] = []

    def world(self, **options: Any) -> World:
        world = super().world(**options)
        return replace(world, detectors=(self.detector,), caller=Counted(world.caller, self.opened))

    def record(self, inputs: Sequence[Sequence[Any]], error: str = "", days_ago: float = 1) -> None:
        """Calls of `mean` that gave their mean, or failed."""
        when = self.clock.now() - timedelta(days=days_ago)
        lines = []
        for number, args in enumerate(inputs):
            line = {"v": 1, "tool": "program:mean", "ts": (when + timedelta(minutes=number)).isoformat(), "args": args}
            told = {"type": error, "message": "division by zero", "frames": [["program.py", 2, "mean"]]}
            values = args[0]
            line |= {"ok": False, "error": told} if error else {"ok": True, "result": sum(values) / len(values)}
            lines.append(json.dumps(line).encode())
        assert self.world().executions.import_jsonl(lines).stored == len(inputs)

    def said(self, check: str) -> CheckResult:
        """The last word of a check on the newest upgrade."""
        return next(result for result in reversed(results_of(self.upgrade)) if result.check == check)


def results_of(up: Upgrade) -> tuple[CheckResult, ...]:
    verdicts = (up.validated.verdict if up.validated else None, up.prepared.verdict if up.prepared else None)
    return tuple(result for verdict in reversed(verdicts) if verdict is not None for result in verdict.results)


def divides_by_less(scene: Scene, finding: Finding) -> Investigation:
    """A fix that tests do not notice."""
    return Investigation(Cause("no values"), options=(option(scene, "wrong", WRONG, "Divide by less"),))


def sees_danger(scene: Scene) -> Iterable[Finding]:
    return (replace(finding, risk=Risk.HIGH) for finding in sees_mean(scene))


@pytest.fixture
def play(make_repo: MakeRepo) -> Callable[..., Play]:
    def make(files: dict[str, str], **fields: Any) -> Play:
        return Play(make_repo(files), **fields)

    return make


def test_a_fix_that_breaks_what_was_recorded_is_dropped_with_the_input(play: Callable[..., Play]) -> None:
    stage = play(FILES | {"test_program.py": LAX}, fixer=divides_by_less)
    stage.record(WORKED)
    stage.heal()
    up = stage.upgrade
    assert (up.settled_as, up.proposed) == (At.DROPPED, None)
    assert "shadow: gives something else on" in up.reason
    assert re.search(r"worked: \(\[\d+, [\d.]+\]\): \$: [\d.]+ → [\d.]+; both versions agree on 0 of 8", up.reason)


def test_what_nothing_ran_is_proposed_and_waits_for_a_maintainer_even_in_deploy(play: Callable[..., Play]) -> None:
    stage = play(FILES | {"test_program.py": LAX})
    stage.heal()
    cycle = stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED
    assert "a maintainer has to accept it: evidence: " in str(cycle.waiting[up.id])
    pull = stage.world().forge.pull(up.proposed.pull)
    assert "**1 thing to accept**" in pull.body
    assert stage.say("/approve", pull=pull.number).allowed
    assert stage.upgrade.stage is At.WATCHED


@pytest.mark.parametrize(("untested", "ends"), [(False, At.HELD), (True, At.WATCHED)])
def test_without_tests_recorded_calls_are_enough_only_where_policy_says_so(
    play: Callable[..., Play], untested: bool, ends: At
) -> None:
    stage = play({"program.py": PROGRAM}, options={"testing.allow_untested": untested})
    stage.record(WORKED)
    stage.record([[[]]], "ZeroDivisionError")
    stage.heal()
    stage.heal()
    up = stage.upgrade
    assert up.stage is ends, up.reason
    if ends is At.HELD:
        assert "testing.allow_untested" in up.reason
    else:
        assert stage.said("shadow").outcome is Outcome.PASSED and stage.said("shadow").ran == ("program.py:2",)


@pytest.mark.parametrize("recorded", [False, True])
def test_a_high_risk_needs_tests_and_another_gate(play: Callable[..., Play], recorded: bool) -> None:
    risk = {"risk.plan_without_approval": ["low", "medium", "high"], "risk.merge_without_approval": ["low", "high"]}
    proof = {"proof.suffices.high": ["tests+replay"], "proof.replay.least": 3}
    stage = play(FILES, options=risk | proof, detector=replace(DETECTOR, run=sees_danger))
    if recorded:
        stage.record(WORKED)
    stage.heal()
    cycle = stage.heal()
    up = stage.upgrade
    assert stage.said("tests").outcome is Outcome.PASSED
    if recorded:
        assert up.stage is At.WATCHED, cycle.waiting
    else:
        assert up.stage is At.VALIDATED
        assert "evidence" in str(cycle.waiting[up.id])


def test_what_reaches_the_network_is_for_people(play: Callable[..., Play]) -> None:
    reaching = PROGRAM.replace(
        "def mean(values):\n", "def mean(values):\n    urlopen(values[0]) if '' in values else 0\n"
    )
    stage = play(FILES | {"program.py": f"from urllib.request import urlopen\n\n\n{reaching}"})
    stage.heal()
    cycle = stage.heal()
    up = stage.upgrade
    assert up.stage is At.VALIDATED
    assert "a maintainer has to accept it: strategy: program:mean: " in str(cycle.waiting[up.id])
    assert stage.opened == []


def test_a_pull_request_that_waits_costs_no_call(play: Callable[..., Play]) -> None:
    """Not even when calls are recorded meanwhile: nothing is proved again until the base moves."""
    stage = play(FILES, options={"limits.mode": "propose"})
    stage.record(WORKED)
    stage.heal()
    assert stage.upgrade.stage is At.VALIDATED
    assert set(stage.opened) == {"program:mean"}
    stage.opened.clear()
    stage.record([[[1, 2]]], "TypeError", days_ago=0)
    stage.heal()
    stage.clock.turn(timedelta(days=1))
    stage.heal()
    assert (stage.upgrade.stage, stage.opened) == (At.VALIDATED, [])


def test_the_body_of_a_pull_request_is_a_table_whatever_was_said(play: Callable[..., Play]) -> None:
    stage = play(FILES, options={"limits.mode": "propose"})
    stage.record([*WORKED, [[1, 2]]])
    stage.heal()
    up = stage.upgrade
    hostile = CheckResult("shadow", Outcome.PASSED, "a|b `c` \\| <b>d</b> @all\n| e", details=("``x`` | </details>",))
    verdict = replace(up.prepared.verdict, results=(*up.prepared.verdict.results, hostile))
    up = replace(up, prepared=replace(up.prepared, verdict=verdict), validated=None)
    body = pull_body(up, Setting("propose", "main"))
    html = MarkdownIt("commonmark").enable("table").render(body)
    rows = [row.partition("</tr>")[0] for row in html.split("<tr>")[1:]]
    gates = [row for row in rows if row.count("<td>") == 3]
    assert len(gates) == len({result.check for result in verdict.results})
    assert any("<b>" not in row and "a|b `c`" in row for row in gates)
    assert html.count("<details>") == html.count("</details>") > 0
