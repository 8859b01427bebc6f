"""A Prometheus server and files of records, with everything that goes wrong with them."""

import gzip
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.telemetry import LONGEST_LINE, DeployedTelemetry, series_in
from gitops_healer.core.forge import Status, StatusState
from gitops_healer.errors import ForgeError, HealerError, UsageError
from gitops_healer.ports import Forge
from tests.prometheus_server import Answered, PrometheusServer, Samples, installed, real_prometheus, serving

HOUR = timedelta(hours=1)
T0 = datetime(2026, 1, 19, tzinfo=UTC)
FORGE = cast(Forge, None)
CALLS = "sum(increase(calls_total[1h]))"


def some_samples() -> Samples:
    """Six hours, scraped every half minute, seven seconds after it; a reset, a gap, a late birth."""
    samples, start = Samples(), T0.timestamp() + 7
    samples.count("calls_total", start, 30, [2.0] * 720, code="200", path="/a")
    samples.count("calls_total", start, 30, [1.0] * 300 + [-1.0] + [3.0] * 419, code="500", path="/a")
    samples.count("calls_total", start + 3 * 3600 + 900, 30, [0.0, *[0.5] * 300], code="503", path="/b")
    samples.count("other_total", start, 60, [5.0] * 100 + [0.0] * 100)
    del samples.series[(("__name__", "other_total"),)][20:60]
    return samples


