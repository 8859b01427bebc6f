"""What one parse of one file tells: imports with their kind, definitions with their measures, uses, calls."""

import ast
import re
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, Self

from gitops_healer.code import fast_json
from gitops_healer.code.truth import Truth

MAX_BYTES = 5 * 1024 * 1024


class ImportKind(Enum):
    """When an import statement runs. The value is its spelling in the cache."""

    MODULE = "m"
    CONDITIONAL = "c"
    TRY = "t"
    FUNCTION = "f"
    TYPE_CHECKING = "y"
    MAIN = "i"
    NEVER = "n"

    @property
    def at_load(self) -> bool:
        """Whether it runs while its module is being imported."""
        return self in (ImportKind.MODULE, ImportKind.CONDITIONAL, ImportKind.TRY)


class Import(NamedTuple):
    """One `from` statement, or one name of an `import` statement.

    level: number of leading dots; module: what stands after `import` or `from`; names: (name, bound as) of a `from`
    statement; bound: what a plain import binds (its first part, or the name after `as`).
    """

    line: int
    kind: ImportKind
    level: int
    module: str
    names: tuple[tuple[str, str], ...] = ()
    bound: str = ""


class Definition(NamedTuple):
    """A function or class. start: with its decorators; complexity: McCabe's number of its own body as radon counts it
    (classes: branches of the class body alone); cognitive: SonarSource's number (classes: 0); accessory: an overload,
    setter or deleter, which is not what the qualified name means; arguments: how many are declared; shape: 16 hex
    digits that stay the same when names of variables, literals, layout and comments change; header: line of the
    `def` or `class` itself."""

    qualname: str
    is_class: bool
    start: int
    end: int
    complexity: int
    accessory: bool
    cognitive: int = 0
    arguments: int = 0
    decorated: bool = False
    shape: str = ""
    header: int = 0

    @property
    def name(self) -> str:
        return self.qualname.rpartition(".")[2]

    @property
    def lines(self) -> int:
        return self.end - self.start + 1


class Method(NamedTuple):
    """A function that stands directly in a class. index: into `Facts.definitions`; uses: attributes of its object that
    it reads, calls, sets or passes on (`self.x` in any form)."""

    name: str
    index: int  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here
    uses: tuple[str, ...]


class ClassFacts(NamedTuple):
    """index: into `Facts.definitions`; bases, decorators: dotted as written (`?` for what is no name); attributes:
    names assigned in the class body."""

    index: int  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here
    bases: tuple[str, ...]
    decorators: tuple[str, ...]
    methods: tuple[Method, ...]
    attributes: tuple[str, ...]


class Case(NamedTuple):
    """An inefficiency of control flow (see `code.flow`)."""

    kind: str
    start: int
    end: int
    symbol: str
    detail: str


class Ignore(NamedTuple):
    """A comment `# healer: ignore[rule, rule] reason`. line: what it is about, 0 means the whole file; rules: empty
    means all; first: where the decorators begin when that line is a `def` or `class`, else the line."""

    line: int
    rules: tuple[str, ...]
    reason: str
    first: int = 0

    def covers(self, rule: str, line: int) -> bool:
        """Whether it leaves out what a rule finds at a line."""
        return (not self.rules or rule in self.rules) and (self.line == 0 or self.first <= line <= self.line)


class Detail(NamedTuple):
    """What only detectors ask. calls: dotted names called in each definition, by its index; outer_calls: those outside
    of functions; mentions: every name that is read, imported, or spelled in a string that looks like a name."""

    classes: tuple[ClassFacts, ...] = ()
    calls: tuple[tuple[str, ...], ...] = ()
    outer_calls: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    cases: tuple[Case, ...] = ()

    def pack(self) -> bytes:
        return fast_json.dumps(self)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Raises ValueError, TypeError."""
        classes, calls, outer, mentions, ignores, cases = fast_json.loads(data)
        return cls(
            tuple(_class_facts(row) for row in classes),
            tuple(tuple(row) for row in calls),
            tuple(outer),
            tuple(mentions),
            tuple(read_ignore(row) for row in ignores),
            tuple(Case(*row) for row in cases),
        )


def _class_facts(row: list[Any]) -> ClassFacts:
    index, bases, decorators, methods, attributes = row
    made = tuple(Method(name, own, tuple(uses)) for name, own, uses in methods)
    return ClassFacts(index, tuple(bases), tuple(decorators), made, tuple(attributes))


@dataclass(frozen=True)
class Facts:
    """What is known of one blob. reason: why it could not be analysed; complexity: McCabe's numbers of its functions
    and its branches outside of them, summed; exports: what `__all__` lists, None when there is none that can be read;
    packed: definitions and names as JSON, unpacked only when asked for, since most questions need neither; detail:
    None when it was not asked for."""

    analyzable: bool
    reason: str = ""
    total_lines: int = 0
    complexity: int = 0
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] | None = None
    packed: bytes = b"[[],[]]"
    detail: Detail | None = field(default=None, compare=False)

    @classmethod
    def of(cls, *, definitions: tuple[Definition, ...], names: frozenset[str], detail: Detail, **known: Any) -> Self:
        """Facts that are just made: nothing has to be unpacked that was never packed apart."""
        made = cls(True, packed=packed(definitions, names), detail=detail, **known)
        made.__dict__.update(definitions=definitions, names=names)
        return made

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Functions and classes in the order of the file."""
        return tuple(Definition(*row) for row in fast_json.loads(self.packed)[0])

    @cached_property
    def names(self) -> frozenset[str]:
        """Names bound at module level by anything but imports."""
        return frozenset(fast_json.loads(self.packed)[1])

    @property
    def details(self) -> Detail:
        """What detectors ask; empty when it was not loaded."""
        return self.detail or Detail()

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.details.cases

    @property
    def classes(self) -> tuple[ClassFacts, ...]:
        return self.details.classes


