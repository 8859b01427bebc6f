"""The exports answer the questions that people of tool databases ask."""

import csv
import io
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters.events import decode_lines
from gitops_healer.adapters.ledger_export import Format, csv_lines, export_ledger, jsonl_lines
from gitops_healer.core.attribution import Attribution, Blame, Candidate
from gitops_healer.core.execution import Execution, ExecutionFailure
from gitops_healer.core.finding import Finding, Risk, Severity
from gitops_healer.core.plan import Cause, Investigation, Plan
from gitops_healer.core.upgrade import (
    Attributed,
    Closed,
    Dropped,
    Event,
    HealthChecked,
    Investigated,
    Merged,
    Paused,
    PlanApproved,
    Planned,
    Prepared,
    Proposed,
    Queued,
    Regressed,
    Reported,
    RevertProposed,
    RolledBack,
    Validated,
    Watched,
    event_id,
)
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.watching import Block, Evidence, Health, Judgement, Measure, Reading, Window
from gitops_healer.errors import HealerError

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
TOOL = "shop.cart:total"
SEED_TABLES = (
    "tool_executions tool_analytics investigation_reports improvement_attempts shadow_test_results replay_test_results "
    "testing_summary tool_creation_events tool_lifecycle_events tool_lifecycle_summary deployment_monitoring "
    "deployment_health_checks deployment_rollbacks deployment_stability active_monitoring"
).split()


def verdict(phase: int, commit: str) -> Verdict:
    checks = (
        CheckResult("shadow", Outcome.PASSED, "19 of 20 agree", 1.5, ("one differs",)),
        CheckResult("replay", Outcome.FAILED, "3 of 10 fail"),
    )
    return Verdict(phase, commit, checks)


def deployed(name: str, tool: str = TOOL) -> list[Any]:
    finding = Finding("low_success_rate", "shop/cart\udce9.py", tool, 1, 9, Severity.HIGH, "fails", name * 10)
    plan = Plan("k", "Guard", (), ("a.py",), (tool,), Risk.LOW, 7, 3, "c" * 40)
    window = Window(START, START + timedelta(days=1), START - timedelta(days=7))
    return [
        Queued(finding, f"name-{name}", "c" * 40),
        Investigated(Investigation(Cause("an empty cart", "shop/cart.py", 3, 0.9), ("5 of 9 fail",), (), "which?")),
        Planned(plan), PlanApproved("policy", "low risk"),
        Prepared("d" * 40, "c" * 40, "refs/healer/restore/x", verdict(1, "d" * 40)),
        Proposed(f"healer/{name}", "d" * 40, 7, "", "run"), Validated(verdict(2, "d" * 40), "d" * 40, "c" * 40),
        Merged("e" * 40, "c" * 40, "d" * 40, START), Watched(verdict(2, "e" * 40), window),
    ]  # fmt: skip


def regressed() -> list[Any]:
    return [HealthChecked(BAD), Regressed(BAD.reason, "healer"), RolledBack("f" * 40, 8), Closed("rolled_back", "no")]


BAD = Health(
    Judgement.REGRESSED,
    "40 % instead of 95 %",
    (
        Reading("executions", TOOL, 100, 5, 20, 12, blocks=(Block(0, 8, 4), Block(3, 12, 8))),
        Reading("executions", TOOL, 100, 50, 20, 20, measure=Measure.SLOWER, detail="12 ms"),
        Reading("executions", "shop.stock:count", 900, 9, 90, 1, touched=False, apart=True),
        Reading("prometheus", "checkout", 10.5, 0.5, 1.5, 0.25, touched=False),
    ),
    (TOOL,),
    (Evidence("executions", TOOL, Measure.FAILURES, "", 9.5, 6.5, 4.7),),
)
ATTRIBUTION = Attribution(
    Blame.FOUND, "it fails since e", (TOOL,), "c" * 40, "f" * 40,
    (Candidate("e" * 40, "Guard", "healer", "up-1", 8.0, ("changed it",)), Candidate("a" * 40, "Docs", "robin")),
    "e" * 40, 0.999, runs=12, restored=True,
)  # fmt: skip


