"""Whole repairs, as stories: a repository whose tests fail, and what is offered. Everything is real."""

from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from gitops_healer.core.change import Change
from gitops_healer.places import Choices
from gitops_healer.repair.search.engine import repair
from gitops_healer.repair.search.found import Repair, RepairStatus
from gitops_healer.repair.search.work import Order
from gitops_healer.wiring import build_world
from tests.conftest import GitRepo

MakeRepo = Callable[..., GitRepo]


def written(files: Mapping[str, str]) -> dict[str, str]:
    return {path: dedent(text).lstrip("\n") for path, text in files.items()}


def repaired(repo: GitRepo, budget: float = 15.0, tests: tuple[str, ...] = (), command: str = "pytest") -> Repair:
    world = build_world(Choices(repo.path, options={"testing.command": command}))
    return repair(world.scene(world.repository.snapshot()), Order(tests, budget=budget))


def after(repo: GitRepo, found: Repair, path: str, rank: int = 0) -> str:
    """A file with one of the patches."""
    change = Change(found.patches[rank].change.edits_of(path))
    return change.apply({path: (repo.path / path).read_bytes()})[path].decode()


ADD = {
    "m.py": """
        def add(a, b):
            return a - b
        """,
    "test_m.py": """
        import pytest
        from m import add

        @pytest.mark.parametrize(("a", "b", "total"), [(1, 2, 3), (2, 0, 2), (5, 7, 12), (-1, 1, 0)])
        def test_add(a, b, total):
            assert add(a, b) == total
        """,
}


def test_one_edit_is_found_proven_and_told(make_repo: MakeRepo) -> None:
    repo = make_repo(written(ADD))
    found = repaired(repo)
    assert found.status is RepairStatus.REPAIRED
    assert sorted(found.failing) == [f"test_m.py::test_add[{values}]" for values in ("-1-1-0", "1-2-3", "5-7-12")]
    assert after(repo, found, "m.py") == "def add(a, b):\n    return a + b\n"
    assert found.patches[0].passed == 4
    assert repo.git("status", "--porcelain") == ""


TWO = {
    "total.py": """
        def total(values):
            result = 1
            for value in values:
                result += value
            return result
        """,
    "top.py": """
        def top(values):
            best = values[0]
            for value in values:
                if value < best:
                    best = value
            return best
        """,
    "test_total.py": """
        from total import total

        def test_total():
            assert total([1, 2]) == 3

        def test_nothing():
            assert total([]) == 0
        """,
    "test_top.py": """
        from top import top

        def test_top():
            assert top([1, 3, 2]) == 3

        def test_one():
            assert top([4]) == 4
        """,
}


def test_two_independent_mistakes_are_repaired_by_one_patch(make_repo: MakeRepo) -> None:
    repo = make_repo(written(TWO))
    found = repaired(repo, budget=18.0)
    assert found.status is RepairStatus.REPAIRED, found.reason
    assert set(found.patches[0].change.paths) == {"total.py", "top.py"}
    assert "value > best" in after(repo, found, "top.py")


def test_one_of_two_mistakes_is_repaired_when_only_its_test_is_named(make_repo: MakeRepo) -> None:
    repo = make_repo(written(TWO))
    found = repaired(repo, budget=8.0, tests=("test_top.py::test_top",))
    assert found.failing == ("test_top.py::test_top",)
    assert found.patches[0].change.paths == ("top.py",)


def test_when_tests_do_not_decide_somebody_is_asked_with_an_input_that_tells_the_patches_apart(
    make_repo: MakeRepo,
) -> None:
    repo = make_repo(
        written(
            {
                "m.py": """
                    def large(n):
                        return n < 10
                    """,
                "test_m.py": """
                    from m import large

                    def test_large():
                        assert large(15)

                    def test_small():
                        assert not large(12 - 8)
                    """,
            }
        )
    )
    found = repaired(repo)
    assert found.status is RepairStatus.REPAIRED
    assert not found.certain
    assert len(found.patches) > 1
    assert "large(" in found.patches[0].differs_on[0]
    assert found.patches[0].differs_on[0] in found.question


def test_a_file_that_does_not_parse_is_mended(make_repo: MakeRepo) -> None:
    files = written(ADD)
    repo = make_repo({**files, "m.py": "def add(a, b)\n    return a + b\n"})
    found = repaired(repo)
    assert after(repo, found, "m.py") == "def add(a, b):\n    return a + b\n"
    assert found.certain


