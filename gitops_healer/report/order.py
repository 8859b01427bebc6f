"""What comes first where only a part can be shown."""

from collections.abc import Iterable

from gitops_healer.core.finding import Finding
from gitops_healer.core.scanning import CloneFamily


def by_urgency(findings: Iterable[Finding]) -> list[Finding]:
    """Highest priority first, then severity, then as they stand in the repository."""
    return sorted(findings, key=lambda f: (-f.priority, -f.severity.weight, f.path, f.start, f.rule, f.symbol))


def by_repetition(families: Iterable[CloneFamily]) -> list[CloneFamily]:
    """Those with the most lines to save first."""
    return sorted(families, key=lambda family: (-repeated_lines(family), family.places[0].path, family.places[0].start))


def repeated_lines(family: CloneFamily) -> int:
    """Lines that would be gone if only the longest copy were left."""
    lengths = [place.end - place.start + 1 for place in family.places]
    return sum(lengths) - max(lengths)
