"""What goes wrong in GraphQL, in GitHub's shape: a list beside the data, each with a type, a path and a place."""

import re
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError

from tests.forge_server.errors import Refusal

TYPES = {401: "FORBIDDEN", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "STALE_DATA"}
UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
UNKNOWN_ARGUMENT = re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'")
UNDEFINED_VARIABLE = re.compile(r"Variable '\$(\w+)' is not defined")
UNUSED_VARIABLE = re.compile(r"Variable '\$(\w+)' is never used(?: in operation '(\w+)')?")


class Problem(Exception):  # noqa: N818
    """An error of one field. kind: what GitHub calls the type of the error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def could_not_resolve(kind: str, by: str) -> Problem:
    article = "an" if kind[0].lower() in "aeiou" else "a"
    return Problem("NOT_FOUND", f"Could not resolve to {article} {kind} with the {by}.")


def of_execution(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors of resolvers. What is not ours is a fault of this server and is raised."""
    return [_of_field(error) for error in errors]


def _of_field(error: GraphQLError) -> dict[str, Any]:
    match error.original_error:
        case Problem() as problem:
            return {"type": problem.kind, **_place(error), "message": str(problem)}
        case Refusal() as refusal:
            kind = TYPES.get(refusal.status, "UNPROCESSABLE")
            return {"type": kind, **_place(error), "message": spoken(refusal)}
        case None:
            return {**_place(error), "message": error.message}
        case other:
            raise other


def _place(error: GraphQLError) -> dict[str, Any]:
    locations = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {**({"path": error.path} if error.path else {}), "locations": locations}


def spoken(refusal: Refusal) -> str:
    """A refusal of REST in one sentence: GraphQL has no list of what is wrong with fields."""
    texts = [error if isinstance(error, str) else error.get("message", "") for error in refusal.errors]
    return "; ".join(text for text in texts if text) or refusal.message


def of_document(errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
    """The errors of a document that does not fit the schema."""
    return [_of_document(error) for error in errors]


def _of_document(error: GraphQLError) -> dict[str, Any]:
    message, extensions = error.message, {}
    if found := UNKNOWN_FIELD.match(error.message):
        name, kind = found.groups()
        message = f"Field '{name}' doesn't exist on type '{kind}'"
        extensions = {"code": "undefinedField", "typeName": kind, "fieldName": name}
    elif found := UNKNOWN_ARGUMENT.match(error.message):
        argument, _, name = found.groups()
        message = f"Field '{name}' doesn't accept argument '{argument}'"
        extensions = {"code": "argumentNotAccepted", "name": name, "typeName": "Field", "argumentName": argument}
    elif found := UNDEFINED_VARIABLE.match(error.message):
        message = f"Variable ${found[1]} is used by anonymous query but not declared"
        extensions = {"code": "variableNotDefined", "variableName": found[1]}
    elif found := UNUSED_VARIABLE.match(error.message):
        message = f"Variable ${found[1]} is declared by {found[2] or 'anonymous query'} but not used"
        extensions = {"code": "variableNotUsed", "variableName": found[1]}
    return {**({"extensions": extensions} if extensions else {}), **_place(error), "message": message}
