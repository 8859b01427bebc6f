"""Modules that hold too much."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.closures import closed_sets, top_level
from gitops_healer.code.facts import Facts
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import FileView, file_detector

_MOST_NAMES = 8
_FEWEST_DEFINITIONS = 3


@file_detector
def god_module(view: FileView) -> Iterable[Finding]:
    """A module with so many lines or definitions that it should be several.

    What it is: more than `max_lines` (1,000) lines, or more than `max_definitions` (40) different names of functions
    and classes at its top. 1,000 lines is pylint's number (C0302); the other is ours.

    Why it matters: everybody edits it, so changes meet; and whoever imports one thing of it waits for all.

    Silent: for tests, and for data: modules with fewer than three functions and classes.

    How to fix: the evidence names sets of definitions that call nothing of what would stay, so that they can move to
    a module of their own, from which the old one imports them again. Names that are read without a call are not
    looked at, so check the constants that they use.
    """
    policy = view.settings.detection.god_module
    facts = view.facts
    definitions = top_level(facts)
    if view.is_test or len(definitions) < _FEWEST_DEFINITIONS:
        return
    if facts.total_lines <= policy.max_lines and len(definitions) <= policy.max_definitions:
        return
    excess = max(facts.total_lines / policy.max_lines, len(definitions) / policy.max_definitions)
    yield Finding(
        god_module.name,
        view.path,
        "",
        1,
        facts.total_lines,
        Severity.MEDIUM if excess >= 3 else Severity.LOW,
        f"the module has {facts.total_lines:,} lines and {len(definitions)} functions and classes",
        fingerprint(god_module.name, "", digest(sorted(definitions))),
        risk=Risk.MEDIUM,
        priority=min(5, 2 + int(excess / 2)),
        evidence=tuple(_evidence(facts, len(definitions), policy.max_lines, policy.max_definitions)),
    )


def _evidence(facts: Facts, definitions: int, max_lines: int, max_definitions: int) -> Iterator[str]:
    if facts.total_lines > max_lines:
        yield f"{facts.total_lines:,} lines, {max_lines:,} are allowed (detection.god_module.max_lines)"
    if definitions > max_definitions:
        allowed = f"{max_definitions} are allowed (detection.god_module.max_definitions)"
        yield f"{definitions} functions and classes, {allowed}"
    groups = closed_sets(facts)
    for group in groups:
        more = len(group.names) - _MOST_NAMES
        names = ", ".join(group.names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        yield f"could move together, {group.lines:,} lines: {names}"
    if not groups:
        yield "no set of its definitions calls only itself"
