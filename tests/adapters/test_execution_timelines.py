"""Timelines of many tools at once: the same figures as those of the lines, in whatever steps."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.deferred_executions import DeferredExecutions
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.errors import UsageError

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SINCE, UNTIL = START + HOUR + 13 * MINUTE, START + 2 * DAY + 7 * MINUTE
COUNTED = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlExecutions]:
    place = tmp_path / "executions.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = open_executions(place)
    yield opened
    opened.close()


def calls() -> Iterator[dict[str, Any]]:
    """Of three tools over 2 1/2 days, at two commits and none; every fifth fails, some with an error of known type."""
    for n in range(900):
        data = {"id": f"e{n}", "tool": f"pkg.mod:f{n % 3}", "ts": (START + 4 * n * MINUTE).isoformat(), "ok": n % 5 > 0}
        data |= {"commit": ("a" * 40, "b" * 40, None)[n % 7 % 3], "duration_ms": float(n % 11 + 1)}
        if n % 5 == 0 and n % 10:
            data["error"] = {"type": "ValueError" if n % 3 else "app.Bad", "message": "no"}
        yield data
    for hour in range(60):
        ts, counts = (START + hour * HOUR + 30 * MINUTE).isoformat(), {"ok": COUNTED - 1, "failed": 1}
        yield {"v": 1, "id": f"c{hour}", "tool": "counted", "ts": ts, "counts": counts, "latency": {"200": COUNTED}}


def expected(step: timedelta, origin: datetime = START) -> Counter[tuple[Any, ...]]:
    """{(tool, start, commit, what): how many}."""
    found: Counter[tuple[Any, ...]] = Counter()
    for call in calls():
        ts = datetime.fromisoformat(call["ts"])
        if not SINCE <= ts < UNTIL:
            continue
        where = (call["tool"], origin + (ts - origin) // step * step, call.get("commit"))
        counts = call.get("counts") or {"ok": int(call["ok"]), "failed": int(not call["ok"])}
        found[*where, "total"] += counts["ok"] + counts["failed"]
        found[*where, "failed"] += counts["failed"]
        found[*where, "timed"] += counts["ok"] + counts["failed"]
        if "error" in call:
            found[*where, call["error"]["type"]] += 1
    return +found


def told(lines: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for tool, slices in lines.items():
        assert list(slices) == sorted(slices, key=lambda one: (one.start, one.commit or ""))
        for one in slices:
            figures = {"total": one.total, "failed": one.failed, "timed": sum(n for _, n in one.latency)}
            for what, number in [*figures.items(), *one.errors]:
                found[tool, one.start, one.commit, what] += number
    return +found


def fill(store: SqlExecutions) -> None:
    assert not store.import_jsonl(json.dumps(line).encode() for line in calls()).broken


@pytest.mark.parametrize("step", [MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, DAY])
def test_every_call_stands_in_its_step(store: SqlExecutions, step: timedelta) -> None:
    fill(store)
    assert told(store.timelines(SINCE, UNTIL, step)) == expected(step)


@pytest.mark.parametrize("step", [5 * MINUTE, 45 * MINUTE, HOUR, 90 * MINUTE, 2 * HOUR, DAY])
def test_steps_begin_at_an_origin(store: SqlExecutions, step: timedelta) -> None:
    fill(store)
    assert told(store.timelines(SINCE, UNTIL, step, origin=SINCE)) == expected(step, SINCE)
    assert told(store.timelines(SINCE, UNTIL, step, origin=START - 3 * HOUR)) == expected(step, START - 3 * HOUR)


def test_only_tools_that_are_asked_for(store: SqlExecutions) -> None:
    fill(store)
    every = store.timelines(SINCE, UNTIL, HOUR)
    assert list(every) == ["counted", "pkg.mod:f0", "pkg.mod:f1", "pkg.mod:f2"]
    asked = store.timelines(SINCE, UNTIL, HOUR, tools=["pkg.mod:f1", "counted", "nobody", "no\x00name"])
    assert asked == {tool: every[tool] for tool in ("counted", "pkg.mod:f1")}
    assert store.timelines(SINCE, UNTIL, HOUR, tools=()) == {} == store.timelines(UNTIL + DAY, UNTIL + 2 * DAY, HOUR)
    assert store.timeline("pkg.mod:f1", SINCE, UNTIL, HOUR) == every["pkg.mod:f1"]


def test_late_calls_are_there_at_the_next_look(store: SqlExecutions) -> None:
    fill(store)
    before = store.timelines(SINCE, UNTIL, HOUR)
    late = {"id": "late", "tool": "counted", "ts": (SINCE + HOUR).isoformat(), "ok": False}
    store.import_jsonl([json.dumps(late).encode()])
    after = store.timelines(SINCE, UNTIL, HOUR)
    assert sum(one.failed for one in after["counted"]) == sum(one.failed for one in before["counted"]) + 1


@pytest.mark.parametrize(
    "step", [timedelta(0), -HOUR, timedelta(seconds=30), 7 * MINUTE, 2 * HOUR, 90 * MINUTE, 2 * DAY]
)
def test_other_steps_are_refused(store: SqlExecutions, step: timedelta) -> None:
    with pytest.raises(UsageError, match="whole minutes that divide an hour"):
        store.timelines(SINCE, UNTIL, step)


@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=90), DAY + MINUTE])
def test_no_origin_helps_where_steps_are_no_minutes_or_too_long(store: SqlExecutions, step: timedelta) -> None:
    with pytest.raises(UsageError, match="any whole minutes up to a day"):
        store.timelines(SINCE, UNTIL, step, origin=SINCE)


def test_a_store_that_is_not_there_has_none(tmp_path: Path) -> None:
    def fail() -> SqlExecutions:
        raise AssertionError("nothing is opened to read from a store that is not there")

    assert DeferredExecutions(lambda: False, fail, tmp_path).timelines(SINCE, UNTIL, HOUR) == {}
