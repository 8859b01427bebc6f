"""Failures that somebody wanted: raised on purpose, or no longer caught."""

import ast
from collections.abc import Iterator

from gitops_healer.code.source import Function, Source, read_source
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.failure import project_frames


def wanted_failure(scene: Scene, outcome: CallOutcome, commit: str) -> str:
    """Why today's failure was wanted when the code left the state of `commit`, "" when nothing says so: a `raise` or
    `assert` that was not there, or an `except` that is not there any more."""
    for number, frame in enumerate(reversed(project_frames(scene, outcome))):
        now = read_source(frame.file, scene.code.source(frame.file) or b"")
        then = read_source(frame.file, scene.repository.read(commit, frame.file) or b"") if commit else None
        if now is None:
            continue
        guard = _guard_at(now, frame.line) if number == 0 else None
        if guard is not None and (then is None or ast.dump(guard) not in _guards(then)):
            known = "did not then" if then is not None else "whether it did then is not known"
            return f"line {frame.line} of {frame.file} raises on purpose, and {known}"
        if then is not None and _handlers(then, now, frame.line):
            return f"errors were caught then around what is line {frame.line} of {frame.file} now"
    return ""


def _guard_at(source: Source, line: int) -> ast.stmt | None:
    return next((node for node in _guarding(source) if node.lineno <= line <= (node.end_lineno or node.lineno)), None)


def _guards(source: Source) -> frozenset[str]:
    return frozenset(map(ast.dump, _guarding(source)))


def _guarding(source: Source) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(source.tree) if isinstance(node, ast.Raise | ast.Assert))


def _handlers(then: Source, now: Source, line: int) -> bool:
    """Whether the function around a line of today had more handlers of errors."""
    name = qualname_at(now, line)
    counts = [
        sum(isinstance(inner, ast.ExceptHandler) for inner in ast.walk(node))
        for source in (then, now)
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and name and qualname_at(source, node.lineno) == name
    ]
    return len(counts) == 2 and counts[0] > counts[1]


def qualname_at(source: Source, line: int) -> str:
    """Of the function around a line, "" outside and inside of nested ones."""
    around = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, Function | ast.ClassDef) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    around.sort(key=lambda node: node.lineno)
    nested = any(isinstance(node, Function) for node in around[:-1])
    return ".".join(node.name for node in around) if around and not nested else ""
