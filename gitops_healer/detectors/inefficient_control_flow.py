"""Control flow that does more work than it has to, or that never runs."""

from collections import Counter
from collections.abc import Iterable

from gitops_healer.code.facts import Case
from gitops_healer.code.flow.kinds import KINDS, Kind
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Severity, fingerprint
from gitops_healer.registry import FileView, file_detector


@file_detector
def inefficient_control_flow(view: FileView) -> Iterable[Finding]:
    """Control flow that does more work than it has to, or that never runs.

    What it is: lists searched or shifted in loops, what is sorted, called or compiled anew each time round though
    it stays the same, lists made to be read once, searches that go on after the find, nested searches, deep nesting
    that guard clauses would flatten; and code that never runs: after what always leaves, under constant conditions,
    after an earlier branch or handler of the same kind, loops that go round once. All kinds, with examples and when
    they are silent, are listed in `code.flow.kinds`; `kinds_off` turns kinds off.

    Why it matters: most of it costs time that grows with the square of the data, which no test with ten rows shows;
    what never runs was often meant to run.

    Silent: wherever it cannot be told from the function alone that a name means a list, that it does not change, that
    a builtin is the builtin. In test files only what is likely a mistake is reported.

    How to fix: as each message says; `after` of the kind's example shows the usual way.
    """
    off = view.settings.detection.inefficient_control_flow.kinds_off
    seen: Counter[tuple[str, str, str]] = Counter()
    for case in view.facts.cases:
        kind = KINDS.get(case.kind)
        if kind is None or kind.name in off or (view.is_test and not kind.mistake):
            continue
        key = case.symbol, case.kind, case.detail
        yield _finding(view, case, kind, seen[key])
        seen[key] += 1


def _finding(view: FileView, case: Case, kind: Kind, number: int) -> Finding:
    """number: how many of the same stand before it in the same function."""
    message = kind.message.format(detail=case.detail)
    return Finding(
        inefficient_control_flow.name,
        view.path,
        case.symbol,
        case.start,
        case.end,
        Severity.MEDIUM if kind.mistake or kind.quadratic else Severity.LOW,
        message[0].upper() + message[1:],
        fingerprint(
            inefficient_control_flow.name, case.symbol, digest(kind.name, case.detail, number, _shape(view, case))
        ),
        priority=4 if kind.mistake else 3 if kind.quadratic else 2,
        evidence=(f"kind: {kind.name}", kind.why, f"cost: {kind.cost}"),
    )


def _shape(view: FileView, case: Case) -> str:
    """Of the function it stands in; what stands outside of functions is told apart by the names of its module."""
    for item in view.facts.definitions:
        if item.qualname == case.symbol and item.start <= case.start <= item.end:
            return item.shape
    return digest(sorted(view.facts.names))
