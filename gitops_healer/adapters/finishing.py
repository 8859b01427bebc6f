"""What a call gives in the end. Runs inside the sandbox: standard library only, on any Python from 3.8."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from typing import Any


def finished(result: Any, most: int) -> Any:
    """Awaitables awaited, generators and other iterators run to their end (of at most `most` items): else nothing of
    them would run."""
    if inspect.isawaitable(result):
        return asyncio.run(_awaited(result))
    if inspect.isasyncgen(result):
        return asyncio.run(_collected(result, most))
    if hasattr(type(result), "__next__") and iter(result) is result:
        return list(itertools.islice(result, most))
    return result


async def _awaited(result: Any) -> Any:
    return await result


async def _collected(result: Any, most: int) -> list[Any]:
    items: list[Any] = []
    async for item in result:
        items.append(item)
        if len(items) >= most:
            break
    return items
