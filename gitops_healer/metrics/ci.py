"""What CI said of the merge and what came after it, against what it said before."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.forge import OWN_RUN, VALIDATION, StatusState
from gitops_healer.core.upgrade import Upgrade
from gitops_healer.core.watching import Block, Measure, Reading
from gitops_healer.evidence.ancestry import first_parents
from gitops_healer.metrics._series import Counted, Watch, watch_of
from gitops_healer.metrics._sides import Sides
from gitops_healer.ports import CommitInfo, Repository
from gitops_healer.registry import Scene, metric

CANCELLED: Final = "cancelled"
"""Somebody, or a newer push, ended the run: that says nothing of the commit, though a gate may not let it pass."""
BEFORE: Final = 20
"""Runs of one check that are compared with."""
FURTHEST: Final = 40
"""Commits before the merge that are asked about."""
SINCE: Final = 50
SILENT: Final = 5
"""Where so many commits before the merge have no check there is no CI. A check that is not among those of so many
commits is not in use any more."""
SETTLED: Final = timedelta(hours=6)
"""Of a commit that is so old CI says nothing new by itself."""


AGAIN: Final = timedelta(hours=1)
"""A check can be run again: so often the merge and the newest commit are asked about when all of theirs has ended."""
BEGUN: Final = timedelta(minutes=30)
"""Within that time after a commit its checks may not all be there yet."""


@dataclass(frozen=True)
class Said:
    context: str
    failed: bool


@dataclass(frozen=True)
class Answer:
    """What was said of a commit, and nothing of it is pending. at: when it was asked."""

    at: datetime
    said: tuple[Said, ...]


@metric
def ci(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """Outcomes of CI on the default branch: a subject each check.

    Before: the newest 20 commits before the merge, parent by first parent, that this check reported on. After: the
    merge and those that followed it, until it was taken back. What is pending or could not be decided counts as
    nothing. Answers that are final are remembered; what is still running is asked about anew, the merge and the newest
    commit once an hour as well, since a check can be run again.
    """
    watch = watch_of(upgrade, scene.now)
    if watch is None or upgrade.merged is None:
        return
    merged, newest = upgrade.merged.commit, scene.commit
    sides = Sides(scene.repository, upgrade.merged, newest)
    since = [info for info in _since(scene.repository, newest, merged, watch) if sides.after(info.id)]
    after = [(info, _said(scene, info, merged, newest)) for info in since]
    before = _before(scene, upgrade.merged.parent, merged, newest)
    used = {said.context for _, says in [*before[:SILENT], *after] for said in says}
    for context in sorted(used):
        yield _reading(context, [says for _, says in before], after, watch)


_Told = list[tuple[CommitInfo, tuple[Said, ...]]]


def _before(scene: Scene, parent: str, merged: str, newest: str) -> _Told:
    """Newest first."""
    told: _Told = []
    runs = Counter[str]()
    for info in islice(first_parents(scene.repository, parent), FURTHEST):
        told.append((info, _said(scene, info, merged, newest)))
        runs.update(said.context for said in told[-1][1])
        if len(told) >= SILENT and not runs:
            break
        if len(told) >= BEFORE and min(runs.values()) >= BEFORE:
            break
    return told


def _since(repository: Repository, newest: str, merged: str, watch: Watch) -> list[CommitInfo]:
    """The merge and its descendants by first parent, oldest first, as far as they are of the watch."""
    found: list[CommitInfo] = []
    if repository.is_ancestor(merged, newest):
        for info in first_parents(repository, newest):
            found.append(info)
            if info.id == merged:
                break
        else:
            found = []  # the merge came in by another merge: only its own checks are about it
    found = found[::-1] or [repository.commit(merged)]
    return [info for info in found if info.id == merged or info.committer.when < watch.window.until][:SINCE]


def _said(scene: Scene, info: CommitInfo, merged: str, newest: str) -> tuple[Said, ...]:
    key = f"ci:2:{digest(info.id)}"
    known = load(scene.cache.get(key), Answer)
    if known is not None and (info.id not in (merged, newest) or _lasts(known, info, scene.now)):
        return known.said
    scene.progress(f"asking what CI said of {info.id[:10]}")
    checks = [status for status in scene.telemetry.checks(info.id) if status.context not in (VALIDATION, OWN_RUN)]
    checks = [status for status in checks if not status.description.lower().startswith(CANCELLED)]
    decided = {StatusState.SUCCESS: False, StatusState.FAILURE: True}
    said = tuple(Said(check.context, decided[check.state]) for check in checks if check.state in decided)
    done = bool(said) and not any(check.state is StatusState.PENDING for check in checks)
    if done or scene.now - info.committer.when > SETTLED:
        scene.cache.put(key, dump(Answer(scene.now, said)))
    return said


def _lasts(known: Answer, info: CommitInfo, now: datetime) -> bool:
    """Whether what the merge or the newest commit said is young enough, and was not asked too early."""
    return timedelta(0) <= now - known.at < AGAIN and known.at - info.committer.when > BEGUN


def _reading(context: str, before: Sequence[tuple[Said, ...]], after: _Told, watch: Watch) -> Reading:
    compared = list(islice((said.failed for says in before for said in says if said.context == context), BEFORE))
    blocks: dict[int, Counted] = {}
    for info, says in after:
        for said in says:
            if said.context == context:
                blocks.setdefault(watch.block(info.committer.when), Counted()).add(1, int(said.failed))
    made = tuple(Block(number, count.total, count.failed) for number, count in sorted(blocks.items()))
    return Reading(
        metric=ci.name,
        subject=context,
        before_total=len(compared),
        before_failed=sum(compared),
        after_total=sum(block.total for block in made),
        after_failed=sum(block.failed for block in made),
        distinct_failing=None,
        measure=Measure.RUNS,
        blocks=made,
        note="" if made else "it has not reported since the merge: merges with GITHUB_TOKEN start no checks",
    )
