"""Candidates tried in warm processes, on real little projects: what is fixed, what breaks, what cannot be loaded."""

import pytest

from gitops_healer.core.change import Change, replace_span
from gitops_healer.core.trials import Ending, Tried
from tests.adapters.trial_projects import Open, Project


def fixed_by(tried: Tried) -> set[str]:
    return {name.rpartition("::")[2] for name in tried.fixed}


# What a change of a running function does

SHAPES = {
    "m.py": '''
import functools

def plain(x):
    return x + 2

class Base:
    def __init__(self):
        self.__secret = 20
    def secret(self):
        return self.__secret + 2

class Child(Base):
    class Inner:
        def value(self):
            return 2
    def secret(self):
        return super().secret() + 200
    @property
    def size(self):
        return 2
    @staticmethod
    def fixed():
        return 2
    @classmethod
    def named(cls):
        return cls.__name__ + "2"

def twice(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return 2 * function(*arguments)
    return wrapper

@twice
def doubled(x):
    return x + 2

@functools.lru_cache(maxsize=None)
def cached(x):
    return x + 2

def outer(x):
    def inner(y):
        return x + y + 2
    return inner(1)

async def later(x):
    return x + 2

def items(n):
    for number in range(n):
        yield number + 2

if True:
    def conditional():
        return 2
''',
    "test_m.py": '''
import asyncio, unittest, pytest
from m import *

def test_plain(): assert plain(1) == 2
def test_secret(): assert Base().secret() == 21
def test_super(): assert Child().secret() == 23
def test_inner(): assert Child.Inner().value() == 1
def test_size(): assert Child().size == 1
def test_fixed(): assert Child.fixed() == 1
def test_named(): assert Child.named() == "Child1"
def test_doubled(): assert doubled(1) == 4
def test_cached(): assert cached(1) == 2
def test_outer(): assert outer(1) == 3
def test_later(): assert asyncio.run(later(1)) == 2
def test_items(): assert list(items(2)) == [1, 2]
def test_conditional(): assert conditional() == 1
''',
}  # fmt: skip

SWAPS = {
    "test_plain": ("def plain(x):\n    return x + 2", "def plain(x):\n    return x + 1"),
    "test_secret": ("self.__secret + 2", "self.__secret + 1"),
    "test_super": ("super().secret() + 200", "super().secret() + 1"),
    "test_inner": ("def value(self):\n            return 2", "def value(self):\n            return 1"),
    "test_size": ("def size(self):\n        return 2", "def size(self):\n        return 1"),
    "test_fixed": ("def fixed():\n        return 2", "def fixed():\n        return 1"),
    "test_named": ('cls.__name__ + "2"', 'cls.__name__ + "1"'),
    "test_doubled": ("def doubled(x):\n    return x + 2", "def doubled(x):\n    return x + 1"),
    "test_cached": ("def cached(x):\n    return x + 2", "def cached(x):\n    return x + 1"),
    "test_outer": ("return x + y + 2", "return x + y + 1"),
    "test_later": ("async def later(x):\n    return x + 2", "async def later(x):\n    return x + 1"),
    "test_items": ("yield number + 2", "yield number + 1"),
    "test_conditional": ("def conditional():\n        return 2", "def conditional():\n        return 1"),
}


def test_every_kind_of_function_takes_new_code(opened: Open) -> None:
    with opened(SHAPES) as project:
        assert {name.rpartition("::")[2] for name in project.failing} == set(SWAPS)
        tried = project.try_all([_body_change(project, "m.py", *swap) for swap in SWAPS.values()])
    got = {name: fixed_by(one) for name, one in zip(SWAPS, tried, strict=True)}
    wanted = {name: {name} for name in SWAPS} | {"test_secret": {"test_secret"}}
    assert got == wanted
    assert all(one.warm and one.ending is Ending.FAILED and one.reached.startswith("test_m.py:") for one in tried)


