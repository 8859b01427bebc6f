"""A Prometheus to ask in tests: the HTTP API of range queries over stored samples, with a small part of PromQL.

As documented: https://prometheus.io/docs/prometheus/latest/querying/api/ and .../querying/functions/ (`increase` and
`rate` extrapolate to the ends of the range and mend counter resets). `real_prometheus` starts the real server on the
same samples where it is installed (Debian's package `prometheus`); one contract test runs over both.
"""

import json
import math
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.http_serving import EndingHTTPServer

Labels = tuple[tuple[str, str], ...]
Point = tuple[float, float]
Vector = dict[Labels, float]

LOOKBACK = 300.0
MOST_POINTS = 11_000
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_TOKEN = re.compile(
    r"""\s*(?:(\d+(?:ms|[smhdwy]))|(\d+(?:\.\d+)?)|([a-zA-Z_:][\w:]*)|("(?:[^"\\]|\\.)*")|(=~|!~|!=|[-+*/(){}\[\],=]))"""
)


class PromQLError(Exception):
    pass


@dataclass
class Samples:
    """What was scraped: of each series (moment since 1970 in seconds, value), oldest first."""

    series: dict[Labels, list[Point]] = field(default_factory=dict)

    def count(self, name: str, start: float, every: float, increments: list[float], **labels: str) -> None:
        """A counter that is scraped regularly and grows by these; "reset" is written as a negative increment: it
        restarts at 0 before that scrape."""
        value, points = 0.0, self.series.setdefault((("__name__", name), *sorted(labels.items())), [])
        for number, increment in enumerate(increments):
            value = 0.0 if increment < 0 else value + increment
            points.append((start + number * every, value))

    def openmetrics(self) -> str:
        """As promtool reads it."""
        lines = []
        for labels, points in sorted(self.series.items()):
            name, shown = dict(labels)["__name__"], ",".join(f'{k}="{v}"' for k, v in labels if k != "__name__")
            lines += [f"{name}{{{shown}}} {value!r} {at:.3f}" for at, value in points]
        return "\n".join([*lines, "# EOF", ""])


# PromQL: + - * / of vectors and numbers, sum [by], increase, rate, selectors with matchers


class Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise PromQLError(f"1:{at + 1}: parse error: unexpected character: {text[at]!r}")
            self.tokens.append(match[0].strip())
            at = match.end()

    def whole(self) -> Callable[[Samples, float], Vector | float]:
        found = self.expression()
        if self.tokens:
            raise PromQLError(f"1:1: parse error: unexpected {self.tokens[0]!r}")
        return found

    def next(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.tokens[0] != wanted):
            raise PromQLError(f"1:1: parse error: unexpected {self.tokens[0] if self.tokens else 'end of input'!r}")
        return self.tokens.pop(0)

    def sees(self, *tokens: str) -> bool:
        return bool(self.tokens) and self.tokens[0] in tokens

    def expression(self, level: int = 0) -> Callable[[Samples, float], Vector | float]:
        if level == 2:
            return self.unary()
        left = self.expression(level + 1)
        while self.sees(*(("+", "-"), ("*", "/"))[level]):
            left = _binary(self.next(), left, self.expression(level + 1))
        return left

    def unary(self) -> Callable[[Samples, float], Vector | float]:
        if self.sees("("):
            self.next("(")
            inner = self.expression()
            self.next(")")
            return inner
        token = self.next()
        if re.fullmatch(r"\d+(\.\d+)?", token):
            number = float(token)
            return lambda samples, at: number
        if token == "sum":
            return self.sum()
        if token in ("increase", "rate"):
            self.next("(")
            select, seconds = self.selector(self.next() if not self.sees("{") else ""), self.duration()
            self.next(")")
            return lambda samples, at: _increases(samples, select, at, seconds, token == "rate")
        if not re.fullmatch(r"[a-zA-Z_:][\w:]*|\{", token):
            raise PromQLError(f"1:1: parse error: unexpected {token!r}")
        select = self.selector(token)
        return lambda samples, at: _instant(samples, select, at)

    def sum(self) -> Callable[[Samples, float], Vector | float]:
        kept = self.names() if self.sees("by") else None
        self.next("(")
        inner = self.expression()
        self.next(")")
        kept = self.names() if kept is None and self.sees("by") else kept

        def added(samples: Samples, at: float) -> Vector:
            vector, sums = inner(samples, at), defaultdict[Labels, float](float)
            if not isinstance(vector, dict):
                raise PromQLError("1:1: parse error: expected type instant vector in aggregation expression")
            for labels, value in vector.items():
                sums[tuple(pair for pair in labels if pair[0] in (kept or ()))] += value
            return dict(sums)

        return added

    def names(self) -> tuple[str, ...]:
        self.next("by")
        self.next("(")
        found = []
        while not self.sees(")"):
            found.append(self.next())
            if self.sees(","):
                self.next()
        self.next(")")
        return tuple(found)

    def duration(self) -> float:
        self.next("[")
        match = re.fullmatch(r"(\d+)(ms|[smhdwy])", self.next())
        if match is None:
            raise PromQLError("1:1: parse error: bad duration syntax")
        self.next("]")
        return int(match[1]) * _UNITS[match[2]]

    def selector(self, name: str) -> Callable[[Mapping[str, str]], bool]:
        matchers = [("__name__", "=", name)] if name else []
        if self.sees("{"):
            self.next("{")
            while not self.sees("}"):
                label, operator, value = self.next(), self.next(), json.loads(self.next())
                matchers.append((label, operator, value))
                if self.sees(","):
                    self.next()
            self.next("}")
        return lambda labels: all(_fits(labels.get(label, ""), operator, value) for label, operator, value in matchers)


