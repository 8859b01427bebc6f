"""Which patches may not be offered although they pass, and what has to be said of others."""

import pytest

from gitops_healer.code.source import Source, read_source
from gitops_healer.core.change import Change, replace_span, whole_file
from gitops_healer.repair.search.guards import Guards, words_of
from gitops_healer.repair.search.proposals import Proposal

CODE = """\
def ratio(a, b):
    \"\"\"A share.

    >>> ratio(1, 2)
    0.5
    \"\"\"
    if b == 0:
        raise ValueError("b")
    log = a
    return a / b


class TestRatio:
    def test_half(self):
        assert ratio(4711, 9422) == 0.5
"""
FILES = {"m.py": CODE, "tests/test_m.py": "def test_x():\n    assert 1 == 1\n"}


def read(path: str) -> Source | None:
    return read_source(path, FILES[path].encode()) if path in FILES else None


def proposal(old: str, new: str, path: str = "m.py") -> Proposal:
    data = FILES[path].encode()
    start = data.index(old.encode())
    return Proposal(Change((replace_span(path, data, start, start + len(old), new),)), path, "ratio", 1, "t", "x", 1.0)


@pytest.mark.parametrize(
    ("old", "new", "path", "tests", "why"),
    [
        ("a / b", "b / a", "m.py", (), ""),
        ("1 == 1", "1", "tests/test_m.py", (), "it edits tests"),
        ("== 0.5", "!= 0.5", "m.py", ("m.py::TestRatio::test_half",), "it edits tests"),
        ("== 0.5", "!= 0.5", "m.py", ("m.py::TestRatio::test_half[a-b]",), "it edits tests"),
        ("    0.5", "    2.0", "m.py", ("m.py::m.ratio",), "it edits tests"),
        ("    0.5", "    2.0", "m.py", (), ""),
        ("return a / b", "return b / a", "m.py", ("m.py::m.ratio", "m.py::TestRatio::test_half"), ""),
        (
            "return a / b",
            "try:\n        return a / b\n    except TypeError:\n        return 0",
            "m.py",
            (),
            "it swallows an exception",
        ),
        ("return a / b", "try:\n        return a / b\n    except TypeError:\n        raise KeyError", "m.py", (), ""),
        (
            "return a / b",
            "try:\n        return a / b\n    except TypeError:\n        if a:\n            raise",
            "m.py",
            (),
            "it swallows an exception",
        ),
    ],
)
def test_what_may_not_be_offered(old: str, new: str, path: str, tests: tuple[str, ...], why: str) -> None:
    assert Guards(read, tests).forbidden(proposal(old, new, path)) == why


def test_a_change_of_several_files_is_judged_by_each_of_them() -> None:
    fair = proposal("a / b", "b / a").change
    swallows = CODE.replace("return a / b", "try:\n        return a / b\n    except TypeError:\n        return 0")
    files = {**FILES, "n.py": CODE}
    both = Change((*fair.edits, *whole_file("n.py", CODE.encode(), swallows.encode()).edits))
    guards = Guards(lambda path: read_source(path, files[path].encode()))
    assert guards.forbidden(Proposal(both, "m.py", "ratio", 1, "t", "x", 1.0)) == "it swallows an exception"


def test_special_casing_an_input_of_the_test_is_told() -> None:
    words = words_of(read, ("m.py::TestRatio::test_half",))
    assert {"4711", "9422", "0.5"} <= words
    said = Guards(read, words=words).cautions(proposal("b == 0", "b == 0 or a == 4711"))
    assert said == ("it compares with 4711, which stands in the failing tests",)
    assert Guards(read, words=words).cautions(proposal("b == 0", "b <= 0")) == ()


@pytest.mark.parametrize(
    ("ran", "said"), [((), ("it removes code that no passing test runs (line 8 of m.py)",)), ((7, 8, 9), ())]
)
def test_removing_what_no_passing_test_runs_is_told(ran: tuple[int, ...], said: tuple[str, ...]) -> None:
    removal = proposal('    if b == 0:\n        raise ValueError("b")\n', "")
    assert Guards(read, passing={"m.py": ran}).cautions(removal) == said


def test_a_statement_that_only_changes_is_not_removed() -> None:
    assert Guards(read).cautions(proposal('raise ValueError("b")', 'raise TypeError("b")')) == ()