def _body_change(project: Project, path: str, old: str, new: str) -> Change:
    """Only what differs: a header that is equal in both is context."""
    head = next(at for at, (left, right) in enumerate(zip(old, new, strict=False)) if left != right)
    tail = len(old) - next(
        at for at, (left, right) in enumerate(zip(reversed(old), reversed(new), strict=False)) if left != right
    )
    source = project.files[path].encode()
    assert source.count(old.encode()) == 1
    start = source.index(old.encode())
    moved = len(new) - len(old)
    return Change((replace_span(path, source, start + head, start + tail, new[head : tail + moved]),))


FRESH = {
    "m.py": '''
LIMIT = 2
def default(x=2):
    return x
def decorate(function):
    return lambda: function() + 2
@decorate
def decorated():
    return 0
class Box:
    size = 2
def table():
    return {"a": 2}
TABLE = table()
def add(x):
    return x + 2
class Plain:
    def other(self):
        return 2
class Derived(Plain):
    def other(self):
        return 2
''',
    "data.txt": "2",
    "test_m.py": '''
import subprocess, sys, pathlib
import m
def test_limit(): assert m.LIMIT == 1
def test_default(): assert m.default() == 1
def test_decorated(): assert m.decorated() == 1
def test_box(): assert m.Box.size == 1
def test_table(): assert m.TABLE == {"a": 1}
def test_new(): assert m.new() == 1
def test_data(): assert pathlib.Path("data.txt").read_text() == "1"
def test_derived(): assert m.Derived().other() == 1
def test_fine(): pass
''',
}  # fmt: skip


def test_what_a_running_program_cannot_take_is_imported_afresh(opened: Open) -> None:
    with opened(FRESH) as project:
        derived = "class Derived(Plain):\n    def other(self):\n        return "
        changes = {
            "test_limit": project.change("m.py", ("LIMIT = 2", "LIMIT = 1")),
            "test_default": project.change("m.py", ("x=2", "x=1")),
            "test_decorated": project.change("m.py", ("function() + 2", "function() + 1")),
            "test_box": project.change("m.py", ("size = 2", "size = 1")),
            "test_table": project.change("m.py", ('{"a": 2}', '{"a": 1}')),
            "test_new": project.change("m.py", ("LIMIT = 2", "LIMIT = 2\ndef new():\n    return 1")),
            "test_data": project.change("data.txt", ("2", "1")),
            "test_derived": project.change("m.py", (derived + "2", derived + "super().other() - 1")),
        }
        tried = project.try_all(list(changes.values()))
    assert {name: fixed_by(one) for name, one in zip(changes, tried, strict=True)} == {name: {name} for name in changes}
    assert not any(one.warm for one in tried)
    assert all(one.passed == 2 for one in tried)  # the fixed one, and the one that passed before


def test_tests_that_start_python_get_the_change_from_the_file(opened: Open) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/tool.py": "def answer():\n    return 2\n\nif __name__ == '__main__':\n    print(answer())\n",
        "test_tool.py": "import subprocess, sys\ndef test_tool():\n    run = [sys.executable, '-m', 'pkg.tool']\n"
        "    assert subprocess.check_output(run) == b'1\\n'\n",
    }
    with opened(files) as project:
        (tried,) = project.try_all([project.change("pkg/tool.py", ("return 2", "return 1"))])
    assert tried == Tried(0, Ending.PASSED, ("test_tool.py::test_tool",), "", 1, "", warm=False)


# How candidates end

ENDINGS = {
    "m.py": "import os, sys, time\ndef f(x):\n    return 0\ndef g():\n    return 5\n",
    "test_m.py": "from m import *\ndef test_f(): assert f(1) == 1\ndef test_g(): assert g() == 5\n",
}


