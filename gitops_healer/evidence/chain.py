"""The commits of the base branch among which the culprit of something that got worse must be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.judgement.suspects import Place, Step, Tally
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Reading
from gitops_healer.evidence.ancestry import first_parents, named_commit
from gitops_healer.evidence.requirements import is_lock_file, is_requirement_file
from gitops_healer.evidence.tools import Tools
from gitops_healer.ports import CommitInfo, Repository
from gitops_healer.registry import Scene

MOST: Final = 300
_TEXTS: Final = frozenset({".md", ".rst", ".adoc", ".png", ".svg", ".jpg", ".gif"})
_TEXT_NAMES: Final = ("LICENSE", "LICENCE", "CHANGELOG", "CONTRIBUTING", "AUTHORS", "CODEOWNERS", "NOTICE", "README")
_TEXT_FOLDERS: Final = ("docs/", "doc/", ".github/")


@dataclass(frozen=True)
class Chain:
    """base: the last good commit; steps: what came after it, newest last; since: culprit -> the commit before it, for
    merges of ours that brought several commits; before: calls up to the base; tallies: calls of each step, where they
    recorded it; cut: why nothing can be searched among the steps, a sentence, "" when it can."""

    base: str
    head: str
    steps: tuple[Step, ...] = ()
    since: Mapping[str, str] = field(default_factory=dict)
    before: Tally = (0, 0)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    repository: Repository | None = None
    cut: str = ""

    def is_after(self, recorded: str) -> bool:
        """Whether a commit that a call recorded lies after the base."""
        commit = named_commit(self.repository, recorded) if self.repository else None
        if commit is None or self.repository is None:
            return False
        return commit != self.base and self.repository.is_ancestor(self.base, commit)


def chain_of(scene: Scene, up: Upgrade, upgrades: Sequence[Upgrade], blamed: Sequence[Reading]) -> Chain:
    """First parents of the scene's commit back to the last good one: the parent of the oldest merge of ours that is
    watched at the same time, and where calls of the blamed tools were bad at it already, the newest one before it at
    which they were fine."""
    assert up.merged is not None
    infos = list(islice(first_parents(scene.repository, scene.commit), MOST))
    place = {info.id: at for at, info in enumerate(infos)}  # newest first
    merges = [other.merged for other in _together(up, upgrades) if other.merged]
    goods = [good for merged in merges if (good := _before(merged, place)) is not None and good < len(infos)]
    if _before(up.merged, place) not in goods:
        return _cut_short(scene, up.merged, infos)
    recorded = _recorded(scene, up, place, blamed)
    at = _fine_since(recorded, max(goods), blamed)
    inside, since = _ranges([one.merged for one in upgrades if one.merged], infos, place)
    ours = {one.merged.commit: one.id for one in upgrades if one.merged} | {up.merged.commit: up.id}
    wanted = [info for info in reversed(infos[:at]) if info.id not in inside]
    before = _summed([tally for position, tally in recorded.items() if position >= at])
    tallies = {infos[position].id: tally for position, tally in recorded.items() if position < at}
    tools = Tools(scene)
    steps = tuple(
        _step(tools, scene.repository, info, ours.get(info.id, ""), since.get(info.id, "")) for info in wanted
    )
    return Chain(infos[at].id, scene.commit, steps, since, before, tallies, scene.repository)


def _before(merged: Merged, place: Mapping[str, int]) -> int | None:
    """The position of the base before a merge, which may lie behind the last one that is here; None when the merge is
    not among them."""
    at = place.get(merged.commit)
    return None if at is None else place.get(merged.parent, at + 1)


def _cut_short(scene: Scene, merged: Merged, infos: Sequence[CommitInfo]) -> Chain:
    """What came before the merge is not here: then its own commit must not be taken for the last good one."""
    repository, head = scene.repository, scene.commit
    here = repository.resolve(merged.commit) == merged.commit
    if here and not repository.is_ancestor(merged.commit, head):
        return Chain(merged.parent, head, cut="the merge is not on the branch any more: nothing to search among")
    lacking = "the clone ends before" if repository.is_shallow() else f"more than {MOST:,} commits came since"
    steps = tuple(Step(info.id, info.message.strip().partition("\n")[0], info.author.name) for info in reversed(infos))
    hint = " (git fetch --unshallow)" if repository.is_shallow() else ""
    cut = f"the last good commit is out of reach, {lacking}: nothing to search from{hint}"
    return Chain(merged.parent, head, steps, cut=cut)


def _together(up: Upgrade, upgrades: Sequence[Upgrade]) -> Iterator[Upgrade]:
    """Merges that may have begun to harm when this one did: those less than a window older, and itself."""
    assert up.merged is not None
    length = up.watched.window.until - up.watched.window.opened if up.watched else timedelta(0)
    yield up
    for other in upgrades:
        if other.id != up.id and other.merged and up.merged.at - length <= other.merged.at <= up.merged.at:
            yield other


def _recorded(scene: Scene, up: Upgrade, place: Mapping[str, int], blamed: Sequence[Reading]) -> dict[int, Tally]:
    """{position, newest first: calls of blamed tools at that commit}"""
    assert up.watched is not None
    found: dict[int, Tally] = {}
    for tool in dict.fromkeys(reading.subject for reading in blamed):
        rows = scene.executions.counts_by_commit(tool, up.watched.window.baseline_from, scene.now)
        for recorded, _, _, total, failed, _ in rows:
            commit = named_commit(scene.repository, recorded) if recorded else None
            if commit is not None and commit in place:
                found[place[commit]] = _summed([found.get(place[commit], (0, 0)), (total, failed)])
    return found


def _fine_since(recorded: Mapping[int, Tally], at: int, blamed: Sequence[Reading]) -> int:
    """`at`, or the newest older position with calls when those at or before it, the newest, failed too often."""
    allowed = _allowed(blamed)
    older = sorted(position for position in recorded if position >= at and recorded[position][0] > 0)
    for number, position in enumerate(older):
        total, failed = recorded[position]
        if failed < 2 or failed / total <= allowed:
            return at if number == 0 else position
    return at


def _allowed(blamed: Sequence[Reading]) -> float:
    """Half way between the failure rates before and after, of the reading that differs most."""
    rates = [
        (one.before_failed / one.before_total, one.after_failed / one.after_total)
        for one in blamed
        if one.before_total and one.after_total
    ]
    before, after = max(rates, key=lambda pair: pair[1] - pair[0], default=(0.0, 1.0))
    return (before + max(before, after)) / 2


def _ranges(
    merges: Sequence[Merged], infos: Sequence[CommitInfo], place: Mapping[str, int]
) -> tuple[frozenset[str], dict[str, str]]:
    """Commits inside of merges that brought several (by rebase), and {last commit of such a merge: the one before}."""
    inside: set[str] = set()
    since: dict[str, str] = {}
    for merged in merges:
        first, last = place.get(merged.parent), place.get(merged.commit)
        if first is None or last is None or first <= last + 1:
            continue
        inside |= {info.id for info in infos[last + 1 : first]}
        since[merged.commit] = merged.parent
    return frozenset(inside), since


def _step(tools: Tools, repository: Repository, info: CommitInfo, upgrade: str, since: str) -> Step:
    base = since or next((one for one in info.parents[:1] if repository.resolve(one)), "")
    title, author = info.message.strip().partition("\n")[0], info.author.name
    if not base:
        return Step(info.id, title, author, upgrade)
    paths = frozenset(repository.changed_paths(base, info.id))
    changes = tools.between(base, info.id)
    stood = [*changes.edited, *changes.came, *changes.gone, *(one for move in changes.moved for one in move[:2])]
    functions: frozenset[Place] = frozenset((one.path, one.symbol.rpartition(".")[2]) for one in stood)
    idle = all(is_test_path(path) or _is_text(path) for path in paths)
    everywhere = tuple(sorted(path for path in paths if not path.endswith(".py") and _reaches_all(path)))
    return Step(info.id, title, author, upgrade, paths, functions, () if idle else everywhere, idle)


def _reaches_all(path: str) -> bool:
    return is_requirement_file(path) or is_lock_file(path) or not (_is_text(path) or is_test_path(path))


def _is_text(path: str) -> bool:
    name = PurePosixPath(path)
    dependencies = is_requirement_file(path) or is_lock_file(path)
    plain = name.suffix.lower() in _TEXTS or name.name.upper().startswith(_TEXT_NAMES) or path.startswith(_TEXT_FOLDERS)
    return plain and not dependencies and name.suffix != ".py"


def _summed(tallies: Sequence[Tally]) -> Tally:
    return sum(total for total, _ in tallies), sum(failed for _, failed in tallies)
