"""Which classes are two, and which only look like it."""

import pytest

from gitops_healer.detectors.low_cohesion import low_cohesion
from tests.detectors.scenes import seen_in_file

READING = "    def read(self): self.rows\n    def rewind(self): self.rows\n    def peek(self): self.rows\n"
WRITING = "    def send(self): self.queue\n    def flush(self): self.queue\n    def drop(self): self.queue\n"
BOTH = READING + WRITING


def test_two_groups_that_share_nothing() -> None:
    (finding,) = seen_in_file(low_cohesion, f"class Pipe:\n{BOTH}")
    assert finding.symbol == "Pipe"
    assert finding.message == "Pipe holds 2 groups of methods that share nothing"
    assert finding.evidence == ("drop, flush, send share queue", "peek, read, rewind share rows")


WHOLE = {
    "a method that uses both": f"class A:\n{BOTH}    def copy(self): self.rows, self.queue\n",
    "a method that passes one on": f"class A:\n{BOTH}    def start(self): run(self.read, self.send)\n",
    "one group is small": f"class A:\n{READING}    def send(self): self.queue\n    def flush(self): self.queue\n",
    "one group has no state": f"class A:\n{READING}    def a(self): self.b()\n    def b(self): self.c()\n"
    "    def c(self): self.d\n",
    "a dataclass": f"@dataclass(frozen=True)\nclass A:\n{BOTH}",
    "attrs": f"@attr.s\nclass A:\n{BOTH}",
    "a protocol": f"class A(Protocol[T]):\n{BOTH}",
    "an abstract base": f"class A(abc.ABC):\n{BOTH}",
    "a container": f"class A:\n{BOTH}    def __getitem__(self, key): pass\n",
    "a test case": f"class A(TestCase):\n{BOTH}",
    "a visitor": "class A:\n" + BOTH.replace("def ", "def visit_"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_left_alone(name: str) -> None:
    assert seen_in_file(low_cohesion, WHOLE[name]) == []


def test_a_constructor_joins_nothing() -> None:
    source = f"class A:\n    def __init__(self): self.rows = self.queue = []\n{BOTH}"
    assert len(seen_in_file(low_cohesion, source)) == 1


def test_how_large_groups_must_be() -> None:
    assert seen_in_file(low_cohesion, f"class A:\n{BOTH}", low_cohesion__min_methods=4) == []


def test_tests_are_left_alone() -> None:
    assert seen_in_file(low_cohesion, f"class A:\n{BOTH}", "tests/a.py") == []