def test_a_constant_outside_of_functions_is_repaired(make_repo: MakeRepo) -> None:
    repo = make_repo(
        written(
            {
                "m.py": """
                    LIMIT = 9

                    def over(n):
                        return n > LIMIT
                    """,
                "test_m.py": """
                    import pytest
                    from m import LIMIT, over

                    @pytest.mark.parametrize(("n", "is_over"), [(10, False), (11, True), (3, False)])
                    def test_over(n, is_over):
                        assert over(n) is is_over

                    def test_limit():
                        assert LIMIT == 10
                    """,
            }
        )
    )
    assert "LIMIT = 10" in after(repo, repaired(repo), "m.py")


def test_a_program_that_tests_start_is_repaired(make_repo: MakeRepo) -> None:
    repo = make_repo(
        written(
            {
                "sums.py": """
                    import sys

                    if __name__ == "__main__":
                        print(int(sys.argv[1]) - int(sys.argv[2]))
                    """,
                "test_sums.py": """
                    import subprocess
                    import sys

                    def test_sum():
                        assert subprocess.check_output([sys.executable, "sums.py", "1", "2"]) == b"3\\n"
                    """,
            }
        )
    )
    found = repaired(repo, budget=20.0)
    assert "int(sys.argv[1]) + int(sys.argv[2])" in after(repo, found, "sums.py"), found


def test_a_name_that_is_wrong_where_a_module_is_imported_is_repaired(make_repo: MakeRepo) -> None:
    files = written(ADD)
    repo = make_repo({**files, "m.py": "LIMITS = [1, 2]\nTOP = max(LIMTS)\n\n\ndef add(a, b):\n    return a + b\n"})
    found = repaired(repo)
    assert found.failing == ("test_m.py",)
    assert "TOP = max(LIMITS)" in after(repo, found, "m.py")


def test_what_the_last_commit_did_can_be_taken_back(make_repo: MakeRepo) -> None:
    files = written(
        {
            "m.py": """
                SCALES = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0}

                def metres(text):
                    number, unit = text.split()
                    return float(number) * SCALES[unit.lower()]
                """,
            "test_m.py": """
                from m import metres

                def test_metres():
                    assert metres("2 KM") == 2000.0
                    assert metres("5 cm") == 0.05
                """,
        }
    )
    repo = make_repo(files)
    repo.commit({"m.py": files["m.py"].replace("float(number) * SCALES[unit.lower()]", "int(unit) ** len(number)")})
    found = repaired(repo)
    assert after(repo, found, "m.py") == files["m.py"]
    assert found.patches[0].templates == ("undo",)


def test_examples_of_a_docstring_decide_between_patches(make_repo: MakeRepo) -> None:
    repo = make_repo(
        written(
            {
                "m.py": '''
                    def large(n):
                        """Whether there are at least ten.

                        >>> large(10)
                        True
                        >>> large(9)
                        False
                        """
                        return n < 10
                    ''',
                "test_m.py": """
                    from m import large

                    def test_large():
                        assert large(15)

                    def test_small():
                        assert not large(4)
                    """,
            }
        )
    )
    found = repaired(repo)
    assert "return n >= 10" in after(repo, found, "m.py")
    assert "every example of the docstrings that can be judged holds" in found.patches[0].correct_by


def test_a_test_that_does_not_parse_is_left_to_people(make_repo: MakeRepo) -> None:
    repo = make_repo({**written(ADD), "test_n.py": "def test_n(:\n    pass\n"})
    both, alone = repaired(repo), repaired(repo, tests=("test_n.py",))
    assert after(repo, both, "m.py") == "def add(a, b):\n    return a + b\n"
    assert (alone.status, alone.patches) == (RepairStatus.NO_REPAIR, ())
    assert "test_n.py does not parse" in alone.reason


