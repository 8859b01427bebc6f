"""Counts of a Prometheus server before and after a merge."""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.watching import Block, Stratum
from gitops_healer.errors import ConfigError, ForgeError, UsageError
from gitops_healer.metrics.prometheus import counted, prometheus
from gitops_healer.ports import Series
from gitops_healer.settings import PrometheusMetric, load_settings, prometheus_server
from tests.detectors.tools_scene import HOUR, NOW
from tests.metrics.merges import DAY, MERGED_AT, Merge, before_after, until_error
from tests.prometheus_server import PrometheusServer, Samples, serving

START = MERGED_AT - 8 * DAY
EVERY = 60
STEPS = int((NOW - START).total_seconds()) // EVERY
MERGED = int((MERGED_AT - START).total_seconds()) // EVERY
WEB = {
    "name": "web",
    "total": "sum(increase(calls_total[$step]))",
    "failed": 'sum(increase(calls_total{code=~"5.."}[$step]))',
}


def scraped(good: float, bad: float, bad_after: float) -> Samples:
    """Counts a minute, scraped every minute, 7 s after it."""
    samples, at = Samples(), START.timestamp() + 7
    samples.count("calls_total", at, EVERY, [good] * STEPS, code="200", path="/a")
    samples.count("calls_total", at, EVERY, [bad] * MERGED + [bad_after] * (STEPS - MERGED), code="500", path="/b")
    return samples


@pytest.fixture
def server() -> Iterator[PrometheusServer]:
    with serving(scraped(9, 1, 3)) as running:
        yield running


@pytest.fixture
def merge(make_repo: Callable[..., Any], tmp_path: Path, server: PrometheusServer) -> Merge:
    made = Merge(make_repo, tmp_path)
    made.url = server.url
    made.configure(prometheus__metrics=[WEB])
    return made


def test_hours_before_and_blocks_since(merge: Merge) -> None:
    (reading,) = merge.ask(prometheus)
    assert (reading.metric, reading.subject, reading.distinct_failing) == ("prometheus", "web", None)
    assert before_after(reading) == pytest.approx((600 * 168, 60 * 168, 12 * 240, 3 * 240), rel=0.01)
    assert [block.number for block in reading.blocks] == list(range(8))
    assert reading.blocks[3] == Block(3, pytest.approx(360), pytest.approx(90))
    assert reading.clustering == pytest.approx(0, abs=0.01)
    assert "no label tells which commit" in reading.note


def test_the_present_block_counts_as_far_as_it_has_come(merge: Merge) -> None:
    merge.tools.now = NOW - timedelta(minutes=20)
    (reading,) = merge.ask(prometheus)
    assert reading.blocks[-1] == Block(7, pytest.approx(120, rel=0.1), pytest.approx(30, rel=0.1))
    merge.tools.now = NOW - timedelta(minutes=27)
    assert [reading.blocks[-1].number for reading in merge.ask(prometheus)] == [6]


def test_what_has_not_happened_yet_or_no_more_is_not_asked_about(merge: Merge, server: PrometheusServer) -> None:
    merge.tools.now = MERGED_AT
    (reading,) = merge.ask(prometheus)
    assert (reading.after_total, reading.blocks) == (0, ())
    merge.tools.now = MERGED_AT + 3 * DAY
    assert [block.number for block in merge.ask(prometheus)[0].blocks] == list(range(8))


def test_kinds_of_calls_are_strata(merge: Merge) -> None:
    by_path = {
        "name": "web",
        "total": "sum by (path) (increase(calls_total[$step]))",
        "failed": 'sum by (path) (increase(calls_total{code="500"}[$step]))',
        "by": "path",
    }
    merge.configure(prometheus__metrics=[by_path])
    (reading,) = merge.ask(prometheus)
    assert reading.strata == (
        Stratum("/a", pytest.approx(540 * 168, rel=0.01), 0, pytest.approx(9 * 240, rel=0.01), 0),
        Stratum("/b", *[pytest.approx(60 * 168, rel=0.01)] * 2, *[pytest.approx(3 * 240, rel=0.01)] * 2),
    )


def test_calls_belong_to_the_commit_that_a_label_tells(merge: Merge, server: PrometheusServer) -> None:
    at, samples = START.timestamp() + 7, Samples()
    late = MERGED + 60  # the merge is deployed an hour later
    for commit, first, last, bad in (
        (merge.parent, 0, STEPS, 1.0), (merge.merge[:12], late, STEPS, 5.0), (merge.other, late, STEPS, 100.0)
    ):  # fmt: skip
        for code, each in (("200", 10 - min(bad, 9)), ("500", bad)):
            samples.count("calls_total", at + first * EVERY, EVERY, [each] * (last - first), code=code, version=commit)
    server.samples = samples
    merge.configure(
        prometheus__metrics=[
            {
                "name": "web",
                "total": "sum by (version) (increase(calls_total[$step]))",
                "failed": 'sum by (version) (increase(calls_total{code="500"}[$step]))',
                "commit": "version",
            }
        ]
    )
    (reading,) = merge.ask(prometheus)
    assert before_after(reading) == pytest.approx((600 * 168, 60 * 168, 1800, 900), rel=0.02)
    assert (reading.still_total, reading.still_failed) == pytest.approx((2400, 240), rel=0.02)
    assert [block.number for block in reading.blocks] == [2, 3, 4, 5, 6, 7]
    assert "other lines of history" in reading.note


