"""What trying changes in warm processes tells: who failed before, what ran where, how each candidate ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.core.testing import TestCase


class Ending(Enum):
    """How the trial of a candidate ended.

    PASSED: all chosen tests passed; FAILED: one did not; CRASHED: the process died; TIMED_OUT: it took too long or too
    much memory; UNLOADABLE: the change cannot be loaded (it does not compile, or does not fit the running program).
    """

    PASSED = "passed"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    UNLOADABLE = "unloadable"


@dataclass(frozen=True)
class Tried:
    """One candidate after its trial. number: its place in the order in which candidates were given, from 0.

    fixed: failing tests that pass with it, of those that were run; broken: the first test that passed before and does
    not now, "" when there is none; passed: how many tests passed; reached: `path:line error` of how the first test
    that still fails does so, by which progress inside one test is seen, "" when none fails; warm: without a fresh
    import.
    """

    number: int
    ending: Ending
    fixed: tuple[str, ...] = ()
    broken: str = ""
    passed: int = 0
    reached: str = ""
    warm: bool = True


@dataclass(frozen=True)
class Opened:
    """The unchanged suite as seen by processes in which candidates are tried.

    cases: one a test, with time, error and frames; problem: why nothing can be tried here, a sentence, else "";
    notes: what users should know (flaky tests left out, files that cannot be imported, tests that write files);
    loaded: paths of the project that were imported while the tests were collected.
    """

    cases: tuple[TestCase, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()


Line = tuple[str, int]


@dataclass(frozen=True)
class Seen:
    """Values at run time, sampled while tests ran.

    types: (path, line) -> name -> type names (`int`, `list[str]`, `NoneType`, `shop.Order`) of the variables that
    were bound when the line was about to run; `self.x` and `other.x` stand for attributes of objects of the project;
    values: the same with some short reprs; returns: (path, first line of the function) -> type names of what it gave.
    """

    types: Mapping[Line, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    values: Mapping[Line, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    returns: Mapping[Line, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """covered: test id -> path -> lines that ran; functions: the same with first lines of functions that were called
    (known for all traced tests, where `covered` may hold only the functions that failing tests ran)."""

    covered: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)
    functions: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)


@dataclass(frozen=True)
class Observed:
    """What several versions of one function do on the same calls.

    calls: as they would be written, `f([1, 2], k=3)`; tested: whether a test made that call (else it was made by
    changing such a call a little); endings: number of the change (-1: unchanged) -> one ending a call: `= repr`
    (followed by `; self: …` or `; x: …` where the call changed its arguments), `! ErrorType: message`, `~` when it took
    too long or cannot be compared. Asked for whole, an ending is `{"ok", "value", "detail", "type", "deliberate",
    "arguments"}` as JSON, as in `core.calls.Seen`, or `~`.
    """

    calls: tuple[str, ...] = ()
    tested: tuple[bool, ...] = ()
    endings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
