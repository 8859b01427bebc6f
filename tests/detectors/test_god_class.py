"""Which classes are too big, and what is said of them."""

import pytest

from gitops_healer.core.finding import Severity
from gitops_healer.detectors.god_class import god_class
from tests.detectors.scenes import seen_in_file


def methods(count: int, body: str = "pass", prefix: str = "m") -> str:
    return "".join(f"    def {prefix}{n}(self): {body}\n" for n in range(count))


@pytest.mark.parametrize(("count", "found"), [(20, 0), (21, 1)])
def test_one_method_more_than_allowed(count: int, found: int) -> None:
    assert len(seen_in_file(god_class, f"class A:\n{methods(count)}")) == found


@pytest.mark.parametrize(("lines", "found"), [(500, 0), (501, 1)])
def test_one_line_more_than_allowed(lines: int, found: int) -> None:
    source = "class A:\n" + "    x = 1\n" * (lines - 1)
    assert len(seen_in_file(god_class, source)) == found
    decorated = "@decorated\n" + "class A:\n" + "    x = 1\n" * (lines - 2)
    assert len(seen_in_file(god_class, decorated)) == found


COUNT_ONCE = {
    "a property": "    @property\n    def p(self): pass\n    @p.setter\n    def p(self, x): pass\n"
    "    @p.deleter\n    def p(self): pass\n",
    "overloads": "    @overload\n    def p(self, x: int): ...\n    @overload\n    def p(self, x: str): ...\n"
    "    def p(self, x): pass\n",
    "branches": "    if X:\n        def p(self): pass\n    else:\n        def p(self): pass\n",
    "functions inside": "    def p(self):\n        def q(): pass\n        def r(): pass\n",
}


@pytest.mark.parametrize("name", COUNT_ONCE)
@pytest.mark.parametrize(("others", "found"), [(19, 0), (20, 1)])
def test_what_counts_once(name: str, others: int, found: int) -> None:
    assert len(seen_in_file(god_class, f"class A:\n{methods(others)}{COUNT_ONCE[name]}")) == found


def test_a_class_inside_counts_for_itself() -> None:
    inner = methods(21).replace("    def", "        def")
    (finding,) = seen_in_file(god_class, f"class A:\n{methods(5)}    class B:\n{inner}")
    assert finding.symbol == "A.B"


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("class A:", "tests/a.py"),
        ("class A:", "test_a.py"),
        ("class TestA:", "a.py"),
        ("class ATests:", "a.py"),
        ("class A(TestCase):", "a.py"),
        ("class A(unittest.TestCase):", "a.py"),
        ("class A(base.ViewTest):", "a.py"),
    ],
)
def test_tests_are_left_alone_unless_asked_for(head: str, path: str) -> None:
    source = f"{head}\n{methods(21)}"
    assert seen_in_file(god_class, source, path) == []
    assert len(seen_in_file(god_class, source, path, god_class__include_tests=True)) == 1


@pytest.mark.parametrize("name", ["Latest", "Testimony", "Contest"])
def test_names_that_only_sound_like_tests(name: str) -> None:
    assert len(seen_in_file(god_class, f"class {name}:\n{methods(21)}")) == 1


def test_what_a_finding_says() -> None:
    halves = methods(11, "self.x, self.y", "read") + methods(12, "self.u, self.v", "send")
    (finding,) = seen_in_file(god_class, f"\nclass A:\n{halves}")
    assert (finding.symbol, finding.start, finding.end) == ("A", 2, 25)
    assert finding.severity is Severity.LOW
    assert finding.message == "A has 23 methods and 24 lines"
    assert finding.evidence[0] == "23 methods, 20 are allowed (detection.god_class.max_methods)"
    first, second = finding.evidence[1:]
    assert first.startswith("could be a class of its own: send0, send1, ")
    assert first.endswith("they alone use u, v")
    assert second.startswith("could be a class of its own: read0, read1, ")
    assert second.endswith("they alone use x, y")


def test_twice_too_big_is_worse() -> None:
    (finding,) = seen_in_file(god_class, f"class A:\n{methods(40)}")
    assert finding.severity is Severity.MEDIUM
    assert "no group of its methods stands apart from the others" in finding.evidence


def test_the_fingerprint_depends_on_the_names_of_the_methods_alone() -> None:
    (before,) = seen_in_file(god_class, f"class A:\n{methods(21)}")
    (moved,) = seen_in_file(god_class, f"import os\n\nclass A:\n{methods(21, 'return 1')}", "b.py")
    (grown,) = seen_in_file(god_class, f"class A:\n{methods(22)}")
    assert before.fingerprint == moved.fingerprint != grown.fingerprint
