"""Which commit began it: where the failing share of the recorded commits jumps, and which commit touched the code."""

from collections.abc import Sequence
from math import log
from typing import Final

from gitops_healer.core.analysis.types import CommitCount
from gitops_healer.core.diagnosis import Beginning, Place
from gitops_healer.errors import HealerError
from gitops_healer.ports import CommitInfo
from gitops_healer.registry import Scene

COMMITS_BACK: Final = 1000
SUSPECTS: Final = 50
LIKELY: Final = 15.0
"""The likelihood ratio (G, 1 degree of freedom) of a jump: p < 0.0002, so that some tens of commits may be tried."""
RISE: Final = 0.1
WORKS: Final = (".py", ".toml", ".cfg", ".ini", ".txt", ".lock", ".yml", ".yaml", ".json", ".env")
"""Ends of the names of files that can change what a program does: code, settings, pins."""


def beginning(scene: Scene, counts: Sequence[CommitCount], places: Sequence[Place]) -> Beginning | None:
    """The first bad commit, or None when the recorded commits do not tell. places: the failing lines, innermost last.

    by_code: it is the only commit between good and bad that touched one of the files, and wrote one of the lines or
    is alone between the two.
    """
    try:
        newest = list(scene.repository.log(scene.commit, limit=COMMITS_BACK))
        jump = _jump(list(reversed(newest)), counts)
        if jump is None:
            return None
        good, bad = jump
        between = list(scene.repository.log(bad, good, SUSPECTS))
        return _first_bad(scene, good, between, places)
    except HealerError:
        return None  # a shallow clone, a commit that is gone


def _jump(oldest: Sequence[CommitInfo], counts: Sequence[CommitCount]) -> tuple[str, str] | None:
    """The last good and the first bad of the recorded commits."""
    known = {info.id: place for place, info in enumerate(oldest)}
    rows = sorted(
        ((known[row.commit], row) for row in counts if row.commit in known and row.total), key=lambda pair: pair[0]
    )
    best: tuple[float, str, str] | None = None
    for cut in range(1, len(rows)):
        before, after = _sum(rows[:cut]), _sum(rows[cut:])
        if after[0] / after[1] - before[0] / before[1] < RISE:
            continue
        gain = _ratio(before, after)
        if gain >= LIKELY and (best is None or gain > best[0]):
            best = gain, str(rows[cut - 1][1].commit), str(rows[cut][1].commit)
    return best[1:] if best else None


def _sum(rows: Sequence[tuple[int, CommitCount]]) -> tuple[int, int]:
    return sum(row.failed for _, row in rows), sum(row.total for _, row in rows)


def _ratio(before: tuple[int, int], after: tuple[int, int]) -> float:
    whole = before[0] + after[0], before[1] + after[1]
    return 2 * (_likelihood(*before) + _likelihood(*after) - _likelihood(*whole))


def _likelihood(failed: int, total: int) -> float:
    return sum(part * log(part / total) for part in (failed, total - failed) if part)


def _first_bad(scene: Scene, good: str, between: Sequence[CommitInfo], places: Sequence[Place]) -> Beginning | None:
    paths = {place.path for place in places}
    touched = [info for info in between if _paths(scene, info) & paths]
    writers = {commit for place in places if place.line for commit in _wrote(scene, place)}
    wrote = [info for info in touched if info.id in writers]
    able = [info for info in between if any(path.endswith(WORKS) for path in _paths(scene, info))]
    narrowed = wrote if len(wrote) == 1 else touched if len(touched) == 1 else able
    if not narrowed:
        return None
    info = narrowed[0]
    single = len(narrowed) == 1
    by_code = single and info in touched
    return Beginning(
        info.committer.when,
        info.id if single else None,
        good,
        info.author.name if single else "",
        info.message.strip().partition("\n")[0] if single else "",
        by_executions=True,
        by_code=by_code,
    )


def _paths(scene: Scene, info: CommitInfo) -> set[str]:
    return set(scene.repository.changed_paths(info.parents[0], info.id)) if info.parents else set()


def _wrote(scene: Scene, place: Place) -> tuple[str, ...]:
    try:
        return scene.repository.blame(scene.commit, place.path, place.line, place.line)
    except (HealerError, ValueError):
        return ()
