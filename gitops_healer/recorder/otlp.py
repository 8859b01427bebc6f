"""A sink that speaks OTLP in JSON: calls as spans, counts as sums, to a file or to a collector.

Names are those of OpenTelemetry's semantic conventions (`code.function.name`, `exception.type`,
`vcs.ref.head.revision`); see https://opentelemetry.io/docs/specs/otlp/.
"""

from __future__ import annotations

import hashlib
import json
import os
from calendar import timegm
from time import strptime

from gitops_healer.recorder.queued import QueuedSink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TIMEOUT = 5.0
_INTERNAL, _OK, _ERROR, _DELTA = 1, 1, 2, 1
_SCOPE = {"name": "gitops_healer.recorder"}


class OtlpSink(QueuedSink):
    """endpoint: the base of a collector, such as http://localhost:4318, or the path of a file to append to (one
    document a line, as the Collector's file exporter writes); service: `service.name`; headers: for the collector."""

    def __init__(
        self, endpoint: str | os.PathLike[str], service: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self._endpoint = os.fspath(endpoint).rstrip("/")
        self._service = service
        self._headers = {"Content-Type": "application/json"} | (headers or {})

    def send(self, lines: list[bytes]) -> None:
        events = [json.loads(line) for line in lines]
        spans = [one for one in events if "counts" not in one]
        counts = [one for one in events if "counts" in one]
        if spans:
            self._hand_on("v1/traces", {"resourceSpans": self._resources(spans, "scopeSpans", "spans", span_of)})
        if counts:
            self._hand_on("v1/metrics", {"resourceMetrics": self._resources(counts, "scopeMetrics", "metrics", sum_of)})

    def _resources(self, events: list[Any], scopes: str, items: str, make: Any) -> list[Any]:
        """One resource a revision."""
        by_commit: dict[str, list[Any]] = {}
        for event in events:
            by_commit.setdefault(event.get("commit") or "", []).append(make(event))
        return [
            {"resource": {"attributes": self._attributes(commit)}, scopes: [{"scope": _SCOPE, items: made}]}
            for commit, made in by_commit.items()
        ]

    def _attributes(self, commit: str) -> list[Any]:
        told = {"service.name": self._service, "vcs.ref.head.revision": commit}
        return [_attribute(name, value) for name, value in told.items() if value]

    def _hand_on(self, path: str, document: Any) -> None:
        data = json.dumps(document, separators=(",", ":")).encode()
        if "://" not in self._endpoint:
            with open(self._endpoint, "ab", buffering=0) as file:  # noqa: PTH123
                file.write(data + b"\n")
            return
        from urllib.request import Request, urlopen

        request = Request(f"{self._endpoint}/{path}", data, self._headers, method="POST")
        with urlopen(request, timeout=TIMEOUT) as answer:
            answer.read()


def span_of(event: Any) -> Any:
    """One call as a span; ids come from the event's, so that it is the same span when it is sent again."""
    ident = hashlib.sha256(event["id"].encode()).hexdigest()
    start = nanoseconds(event["ts"])
    end = start + int(event.get("duration_ms", 0) * 1e6)
    attributes = [
        _attribute("code.function.name", event["tool"].replace(":", ".")),
        _attribute("healer.tool", event["tool"]),
    ]
    attributes += [
        _attribute(f"healer.{name}", json.dumps(event[name])) for name in ("args", "kwargs", "result") if name in event
    ]
    error = event.get("error") or {}
    attributes += [_attribute("error.type", error["type"])] if error else []
    attributes += _place(error.get("frames") or [])
    span = {
        "traceId": ident[:32], "spanId": ident[32:48], "name": event["tool"], "kind": _INTERNAL,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(end), "attributes": attributes,
        "status": {"code": _OK} if event["ok"] else {"code": _ERROR, "message": error.get("message", "")},
    }  # fmt: skip
    return span | ({"events": [_exception(error, end)]} if error else {})


def _place(frames: list[Any]) -> list[Any]:
    if not frames:
        return []
    file, line, _ = frames[-1]
    return [_attribute("code.file.path", file), {"key": "code.line.number", "value": {"intValue": str(line)}}]


def _exception(error: Any, moment: int) -> Any:
    trace = "".join(f'  File "{file}", line {line}, in {name}\n' for file, line, name in error.get("frames") or [])
    last = f"{error['type']}: {error['message']}"
    told = {
        "exception.type": error["type"], "exception.message": error["message"],
        "exception.stacktrace": f"Traceback (most recent call last):\n{trace}{last}",
    }  # fmt: skip
    attributes = [_attribute(name, value) for name, value in told.items()]
    return {"name": "exception", "timeUnixNano": str(moment), "attributes": attributes}


def sum_of(event: Any) -> Any:
    """The counts of one minute as a delta sum, a point an outcome."""
    start = nanoseconds(event["ts"])
    named = _attribute("code.function.name", event["tool"].replace(":", "."))
    points = [
        {
            "startTimeUnixNano": str(start), "timeUnixNano": str(start + 60_000_000_000), "asInt": str(number),
            "attributes": [named, _attribute("outcome", outcome)],
        }
        for outcome, number in event["counts"].items()
    ]  # fmt: skip
    total = {"aggregationTemporality": _DELTA, "isMonotonic": True, "dataPoints": points}
    return {"name": "healer.tool.calls", "unit": "{call}", "sum": total}


def nanoseconds(text: str) -> int:
    """Since 1970 of `YYYY-MM-DDThh:mm:ss.ffffffZ`."""
    return timegm(strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1_000_000_000 + int(text[20:26]) * 1000


def _attribute(name: str, value: str) -> Any:
    return {"key": name, "value": {"stringValue": value}}