def test_without_a_failure_so_far_there_is_no_series_of_failures(merge: Merge, server: PrometheusServer) -> None:
    del server.samples.series[next(labels for labels in server.samples.series if ("code", "500") in labels)]
    (reading,) = merge.ask(prometheus)
    assert before_after(reading) == pytest.approx((540 * 168, 0, 9 * 240, 0), rel=0.01)


def test_a_server_that_has_nothing_is_a_reading_that_says_so(merge: Merge, server: PrometheusServer) -> None:
    server.samples = Samples()
    (reading,) = merge.ask(prometheus)
    assert before_after(reading) == (0, 0, 0, 0)
    assert "has nothing for these queries" in reading.note


def test_a_restart_of_what_is_counted_is_no_failure_and_no_loss(merge: Merge, server: PrometheusServer) -> None:
    resets = [9.0] * STEPS
    resets[MERGED + 100] = -1
    server.samples = Samples()
    server.samples.count("calls_total", START.timestamp() + 7, EVERY, resets, code="200")
    (reading,) = merge.ask(prometheus)
    assert reading.after_failed == 0
    assert reading.after_total == pytest.approx(9 * 240, rel=0.02)


def test_one_wrong_query_does_not_silence_the_others(merge: Merge) -> None:
    merge.configure(prometheus__metrics=[WEB | {"name": "odd", "total": "sum((increase(x[$step]))"}, WEB])
    reading, error = until_error(prometheus(merge.scene, merge.upgrade))
    assert getattr(reading, "subject", "") == "web"
    assert isinstance(error, UsageError)
    assert "odd: " in str(error)
    assert "parse error" in str(error)


def test_a_server_that_is_down_is_asked_once(merge: Merge, server: PrometheusServer) -> None:
    merge.url = "http://127.0.0.1:1"
    merge.configure(prometheus__metrics=[WEB, WEB | {"name": "second"}])
    (error,) = until_error(prometheus(merge.scene, merge.upgrade))
    assert isinstance(error, ForgeError)
    assert "cannot be reached" in str(error)


def test_nothing_configured_costs_nothing(merge: Merge, server: PrometheusServer) -> None:
    merge.configure()
    assert merge.ask(prometheus) == []
    assert server.asked == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"url": "prometheus:9090"}, r"url must be \"\" or an address that begins with http:// .*Example: url: http"),
        ({"metrics": [WEB | {"total": "sum(x)"}]}, r"total must count what happened in a step, which \$step"),
        ({"metrics": [WEB, WEB]}, r"metrics must have a different name each, and 'web' stands twice"),
        ({"metrics": [WEB | {"name": ""}]}, r"name .*at least 1 character"),
        ({"metrics": [{"name": "x"}]}, r"total is missing"),
        ({"metrics": [WEB | {"labl": "x"}]}, r"no setting monitoring\.prometheus\.metrics\.labl"),
    ],
)
def test_a_wrong_policy_is_told(policy: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(options={f"monitoring.prometheus.{key}": value for key, value in policy.items()})


def test_the_environment_names_the_server_and_keeps_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "TOKEN"):
        monkeypatch.delenv(f"GITOPS_HEALER_PROMETHEUS_{name}", raising=False)
    assert prometheus_server("http://policy:9090/") == ("http://policy:9090", "")
    monkeypatch.setenv("GITOPS_HEALER_PROMETHEUS_URL", "https://robin:hush@prom.example.org/base/")
    monkeypatch.setenv("GITOPS_HEALER_PROMETHEUS_TOKEN", " abc\n")
    assert prometheus_server("http://policy:9090") == ("https://robin:hush@prom.example.org/base", "abc")


ITEM = PrometheusMetric(**WEB, by="path")
values = st.floats(allow_nan=True, allow_infinity=True)
series = st.builds(
    lambda path, points: Series(
        (("path", path), ("pod", "x")), tuple((NOW + n * HOUR, value) for n, value in points.items())
    ),
    st.sampled_from(["", "/a", "/b"]),
    st.dictionaries(st.integers(0, 3), values, max_size=4),
)


@given(st.lists(series, max_size=4), st.lists(series, max_size=4))
def test_counts_are_numbers_whatever_a_server_says(total: list[Series], failed: list[Series]) -> None:
    found = counted(ITEM, total, failed)
    for (at, _, _), count in found.cells.items():
        assert at not in found.spoilt
        assert 0 <= count.total <= 1e16
        assert 0 <= count.failed <= 1e16
    odd = {at for one in (*total, *failed) for at, value in one.points if not math.isfinite(value)}
    assert odd <= found.spoilt