def test_a_test_that_never_ends_because_of_the_code_is_repaired(make_repo: MakeRepo) -> None:
    repo = make_repo(
        written(
            {
                "m.py": """
                    def bits(n):
                        count = 0
                        while n:
                            n = n ^ n - 1
                            count += 1
                        return count
                    """,
                "test_m.py": """
                    from m import bits

                    def test_none():
                        assert bits(0) == 0

                    def test_some():
                        assert (bits(7), bits(8), bits(255), bits(10)) == (3, 1, 8, 2)
                    """,
            }
        )
    )
    found = repaired(repo, budget=24.0)
    assert found.failing == ("test_m.py::test_some",)
    assert "n = n & n - 1" in after(repo, found, "m.py"), found
    assert found.seconds < 40


def test_a_test_that_is_merely_too_slow_hides_no_other_mistake(make_repo: MakeRepo) -> None:
    repo = make_repo({**written(ADD), "test_n.py": "import time\n\n\ndef test_slow():\n    time.sleep(60)\n"})
    found = repaired(repo, budget=16.0)
    assert after(repo, found, "m.py") == "def add(a, b):\n    return a + b\n"
    assert "1 tests do not end: test_n.py::test_slow" in found.notes
    assert "test_n.py::test_slow" not in found.failing


def test_a_helper_of_tests_is_not_edited_whatever_its_file_is_called(make_repo: MakeRepo) -> None:
    files = {
        "m.py": "def add(a, b):\n    return a - b\n",
        "check_m.py": """
            from m import add

            def expected(x):
                return x + 3

            def test_add():
                assert add(1, 2) == expected(0)

            def test_zero():
                assert add(2, 0) == expected(-1)
            """,
        "pytest.ini": "[pytest]\npython_files = check_*.py\n",
    }
    found = repaired(make_repo(written(files)))
    assert {path for patch in found.patches for path in patch.change.paths} == {"m.py"}


def test_what_is_not_committed_is_no_commit_to_take_back(make_repo: MakeRepo) -> None:
    repo = make_repo({**written(ADD), "m.py": "def add(a, b):\n    return a + b\n"})
    repo.write(written({"m.py": ADD["m.py"]}))
    found = repaired(repo)
    assert found.patches[0].templates == ("undo",)
    assert "not committed" in found.patches[0].title


@pytest.mark.parametrize(
    ("code", "test", "status", "says"),
    [
        ("def f(x):\n    return x\n", "def test_f():\n    assert f(1) == 1\n", "nothing_failing", "1 tests pass"),
        (
            "import os\n\n\ndef f(x):\n    return x if os.urandom(1)[0] % 2 else 0\n",
            "import pytest\n\n\n@pytest.mark.parametrize('n', range(12))\ndef test_f(n):\n    assert f(1) == 1\n",
            "",
            "no oracle",
        ),
        ("import nosuchdependency as f\n", "def test_f():\n    assert f(1) == 1\n", "error", "Install"),
        ("def f(x):\n    return x\n", "", "error", "no tests"),
        ("def f(x):\n    return x\n", "def test_f():\n    assert f(1) == object()\n", "no_repair", "candidates"),
    ],
)
def test_where_there_is_no_patch_it_is_said_why(
    make_repo: MakeRepo, code: str, test: str, status: str, says: str
) -> None:
    repo = make_repo({"m.py": code, "test_m.py": f"from m import f\n{test}"})
    found = repaired(repo, budget=5.0)
    assert says in "; ".join((found.reason, *found.notes))
    assert found.status.value == (status or found.status.value)
    assert not found.patches or not status


def test_a_patch_that_swallows_the_exception_is_not_offered(make_repo: MakeRepo) -> None:
    files = written(
        {
            "m.py": """
                def number(text):
                    try:
                        return int(text)
                    except ValueError:
                        raise
                """,
            "test_m.py": """
                from m import number

                def test_number():
                    assert number("3") == 3

                def test_no_number():
                    assert number("three") is None
                """,
        }
    )
    repo = make_repo(files)
    found = repaired(repo, budget=8.0)
    handler = "    except ValueError:\n        raise\n"
    assert all(handler in after(repo, found, "m.py", rank) for rank in range(len(found.patches)))
    assert found.candidates > 20


def test_a_test_that_is_asked_for_and_does_not_exist_is_an_error(make_repo: MakeRepo) -> None:
    found = repaired(make_repo(written(ADD)), tests=("test_m.py::test_sub",))
    assert (found.status, found.unknown) == (RepairStatus.ERROR, ("test_m.py::test_sub",))
    assert "test_m.py::test_add[1-2-3]" in found.reason
