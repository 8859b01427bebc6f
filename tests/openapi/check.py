"""Judges an exchange with the forge by GitHub's description of its API. README.md says what counts as a violation."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import jsonschema_rs

from tests.openapi.operations import Operation, Operations
from tests.openapi.schema import REGISTRY, component, converted
from tests.openapi.waivers import sharpened, waived
from tests.openapi.words import explained

Json = Any

PREFIX = "/api/v3"
ANYWHERE = frozenset({400, 401, 403, 404, 422, 429})  # GitHub answers these to any request and does not list them all
REFUSED_AS_WRONG = frozenset({400, 422})
ERROR_BODY = {
    "type": "object",
    "required": ["message", "documentation_url"],
    "properties": {"message": {"type": "string"}, "documentation_url": {"type": "string"}},
}
MISSING = object()


class Exchange(Protocol):
    """A request as it was sent and its response; `status` 0: the connection was cut and there is no response."""

    method: str
    path: str  # as in the request line, with the prefix /api/v3 and without the query
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes


class Checker:
    """The description, with the validators that were needed so far."""

    def __init__(self, description: Json | None = None) -> None:
        """The description of `github.json` with its waivers, unless another is given."""
        self._given = description
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def violations(self, exchange: Exchange) -> list[str]:
        """What is wrong with the exchange, a sentence each; empty when all is as GitHub says."""
        if not exchange.path.startswith(PREFIX + "/"):
            return []
        path = exchange.path.removeprefix(PREFIX)
        name = f"{exchange.method} {path}"
        found = self._operations.find(exchange.method, path)
        if found is None:
            return [f"{name}: unknown operation; if GitHub has it, add it to tests/openapi/operations.txt and renew"]
        operation, captured = found
        wrong: list[str] = []
        if exchange.status not in REFUSED_AS_WRONG:
            wrong += [f"{name} request {text}" for text in self._of_request(operation, captured, exchange)]
        if exchange.status:
            wrong += [f"{name} response {exchange.status} {text}" for text in self._of_response(operation, exchange)]
        return wrong

    def operation_of(self, method: str, path: str) -> str | None:
        """The operation id of a path after /api/v3."""
        found = self._operations.find(method, path)
        return found[0].id if found else None

    def _of_request(self, operation: Operation, captured: Mapping[str, str], exchange: Exchange) -> Iterator[str]:
        yield from self._of_parameters(operation, captured, exchange.query)
        if operation.body is None:
            if exchange.request_body.strip() not in (b"", b"{}", b"null"):
                yield "has a body, and the operation takes none"
            return
        body = parsed(exchange.request_body) if exchange.request_body.strip() else MISSING
        if isinstance(body, Unreadable):
            yield f"body {body}"
        elif body is not MISSING:
            yield from self._of_value(f"{operation.id} request", operation.body, body, "body")
        elif operation.body_required:
            yield "has no body, and the operation needs one"

    def _of_parameters(self, operation: Operation, captured: Mapping[str, str], query: str) -> Iterator[str]:
        given = parse_qsl(query, keep_blank_values=True)
        for name in {name: None for name, _ in given}:
            if name.removesuffix("[]") not in operation.query:
                yield f"has the query parameter {name!r}, which the operation does not know"
        sent = dict(given)
        for name, parameter in operation.query.items():
            if name in sent:
                key = f"{operation.id} query {name}"
                yield from self._of_value(key, parameter.schema, parameter.read(sent[name]), f"query {name}")
            elif parameter.required:
                yield f"lacks the query parameter {name!r}"
        for name, text in captured.items():
            if name in operation.path_parameters:
                parameter = operation.path_parameters[name]
                key = f"{operation.id} path {name}"
                yield from self._of_value(key, parameter.schema, parameter.read(text), f"path {name}")

    def _of_response(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        status, body = exchange.status, exchange.response_body
        declared = operation.responses.get(status, MISSING)
        if status >= 500 or (status == 304 and exchange.method in ("GET", "HEAD")):
            return
        if declared is MISSING and status not in ANYWHERE:
            known = ", ".join(map(str, sorted(operation.responses)))
            yield f"is not a status of the operation, which has {known}"
            return
        if status >= 400:
            # Not closed: GitHub adds `status` to every error and describes it for some.
            schemas = [ERROR_BODY, *([] if declared in (MISSING, None) else [declared])]
            yield from self._of_body(f"{operation.id} {status}", {"allOf": schemas}, exchange, closed=False)
        elif declared is None:
            if body.strip():
                yield f"has a body of {len(body)} bytes, and the operation answers none"
        elif exchange.method != "HEAD" and not asked_for_other_media(exchange):
            yield from self._of_body(f"{operation.id} {status}", declared, exchange)

    def _of_body(self, key: str, schema: Json, exchange: Exchange, *, closed: bool = True) -> Iterator[str]:
        kind = header(exchange.response_headers, "content-type")
        if "json" not in kind:
            yield f"has the content type {kind!r}, not application/json"
            return
        body = parsed(exchange.response_body)
        if isinstance(body, Unreadable):
            yield f"body {body}"
        else:
            yield from self._of_value(key, schema, body, "body", closed=closed)

    def _of_value(self, key: str, schema: Json, value: Json, where: str, *, closed: bool = True) -> Iterator[str]:
        validator = self._validators.get(key)
        if validator is None:
            document = converted(schema, closed=closed)
            validator = jsonschema_rs.Draft202012Validator(document, registry=self._registry, validate_formats=True)
            self._validators[key] = validator
        if not validator.is_valid(value):
            yield from explained(validator.iter_errors(value), where)

    @cached_property
    def _description(self) -> Json:
        if self._given is not None:
            return self._given
        return sharpened(waived(json.loads((Path(__file__).parent / "github.json").read_bytes())))

    @cached_property
    def _operations(self) -> Operations:
        return Operations(self._description)

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        schemas = {name: component(schema) for name, schema in self._description["components"]["schemas"].items()}
        resource = {"components": {"schemas": schemas}}
        return jsonschema_rs.Registry([(REGISTRY, resource)], draft=jsonschema_rs.Draft202012)


@cache
def checker() -> Checker:
    """The checker of this process: a validator that one test needed is there for the next."""
    return Checker()


class Unreadable(str):
    """Why a body is not JSON."""


def parsed(body: bytes) -> Json | Unreadable:
    try:
        return json.loads(body)
    except ValueError as error:
        return Unreadable(f"is not JSON: {error}")


def header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def asked_for_other_media(exchange: Exchange) -> bool:
    """Whether the request asked for something that is not JSON, a diff for example, and got it."""
    accepted = header(exchange.request_headers, "accept")
    other = any(word in accepted for word in (".diff", ".patch", ".raw", ".html", ".sha"))
    return other and "json" not in header(exchange.response_headers, "content-type").partition(";")[0]