def _fits(have: str, operator: str, want: str) -> bool:
    if operator in ("=", "!="):
        return (have == want) is (operator == "=")
    return (re.fullmatch(want, have) is not None) is (operator == "=~")


def _binary(operator: str, left: Any, right: Any) -> Callable[[Samples, float], Vector | float]:
    def one(a: float, b: float) -> float:
        if operator == "/" and b == 0:
            return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
        return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator != "/" else a / b

    def both(samples: Samples, at: float) -> Vector | float:
        a, b = left(samples, at), right(samples, at)
        if isinstance(a, dict) and isinstance(b, dict):
            return {_nameless(labels): one(value, b[labels]) for labels, value in a.items() if labels in b}
        if isinstance(a, dict):
            return {_nameless(labels): one(value, b) for labels, value in a.items()}
        if isinstance(b, dict):
            return {_nameless(labels): one(a, value) for labels, value in b.items()}
        return one(a, b)

    return both


def _nameless(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != "__name__")


def _instant(samples: Samples, select: Callable[[Mapping[str, str]], bool], at: float) -> Vector:
    found = {}
    for labels, points in samples.series.items():
        seen = [value for moment, value in points if at - LOOKBACK < moment <= at]
        if seen and select(dict(labels)):
            found[labels] = seen[-1]
    return found


def _increases(samples: Samples, select: Any, at: float, seconds: float, per_second: bool) -> Vector:
    found: Vector = {}
    for labels, points in samples.series.items():
        if select(dict(labels)):
            inside = [point for point in points if at - seconds < point[0] <= at]
            if len(inside) > 1:
                grown = _extrapolated(inside, at - seconds, at)
                found[_nameless(labels)] = grown / seconds if per_second else grown
    return found


def _extrapolated(points: list[Point], start: float, end: float) -> float:
    """How much a counter grew in a range, as `extrapolatedRate` of Prometheus computes it."""
    grown = points[-1][1] - points[0][1]
    grown += sum(before for (_, before), (_, after) in pairwise(points) if after < before)
    sampled = points[-1][0] - points[0][0]
    average = sampled / (len(points) - 1)
    to_start, to_end = points[0][0] - start, end - points[-1][0]
    if grown > 0 and points[0][1] >= 0:
        to_start = min(to_start, sampled * points[0][1] / grown)
    whole = sampled + sum(gap if gap < average * 1.1 else average / 2 for gap in (to_start, to_end))
    return grown * whole / sampled