@pytest.mark.parametrize(
    ("body", "ending", "broken"),
    [
        ("return x", Ending.PASSED, ""),
        ("return 2", Ending.FAILED, ""),
        ("globals().update(g=lambda: 6); import test_m; test_m.g = g; return 1", Ending.FAILED, "test_m.py::test_g"),
        ("while True: pass", Ending.TIMED_OUT, ""),
        ("time.sleep(1000)", Ending.TIMED_OUT, ""),
        ("os._exit(0)", Ending.CRASHED, ""),
        ("os.kill(os.getpid(), 9)", Ending.CRASHED, ""),
        ("os.kill(0, 9)", Ending.CRASHED, ""),
        ("sys.exit(0)", Ending.FAILED, ""),
        ("raise KeyboardInterrupt", Ending.FAILED, ""),
        ("import pytest; pytest.exit('all well', 0)", Ending.FAILED, ""),
        ("import pytest; pytest.skip('not today')", Ending.FAILED, ""),
        ("return (", Ending.UNLOADABLE, ""),
        ("return 'x' * 10**12", Ending.FAILED, ""),
        ("print('x' * 10**7); os.write(2, b'x' * 10**6); return x", Ending.PASSED, ""),
        ("os.fork(); return x", Ending.PASSED, ""),
        ("os.closerange(3, 200); return x", Ending.CRASHED, ""),
        ("[os.fork() for _ in range(5)]; time.sleep(1000)", Ending.TIMED_OUT, ""),
        ("open('left', 'w').close(); import tempfile; tempfile.mkdtemp(); return x", Ending.PASSED, ""),
    ],
    ids=lambda value: value if isinstance(value, str) else value.value,
)  # fmt: skip
def test_a_candidate_ends_by_itself_alone(opened: Open, body: str, ending: Ending, broken: str) -> None:
    with opened(ENDINGS) as project:
        bad = project.change("m.py", ("return 0", body))
        good = project.change("m.py", ("return 0", "return int(x)"))
        first, second, third = project.try_all([good, bad, good])
    assert (second.ending, second.broken) == (ending, broken)
    assert (first.ending, third.ending) == (Ending.PASSED, Ending.PASSED)


def test_what_tests_write_into_the_repository_is_taken_back(opened: Open) -> None:
    files = {
        "state.txt": "0",
        "data/old.txt": "old",
        "m.py": "LIMIT = 3\ndef f():\n    return 2\n",
        "test_m.py": """
import pathlib, shutil
from m import *
HERE = pathlib.Path(__file__).parent
def test_f():
    state = HERE / "state.txt"
    runs = int(state.read_text())
    state.write_text(str(runs + 1))
    (HERE / "new" / str(runs)).mkdir(parents=True)
    (HERE / "new" / "file").touch()
    shutil.rmtree(HERE / "data")
    assert f() == 1 and LIMIT and runs == 0
""",
    }
    with opened(files, **{"testing.flaky_reruns": 0}) as project:
        assert "state.txt" in project.session.opened.notes[-1]
        right = project.change("m.py", ("return 2", "return 1"))
        cold = project.change("m.py", ("LIMIT = 3", "LIMIT = 4"), ("return 2", "return 1"))
        tried = project.try_all([right, cold] * 3, ["test_m.py::test_f"])
    assert [one.ending for one in tried] == [Ending.PASSED] * 6
    assert [one.warm for one in tried] == [True, False] * 3


def test_who_leaves_its_group_is_ended(opened: Open) -> None:
    leaves = "if os.fork() == 0: os.setsid(); os.fork(); time.sleep(1000)\n    return x"
    with opened(ENDINGS) as project:
        changes = [project.change("m.py", ("return 0", leaves))] * 200
        tried = project.try_all(changes)
    assert {one.ending for one in tried} == {Ending.PASSED}  # more of them at once than are allowed would end it all


def test_a_candidate_that_takes_the_server_with_it_costs_itself_and_those_beside_it(opened: Open) -> None:
    with opened(ENDINGS) as project:
        good = project.change("m.py", ("return 0", "return x"))
        killers = [project.change("m.py", ("return 0", f"os.kill(os.getppid(), {number})")) for number in (9, 15)]
        tried = project.try_all([killers[0], *[good] * 20, killers[1]])
        assert tried[0].ending is tried[-1].ending is Ending.CRASHED
        assert sum(one.ending is Ending.PASSED for one in tried) >= 14
        (after,) = project.try_all([good])
        assert after.ending is Ending.PASSED
        assert len(project.session.trace(project.failing).functions) == 1