def history(*lives: tuple[str, list[Any]]) -> list[Event]:
    events = []
    for upgrade, facts in lives:
        for number, fact in enumerate(facts):
            moment = START + timedelta(hours=len(events))
            events.append(Event(event_id(upgrade, number, fact), moment, upgrade, "run", "=me", fact))
    return events


STORY = history(
    ("up-1", [*deployed("1"), *regressed()]), ("up-2", [*deployed("2"), regressed()[0]]),
    ("up-3", [deployed("3")[0], Dropped("no")]), ("", [Paused("ada", "holiday")]), ("up-4", deployed("4", "other")),
)  # fmt: skip
CALLS = [
    Execution("1", TOOL, START, True, 10.0, "[]", "{}", "1", None, "c" * 40),
    Execution("2", TOOL, START, False, 30.0, error=ExecutionFailure("ValueError", "bad \udce9")),
]


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    export_ledger(STORY, Format.SQLITE, tmp_path / "ledger.sqlite", iter(CALLS))
    return tmp_path / "ledger.sqlite"


def test_all_tables_and_views_can_be_asked(exported: Path) -> None:
    for name in SEED_TABLES:
        assert ask(exported, f"SELECT * FROM {name}"), name


def test_an_empty_ledger_has_all_tables(tmp_path: Path) -> None:
    export_ledger([], Format.SQLITE, tmp_path / "empty.sqlite")
    for name in SEED_TABLES:
        assert ask(tmp_path / "empty.sqlite", f"SELECT * FROM {name}") == []


def test_the_questions_that_people_ask(exported: Path) -> None:
    sessions = "SELECT session_id, regression_detected FROM active_monitoring"
    assert ask(exported, sessions) == [("up-2", 0), ("up-4", 0)]
    assert ask(exported, f"{sessions} WHERE regression_detected = TRUE") == []
    rollbacks = "SELECT tool_name, reason, triggered_by, revert_commit FROM deployment_rollbacks"
    recent = "WHERE rollback_time > datetime('2026-01-05 00:00:00', '-7 days') ORDER BY rollback_time DESC"
    assert ask(exported, f"{rollbacks} {recent}") == [(TOOL, "40 % instead of 95 %", "healer", "f" * 40)]
    assert ask(exported, f"{rollbacks} WHERE rollback_time > datetime('2026-01-09 00:00:00', '-7 days')") == []
    stability = (
        "SELECT tool_name, total_deployments, rollback_rate FROM deployment_stability ORDER BY rollback_rate DESC"
    )
    assert ask(exported, stability) == [(TOOL, 2, 0.5), ("other", 1, 0.0)]
    summary = (
        f"SELECT test_type, passed, tested_at FROM testing_summary WHERE tool_name = '{TOOL}' ORDER BY tested_at DESC"
    )
    rows = ask(exported, summary)
    assert len(rows) == 12
    assert {row[:2] for row in rows} == {("shadow", 1), ("replay", 0)}
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)


def test_a_regression_that_is_not_taken_back_yet_is_active(tmp_path: Path) -> None:
    story = history(("up-1", [*deployed("1"), *regressed()[:2]]))
    export_ledger(story, Format.SQLITE, tmp_path / "l.sqlite")
    query = "SELECT session_id, status FROM active_monitoring WHERE regression_detected = TRUE"
    assert ask(tmp_path / "l.sqlite", query) == [("up-1", "regressed")]


def test_figures_of_tools_and_checks(exported: Path) -> None:
    assert ask(
        exported, "SELECT total_executions, failed_executions, success_rate, avg_duration_ms FROM tool_analytics"
    ) == [(2, 1, 0.5, 20.0)]
    assert ask(exported, "SELECT baseline_total, current_failed FROM deployment_health_checks LIMIT 1") == [
        (110.5, 12.25)
    ], "slow calls and what the merge cannot reach are no failures of it"
    assert ask(exported, "SELECT status, rolled_back_at FROM improvement_attempts WHERE upgrade_id = 'up-1'") == [
        ("closed", "2026-01-01 23:00:00.000000")
    ]
    assert ask(exported, "SELECT upgrades, open_upgrades, merged_upgrades, rolled_back_upgrades FROM "
                         f"tool_lifecycle_summary WHERE tool_name = '{TOOL}'") == [(3, 2, 2, 1)]  # fmt: skip
    assert ask(exported, "SELECT count(*) FROM events") == [(len(STORY),)]
    assert ask(exported, "SELECT error_message FROM tool_executions WHERE success = 0") == [("bad \\udce9",)]


