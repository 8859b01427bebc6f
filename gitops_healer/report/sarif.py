"""A scan as SARIF 2.1.0 (OASIS, 2020), within what GitHub code scanning accepts.

Limits are those of docs.github.com, "SARIF results exceed limits": 25,000 results of a run, 10 MB of the compressed
file, 1,000 locations of a result of which 100 are shown.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gitops_healer import __version__
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.core.scanning import CloneFamily, ImportCycle, ScanReport
from gitops_healer.report.order import by_urgency

SCHEMA_URI = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "gitopsHealer/v1"
ROOT = "SRCROOT"
MAX_RESULTS = 25_000
MAX_BYTES = 9_000_000
"""Of the document as compact JSON, compressed by gzip; what is left of the 10 MB is for indentation."""

_MAX_RELATED = 100
_MAX_TEXT = 1_000
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_PROBLEMS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "recommendation"}
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")


@dataclass(frozen=True)
class RuleHelp:
    """A rule for people. help: what it sees, in a sentence; description: more about it, or the same."""

    name: str
    help: str
    description: str = ""


def sarif_document(report: ScanReport, rules: Sequence[RuleHelp], repository: str = "") -> dict[str, Any]:
    """One log with one run, ready for `json.dump` without indentation; the most urgent results where there are more
    than fit. repository: URI of the repository, without which SARIF has no place for the commit but a property."""
    kept = MAX_RESULTS
    while True:
        document = _document(report, rules, repository, kept)
        size = _compressed_size(document)
        results = len(document["runs"][0]["results"])
        if size <= MAX_BYTES or not results:
            return document
        kept = min(results - 1, int(results * MAX_BYTES / size * 0.95))


def _compressed_size(document: Mapping[str, Any]) -> int:
    data = json.dumps(document, separators=(",", ":")).encode()
    return len(data) if len(data) <= MAX_BYTES else len(gzip.compress(data, 6))


def _document(report: ScanReport, rules: Sequence[RuleHelp], repository: str, most: int) -> dict[str, Any]:
    results = [*_results(report)]
    descriptors = _descriptors(rules, [finding for finding, _ in results])
    index = {descriptor["id"]: number for number, descriptor in enumerate(descriptors)}
    related = _Related(report)
    left_out = max(0, len(results) - most)
    run = {
        "tool": {"driver": {"name": "gitops-healer", "semanticVersion": __version__, "rules": descriptors}},
        "automationDetails": {"id": f"gitops-healer/{report.commit}"},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": [*_notifications(report, left_out)]}
        ],
        "results": [
            _result(finding, index[_plain(finding.rule)], reason, related.of(finding))
            for finding, reason in results[:most]
        ],
        "properties": {"ref": _plain(report.ref), "commit": report.commit, "known": report.known},
    }
    if repository:
        origin = {"repositoryUri": repository, "revisionId": report.commit, "mappedTo": {"uriBaseId": ROOT}}
        run["versionControlProvenance"] = [origin]
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}


def _results(report: ScanReport) -> Iterator[tuple[Finding, str | None]]:
    """Findings with the reason why they are to be ignored; those that are not ignored first."""
    yield from ((finding, None) for finding in by_urgency(report.findings))
    reasons = {id(finding): reason for finding, reason in report.ignored}
    yield from ((finding, reasons[id(finding)]) for finding in by_urgency(finding for finding, _ in report.ignored))


# Rules


def _descriptors(rules: Sequence[RuleHelp], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Every rule that is known or that found something, by name."""
    worst: dict[str, Severity] = {}
    for finding in findings:
        name = _plain(finding.rule)
        worst[name] = max(worst.get(name, Severity.LOW), finding.severity, key=lambda severity: severity.weight)
    known = {rule.name: rule for rule in rules}
    return [_descriptor(known.get(name), name, worst.get(name)) for name in sorted(known.keys() | worst.keys())]


def _descriptor(rule: RuleHelp | None, name: str, worst: Severity | None) -> dict[str, Any]:
    """worst: of its findings; a rule that found nothing counts as a warning, as SARIF has it."""
    short = rule.help if rule and rule.help else name.replace("_", " ")
    full = rule.description if rule and rule.description else short
    severity = worst or Severity.MEDIUM
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("_")),
        "shortDescription": {"text": _text(short)},
        "fullDescription": {"text": _text(full)},
        "help": {
            "text": _text(f"{full}\n\nTo turn it off: `detection: disabled: [{name}]` in policies/detection.yml.")
        },
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"problem.severity": _PROBLEMS[severity], "tags": ["maintainability"]},
    }


