"""Classes that do too much."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.cohesion import Cluster, clusters, uses_of
from gitops_healer.code.facts import ClassFacts
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.words import counted
from gitops_healer.detectors._classes import is_test_class
from gitops_healer.registry import FileView, file_detector

_MOST_CLUSTERS = 5
_MOST_NAMES = 8


@file_detector
def god_class(view: FileView) -> Iterable[Finding]:
    """A class with so many methods or lines that nobody knows it whole.

    What it is: more than `max_methods` (20) different method names, or more than `max_lines` (500) lines with
    decorators, comments and blank lines. A property with its setter and deleter, the overloads of one method, and
    definitions of one name in several branches count once. Functions inside of methods are no methods; neither is
    anything inherited.

    Why it matters: whoever changes one of its duties has to read all of them, and each test has to build all of it.
    The numbers are pylint's for methods (R0904, `max-public-methods=20`), here with private ones; lines are ours.

    Silent: in test files and for test cases, whose methods stand side by side, unless `include_tests` is true.

    How to fix: the evidence names groups of methods that mostly use each other and attributes that nobody else uses.
    Such a group can become a class of its own, which the old class holds or inherits from.
    """
    policy = view.settings.detection.god_class
    if view.is_test and not policy.include_tests:
        return
    for found in view.facts.classes:
        span = view.facts.definitions[found.index]
        if len(found.methods) <= policy.max_methods and span.lines <= policy.max_lines:
            continue
        methods = {method.name for method in found.methods}
        if len(methods) <= policy.max_methods and span.lines <= policy.max_lines:
            continue
        if is_test_class(span.name, found.bases) and not policy.include_tests:
            continue
        excess = max(len(methods) / policy.max_methods, span.lines / policy.max_lines)
        yield Finding(
            god_class.name,
            view.path,
            span.qualname,
            span.start,
            span.end,
            Severity.MEDIUM if excess >= 2 else Severity.LOW,
            f"{span.name} has {counted(len(methods), 'method')} and {span.lines:,} lines",
            fingerprint(god_class.name, span.qualname, digest(sorted(methods))),
            risk=Risk.MEDIUM,
            priority=min(6, 2 + int(excess)),
            evidence=tuple(_evidence(found, span.lines, policy.max_methods, policy.max_lines)),
        )


def _described(cluster: Cluster) -> str:
    """The methods of a cluster, and what they share."""
    names = ", ".join(cluster.methods[:_MOST_NAMES])
    more = len(cluster.methods) - _MOST_NAMES
    shared = f"; they alone use {', '.join(cluster.attributes[:_MOST_NAMES])}" if cluster.attributes else ""
    return f"{names}{f' and {more} more' if more > 0 else ''} (cohesion {cluster.cohesion:.2f}){shared}"


def _evidence(found: ClassFacts, lines: int, max_methods: int, max_lines: int) -> Iterator[str]:
    uses = uses_of(found)
    if len(uses) > max_methods:
        yield f"{len(uses)} methods, {max_methods} are allowed (detection.god_class.max_methods)"
    if lines > max_lines:
        yield f"{lines:,} lines, {max_lines:,} are allowed (detection.god_class.max_lines)"
    groups = clusters(uses)
    for cluster in groups[:_MOST_CLUSTERS]:
        yield f"could be a class of its own: {_described(cluster)}"
    if len(groups) > _MOST_CLUSTERS:
        yield f"and {len(groups) - _MOST_CLUSTERS} smaller groups"
    if not groups:
        yield "no group of its methods stands apart from the others"
