"""A Python file as a sequence of pieces - functions, methods, class heads, imports, statements - that can go back one
by one to what they were."""

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from gitops_healer.code.history_needs import first_line
from gitops_healer.code.parsing import parsed
from gitops_healer.code.shape import decode, lines_of
from gitops_healer.core.three_way import merged_text

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Piece:
    """A run of whole lines. key: names it inside of the file, in every version of it; symbol: the qualified name of the
    function, class or constant that it is, or of the class that it stands in, "" for the module's own code; start, end:
    lines from 1, with decorators and the comment right above; owner: the class whose body it stands in, "" for none;
    gap: what stands between it and the piece before."""

    key: str
    symbol: str
    kind: str
    start: int
    end: int
    text: str = ""
    owner: str = ""
    gap: str = ""


@dataclass(frozen=True)
class Cut:
    """All pieces of a file in order. tail: what stands behind the last one."""

    pieces: tuple[Piece, ...]
    tail: str = ""

    @property
    def by_key(self) -> dict[str, Piece]:
        return {piece.key: piece for piece in self.pieces}

    def joined(self) -> str:
        return "".join(piece.gap + piece.text for piece in self.pieces) + self.tail


def cut(source: bytes) -> Cut | None:
    """None when the file does not parse or is not UTF-8."""
    text = decode(source)
    tree = parsed(source)
    if tree is None or text.encode() != source:
        return None
    lines = lines_of(text)
    spans = list(_apart(_named(tree.body, "", lines)))
    pieces, last, seen = list[Piece](), 0, Counter[str]()
    for piece in spans:
        seen[piece.key] += 1
        key = piece.key if seen[piece.key] == 1 else f"{piece.key}#{seen[piece.key]}"
        text = "".join(lines[piece.start - 1 : piece.end])
        pieces.append(replace(piece, key=key, text=text, gap="".join(lines[last : piece.start - 1])))
        last = piece.end
    return Cut(tuple(pieces), "".join(lines[last:]))


def _named(body: Sequence[ast.stmt], owner: str, lines: list[str]) -> Iterator[Piece]:
    """Functions, the heads of classes and what their bodies hold, and all other statements. owner: with its dot."""
    inside = owner.removesuffix(".")
    for node in body:
        start, end = _above(first_line(node), lines), node.end_lineno or node.lineno
        if isinstance(node, _FUNCTIONS):
            yield Piece(f"def {owner}{node.name}", f"{owner}{node.name}", "function", start, end, owner=inside)
        elif isinstance(node, ast.ClassDef):
            yield from _class(node, owner, start, lines)
        else:
            kind, name = _kind(node, lines)
            symbol = f"{owner}{name}" if kind == "constant" else inside
            yield Piece(f"{kind} {owner}{name}", symbol, kind, start, end, owner=inside)


def _class(node: ast.ClassDef, owner: str, start: int, lines: list[str]) -> Iterator[Piece]:
    name = f"{owner}{node.name}"
    inner = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    first = _above(first_line(inner[0]), lines) if inner else 0
    head = (first - 1) if inner and first > node.lineno else (node.end_lineno or node.lineno)
    while head > node.lineno and inner and not lines[head - 1].strip():
        head -= 1
    yield Piece(f"class {name}", name, "class", start, head, owner=owner.removesuffix("."))
    if inner and first > node.lineno:
        yield from _named(inner, f"{name}.", lines)


def _kind(node: ast.stmt, lines: list[str]) -> tuple[str, str]:
    match node:
        case ast.Import(names=names):
            return "import", ", ".join(alias.asname or alias.name for alias in names)
        case ast.ImportFrom(module=module, level=level):
            return "import", f"from {'.' * level}{module or ''}"
        case ast.Assign(targets=targets):
            return "constant", ", ".join(ast.unparse(target) for target in targets)
        case ast.AnnAssign(target=target):
            return "constant", ast.unparse(target)
        case _:
            return "statement", lines[node.lineno - 1].strip()


