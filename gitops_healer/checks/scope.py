"""The change stays inside the plan."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from gitops_healer.code.patterns import matcher
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.core.words import counted
from gitops_healer.registry import Case, Scene, check

_HEADERS = re.compile(
    r"^(?P<what>old mode \d+|new file mode (?:12|16)\d+|deleted file mode (?:12|16)\d+|new file mode 100755"
    r"|Binary files .*|GIT binary patch.*)$",
    re.M,
)
_NEWLINE = re.compile(rb"(?<=\n)|(?<=\r)(?!\n)")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Span:
    """What a run of lines belongs to. name: qualified inside the module, "" for the module's own code; lines from 1."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class FileStep:
    """One file before and after; None: there is none."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def blocks(self) -> tuple[tuple[int, int, int, int], ...]:
        """(first, behind last) changed line before, and after, from 0."""
        return tuple(_blocks(lines(self.before or b""), lines(self.after or b"")))

    @property
    def size(self) -> int:
        """Lines removed plus lines added."""
        return sum(left_end - left + right_end - right for left, left_end, right, right_end in self.blocks)


@check(order=10)
def scope(scene: Scene, case: Case) -> CheckResult:
    """The diff touches only the files and symbols of the plan, nothing protected, and is no larger than allowed.

    Files keep their mode; nothing but regular text files changes. Imports at the top of a module, and code outside of
    definitions, may change only where the plan names the module itself. A plan without symbols allows whole files.
    """
    repository, risk = scene.repository, scene.settings.risk
    paths = repository.changed_paths(case.base, case.head)
    if not paths:
        return CheckResult("scope", Outcome.FAILED, "0 files changed: there is nothing to check")
    steps = [FileStep(path, repository.read(case.base, path), repository.read(case.head, path)) for path in paths]
    faults = [
        *_outside(paths, case.plan.paths),
        *_protected(paths, risk.protected),
        *_irregular(steps),
        *_modes(repository.diff(case.base, case.head)),
    ]
    count = sum(step.size for step in steps)
    if len(paths) > risk.max_files:
        faults.append(f"{len(paths)} files changed, {risk.max_files} are allowed (risk.max_files)")
    if count > risk.max_lines:
        faults.append(f"{count} lines changed, {risk.max_lines} are allowed (risk.max_lines)")
    if not faults:
        faults += [fault for step in steps for fault in outside_symbols(step, case.plan.symbols)]
    if faults:
        return CheckResult("scope", Outcome.FAILED, faults[0], details=tuple(faults[1:]))
    inside = f", inside {', '.join(case.plan.symbols)}" if case.plan.symbols else ""
    return CheckResult(
        "scope",
        Outcome.PASSED,
        f"{counted(count, 'line')} in {counted(len(paths), 'file')} changed, as planned{inside}",
    )


def _outside(paths: Sequence[str], planned: Sequence[str]) -> Iterator[str]:
    yield from (f"{path} changed and is not in the plan" for path in paths if path not in planned)


def _protected(paths: Sequence[str], patterns: Sequence[str]) -> Iterator[str]:
    protects = matcher(patterns)
    yield from (f"{path} changed and is protected (risk.protected)" for path in paths if protects(path))


def _irregular(steps: Sequence[FileStep]) -> Iterator[str]:
    for step in steps:
        if step.before is None and step.after is None:
            yield f"{step.path} is a link or a submodule: only regular files may change"
        elif b"\0" in (step.before or b"") + (step.after or b""):
            yield f"{step.path} is binary: only text may change"


def _modes(diff: str) -> Iterator[str]:
    """Content lines of a diff begin with a space, `+` or `-`, so that none can pass for a header."""
    for match in _HEADERS.finditer(diff):
        yield f"the diff says `{match['what'][:100]}`: modes, links, submodules and binary files stay as they are"


# Symbols


def outside_symbols(step: FileStep, symbols: Sequence[str]) -> Iterator[str]:
    """A sentence for each place in a Python file that changed and belongs to no symbol of the plan."""
    if not symbols or not step.path.endswith((".py", ".pyi")):
        return
    try:
        before, after = spans_of(step.before or b""), spans_of(step.after or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if "" not in _allowed(step.path, symbols, frozenset()):
            yield f"{step.path} does not compile, so that its symbols cannot be told apart: {error}"
        return
    allowed = _allowed(step.path, symbols, frozenset(span.name for span in (*before, *after)))
    touched = set()
    for left, left_end, right, right_end in step.blocks:
        touched |= owners(before, lines(step.before or b""), range(left + 1, left_end + 1))
        touched |= owners(after, lines(step.after or b""), range(right + 1, right_end + 1))
    for name in sorted(touched):
        if "" not in allowed and not any(name == inner or name.startswith(f"{inner}.") for inner in allowed):
            yield f"{step.path}: {name or 'code outside of any definition'} changed and is not in the plan"


def _allowed(path: str, symbols: Sequence[str], defined: frozenset[str]) -> set[str]:
    """The parts of symbols that lie inside this file, "" for the module itself.

    `pkg.mod:f` and `pkg.mod.f` both name f of `src/pkg/mod.py`, `pkg.mod` names all of it. What is a definition of
    this file is taken as that; what fits no module as a name inside of the file.
    """
    parts = list(PurePosixPath(path).with_suffix("").parts)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    modules = [".".join(parts[start:]) for start in range(len(parts))]
    found = set()
    for symbol in symbols:
        dotted = symbol.replace("<locals>.", "").replace(":", ".").removesuffix(".")
        fitting = [module for module in modules if dotted == module or dotted.startswith(f"{module}.")]
        found.add(dotted if dotted in defined or not fitting else dotted[len(fitting[0]) + 1 :])
    return found


def spans_of(source: bytes) -> tuple[Span, ...]:
    """Definitions, outer before inner, after the statements of the module ("" by name). Raises SyntaxError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    plain = (Span("", node.lineno, node.end_lineno or node.lineno) for node in tree.body)
    return (*plain, *_definitions(tree, ""))


def _definitions(node: ast.AST, prefix: str) -> Iterator[Span]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            name = f"{prefix}{child.name}"
            first = min([child.lineno, *(item.lineno for item in child.decorator_list)])
            yield Span(name, first, child.end_lineno or child.lineno)
            yield from _definitions(child, f"{name}.")
        else:
            yield from _definitions(child, prefix)


def owners(spans: Sequence[Span], text: Sequence[bytes], numbers: Iterable[int]) -> set[str]:
    """The innermost definitions that lines belong to. Blank lines between statements belong to nothing; a comment
    belongs to the definition above it when it is indented like its body."""
    found = set()
    for number in numbers:
        inside = [span for span in spans if span.start <= number <= span.end]
        if inside:
            found.add(inside[-1].name)
        elif content := text[number - 1].strip():
            above = [span for span in spans if span.end < number and span.name]
            indented = text[number - 1][:1] in (b" ", b"\t") and content.startswith(b"#")
            last = max(above, key=lambda span: (span.end, -span.start), default=None)
            found.add(last.name if last is not None and indented else "")
    return found


def lines(data: bytes) -> list[bytes]:
    """Lines as Python counts them."""
    return [line for line in _NEWLINE.split(data) if line]


def _blocks(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """The parts that differ. What is the same at both ends is cut off first: comparing is quadratic."""
    limit = min(len(before), len(after))
    head = next((i for i in range(limit) if before[i] != after[i]), limit)
    tail = next((i for i in range(limit - head) if before[-1 - i] != after[-1 - i]), limit - head)
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=len(left) > 5000).get_opcodes():
        if tag != "equal":
            yield a + head, b + head, c + head, d + head
