"""What is wrong on the base branch: the detectors, asked no more often than what they read changes."""

from dataclasses import replace

from gitops_healer import __version__
from gitops_healer.core.codec import digest, dump, load
from gitops_healer.core.finding import Finding
from gitops_healer.core.summary import Look
from gitops_healer.registry import Detector, Scene
from gitops_healer.world import World


def detect(world: World) -> tuple[list[Finding], list[Look]]:
    """What the detectors see on the base branch, most urgent first: those whose findings can be healed, and those of
    executions, which cost little. Two of them may see the same flaw. `gitops-healer scan` shows all that code shows."""
    looks: list[Look] = []
    scene = world.scene(world.base)
    seen: dict[str, Finding] = {}
    for detector in world.detectors:
        wanted = detector.reads == "executions" or world.fixers_of(detector.name)
        if detector.name in world.settings.detection.disabled or not wanted:
            continue
        world.progress(f"looking: {detector.name}")
        said: list[str] = []
        seen_by = remembered(detector, replace(scene, progress=said.append))
        found = [finding for finding in seen_by if not left_out(scene, finding)]
        if len(found) < len(seen_by):
            said.append("; ".join([*said[-1:], f"{len(seen_by) - len(found)} left out by comments in the code"]))
        looks.append(Look(detector.name, len(found), said[-1] if said else ""))
        for finding in found:
            known = seen.setdefault(finding.fingerprint, finding)
            if finding.priority > known.priority:
                seen[finding.fingerprint] = finding
    findings = sorted(seen.values(), key=lambda f: (-f.priority, -f.severity.weight, f.rule, f.path, f.symbol))
    return findings, looks


def left_out(scene: Scene, finding: Finding) -> bool:
    """Whether a comment `# healer: ignore[rule]` in the code wants it so."""
    if not finding.path.endswith(".py") or not scene.code.has(finding.path):
        return False
    comments = scene.code.facts(finding.path, detail=True).details.ignores
    return any(comment.covers(finding.rule, finding.start) for comment in comments)


def remembered(detector: Detector, scene: Scene) -> list[Finding]:
    """A detector that reads nothing but code sees the same in the same tree: it is asked once."""
    if detector.reads != "code":
        return list(detector(scene))
    tree = scene.repository.commit(scene.commit).tree
    key = f"findings:{digest(detector.name, __version__, tree, scene.settings.detection.model_dump_json())}"
    if (known := load(scene.cache.get(key), list[Finding])) is not None:
        return known
    findings = list(detector(scene))
    scene.cache.put(key, dump(findings))
    return findings


def readable(world: World, commit: str, path: str) -> bool:
    """Whether a file is gone or could be looked at: what cannot be read says nothing about what is in it."""
    code = world.scene(commit).code
    return not path.endswith(".py") or not code.has(path) or code.facts(path).analyzable
