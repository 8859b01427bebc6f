"""Records the calls of a program's functions, for gitops_healer to learn from. Standard library only.

    from gitops_healer.recorder import tool

    @tool
    def average(ratings): ...

Calls behave as without it. docs/recorder.md says what is written where, what it costs and what can be lost.
"""

from __future__ import annotations

from gitops_healer.recorder.entry import Statistics
from gitops_healer.recorder.recording import RECORDING
from gitops_healer.recorder.wrapping import BaseTool, Characteristics, tool

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from gitops_healer.recorder.lines import Sink

__all__ = ["BaseTool", "Characteristics", "Statistics", "configure", "flush", "statistics", "tool"]


def configure(
    *,
    directory: str | os.PathLike[str] | None = None,
    sink: Sink | None = None,
    commit: str | None = None,
    sample: float | None = None,
    redact: Callable[[str], str] | None = None,
    clock: Callable[[], int] | None = None,
    enabled: bool = True,
) -> None:
    """Say where and how calls are recorded; without it they go to files beside the git directory of the source.

    directory: of the JSON Lines files; sink: an object with `write(bytes)`, `forked()` and `close()`, such as those of
    `recorder.sqlite`, `recorder.postgresql` and `recorder.otlp`; commit: the revision that runs; sample: share of
    successful calls that are written down with their inputs, 1.0 for all and 0.0 for none (by default five a second,
    each tool); redact: a function from text to text that is applied after ours; clock: nanoseconds since 1970, for
    programs that live in another time; enabled: False records nothing.
    """
    if sink is None and directory is not None:
        from gitops_healer.recorder.spool import Spool

        sink = Spool(directory)
    RECORDING.configure(sink, commit, sample, redact, clock, enabled)


def flush() -> None:
    """Write what was counted so far."""
    RECORDING.flush()


def statistics() -> Statistics:
    """What became of the calls of this process, see `Statistics`."""
    return RECORDING.statistics
