"""Files in which later commits changed the same lines as a merge: what of it can go back symbol by symbol."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_healer.code.pieces import Cut, Fate, Piece, Turned, TurnedFile, cut, turned_back
from gitops_healer.core.quoting import plain
from gitops_healer.core.reverting import Stays
from gitops_healer.evidence.later import LaterCommits
from gitops_healer.registry import Scene


@dataclass(frozen=True)
class TurnedTree:
    """What can go back. files: contents of the files that clash, None for none; symbols: `path:qualname` of what goes
    back in them; stays: what does not; clean: files that do not clash, and go back whole."""

    files: Mapping[str, bytes | None] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    stays: tuple[Stays, ...] = ()
    clean: tuple[str, ...] = ()


@dataclass(frozen=True)
class _File:
    """One file that clashes, in three versions."""

    path: str
    before: Cut
    changed: Cut
    now: Cut

    def turned(self, keep: frozenset[str]) -> TurnedFile:
        return turned_back(self.before, self.changed, self.now, keep)


def turn_back(scene: Scene, since: str, merged: str, clashing: Sequence[str]) -> TurnedTree:
    """At the scene's commit: pieces that the merge changed are again what they were at `since`, where nobody changed
    the same lines since; what the merge made goes when nothing that is left mentions it. clashing: paths that cannot go
    back whole."""
    later = LaterCommits(scene.repository, merged, scene.commit)
    contents = {path: scene.repository.read(scene.commit, path) for path in clashing}
    files, stuck = list[_File](), list[Stays]()
    for path in clashing:
        opened = _opened(scene, since, merged, path)
        if isinstance(opened, str):
            stuck.append(Stays(path, "", opened, later.changing(path)))
        else:
            files.append(opened)
    turned = _unused_go(scene, files)
    for file in files:
        contents[file.path] = turned[file.path].text.encode()
        stuck += _stays(later, file.path, turned[file.path])
    back = (piece for file in files for piece in _named(file.path, turned[file.path]))
    changed = scene.repository.changed_paths(since, merged)
    return TurnedTree(
        contents, tuple(dict.fromkeys(back)), tuple(stuck), tuple(path for path in changed if path not in clashing)
    )


def _opened(scene: Scene, since: str, merged: str, path: str) -> _File | str:
    """Why not, when its parts cannot be told apart."""
    if not path.endswith(".py"):
        return "it changed since, and only Python goes back in part"
    versions = [scene.repository.read(commit, path) for commit in (since, merged, scene.commit)]
    if versions[2] is None:
        return "it is not there any more"
    if versions[1] is None:
        return "the merge removed it, and it was made again since"
    cuts = [cut(source or b"") for source in versions]
    if any(made is None for made in cuts):
        return "it changed since, and does not parse at every step, so that its parts cannot be told apart"
    before, changed, now = (made or Cut(()) for made in cuts)
    return _File(path, before, changed, now)


def _unused_go(scene: Scene, files: Sequence[_File]) -> dict[str, TurnedFile]:
    """Each file without what the merge made, as far as nothing that is left mentions it."""
    keep: dict[str, frozenset[str]] = {file.path: frozenset() for file in files}
    while True:
        turned = {file.path: file.turned(keep[file.path]) for file in files}
        going = [(file.path, piece) for file in files for piece in turned[file.path].of(Fate.REMOVED)]
        if not going:
            return turned
        mentioned = _mentions(scene, {path: one.text.encode() for path, one in turned.items()}, going)
        used = [(path, piece.key) for path, piece in going if mentioned & set(_names(piece))]
        if not used:
            return turned
        for path, key in used:
            keep[path] |= {key}


def _mentions(scene: Scene, sources: Mapping[str, bytes], going: Sequence[tuple[str, Piece]]) -> frozenset[str]:
    """Which names of pieces that go the rest of the code mentions."""
    names = {name for _, piece in going for name in _names(piece)}
    code = scene.code.with_sources(dict(sources))
    found = set[str]()
    for path in code.paths():
        missing = names - found
        if not path.endswith(".py") or not missing:
            continue
        text = code.source(path) or b""
        if any(name.encode() in text for name in missing):
            found |= missing & set(code.facts(path, detail=True).details.mentions)
    return frozenset(found)


def _names(piece: Piece) -> Iterator[str]:
    """What other code would spell. An import may go, whatever it binds, when that is what the merge made: what needs it
    is found by the linter."""
    if piece.kind in ("function", "class", "constant"):
        yield from (part.strip().rpartition(".")[2] for part in piece.symbol.split(","))


def _stays(later: LaterCommits, path: str, turned: TurnedFile) -> Iterator[Stays]:
    for one in turned.turned:
        if one.fate is Fate.CHANGED:
            commits = later.changing(path, [one.piece.key])
            yield Stays(path, _shown(one), "it changed since", commits or later.changing(path))
        elif one.fate is Fate.KEPT:
            yield Stays(path, _shown(one), "it is new with the merge, and something else uses it")


def _shown(one: Turned) -> str:
    return one.piece.symbol or plain(one.piece.key, 80)


def _named(path: str, turned: TurnedFile) -> Iterator[str]:
    for piece in turned.of(Fate.BACK, Fate.REMOVED):
        yield f"{path}:{piece.symbol}" if piece.symbol else path
