"""What the merge did to the code itself: findings, complexity, copies, and whether it kept its promise."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gitops_healer import __version__
from gitops_healer.code.clones.index import CloneOptions
from gitops_healer.code.matching.language import RuleSet, compile_rules
from gitops_healer.code.model import CodeModel, Overlay
from gitops_healer.code.parsing import parsed
from gitops_healer.code.roles import is_test_path
from gitops_healer.code.shape import decode
from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.finding import Finding
from gitops_healer.core.scanning import CloneFamily
from gitops_healer.core.upgrade import Merged, Upgrade
from gitops_healer.core.watching import Measure, Reading
from gitops_healer.ports import FileChange
from gitops_healer.registry import Detector, FileView, Scene, metric

MOST_FILES: Final = 500
"""A merge that changed more says little about one change."""


@metric
def code_health(scene: Scene, upgrade: Upgrade) -> Iterator[Reading]:
    """The changed Python files at the merge against its parent: findings, complexity, copied lines, the promise.

    `violations`: what the detectors of single files find; `complexity`: McCabe's numbers, summed; `duplication`: lines
    that are copies of others among the changed files; `promise`: whether the finding that the upgrade is about is still
    there. Each against the lines of these files. It says whether a change did what it was for, and never raises an
    alarm. Worked out once a merge.
    """
    if upgrade.merged is None:
        return
    settings = scene.settings.fingerprint()
    finding = upgrade.finding
    key = f"health:{digest(__version__, upgrade.merged.commit, finding.rule, finding.fingerprint, settings)}"
    known = load(scene.cache.get(key), tuple[Reading, ...])
    if known is None:
        known = tuple(_readings(scene, upgrade.merged, finding))
        scene.cache.put(key, dump(known))
    yield from known


def _readings(scene: Scene, merged: Merged, finding: Finding) -> Iterator[Reading]:
    changes = scene.repository.file_changes(merged.parent, merged.commit)
    python = [change for change in changes if change.path.endswith(".py")]
    if len(python) > MOST_FILES:
        return
    before = _seen(scene, {change.path: change.old for change in python if change.old})
    after = _seen(scene, {change.path: change.new for change in python if change.new})
    if before.lines or after.lines:
        yield _reading(finding, "violations", before, after, before.violations, after.violations)
        yield _reading(finding, "complexity", before, after, before.complexity, after.complexity)
        yield _reading(finding, "duplication", before, after, before.copied, after.copied)
    there = _is_there(scene, merged, finding, after, python)
    if there is not None:
        yield _reading(finding, "promise", before, after, 1, int(there))


def _reading(finding: Finding, detail: str, before: "Seen", after: "Seen", old: int, new: int) -> Reading:
    return Reading(
        code_health.name, finding.symbol, max(before.lines, 1), old, max(after.lines, 1), new, None,
        measure=Measure.CODE, detail=detail,
    )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """Some files of one commit. found: rule -> fingerprints; unread: paths of files that are no Python."""

    lines: int
    complexity: int
    copied: int
    found: Mapping[str, Sequence[str]]
    unread: frozenset[str]

    @property
    def violations(self) -> int:
        return sum(len(marks) for marks in self.found.values())


class Forgetful:
    """A cache for a part of the code: it must not replace what is remembered of the whole."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        return {}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        pass


def _seen(scene: Scene, blobs: Mapping[str, str]) -> Seen:
    sizes = {path: len(scene.repository.read_blob(blob)) for path, blob in blobs.items()}
    overlays = [Overlay(path, blob, sizes[path]) for path, blob in blobs.items()]
    code = CodeModel(overlays, scene.repository.read_blob, Forgetful(), scene.settings.detection.exclude)
    policy = scene.settings.detection.duplicate_code
    code.clone_options = CloneOptions(policy.min_lines, policy.min_tokens, policy.similarity)
    rules = compile_rules(scene.settings.patterns.rules) if scene.settings.patterns.rules else None
    found: dict[str, list[str]] = {}
    for path in code.included:
        for finding in _look(scene, code, path, rules):
            found.setdefault(finding.rule, []).append(finding.fingerprint)
    facts = {path: code.facts(path) for path in code.included}
    return Seen(
        lines=sum(item.total_lines for item in facts.values()),
        complexity=sum(item.complexity for item in facts.values()),
        copied=sum(map(_copied, code.families())),
        found=found,
        unread=frozenset(path for path, item in facts.items() if not item.analyzable),
    )


def _look(scene: Scene, code: CodeModel, path: str, rules: RuleSet | None) -> Iterator[Finding]:
    facts = code.facts(path, detail=True)
    if not facts.analyzable:
        return
    source = code.source(path) or b""
    tree = parsed(source) if rules else None
    matches = tuple(rules.matches(tree, decode(source))) if rules and tree is not None else ()
    view = FileView(path, facts, scene.settings, is_test_path(path), matches)
    for detector in scene.detectors:
        if detector.look is not None and detector.name not in scene.settings.detection.disabled:
            yield from (
                finding
                for finding in detector.look(view)
                if not any(comment.covers(finding.rule, finding.start) for comment in facts.details.ignores)
            )


def _copied(family: CloneFamily) -> int:
    """Lines that would not be there without copying: all but the longest place."""
    lengths = sorted(place.end - place.start + 1 for place in family.places)
    return sum(lengths[:-1])


def _is_there(
    scene: Scene, merged: Merged, finding: Finding, after: Seen, changed: Sequence[FileChange]
) -> bool | None:
    """Whether the finding is still there at the merge; None where the code cannot tell: it is about executions or
    tests, nobody looks for it any more, or its file cannot be parsed."""
    detector: Detector | None = next((item for item in scene.detectors if item.name == finding.rule), None)
    if detector is None or detector.reads != "code" or detector.name in scene.settings.detection.disabled:
        return None
    if after.unread.intersection(finding.modules):
        return None
    if detector.look is not None:
        touched = any(change.path in finding.modules for change in changed)
        return finding.fingerprint in after.found.get(finding.rule, ()) if touched else True
    files = scene.repository.files(merged.commit)
    code = CodeModel(files, scene.repository.read_blob, scene.cache, scene.settings.detection.exclude)
    policy = scene.settings.detection.duplicate_code
    code.clone_options = CloneOptions(policy.min_lines, policy.min_tokens, policy.similarity)
    there = replace(scene, commit=merged.commit, code=code, progress=lambda _: None)
    return any(seen.fingerprint == finding.fingerprint for seen in detector(there))
