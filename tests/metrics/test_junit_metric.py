"""Runs of tests before and after a merge, imported from real reports."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from gitops_healer.adapters.junit_xml import junit_lines
from gitops_healer.core.watching import Block, Measure, Reading
from gitops_healer.metrics.junit import junit
from tests.detectors.tools_scene import HOUR
from tests.metrics.merges import DAY, MERGED_AT, Merge, before_after

MINUTE = timedelta(minutes=1)
TEST_F = ("tests/test_mod.py", "tests.test_mod", "test_f")
TEST_USE = ("tests/test_use.py", "tests.test_use", "test_use")
TEST_A = ("tests/test_alone.py", "tests.test_alone", "test_a")
_NUMBERS = count()


@pytest.fixture
def merge(make_repo: Callable[..., Any], tmp_path: Path) -> Merge:
    return Merge(make_repo, tmp_path)


def case(
    test: tuple[str, str, str], *, failed: bool = False, parameters: str = "", ms: float = 10, earlier: int = 0
) -> str:
    file, classname, name = test
    name += f"[{parameters}]" if parameters else ""
    inside = '<rerunFailure message="no"/>' * earlier + (
        '<failure message="no" type="AssertionError"/>' if failed else ""
    )
    named = " ".join(
        f"{key}={quoteattr(value)}" for key, value in (("file", file), ("classname", classname), ("name", name))
    )
    return f'<testcase {named} time="{ms / 1000}">{inside}</testcase>'


def report(merge: Merge, at: datetime, commit: str | None, *cases: str) -> None:
    text = f'<testsuite name="s{next(_NUMBERS)}" timestamp="{at.isoformat()}">{"".join(cases)}</testsuite>'
    done = merge.tools.store.import_jsonl(junit_lines(BytesIO(text.encode()), commit))
    assert (done.stored >= len(cases), done.broken) == (True, ())


def history(merge: Merge, *cases: str, runs: int = 10) -> None:
    for number in range(runs):
        report(merge, MERGED_AT - (number + 1) * 5 * HOUR, merge.past[number % 2], *cases)


def runs(merge: Merge) -> dict[str, Reading]:
    return merge.asked(junit, Measure.RUNS)


def test_a_test_that_always_passed_and_now_always_fails(merge: Merge) -> None:
    history(merge, case(TEST_F))
    report(merge, MERGED_AT + HOUR, merge.merge, case(TEST_F, failed=True))
    report(merge, MERGED_AT + 2 * HOUR, merge.later, case(TEST_F, failed=True))
    reading = runs(merge)["tests.test_mod:test_f"]
    assert (reading.metric, reading.touched, reading.distinct_failing, reading.note) == ("junit", True, None, "")
    assert before_after(reading) == (10, 0, 2, 2)
    assert reading.blocks == (Block(2, 1, 1), Block(4, 1, 1))


def test_runs_belong_to_the_commit_of_their_report(merge: Merge) -> None:
    history(merge, case(TEST_F))
    report(merge, MERGED_AT - HOUR, merge.merge[:9], case(TEST_F, failed=True))  # a clock that is slow
    report(merge, MERGED_AT + HOUR, merge.parent, case(TEST_F, failed=True))
    report(merge, MERGED_AT + HOUR, merge.other, case(TEST_F, failed=True))
    report(merge, MERGED_AT + HOUR, None, case(TEST_F))
    reading = runs(merge)["tests.test_mod:test_f"]
    assert before_after(reading) == (10, 0, 2, 1)
    assert (reading.still_total, reading.still_failed) == (1, 1)


def test_flaky_is_what_had_both_outcomes_on_one_commit(merge: Merge) -> None:
    history(merge, case(TEST_F), case(TEST_USE, parameters="a"), case(TEST_USE, parameters="b", failed=True))
    report(merge, MERGED_AT - HOUR, merge.past[0], case(TEST_F, failed=True))
    report(merge, MERGED_AT + HOUR, merge.merge, case(TEST_F, earlier=2), case(TEST_USE, parameters="a"))
    found = runs(merge)
    assert found["tests.test_mod:test_f"].note == "flaky: both outcomes on 2 of its commits"
    assert before_after(found["tests.test_mod:test_f"]) == (11, 1, 3, 2)
    assert found["tests.test_use:test_use"].note == ""  # one of its parameters always fails


def test_what_the_merge_can_have_reached(merge: Merge) -> None:
    history(merge, case(TEST_F), case(TEST_USE), case(TEST_A))
    java = ("src/FooTest.java", "org.shop.FooTest", "adds")
    history(merge, case(java))
    report(merge, MERGED_AT + HOUR, merge.merge, case(TEST_F), case(TEST_USE), case(TEST_A), case(java))
    assert {name: (reading.touched, reading.apart) for name, reading in runs(merge).items()} == {
        "tests.test_mod:test_f": (True, False),
        "tests.test_use:test_use": (False, False),
        "tests.test_alone:test_a": (False, True),
        "org.shop:FooTest.adds": (False, False),
    }
    assert {reading.subject for reading in merge.ask(junit) if reading.apart} == {"tests.test_alone:test_a"}


def test_recorded_calls_of_tools_are_not_tests(merge: Merge) -> None:
    for tool in ("pkg.mod:f", "gone.mod:f"):
        merge.tools.record(tool, 5, at=MERGED_AT - HOUR)
        merge.tools.record(tool, 5, at=MERGED_AT + HOUR)
    assert merge.ask(junit) == []


def test_a_test_that_did_not_run_since_says_nothing(merge: Merge) -> None:
    history(merge, case(TEST_F))
    assert merge.ask(junit) == []


def test_durations(merge: Merge) -> None:
    history(merge, case(TEST_F, ms=10), case(TEST_USE, ms=10), runs=20)
    for number in range(8):
        slow = case(TEST_F, ms=40) if number % 2 else case(TEST_F, ms=10)
        report(merge, MERGED_AT + number * 20 * MINUTE, merge.merge, slow, case(TEST_USE, ms=10))
    found = {(one.subject, one.measure): one for one in merge.ask(junit)}
    for measure in (Measure.SLOWER, Measure.SLOWEST):
        assert before_after(found["tests.test_mod:test_f", measure]) == pytest.approx((20, 0, 8, 4), abs=0.5)
        assert before_after(found["tests.test_use:test_use", measure]) == pytest.approx((20, 0, 8, 0), abs=0.5)


def test_few_timed_runs_are_not_compared(merge: Merge) -> None:
    history(merge, case(TEST_F), runs=9)
    report(merge, MERGED_AT + HOUR, merge.merge, case(TEST_F, ms=9_000))
    assert {reading.measure for reading in merge.ask(junit)} == {Measure.RUNS}


def test_what_came_after_the_watch_is_not_of_it(merge: Merge) -> None:
    history(merge, case(TEST_F))
    report(merge, MERGED_AT + HOUR, merge.merge, case(TEST_F))
    report(merge, MERGED_AT + DAY + HOUR, merge.later, case(TEST_F, failed=True))
    merge.tools.now = MERGED_AT + 3 * DAY
    assert before_after(runs(merge)["tests.test_mod:test_f"]) == (10, 0, 1, 0)
