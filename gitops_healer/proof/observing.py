"""The project's own tests as a source of inputs: what two versions of a function give on the calls that tests make, and
on calls that are made from these by small changes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Any, Final

from gitops_healer.code.model import CodeModel
from gitops_healer.code.roles import is_test_path
from gitops_healer.core.calls import Seen
from gitops_healer.core.change import Change, Edit, whole_file
from gitops_healer.core.noise import Noise
from gitops_healer.core.pairing import Fix, compare, learn_seen
from gitops_healer.core.shadowing import Compared, Kind, Origin, Rules, Sample
from gitops_healer.core.testing import CaseStatus
from gitops_healer.core.trials import Observed
from gitops_healer.ports import Repository, TrialSession
from gitops_healer.proof.learning import rules_by
from gitops_healer.proof.subjects import Subject
from gitops_healer.settings import ShadowPolicy

MOST_TESTS: Final = 200
_LONG: Final = 5000
_LOST: Final = Seen(False, None, "it took too long, or cannot be told", "gitops_healer.Untold")
_QUIET: Final = (Kind.AGREES, Kind.SILENT)


def change_between(repository: Repository, base: str, head: str) -> Change:
    """The step as edits of the files of `base`, each as small as it can be: one that spans two functions would need a
    fresh import."""
    edits = [
        edit
        for path in repository.changed_paths(base, head)
        for edit in _edits(path, repository.read(base, path) or b"", repository.read(head, path) or b"")
    ]
    return Change(tuple(edits))


def _edits(path: str, before: bytes, after: bytes) -> Iterator[Edit]:
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, old))]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=len(old) > _LONG).get_opcodes():
        if tag == "equal":
            continue
        alike = b - a == d - c  # line by line
        parts = zip(range(a, b), range(a + 1, b + 1), range(c, d), range(c + 1, d + 1), strict=True) if alike else ()
        for first, last, start, end in parts or [(a, b, c, d)]:
            whole = whole_file(path, b"".join(old[first:last]), b"".join(new[start:end]))
            yield from (replace(edit, start=edit.start + starts[first]) for edit in whole.edits)


def audible(code: CodeModel, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """Functions that tests may call: a test loads their file or spells their name, the file has examples or tests of
    its own, or nothing looks like a test, so that nobody knows. Opening a suite for others would cost its time for
    nothing. code: at the base.
    """
    tests = {path for path in code.paths() if path.endswith(".py") and is_test_path(path)}
    loaded, waiting = set(tests), list(tests)
    while waiting:
        new = {edge.target for edge in code.imported(waiting.pop())} - loaded
        loaded |= new
        waiting += new
    mentions = {name for path in tests for name in code.facts(path, detail=True).details.mentions}

    def heard(one: Subject) -> bool:
        named = one.symbol.rpartition(".")[2] in mentions
        return not tests or one.old_path in loaded or named or b">>>" in (code.source(one.old_path) or b"")

    return tuple(filter(heard, subjects))


def observed_pairs(
    session: TrialSession, subject: Subject, change: Change, policy: ShadowPolicy, fix: Fix | None, seconds: float
) -> tuple[Compared, ...]:
    """What calls by tests that pass at the base say of a function that both versions have. Where something differs all
    is made again: what the base does otherwise then is noise, and a difference that is still there is confirmed.

    session: opened at the base. Empty when no test calls the function, or when the change needs a fresh import.
    """
    passing = [case.id for case in session.opened.cases if case.status is CaseStatus.PASSED][:MOST_TESTS]
    if not passing or session.opened.problem:
        return ()
    names = tuple(subject.symbol.split("."))

    def look() -> tuple[Sequence[Sample], Sequence[Seen], Sequence[Seen]]:
        return _read(session.observe(subject.path, names, [change], passing, seconds / 2, whole=True))

    samples, base, head = look()
    judged = _judged(samples, base, head, rules_by(policy, Noise()), fix)
    if all(pair.kind in _QUIET for pair in judged):
        return judged
    again, base_again, head_again = look()
    if again != samples or not base_again:
        return judged  # unconfirmed
    rules = rules_by(policy, learn_seen([base, base_again], tolerance=policy.float_tolerance))
    twice = zip(
        _judged(samples, base, head, rules, fix), _judged(samples, base_again, head_again, rules, fix), strict=True
    )
    return tuple(_settled(first, second) for first, second in twice)


def _judged(
    samples: Sequence[Sample], base: Sequence[Seen], head: Sequence[Seen], rules: Rules, fix: Fix | None
) -> tuple[Compared, ...]:
    return tuple(
        compare(sample, old, new, rules, fix=fix)
        if not (old.lost or new.lost)
        else Compared(sample, Kind.SILENT, old, new, (_LOST.detail,))
        for sample, old, new in zip(samples, base, head, strict=True)
    )


def _settled(first: Compared, second: Compared) -> Compared:
    if first.kind in _QUIET:
        return first
    if first.kind is second.kind:
        return replace(first, confirmed=True)
    return replace(first, kind=Kind.SILENT, told=("it differs only now and then", *first.told))


def _read(seen: Observed) -> tuple[tuple[Sample, ...], tuple[Seen, ...], tuple[Seen, ...]]:
    """(samples, base, candidate); empty when one of the versions said nothing."""
    before, after = seen.endings.get(-1, ()), seen.endings.get(0, ())
    if not before or not after:
        return (), (), ()
    origins = (Origin.TEST if tested else Origin.GENERATED for tested in seen.tested)
    samples = tuple(Sample((call, ""), origin) for call, origin in zip(seen.calls, origins, strict=True))
    return samples, tuple(map(_seen, before)), tuple(map(_seen, after))


def _seen(ending: str) -> Seen:
    try:
        told: Any = json.loads(ending)
        value = told.get("value")
        return Seen(
            told["ok"] is True,
            value if isinstance(value, str) else None,
            str(told["detail"]),
            str(told["type"]),
            told.get("deliberate") is True,
            arguments=str(told["arguments"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _LOST
