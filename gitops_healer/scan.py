"""One scan of a commit, top to bottom: read what changed, look at files, look at the whole, say what is new.

Nothing is written but the cache. `heal` sees through the same detectors; a scan shows all that they see.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gitops_healer.code.clones.index import CloneOptions
from gitops_healer.code.fact_store import SCHEMA, Look, Opened, Spread
from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.links import Links
from gitops_healer.code.model import CodeModel
from gitops_healer.code.outline import Outline, Snapshot
from gitops_healer.code.patterns import matcher
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.shape import decode
from gitops_healer.core.advice import suggestions_for
from gitops_healer.core.baseline import Known, known_of, new_among
from gitops_healer.core.codec import digest
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.core.scanning import Dependency, ImportCycle, ModuleSummary, ScanReport, ScanStats
from gitops_healer.errors import RepositoryError
from gitops_healer.ports import Cache, Clock, Progress, Repository
from gitops_healer.registry import Absent, Detector, FileView, Scene
from gitops_healer.settings import Settings

SNAPSHOT = 1
"""Counts up whenever a snapshot means something else."""
LINKS = f"links:{SCHEMA}:3"


@dataclass(frozen=True)
class Site:
    """What a scan is given. stamp: identifies this version of the healer, since it decides what is seen."""

    repository: Repository
    cache: Cache
    settings: Settings
    detectors: Sequence[Detector]
    spread: Spread
    clock: Clock
    progress: Progress
    stamp: str
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Scan:
    """The report, the code that it is about, and all findings, known ones among them. lost: paths that could not be
    read this time, so that the next scan may say something else."""

    report: ScanReport
    code: CodeModel
    findings: tuple[Finding, ...]
    lost: frozenset[str] = frozenset()


def scan(site: Site, commit: str, ref: str, paths: Sequence[str] = (), known: Collection[Known] = ()) -> Scan:
    """Look at one commit. paths: patterns of the files to report on; known: findings that are not new."""
    began = time.perf_counter()
    code, snapshot, lost = read_code(site, commit)
    site.progress("looking at the whole")
    everything = distinct([*of_files(code, snapshot), *of_the_whole(site, code, commit)])
    wanted = matcher(paths) if paths else _any_path
    chosen = [finding for finding in everything if wanted(finding.path)]
    heard, ignored = obeying_comments(chosen, code.outlines)
    fresh = new_among(heard, known)
    modules = {path: _summary(code, path) for path in code.included if wanted(path)}
    families = [item for item in code.families() if any(wanted(place.path) for place in item.places)]
    report = ScanReport(
        ref=ref,
        commit=commit,
        modules=modules,
        dependencies=dependencies(code, wanted),
        cycles=import_cycles(code, wanted),
        families=tuple(families),
        findings=fresh,
        suggestions=suggestions_for(fresh),
        stats=ScanStats(
            files=len(modules),
            lines=sum(module.lines for module in modules.values()),
            cached=len(code.blobs) - code.parsed,
            parsed=code.parsed,
            seconds=round(time.perf_counter() - began, 3),
        ),
        known=len(heard) - len(fresh),
        ignored=ignored,
    )
    return Scan(report, code, tuple(heard), lost)


def read_code(site: Site, commit: str) -> tuple[CodeModel, Snapshot, frozenset[str]]:
    """The code of a commit, what is seen in its files, and paths that could not be read this time."""
    site.progress("listing files")
    files, read = site.repository.files(commit), site.repository.read_blob
    code = CodeModel(files, read, site.cache, site.settings.detection.exclude, site.spread)
    copied = site.settings.detection.duplicate_code
    code.clone_options = CloneOptions(copied.min_lines, copied.min_tokens, copied.similarity)
    code.known_links = Links.load(site.cache.get(LINKS))
    snapshot, lost = refreshed(site, code)
    if (links := code.links) is not None:
        site.cache.put(LINKS, links.dump())
    code.outlines = {path: snapshot.outlines[path] for path in code.included}
    code.mentions = snapshot.mentions
    return code, snapshot, lost


def known_at(site: Site, commit: str) -> tuple[Known, ...]:
    """What a scan of an earlier commit finds."""
    return known_of(scan(site, commit, commit).findings)


# Files


def refreshed(site: Site, code: CodeModel) -> tuple[Snapshot, frozenset[str]]:
    """What is seen in each file: that of the scan before where the blob is the same, else looked at now. And paths of
    files that could not be read this time."""
    key = f"scan:{SNAPSHOT}:{digest(site.stamp, site.settings.model_dump_json(), [d.name for d in site.detectors])}"
    snapshot = Snapshot.load(site.cache.get(key))
    blobs = {path: code.blob(path) for path in code.included}
    gone = snapshot.gone(blobs)
    try:
        for path in gone:
            snapshot.forget(path, code.mentioned_by(snapshot.outlines[path].blob))
    except RepositoryError:  # what was scanned before is not in this repository any more
        snapshot = Snapshot()
    stale = snapshot.stale(blobs)
    paths_of = _paths_by_blob(blobs, stale)
    site.progress(f"reading {len(paths_of):,} files" if paths_of else "nothing changed")
    lost: set[str] = set()
    for done, seen in enumerate(code.visit(stale, eyes(site, paths_of)), 1):
        lost.update(paths_of[seen.blob] if seen.lost else ())
        outline, findings, mentions = seen.looked
        for path in paths_of[seen.blob]:
            snapshot.learn(path, Outline.read(outline), findings.get(path, []), mentions)
        if done % 100 == 0:
            site.progress(f"reading {done:,} of {len(paths_of):,} files")
    if gone or stale:
        site.cache.put(key, snapshot.dump(lost))
    return snapshot, frozenset(lost)


def eyes(site: Site, paths_of: Mapping[str, Sequence[str]]) -> Look:
    """What is asked about one blob where its facts are at hand: perhaps in another process, so the answer is JSON."""
    looks = [detector.look for detector in site.detectors if detector.look is not None]
    rules = rules_of(site.settings)

    def look(opened: Opened) -> Any:
        facts = opened.facts
        matches = tuple(rules.matches(opened.tree, decode(opened.source))) if rules and opened.tree else ()
        found = {
            path: _rows(looks, FileView(path, facts, site.settings, is_test_path(path), matches))
            for path in paths_of[opened.blob]
        }
        found = {path: rows for path, rows in found.items() if rows}
        return Outline.of(opened.blob, facts), found, facts.details.mentions

    return look


def rules_of(settings: Settings) -> Any:
    """The compiled code patterns of the policy, None when it has none."""
    if not settings.patterns.rules:
        return None
    from gitops_healer.code.matching.language import compile_rules  # a language that few scans need

    return compile_rules(settings.patterns.rules)


def _rows(looks: Iterable[Callable[[FileView], Iterable[Finding]]], view: FileView) -> list[Any]:
    return [finding_row(finding) for look in looks for finding in look(view)] if view.facts.analyzable else []


def of_files(code: CodeModel, snapshot: Snapshot) -> Iterable[Finding]:
    """The findings of single files, with whole names."""
    for path in code.included:
        for row in snapshot.seen.get(path, ()):
            finding = read_row(path, row)
            name = code.module_name(path) or path
            yield replace(finding, symbol=f"{name}.{finding.symbol}" if finding.symbol else name)


def finding_row(finding: Finding) -> list[Any]:
    return [
        finding.rule, finding.symbol, finding.start, finding.end, finding.severity.value, finding.message,
        finding.fingerprint, finding.risk.value, finding.priority, finding.evidence, finding.others,
    ]  # fmt: skip


def read_row(path: str, row: Sequence[Any]) -> Finding:
    rule, symbol, start, end, severity, message, mark, risk, priority, evidence, others = row
    return Finding(
        rule, path, symbol, start, end, Severity(severity), message, mark, Risk(risk), priority, tuple(evidence),
        tuple(others),
    )  # fmt: skip


# The whole


def of_the_whole(site: Site, code: CodeModel, commit: str) -> Iterable[Finding]:
    """The findings of detectors that need all files."""
    absent = Absent("a scan reads code alone")
    scene = Scene(
        commit, site.clock.now(), site.repository, code, absent, absent, absent, absent, site.cache, site.settings,
        site.progress,
    )  # fmt: skip
    for detector in site.detectors:
        if detector.look is None and detector.reads == "code":
            site.progress(f"looking: {detector.name}")
            yield from detector(scene)


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """The most urgent first; those that look the same get different fingerprints, in the order of their paths."""
    counted: dict[str, int] = {}
    found = []
    for finding in sorted(findings, key=lambda item: (item.path, item.start, item.rule, item.symbol)):
        times = counted[finding.fingerprint] = counted.get(finding.fingerprint, 0) + 1
        mark = finding.fingerprint
        found.append(
            finding if times == 1 else replace(finding, fingerprint=fingerprint(finding.rule, mark, str(times)))
        )
    return sorted(found, key=lambda item: (-item.priority, -item.severity.weight))


def obeying_comments(
    findings: Iterable[Finding], outlines: Mapping[str, Outline]
) -> tuple[list[Finding], tuple[tuple[Finding, str], ...]]:
    """(findings that stay, those that a comment in the code wants left out, with its reason)."""
    heard, ignored = [], []
    for finding in findings:
        outline = outlines.get(finding.path)
        comment = next((i for i in outline.ignores if i.covers(finding.rule, finding.start)), None) if outline else None
        if comment is None:
            heard.append(finding)
        else:
            ignored.append((finding, comment.reason))
    return heard, tuple(ignored)


def dependencies(code: CodeModel, wanted: Callable[[str], bool]) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(edge.source, edge.target, edge.line, edge.kind.value)
        for edge in code.edges()
        if edge.kind is not EdgeKind.PACKAGE and (wanted(edge.source) or wanted(edge.target))
    )


def import_cycles(code: CodeModel, wanted: Callable[[str], bool]) -> tuple[ImportCycle, ...]:
    def named(edges: Iterable[Any]) -> tuple[tuple[str, str, int], ...]:
        return tuple((_name(code, edge.source), _name(code, edge.target), edge.line) for edge in edges)

    return tuple(
        ImportCycle(
            tuple(sorted(_name(code, path) for path in cycle.paths)), named(cycle.edges), named(code.cut(cycle))
        )
        for cycle in code.cycles()
        if any(wanted(path) for path in cycle.paths)
    )


def _summary(code: CodeModel, path: str) -> ModuleSummary:
    outline = code.outlines[path]
    return ModuleSummary(
        path, code.module_name(path) or "", outline.analyzable, outline.reason, outline.lines, outline.complexity,
        outline.functions, outline.classes,
    )  # fmt: skip


def _name(code: CodeModel, path: str) -> str:
    return code.module_name(path) or path


def _paths_by_blob(blobs: Mapping[str, str], stale: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in stale:
        found.setdefault(blobs[path], []).append(path)
    return found


def _any_path(path: str) -> bool:
    return True
