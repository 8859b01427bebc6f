"""Spectrum-based fault localisation: which functions and lines the failing tests ran and the passing ones did not.

Suspicion of a line is Ochiai's coefficient (Ochiai 1957; Abreu et al., "On the accuracy of spectrum-based fault
localization", TAIC PART 2007): failing tests that ran it over the root of (all failing tests x all tests that ran it);
raised for lines in the traceback of a failing test and for lines that were changed lately.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from gitops_healer.code.source import Function, Source
from gitops_healer.core.testing import TestCase
from gitops_healer.core.trials import Trace

Recency = Mapping[str, Mapping[int, float]]

_INNERMOST = 1.6  # the line that raised
_ON_THE_WAY = 1.2  # other lines of the traceback
_RECENT = 0.6  # share by which a line of the newest commit is raised
_CONSTANT = 0.5  # a constant is as suspicious as half of the code that reads it
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False)
class Suspect:
    """A function, or a module's statements outside of functions. lines: suspicion, 0 to 1; score: the highest."""

    source: Source
    node: Function | ast.Module
    qualname: str
    lines: Mapping[int, float]

    @property
    def score(self) -> float:
        return max(self.lines.values(), default=0.0)


def localise(
    read: Callable[[str], Source | None],
    trace: Trace,
    failing: Sequence[TestCase],
    recency: Recency,
    imports: Callable[[str, str], str | None],
    most: int = 80,
) -> tuple[Suspect, ...]:
    """The most suspicious functions and modules first.

    read: a file that may be repaired (None for tests and what does not parse); imports: the file that
    `from module import name` in a file means; most: so many suspects at most.
    """
    scores = _spectrum(trace, {case.id for case in failing})
    _raise_frames(scores, failing)
    sources = {path: source for path in scores if (source := read(path)) is not None}
    for (path, lines), source in ((item, sources.get(item[0])) for item in scores.items()):
        if source is not None:
            _raise_recent(lines, recency.get(path, {}))
    highest = max((score for path in sources for score in scores[path].values()), default=1.0)
    found: list[Suspect] = []
    for path, source in sources.items():
        lines = {line: min(1.0, score / highest) for line, score in scores[path].items()}
        found += _functions(source, lines)
    found += _modules(found, read, imports)
    found += _unimportable(read, failing)
    return tuple(sorted(found, key=lambda one: (-one.score, one.source.path, one.qualname))[:most])


def everywhere(sources: Iterable[Source], score: float = 0.5) -> tuple[Suspect, ...]:
    """All functions and modules of some files, all lines alike: for tests that start programs, which nobody can
    follow."""
    found = []
    for source in sources:
        lines = dict.fromkeys(range(1, len(source.lines) + 1), score)
        found += [*_functions(source, lines), Suspect(source, source.tree, "", dict.fromkeys(lines, score / 2))]
    return tuple(found)


def _spectrum(trace: Trace, failing: set[str]) -> dict[str, dict[int, float]]:
    """path -> line -> Ochiai."""
    failed: dict[tuple[str, int], int] = {}
    passed: dict[tuple[str, int], int] = {}
    for test, files in trace.covered.items():
        counts = failed if test in failing else passed
        for path, lines in files.items():
            for line in lines:
                counts[path, line] = counts.get((path, line), 0) + 1
    total = sum(test in failing for test in trace.covered)
    scores: dict[str, dict[int, float]] = {}
    for (path, line), ran in failed.items():
        scores.setdefault(path, {})[line] = ran / sqrt(total * (ran + passed.get((path, line), 0)))
    return scores


def _raise_frames(scores: dict[str, dict[int, float]], failing: Sequence[TestCase]) -> None:
    """A line counts once, however many tests fail there."""
    factors: dict[tuple[str, int], float] = {}
    for case in failing:
        frames = [frame for frame in case.frames if frame.file in scores]
        for frame in frames:
            factor = _INNERMOST if frame is frames[-1] else _ON_THE_WAY
            factors[frame.file, frame.line] = max(factor, factors.get((frame.file, frame.line), 1.0))
    for (path, line), factor in factors.items():
        if line in scores[path]:
            scores[path][line] *= factor


