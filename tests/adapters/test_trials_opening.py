"""What a session says of the unchanged suite: every way to write tests, and suites that are hard to run."""

import pytest

from gitops_healer.core.change import Change, Edit
from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Ending
from tests.adapters.trial_projects import Open

KINDS = {
    "pytest.ini": "[pytest]\naddopts = -p no:hypothesispytest -p no:xdist -p no:anyio --doctest-modules\n"
    "filterwarnings = error\n",
    "shop.py": '''
def price(n):
    """
    >>> price(2)
    4
    """
    return n * 3
''',
    "conftest.py": "import pytest\n@pytest.fixture(scope='session')\ndef two():\n    yield [2]\n",
    "test_kinds.py": '''
import unittest, warnings, pytest
from shop import price

class TestOld(unittest.TestCase):
    def setUp(self):
        self.number = 2
    def test_price(self):
        self.assertEqual(price(self.number), 4)
    def test_zero(self):
        self.assertEqual(price(0), 0)
    def test_parts(self):
        for number in (0, 1, 2):
            with self.subTest(number=number):
                self.assertEqual(price(number), 2 * number)

@pytest.mark.parametrize("numbers", [[1], [2]])
def test_mutated(numbers, two):
    numbers.append(price(numbers[0]))
    two.append(0)
    assert numbers[1] == 2 * numbers[0] and len(numbers) == 2

@pytest.mark.xfail(strict=True)
def test_expected():
    assert price(1) == 7

@pytest.mark.skipif(True, reason="not here")
def test_skipped():
    assert False

def test_warns():
    warnings.warn("old", DeprecationWarning)

def test_temporary(tmp_path, capsys, monkeypatch):
    (tmp_path / "a").write_text("a")
    print(price(1))
    assert capsys.readouterr().out == "2\\n"
''',
}  # fmt: skip


def test_all_kinds_of_tests_are_run_as_pytest_runs_them(opened: Open) -> None:
    with opened(KINDS, bare=False) as project:
        ended = {name.rpartition("::")[2]: case.status.value for name, case in project.cases.items()}
        assert ended == {
            "shop.price": "failed", "test_price": "failed", "test_zero": "passed", "test_parts": "failed",
            "test_mutated[numbers0]": "failed", "test_mutated[numbers1]": "failed", "test_expected": "skipped",
            "test_skipped": "skipped", "test_warns": "failed", "test_temporary": "failed",
        }  # fmt: skip
        right = project.change("shop.py", ("n * 3", "n * 2"))
        tried = project.try_all([right, right, project.change("shop.py", ("n * 3", "n * 2 + 0 * (1 // n)"))])
    assert [len(one.fixed) for one in tried] == [6, 6, 5]
    assert tried[1].reached == "test_kinds.py:32 DeprecationWarning"
    assert tried[2].broken == ("test_kinds.py::TestOld::test_zero")


def test_tests_with_and_without_fixtures_take_turns(opened: Open) -> None:
    tests = """
import pytest
from m import f
@pytest.fixture(scope="module")
def once(request):
    f.users.append(request.node.name)
    yield
    f.users.remove(request.node.name)
def test_plain(): assert f(1) == 2
def test_fixture(once): assert f(1) == 2 and len(f.users) == 1
def test_plain_too(): assert f(2) == 4
class TestClass:
    def test_method(self): assert f(3) == 6
    def test_other(self, once, tmp_path): assert f(3) == 6 and len(f.users) == 1
"""
    files = {"m.py": "def f(n):\n    return 2 * n + 1\nf.users = []\n"}
    files |= {f"test_{name}.py": tests for name in "abc"}
    with opened(files) as project:
        right = project.change("m.py", ("2 * n + 1", "2 * n"))
        assert len(project.failing) == 15
        some = project.failing[::4]
        (all_of_them,) = project.try_all([right])
        (mixed,) = list(
            project.session.run([right], some, lambda _: [one for one in project.failing if one not in some])
        )
    assert (all_of_them.ending, mixed.ending, mixed.passed) == (Ending.PASSED, Ending.PASSED, 15)


