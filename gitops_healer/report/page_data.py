"""What the HTML page is told about a scan: numbers and texts in few bytes, never more than a browser can bear.

A path is written once, as its place in `paths`; modules are the first of them, in the order of `lines` and the like.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.finding import Finding
from gitops_healer.core.scanning import CloneFamily, Dependency, ImportCycle, Place, ScanReport, Suggestion
from gitops_healer.report.order import by_repetition, by_urgency, repeated_lines

MAX_FINDINGS = 5_000
MAX_FAMILIES = 500
MAX_CODE = 700_000
"""Characters of code of all families together."""

_MAX_COPIES = 8
"""Copies of one family whose code is shown."""

_MAX_LINES = 160
_MAX_EDGES = 1_000
"""Imports of one cycle."""


def page_json(report: ScanReport, source_of: Callable[[str], str]) -> str:
    """As JSON in ASCII without `<`, `>` and `&`, so that it can end no element of HTML."""
    text = json.dumps(page_data(report, source_of), separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def page_data(report: ScanReport, source_of: Callable[[str], str]) -> dict[str, Any]:
    """source_of: the text of a file; "" where it has none."""
    paths = _Paths(report.modules)
    modules = report.modules.values()
    findings = by_urgency(report.findings)[:MAX_FINDINGS]
    families = by_repetition(report.families)
    data = {
        "names": [printable(module.name) for module in modules],
        "lines": [module.lines for module in modules],
        "complexity": [module.complexity for module in modules],
        "functions": [module.functions for module in modules],
        "classes": [module.classes for module in modules],
        "broken": {number: printable(m.reason) for number, m in enumerate(modules) if not m.analyzable},
        "tests": [number for number, path in enumerate(report.modules) if is_test_path(path)],
        "imports": _imports(report.dependencies, paths),
        "cycles": [_cycle(cycle) for cycle in sorted(report.cycles, key=lambda c: (len(c.modules), c.modules))],
        "families": _families(families[:MAX_FAMILIES], paths, _Excerpts(source_of)),
        "findings": [_finding(finding, paths) for finding in findings],
        "suggestions": _suggestions(report.suggestions, findings, paths),
        "notices": [printable(notice) for notice in report.notices],
        "totals": {"findings": len(report.findings), "families": len(families)},
    }
    return {**data, "paths": paths.shown()}


def printable(text: str) -> str:
    """Foreign text as it can be shown: what hides, turns round or controls is replaced; line breaks stay."""
    known = text.encode("utf-8", "replace").decode()
    return known if known.isprintable() else "".join(c if c.isprintable() or c in "\n\t" else "�" for c in known)


class _Paths:
    """Paths and their numbers; those of modules come first."""

    def __init__(self, first: Iterable[str]) -> None:
        self._numbers = {path: number for number, path in enumerate(first)}

    def number(self, path: str) -> int:
        return self._numbers.setdefault(path, len(self._numbers))

    def find(self, path: str) -> int | None:
        return self._numbers.get(path)

    def shown(self) -> list[str]:
        return [printable(path) for path in self._numbers]


class _Excerpts:
    """Code of places, as long as there is room for it."""

    def __init__(self, source_of: Callable[[str], str]) -> None:
        self._source_of = source_of
        self._lines: dict[str, list[str]] = {}
        self._room = MAX_CODE

    def of(self, place: Place) -> str | None:
        """The first lines of it, or None when there is no room."""
        if self._room <= 0:
            return None
        if place.path not in self._lines:
            self._lines[place.path] = self._source_of(place.path).split("\n")
        wanted = self._lines[place.path][place.start - 1 : min(place.end, place.start - 1 + _MAX_LINES)]
        text = printable("\n".join(line.rstrip("\r")[:400] for line in wanted))
        self._room -= len(text)
        return text or None


def _imports(dependencies: Iterable[Dependency], paths: _Paths) -> dict[str, list[int]]:
    """By kind: source, target, source, target, ...; each pair once, without packages that are only passed through."""
    pairs: dict[str, dict[tuple[int, int], None]] = {"load": {}, "lazy": {}, "typing": {}}
    for item in dependencies:
        source, target = paths.find(item.source), paths.find(item.target)
        if item.kind in pairs and source is not None and target is not None:
            pairs[item.kind][source, target] = None
    return {kind: [number for pair in found for number in pair] for kind, found in pairs.items()}


def _cycle(cycle: ImportCycle) -> dict[str, Any]:
    """edges: source, target (places in `modules`), line, whether to cut; those to cut are never left out."""
    number = {name: place for place, name in enumerate(cycle.modules)}
    cut = frozenset(cycle.cut)
    edges = sorted(cycle.edges, key=lambda edge: edge not in cut)[: max(_MAX_EDGES, len(cut))]
    return {
        "modules": [printable(name) for name in cycle.modules],
        "edges": [
            [number[source], number[target], line, int((source, target, line) in cut)]
            for source, target, line in edges
            if source in number and target in number
        ],
        "imports": len(cycle.edges),
    }


def _families(families: Sequence[CloneFamily], paths: _Paths, excerpts: _Excerpts) -> list[dict[str, Any]]:
    return [
        {
            "kind": family.kind,
            "similarity": round(family.similarity, 3),
            "repeated": repeated_lines(family),
            "varies": [printable(text) for text in family.varies[:12]],
            "places": [
                [
                    paths.number(place.path),
                    place.start,
                    place.end,
                    printable(place.symbol),
                    excerpts.of(place) if number < _MAX_COPIES else None,
                ]
                for number, place in enumerate(family.places)
            ],
        }
        for family in families
    ]


def _finding(finding: Finding, paths: _Paths) -> list[Any]:
    return [
        printable(finding.rule),
        paths.number(finding.path),
        finding.start,
        finding.end,
        finding.severity.weight,
        finding.priority,
        finding.risk.value,
        printable(finding.symbol),
        printable(finding.message),
        [printable(fact) for fact in finding.evidence],
    ]


def _suggestions(suggestions: Iterable[Suggestion], findings: Sequence[Finding], paths: _Paths) -> list[dict[str, Any]]:
    """findings: places in the list of findings, of those that are on the page."""
    number = {finding.fingerprint: place for place, finding in enumerate(findings)}
    return [
        {
            "kind": printable(item.kind),
            "title": printable(item.title),
            "risk": item.risk.value,
            "priority": item.priority,
            "modules": [paths.number(path) for path in item.modules],
            "findings": [number[key] for key in item.findings if key in number],
        }
        for item in sorted(suggestions, key=lambda item: (-item.priority, item.id))
    ]
