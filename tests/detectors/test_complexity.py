"""Which functions are too complex, and what is said of them."""

import pytest

from gitops_healer.core.finding import Severity
from gitops_healer.detectors.complexity import complexity
from tests.detectors.scenes import seen_in_file


def branches(count: int) -> str:
    return "".join(f"    if x == {number}: g()\n" for number in range(count))


def nested(depth: int) -> str:
    return "".join(f"{'    ' * (level + 1)}if x:\n" for level in range(depth)) + "    " * (depth + 1) + "g()\n"


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(("count", "found"), [(14, 0), (15, 1)])
def test_one_branch_more_than_allowed(count: int, found: int) -> None:
    assert len(seen_in_file(complexity, f"def f(x):\n{branches(count)}")) == found


@pytest.mark.parametrize(("depth", "found"), [(6, 0), (7, 1)])
def test_nesting_counts_more_than_branches(depth: int, found: int) -> None:
    assert len(seen_in_file(complexity, f"def f(x):\n{nested(depth)}")) == found  # 1 + 2 + ... + 7 is 28


def test_limits_are_those_of_the_policy() -> None:
    source = f"def f(x):\n{branches(5)}"
    assert not seen_in_file(complexity, source, complexity__cyclomatic=6, complexity__cognitive=5)
    assert seen_in_file(complexity, source, complexity__cyclomatic=5)
    assert seen_in_file(complexity, source, complexity__cognitive=4)


def test_what_a_finding_says() -> None:
    source = "class A:\n    @d\n    def f(self, x):\n" + indented(nested(7))
    (finding,) = seen_in_file(complexity, source)
    assert (finding.rule, finding.symbol, finding.start, finding.end) == ("complexity", "A.f", 2, 11)
    assert finding.message == "f has a cyclomatic complexity of 8 and a cognitive complexity of 28"
    assert finding.evidence == (
        "cyclomatic complexity: 8, 15 allowed",
        "cognitive complexity: 28, 25 allowed",
        "10 lines",
    )
    assert finding.severity is Severity.LOW


def test_twice_the_limit_is_worse_but_not_in_tests() -> None:
    source = f"def f(x):\n{branches(29)}"
    (finding,) = seen_in_file(complexity, source)
    assert finding.severity is Severity.MEDIUM
    (in_test,) = seen_in_file(complexity, source, path="tests/test_a.py")
    assert (in_test.severity, in_test.priority) == (Severity.LOW, 1)


def test_the_innermost_function_is_the_one_to_blame() -> None:
    inner = f"def f(x):\n    if x: g()\n    def inner():\n{indented(nested(7))}    return inner\n"
    assert [finding.symbol for finding in seen_in_file(complexity, inner)] == ["f.<locals>.inner"]
    both = inner.replace("    if x: g()\n", branches(15))
    assert [finding.symbol for finding in seen_in_file(complexity, both)] == ["f", "f.<locals>.inner"]


def test_the_fingerprint_survives_moves_and_new_names() -> None:
    source = f"def f(x):\n{branches(15)}"
    (finding,) = seen_in_file(complexity, source)
    (moved,) = seen_in_file(complexity, "import os\n\n\n" + source.replace("x", "y"), path="b/c.py")
    assert moved.fingerprint == finding.fingerprint
    (other,) = seen_in_file(complexity, source.replace("def f", "def g"))
    assert other.fingerprint != finding.fingerprint
