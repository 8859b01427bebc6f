"""All rewrites of all suspects, the likeliest first, each resulting text once.

The score is suspicion of the line x prior of the template x weight of the rewrite, divided by the root of what the
template weighs in the function: one with a hundred guesses is not a hundred times as likely to be right. Suspects are
opened only when nothing likelier is left, so that what is drawn costs what is tried.
"""

import ast
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from gitops_healer.core.change import Change, Edit
from gitops_healer.repair.search.suspects import Suspect
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate, Rewrite

_MISTAKES = (ValueError, LookupError, TypeError, AttributeError, RecursionError, SyntaxError)
_CROWDED = 0.5


@dataclass(frozen=True, eq=False)
class Proposal:
    """A change on offer, with where it comes from. path, qualname: what it changes; line: of the mistake; score: 0 to
    1; seed: the proposal that this one is the second edit of."""

    change: Change
    path: str
    qualname: str
    line: int
    template: str
    title: str
    score: float
    caution: str = ""
    target: Target | None = None
    seed: "Proposal | None" = None

    @property
    def templates(self) -> tuple[str, ...]:
        return (*(self.seed.templates if self.seed else ()), self.template)


@dataclass
class Proposals:
    """An endless supply as long as there are suspects. stumbled: templates that broke, with what they said."""

    suspects: Sequence[Suspect]
    target_of: Callable[[Suspect], Target]
    templates: Sequence[RepairTemplate]
    first: Sequence[Proposal] = ()
    stumbled: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Proposal]:
        """Likeliest first. first: proposals from elsewhere (history, evidence) that take part by their scores."""
        order, waiting, seen = count(), list(self.suspects), set[tuple[str, bytes]]()
        best = max((template.prior for template in self.templates), default=0.0)
        heap: list[tuple[float, int, Proposal]] = []
        self._push(heap, order, self.first)
        while heap or waiting:
            while waiting and (not heap or -heap[0][0] <= waiting[0].score * best):
                self._push(heap, order, self.of_target(self.target_of(waiting.pop(0))))
            if not heap:
                return
            proposal = heapq.heappop(heap)[2]
            if (key := _key(proposal)) not in seen:
                seen.add(key)
                yield proposal

    def of_target(self, target: Target) -> Iterator[Proposal]:
        """All proposals of one target, in no order. A template that stumbles ends nothing."""
        for template in self.templates:
            rewrites = self._rewrites(template, target)
            crowd = max(1.0, sum(rewrite.weight for rewrite in rewrites)) ** _CROWDED
            for rewrite in rewrites:
                score = suspicion(target, rewrite.line) * template.prior * rewrite.weight / crowd
                yield _proposal(target, template, rewrite, score)

    def _rewrites(self, template: RepairTemplate, target: Target) -> list[Rewrite]:
        found: list[Rewrite] = []
        try:
            for rewrite in template(target):
                if suspicion(target, rewrite.line) > 0:
                    found.append(rewrite)  # noqa: PERF401 - what came before it stumbled is kept
        except _MISTAKES as error:
            self.stumbled.setdefault(template.name, f"{type(error).__name__}: {error}")
        return found

    @staticmethod
    def _push(heap: list[tuple[float, int, Proposal]], order: Iterator[int], proposals: Iterable[Proposal]) -> None:
        for proposal in proposals:
            heapq.heappush(heap, (-proposal.score, next(order), proposal))


def suspicion(target: Target, line: int) -> float:
    """Of a line; a line inside a statement that runs over several lines is as suspicious as any of them."""
    known = target.lines.get(line)
    if known is not None:
        return known
    around = [s for s in target.statements if s.lineno <= line <= _header_end(s)]
    if not around:
        return 0.0
    innermost = min(around, key=lambda s: (_header_end(s) - s.lineno, -s.col_offset))
    lines = range(innermost.lineno, _header_end(innermost) + 1)
    return max((target.lines.get(one, 0.0) for one in lines), default=0.0)


def _header_end(statement: ast.stmt) -> int:
    """The last line of a statement without the statements inside it."""
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if isinstance(body, list) and body:
        first = body[0].lineno if isinstance(body[0], ast.stmt) else body[0].pattern.lineno
        return max(statement.lineno, first - 1)
    return statement.end_lineno or statement.lineno


def _proposal(target: Target, template: RepairTemplate, rewrite: Rewrite, score: float) -> Proposal:
    path, data = target.source.path, target.source.data
    edits = [
        Edit(path, span.start, data[span.start : span.end].decode("utf-8", "surrogateescape"), span.new)
        for span in rewrite.spans
    ]
    return Proposal(
        Change(tuple(edits)), path, target.qualname, rewrite.line, template.name, rewrite.title, score,
        rewrite.caution, target,
    )  # fmt: skip


def _key(proposal: Proposal) -> tuple[str, bytes]:
    """The same for proposals after which the file reads the same: what the smallest span becomes, and where."""
    edits = proposal.change.edits
    if proposal.target is None or any(edit.path != proposal.path for edit in edits):
        return proposal.path, repr(edits).encode("utf-8", "surrogateescape")
    start, end = min(edit.start for edit in edits), max(edit.end for edit in edits)
    data = proposal.target.source.data
    pieces, position = [], start
    for edit in edits:
        pieces += [data[position : edit.start], edit.new_bytes]
        position = edit.end
    new, old = b"".join(pieces), data[start:end]
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return proposal.path, b"%d:%d:%s" % (start + head, end - tail, new[head : len(new) - tail])


def _common(left: bytes, right: bytes) -> int:
    """Length of the common beginning."""
    size = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        size += 1
    return size
