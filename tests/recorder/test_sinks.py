"""The same lines in a SQLite file, in a PostgreSQL database and at an OpenTelemetry collector; real ones."""

import json
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gitops_healer.recorder.otlp import OtlpSink
from tests.recorder.conftest import COMMIT, Program

CALLS = """
import os
@recorder.tool
def work(number):
    if number % 10 == 9:
        raise ValueError(f"number {number}")
    return number

def many():
    for number in range(100):
        try:
            work(number)
        except ValueError:
            pass
"""
FORKED = (
    "many()\nchild = os.fork()\nif child == 0:\n    many()\n    recorder.RECORDING.close()\n    os._exit(0)\n"
    "os.waitpid(child, 0)\nmany()\n"
)


def calls_in(lines: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in lines:
        line = json.loads(text)
        assert line["commit"] == COMMIT and line["tool"].endswith(":work")
        found.update(line.get("counts") or {"ok" if line["ok"] else "failed": 1})
    return found


def test_a_sqlite_file_holds_the_lines(tmp_path: Path, program: Program) -> None:
    file = tmp_path / "calls.sqlite"
    program(
        f"from gitops_healer.recorder.sqlite import SqliteSink\nrecorder.configure(sink=SqliteSink({str(file)!r}))\n"
        + CALLS
        + FORKED
    )
    with closing(sqlite3.connect(file)) as connection:
        lines = [line for (line,) in connection.execute("SELECT line FROM healer_inbox ORDER BY id")]
    assert calls_in(lines) == {"ok": 270, "failed": 30}


def test_a_database_holds_the_lines(postgres_url: str, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITOPS_HEALER_STORE_URL", postgres_url)
    program(
        "from gitops_healer.recorder.postgresql import PostgresqlSink\nrecorder.configure(sink=PostgresqlSink())\n"
        + CALLS
        + FORKED
    )
    with psycopg.connect(postgres_url) as connection:
        lines = [line for (line,) in connection.execute("SELECT line FROM healer_inbox ORDER BY id")]
    assert calls_in(lines) == {"ok": 270, "failed": 30}


def test_a_database_must_be_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITOPS_HEALER_STORE_URL", raising=False)
    ran = program("from gitops_healer.recorder.postgresql import PostgresqlSink\nPostgresqlSink()\n", check=False)
    assert "set GITOPS_HEALER_STORE_URL" in ran.stderr


def test_a_database_that_is_away_costs_the_program_little(program: Program) -> None:
    ran = program(
        "import time\nfrom gitops_healer.recorder.postgresql import PostgresqlSink\n"
        "recorder.configure(sink=PostgresqlSink('postgresql://nobody@127.0.0.1:1/none'))\n"
        + CALLS
        + "started = time.perf_counter()\nmany()\nprint(time.perf_counter() - started)\n"
    )
    assert float(ran.stdout) < 1.0 and ran.stderr == ""


class Collector(ThreadingHTTPServer):
    """Takes what is posted; the first request is refused, as by a collector that is just starting."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.refusals = 1
        super().__init__(("127.0.0.1", 0), _Take)


class _Take(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refuse, self.server.refusals = self.server.refusals > 0, self.server.refusals - 1
        if not refuse:
            self.server.requests.append((self.path, json.loads(body)))
        self.send_response(503 if refuse else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_collector_is_told_spans_and_sums(collector: Collector, program: Program) -> None:
    program(
        "import time\nfrom gitops_healer.recorder.otlp import OtlpSink\n"
        f"recorder.configure(sink=OtlpSink('http://127.0.0.1:{collector.server_port}', service='shop'))\n"
        + CALLS
        + "many()\ntime.sleep(1.0)\n"
    )
    spans, total, resources = [], 0, set()
    for path, document in collector.requests:
        for part in document["resourceSpans" if path == "/v1/traces" else "resourceMetrics"]:
            resources.add(tuple((a["key"], a["value"]["stringValue"]) for a in part["resource"]["attributes"]))
            if path == "/v1/traces":
                spans += part["scopeSpans"][0]["spans"]
            else:
                points = part["scopeMetrics"][0]["metrics"][0]["sum"]["dataPoints"]
                total += sum(int(point["asInt"]) for point in points)
    assert resources == {(("service.name", "shop"), ("vcs.ref.head.revision", COMMIT))}
    assert len(spans) + total == 100
    failed = [span for span in spans if span["status"]["code"] == 2]
    assert len(failed) == 10
    told = {a["key"]: a["value"].get("stringValue") for a in failed[0]["attributes"]}
    assert told["code.function.name"].endswith(".work") and told["error.type"] == "ValueError"
    exception = {a["key"]: a["value"]["stringValue"] for a in failed[0]["events"][0]["attributes"]}
    assert exception["exception.message"] == "number 9" and "in work" in exception["exception.stacktrace"]


def test_a_file_of_spans_has_a_document_a_line(tmp_path: Path) -> None:
    sink = OtlpSink(tmp_path / "spans.json", "shop")
    line = {"v": 1, "id": "a-1", "tool": "m:f", "ts": "2024-01-05T10:07:00.000001Z", "ok": True, "duration_ms": 1.5}
    sink.send([json.dumps(line).encode()])
    (document,) = (tmp_path / "spans.json").read_text("utf-8").splitlines()
    (span,) = json.loads(document)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span["startTimeUnixNano"] == "1704449220000001000" and span["endTimeUnixNano"] == "1704449220001501000"
    assert len(span["traceId"]) == 32 and len(span["spanId"]) == 16


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_full_queue_refuses_lines_and_says_how_many(program: Program) -> None:
    ran = program(
        "from gitops_healer.recorder.queued import QueuedSink\nclass Away(QueuedSink):\n"
        "    def send(self, lines):\n        raise OSError('nobody there')\n"
        "recorder.configure(sink=Away(limit=20))\n" + CALLS + "many()\nprint(recorder.statistics().dropped)\n",
        options=", sample=1.0",
    )
    assert ran.stdout.strip() in ("79", "80")
