"""Which modules are too big, and what could move out of them."""

import pytest

from gitops_healer.detectors.god_module import god_module
from tests.detectors.scenes import seen_in_file


def functions(count: int) -> str:
    return "".join(f"def f{n}(): pass\n" for n in range(count))


@pytest.mark.parametrize(("count", "found"), [(40, 0), (41, 1)])
def test_one_definition_more_than_allowed(count: int, found: int) -> None:
    assert len(seen_in_file(god_module, functions(count))) == found


@pytest.mark.parametrize(("lines", "found"), [(1000, 0), (1001, 1)])
def test_one_line_more_than_allowed(lines: int, found: int) -> None:
    assert len(seen_in_file(god_module, functions(3) + "\n" * (lines - 3))) == found


def test_data_is_no_god_module() -> None:
    table = "TABLE = [\n" + "    1,\n" * 2000 + "]\n"
    assert seen_in_file(god_module, table + functions(2)) == []
    assert len(seen_in_file(god_module, table + functions(3))) == 1


def test_methods_and_inner_functions_are_not_at_the_top() -> None:
    source = "class A:\n" + "".join(f"    def f{n}(self):\n        def g(): pass\n" for n in range(50))
    assert seen_in_file(god_module, source + functions(5)) == []


def test_tests_are_left_alone() -> None:
    assert seen_in_file(god_module, functions(50), "tests/test_a.py") == []


def test_what_a_finding_says() -> None:
    family = "def read(): return word()\ndef word(): return letter()\ndef letter(): pass\n"
    (finding,) = seen_in_file(god_module, functions(40) + family)
    assert finding.symbol == ""
    assert (finding.start, finding.end) == (1, 43)
    assert finding.message == "the module has 43 lines and 43 functions and classes"
    assert finding.evidence == (
        "43 functions and classes, 40 are allowed (detection.god_module.max_definitions)",
        "could move together, 3 lines: read, word, letter",
    )


def test_the_fingerprint_depends_on_the_names_of_the_definitions() -> None:
    (before,) = seen_in_file(god_module, functions(41))
    (moved,) = seen_in_file(god_module, functions(41).replace("pass", "return 1") + "\n\n", "b.py")
    (other,) = seen_in_file(god_module, functions(42))
    assert before.fingerprint == moved.fingerprint != other.fingerprint
