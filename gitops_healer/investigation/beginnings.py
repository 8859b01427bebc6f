"""Which commit began it: where the failing share of the recorded commits jumps, and which commit between the last good
and the first bad one changed something that the failing code relies on."""

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from gitops_healer.code.parsing import parsed
from gitops_healer.core.analysis.statistics import binomial_deviance
from gitops_healer.core.analysis.types import CommitCount
from gitops_healer.core.diagnosis import Beginning, Place
from gitops_healer.errors import HealerError
from gitops_healer.investigation.changing import changed_symbols
from gitops_healer.investigation.reach import Reach, Symbol, named_nodes
from gitops_healer.ports import CommitInfo
from gitops_healer.registry import Scene

COMMITS_BACK: Final = 1000
SUSPECTS: Final = 60
LIKELY: Final = 15.0
"""The likelihood ratio (G, 1 degree of freedom) of a jump: p < 0.0002, so that some tens of commits may be tried."""
RISE: Final = 0.01
TIMES: Final = 4.0
"""The failing share must rise by one point and fourfold, or by ten points."""
CONFIGURES: Final = (".toml", ".cfg", ".ini", ".txt", ".lock", ".yml", ".yaml", ".json", ".csv", ".env")
"""Ends of the names of files that are no code and can still change what a program does: settings, pins, data."""
FAR: Final = 99


@dataclass(frozen=True)
class Start:
    """How it began.

    beginning: with the commit where one stands out; symbol: what that commit changed of what the failing code relies
    on, None when only the number of commits tells; distance: from the failing code; clean: nothing failed so before, of
    `before` calls; place: the line that the commit wrote there, where it wrote one; earlier: recorded commits before
    it; named: the code at hand names a file that the commit changed.
    """

    beginning: Beginning
    symbol: Symbol | None = None
    distance: int = FAR
    clean: bool = False
    before: int = 0
    place: Place | None = None
    earlier: frozenset[str] = frozenset()
    named: bool = False


def start_of(scene: Scene, counts: Sequence[CommitCount], reach: Reach, lines: Sequence[Place]) -> Start | None:
    """None when the recorded commits do not tell. lines: in the repository that failures went through, innermost
    last."""
    try:
        newest = list(scene.repository.log(scene.commit, limit=COMMITS_BACK))
        jump = _jump(list(reversed(newest)), counts)
        if jump is None:
            return None
        between = list(scene.repository.log(jump.bad, jump.good, SUSPECTS))
        start = replace(_start(scene, jump, between, reach), earlier=jump.earlier)
        return replace(start, place=_written(scene, start, reach, lines)) if start.symbol else start
    except HealerError:
        return None  # a shallow clone, a commit that is gone


@dataclass(frozen=True)
class Jump:
    """The last good and the first bad of the recorded commits; failed, total: calls up to the good one, at the commits
    `earlier`."""

    good: str
    bad: str
    failed: int
    total: int
    earlier: frozenset[str]


def _jump(oldest: Sequence[CommitInfo], counts: Sequence[CommitCount]) -> Jump | None:
    known = {info.id: place for place, info in enumerate(oldest)}
    rows = sorted(
        ((known[row.commit], row) for row in counts if row.commit in known and row.total), key=lambda pair: pair[0]
    )
    best: tuple[float, Jump] | None = None
    for cut in range(1, len(rows)):
        before, after = _sum(rows[:cut]), _sum(rows[cut:])
        low, high = before[0] / before[1], after[0] / after[1]
        if high - low < RISE or (high - low < 0.1 and high < TIMES * low):
            continue
        gain = _ratio(before, after)
        if gain >= LIKELY and (best is None or gain > best[0]):
            earlier = frozenset(str(row.commit) for _, row in rows[:cut])
            best = gain, Jump(str(rows[cut - 1][1].commit), str(rows[cut][1].commit), *before, earlier)
    return best[1] if best else None


def _sum(rows: Sequence[tuple[int, CommitCount]]) -> tuple[int, int]:
    return sum(row.failed for _, row in rows), sum(row.total for _, row in rows)


