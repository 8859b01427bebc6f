"""Whether a signal handler has interrupted what is to be done now: then nobody may wait for it to end."""

from __future__ import annotations

from sys import _getframe

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any


def is_interrupted(*functions: Callable[..., Any]) -> bool:
    """Whether this thread is within one of the functions already, above the one that asks.

    What these hold is not released before the handler ends. Only asked when something is held, so that holding costs
    nothing more.
    """
    codes = [function.__code__ for function in functions]
    frame: FrameType | None = _getframe(1).f_back
    while frame is not None and frame.f_code not in codes:
        frame = frame.f_back
    return frame is not None
