"""The corpora of bugs are sound to read, mutants are what they are called, and the judge of repairs is just."""

import ast
import difflib
import importlib.util
import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
PROGRAMS = sorted(path.parent for path in (BENCHMARKS / "bugs").glob("*/*/bugs.toml"))
JUDGE = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import bugs
judge = bugs.Judge(bugs.make_sandbox())
(case,) = bugs.read_cases(Path(sys.argv[2]))
tree = bugs.lay_out(case, Path(sys.argv[3]))
found = [judge.judge({"diff": diff}, case.program, tree) for diff in json.load(sys.stdin)]
names = sorted(path.name for path in tree.iterdir())
print(json.dumps([names, [[one.plausible, one.correct, one.why] for one in found]]))
"""
RIGHT = "def cheap(price):\n    return price < 10\n"
TESTS = "from prices import cheap\n\n\ndef test_it():\n    assert cheap(9) and not cheap(10)\n"
PROGRAM = {
    "prices.py": RIGHT,
    "test_prices.py": TESTS,
    "probe.py": "import json\nfrom prices import cheap\nprint(json.dumps([str(cheap(n)) for n in range(-20, 20)]))\n",
    "bugs.toml": """
        [[bug]]
        name = "ten-is-cheap"
        class = "comparison operator"
        file = "prices.py"
        function = "cheap"
        old = "price < 10"
        new = "price <= 10"
        why = "The limit was thought to be inside."
    """,
}
WRONG = RIGHT.replace("<", "<=")


def load(path: Path) -> ModuleType:
    """A module of the benchmarks, which are no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


check = load(BENCHMARKS / "bugs" / "check.py")
mutation = load(BENCHMARKS / "mutation.py")


def common_class(kind: str) -> str:
    """Some sets call a class by its long name: `early return/return inside loop`."""
    plain = kind.replace("`", "")
    return next((known for known in check.CLASSES if plain.startswith(known)), kind)


def test_there_are_programs_to_show_and_programs_held_out():
    sets = Counter(program.parent.name for program in PROGRAMS)
    assert set(sets) == {"shown", "held"}
    assert not {program.name for program in PROGRAMS if program.parent.name == "held"} & {
        program.name for program in PROGRAMS if program.parent.name == "shown"
    }


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: f"{program.parent.name}-{program.name}")
def test_a_program_can_be_read(program: Path):
    bugs = check.load_bugs(program)
    named = [replace(bug, kind=common_class(bug.kind)) for bug in bugs]
    problems = [one for bug in named for one in check.textual_problems(bug, (program / bug.file).read_text())]
    # What makes a text unique may stand in the next function.
    assert [one for one in problems if not one.startswith("old stands")] == []
    assert (program / "probe.py").is_file()
    assert list(program.rglob("test*.py"))


@pytest.mark.parametrize("name", ["shown", "held"])
def test_names_of_bugs_are_unique(name: str):
    names = Counter(bug.name for program in PROGRAMS if program.parent.name == name for bug in check.load_bugs(program))
    assert names and {bug for bug, count in names.items() if count > 1} == set()


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({"kind": "bad luck"}, "class 'bad luck' is unknown"),
        ({"old": "price < 11"}, "old occurs 0 times"),
        ({"old": "price"}, "old occurs 2 times"),
        ({"function": "dear"}, "no function 'dear'"),
        ({"new": "price <"}, "new makes the file unreadable"),
        ({"new": "(price < 10)"}, "new means the same as old"),
    ],
)
def test_a_broken_entry_is_told(broken: dict[str, str], complaint: str):
    good = check.Bug("ten", "comparison operator", "prices.py", "cheap", "price < 10", "price <= 10", "A slip.")
    assert list(check.textual_problems(good, RIGHT)) == []
    (problem,) = check.textual_problems(replace(good, **broken), RIGHT)
    assert problem.startswith(complaint)


def patch(path: str, before: str, after: str) -> str:
    lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, f"a/{path}", f"b/{path}"))


def of_program(statement: str) -> str:
    return patch("prices.py", WRONG, f"def cheap(price):\n{statement}")


