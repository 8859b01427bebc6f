"""Summing up portion by portion: the same sums as at once, whatever comes in between."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from gitops_healer.adapters.execution_summing import Portion, is_stale, portions, refresh
from gitops_healer.adapters.execution_tables import DAYS, HOURS, Database, open_database
from gitops_healer.adapters.executions import SqlExecutions
from gitops_healer.errors import HealerError

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "e.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    opened = open_database(place)
    yield opened
    opened.close()


def lines(seed: int, number: int = 90) -> list[bytes]:
    """Calls and counts of four tools in scattered hours of five days, and many in one hour."""
    rng, made = random.Random(seed), list[dict[str, Any]]()
    for at in range(number):
        minutes = 61 if at % 4 == 0 else rng.randrange(5 * 24 * 60)
        line = {"tool": f"t{rng.randrange(4)}", "ts": (START + timedelta(minutes=minutes)).isoformat(), "v": 1}
        line |= {"id": f"{seed}-{at}", "commit": rng.choice([None, "a" * 40, "b" * 40])}
        counts = {"counts": {"ok": rng.randrange(5), "failed": rng.randrange(3)}, "latency": {}}
        made.append(line | (counts if at % 5 == 0 else {"ok": rng.random() < 0.8, "duration_ms": rng.random()}))
    return [json.dumps(line).encode() for line in made]


def sums(database: Database) -> list[list[tuple[Any, ...]]]:
    with database.read() as connection:
        return [sorted(map(tuple, connection.execute(select(table)))) for table in (HOURS, DAYS)]


def summed_up(database: Database, portion: Portion) -> list[list[tuple[Any, ...]]]:
    with database.connect() as connection:
        refresh(connection, portion)
        assert not is_stale(connection)
    return sums(database)


def mark_all(database: Database) -> None:
    with database.connect() as connection, connection.begin():
        connection.execute(text("INSERT INTO healer_marked_hours SELECT DISTINCT tool, hour, 0 FROM healer_hours"))


def calls(*batches: list[bytes]) -> int:
    every = [json.loads(line) for batch in batches for line in batch]
    return sum(sum(line["counts"].values()) if "counts" in line else 1 for line in every)


@pytest.mark.parametrize("portion", [Portion(3, 2, 0), Portion(7, 1000, 0), Portion(1000, 15, 0)])
def test_sums_by_portions_are_the_sums_at_once(database: Database, portion: Portion) -> None:
    """Also of hours with more rows than a portion has, and of a day whose hours lie in two portions."""
    store = SqlExecutions(database)
    store.import_jsonl([*lines(1), *lines(2)])
    once = summed_up(database, Portion(pause=0))
    mark_all(database)
    with database.connect() as connection, connection.begin():
        connection.execute(text("UPDATE healer_hours SET passed = passed + 1"))
        connection.execute(text("DELETE FROM healer_days"))
    assert summed_up(database, portion) == once
    for table in once:
        assert sum(row[3] + row[4] for row in table) == calls(lines(1), lines(2))


def test_others_store_between_two_portions(database: Database, place: str) -> None:
    """They find no lock, and what they store is neither lost nor counted twice."""
    store, other = SqlExecutions(database), SqlExecutions(open_database(place))
    store.import_jsonl(lines(1))
    coming = [lines(2), lines(3)]
    with database.connect() as connection:
        for _ in portions(connection, Portion(10, 1000)):
            if coming:
                other.import_jsonl(coming.pop())
    assert not coming, "all was stored meanwhile"
    assert sum(one.total for one in store.stats()) == calls(lines(1), lines(2), lines(3))
    kept = sums(database)
    mark_all(database)
    assert summed_up(database, Portion(pause=0)) == kept
    other.close()


def test_what_ends_half_way_is_finished_by_who_comes_next(tmp_path: Path) -> None:
    database = open_database(tmp_path / "executions.sqlite")
    SqlExecutions(database).import_jsonl(lines(1))
    with database.connect() as connection, connection.begin():
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON healer_days WHEN NEW.tool = 3 "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    with pytest.raises(HealerError, match="the disk is full"):
        summed_up(database, Portion(5, 1000, 0))
    half = sums(database)
    with database.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER full")
    whole = summed_up(database, Portion(5, 1000, 0))
    assert half[0] and half[0] == whole[0][: len(half[0])] and {row[0] for row in half[0]} <= {1, 2}
    assert {row[0] for row in half[1]} == {row[0] for row in half[0]}
    assert sum(row[3] + row[4] for row in whole[1]) == calls(lines(1))
    database.close()
