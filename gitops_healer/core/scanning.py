"""What one scan of a commit says: facts of each module, what is wrong across modules, what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_healer.core.finding import Finding, Risk


@dataclass(frozen=True)
class Place:
    """Lines `start` to `end` (from 1, both included) of a file. symbol: dotted name of what stands there."""

    path: str
    start: int
    end: int
    symbol: str


@dataclass(frozen=True)
class CloneFamily:
    """Pieces of code that are copies of each other.

    kind: 1 (the same but for layout and comments), 2 (names and literals differ), 3 (statements differ as well);
    similarity: 0 to 1, the least of neighbours in the family; places: two or more, sorted; varies: what differs
    between the copies, as short texts (`'rows' -> 'columns'`); shape: stays the same when the code moves.
    """

    kind: int
    similarity: float
    places: tuple[Place, ...]
    varies: tuple[str, ...] = ()
    shape: str = ""


@dataclass(frozen=True)
class ImportCycle:
    """Modules that need each other while they are imported.

    modules: dotted names; edges: (importer, imported, line), dotted; cut: the edges of a smallest set without which
    nothing is left of the cycle (the smallest that was found, where finding the smallest would take too long).
    """

    modules: tuple[str, ...]
    edges: tuple[tuple[str, str, int], ...]
    cut: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Dependency:
    """One module imports another. source, target: paths; kind: load, lazy or typing (see `code.graph.EdgeKind`)."""

    source: str
    target: str
    line: int
    kind: str


@dataclass(frozen=True)
class ModuleSummary:
    """One Python file. name: dotted, "" where it is no module; reason: why it could not be analysed, else "";
    complexity: cyclomatic, summed over its functions; functions, classes: how many there are."""

    path: str
    name: str
    analyzable: bool
    reason: str
    lines: int
    complexity: int
    functions: int = 0
    classes: int = 0


@dataclass(frozen=True)
class Suggestion:
    """What could be done. kind: split_class, split_module, break_cycle, merge_duplicates, simplify, decouple,
    remove_dead_code, separate_concerns, restore_layers or apply_pattern; modules: paths."""

    id: str
    kind: str
    title: str
    risk: Risk
    priority: int
    modules: tuple[str, ...]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanStats:
    """files: Python files looked at; cached, parsed: blobs; seconds: wall clock."""

    files: int
    lines: int
    cached: int
    parsed: int
    seconds: float


@dataclass(frozen=True)
class ScanReport:
    """Everything that a scan found. known: findings left out because a baseline or an earlier ref had them;
    ignored: findings left out because a comment in the code says so (with its reason)."""

    ref: str
    commit: str
    modules: Mapping[str, ModuleSummary]
    dependencies: tuple[Dependency, ...]
    cycles: tuple[ImportCycle, ...]
    families: tuple[CloneFamily, ...]
    findings: tuple[Finding, ...]
    suggestions: tuple[Suggestion, ...]
    stats: ScanStats
    known: int = 0
    ignored: tuple[tuple[Finding, str], ...] = field(default=())
    notices: tuple[str, ...] = ()
