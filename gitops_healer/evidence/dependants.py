"""Which later commits build on what a merge brought: names that it made or changed, and where newer code uses them."""

import ast
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.parsing import parsed
from gitops_healer.code.pieces import Cut, Piece, cut
from gitops_healer.core.reverting import Dependant, Later
from gitops_healer.errors import RepositoryError
from gitops_healer.evidence.later import LaterCommits
from gitops_healer.evidence.uses import Use, misfit, uses_of
from gitops_healer.ports import Repository
from gitops_healer.registry import Scene

_PASSED_ON = 3
"""Through so many packages a name is followed to those who import it from there."""


@dataclass(frozen=True)
class Offer:
    """A name that a merge made or changed. before, after: its text, "" when it was not there; kind: see `code.pieces`;
    name: what code that uses it spells (of a constructor, the class)."""

    path: str
    symbol: str
    kind: str
    before: str
    after: str

    @property
    def name(self) -> str:
        owner, _, last = self.symbol.rpartition(".")
        return owner.rpartition(".")[2] if last == "__init__" else last

    @property
    def member(self) -> bool:
        """Whether it is reached through an object."""
        return "." in self.symbol.removesuffix(".__init__")


def offers(repository: Repository, since: str, merged: str) -> Iterator[Offer]:
    """Functions, classes and constants that are otherwise at `merged` than at `since`, and still there."""
    for change in repository.file_changes(since, merged):
        if not change.path.endswith(".py") or not change.new:
            continue
        before, after = _cut(repository, change.old), _cut(repository, change.new)
        if before is None or after is None:
            continue
        old = before.by_key
        for piece in after.pieces:
            was = old[piece.key].text if piece.key in old else ""
            if was != piece.text and _is_named(piece):
                yield Offer(change.path, piece.symbol, piece.kind, was, piece.text)


def _cut(repository: Repository, blob: str) -> Cut | None:
    return cut(repository.read_blob(blob)) if blob else Cut(())


def _is_named(piece: Piece) -> bool:
    name = piece.symbol.rpartition(".")[2]
    dunder = name.startswith("__") and name != "__init__"
    return piece.kind in ("function", "class", "constant") and name.isidentifier() and not dunder


def dependants(
    scene: Scene, since: str, merged: str, leave_out: Collection[tuple[str, str]] = ()
) -> tuple[Dependant, ...]:
    """What stands at the scene's commit, is newer than the merge and uses what the merge made or changed; what would
    break comes first. leave_out: (path, symbol) of what is not taken back, "" for all of a file.

    Told by names: in the file itself, and in files that import it, also by way of packages. What is reached through an
    object is told by the name of the attribute alone, so that too much may be listed and nothing that is spelled is
    missed.
    """
    later = LaterCommits(scene.repository, merged, scene.commit)
    newer = frozenset(path for path in later.changed_paths() if path.endswith(".py") and scene.code.has(path))
    left_out, readers = set(leave_out), dict[str, frozenset[str]]()
    found = dict[tuple[str, int, str], Dependant]()
    for offer in offers(scene.repository, since, merged) if newer and later.known else ():
        if {(offer.path, offer.symbol), (offer.path, "")} & left_out or not scene.code.has(offer.path):
            continue
        if offer.path not in readers:
            readers[offer.path] = newer & _readers(scene, offer.path)
        for path in sorted(readers[offer.path]):
            for use, writer in _newer_uses(scene, later, offer, path):
                one = _dependant(offer, path, use, later.told(writer))
                key = (path, use.line, offer.name)
                found[key] = one if one.breaks or key not in found else found[key]
    return tuple(sorted(found.values(), key=lambda one: (not one.breaks, one.path, one.line, one.name)))


def _readers(scene: Scene, path: str) -> set[str]:
    """The file itself and those that import it, also from a package that passes its names on."""
    found, waiting = {path}, [path]
    for _ in range(_PASSED_ON):
        reached = {
            edge.source
            for known in waiting
            for edge in scene.code.importers(known)
            if edge.kind is not EdgeKind.PACKAGE
        }
        waiting = [known for known in reached - found if known.endswith("__init__.py")]
        found |= reached
    return found


def _newer_uses(scene: Scene, later: LaterCommits, offer: Offer, path: str) -> Iterator[tuple[Use, str]]:
    """Uses with the commit that wrote their line, one of the later ones."""
    source = scene.code.source(path) or b""
    tree = parsed(source) if offer.name.encode() in source else None
    uses = uses_of(tree, offer.name, member=offer.member, here=path == offer.path) if tree is not None else ()
    if not uses:
        return
    first, last = (pick(use.line for use in uses) for pick in (min, max))
    writers = _writers(scene, later, path, first, last)
    for use in uses:
        at = use.line - first
        if at < len(writers) and writers[at] in later.known:
            yield use, writers[at]


def _writers(scene: Scene, later: LaterCommits, path: str, first: int, last: int) -> tuple[str, ...]:
    """The commit of each line; where git cannot tell, the newest that changed the file: better one place too many."""
    try:
        return scene.repository.blame(scene.commit, path, first, last)
    except RepositoryError:
        newest = later.changing(path)[:1]
        return tuple(one.commit for one in newest) * (last - first + 1)


def _dependant(offer: Offer, path: str, use: Use, by: Later) -> Dependant:
    why = _breaks(offer, use)
    said = why or f"it was written after {offer.name} was changed"
    return Dependant(offer.name, path, use.line, use.symbol, bool(why), said, by)


def _breaks(offer: Offer, use: Use) -> str:
    """Why the use does not work without the merge, "" when nothing says so."""
    if not offer.before:
        return f"{offer.name} is new with the merge" if not offer.symbol.endswith(".__init__") else ""
    before, after = (_function(text) for text in (offer.before, offer.after))
    if use.call is None or before is None or after is None:
        return ""
    bound = offer.symbol != offer.name and not any(_is_static(item) for item in before.decorator_list)
    then = misfit(before.args, use.call, bound=bound)
    return f"it {then} without the merge" if then and not misfit(after.args, use.call, bound=bound) else ""


def _function(text: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    tree = parsed(textwrap.dedent(text).encode("utf-8", "replace"))
    node = tree.body[0] if tree is not None and tree.body else None
    return node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _is_static(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