def test_what_cannot_be_imported_is_a_case_and_can_be_mended(opened: Open) -> None:
    files = {
        "good.py": "def f():\n    return 1\n",
        "bad.py": "def f(:\n    return 1\n",
        "test_good.py": "from good import f\ndef test_f(): assert f() == 1\n",
        "test_bad.py": "from bad import f\ndef test_f(): assert f() == 1\ndef test_g(): assert f() < 2\n",
    }
    with opened(files) as project:
        bad = project.cases["test_bad.py"]
        assert (bad.status, bad.error_type, bad.frames[-1].file) == (CaseStatus.ERROR, "SyntaxError", "bad.py")
        assert project.failing == ["test_bad.py"]
        changes = [
            project.change("bad.py", ("(:", "():")),
            project.change("bad.py", ("(:\n    return 1", "():\n    return 5")),
        ]
        right, wrong = project.try_all(changes)
    assert (right.ending, right.fixed, right.broken) == (Ending.PASSED, ("test_bad.py",), "")
    assert (wrong.ending, wrong.fixed) == (Ending.FAILED, ())


@pytest.mark.parametrize("broken", ["conftest.py", "test_all.py"])
def test_a_project_of_which_nothing_can_be_imported_can_be_mended(opened: Open, broken: str) -> None:
    files = {
        "conftest.py": "",
        "lib.py": "NUMBER = 1\nNAME = NUMBR\n",
        "test_all.py": "def test_a():\n    import lib\n    assert lib.NAME == 1\n",
    }
    files[broken] += "import lib\n"
    with opened(files) as project:
        assert (project.session.opened.problem, project.failing) == ("", [broken])
        (tried,) = project.try_all([project.change("lib.py", ("NUMBR", "NUMBER"))])
    assert tried.ending is Ending.PASSED


HARD = {
    "m.py": "def count(n):\n    while n != 0:\n        n -= 2\n    return 'done'\n",
    "test_m.py": '''
import os, pathlib, pytest
from m import count
def test_even(): assert count(4) == "done"
@pytest.mark.parametrize("n", [1, 3, 5])
def test_odd(n): assert count(n) == "done"
def test_killer(): os._exit(1)
def test_after(): assert count(2) == "done"
def test_flaky():
    mark = pathlib.Path(__file__).with_name("mark")
    seen = mark.exists()
    mark.touch()
    assert seen
''',
}  # fmt: skip


def test_a_suite_that_hangs_dies_and_is_flaky_says_so_and_serves(opened: Open) -> None:
    with opened(HARD, patience=0.5) as project:
        session = project.session
        odd = [f"test_m.py::test_odd[{n}]" for n in (1, 3, 5)]
        types = {name: case.error_type for name, case in project.cases.items() if case.failed}
        assert types == {
            **dict.fromkeys(odd, "gitops_healer.TimedOut"),
            "test_m.py::test_killer": "gitops_healer.Crashed",
        }
        assert project.cases["test_m.py::test_flaky"].status is CaseStatus.FLAKY
        assert project.passing == ["test_m.py::test_even", "test_m.py::test_after"]
        told = " ".join(session.opened.notes)
        assert all(words in told for words in ("3 tests do not end", "1 tests end their process", "pass and fail"))
        (tried,) = project.try_all([project.change("m.py", ("n != 0", "n > 0"))], odd)
    assert (tried.ending, tried.fixed) == (Ending.PASSED, tuple(odd))


def test_slow_tests_are_not_taken_for_endless_ones(opened: Open) -> None:
    files = {"test_slow.py": "import time\ndef test_slow(): time.sleep(0.8)\ndef test_fast(): assert False\n"}
    with opened(files, patience=0.5) as project:
        statuses = {name: case.status for name, case in project.cases.items()}
    assert statuses == {"test_slow.py::test_slow": CaseStatus.PASSED, "test_slow.py::test_fast": CaseStatus.FAILED}


