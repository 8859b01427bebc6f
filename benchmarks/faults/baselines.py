"""What people do without an investigation: look at the innermost line, or at the most frequent message."""

from collections import Counter

from faults.judge import Claim
from gitops_healer.core.execution import Execution, ExecutionFailure, Frame
from gitops_healer.registry import Scene

FAILURES = 1000
KINDS = {
    "ConnectionError": "dependency", "ConnectionRefusedError": "dependency", "ConnectionResetError": "dependency",
    "TimeoutError": "dependency", "HTTPError": "dependency", "OSError": "environment", "PermissionError": "environment",
    "FileNotFoundError": "environment", "MemoryError": "environment",
}  # fmt: skip
"""What the type of an error suggests; anything else suggests the input."""


def last_commit(scene: Scene, tool: str) -> list[Claim]:
    """The innermost frame that lies in the repository, and the commit that touched its line last."""
    found = scene.executions.executions(tool, ok=False, limit=FAILURES)
    frame = _innermost(scene, found)
    if frame is None:
        return []
    length = len((scene.code.source(frame.file) or b"").splitlines())
    line = min(frame.line, length)
    (commit,) = scene.repository.blame(scene.commit, frame.file, line, line)
    return [Claim("commit", frame.file, line, commit)]


def frequent_message(scene: Scene, tool: str) -> list[Claim]:
    """The error that is seen most, its line, and the kind of cause that its type suggests."""
    found = scene.executions.executions(tool, ok=False, limit=FAILURES)
    errors = Counter((one.error.type, one.error.message) for one in found if one.error)
    if not errors:
        return []
    (kind, message), _ = errors.most_common(1)[0]
    same = tuple(one for one in found if one.error and (one.error.type, one.error.message) == (kind, message))
    frame = _innermost(scene, same) or Frame("", 0, "")
    return [Claim(KINDS.get(kind.rpartition(".")[2], "input"), frame.file, frame.line)]


def _innermost(scene: Scene, found: tuple[Execution, ...]) -> Frame | None:
    """The newest of those in the function in which most failures end; `found` is newest first."""
    frames = [frame for one in found if one.error and (frame := _last(scene, one.error))]
    functions = Counter((frame.file, frame.function) for frame in frames).most_common(1)
    return (
        next((frame for frame in frames if (frame.file, frame.function) == functions[0][0]), None)
        if functions
        else None
    )


def _last(scene: Scene, error: ExecutionFailure) -> Frame | None:
    return next((frame for frame in reversed(error.frames) if scene.code.source(frame.file) is not None), None)