@pytest.fixture(scope="module", params=["ours", "real"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "ours":
        with serving(some_samples()) as server:
            yield server.url
    elif installed() is None:
        pytest.skip("prometheus is not installed (Debian: apt-get install prometheus)")
    else:
        with real_prometheus(some_samples(), tmp_path_factory.mktemp("prometheus")) as url:
            yield url


def asked(
    url: str, query: str, hours: int = 6, step: timedelta = HOUR, first: timedelta = HOUR
) -> dict[Any, list[float]]:
    series = DeployedTelemetry(FORGE, Path(), url).query_range(query, T0 + first, T0 + hours * HOUR, step)
    return {one.labels: [value for _, value in one.points] for one in series}


# Contract: our server and the real one say the same

CONTRACT: list[tuple[str, dict[Any, list[float]]]] = [
    ('sum(increase(calls_total{code="200"}[1h]))', {(): [240.0] * 6}),
    ('sum(increase(calls_total{code="500"}[1h]))', {(): [120.0, 120.0, 237.98319327731093, 360.0, 360.0, 360.0]}),
    (
        'sum by (code) (increase(calls_total{code=~"50.",path!="/a"}[1h]))',
        {(("code", "503"),): [44.88333333333333, 60.0, 45.36666666666667]},
    ),
    ("sum(rate(other_total[1h]))", {(): [0.027245370370370368, 0.05508474576271186, 0.0, 0.0]}),
    ("increase(nothing_total[1h])", {}),
    ("sum(increase(calls_total[1h])) / 0", {(): [math.inf] * 6}),
    ("sum(increase(calls_total[1h])) - sum(increase(calls_total[1h]))", {(): [0.0] * 6}),
    ('sum(increase(calls_total{code="200"}[1h]) * 0.5)', {(): [120.0] * 6}),
]


@pytest.mark.parametrize(("query", "expected"), CONTRACT)
def test_counts_per_step(address: str, query: str, expected: dict[Any, list[float]]) -> None:
    said = asked(address, query)
    assert said.keys() == expected.keys()
    assert all(said[labels] == pytest.approx(values) for labels, values in expected.items())


def test_points_are_where_steps_end(address: str) -> None:
    step = timedelta(minutes=30)
    found = DeployedTelemetry(FORGE, Path(), address).query_range(
        'sum(increase(calls_total{code="200"}[30m]))', T0 + step, T0 + 4 * step, step
    )
    assert [point for series in found for point in series.points] == [
        (T0 + step * number, pytest.approx(120.0)) for number in (1, 2, 3, 4)
    ]


def test_more_points_than_a_server_gives_at_once_come_in_parts(address: str) -> None:
    second = timedelta(seconds=1)
    found = DeployedTelemetry(FORGE, Path(), address).query_range("1 + 1", T0, T0 + 15_000 * second, second)
    assert [len(series.points) for series in found] == [15_001]
    assert [at for at, _ in found[0].points] == [T0 + number * second for number in range(15_001)]


@pytest.mark.parametrize("query", ["sum(", "sum(calls_total[1h]", "calls total", "%"])
def test_a_query_that_is_none_is_told(address: str, query: str) -> None:
    with pytest.raises(UsageError, match=r"cannot compute .*parse error.*monitoring\.prometheus\.metrics"):
        asked(address, query)


def test_a_long_query_goes_as_a_form(address: str) -> None:
    long = CALLS.replace("[", f'{{code!="{"x" * 9_000}"}}[')
    assert asked(address, long) == asked(address, CALLS) != {}


# What goes wrong with a server


@pytest.fixture
def server() -> Iterator[PrometheusServer]:
    with serving(some_samples()) as running:
        yield running


@pytest.mark.parametrize(
    ("answered", "kind", "said"),
    [
        (Answered(400, b'{"status":"error","errorType":"bad_data","error":"no\\nsuch"}'), UsageError, r"no such\."),
        (
            Answered(422, b'{"status":"error","errorType":"execution","error":"many-to-many"}'),
            UsageError,
            "many-to-many",
        ),
        (Answered(503, b'{"status":"error","errorType":"timeout","error":"timed out"}'), ForgeError, "timed out"),
        (Answered(422, b'{"status":"error","errorType":"canceled","error":"x"}'), ForgeError, "canceled"),
        (Answered(500, b"oops"), ForgeError, "status 500 and no JSON"),
        (Answered(502, b"<html>", "text/html"), ForgeError, "status 502"),
        (Answered(200, b"<html>sign in</html>", "text/html"), ForgeError, "page to sign in"),
        (Answered(200, b""), ForgeError, "no JSON"),
        (Answered(200, b"[" * 100_000), ForgeError, "no JSON"),
        (Answered(200, b"[]"), ForgeError, "not of Prometheus"),
        (Answered(200, b"{}"), ForgeError, "did not compute"),
        (Answered(200, b'{"status":"success","data":{"resultType":"vector","result":[]}}'), ForgeError, "no matrix"),
        (
            Answered(200, b'{"status":"success","data":{"resultType":"matrix","result":[3]}}'),
            ForgeError,
            "cannot be read",
        ),
        (Answered(404, b"404 page not found"), ForgeError, "has no /api/v1/query_range"),
        (Answered(401), ForgeError, "GITOPS_HEALER_PROMETHEUS_TOKEN"),
        (Answered(403, b"{}"), ForgeError, r"refuses \(status 403\)"),
        (Answered(302, location="https://login.example.org/x?secret=1"), ForgeError, "sends on to login.example.org"),
        (
            Answered(
                200, b'{"status":"success","warnings":["store a is down"],"data":{"resultType":"matrix","result":[]}}'
            ),
            ForgeError,
            "a part only.*store a is down",
        ),
        (
            Answered(
                200,
                b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1,{}]]}]}}',
            ),
            UsageError,
            "histogram_count",
        ),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(
    server: PrometheusServer, answered: Answered, kind: type[HealerError], said: str
) -> None:
    server.instead = answered
    with pytest.raises(kind, match=said) as caught:
        asked(server.url, CALLS)
    assert "secret" not in str(caught.value)


def test_warnings_about_the_query_alone_leave_the_answer_whole(server: PrometheusServer) -> None:
    server.warnings = ["PromQL warning: bucket label is missing"]
    assert asked(server.url, CALLS)


def test_a_server_that_is_down_is_told(server: PrometheusServer) -> None:
    with pytest.raises(ForgeError, match=r"http://127\.0\.0\.1:1/x cannot be reached .*GITOPS_HEALER_PROMETHEUS_URL"):
        asked("http://robin:hush@127.0.0.1:1/x", CALLS)