PATCHES = {
    "as it was": (of_program("    return price < 10\n"), (True, True, "")),
    "written differently": (of_program("    return not 10 <= price\n"), (True, True, "")),
    "fits the tests only": (of_program("    return price == 9\n"), (True, False, "29 of 40 answers differ: False")),
    "still fails": (of_program("    return price <= 11\n"), (False, False, "tests fail: test_prices.py::test_it")),
    "ends the process": (
        of_program("    if price == 3:\n        raise SystemExit\n    return price < 10\n"),
        (True, False, "the probe gives 0 answers in place of 40"),
    ),
    "changes the tests": (
        patch("test_prices.py", TESTS, TESTS.replace(" and not cheap(10)", "")),
        (False, False, "changes the tests test_prices.py"),
    ),
    "of another file": (patch("prices.py", "a = 1\n", "a = 2\n"), (False, False, "does not apply")),
    "empty": ("", (False, False, "changes nothing")),
}


def test_the_judge_tells_right_from_wrong(tmp_path: Path):
    """In one process, since every verdict takes a run of pytest; the engine sees neither probe nor list of bugs."""
    (tmp_path / "shop").mkdir()
    for name, text in PROGRAM.items():
        (tmp_path / "shop" / name).write_text(dedent(text))
    done = subprocess.run(
        [sys.executable, "-c", JUDGE, str(BENCHMARKS), str(tmp_path / "shop"), str(tmp_path / "laid out")],
        input=json.dumps([diff for diff, _ in PATCHES.values()]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    seen, verdicts = json.loads(done.stdout)
    assert seen == [".git", "prices.py", "test_prices.py"]
    for (name, (_, wanted)), said in zip(PATCHES.items(), verdicts, strict=True):
        assert (name, *said[:2]) == (name, *wanted[:2])
        assert said[2].startswith(wanted[2]) and bool(said[2]) == bool(wanted[2])


SOURCE = b'''
class Till:
    def close(self, items, limit):
        """A docstring that nobody mutates."""
        total = 0
        self.open = self.ready
        for item in items[1:]:
            if not item or total < limit:
                continue
            total += item
        if limit is None:
            return []
        elif total == 3:
            limit = max(total, limit)
        else:
            limit = 7
        for place in range(limit):
            total = f"{place + 1}"
        return total.strip()
'''
MUTANTS = {
    "comparison": "            if not item or total <= limit:",
    "arithmetic": "            total -= item",
    "boolean": "            if not item and total < limit:",
    "constant": "        total = 1",
    "negation": "            if item or total < limit:",
    "statement deleted": "",
    "another local": "        for item in total[1:]:",
    "arguments swapped": "            limit = max(limit, total)",
    "argument dropped": "            limit = max(total)",
    "return value": "        return None",
    "sibling called": "        return total.lstrip()",
    "index or slice": "        for item in items[:]:",
    "break or continue": "                break",
    "off by one": "        for place in range(limit - 1):",
    "branch removed": "",
    "statements in wrong order": "        self.open = self.ready",
    "wrong attribute": "        self.open = self.open",
}


@pytest.fixture(scope="module")
def drawn() -> list[Any]:
    ((names, function, owner),) = mutation.functions(ast.parse(SOURCE))
    assert names == ("Till", "close")
    by_operator = mutation.mutants("till.py", names, mutation.Scope(SOURCE, function, owner))
    return [one for of in by_operator.values() for one in of if mutation.sound(one, SOURCE)]


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_what_it_is_called(drawn: list[Any], name: str):
    before = SOURCE.decode().splitlines()
    changed = [
        [
            line[2:]
            for line in difflib.ndiff(before, one.put_into(SOURCE).decode().splitlines())
            if line.startswith("+ ")
        ]
        for one in drawn
        if one.operator == name
    ]
    assert ([MUTANTS[name]] if MUTANTS[name] else []) in changed


def test_mutants_leave_docstrings_and_the_inside_of_formatted_strings_alone(drawn: list[Any]):
    lines = {one.line for one in drawn if one.operator in ("constant", "arithmetic", "another local")}
    formatted = next(number for number, line in enumerate(SOURCE.splitlines(), 1) if b'f"' in line)
    assert len(lines) > 5 and formatted not in lines
    assert all(b"A docstring that nobody mutates." in one.put_into(SOURCE) for one in drawn)


def test_a_guard_can_be_removed():
    source = b"def first(items):\n    if not items:\n        return None\n    return items[0]\n"
    ((names, function, owner),) = mutation.functions(ast.parse(source))
    found = mutation.mutants("first.py", names, mutation.Scope(source, function, owner))["guard removed"]
    assert [one.put_into(source) for one in found] == [b"def first(items):\n    return items[0]\n"]
