"""Which failures are the same."""

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.analysis.clusters import cluster, collapsed, template_of
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("user 17 not found", "user <number> not found"),
        ("invalid literal for int() with base 10: '12a'", "invalid literal for int() with base <number>: <quoted>"),
        ("no row for 7f3c1e0a-9d1b-4c7e-8f5a-0b1c2d3e4f50", "no row for <uuid>"),
        ("<Thing object at 0x7f1e2a30>", "<Thing object at <hex>>"),
        ("[Errno 2] No such file: '/srv/a.txt'", "[Errno <number>] No such file: <quoted>"),
        ("cannot read /srv/data/a-1.csv today", "cannot read <path> today"),
        ("due 2026-01-05T10:07:00Z, late", "due <date>, late"),
        ("mail to ann.b@example.org bounced", "mail to <email> bounced"),
        ("GET https://example.org/a?b=1 failed", "GET <url> failed"),
        ("10.0.0.7:5432 refused", "<ip> refused"),
        ("-3.5e-7 is negative", "<number> is negative"),
        ("v1.2.3 is older than 1.10.0", "<version> is older than <version>"),
        ("deadbeef12 is no commit", "<hex> is no commit"),
        ("it's what isn't there", "it's what isn't there"),
        ("utf8 and base64", "utf<number> and base<number>"),
        ("defaced facade", "defaced facade"),
        ("first line 1\nsecond line 2", "first line <number>"),
        ("", ""),
    ],
)
def test_what_changes_from_call_to_call_becomes_a_placeholder(message: str, template: str) -> None:
    assert template_of(message) == template


@given(st.text(alphabet=st.sampled_from("ab1-09.:/'\"<>@ x\\\n`T_é{}"), max_size=60) | st.text(max_size=800))
def test_normalising_twice_changes_nothing(message: str) -> None:
    once = template_of(message)
    assert template_of(once) == once and len(once) <= 300


def failure(number: int, error: str, message: str, *way: tuple[str, int, str], commit: str = "a" * 40) -> Execution:
    trace = tuple(Frame(*frame) for frame in way)
    ts = START + timedelta(minutes=number)
    failed = ExecutionFailure(error, message, trace)
    return Execution(f"id-{number}", "m:f", ts, False, 1.0, f"[{number}]", error=failed, commit=commit)


def frames(execution: Execution) -> tuple[Frame, ...]:
    return execution.error.frames if execution.error else ()


F, G, H = ("m.py", 3, "f"), ("m.py", 9, "g"), ("n.py", 4, "h")
SAME: list[list[tuple[Any, ...]]] = [
    [("KeyError", "'a'", F), ("KeyError", "'b'", F), ("KeyError", "7", F)],
    [("ValueError", "bad qty 0", F, G), ("ValueError", "empty basket", F, G)],  # one line, whatever it says
    [("ValueError", "id 7 unknown", F, H), ("ValueError", "id 8 unknown", G, H)],  # whoever called
    [("TypeError", "no int", ("m.py", 3, "f")), ("TypeError", "no int", ("m.py", 5, "f"))],  # the line moved
    [("OSError", "disk 1 full"), ("OSError", "disk 2 full")],
    [("OSError", "no route to 10.0.0.1")],
    [("RecursionError", "too deep", F, F, F, G), ("RecursionError", "too deep", F, F, G)],
]


def test_failures_of_one_cause_are_one_cluster_and_others_are_not() -> None:
    labels: dict[str, int] = {}
    failures: list[Execution] = []
    for label, group in enumerate(SAME):
        for error, message, *way in group:
            failures.append(failure(len(failures), error, message, *way))
            labels[failures[-1].id] = label
    found = cluster(failures, frames)
    assert sum(one.count for one in found) == len(failures)
    of = {example.id: one.key for one in found for example in one.examples}
    assert len(of) == len(failures), "every cluster is small enough to show all of its inputs"
    for a, b in combinations(of, 2):
        assert (of[a] == of[b]) == (labels[a] == labels[b]), (a, b)


def test_a_cluster_says_where_when_and_with_what() -> None:
    old, new = "a" * 40, "b" * 40
    calls = [failure(n, "KeyError", f"'{n}'", F, G, commit=old if n < 2 else new) for n in range(6)]
    (one,) = cluster(calls, frames)
    assert (one.error, one.template, one.place, one.function) == ("KeyError", "<quoted>", "m.py:9", "g")
    assert (one.count, one.share, one.outside) == (6, 1.0, False)
    assert (one.first, one.last) == (START, START + timedelta(minutes=5))
    assert [(c.commit, c.failed) for c in one.commits] == [(new, 4), (old, 2)]
    assert [example.args for example in one.examples] == ["[5]", "[4]", "[3]"]


def test_recursion_stands_once() -> None:
    way = [Frame(*F), Frame(*G), Frame(*F), Frame(*G), Frame(*F), Frame(*G), Frame(*H), Frame(*H)]
    assert collapsed(way) == ("m.py:f", "m.py:g", "n.py:h")