def _raise_recent(lines: dict[int, float], recent: Mapping[int, float]) -> None:
    for line in lines:
        lines[line] *= 1 + _RECENT * recent.get(line, 0.0)


def outer_functions(source: Source) -> Iterator[tuple[Function, str]]:
    """Functions that stand in no other function, with their qualified names."""
    todo: list[tuple[ast.AST, str]] = [(source.tree, "")]
    while todo:
        node, prefix = todo.pop(0)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _FUNCTIONS):
                yield child, prefix + child.name
            elif isinstance(child, ast.ClassDef):
                todo.append((child, f"{prefix}{child.name}."))
            elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                todo.append((child, prefix))


def function_named(source: Source, qualname: str) -> Function | ast.Module:
    """The function of that name, the module when there is none."""
    return next((node for node, name in outer_functions(source) if name == qualname), source.tree)


def _functions(source: Source, lines: Mapping[int, float]) -> Iterator[Suspect]:
    for node, name in outer_functions(source):
        first, last = node.body[0].lineno, node.end_lineno or node.lineno
        own = {line: score for line, score in lines.items() if first <= line <= last}
        if own:
            # Defaults run when the module is imported: as suspicious as the constants are.
            header = dict.fromkeys(range(node.lineno, first), _CONSTANT * max(own.values()))
            yield Suspect(source, node, name, {**header, **own})


def _modules(
    functions: Sequence[Suspect], read: Callable[[str], Source | None], imports: Callable[[str, str], str | None]
) -> Iterator[Suspect]:
    """Statements outside of functions that give a value to names that suspicious functions read."""
    scores: dict[str, dict[str, float]] = {}
    for suspect in functions:
        for name, line in _read_names(suspect.node):
            known = scores.setdefault(suspect.source.path, {})
            known[name] = max(known.get(name, 0.0), _CONSTANT * suspect.lines.get(line, 0.0))
    for path, names in list(scores.items()):
        for name, score in list(names.items()):
            elsewhere = imports(path, name)
            if score and elsewhere is not None and elsewhere != path:
                known = scores.setdefault(elsewhere, {})
                known[name] = max(known.get(name, 0.0), score)
    for path, names in scores.items():
        source = read(path)
        if source is None:
            continue
        lines: dict[int, float] = {}
        for statement, bound in _bindings(source.tree):
            score = max((names.get(name, 0.0) for name in bound), default=0.0)
            if score:
                span = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
                lines |= dict.fromkeys(span, score)
        if lines:
            yield Suspect(source, source.tree, "", lines)


def _read_names(node: ast.AST) -> Iterator[tuple[str, int]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            yield inner.id, inner.lineno
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Load):
            yield inner.attr, inner.lineno


def _bindings(tree: ast.Module) -> Iterator[tuple[ast.stmt, tuple[str, ...]]]:
    """Statements of modules and classes that bind names to values."""
    todo: list[ast.stmt] = list(tree.body)
    while todo:
        statement = todo.pop(0)
        match statement:
            case ast.Assign(targets=targets):
                yield statement, tuple(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                yield statement, (name,)
            case ast.AugAssign(target=ast.Name(id=name)):
                yield statement, (name,)
            case ast.ClassDef(body=body):
                todo += body
            case ast.If(body=body, orelse=orelse):
                todo += [*body, *orelse]


def _unimportable(read: Callable[[str], Source | None], failing: Iterable[TestCase]) -> Iterator[Suspect]:
    """Lines outside of functions that raise when the module is imported."""
    lines: dict[str, dict[int, float]] = {}
    for case in failing:
        for number, frame in enumerate(reversed(case.frames)):
            if frame.function == "<module>":
                lines.setdefault(frame.file, {})[frame.line] = 1.0 / (1 + number)
    for path, scores in lines.items():
        source = read(path)
        if source is not None:
            yield Suspect(source, source.tree, "", scores)