# HTTP


@dataclass
class Answered:
    """Instead of the true answer. location: where it sends on to."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    location: str = ""


class PrometheusServer:
    """url: of the server; instead: what it answers wrongly; hold: when set, it never answers before `release`; asked:
    (method, query, authorization) of every request."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.instead: Answered | None = None
        self.warnings: list[str] = []
        self.hold = False
        self.release = threading.Event()
        self.asked: list[tuple[str, str, str]] = []
        self.url = ""

    def answer(self, form: Mapping[str, str]) -> tuple[int, Any]:
        try:
            start, end, step = float(form["start"]), float(form["end"]), float(form["step"])
        except (KeyError, ValueError):
            return self.refused('invalid parameter "start": cannot parse "" to a valid timestamp')
        if step <= 0:
            return self.refused(
                'invalid parameter "step": zero or negative query resolution step widths are not accepted'
            )
        if (end - start) / step > MOST_POINTS:
            return self.refused("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query")
        try:
            ask = Parser(form.get("query", "")).whole()
            rows: dict[Labels, list[list[Any]]] = defaultdict(list)
            for number in range(math.floor((end - start) / step + 1e-9) + 1):
                at = start + number * step
                seen = ask(self.samples, at)
                for labels, value in (seen if isinstance(seen, dict) else {(): seen}).items():
                    rows[labels].append([round(at, 3), _shown(value)])
        except PromQLError as error:
            return self.refused(f'invalid parameter "query": {error}')
        result = [{"metric": dict(labels), "values": values} for labels, values in sorted(rows.items())]
        body: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        return 200, body | ({"warnings": self.warnings} if self.warnings else {})

    @staticmethod
    def refused(error: str) -> tuple[int, Any]:
        return 400, {"status": "error", "errorType": "bad_data", "error": error}


def _shown(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return ("+Inf" if value > 0 else "-Inf") if math.isinf(value) else repr(value)


@contextmanager
def serving(samples: Samples) -> Iterator[PrometheusServer]:
    server = PrometheusServer(samples)

    class Answering(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.reply("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.reply("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def reply(self, method: str, text: str) -> None:
            form = {name: values[0] for name, values in parse_qs(text).items()}
            server.asked.append((method, form.get("query", ""), self.headers.get("Authorization", "")))
            if server.hold:
                server.release.wait(30)
            if server.instead is not None:
                self.send(server.instead)
            elif urlsplit(self.path).path != "/api/v1/query_range":
                self.send(Answered(404, b"404 page not found", "text/plain"))
            else:
                status, body = server.answer(form)
                self.send(Answered(status, json.dumps(body).encode()))

        def send(self, answered: Answered) -> None:
            self.send_response(answered.status)
            self.send_header("Content-Type", answered.kind)
            self.send_header("Content-Length", str(len(answered.body)))
            if answered.location:
                self.send_header("Location", answered.location)
            self.end_headers()
            with suppress(OSError):  # who asked may not wait any longer
                self.wfile.write(answered.body)

    http = EndingHTTPServer(0, Answering)
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.release.set()
        http.shutdown()
        thread.join()
        http.server_close()


# The real one


def installed() -> Path | None:
    """The directory of `prometheus` and `promtool`, None where they are not installed."""
    found = shutil.which("prometheus", path=f"{os.environ.get('PROMETHEUS_BIN', '')}:{os.environ.get('PATH', '')}")
    return Path(found).parent if found and (Path(found).parent / "promtool").exists() else None


@contextmanager
def real_prometheus(samples: Samples, directory: Path) -> Iterator[str]:
    """The address of a real server that has these samples."""
    programs = installed()
    assert programs is not None
    (directory / "samples.txt").write_text(samples.openmetrics())
    (directory / "prometheus.yml").write_text("{}\n")
    subprocess.run(
        [
            programs / "promtool", "tsdb", "create-blocks-from", "openmetrics", directory / "samples.txt",
            directory / "data",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            programs / "prometheus", f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}", "--storage.tsdb.retention.time=100y",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/-/ready")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} never answered")
