"""Cut GitHub's GraphQL schema down to the types and fields of `graphql_fields.txt`.

    python -m tests.forge_server.graphql_prune PATH/TO/@octokit/graphql-schema/schema.graphql

writes `graphql_schema.graphql` beside this file. Arguments, enums and input types of a field that is kept are kept
whole, descriptions are not. A connection needs no line: its type keeps nodes, edges, pageInfo and totalCount.
"""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

from graphql import (
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
    visit,
)
from graphql.language import Visitor

HERE = Path(__file__).parent
HEAD = (
    "# GitHub's GraphQL schema, the part of it that graphql_fields.txt names; see graphql_prune.py for its source.\n\n"
)
CONNECTION = frozenset({"nodes", "edges", "pageInfo", "totalCount"})
EDGE = frozenset({"node", "cursor"})
FOLLOWED = (InputObjectTypeDefinitionNode, EnumTypeDefinitionNode, ScalarTypeDefinitionNode)
Fields = Mapping[str, frozenset[str]]


def wanted_fields(text: str) -> dict[str, frozenset[str]]:
    """Lines `Type: field field ...` (of a union: its members); an indented line goes on with the one above."""
    joined = re.sub(r"\n[ \t]+", " ", re.sub(r"#.*", "", text))
    pairs = (line.split(":", 1) for line in joined.splitlines() if line.strip())
    return {name.strip(): frozenset(fields.split()) for name, fields in pairs}


class _Names(Visitor):
    """Collects the names of the types that a node speaks of."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def enter_named_type(self, node: NamedTypeNode, *_: object) -> None:
        self.found.append(node.name.value)


class _Plain(Visitor):
    """Takes descriptions and directives out."""

    def enter(self, node: Node, *_: object) -> Node | None:
        changes = {key: empty for key, empty in (("description", None), ("directives", ())) if getattr(node, key, None)}
        if not changes:
            return None
        given = {key: getattr(node, key) for key in node.keys}
        return type(node)(**{**given, **changes})


def names_in(node: Node) -> list[str]:
    names = _Names()
    visit(node, names)
    return names.found


def pruned(source: str, wanted: Fields) -> str:
    """The SDL of what is wanted. A type or a field that the schema does not have is an error."""
    schema = visit(parse(source, no_location=True), _Plain())
    known = {node.name.value: node for node in schema.definitions if isinstance(node, TypeDefinitionNode)}
    if missing := sorted(set(wanted) - set(known)):
        raise SystemExit(f"graphql_fields.txt: the schema has no type {', '.join(missing)}")
    kept: dict[str, TypeDefinitionNode] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name in kept or name not in known:
            continue
        kept[name] = _cut(known[name], wanted)
        names = names_in(kept[name])
        waiting += [n for n in names if isinstance(known.get(n), FOLLOWED) or n.endswith(("Connection", "Edge"))]
        waiting += [n for n in names if n == "PageInfo"]
    return HEAD + "\n\n".join(print_ast(kept[name]) for name in sorted(kept)) + "\n"


def _cut(node: TypeDefinitionNode, wanted: Fields) -> TypeDefinitionNode:
    name = node.name.value
    given = {key: getattr(node, key) for key in node.keys}
    match node:
        case UnionTypeDefinitionNode():
            members = [member for member in node.types or () if member.name.value in wanted[name]]
            _all_there(name, wanted[name], {member.name.value for member in members})
            return UnionTypeDefinitionNode(**{**given, "types": tuple(members)})
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            interfaces = tuple(i for i in node.interfaces or () if i.name.value in wanted)
            fields = tuple(_fields(node, wanted))
            return type(node)(**{**given, "interfaces": interfaces, "fields": fields})
        case _:
            return node


def _fields(node: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode, wanted: Fields) -> list[FieldDefinitionNode]:
    name = node.name.value
    default = CONNECTION if name.endswith("Connection") else EDGE if name.endswith("Edge") else None
    names = wanted.get(name, default)
    if names is None or not names:
        return list(node.fields or ())
    fields = [field for field in node.fields or () if field.name.value in names]
    if name in wanted:
        _all_there(name, names, {field.name.value for field in fields})
    return fields


def _all_there(name: str, wanted: frozenset[str], found: set[str]) -> None:
    if missing := sorted(wanted - found):
        raise SystemExit(f"graphql_fields.txt: {name} of the schema has no {', '.join(missing)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, help="schema.graphql of the npm package @octokit/graphql-schema")
    wanted = wanted_fields((HERE / "graphql_fields.txt").read_text("utf-8"))
    text = pruned(parser.parse_args().source.read_text("utf-8"), wanted)
    (HERE / "graphql_schema.graphql").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