def test_what_a_judgement_rests_on_can_be_asked(tmp_path: Path) -> None:
    searched = [HealthChecked(BAD), Attributed(ATTRIBUTION, "key"), Reported(4, "https://x/4", "a" * 40),
                RevertProposed("healer/revert-1", "9" * 40, 9, "", draft=True)]  # fmt: skip
    file = tmp_path / "l.sqlite"
    export_ledger(history(("up-1", [*deployed("1"), *searched])), Format.SQLITE, file)
    readings = "SELECT subject, measure, detail, current_failed, apart FROM deployment_readings ORDER BY current_failed"
    assert ask(file, readings) == [
        ("checkout", "failures", "", 0.25, 0), ("shop.stock:count", "failures", "", 1, 1),
        (TOOL, "failures", "", 12, 0), (TOOL, "slower", "12 ms", 20, 0),
    ]  # fmt: skip
    assert ask(file, "SELECT block, starts_at, failed FROM deployment_blocks") == [
        (0, "2026-01-01 12:00:00.000000", 4), (3, "2026-01-01 13:30:00.000000", 8)
    ]  # fmt: skip
    assert ask(file, "SELECT alarm, conviction, needed FROM deployment_evidence") == [(9.5, 6.5, 4.7)]
    assert ask(file, "SELECT blame, culprit_commit, confirmed, runs FROM culprit_searches") == [
        ("found", "e" * 40, 1, 12)
    ]
    candidates = "SELECT author, candidate_upgrade FROM culprit_candidates"
    assert ask(file, candidates) == [("healer", "up-1"), ("robin", None)]
    assert ask(file, "SELECT issue, culprit_commit FROM regression_reports") == [(4, "a" * 40)]
    assert ask(file, "SELECT pull, draft FROM revert_proposals") == [(9, 1)]


def test_stability_has_times_and_kinds(exported: Path) -> None:
    tool = "SELECT median_hours_to_detect, median_hours_to_revert, false_rollbacks, open FROM deployment_stability"
    assert ask(exported, f"{tool} WHERE tool_name = '{TOOL}'") == [(15.5, 1.0, 0, 1)], "9 h and 22 h"
    kind = "SELECT rule, total_deployments, rollbacks FROM kind_stability"
    assert ask(exported, kind) == [("low_success_rate", 3, 1)]


def test_jsonl_is_the_ledger(tmp_path: Path) -> None:
    export_ledger(STORY, Format.JSONL, tmp_path / "l.jsonl")
    assert list(decode_lines((tmp_path / "l.jsonl").read_bytes())) == STORY
    assert b"".join(jsonl_lines(STORY)) == (tmp_path / "l.jsonl").read_bytes()


def test_csv_has_a_line_an_event_and_no_formulas(tmp_path: Path) -> None:
    export_ledger(STORY, Format.CSV, tmp_path / "l.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "l.csv").read_text(), newline="")))
    assert [row["id"] for row in rows] == [event.id for event in STORY]
    assert {row["actor"] for row in rows} == {"'=me"}
    assert b"".join(csv_lines(STORY)) == (tmp_path / "l.csv").read_bytes()


@pytest.mark.parametrize("format", list(Format))
def test_a_place_that_cannot_be_written_is_an_error_and_leaves_the_old_file(tmp_path: Path, format: Format) -> None:
    with pytest.raises(HealerError, match="--output"):
        export_ledger(STORY, format, tmp_path / "nowhere" / "file")
    (tmp_path / "directory").mkdir()
    with pytest.raises(HealerError, match="--output"):
        export_ledger(STORY, format, tmp_path / "directory")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]
    export_ledger(STORY, format, tmp_path / "twice")
    export_ledger(STORY, format, tmp_path / "twice")
    assert (tmp_path / "twice").stat().st_size > 0