def test_thousands_of_tests(opened: Open) -> None:
    files = {
        "m.py": "def f(n):\n    return n + 1 if n == 1500 else n\n",
        "test_m.py": "import pytest\nfrom m import f\n@pytest.mark.parametrize('n', range(2000))\n"
        "def test_f(n): assert f(n) == n\n",
    }
    with opened(files) as project:
        assert (len(project.cases), len(project.failing)) == (2000, 1)
        changes = [
            project.change("m.py", ("n + 1 if n == 1500 else n", new)) for new in ("n", "1500", "n if n > 9 else 0")
        ]
        right, *wrong = project.try_all(changes)
    assert (right.ending, right.passed) == (Ending.PASSED, 2000)
    assert [one.broken for one in wrong] == ["test_m.py::test_f[0]", "test_m.py::test_f[1]"]


@pytest.mark.parametrize(
    ("files", "options", "problem"),
    [
        ({"m.py": "x = 1\n"}, {}, "there are no tests"),
        ({"pytest.ini": "[pytest]\nnonsense\n", "test_a.py": "def test_a(): pass\n"}, {}, "cannot be collected"),
        ({"test_a.py": "import os\nos._exit(7)\n"}, {}, "exit code 7"),
        ({"test_a.py": "while True: pass\n"}, {"testing.timeout": "2s"}, "takes longer than 2 s"),
    ],
)  # fmt: skip
def test_why_nothing_can_be_tried_is_a_sentence(
    opened: Open, files: dict[str, str], options: dict[str, str], problem: str
) -> None:
    with opened(files, **options) as project:
        assert problem in project.session.opened.problem
        assert project.session.opened.cases == ()


@pytest.mark.parametrize(
    "files",
    [
        {"pytest.ini": "[pytest]\naddopts = --cov=m --no-such-option -p no:hypothesispytest\n"},
        {"pytest.ini": "[pytest]\naddopts = -n 2 -p no:hypothesispytest -x --lf\n"},
        {"setup.cfg": "[tool:pytest]\ntestpaths = tests\n"},
        {"pytest.ini": "[pytest]\nfilterwarnings = error\n  ignore::nobody_has.this.Warning\n"},
    ],
    ids=["missing plug-in", "xdist", "testpaths", "missing warning"],
)
def test_options_of_the_project_do_not_stand_in_the_way(opened: Open, files: dict[str, str]) -> None:
    code = {"m.py": "def f():\n    return 2\n", "tests/test_m.py": "import m\ndef test_f(): assert m.f() == 1\n"}
    with opened(code | files, bare=False) as project:
        assert project.failing == ["tests/test_m.py::test_f"]
        (tried,) = project.try_all([project.change("m.py", ("return 2", "return 1"))])
    assert tried.ending is Ending.PASSED


def test_only_some_tests(opened: Open) -> None:
    files = dict.fromkeys(("test_x.py", "test_y.py", "test_z.py"), "def test_a(): pass\ndef test_b(): pass\n")
    with opened(files, only=["test_x.py", "test_y.py::test_b"]) as project:
        assert list(project.cases) == ["test_x.py::test_a", "test_x.py::test_b", "test_y.py::test_b"]


def test_a_change_may_be_the_ground_on_which_candidates_stand(opened: Open) -> None:
    files = {
        "m.py": "def f():\n    return 3\n",
        "test_m.py": "from m import f\ndef test_f(): assert f() == 1\ndef test_type(): assert f() + 0\n",
    }
    first = Change((Edit("m.py", 0, "def", "# a line more\ndef"), Edit("m.py", 20, "3", "2")))
    with opened(files, first) as project:
        files["m.py"] = first.apply({"m.py": files["m.py"].encode()})["m.py"].decode()
        (tried,) = project.try_all([project.change("m.py", ("return 2", "return 1"))])
    assert tried.ending is Ending.PASSED
