"""The operations of the description, found by the method and path of a request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

Json = Any

# Parameters whose value may hold slashes. All others are one segment of the path.
MANY_SEGMENTS = frozenset({"ref", "path", "branch", "basehead"})
ALIAS = re.compile(r"/repositories/\d+(?=/|$)")  # the form that pagination links have


@dataclass(frozen=True)
class Parameter:
    """A parameter of the path or the query."""

    required: bool
    schema: Json

    def read(self, text: str) -> Json:
        """The value that the text of a URL stands for, as far as it can be read as the type that is asked for."""
        kind = self.schema.get("type")
        if kind == "integer" and re.fullmatch(r"-?\d+", text):
            return int(text)
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return text.split(",") if kind == "array" else text


@dataclass(frozen=True)
class Operation:
    """What an operation takes and answers. A response of None has no body."""

    id: str
    path_parameters: Mapping[str, Parameter]
    query: Mapping[str, Parameter]
    body: Json | None
    body_required: bool
    responses: Mapping[int, Json | None]


@dataclass(frozen=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    operation: Operation


class Operations:
    """All operations; of two that fit a path, the one with more of the path in its own words is meant."""

    def __init__(self, description: Json) -> None:
        routes = [
            (_literals(path), _Route(method.upper(), _pattern(path), _operation(description, operation)))
            for path, item in description["paths"].items()
            for method, operation in item.items()
        ]
        self._routes = [route for _, route in sorted(routes, key=lambda pair: -pair[0])]

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation, and what the parameters of its path are in this path; None when there is none."""
        path = ALIAS.sub("/repos/-/-", path, count=1) if path.startswith("/repositories/") else path
        method = "GET" if method == "HEAD" else method
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                return route.operation, {name: unquote(value) for name, value in match.groupdict().items()}
        return None


def _literals(path: str) -> int:
    return len(re.sub(r"\{\w+\}", "", path))


def _pattern(path: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>{'.*' if name in MANY_SEGMENTS else '[^/]+'})"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", group, re.escape(path)))


def _operation(description: Json, operation: Json) -> Operation:
    parameters = [_resolved(description, parameter) for parameter in operation.get("parameters", ())]
    body = operation.get("requestBody")
    answers = {status: _resolved(description, answer) for status, answer in operation["responses"].items()}
    return Operation(
        operation["operationId"],
        _parameters(parameters, "path"),
        _parameters(parameters, "query"),
        _json_schema(body) if body else None,
        bool(body and body.get("required")),
        {int(status): _json_schema(answer) for status, answer in answers.items() if status.isdigit()},
    )


def _resolved(description: Json, node: Json) -> Json:
    while "$ref" in node:
        section, name = node["$ref"].removeprefix("#/components/").split("/")
        node = description["components"][section][name]
    return node


def _parameters(parameters: list[Json], place: str) -> dict[str, Parameter]:
    return {
        parameter["name"]: Parameter(parameter.get("required", False), parameter["schema"])
        for parameter in parameters
        if parameter["in"] == place
    }


def _json_schema(node: Json) -> Json | None:
    """The schema of the JSON form of a body: several media types of JSON are alternatives of each other."""
    schemas = [media["schema"] for kind, media in node.get("content", {}).items() if "json" in kind or "object" in kind]
    return {"anyOf": schemas} if len(schemas) > 1 else next(iter(schemas), None)
