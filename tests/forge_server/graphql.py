"""The GraphQL endpoint: a document is checked against GitHub's schema and answered from the state of the forge.

Every rule is that of REST: resolvers call the same functions. What is wrong is said in GitHub's shape and words."""

from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from tests.forge_server import graphql_repository, graphql_write
from tests.forge_server.clock import stamp
from tests.forge_server.errors import Refusal
from tests.forge_server.graphql_errors import Problem, of_document, of_execution
from tests.forge_server.graphql_paging import Info, Node
from tests.forge_server.graphql_reader import Reader, actor
from tests.forge_server.state import Forge, Token

SCHEMA = Path(__file__).with_name("graphql_schema.graphql")
DOCUMENTATION = "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authentication"
MOST_ERRORS = 20


def answer(
    forge: Forge, caller: Token, document: str, variables: dict[str, Any] | None = None, operation: str | None = None
) -> tuple[int, dict[str, Any]]:
    """(status, body). What is wrong with a document or with a field is told with status 200, as GitHub does."""
    if caller.kind == "anonymous":
        text = "This endpoint requires you to be authenticated."
        return 401, {"message": text, "documentation_url": DOCUMENTATION, "status": "401"}
    try:
        parsed = parse(document)
    except GraphQLError as error:
        return 200, {"errors": of_document([error])}
    if wrong := validate(schema(), parsed, max_errors=MOST_ERRORS):
        return 200, {"errors": of_document(wrong)}
    done = execute_sync(
        schema(), parsed, _root(forge, caller), variable_values=variables or {}, operation_name=operation,
        field_resolver=_field,
    )  # fmt: skip
    if done.data is None and done.errors and all(error.path is None for error in done.errors):
        return 200, {"errors": of_document(done.errors)}
    return 200, {"data": done.data, **({"errors": of_execution(done.errors)} if done.errors else {})}


@cache
def schema() -> GraphQLSchema:
    """The pruned schema, and how the fields of its root are found."""
    built = build_schema(SCHEMA.read_text("utf-8"), assume_valid=True)
    mutation = built.mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    for name, field in mutation.fields.items():
        field.resolve = _mutation(graphql_write.MUTATIONS[name])
    return built


def _field(node: Node, info: Info, **arguments: Any) -> Any:
    """A field of a node. One that the node does not have is a bug of ours and no null."""
    value = node[info.field_name]
    return value(info, **arguments) if callable(value) else value


def _mutation(act: graphql_write.Mutation) -> Any:
    def resolve(root: Node, info: Info, input: dict[str, Any]) -> Node:
        payload = act(root["forge"], root["caller"], input)
        return {**payload, "clientMutationId": input.get("clientMutationId")}

    return resolve


def _root(forge: Forge, caller: Token) -> Node:
    return {
        "forge": forge,
        "caller": caller,
        "id": "QUERY",
        "viewer": lambda info: _viewer(forge, caller),
        "repository": lambda info, owner, name, **a: _repository(forge, caller, owner, name),
        "node": lambda info, id: graphql_repository.node(forge, caller, id),
        "nodes": lambda info, ids: _nodes(forge, caller, ids),
        "rateLimit": lambda info, **a: _rate_limit(forge, caller),
    }


def _viewer(forge: Forge, caller: Token) -> Node:
    """Who calls. A token of an installation is shown as the user that its bot is, with `[bot]`."""
    shown = actor(forge, caller.login) or {}
    return {**shown, "__typename": "User", "login": caller.login, "isViewer": True}


def _repository(forge: Forge, caller: Token, owner: str, name: str) -> Node:
    missing = Problem("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    try:
        found = forge.repository(f"{owner}/{name}")
        see = Reader(found, caller)
        see.needs("metadata:read")
    except Refusal:
        raise missing from None
    return graphql_repository.repository_node(see)


def _nodes(forge: Forge, caller: Token, ids: list[str]) -> list[Node | None]:
    if len(ids) > 100:
        text = f"You may not provide more than 100 node ids; you provided {len(ids)}."
        raise Problem("ARGUMENT_LIMIT", text)
    return [graphql_repository.node(forge, caller, node_id) for node_id in ids]


def _rate_limit(forge: Forge, caller: Token) -> Node:
    used = forge.calls_by_token.get(caller.value, 0)
    limit = forge.options.rate_limit
    reset = stamp(forge.clock.now().replace(minute=59, second=59))
    return {"limit": limit, "cost": 1, "used": used, "remaining": max(0, limit - used), "resetAt": reset}
