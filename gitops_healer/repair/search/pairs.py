"""Repairs by two edits: a proposal that helps, and on top of it a second one."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from gitops_healer.code.source import read_source
from gitops_healer.core.change import Change, whole_file
from gitops_healer.errors import StaleEditError
from gitops_healer.repair.search.proposals import Proposal, Proposals
from gitops_healer.repair.search.searching import Partial
from gitops_healer.repair.search.suspects import Suspect, function_named
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate

_SEEDS = 16
_UNIONS = 12  # partials that are joined with one another


@dataclass(frozen=True)
class Second:
    """What second edits are made of: the suspects and templates of the first."""

    suspects: Sequence[Suspect]
    target_of: Callable[[Suspect], Target]
    templates: Sequence[RepairTemplate]


def unions(partials: Sequence[Partial], goal: Sequence[str]) -> Iterator[Proposal]:
    """Two or three partials that fix different tests, together: several mistakes, one edit each."""
    best = _best_by_fixed(partials)[:_UNIONS]
    for size in (2, 3):
        for group in combinations(best, size):
            together = {test for partial in group for test in partial.fixed}
            if together >= set(goal) and all(together != set(partial.fixed) for partial in group):
                joined = _joined([partial.proposal for partial in group])
                if joined is not None:
                    yield joined


def _best_by_fixed(partials: Sequence[Partial]) -> list[Partial]:
    """Of the partials that fix the same tests the few likeliest."""
    ordered = sorted((h for h in partials if h.fixed), key=lambda h: (-len(h.fixed), -h.proposal.score))
    counts: dict[tuple[str, ...], int] = {}
    chosen = []
    for partial in ordered:
        counts[partial.fixed] = counts.get(partial.fixed, 0) + 1
        if counts[partial.fixed] <= 3:
            chosen.append(partial)
    return chosen


def _joined(proposals: Sequence[Proposal]) -> Proposal | None:
    try:
        change = Change(tuple(edit for proposal in proposals for edit in proposal.change.edits))
    except StaleEditError:
        return None
    first, *others = proposals
    joined = first
    for other in others:
        title = f"{joined.title}; {other.title[:1].lower()}{other.title[1:]}"
        caution = "; ".join(dict.fromkeys(part for part in (joined.caution, other.caution) if part))
        joined = replace(
            other, title=title, caution=caution, score=joined.score * other.score, seed=joined, target=None
        )
    return replace(joined, change=change, path=first.path, qualname=first.qualname)


def seconds(partials: Sequence[Partial], second: Second) -> Iterator[Proposal]:
    """Second edits on top of each partial repair, the likeliest first: gain x score of the first x of the second."""
    seeds = sorted(partials, key=lambda h: -h.gain * h.proposal.score)[:_SEEDS]
    streams = [_on_top(partial, second) for partial in seeds]
    yield from heapq.merge(*streams, key=lambda proposal: -proposal.score)


def _on_top(partial: Partial, second: Second) -> Iterator[Proposal]:
    seed = partial.proposal
    if len(seed.change.paths) != 1 or seed.target is None:
        return
    before = seed.target.source
    after = seed.change.apply({before.path: before.data})[before.path]
    source = read_source(before.path, after)
    if source is None:
        return

    def target_of(suspect: Suspect) -> Target:
        target = second.target_of(suspect)
        if suspect.source.path != before.path:
            return target
        node = function_named(source, suspect.qualname)
        return replace(target, source=source, node=node, lines=_moved(suspect.lines, before.data, after, seed.line))

    for proposal in Proposals(second.suspects, target_of, second.templates):
        if proposal.path == before.path:
            whole = proposal.change.apply({before.path: after})[before.path]
            change = whole_file(before.path, before.data, whole)
        else:
            change = Change((*seed.change.edits, *proposal.change.edits))
        title = f"{seed.title}; {proposal.title[:1].lower()}{proposal.title[1:]}"
        caution = "; ".join(dict.fromkeys(part for part in (seed.caution, proposal.caution) if part))
        score = partial.gain * seed.score * proposal.score
        yield replace(
            proposal, change=change, title=title, caution=caution, score=score, seed=seed, target=seed.target,
            path=seed.path, qualname=seed.qualname,
        )  # fmt: skip


def _moved(lines: Mapping[int, float], before: bytes, after: bytes, line: int) -> dict[int, float]:
    """Suspicion of lines after an edit at `line` that added or took away lines."""
    shift = after.count(b"\n") - before.count(b"\n")
    moved = {at + (shift if at > line else 0): score for at, score in lines.items()}
    return moved | {at: lines.get(line, 0.0) for at in range(line, line + max(0, shift) + 1) if at not in moved}
