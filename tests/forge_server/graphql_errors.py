"""What goes wrong in GraphQL, in GitHub's shape: a list beside the data, each with a type, a path and a place."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, VariableDefinitionNode, print_ast

from tests.forge_server.errors import Refusal

TYPES = {401: "FORBIDDEN", 403: "FORBIDDEN", 404: "NOT_FOUND", 409: "STALE_DATA"}


@dataclass(frozen=True)
class _Wording:
    """How GitHub says what the validator says: a pattern of the one, the other and its code."""

    pattern: re.Pattern[str]
    message: str
    code: str


WORDINGS = [
    _Wording(re.compile(pattern), message, code)
    for pattern, message, code in (
        (r"Cannot query field '(?P<fieldName>\w+)' on type '(?P<typeName>\w+)'",
         "Field '{fieldName}' doesn't exist on type '{typeName}'", "undefinedField"),
        (r"Unknown argument '(?P<argumentName>\w+)' on field '\w+\.(?P<name>\w+)'",
         "Field '{name}' doesn't accept argument '{argumentName}'", "argumentNotAccepted"),
        (r"Argument '\w+\.(?P<name>\w+)\((?P<arguments>\w+):\)' of type '.*' is required",
         "Field '{name}' is missing required arguments: {arguments}", "missingRequiredArguments"),
        (r"Variable '\$(?P<variableName>\w+)' is not defined",
         "Variable ${variableName} is used by anonymous query but not declared", "variableNotDefined"),
        (r"Variable '\$(?P<variableName>\w+)' is never used(?: in operation '(?P<operation>\w+)')?",
         "Variable ${variableName} is declared by {operation} but not used", "variableNotUsed"),
        (r"Field '(?P<nodeName>\w+)' of type '\W*(?P<type>\w+).*' must have a selection of subfields",
         "Field must have selections (field '{nodeName}' returns {type} but has no selections. "
         "Did you mean '{nodeName} {{ ... }}'?)", "selectionMismatch"),
        (r"Unknown fragment '(?P<fragmentName>\w+)'",
         "Fragment {fragmentName} was used, but not defined", "useAndDefineFragment"),
    )
]  # fmt: skip
INVALID_VALUE = re.compile(r"Variable '\$\w+' has invalid value(?: at (?P<path>[^:]+))?: (?P<why>.*)", re.S)
MISSING_FIELD = re.compile(r"Expected value of type '\w+' to include required field '(\w+)'")
UNKNOWN_INPUT = re.compile(r"Expected value of type '(\w+)' not to include unknown field '(\w+)'")
NOT_NULL = "Expected value to not be null"


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
    for wording in WORDINGS:
        if found := wording.pattern.match(error.message):
            names = {name: text or "anonymous query" for name, text in found.groupdict().items()}
            extensions = {"code": wording.code, **names}
            return {"extensions": extensions, **_place(error), "message": wording.message.format(**names)}
    if (found := INVALID_VALUE.match(error.message)) and error.nodes:
        return _of_variable(error, found)
    return {**_place(error), "message": error.message}


def _of_variable(error: GraphQLError, found: re.Match[str]) -> dict[str, Any]:
    """A value of a variable that does not fit its type."""
    path, why = (found["path"] or "").strip("."), found["why"]
    if missing := MISSING_FIELD.match(why):
        path, why = f"{path}.{missing[1]}", NOT_NULL
    elif unknown := UNKNOWN_INPUT.match(why):
        path, why = f"{path}.{unknown[2]}", f"Field is not defined on {unknown[1]}"
    elif why.startswith(("Expected a value of non-null type", "Expected value of non-null type")):
        why = NOT_NULL
    steps = re.findall(r"\w+", path)
    declared = error.nodes[0] if error.nodes else None
    assert isinstance(declared, VariableDefinitionNode)
    name, kind = declared.variable.name.value, print_ast(declared.type)
    at = f" for {'.'.join(steps)} ({why})" if steps else ""
    problems = [{"path": [int(step) if step.isdigit() else step for step in steps], "explanation": why}]
    message = f"Variable ${name} of type {kind} was provided invalid value{at}"
    return {"extensions": {"problems": problems}, **_place(error), "message": message}