def test_a_server_that_does_not_answer_in_time_is_told(server: PrometheusServer) -> None:
    server.hold = True
    patient = DeployedTelemetry(FORGE, Path(), server.url, seconds=0.1)
    with pytest.raises(ForgeError, match=r"did not answer within 0\.1 s"):
        patient.query_range(CALLS, T0, T0, HOUR)
    server.release.set()


def test_an_answer_without_end_is_not_read(server: PrometheusServer) -> None:
    server.instead = Answered(200, b" " * 300_000)
    with pytest.raises(ForgeError, match="more than 100,000 bytes: let the query add up"):
        DeployedTelemetry(FORGE, Path(), server.url, most=100_000).query_range(CALLS, T0, T0, HOUR)


def test_without_a_server_it_says_where_to_name_one() -> None:
    with pytest.raises(UsageError, match=r"monitoring\.prometheus\.url.*GITOPS_HEALER_PROMETHEUS_URL"):
        asked("", CALLS)


@pytest.mark.parametrize(
    ("signed", "token", "expected"),
    [
        ("", "", ""),
        ("", "abc", "Bearer abc"),
        ("robin:p%40ss@", "", "Basic cm9iaW46cEBzcw=="),
        ("a:b@", "abc", "Bearer abc"),
    ],
)
def test_it_signs_with_what_it_was_given_and_nothing_else(
    server: PrometheusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signed: str, token: str, expected: str
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    url = server.url.replace("//", f"//{signed}")
    DeployedTelemetry(FORGE, Path(), url, token).query_range(CALLS, T0, T0, HOUR)
    assert [authorization for _, _, authorization in server.asked] == [expected]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from(["", "data", "result", "row", "metric", "values"]))
def test_whatever_a_server_answers_is_series_or_one_clear_error(value: Any, place: str) -> None:
    row = {"metric": {}, "values": []} | {place: value} if place in ("metric", "values") else value
    result = [row] if place in ("row", "metric", "values") else value
    data = {"resultType": "matrix", "result": result} if place not in ("", "data") else value
    answer = {"status": "success", "data": data} if place else value
    try:
        for series in series_in(answer, CALLS, "http://prometheus"):
            assert all(at.tzinfo is not None for at, _ in series.points)
    except (ForgeError, UsageError) as error:
        assert str(error)


# CI


def test_checks_are_those_of_the_forge() -> None:
    said = Status("tests", StatusState.SUCCESS)

    class Checked:
        def statuses(self, commit: str) -> tuple[Status, ...]:
            return (said,) if commit == "a" * 40 else ()

    assert DeployedTelemetry(cast(Forge, Checked()), Path()).checks("a" * 40) == (said,)


# Files


def test_lines_of_files_plain_and_packed(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.jsonl").write_bytes(b"one\r\n\ntwo")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"three\nfour\n"))
    telemetry = DeployedTelemetry(FORGE, tmp_path)
    assert list(telemetry.records("logs/a.jsonl")) == [b"one", b"", b"two"]
    assert list(telemetry.records("b.csv.gz")) == [b"three", b"four"]
    assert list(telemetry.records(str(tmp_path / "b.csv.gz"))) == [b"three", b"four"]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * (LONGEST_LINE + 5))
    (tmp_path / "exact").write_bytes(b"x" * LONGEST_LINE + b"\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(json.dumps(list(range(9_000))).encode())[:-20])
    (tmp_path / "no.gz").write_bytes(b"plain")
    (tmp_path / "bent.gz").write_bytes(gzip.compress(b"")[:10] + b"\xff" * 20)
    telemetry = DeployedTelemetry(FORGE, tmp_path)
    assert [len(line) for line in telemetry.records("exact")] == [LONGEST_LINE]
    for name, said in {
        "long": "longer than 1,048,576 bytes",
        "cut.gz": "cannot be read",
        "no.gz": "cannot be read",
        "bent.gz": "cannot be read",
        "gone": "there is no file",
        ".": "there is no file",
        "/dev/zero": "there is no file",
        "a\0b": "there is no file",
    }.items():
        with pytest.raises(UsageError, match=said):
            list(telemetry.records(name))
