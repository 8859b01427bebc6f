"""Imports that go up where all others go down."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.graph import EdgeKind
from gitops_healer.code.layers import ImportLine, Layers, Violation, against_declared, against_inferred
from gitops_healer.code.model import CodeModel
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.detectors._imports import imports_among, module_names
from gitops_healer.registry import Scene, detector
from gitops_healer.settings import LayerViolation


@detector(reads="code")
def layer_violation(scene: Scene) -> Iterable[Finding]:
    """A module imports one that stands in a layer above its own.

    What it is: `layers` lists packages from top to bottom, each as a dotted prefix. A package may import what stands
    below it. Packages in one list stand side by side and may import each other; joined in one text by `|`
    (`shop.orders | shop.stock`) they may not, as in import-linter. Modules of no layer are free.

    Without declared layers, and unless `infer` is false, the direction is inferred: between two packages directly
    below one root package, imports are reported that go against at least 90 % of all imports between the two, when
    there are ten or more of those and at most three lines go against them. The message says so, with the numbers.

    Why it matters: what is below can be understood, tested and used without what is above, until it imports it; from
    there it is one step to a cycle.

    Silent: for tests, imports for type checkers alone, and packages of fewer than three modules (inferred only).
    Imports inside of functions are told apart: they do not run at load time, and count for less.

    How to fix: move the name that is imported down, or hand it in from above.
    """
    for violation in violations(scene.code, scene.settings.detection.layer_violation):
        yield _finding(violation, scene.code)


def violations(code: CodeModel, policy: LayerViolation) -> tuple[Violation, ...]:
    """Imports against declared layers; against inferred ones when none are declared."""
    names = module_names(code)
    imports = [
        ImportLine(names[edge.source], names[edge.target], edge.source, edge.line, edge.kind is EdgeKind.LAZY)
        for edge in imports_among(code, names)
    ]
    if policy.layers:
        return against_declared(imports, Layers(policy.layers))
    return against_inferred(imports, names.values()) if policy.infer else ()


def _finding(violation: Violation, code: CodeModel) -> Finding:
    pair = f"{violation.source} -> {violation.target}"
    declared = not violation.inferred
    target = code.path_of(violation.target)
    return Finding(
        layer_violation.name,
        violation.path,
        pair,
        violation.lines[0],
        violation.lines[0],
        Severity.MEDIUM if declared and not violation.lazy else Severity.LOW,
        violation.message,
        fingerprint(layer_violation.name, pair, ""),
        risk=Risk.MEDIUM,
        priority=(4 if declared else 2) - violation.lazy,
        evidence=tuple(_evidence(violation)),
        others=(target,) if target else (),
    )


def _evidence(violation: Violation) -> Iterator[str]:
    when = "when it is called, not while it is imported" if violation.lazy else "while it is imported"
    yield f"{violation.source} imports {violation.target} {when}"
    yield from (f"at {violation.path}:{line}" for line in violation.lines)
    if violation.inferred:
        along = f"{violation.along} imports lead from {violation.upper} to {violation.lower}"
        yield f"inferred: {along}, {violation.against} back"
    else:
        yield "declared in detection.layer_violation.layers"
