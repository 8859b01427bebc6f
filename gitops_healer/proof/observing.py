"""The project's own tests as a source of inputs: what two versions of a function give on the calls that tests make, and
on calls that are made from these by small changes."""

import re
from collections.abc import Iterator
from typing import Final

from gitops_healer.core.calls import Seen
from gitops_healer.core.change import Change, whole_file
from gitops_healer.core.shadowing import Compared, Kind, Origin, Sample
from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Observed
from gitops_healer.ports import Repository, TrialSession
from gitops_healer.proof.subjects import Subject

_RAISED: Final = re.compile(r"! ([\w.]+): ?(.*)", re.S)
_LOST: Final = "~"
_CRASHES: Final = frozenset(
    {
        "ArithmeticError", "AttributeError", "FloatingPointError", "IndexError", "KeyError", "LookupError",
        "NameError", "OverflowError", "RecursionError", "StopIteration", "TypeError", "UnboundLocalError",
        "UnicodeDecodeError", "UnicodeEncodeError", "ZeroDivisionError",
    }
)  # fmt: skip
"""Errors that operations raise by themselves: rarely a program's own word."""
MOST_TESTS: Final = 200


def change_between(repository: Repository, base: str, head: str) -> Change:
    """The step as edits of the files of `base`."""
    edits = [
        edit
        for path in repository.changed_paths(base, head)
        for edit in whole_file(path, repository.read(base, path) or b"", repository.read(head, path) or b"").edits
    ]
    return Change(tuple(edits))


def observed_pairs(session: TrialSession, subject: Subject, change: Change, seconds: float) -> tuple[Compared, ...]:
    """What tests that pass at the base say of a function that both versions have. session: opened at the base. Made
    twice: a difference is confirmed when both times it is the same. Empty when no test calls the function, or when the
    change needs a fresh import."""
    passing = [case.id for case in session.opened.cases if case.status is CaseStatus.PASSED][:MOST_TESTS]
    if not passing or session.opened.problem:
        return ()
    names = tuple(subject.symbol.split("."))
    seen = session.observe(subject.path, names, [change], passing, seconds / 2)
    pairs = tuple(_pairs(subject, seen))
    if all(pair.kind is Kind.AGREES for pair in pairs):
        return pairs
    again = {pair.sample: pair for pair in _pairs(subject, session.observe(
        subject.path, names, [change], passing, seconds / 2
    ))}  # fmt: skip
    return tuple(_settled(pair, again.get(pair.sample)) for pair in pairs)


def _settled(pair: Compared, again: Compared | None) -> Compared:
    if again is None or pair.kind in (Kind.AGREES, Kind.SILENT):
        return pair
    if (again.base.detail, again.head.detail) == (pair.base.detail, pair.head.detail):
        return Compared(pair.sample, pair.kind, pair.base, pair.head, pair.told, confirmed=True)
    return Compared(pair.sample, Kind.SILENT, pair.base, pair.head, ("it differs from run to run",))


def _pairs(subject: Subject, seen: Observed) -> Iterator[Compared]:
    before, after = seen.endings.get(-1, ()), seen.endings.get(0, ())
    for call, tested, old, new in zip(seen.calls, seen.tested, before, after, strict=False):
        sample = Sample((call, ""), Origin.TEST if tested else Origin.GENERATED)
        yield _compared(sample, old, new)


def _compared(sample: Sample, old: str, new: str) -> Compared:
    base, head = _seen(old), _seen(new)
    if _LOST in (old, new):
        return Compared(sample, Kind.SILENT, base, head, ("it took too long, or cannot be compared",))
    if old == new:
        return Compared(sample, Kind.AGREES, base, head)
    told = (f"{old} → {new}",)
    if base.ok and head.ok:
        return Compared(sample, Kind.CHANGES, base, head, told)
    if base.ok:
        return Compared(sample, Kind.REGRESSES, base, head, told)
    if head.ok:
        return Compared(sample, Kind.CHANGES if base.deliberate else Kind.IMPROVES, base, head, told)
    return Compared(sample, Kind.AGREES if base.error_type == head.error_type else Kind.CHANGES, base, head, told)


def _seen(ending: str) -> Seen:
    raised = _RAISED.fullmatch(ending)
    if raised is None:
        return Seen(ending.startswith("= "), None, ending)
    return Seen(False, None, ending, raised[1], deliberate=raised[1] not in _CRASHES)
