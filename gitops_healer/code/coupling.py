"""Who depends on whom, counted: fan-in, fan-out, instability, abstractness, distance from the main sequence.

Source: Robert C. Martin, "Agile Software Development, Principles, Patterns, and Practices" (2003), chapter 20.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gitops_healer.code.facts import Facts

_ABSTRACT_BASES = frozenset({"ABC", "Protocol"})


class Coupling(NamedTuple):
    """imports: what it depends on (efferent, Ce); importers: what depends on it (afferent, Ca)."""

    imports: frozenset[str]
    importers: frozenset[str]

    @property
    def instability(self) -> float:
        """I = Ce / (Ca + Ce), from 0 (only imported) to 1 (only imports); 0 for what stands alone."""
        both = len(self.imports) + len(self.importers)
        return len(self.imports) / both if both else 0.0

    def distance(self, abstractness: float) -> float:
        """D = |A + I - 1|, from 0 (on the main sequence) to 1 (concrete and needed, or abstract and unused)."""
        return abs(abstractness + self.instability - 1)


class Leaning(NamedTuple):
    """A package that depends on one that is less stable. edges: (importing module, imported module), sorted."""

    source: str
    target: str
    stable: float
    unstable: float
    importers: int
    edges: tuple[tuple[str, str], ...]

    @property
    def difference(self) -> float:
        return self.unstable - self.stable


def couplings(pairs: Iterable[tuple[str, str]]) -> dict[str, Coupling]:
    """By name, of pairs (what imports, what is imported)."""
    out: dict[str, set[str]] = {}
    into: dict[str, set[str]] = {}
    for source, target in pairs:
        if source != target:
            out.setdefault(source, set()).add(target)
            into.setdefault(target, set()).add(source)
    return {name: Coupling(frozenset(out.get(name, ())), frozenset(into.get(name, ()))) for name in {*out, *into}}


def package_couplings(pairs: Iterable[tuple[str, str]], package_of: Mapping[str, str]) -> dict[str, Coupling]:
    """Of packages, as Martin counts: importers are modules outside that depend on one inside, imports are modules
    inside that depend on one outside. Without pairs inside of one package."""
    out: dict[str, set[str]] = {}
    into: dict[str, set[str]] = {}
    for source, target in pairs:
        own, other = package_of[source], package_of[target]
        if own != other:
            out.setdefault(own, set()).add(source)
            into.setdefault(other, set()).add(source)
    return {name: Coupling(frozenset(out.get(name, ())), frozenset(into.get(name, ()))) for name in {*out, *into}}


def leanings(
    pairs: Iterable[tuple[str, str]], package_of: Mapping[str, str], difference: float, importers: int
) -> tuple[Leaning, ...]:
    """Where the stable dependencies principle does not hold, by names of the packages.

    difference: of instability, at least; importers: that the importing package has, at least. A package and one
    inside of it are parts of one thing, and not looked at.
    """
    known = sorted(set(pairs))
    measured = package_couplings(known, package_of)
    between: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for source, target in known:
        own, other = package_of[source], package_of[target]
        if own != other and not _nested(own, other):
            between.setdefault((own, other), []).append((source, target))
    found = []
    for (own, other), edges in sorted(between.items()):
        stable, unstable = measured[own].instability, measured[other].instability
        if unstable - stable >= difference and len(measured[own].importers) >= importers:
            found.append(Leaning(own, other, stable, unstable, len(measured[own].importers), tuple(edges)))
    return tuple(found)


def _nested(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def abstract_classes(facts: Facts) -> int:
    """How many classes of a file are abstract: they have ABC or Protocol for a base. Abstract methods that stand in a
    class without such a base forbid nothing in Python."""
    return sum(any(base.rpartition(".")[2] in _ABSTRACT_BASES for base in item.bases) for item in facts.classes)
