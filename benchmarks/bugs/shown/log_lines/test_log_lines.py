from datetime import datetime, timedelta

import pytest
from log_lines import (
    Watch,
    at_least,
    from_source,
    kinds,
    parse_first_line,
    per_hour,
    records,
    sessions,
    tail,
    without_repeats,
)

LOG = """\
  (continued from yesterday)
2024-05-01 12:30:05 INFO shop.cart: user 'ann' has 3 items
2024-05-01 12:59:59 ERROR shop.cart: price of 17 is missing
Traceback (most recent call last):
  KeyError: 17
2024-05-01 13:00:00 ERROR shop.cart: price of 17 is missing
2024-05-01 13:20:00 WARNING shopping: slow
2024-05-01 15:00:00 INFO shop: user 'bob' has 12 items
2024-05-01 15:00:01 DEBUG db: closed
"""


@pytest.fixture
def log():
    return list(records(LOG.splitlines(keepends=True)))


def test_first_line():
    record = parse_first_line("2024-05-01 12:30:05 INFO shop.cart: a: b\n")
    assert record.time == datetime(2024, 5, 1, 12, 30, 5)
    assert (record.level, record.source, record.message) == ("INFO", "shop.cart", "a: b")
    assert parse_first_line("Traceback (most recent call last):") is None


def test_records(log):
    assert len(log) == 6
    assert log[0].details == []
    assert log[1].details == ["Traceback (most recent call last):", "  KeyError: 17"]
    assert log[-1].source == "db"


def test_records_of_nothing():
    assert list(records([])) == []
    assert list(records(["no", "log"])) == []


def test_at_least(log):
    assert [record.level for record in at_least(log, "WARNING")] == ["ERROR", "ERROR", "WARNING"]
    assert len(list(at_least(log, "DEBUG"))) == 6


def test_from_source(log):
    assert [record.source for record in from_source(log, "shop")] == ["shop.cart"] * 3 + ["shop"]


def test_tail(log):
    assert tail(log, 2) == log[-2:]
    assert tail(log, 99) == log


def test_tail_of_nothing(log):
    assert tail(log, 0) == []


def test_per_hour(log):
    assert per_hour(log) == {"2024-05-01 12": 2, "2024-05-01 13": 2, "2024-05-01 15": 2}
    assert per_hour(log[:1]) == {"2024-05-01 12": 1}


def test_per_hour_goes_on_counting(log):
    counts = {"2024-05-01 12": 5}
    assert per_hour(log[:2], counts) == {"2024-05-01 12": 7}


def test_kinds(log):
    assert kinds(log)[:2] == [("user '*' has # items", 2), ("price of # is missing", 2)]
    assert ("slow", 1) in kinds(log)


def test_sessions(log):
    assert [len(group) for group in sessions(log, timedelta(minutes=30))] == [4, 2]
    assert [len(group) for group in sessions(log, timedelta(seconds=1))] == [1, 2, 1, 2]
    assert sessions([], timedelta(1)) == []


def test_without_repeats(log):
    assert list(without_repeats(log)) == [log[0], log[1], *log[3:]]
    assert list(without_repeats([log[0], log[4], log[0]])) == [log[0], log[4], log[0]]


def error(minute, source="shop"):
    return parse_first_line(f"2024-05-01 12:{minute:02d}:00 ERROR {source}: failed")


def test_watch():
    watch = Watch(3, timedelta(minutes=10))
    assert [watch.see(error(minute)) for minute in (0, 5, 10, 15, 40)] == [False, False, True, True, False]


def test_watch_keeps_sources_apart():
    watch = Watch(2, timedelta(minutes=10))
    assert not watch.see(error(1))
    assert not watch.see(error(2, "db"))
    assert watch.see(error(3))


def test_watch_ignores_what_is_no_error(log):
    assert not any(Watch(1, timedelta(1)).see(record) for record in log if record.level != "ERROR")
