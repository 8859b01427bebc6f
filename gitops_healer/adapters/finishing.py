"""What a call gives in the end. Runs inside the sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from typing import Any


def finished(result: Any, most: int, items: list[Any] | None = None) -> Any:
    """Awaitables awaited, generators and other iterators run to their end (of at most `most` items): else nothing of
    them would run. items: takes in what they give, for whoever wants it also when the next one fails."""
    items = [] if items is None else items
    if inspect.isawaitable(result):
        return asyncio.run(_awaited(result))
    if inspect.isasyncgen(result):
        asyncio.run(_collect(result, most, items))
        return items
    if hasattr(type(result), "__next__") and iter(result) is result:
        for item in itertools.islice(result, most):
            items.append(item)
        return items
    return result


async def _awaited(result: Any) -> Any:
    return await result


async def _collect(result: Any, most: int, items: list[Any]) -> None:
    async for item in result:
        items.append(item)
        if len(items) >= most:
            break
