from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Call = Callable[[], Awaitable[Any]]


class AllFailedError(Exception):
    """Nothing worked; `errors` holds what went wrong, in order."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__(f"{len(errors)} attempts failed")
        self.errors = errors


def delays(attempts: int, first: float, factor: float = 2.0, longest: float = 60.0) -> list[float]:
    """Seconds to wait between so many attempts: each longer than the one before, none longer than `longest`.

    >>> delays(4, 1.0)
    [1.0, 2.0, 4.0]
    """
    return [min(first * factor**number, longest) for number in range(attempts - 1)]


async def retry(call: Call, attempts: int = 3, first: float = 0.0, only: type[Exception] = Exception) -> Any:
    """What the call returns, after at most so many attempts.

    Errors that are not of type `only` are raised at once. When every attempt fails: AllFailedError.
    """
    errors: list[Exception] = []
    for delay in [*delays(attempts, first), None]:
        try:
            return await call()
        except only as error:
            errors.append(error)
        if delay is not None:
            await asyncio.sleep(delay)
    raise AllFailedError(errors)


async def first_success(calls: list[Call]) -> Any:
    """The result of the first call that works; they are tried one after the other."""
    errors: list[Exception] = []
    for call in calls:
        try:
            return await call()
        except Exception as error:
            errors.append(error)
    raise AllFailedError(errors)


async def within(call: Call, seconds: float, fallback: Any = None) -> Any:
    """The result of a call, or the fallback when it takes too long."""
    try:
        return await asyncio.wait_for(call(), seconds)
    except TimeoutError:
        return fallback


async def all_within(calls: dict[str, Call], seconds: float, fallback: Any = None) -> dict[str, Any]:
    """All calls at the same time, each with its own time limit."""
    results = await asyncio.gather(*(within(call, seconds, fallback) for call in calls.values()))
    return dict(zip(calls, results, strict=True))
