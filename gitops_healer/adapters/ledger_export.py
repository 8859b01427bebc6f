"""The ledger for other tools: JSON Lines, CSV, or a SQLite file with tables to ask."""

import contextlib
import csv
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import assert_never, get_args

from gitops_healer.adapters.events import encode_event
from gitops_healer.adapters.ledger_tables import ROLLED_BACK_AT, SCHEMA
from gitops_healer.core.codec import canonical, to_json
from gitops_healer.core.execution import Execution
from gitops_healer.core.judgement.stability import Stability, by_kind, by_tool, deployments_of, stability
from gitops_healer.core.upgrade import (
    Attributed,
    Event,
    HealthChecked,
    Held,
    Investigated,
    Merged,
    Prepared,
    Reported,
    RepositoryFact,
    RevertProposed,
    RolledBack,
    Upgrade,
    Validated,
    Watched,
    begin,
)
from gitops_healer.core.verdict import Outcome, Verdict
from gitops_healer.core.watching import Count, Judgement, Measure, Reading
from gitops_healer.errors import HealerError

Value = str | int | float | None
Row = tuple[str, tuple[Value, ...]]  # (table, values in the order of its columns)


class Format(Enum):
    JSONL = "jsonl"
    CSV = "csv"
    SQLITE = "sqlite"


