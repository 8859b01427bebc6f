"""A scan as one JSON document, written piece by piece: what is known of each module is text already."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitops_healer.code import fast_json
from gitops_healer.core.scanning import CloneFamily, ImportCycle, ScanReport, Suggestion
from gitops_healer.report.documents import SCHEMA, finding_document
from gitops_healer.report.stats import stats_json

_KINDS = {1: "type-1", 2: "type-2", 3: "type-3"}
_VIOLATIONS = ("layer_violation", "unstable_dependency")


def scan_json(report: ScanReport, listings: Mapping[str, bytes], blobs: Mapping[str, str]) -> Iterator[bytes]:
    """The document in pieces; the last one holds `stats` alone. listings: by blob (see `code.listing`); blobs:
    {path: blob}."""
    yield b'{"schema":%d,"ref":%b,"commit":%b,"modules":{' % (SCHEMA, _text(report.ref), _text(report.commit))
    for number, (path, module) in enumerate(report.modules.items()):
        comma = b"," if number else b""
        yield b'%b%b:{"name":%b,%b}' % (comma, _text(path), _text(module.name), listings[blobs[path]])
    rest = {
        "global_issues": {
            "circular_imports": [_cycle(cycle) for cycle in report.cycles],
            "duplicate_patterns": [_family(family) for family in report.families],
            "architectural_violations": [
                finding_document(finding) for finding in report.findings if finding.rule in _VIOLATIONS
            ],
        },
        "findings": [finding_document(finding) for finding in report.findings],
        "upgrade_suggestions": [_suggestion(item) for item in report.suggestions],
        "ignored": [{**finding_document(finding), "reason": reason} for finding, reason in report.ignored],
        "known": report.known,
        "notices": list(report.notices),
    }
    yield b"}," + _text(rest)[1:-1]
    yield stats_json(report.stats.__dict__)


def _text(value: Any) -> bytes:
    return fast_json.dumps(value)


def _cycle(cycle: ImportCycle) -> dict[str, Any]:
    return {"modules": cycle.modules, "edges": cycle.edges, "cut": cycle.cut}


def _family(family: CloneFamily) -> dict[str, Any]:
    return {
        "kind": _KINDS[family.kind],
        "similarity": round(family.similarity, 3),
        "places": [place.__dict__ for place in family.places],
        "varies": family.varies,
    }


def _suggestion(item: Suggestion) -> dict[str, Any]:
    return {
        "id": item.id,
        "type": item.kind,
        "title": item.title,
        "risk_level": item.risk.value,
        "priority": item.priority,
        "affected_modules": item.modules,
        "findings": item.findings,
    }
