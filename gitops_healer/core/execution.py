"""Executions: what production tells us about a tool (a monitored function)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Frame:
    """One traceback entry. line: from 1; file: repository-relative where it lies in the repository."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class ExecutionFailure:
    """type: the exception's class name, dotted unless builtin; frames: innermost last."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Execution:
    """One call of a tool. tool: `pkg.mod:qualname`; ts: aware, UTC; payloads are canonical JSON text
    (`args` a JSON array, `kwargs` an object, `result` any value), or None when they were not recorded.
    cut: what was recorded but too long to be kept: inputs, result, message, frames; unreplayable: why the recorded
    inputs are not those of the call (redacted, not JSON), "" when they are; caller: where the tool was called from,
    None when it was not recorded."""

    id: str
    tool: str
    ts: datetime
    ok: bool
    duration_ms: float | None = None
    args: str | None = None
    kwargs: str | None = None
    result: str | None = None
    error: ExecutionFailure | None = None
    commit: str | None = None
    cut: tuple[str, ...] = ()
    unreplayable: str = ""
    caller: Frame | None = None

    @property
    def replayable(self) -> bool:
        return not self.unreplayable and (self.args is not None or self.kwargs is not None)


@dataclass(frozen=True)
class ToolStats:
    """Counts of one tool in one window. failures_by: (error type, count), most frequent first; durations in ms."""

    tool: str
    total: int
    failed: int
    first: datetime
    last: datetime
    median_ms: float | None = None
    p95_ms: float | None = None
    distinct_failing_inputs: int = 0
    failures_by: tuple[tuple[str, int], ...] = ()

    @property
    def success_rate(self) -> float:
        """Between 0 and 1; 1 when there was no call."""
        return 1.0 - self.failed / self.total if self.total else 1.0


@dataclass(frozen=True)
class Slice:
    """Every call of one tool at one commit in one step of time. start: aware, UTC; commit: None when it is not known;
    failed of total; latency: (bucket, calls), see `core.latency`; calls that were not timed are in no bucket; errors:
    (error type, failures), where the type is known."""

    start: datetime
    commit: str | None
    total: int
    failed: int
    latency: tuple[tuple[int, int], ...] = ()
    errors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Pruned:
    """What a clean-up removed. payloads: calls that stay without inputs, result, frames; calls: that stay as counts;
    counts: by the minute that stay as counts by the hour."""

    payloads: int
    calls: int
    counts: int