def export_ledger(events: Sequence[Event], format: Format, target: Path, executions: Iterable[Execution] = ()) -> None:
    """Write the events to `target`, which is replaced only when all is written.

    executions: for the SQLite tables `tool_executions` and `tool_analytics`. Raises HealerError when the file cannot be
    written, IllegalEventError when the events are no history.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        match format:
            case Format.JSONL:
                partial.write_bytes(b"".join(jsonl_lines(events)))
            case Format.CSV:
                partial.write_bytes(b"".join(csv_lines(events)))
            case Format.SQLITE:
                _write_sqlite(partial, events, executions)
            case _:
                assert_never(format)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise HealerError(f"{target} cannot be written ({error}): choose another place with --output") from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def jsonl_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """The lines of the ledger itself."""
    return map(encode_event, events)


def csv_lines(events: Iterable[Event]) -> Iterator[bytes]:
    """A header and a line an event; `data` is JSON. A cell that a spreadsheet would take for a formula gets a quote."""
    yield _csv_line(["id", "ts", "upgrade", "run", "actor", "event", "data"])
    for event in events:
        cells = [event.id, event.ts.isoformat(), event.upgrade, event.run, event.actor, event.name, _data(event)]
        yield _csv_line([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells])


def _csv_line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode("utf-8", "backslashreplace")


def _write_sqlite(path: Path, events: Sequence[Event], executions: Iterable[Execution]) -> None:
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {SCHEMA}")
        for table, values in chain(_rows(events), map(_execution_row, executions)):
            marks = ",".join("?" * len(values))
            connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", tuple(map(_storable, values)))
        connection.execute(ROLLED_BACK_AT)
        connection.execute("COMMIT")


def _rows(events: Sequence[Event]) -> Iterator[Row]:
    upgrades: dict[str, Upgrade] = {}
    for position, event in enumerate(events, 1):
        ts = event.ts.isoformat()
        yield "events", (position, event.id, ts, event.upgrade, event.run, event.actor, event.name, _data(event))
        if not isinstance(event.fact, get_args(RepositoryFact)):
            known = upgrades.get(event.upgrade)
            upgrade = upgrades[event.upgrade] = known.after(event) if known else begin(event)
            yield from _event_rows(upgrade, event)
    for upgrade in upgrades.values():
        yield from _upgrade_rows(upgrade)
    yield from _stability_rows(events)


def _event_rows(up: Upgrade, event: Event) -> Iterator[Row]:
    """What one event adds. up: the upgrade after it."""
    tool, ts = up.finding.symbol, _time(event.ts)
    yield "tool_lifecycle_events", (event.id, up.id, tool, event.name, up.stage.value, event.actor, up.reason, ts)
    match event.fact:
        case Investigated(found):
            cause, improve = found.cause, bool(found.options) and not found.question
            place = cause.path, cause.line, cause.confidence
            told = canonical(found.evidence), len(found.options), found.question, improve
            yield "investigation_reports", (event.id, up.id, tool, ts, cause.sentence, *place, *told)
        case Prepared(commit, _, _, verdict):
            yield "tool_creation_events", (event.id, up.id, tool, "created", commit, ts)
            yield from _check_rows(up, verdict, ts)
        case Validated(verdict) | Watched(verdict) | Held(verdict=Verdict() as verdict):
            yield from _check_rows(up, verdict, ts)
        case Merged(commit):
            yield "tool_creation_events", (event.id, up.id, tool, "deployed", commit, ts)
        case HealthChecked():
            yield _health_row(up, event.id, event.fact, ts)
            yield from _reading_rows(up.id, event.id, event.fact, ts)
        case Attributed() | Reported() | RevertProposed():
            yield from _culprit_rows(up.id, event, ts)
        case RolledBack(commit, pull):
            yield "tool_creation_events", (event.id, up.id, tool, "rolled_back", commit, ts)
            by, reason = (up.regressed.by, up.regressed.reason) if up.regressed else ("", "")
            merged = up.merged.commit if up.merged else ""
            yield "deployment_rollbacks", (event.id, up.id, tool, ts, reason, by, merged, commit, pull)


def _check_rows(up: Upgrade, verdict: Verdict, ts: str) -> Iterator[Row]:
    for result in verdict.results:
        outcome, details = result.outcome, canonical(result.details)
        said = outcome.value, outcome is Outcome.PASSED, result.reason, details, result.seconds, ts
        yield "check_results", (up.id, up.finding.symbol, result.check, verdict.phase, verdict.commit, *said)


def _health_row(up: Upgrade, check: str, fact: HealthChecked, ts: str) -> Row:
    """Calls, failed ones among them, of what the merge may have reached. The event has what changed since the last
    check, the upgrade has all of it."""
    health, known = fact.health, up.health or fact.health
    readings = [reading for reading in known.readings if _counts_calls(reading)]
    before = sum(r.before_total for r in readings), sum(r.before_failed for r in readings)
    after = sum(r.after_total for r in readings), sum(r.after_failed for r in readings)
    regressed = health.judgement is Judgement.REGRESSED
    said = ts, health.judgement.value, regressed, health.reason
    return "deployment_health_checks", (
        check, up.id, up.finding.symbol, *said, *before, *after, _rate(*before), _rate(*after),
    )  # fmt: skip


def _counts_calls(reading: Reading) -> bool:
    return reading.measure in (Measure.FAILURES, Measure.RUNS) and not reading.apart


def _reading_rows(session: str, check: str, fact: HealthChecked, ts: str) -> Iterator[Row]:
    for r in fact.health.readings:
        of = r.metric, r.subject, r.measure.value, r.detail
        figures = r.before_total, r.before_failed, r.after_total, r.after_failed, r.distinct_failing, r.clustering
        yield "deployment_readings", (check, session, *of, r.touched, r.apart, *figures, r.note, ts)
    for e in fact.health.evidence:
        of = e.metric, e.subject, e.measure.value, e.detail
        yield "deployment_evidence", (check, session, *of, e.alarm, e.conviction, e.needed, ts)


def _culprit_rows(upgrade: str, event: Event, ts: str) -> Iterator[Row]:
    """The search for the culprit and what followed of it."""
    match event.fact:
        case Attributed(found):
            said = found.blame.value, found.reason, canonical(found.subjects), found.base, found.head
            sure = found.culprit or None, found.probability, found.restored, found.confirmed, found.runs
            yield "culprit_searches", (event.id, upgrade, ts, *said, *sure, found.reproduce)
            for one in found.candidates:
                named = one.commit, one.title, one.author, one.upgrade or None
                yield "culprit_candidates", (event.id, upgrade, *named, one.weight, canonical(one.reasons))
        case Reported(issue, url, culprit):
            yield "regression_reports", (event.id, upgrade, ts, issue, url, culprit or None)
        case RevertProposed(branch, head, pull, url, draft):
            yield "revert_proposals", (event.id, upgrade, ts, pull, url, branch, head, draft)


def _upgrade_rows(up: Upgrade) -> Iterator[Row]:
    """What is known of an upgrade at the end."""
    finding, plan, merged = up.finding, up.plan, up.merged
    yield "improvement_attempts", (
        up.id, up.codename, finding.symbol, finding.rule, finding.path, up.attempt, up.stage.value, up.reason,
        up.option.source if up.option else "", plan.risk.value if plan else finding.risk.value,
        plan.priority if plan else finding.priority, _time(up.queued_at), _time(up.changed_at),
        _time(merged.at) if merged else None, None, up.proposed.branch if up.proposed else "",
        up.proposed.pull if up.proposed else None, merged.commit if merged else None,
    )  # fmt: skip
    if up.watched is not None:
        window, checked = up.watched.window, up.health_checked_at
        yield "deployment_monitoring", (
            up.id, finding.symbol, merged.commit if merged else "", _time(window.opened), _time(window.until),
            _time(window.baseline_from), up.stage.value, up.regressed is not None,
            up.health.judgement.value if up.health else "", _time(checked) if checked else None,
        )  # fmt: skip
        yield from _block_rows(up, up.watched)


def _block_rows(up: Upgrade, watched: Watched) -> Iterator[Row]:
    """The calls after the merge by time, as the last check saw them."""
    for reading in up.health.readings if up.health else ():
        for block in reading.blocks:
            start = _time(watched.window.opened + block.number * watched.tolerance.block_length)
            of = reading.metric, reading.subject, reading.measure.value, reading.detail
            yield "deployment_blocks", (up.id, *of, block.number, start, block.total, block.failed)


def _stability_rows(events: Sequence[Event]) -> Iterator[Row]:
    deployments = deployments_of(events)
    for d in deployments:
        moments = [_time(moment) if moment else None for moment in (d.suspected, d.regressed, d.rolled_back)]
        ended = d.ended.value if d.ended else None
        yield "deployments", (
            d.upgrade, d.tool, d.kind, d.attempt, _time(d.merged), *moments[:2], d.by or None, moments[2], ended,
            d.proven_by or None, bool(d.proven_by), _hours(d.to_detect), _hours(d.to_revert),
        )  # fmt: skip
    for grouped, by in (("tool", by_tool), ("kind", by_kind)):
        for figures in stability(deployments, by):
            yield "stability_figures", (grouped, *_figures(figures))


def _figures(f: Stability) -> tuple[Value, ...]:
    counts = f.deployments, f.rollbacks, f.rollback_rate, f.false_rollbacks, f.stable, f.unproven, f.open
    return f.name, *counts, _hours(f.to_detect), _hours(f.to_revert), _time(f.last)


def _hours(time: timedelta | None) -> float | None:
    return time.total_seconds() / 3600 if time is not None else None


def _execution_row(call: Execution) -> Row:
    error = (call.error.type, call.error.message) if call.error else (None, None)
    payload = call.args, call.kwargs, call.result
    timed = _time(call.ts), call.ok, call.duration_ms
    return "tool_executions", (call.id, call.tool, *timed, *payload, *error, call.commit)


def _data(event: Event) -> str:
    return json.dumps(to_json(event.fact), separators=(",", ":"), ensure_ascii=True)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _rate(total: Count, failed: Count) -> float | None:
    """Share of successes; None where nothing was counted."""
    return 1.0 - failed / total if total else None


def _storable(value: Value) -> Value:
    """Lone surrogates (undecodable bytes) cannot be stored as text: they are shown as escapes."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
