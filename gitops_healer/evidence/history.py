"""The versions of one function: what each commit made of it, who did, and what calls of it came to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from gitops_healer.code.history import Step, Trace
from gitops_healer.code.history_names import last_seen, spellings
from gitops_healer.code.history_reading import Reader, Snapshot, plain
from gitops_healer.core.history import History
from gitops_healer.core.trailers import Trailers
from gitops_healer.core.versions import Kind, Place, SymbolVersion
from gitops_healer.errors import UsageError
from gitops_healer.ports import CommitInfo, Repository
from gitops_healer.registry import Scene

_SQUASHED: Final = re.compile(r"\(#(\d+)\)\s*$")
_MERGED: Final = re.compile(r"^Merge (?:pull request|PR|merge request) [#!](\d+)\b")
_REVERTS: Final = re.compile(r"^This reverts commit ([0-9a-f]{7,40})\b", re.MULTILINE)
_MOST_NAMED: Final = 8
_LONGEST_SHOWN: Final = 200


def history_of(scene: Scene, tool: str, everything: bool = False) -> tuple[SymbolVersion, ...]:
    """All versions of a function (method, class, nested function), newest first; empty when it never was.

    tool: `pkg.mod:qualname`, or any spelling that `code.history_names` knows, also of a function that was deleted.
    everything: with what is no version (`Kind.is_version`). Raises UsageError when the name fits several functions.
    """
    place = place_of(scene, tool)
    trace = Trace(scene.repository, scene.commit, scene.progress)
    steps = trace.steps(place.path, place.symbol) if place is not None else tuple(_deleted(scene, trace, tool))
    return _numbered(scene, [step for step in _settled(steps) if everything or step.kind.is_version])


def place_of(scene: Scene, tool: str) -> Place | None:
    """Where the function of that name stands now, or None. Raises UsageError when it fits several."""
    known = scene.code.locate(tool)
    if known is not None:
        return Place(known.path, known.symbol)
    for spelling in spellings(tool):
        if not spelling.module and "." not in tool and ":" not in tool:
            return _by_name(scene, tool)
        found = [
            Place(path, item.qualname)
            for path in scene.code.paths()
            if spelling.fits(path)
            for item in scene.code.facts(path).definitions
            if plain(item.qualname) == spelling.symbol and not item.accessory
        ]
        if found:
            return _only(tool, found)
    return None


def _by_name(scene: Scene, name: str) -> Place | None:
    found = [
        Place(module.path, item.qualname)
        for module in scene.code.modules()
        for item in module.facts.definitions
        if item.qualname.rpartition(".")[2] == name and not item.accessory
    ]
    return _only(name, found) if found else None


def _only(name: str, found: Sequence[Place]) -> Place:
    """Definitions with the same name in the same file are one: the last one counts."""
    different = list(dict.fromkeys(found))
    if len(different) > 1:
        listed = ", ".join(f"{place.path}:{place.symbol}" for place in different[:_MOST_NAMED])
        more = f" and {len(different) - _MOST_NAMED} more" if len(different) > _MOST_NAMED else ""
        raise UsageError(f"{name} fits {len(different)} functions. Give one of them: {listed}{more}")
    return different[0]


def unknown_symbol(scene: Scene, name: str) -> UsageError:
    """The error that says which names are near."""
    names = {f"{module.name}:{item.qualname}" for module in scene.code.modules() for item in module.facts.definitions}
    name = name if len(name) <= 10 * _LONGEST_SHOWN else name[:_LONGEST_SHOWN]  # nothing is near to what is longer
    near = get_close_matches(name, names, 3, 0.6) or get_close_matches(f":{name}", names, 3, 0.5)
    hint = f" Near: {', '.join(near)}." if near else ""
    return UsageError(
        f"{_shown(name)} is no function or class of this repository, and never was as far as its history goes."
        f"{hint} Give one as pkg.mod:qualname; `gitops-healer tools list` shows those that are recorded"
    )


def _shown(name: str) -> str:
    """Without what has to be escaped, as it is; not longer than a line."""
    short = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
    return short if short.isprintable() and short.strip() else repr(short)


def _deleted(scene: Scene, trace: Trace, tool: str) -> Iterator[Step]:
    found = last_seen(scene.repository, scene.repository.log(scene.commit), tool, scene.progress)
    if found is not None:
        commit, parent, snapshot = found
        yield Step(commit, Kind.DELETED, snapshot)
        yield from trace.steps_from(parent, snapshot)


def _settled(steps: Sequence[Step]) -> Iterator[Step]:
    """One step a commit and function: two sides of a merge may end in the same one."""
    seen: set[tuple[str, Kind, str]] = set()
    for step in steps:
        key = step.commit, step.kind, step.snapshot.symbol
        if key not in seen:
            seen.add(key)
            yield step


def _numbered(scene: Scene, steps: Sequence[Step]) -> tuple[SymbolVersion, ...]:
    left = sum(step.kind.is_version for step in steps)
    pulls = _pulls(scene, {step.commit for step in steps})
    found: list[SymbolVersion] = []
    for step in steps:
        number = left if step.kind.is_version else 0
        left -= step.kind.is_version
        version = _version(scene, step)
        undone = next((later.commit for later in found if later.reverts and step.commit.startswith(later.reverts)), "")
        found.append(replace(version, number=number, pull=pulls.get(step.commit), undone_by=undone))
    return tuple(found)


def with_upgrades(versions: Sequence[SymbolVersion], history: History) -> tuple[SymbolVersion, ...]:
    """The same, with the pull requests that the ledger knows of upgrades that made them."""

    def pull_of(version: SymbolVersion) -> int | None:
        upgrade = history.upgrades.get(version.upgrade)
        if upgrade is None:
            return None
        proposed = upgrade.revert if version.reverts else upgrade.proposed
        return proposed.pull if proposed is not None else None

    return tuple(replace(version, pull=version.pull or pull_of(version)) for version in versions)


def _version(scene: Scene, step: Step) -> SymbolVersion:
    info = scene.repository.commit(step.commit)
    trailers = Trailers.parse(info.message)
    snapshot = step.snapshot
    return SymbolVersion(
        0,
        step.commit,
        snapshot.path,
        snapshot.symbol,
        scene.code.module_name(snapshot.path) or module_at(scene.repository, step.commit, snapshot.path),
        snapshot.spot.start,
        snapshot.spot.end,
        snapshot.shape,
        info.author.name,
        info.committer.when,
        info.message.strip().partition("\n")[0],
        step.kind,
        snapshot.blob,
        step.edited,
        None,
        step.previous,
        trailers.upgrade if trailers else "",
        _reverted(info, trailers),
    )


def _reverted(info: CommitInfo, trailers: Trailers | None) -> str:
    match = _REVERTS.search(info.message)
    return (trailers.reverts if trailers else "") or (match[1] if match else "")


def module_at(repository: Repository, commit: str, path: str) -> str:
    """The dotted name under which a file of the past was imported: packages have an `__init__.py`."""
    *parents, file = path.split("/")
    first = len(parents)
    while first and repository.blob_at(commit, "/".join([*parents[:first], "__init__.py"])):
        first -= 1
    stem = file.removesuffix(".py")
    return ".".join([*parents[first:], *([] if stem == "__init__" else [stem])]) or stem


def text_of(scene: Scene, version: SymbolVersion) -> str:
    """The lines of a version, decorators included, ends as they are."""
    return snapshot_of(scene, version).text


def snapshot_of(scene: Scene, version: SymbolVersion) -> Snapshot:
    found = Reader(scene.repository.read_blob).find(version.path, version.blob, version.symbol)
    assert found is not None, f"{version.symbol} was read from {version.blob}"
    return found


# Pull requests


def _pulls(scene: Scene, commits: set[str]) -> dict[str, int]:
    """The number of the pull request that brought each commit: its own subject, else the merge's that it came with."""
    found: dict[str, int] = {}
    for commit in commits:
        match = _SQUASHED.search(scene.repository.commit(commit).message.strip().partition("\n")[0])
        if match:
            found[commit] = int(match[1])
    wanted = commits - found.keys()
    for merge, number in _merges(scene, wanted):
        for info in scene.repository.log(merge.parents[1], merge.parents[0]):
            if info.id in wanted:
                found[info.id] = number
        if merge.id in wanted:
            found[merge.id] = number
        if not wanted - found.keys():
            break
    return found


def _merges(scene: Scene, wanted: set[str]) -> Iterator[tuple[CommitInfo, int]]:
    """Merges of pull requests on the branch itself, newest first, as long as some commit is not on the branch."""
    left, commit = set(wanted), scene.commit
    while left and scene.repository.resolve(commit):
        info = scene.repository.commit(commit)
        match = _MERGED.match(info.message)
        if match and len(info.parents) > 1 and all(map(scene.repository.resolve, info.parents)):
            yield info, int(match[1])
        left.discard(commit)
        if not info.parents:
            return
        commit = info.parents[0]
