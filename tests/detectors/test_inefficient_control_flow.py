"""What is said of control flow that does too much, and where nothing is said."""

import pytest

from gitops_healer.code.flow.kinds import KINDS
from gitops_healer.core.finding import Severity
from gitops_healer.detectors.inefficient_control_flow import inefficient_control_flow
from tests.detectors.scenes import seen_in_file

JOIN = "def f(rows):\n    text = ''\n    for row in rows:\n        text += row\n    return text\n"


def test_what_a_finding_says() -> None:
    (finding,) = seen_in_file(inefficient_control_flow, f"class A:\n{indented(JOIN)}")
    assert (finding.rule, finding.symbol, finding.start, finding.end) == ("inefficient_control_flow", "A.f", 5, 5)
    assert finding.message == "`text` grows by `+=` in a loop; collect the parts in a list and join them"
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence[0] == "kind: string_building"
    assert finding.evidence[-1] == "cost: length of the string, times turns of the loop, at worst"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_can_be_turned_off(name: str) -> None:
    source = KINDS[name].before
    (finding,) = seen_in_file(inefficient_control_flow, source)
    assert finding.evidence[0] == f"kind: {name}"
    assert seen_in_file(inefficient_control_flow, source, inefficient_control_flow__kinds_off=[name]) == []
    others = [other for other in KINDS if other != name]
    assert len(seen_in_file(inefficient_control_flow, source, inefficient_control_flow__kinds_off=others)) == 1


@pytest.mark.parametrize("name", KINDS)
def test_tests_may_be_slow_but_not_mistaken(name: str) -> None:
    found = seen_in_file(inefficient_control_flow, KINDS[name].before, path="tests/test_a.py")
    assert len(found) == KINDS[name].mistake


def test_the_fingerprint_survives_moves_and_layout() -> None:
    (finding,) = seen_in_file(inefficient_control_flow, JOIN)
    (moved,) = seen_in_file(inefficient_control_flow, "import os\n\n# a comment\n" + JOIN, path="b/c.py")
    assert (moved.fingerprint, moved.start) == (finding.fingerprint, finding.start + 3)
    (other,) = seen_in_file(inefficient_control_flow, JOIN.replace("def f", "def g"))
    assert other.fingerprint != finding.fingerprint


def test_the_same_twice_in_a_function_is_two_findings() -> None:
    twice = JOIN.replace("    return text\n", "    for row in rows:\n        text += row\n    return text\n")
    found = seen_in_file(inefficient_control_flow, twice)
    assert [finding.start for finding in found] == [4, 6]
    assert len({finding.fingerprint for finding in found}) == 2


def test_what_never_runs_in_a_module_is_told_apart_by_its_names() -> None:
    prints = [
        finding.fingerprint
        for names in ("a = 1\n", "b = 1\n")
        for finding in seen_in_file(inefficient_control_flow, f"{names}raise SystemExit\nprint()\n")
    ]
    assert len(set(prints)) == 2