def _above(line: int, lines: list[str]) -> int:
    """With the comment lines right above it."""
    while line > 1 and lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def _apart(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """What shares a line is one piece."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and piece.start <= last.end:
            last = replace(last, key=f"{last.key}; {piece.key}", kind="statement", end=max(last.end, piece.end))
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


# Going back


class Fate(Enum):
    """What becomes of a piece that a change made, altered or removed."""

    BACK = "back"
    """It is again what it was before the change; what later commits did to other lines of it stays."""
    REMOVED = "removed"
    """The change made it, and it goes."""
    GONE = "gone"
    """It is already what it was before the change."""
    KEPT = "kept"
    """The change made it, and something else uses it."""
    CHANGED = "changed"
    """Later commits changed the same lines of it."""


@dataclass(frozen=True)
class Turned:
    """One piece and its fate. piece: as it is now, or as it was when it is not there."""

    piece: Piece
    fate: Fate


@dataclass(frozen=True)
class TurnedFile:
    """A file after the pieces went back that could."""

    text: str
    turned: tuple[Turned, ...]

    def of(self, *fates: Fate) -> tuple[Piece, ...]:
        return tuple(one.piece for one in self.turned if one.fate in fates)


def turned_back(before: Cut, changed: Cut, now: Cut, keep: Collection[str] = ()) -> TurnedFile:
    """The file as it is `now`, in which every piece that `changed` has otherwise than `before` is as it was before,
    unless later commits changed the same lines of it. keep: keys of pieces that the change made and that stay."""
    old, new, today = before.by_key, changed.by_key, now.by_key
    fates: dict[str, Fate] = {}
    texts = {key: piece.text for key, piece in old.items()}
    for key in dict.fromkeys([*new, *old]):
        was, came, stands = (known[key].text if key in known else None for known in (old, new, today))
        if was == came:
            continue
        if stands == was:
            fates[key] = Fate.GONE
        elif stands != came:
            both = merged_text(came, stands, was) if came and stands and was else None
            fates[key] = Fate.CHANGED if both is None else Fate.GONE if both == stands else Fate.BACK
            texts[key] = both or texts.get(key, "")
        elif was is None:
            fates[key] = Fate.KEPT if key in keep else Fate.REMOVED
        else:
            fates[key] = Fate.BACK
    _whole_classes(fates, old, today)
    text = _written(before, now, fates, texts).joined()
    known = today | {key: piece for key, piece in (new | old).items() if key not in today}
    return TurnedFile(text, tuple(Turned(known[key], fate) for key, fate in fates.items()))


def _whole_classes(fates: dict[str, Fate], old: dict[str, Piece], today: dict[str, Piece]) -> None:
    """A class whose body has something that stays cannot go, one that stays is not emptied, and what stood in a class
    that is no more has no place."""
    bodies: dict[str, list[str]] = {}
    for piece in today.values():
        bodies.setdefault(piece.owner, []).append(piece.key)
    for key in [key for key in today if key.startswith("class ")]:
        body = bodies.get(today[key].symbol, [])
        goes = body and all(fates.get(inner) is Fate.REMOVED for inner in body)
        if fates.get(key) is Fate.REMOVED and not goes and body:
            fates[key] = Fate.KEPT
        elif fates.get(key) not in (Fate.REMOVED, Fate.BACK) and goes:
            fates.update(dict.fromkeys(body[:1], Fate.KEPT))
    for key, piece in old.items():
        head = f"class {piece.owner}"
        lost = piece.owner and head not in today and fates.get(head) is not Fate.BACK
        if fates.get(key) is Fate.BACK and key not in today and lost:
            fates[key] = Fate.CHANGED


def _written(before: Cut, now: Cut, fates: dict[str, Fate], texts: dict[str, str]) -> Cut:
    """texts: of what goes back."""
    pieces, owed = list[Piece](), ""
    for piece in now.pieces:
        fate = fates.get(piece.key)
        if fate is Fate.REMOVED:
            owed += piece.gap if piece.gap.strip() else ""
            continue
        text = texts[piece.key] if fate is Fate.BACK else piece.text
        pieces.append(replace(piece, text=text, gap=owed + piece.gap))
        owed = ""
    there = {piece.key for piece in now.pieces}
    for place, piece in enumerate(before.pieces):
        if fates.get(piece.key) is Fate.BACK and piece.key not in there:
            _insert(pieces, piece, before.pieces[:place])
    return Cut(tuple(_spaced(pieces, before, now)), owed + (now.tail if pieces else ""))


def _spaced(pieces: Sequence[Piece], before: Cut, now: Cut) -> Iterator[Piece]:
    """Neighbours that were neighbours before, and are not now, are as far apart again as they were."""
    then, today = ({two.key: one.key for one, two in pairwise(cut.pieces)} for cut in (before, now))
    gaps = {piece.key: piece.gap for piece in before.pieces}
    for one, two in zip([None, *pieces], pieces, strict=False):
        above = one.key if one else None
        again = two.key in gaps and then.get(two.key) == above != today.get(two.key)
        blank = again and not two.gap.strip() and not gaps[two.key].strip()
        yield replace(two, gap=gaps[two.key]) if blank else two


def _insert(pieces: list[Piece], piece: Piece, ahead: Sequence[Piece]) -> None:
    """Behind the nearest piece that stood above it and still does, else at the top; never in the middle of a class
    that it does not belong to."""
    places = {known.key: place for place, known in enumerate(pieces)}
    at = next((places[known.key] + 1 for known in reversed(ahead) if known.key in places), 0)
    while at < len(pieces) and not _inside(piece.owner, pieces[at].owner):
        at += 1
    if at == 0 and pieces:
        pieces[0] = replace(pieces[0], gap=pieces[0].gap or "\n\n")
    pieces.insert(at, piece)


def _inside(owner: str, other: str) -> bool:
    return not other or owner == other or owner.startswith(f"{other}.")