def _ratio(before: tuple[int, int], after: tuple[int, int]) -> float:
    whole = before[0] + after[0], before[1] + after[1]
    return binomial_deviance(*whole) - binomial_deviance(*before) - binomial_deviance(*after)


def _start(scene: Scene, jump: Jump, between: Sequence[CommitInfo], reach: Reach) -> Start:
    """The commit that changed what lies nearest to the failing code, where it is the only one so near."""
    suspects: list[tuple[int, CommitInfo, Symbol]] = []
    others: list[CommitInfo] = []
    for info in between:
        changed = changed_symbols(scene.repository, info)
        near = [(reach.distance[symbol], symbol.path, symbol.name) for symbol in changed if symbol in reach.distance]
        if near:
            distance, path, name = min(near)
            suspects.append((distance, info, Symbol(path, name)))
        elif any(symbol.path.endswith(CONFIGURES) for symbol in changed):
            others.append(info)
    clean = jump.failed == 0
    nearest = min((distance for distance, _, _ in suspects), default=FAR)
    closest = [one for one in suspects if one[0] == nearest]
    if len(closest) == 1:
        distance, info, symbol = closest[0]
        return Start(_beginning(info, jump, by_code=True), symbol, distance, clean, jump.total)
    able = [info for _, info, _ in suspects] or others
    if len(able) == 1:
        named = _names_file(reach, changed_symbols(scene.repository, able[0]))
        return Start(_beginning(able[0], jump, by_code=False), None, FAR, clean, jump.total, named=named)
    when = (able or between)[0].committer.when
    return Start(Beginning(when, None, jump.good, by_executions=True), None, FAR, clean, jump.total)


def _names_file(reach: Reach, changed: Collection[Symbol]) -> bool:
    """Whether a module at hand has a text with the name of a changed file in it, as one that opens it has."""
    names = {symbol.path.rpartition("/")[2] for symbol in changed if not symbol.name}
    trees = (reach.module(path).tree for path in {symbol.path for symbol in reach.distance})
    texts = (part.value for tree in trees if tree for part in ast.walk(tree) if isinstance(part, ast.Constant))
    return any(isinstance(text, str) and name in text for text in texts for name in names)


def _beginning(info: CommitInfo, jump: Jump, *, by_code: bool) -> Beginning:
    subject = info.message.strip().partition("\n")[0]
    return Beginning(info.committer.when, info.id, jump.good, info.author.name, subject, True, by_code)


def _written(scene: Scene, start: Start, reach: Reach, lines: Sequence[Place]) -> Place | None:
    """The innermost line on the way of failures that the commit wrote, else the first that it wrote in what it changed,
    else where that begins."""
    commit, symbol = start.beginning.commit, start.symbol
    assert symbol is not None
    for place in reversed(lines):
        if place.line and commit in _blamed(scene, place.path, place.line, place.line):
            return place
    node = reach.node(symbol)
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    if not first:
        return None
    wrote = _blamed(scene, symbol.path, first, last)
    line = next((first + i for i, by in enumerate(wrote) if by == commit), 0)
    return Place(symbol.path, line or first + _removed(scene, str(commit), symbol), symbol.name)


def _removed(scene: Scene, commit: str, symbol: Symbol) -> int:
    """How many lines below the beginning of what it changed a commit took something away."""
    info = scene.repository.commit(commit)
    texts = [_text(scene.repository.read(at, symbol.path), symbol.name) for at in (info.parents[0], commit)]
    changes = SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes()
    return next((start for kind, _, _, start, _ in changes if kind != "equal"), 0)


def _text(source: bytes | None, name: str) -> list[str]:
    """The lines of a definition as it was."""
    tree = parsed(source or b"")
    node = dict(named_nodes(tree)).get(name) if tree else None
    lines = (source or b"").decode("utf-8", "replace").splitlines()
    return lines[getattr(node, "lineno", 1) - 1 : getattr(node, "end_lineno", 0)] if node else []


def _blamed(scene: Scene, path: str, first: int, last: int) -> tuple[str, ...]:
    try:
        return scene.repository.blame(scene.commit, path, first, last)
    except (HealerError, ValueError):
        return ()
