"""Executions out of whatever holds them: real reports of pytest, hostile XML, OTLP, archives, a recorder's inbox."""

import gzip
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gitops_healer.adapters import execution_files
from gitops_healer.adapters.execution_files import Source, found_files, guessed, import_file, import_stream
from gitops_healer.adapters.execution_traces import tool_name
from gitops_healer.adapters.executions import SqlExecutions, open_executions
from gitops_healer.adapters.junit_xml import ReportError, junit_lines
from gitops_healer.adapters.otlp import otlp_lines
from gitops_healer.errors import UsageError

SHA = "ab" * 20
LINE = b'{"tool":"pkg.mod:f","ts":"2026-01-01T00:00:00Z","ok":true,"id":"1"}\n'


@pytest.fixture
def store(tmp_path: Path) -> SqlExecutions:
    return open_executions(tmp_path / "store" / "executions.sqlite")


def junit(text: str, **more: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in junit_lines(io.BytesIO(text.encode()), **more)]


# JUnit XML

TESTS = """
import unittest
import pytest

def depth(n):
    if n == 0:
        raise ValueError("too deep")
    depth(n - 1)

@pytest.mark.parametrize("n", [0, 1])
def test_depth(n): depth(n)
def test_passes(): pass
def test_compares(): assert 1 == 2
@pytest.mark.skip
def test_skipped(): pass
class TestGroup:
    def test_inside(self): pass
class Case(unittest.TestCase):
    def test_old(self): self.fail("no")
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a real pytest writes."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "inner").mkdir()
    (folder / "inner" / "test_sample.py").write_text(TESTS)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--junitxml=out.xml", "inner"]
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, capture_output=True, check=False)
    return folder / "out.xml"


def test_a_real_report_of_pytest(store: SqlExecutions, report: Path) -> None:
    done = import_file(store, report, commit=SHA)
    assert (done.stored, done.broken) == (6, ())
    found = {stat.tool: (stat.total, stat.failed, stat.failures_by) for stat in store.stats()}
    module = "inner.test_sample"
    assert found == {
        f"{module}:test_depth": (2, 2, (("ValueError", 2),)),
        f"{module}:test_passes": (1, 0, ()),
        f"{module}:test_compares": (1, 1, (("AssertionError", 1),)),
        f"{module}:TestGroup.test_inside": (1, 0, ()),
        f"{module}:Case.test_old": (1, 1, (("AssertionError", 1),)),
    }
    first, second = store.executions(f"{module}:test_depth")
    assert {first.args, second.args} == {'["0"]', '["1"]'} and not first.replayable and first.commit == SHA
    assert first.error is not None and first.error.frames[-1].file == "inner/test_sample.py"
    assert first.duration_ms is not None and import_file(store, report, commit=SHA).known == 6


def test_attempts_before_the_last_one_are_calls_of_their_own() -> None:
    events = junit(
        f"""<testsuites><testsuite name="s" timestamp="2026-01-02T03:04:05">
        <properties><property name="GITHUB_SHA" value="{SHA}"/></properties>
        <testcase classname="com.shop.CartTest" name="adds" time="1,234.5">
          <flakyFailure type="java.lang.AssertionError" message="once"><stackTrace>at x</stackTrace></flakyFailure>
        </testcase>
        <testcase classname="com.shop.CartTest" name="pays">
          <failure type="E" message="last">text</failure><rerunFailure type="E">earlier</rerunFailure>
        </testcase>
        <testcase classname="com.shop.CartTest" name="adds"/>
        </testsuite></testsuites>"""
    )
    told = [(one["tool"], one["ok"], one.get("error", {}).get("message")) for one in events]
    assert told == [
        ("com.shop:CartTest.adds", False, "once"), ("com.shop:CartTest.adds", True, None),
        ("com.shop:CartTest.pays", False, "earlier"), ("com.shop:CartTest.pays", False, "last"),
        ("com.shop:CartTest.adds", True, None),
    ]  # fmt: skip
    assert len({one["id"] for one in events}) == 5 and {one["commit"] for one in events} == {SHA}
    assert events[1]["duration_ms"] == 1_234_500 and events[0]["ts"] == "2026-01-02T03:04:05+00:00"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
OUTSIDE = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "document type"),
        (OUTSIDE, "document type"),
        ("<testsuite><testcase name='a'>", "no complete XML"),
        ("<a>" * 100, "nested deeper"),
        ("<html/>", "no JUnit report"),
        ("", "no complete XML"),
        ("<testsuite>&undefined;</testsuite>", "no complete XML"),
        ("not xml", "no complete XML"),
    ],
)
def test_hostile_and_broken_reports_are_refused(text: str, why: str) -> None:
    with pytest.raises(ReportError, match=why):
        junit(text)


def test_what_was_read_before_the_fault_is_stored_and_the_fault_is_told(store: SqlExecutions, tmp_path: Path) -> None:
    file = tmp_path / "cut.xml"
    cases = "".join(f'<testcase classname="t" name="t{n}"/>' for n in range(9_000))
    file.write_text(f'<testsuite timestamp="2026-01-01T00:00:00">{cases}')
    done = import_file(store, file)
    ((number, reason),) = done.broken
    assert done.stored == 9_000 and number == 9_001 and "cut.xml is no complete XML" in reason


def test_a_report_without_a_time_gets_that_of_the_file_or_is_refused(store: SqlExecutions, tmp_path: Path) -> None:
    file = tmp_path / "r.xml"
    file.write_text("<testsuite><testcase classname='t' name='a'/></testsuite>")
    assert import_file(store, file).stored == 1 and import_file(store, file).known == 1
    piped = import_stream(store, Source("standard input", io.BytesIO(file.read_bytes()), None))
    assert piped.stored == 0 and "ts" in piped.broken[0][1]


def test_a_long_text_in_a_report_costs_little_memory() -> None:
    huge = "x" * 3_000_000
    (event,) = junit(
        "<testsuite timestamp='2026-01-01'><testcase name='a'>"
        f"<failure>{huge}</failure><system-out>{huge}</system-out></testcase></testsuite>"
    )
    assert len(json.dumps(event)) < 10_000


# OTLP


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def span(number: int, attributes: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    start = 1_767_225_600_000_000_000 + number
    times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(start + 2_500_000)}
    return {"traceId": "t", "spanId": str(number), "name": f"GET /{number}", "attributes": attributes, **times, **more}


def document(*spans: Any, **resource: str) -> dict[str, Any]:
    attributes = [attribute(key.replace("_", "."), value) for key, value in resource.items()]
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(spans)}]}]}


TRACE = 'Traceback (most recent call last):\n  File "/srv/shop/cart.py", line 7, in add\n    x\nValueError: bad\n'
RAISED = {
    "name": "exception",
    "attributes": [
        attribute("exception.type", "ValueError"),
        attribute("exception.message", "bad"),
        attribute("exception.stacktrace", TRACE),
    ],
}


@pytest.mark.parametrize("pretty", [None, 2])
def test_spans_are_calls(store: SqlExecutions, tmp_path: Path, pretty: int | None) -> None:
    spans = [
        span(1, [attribute("code.function.name", "shop.cart.Cart.add")]),
        span(2, [attribute("code.namespace", "shop.cart"), attribute("code.function", "total")]),
        span(3, [], status={"code": 2, "message": "timed out"}),
        span(
            4, [attribute("code.function.name", "shop.cart.add")], status={"code": "STATUS_CODE_ERROR"}, events=[RAISED]
        ),
    ]
    file = tmp_path / "traces.json"
    file.write_text(json.dumps(document(*spans, vcs_ref_head_revision=SHA), indent=pretty))
    assert import_file(store, file).stored == 4 and import_file(store, file).known == 4
    assert store.tools() == ("GET /3", "shop.cart:Cart.add", "shop.cart:add", "shop.cart:total")
    (call,) = store.executions("shop.cart:add")
    assert (call.ok, call.duration_ms, call.commit) == (False, 2.5, SHA)
    assert call.error is not None and call.error.type == "ValueError" and call.error.frames[0].line == 7
    (named,) = store.executions("GET /3")
    assert named.error is not None and named.error.message == "timed out"


def test_lines_of_the_file_exporter_and_versions_that_are_commits() -> None:
    lines = [document(span(1, []), service_version="1.2.3"), document(span(2, []), service_version=SHA)]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert [json.loads(line)["commit"] for line in otlp_lines(io.BytesIO(text))] == [None, SHA]
    assert json.loads(next(otlp_lines(io.BytesIO(text), commit="c1")))["commit"] == "c1"


@pytest.mark.parametrize(
    "text",
    [b"[]", b"{", b'{"resourceSpans": 1', b"\xff", json.dumps(document(span(1, []))).encode() + b"\nnonsense\n"],
)
def test_what_is_no_otlp_is_refused(text: bytes) -> None:
    with pytest.raises(ReportError):
        list(otlp_lines(io.BytesIO(text)))


@pytest.mark.parametrize("odd", [1, None, {"name": 5}, {"attributes": {"a": 1}}, {"events": "x", "status": []}])
def test_odd_spans_are_broken_lines_and_no_crash(store: SqlExecutions, odd: Any) -> None:
    text = json.dumps(document(odd, span(1, []))).encode()
    done = import_stream(store, Source("x", io.BytesIO(text), None))
    assert done.stored == 1 and len(done.broken) == 1


# What they lie in


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"<?xml version='1.0'?>", "junit"),
        (b"\xef\xbb\xbf \n<testsuite/>", "junit"),
        (b'{"resourceSpans":[]}', "otlp"),
        (b'{\n  "resourceSpans": []}', "otlp"),
        (LINE, "jsonl"),
        (b"", "jsonl"),
    ],
)
def test_the_format_is_told_by_the_content(start: bytes, form: str) -> None:
    assert guessed(start) == form


def test_the_format_that_is_named_wins(store: SqlExecutions, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(LINE)
    assert import_file(store, file, "junit").stored == 0 and import_file(store, file, "jsonl").stored == 1


def test_a_directory_of_spool_files(store: SqlExecutions, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(LINE)
    (folder / "deep" / "b.jsonl.gz").write_bytes(gzip.compress(LINE.replace(b'"1"', b'"2"')))
    (folder / "notes.txt").write_text("not ours")
    files = list(found_files([folder]))
    assert [file.name for file in files] == ["a.jsonl", "b.jsonl.gz"]
    assert [import_file(store, file).stored for file in files] == [1, 1]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no file"):
        list(found_files([tmp_path / "empty"]))
    with pytest.raises(UsageError, match="cannot be read"):
        import_file(store, tmp_path / "missing.jsonl")


def test_gzip_that_is_cut_off(store: SqlExecutions, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    lines = b"".join(LINE.replace(b'"1"', b'"%d"' % number) for number in range(20_000))
    file.write_bytes(gzip.compress(lines)[:-3000])
    done = import_file(store, file)
    assert 0 < done.stored < 20_000 and "cut off" in done.broken[-1][1]


def test_a_zip_of_reports_is_read_without_unpacking_it(store: SqlExecutions, tmp_path: Path, report: Path) -> None:
    file = tmp_path / "artifact.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(report, "../../escape.xml")
        archive.writestr("/abs/spool.jsonl", LINE)
        archive.writestr("log.txt", "nothing")
        archive.writestr("deep/broken.xml", "<testsuite>")
    before = sorted(tmp_path.rglob("*"))
    done = import_file(store, file)
    assert done.stored == 7 and len(done.broken) == 1 and "deep/broken.xml" in done.broken[0][1]
    assert sorted(p for p in tmp_path.rglob("*") if "store" not in p.parts) == [
        p for p in before if "store" not in p.parts
    ]


@pytest.mark.parametrize("pack", ["zip", "gzip"])
def test_bombs_are_refused(store: SqlExecutions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: str) -> None:
    monkeypatch.setattr(execution_files, "UNPACKED_LIMIT", 1_000_000)
    file = tmp_path / "bomb"
    if pack == "gzip":
        file.write_bytes(gzip.compress(b"\n" * 5_000_000))
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.jsonl", b"\n" * 5_000_000)
    done = import_file(store, file)
    assert done.stored == 0 and "attack" in done.broken[0][1]


def test_an_inbox_is_emptied_when_its_lines_are_stored(store: SqlExecutions, tmp_path: Path) -> None:
    file = tmp_path / "inbox.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE healer_inbox (id INTEGER PRIMARY KEY, line TEXT)")
    rows = [(LINE.replace(b'"1"', b'"%d"' % number).decode(),) for number in range(12_000)]
    connection.executemany("INSERT INTO healer_inbox (line) VALUES (?)", [*rows, ("broken",)])
    connection.commit()
    done = import_file(store, file)
    assert done.stored == 12_000 and len(done.broken) == 1
    assert connection.execute("SELECT count(*) FROM healer_inbox").fetchone() == (0,)
    connection.execute("DROP TABLE healer_inbox")
    connection.execute("CREATE TABLE other (id)")
    connection.commit()
    connection.close()
    with pytest.raises(UsageError, match="has no table healer_inbox"):
        import_file(store, file)


@pytest.mark.parametrize(
    ("dotted", "tool"),
    [
        ("pkg.mod.f", "pkg.mod:f"),
        ("pkg.mod.Class.method", "pkg.mod:Class.method"),
        ("pkg.mod:Class.f", "pkg.mod:Class.f"),
        ("f", "f"),
        ("GET /a.b", "GET /a.b"),
    ],
)
def test_dotted_names_are_split_at_the_first_class(dotted: str, tool: str) -> None:
    assert tool_name(dotted) == tool