# Results


def _result(
    finding: Finding, rule: int, ignored: str | None, related: Sequence[tuple[str, int, int, str]]
) -> dict[str, Any]:
    logical = {"fullyQualifiedName": _plain(finding.symbol)}
    result: dict[str, Any] = {
        "ruleId": _plain(finding.rule),
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "rank": float(10 * finding.priority),
        "message": {"text": _text(". ".join((finding.message.rstrip("."), *finding.evidence)))},
        "locations": [
            {"physicalLocation": _physical(finding.path, finding.start, finding.end)}
            | ({"logicalLocations": [logical]} if finding.symbol else {})
        ],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "problem.severity": _PROBLEMS[finding.severity],
            "priority": finding.priority,
            "risk": finding.risk.value,
        },
    }
    if related:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _physical(path, start, end), "message": {"text": _text(said)}}
            for number, (path, start, end, said) in enumerate(related[:_MAX_RELATED], 1)
        ]
    if ignored is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": _text(ignored or "no reason is given")}]
    return result


class _Related:
    """The other places that a finding is about: the copies of a piece of code, the imports of a cycle."""

    def __init__(self, report: ScanReport) -> None:
        self._families: dict[tuple[str, int], CloneFamily] = {
            (place.path, place.start): family for family in report.families for place in family.places
        }
        self._names = {path: module.name for path, module in report.modules.items()}
        self._paths = {module.name: path for path, module in report.modules.items() if module.name}
        self._cycles: dict[str, ImportCycle] = {name: cycle for cycle in report.cycles for name in cycle.modules}

    def of(self, finding: Finding) -> list[tuple[str, int, int, str]]:
        """(path, start, end, what it is) of each."""
        if finding.rule == "duplicate_code":
            return [*self._copies(finding)]
        if finding.rule == "circular_import":
            return [*self._imports(finding)]
        return []

    def _copies(self, finding: Finding) -> Iterator[tuple[str, int, int, str]]:
        family = self._families.get((finding.path, finding.start))
        for place in family.places if family else ():
            if (place.path, place.start) != (finding.path, finding.start):
                yield place.path, place.start, place.end, f"copy in {place.symbol or place.path}"

    def _imports(self, finding: Finding) -> Iterator[tuple[str, int, int, str]]:
        cycle = self._cycles.get(self._names.get(finding.path, ""))
        cut = frozenset(cycle.cut) if cycle else frozenset()
        # What is to be cut comes first, since of a large knot only a part is shown.
        for source, target, line in sorted(cycle.edges, key=lambda edge: edge not in cut) if cycle else ():
            if source in self._paths:
                what = "import to cut" if (source, target, line) in cut else "import"
                yield self._paths[source], line, line, f"{what}: {source} needs {target}"


# Notifications


def _notifications(report: ScanReport, left_out: int) -> Iterator[dict[str, Any]]:
    if left_out:
        yield _notification(f"{left_out:,} less urgent results are left out, since code scanning takes no more.")
    for path, module in sorted(report.modules.items()):
        if not module.analyzable:
            said = f"{path} could not be analysed: {module.reason or 'no reason is known'}"
            yield _notification(said) | {"locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}]}
    for notice in report.notices:
        yield _notification(notice, "note")


def _notification(said: str, level: str = "warning") -> dict[str, Any]:
    return {"level": level, "message": {"text": _text(said)}}


# Places and texts


def _physical(path: str, start: int, end: int) -> dict[str, Any]:
    first = max(1, start)
    return {"artifactLocation": _artifact(path), "region": {"startLine": first, "endLine": max(first, end)}}


def _artifact(path: str) -> dict[str, Any]:
    """A URI reference: a file name may hold anything, `:` and bytes of no encoding included."""
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": ROOT}


def _text(text: str) -> str:
    """What a viewer shows as it is: `[words](1)` would become a link (SARIF 3.11.6)."""
    shown = _LINK.sub(r"\\[", _plain(text).strip())
    return shown if len(shown) <= _MAX_TEXT else f"{shown[: _MAX_TEXT - 1]}…"


def _plain(text: str) -> str:
    """Without undecodable bytes and control characters."""
    known = text.encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in known)
