"""Connections: pages of nodes as GitHub cuts them, with its limits and its words."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from tests.forge_server.graphql_errors import Problem

Node = dict[str, Any]
Info = GraphQLResolveInfo[Any]
T = TypeVar("T")
LARGEST = 100
LISTS = frozenset({"nodes", "edges"})


def connection(
    info: Info, items: Sequence[T], show: Callable[[T], Node], arguments: dict[str, Any], **more: Any
) -> Node:
    """The page of `items` that first, last, after and before ask for; only what is on it is shown.
    Raises Problem without first or last, where nodes are asked for, and with more than 100."""
    start, stop = _bounds(info, len(items), arguments)
    shown = [show(item) for item in items[start:stop]]
    cursors = [cursor(index) for index in range(start, stop)]
    return {
        "nodes": shown,
        "edges": [{"cursor": at, "node": node} for at, node in zip(cursors, shown, strict=True)],
        "totalCount": len(items),
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": stop < len(items),
            "hasPreviousPage": start > 0,
        },
        **more,
    }


def _bounds(info: Info, total: int, arguments: dict[str, Any]) -> tuple[int, int]:
    first, last = arguments.get("first"), arguments.get("last")
    name = info.field_name
    if first is None and last is None:
        if _asks_for_lists(info):
            text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            raise Problem("MISSING_PAGINATION_BOUNDARIES", text)
        return 0, 0
    for word, size in (("first", first), ("last", last)):
        if size is not None and size > LARGEST:
            text = f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
            raise Problem("EXCESSIVE_PAGINATION", text)
        if size is not None and size < 0:
            raise Problem("INVALID_PAGINATION", f"`{word}` on the `{name}` connection cannot be less than zero.")
    start = 0 if (after := arguments.get("after")) is None else position(after) + 1
    stop = total if (before := arguments.get("before")) is None else min(position(before), total)
    if first is not None:
        stop = min(stop, start + first)
    if last is not None:
        start = max(start, stop - last)
    return min(start, total), max(min(start, total), stop)


def cursor(index: int) -> str:
    return base64.b64encode(f"cursor:v2:{index}".encode()).decode()


def position(text: str) -> int:
    """The place that a cursor stands for. Raises Problem for what is none of ours."""
    try:
        return int(base64.b64decode(text, validate=True).removeprefix(b"cursor:v2:"))
    except ValueError:
        raise Problem("INVALID_CURSOR_ARGUMENTS", f"`{text}` does not appear to be a valid cursor.") from None


def _asks_for_lists(info: Info) -> bool:
    sets = [node.selection_set for node in info.field_nodes if node.selection_set]
    while sets:
        for selection in sets.pop().selections:
            match selection:
                case FieldNode() if selection.name.value in LISTS:
                    return True
                case InlineFragmentNode():
                    sets.append(selection.selection_set)
                case FragmentSpreadNode():
                    sets.append(_fragment(info, selection))
    return False


def _fragment(info: Info, spread: FragmentSpreadNode) -> SelectionSetNode:
    definition = info.fragments[spread.name.value]
    return getattr(definition, "definition", definition).selection_set
