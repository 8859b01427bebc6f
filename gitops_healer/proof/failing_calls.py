"""Recorded calls that failed since a merge, and calls that passed, to be made again on any commit."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from gitops_healer.core.calls import Seen
from gitops_healer.core.execution import Execution
from gitops_healer.core.sampling import input_of, stratified
from gitops_healer.registry import Scene

MOST: Final = 20
READ: Final = 2000
_SHOWN: Final = 90


class Kind(NamedTuple):
    """What tells one failure from another on any commit, wherever the code has moved to. error: name of the exception
    without its module; function: the innermost one of the repository, "" where no frames were recorded."""

    error: str
    function: str = ""

    @classmethod
    def of(cls, error: str, frames: Sequence[tuple[str, int, str]]) -> "Kind":
        own = [function for file, _, function in frames if _is_own(file)]
        return cls(error.rpartition(".")[2], last_name(own[-1]) if own else "")

    def same(self, other: "Kind") -> bool:
        """Where one side knows no function, the exception decides; where it was not recorded, any is the same."""
        alike = not self.error or not other.error or self.error == other.error
        return alike and (not self.function or not other.function or self.function == other.function)

    def __str__(self) -> str:
        return f"{self.error}{' in ' if self.function else ''}{self.function}"


@dataclass(frozen=True)
class Recorded:
    """A call that can be made again. kind: how it failed, None when it passed; usual: the tool failed in this way
    before the merge as well, so that failing tells little of what is new."""

    tool: str
    call: Execution
    kind: Kind | None
    usual: bool = False

    def fails_as_recorded(self, seen: Seen) -> bool:
        return self.kind is not None and not seen.ok and not seen.lost and self.kind.same(kind_of(seen))

    def __str__(self) -> str:
        args, kwargs = input_of(self.call)
        given = ", ".join(part for part in (args[1:-1], kwargs[1:-1]) if part.strip())
        return f"{self.tool}({_cut(given)})"


@dataclass(frozen=True)
class Material:
    """failing, passing: at most `MOST` of each, every kind of error and of input before any comes again; frames: of
    all failures that were read, repository paths only; obstacles: why others cannot be made again -> how many."""

    failing: tuple[Recorded, ...] = ()
    passing: tuple[Recorded, ...] = ()
    frames: frozenset[tuple[str, str]] = frozenset()
    obstacles: Mapping[str, int] = field(default_factory=dict)


def material(
    scene: Scene,
    tools: Mapping[str, Sequence[str]],
    since: datetime,
    opened: datetime,
    after: Callable[[Execution], bool],
) -> Material:
    """tools: name of today -> names under which its calls were recorded; since: the oldest that are looked at;
    opened: the moment of the merge; after: whether a call belongs to the time after it."""
    failed = {name: _read(scene, names, since, ok=False) for name, names in tools.items()}
    passed = {name: _read(scene, names, since, ok=True) for name, names in tools.items()}
    read = {name: [call for call in calls if after(call)] for name, calls in failed.items()}
    old = {name: _read(scene, names, since, ok=False, until=opened) for name, names in tools.items()}
    usual = {name: {_kind(call) for call in calls if not after(call)} for name, calls in old.items()}
    obstacles = Counter(why for calls in read.values() for call in calls if (why := obstacle(call)))
    frames = {
        (frame.file, last_name(frame.function))
        for calls in read.values()
        for call in calls
        for frame in (call.error.frames if call.error else ())
        if _is_own(frame.file)
    }
    failing = tuple(replace(one, usual=one.kind in usual[one.tool]) for one in _chosen(scene, read))
    return Material(failing, _chosen(scene, passed), frozenset(frames), dict(obstacles))


def obstacle(call: Execution) -> str:
    """Why a recorded call cannot be made again, "" when it can."""
    if call.unreplayable:
        return call.unreplayable
    if "inputs" in call.cut:
        return "inputs too long to be kept"
    return "" if call.replayable else "inputs not recorded"


def kind_of(seen: Seen) -> Kind:
    return Kind.of(seen.error_type, seen.frames)


def shown(seen: Seen | None) -> str:
    """How a call ended, in words."""
    if seen is None or seen.lost:
        return "cannot be called"
    if seen.ok:
        return f"gives {_cut(seen.detail or seen.value or 'None')}"
    return f"fails with {seen.error_type}{': ' if seen.detail else ''}{_cut(seen.detail)}"


def last_name(function: str) -> str:
    """`total` of `Cart.total` and of `report.<locals>.total`."""
    return function.rpartition(".")[2]


def _read(
    scene: Scene, names: Sequence[str], since: datetime, *, ok: bool, until: datetime | None = None
) -> Sequence[Execution]:
    store = scene.executions
    return [call for name in names for call in store.executions(name, since=since, until=until, ok=ok, limit=READ)]


def _chosen(scene: Scene, read: Mapping[str, Sequence[Execution]]) -> tuple[Recorded, ...]:
    """Of all tools, each gets its share."""
    usable = {name: [call for call in calls if not obstacle(call)] for name, calls in read.items()}
    usable = {name: calls for name, calls in usable.items() if calls}
    found: list[Recorded] = []
    for left, (name, calls) in zip(range(len(usable), 0, -1), usable.items(), strict=True):
        share = -(-(MOST - len(found)) // left)
        found += [Recorded(name, call, _kind(call)) for call in stratified(calls, share, now=scene.now)]
    return tuple(found)


def _kind(call: Execution) -> Kind | None:
    if call.ok:
        return None
    if call.error is None:
        return Kind("")
    return Kind.of(call.error.type, [(frame.file, frame.line, frame.function) for frame in call.error.frames])


def _is_own(file: str) -> bool:
    """Repository paths are relative; what lies elsewhere was recorded with its whole path, or as `<frozen ...>`."""
    return bool(file) and not file.startswith(("/", "<")) and "site-packages/" not in file and ":\\" not in file


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