def packed(definitions: Iterable[Definition], names: Iterable[str]) -> bytes:
    """What `Facts.packed` holds."""
    return fast_json.dumps([list(definitions), sorted(names)])


def too_big(size: int) -> str:
    return f"{size:,} bytes are more than the {MAX_BYTES:,} that are read"


_POINTER = b"version https://git-lfs.github.com/spec/"


def parse(source: bytes) -> ast.Module | str:
    """The tree of a Python file, or why there is none. Never raises."""
    if len(source) > MAX_BYTES:
        return too_big(len(source))
    if source.startswith(_POINTER):
        return "a Git LFS pointer, not the file itself: run `git lfs fetch` and commit Python files without LFS"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        return f"{error.msg}{f' (line {error.lineno})' if error.lineno else ''}{_hint(error)}"
    except (ValueError, UnicodeError) as error:
        return str(error)
    except (RecursionError, MemoryError):
        return "nested too deeply for the parser"


_NEWER = (
    (re.compile(r"^\s*type\s+\w+\s*(\[.*\])?\s*="), "3.12"),
    (re.compile(r"^\s*(async\s+)?(def|class)\s+\w+\s*\["), "3.12"),
    (re.compile(r"^\s*except\s+\w[\w.]*\s*,\s*\w[\w.]*\s*(,|:)"), "3.14"),
    (re.compile(r"""\bt["']"""), "3.14"),
    (re.compile(r"""\bf["'].*\{.*["'\\]"""), "3.12"),
)


def _hint(error: SyntaxError) -> str:
    """Which Python reads it, when the line looks like syntax that this one lacks."""
    text = error.text or ""
    for pattern, version in _NEWER:
        needed = tuple(int(part) for part in version.split("."))
        if pattern.search(text) and sys.version_info[:2] < needed:
            return f": Python {version} reads this, run the healer on it"
    return ": Python 2" if re.search(r"^\s*print\s+[\"'\w]|^\s*except .*, \w+:|\bexec\s+[\"'\w]", text) else ""


def count_lines(source: bytes) -> int:
    return source.count(b"\n") + (not source.endswith(b"\n") and bool(source))


_IGNORE = re.compile(rb"#[ \t]*healer:[ \t]*ignore(-file)?[ \t]*(?:\[([^\]\r\n]*)\])?[ \t]*([^\r\n]*)")


def read_ignore(row: list[Any]) -> Ignore:
    line, rules, reason, first = row
    return Ignore(line, tuple(rules), reason, first)


def ignores_in(source: bytes, definitions: Iterable[Definition] = ()) -> tuple[Ignore, ...]:
    """The comments that say what not to report. One on a line of its own is about the line below it."""
    if b"healer:" not in source:
        return ()
    starts = {item.header: item.start for item in definitions}
    found = []
    for match in _IGNORE.finditer(source):
        begin = source.rfind(b"\n", 0, match.start()) + 1
        alone = not source[begin : match.start()].strip()
        line = source.count(b"\n", 0, match.start()) + (2 if alone else 1)
        rules = tuple(sorted(part.strip() for part in (match[2] or b"").decode("ascii", "replace").split(",") if part))
        reason = match[3].decode("utf-8", "replace").strip()
        found.append(Ignore(0, rules, reason) if match[1] else Ignore(line, rules, reason, starts.get(line, line)))
    return tuple(found)


# What the two branches of an `if` are, by what is known of its test.
_BRANCHES = {
    Truth.UNKNOWN: (ImportKind.CONDITIONAL, ImportKind.CONDITIONAL),
    Truth.TRUE: (ImportKind.MODULE, ImportKind.NEVER),
    Truth.FALSE: (ImportKind.NEVER, ImportKind.MODULE),
    Truth.TYPING: (ImportKind.TYPE_CHECKING, ImportKind.MODULE),
    Truth.NOT_TYPING: (ImportKind.MODULE, ImportKind.TYPE_CHECKING),
    Truth.MAIN: (ImportKind.MAIN, ImportKind.MODULE),
    Truth.NOT_MAIN: (ImportKind.MODULE, ImportKind.MAIN),
}


def kinds_of_branches(truth: Truth) -> tuple[ImportKind, ImportKind]:
    return _BRANCHES[truth]


def is_final(kind: ImportKind) -> bool:
    """Whether nothing inside can run at load time any more, whatever it is."""
    return kind is ImportKind.NEVER or kind is ImportKind.TYPE_CHECKING


def kind_inside(outer: ImportKind, inner: ImportKind) -> ImportKind:
    """The kind of a block inside a block: the least that can run wins."""
    if inner is ImportKind.MODULE or is_final(outer):
        return outer
    if outer in (ImportKind.FUNCTION, ImportKind.MAIN) and not is_final(inner):
        return outer
    return inner
