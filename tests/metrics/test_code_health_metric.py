"""What a merge did to the code: findings, complexity, copies, promise."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.core.finding import Finding
from gitops_healer.core.watching import Measure, Reading
from gitops_healer.metrics.code_health import code_health
from gitops_healer.registry import Detector, Scene, discover
from tests.metrics.merges import Merge

DETECTORS = discover("gitops_healer.detectors", Detector)
BRANCHES = "\n".join(f"    if x == {number}:\n        y += {number}" for number in range(20))
KNOT = f"def knot(x):\n    y = 0\n{BRANCHES}\n    return y\n"
TABLE = "def knot(x):\n    return x if 0 <= x < 20 else 0\n"
COPIED = """
def {name}(rows):
    total = 0
    for row in rows:
        if row.price > 10 and row.count > 0:
            total += row.price * row.count
        elif row.gift:
            total += row.discount - 1
        else:
            total -= row.price
    print("total", total, len(rows))
    return total
"""


def told(merge: Merge) -> dict[str, Reading]:
    return {reading.detail: reading for reading in code_health(scene_of(merge), merge.upgrade)}


def scene_of(merge: Merge) -> Scene:
    return replace(merge.scene, detectors=DETECTORS)


def found(merge: Merge, rule: str) -> Finding:
    """What the detector saw at the merge's parent."""
    detector = next(item for item in DETECTORS if item.name == rule)
    return next(iter(detector(merge.tools.scene(merge.parent))))


@pytest.fixture
def make(make_repo: Callable[..., Any], tmp_path: Path) -> Callable[..., Merge]:
    def made(files: Mapping[str, str], change: Mapping[str, str]) -> Merge:
        return Merge(make_repo, tmp_path, files=files, change=change)

    return made


def change_of(reading: Reading) -> tuple[float, float]:
    return reading.before_failed, reading.after_failed


def test_a_promise_that_was_kept(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT, "pkg/other.py": KNOT}, {"pkg/mod.py": TABLE})
    merge.finding = found(merge, "complexity")
    readings = told(merge)
    assert {name: change_of(reading) for name, reading in readings.items()} == {
        "violations": (1, 0), "complexity": (21, 2), "duplication": (0, 0), "promise": (1, 0),
    }  # fmt: skip
    assert {(one.metric, one.measure, one.before_total, one.after_total) for one in readings.values()} == {
        ("code_health", Measure.CODE, 43, 2)
    }


def test_a_promise_that_was_not_kept(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT}, {"pkg/mod.py": f"# less of it\n{KNOT}"})
    merge.finding = found(merge, "complexity")
    assert change_of(told(merge)["promise"]) == (1, 1)


def test_a_finding_that_moved_to_another_file_is_still_there(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT}, {"pkg/mod.py": "", "pkg/new.py": KNOT})
    merge.finding = found(merge, "complexity")
    assert change_of(told(merge)["promise"]) == (1, 1)


def test_copies_among_the_changed_files(make: Callable[..., Merge]) -> None:
    one, other = COPIED.format(name="one"), COPIED.format(name="other")
    merge = make({"a.py": one, "b.py": other}, {"b.py": "from a import one as other\n", "a.py": one + "\n\nX = 1\n"})
    merge.finding = found(merge, "duplicate_code")
    readings = told(merge)
    assert readings["duplication"].before_failed >= 10
    assert readings["duplication"].after_failed == 0
    assert change_of(readings["promise"]) == (1, 0)


def test_a_whole_finding_that_stays(make: Callable[..., Merge]) -> None:
    one, other = COPIED.format(name="one"), COPIED.format(name="other")
    merge = make({"a.py": one, "b.py": other}, {"b.py": other + "\n\nX = 1\n"})
    merge.finding = found(merge, "duplicate_code")
    assert change_of(told(merge)["promise"]) == (1, 1)


def test_what_code_cannot_tell_is_no_promise(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT}, {"pkg/mod.py": TABLE})
    assert told(merge).keys() == {"violations", "complexity", "duplication"}  # the finding is about executions
    merge.finding = replace(found(merge, "complexity"), path="pkg/mod.py")
    merge.tools.options = {"detection.disabled": ["complexity"]}
    assert told(merge).keys() == {"violations", "complexity", "duplication"}


def test_a_file_that_cannot_be_parsed_keeps_no_promise(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT}, {"pkg/mod.py": "def knot(:\n"})
    merge.finding = found(merge, "complexity")
    assert "promise" not in told(merge)


def test_what_the_policy_and_comments_leave_out_does_not_count(make: Callable[..., Merge]) -> None:
    ignored = KNOT.replace("def knot(x):", "def knot(x):  # healer: ignore[complexity] it is a table")
    merge = make({"a.py": "", "vendor/b.py": ""}, {"a.py": ignored, "vendor/b.py": KNOT})
    merge.tools.options = {"detection.exclude": ["vendor/**"]}
    readings = told(merge)
    assert change_of(readings["violations"]) == (0, 0)
    assert change_of(readings["complexity"]) == (0, 21)


def test_patterns_of_the_policy_are_looked_for(make: Callable[..., Merge]) -> None:
    merge = make({"a.py": "print(1)\nprint(2)\n"}, {"a.py": "print(1)\n"})
    rule = {"id": "no-print", "pattern": "print(...)", "message": "log it", "severity": "low"}
    merge.tools.options = {"patterns.rules": [rule]}
    assert change_of(told(merge)["violations"]) == (2, 1)


def test_it_is_worked_out_once_a_merge(make: Callable[..., Merge]) -> None:
    merge = make({"pkg/mod.py": KNOT}, {"pkg/mod.py": TABLE})
    first = told(merge)
    blind = replace(scene_of(merge), repository=None)
    assert {reading.detail: reading for reading in code_health(blind, merge.upgrade)} == first


def test_a_merge_without_python_says_nothing(make: Callable[..., Merge]) -> None:
    merge = make({"README": "a"}, {"README": "b"})
    assert told(merge) == {}


def test_changes_of_the_whole_do_not_lose_what_a_scan_remembers(make: Callable[..., Merge]) -> None:
    one, other = COPIED.format(name="one"), COPIED.format(name="other")
    merge = make({"a.py": one, "b.py": other, "c.py": "x = 1\n"}, {"c.py": "x = 2\n"})
    families = merge.tools.scene(merge.later).code.families()
    told(merge)
    assert merge.tools.scene(merge.later).code.families() == families != ()
