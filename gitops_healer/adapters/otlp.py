"""OpenTelemetry traces in OTLP JSON as lines of executions: each span is one call.

One document, or one a line as the Collector's file exporter writes them. Fields are those of the protocol
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) and of the semantic conventions for code, exceptions
and version control. Ids come from trace and span, so that reading a file again adds nothing.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO, Final

import orjson

from gitops_healer.adapters.execution_traces import failure, is_sha, printable, tool_name
from gitops_healer.adapters.junit_xml import ReportError
from gitops_healer.core.executions_format import EPOCH

DOCUMENT_LIMIT: Final = 256 * 1024 * 1024
"""Bytes of one document, which is parsed at once. The Collector sends at most 4 MB by default."""

_ERRORS: Final = (2, "STATUS_CODE_ERROR")


def otlp_lines(stream: BinaryIO, commit: str | None = None) -> Iterator[bytes]:
    """Lines of executions. commit: of spans that name none. Raises ReportError for what is no OTLP JSON."""
    for number, document in enumerate(_documents(stream), start=1):
        if not isinstance(document, dict):
            raise ReportError(f"holds a document (number {number}) that is no JSON object")
        for resource, spans in _spans(document):
            for span in spans:
                yield _line(span, resource, commit)


def _documents(stream: BinaryIO) -> Iterator[Any]:
    """One a line where the first line is one, else all of it is one."""
    first = stream.readline(DOCUMENT_LIMIT + 1)
    try:
        yield orjson.loads(first)
    except orjson.JSONDecodeError:
        yield _parsed(first + stream.read(DOCUMENT_LIMIT + 1 - len(first)), "it")
        return
    number = 1
    while line := stream.readline(DOCUMENT_LIMIT + 1):
        number += 1
        if not line.isspace():
            yield _parsed(line, f"line {number}")


def _parsed(data: bytes, name: str) -> Any:
    if len(data) > DOCUMENT_LIMIT:
        raise ReportError(f"holds a document of more than {DOCUMENT_LIMIT:,} bytes: export smaller batches")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ReportError(f"is no OTLP JSON: {name} cannot be parsed ({error.msg})") from None


def _spans(document: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """(attributes of the resource, its spans)."""
    for part in _list(document, "resourceSpans", "resource_spans"):
        resource = _attributes(_object(_object(part).get("resource")))
        for scope in _list(_object(part), "scopeSpans", "instrumentationLibrarySpans"):
            yield resource, _list(_object(scope), "spans")


def _line(span: Any, resource: Mapping[str, Any], commit: str | None) -> bytes:
    """A span that lacks something becomes a line that is refused with the reason, as any other."""
    data = _object(span)
    attributes = _attributes(data)
    start, end = _nanoseconds(data.get("startTimeUnixNano")), _nanoseconds(data.get("endTimeUnixNano"))
    status = _object(data.get("status"))
    event: dict[str, Any] = {"tool": _tool(attributes, data), "ok": status.get("code") not in _ERRORS}
    if start is not None:
        event["ts"] = (EPOCH + timedelta(microseconds=start // 1000)).isoformat()
    if start is not None and end is not None and end >= start:
        event["duration_ms"] = (end - start) / 1e6
    if not event["ok"]:
        event["error"] = _error(data, status)
    event["commit"] = _commit(attributes) or _commit(resource) or commit
    event["id"] = printable(f"otlp-{data.get('traceId')}-{data.get('spanId')}")
    return orjson.dumps(event) + b"\n"


def _tool(attributes: Mapping[str, Any], span: Mapping[str, Any]) -> str:
    """code.function.name, else the deprecated code.namespace and code.function, else the name of the span."""
    if name := attributes.get("code.function.name"):
        return tool_name(str(name))
    space, function = attributes.get("code.namespace"), attributes.get("code.function")
    if function:
        return tool_name(f"{space}.{function}" if space else str(function))
    return printable(str(span.get("name") or ""))


def _error(span: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    """The last exception that the span recorded, else the message of its status."""
    for event in reversed(_list(span, "events")):
        if _object(event).get("name") == "exception":
            told = {key: str(value) for key, value in _attributes(_object(event)).items()}
            message, trace = told.get("exception.message", ""), told.get("exception.stacktrace", "")
            return failure(told.get("exception.type", ""), message, trace)
    return failure("", str(status.get("message") or ""), "")


def _commit(attributes: Mapping[str, Any]) -> str | None:
    """service.version is one only where it is a sha."""
    if revision := attributes.get("vcs.ref.head.revision"):
        return printable(str(revision))
    version = str(attributes.get("service.version") or "")
    return version if is_sha(version) else None


def _attributes(data: Mapping[str, Any]) -> dict[str, Any]:
    """{key: value} of plain values; arrays and maps are left out."""
    found: dict[str, Any] = {}
    for attribute in _list(data, "attributes"):
        one = _object(attribute)
        value = _object(one.get("value"))
        plain = [value[name] for name in ("stringValue", "intValue", "doubleValue", "boolValue") if name in value]
        if plain and isinstance(one.get("key"), str):
            found[one["key"]] = plain[0]
    return found


def _nanoseconds(value: Any) -> int | None:
    """64-bit numbers are texts in this encoding; some programs write numbers."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 20 and int(text) < 2**63 else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(data: Mapping[str, Any], *names: str) -> list[Any]:
    return next((data[name] for name in names if isinstance(data.get(name), list)), [])
