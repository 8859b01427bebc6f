"""Does a pattern fit a node? A search over goals, with bounded effort.

A goal is a pattern and the value that it must fit. Each kind of pattern turns its goal into smaller ones, or fails;
where there are several ways to go on (how much `...` takes, which keyword is meant), the others are kept as choices
to come back to. Nothing here recurses, so that neither code nor pattern can be nested too deeply.

Two things bound the effort. Once a second `...` of a list is reached and nothing was bound since the first, the
choices of the first are forgotten: an earlier fit leaves the second more to take, so no other can be better. What is
left, searches with metavariables that occur twice, can take exponential time, and is given up after `MOST_STEPS`.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from gitops_healer.code.pattern_names import Surroundings

MOST_STEPS = 20_000
"""Goals and compared nodes that one attempt at one place may take."""

Bound = Mapping[str, Any]
"""{metavariable: a node, a string (a name that is no node), or a tuple of them}."""


class GaveUpError(Exception):
    """The search took more steps than it may."""


class Pattern(Protocol):
    def advance(self, value: Any, then: "Goals | None", search: "Search") -> "Step":
        """What is left to do when this pattern fits the value up to what the new goals say; False: it does not."""


class Goals(NamedTuple):
    """A list of goals: the first one, and those after it."""

    pattern: Pattern
    value: Any
    then: "Goals | None"


Step = Goals | None | Literal[False]


@dataclass(slots=True)
class Search:
    """One attempt. choices: (goals, what was bound) of the ways that were not tried yet; end: index of the statement
    behind the last one of a sequence that fitted."""

    around: Surroundings
    bound: Bound
    steps: int = 0
    end: int = 0
    choices: list[tuple[Goals, Bound]] = field(default_factory=list)

    def bind(self, name: str, value: Any) -> bool:
        """Whether the metavariable can have this value: it has none yet, or an equal one."""
        if not name:
            return True
        if name in self.bound:
            return self.same(self.bound[name], value)
        self.bound = {**self.bound, name: value}
        return True

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values are the same but for place, layout and context (read or written)."""
        waiting = [(one, other)]
        while waiting:
            one, other = (_plain(item) for item in waiting.pop())
            self.steps += 1
            if one.__class__ is not other.__class__ or self.steps > MOST_STEPS:
                return False
            if isinstance(one, list | tuple):
                if len(one) != len(other):
                    return False
                waiting += zip(one, other, strict=True)
            elif isinstance(one, ast.AST):
                waiting += ((getattr(one, name, None), getattr(other, name, None)) for name in _compared(one))
            elif one != other:
                return False
        return True

    def run(self, pattern: Pattern, value: Any) -> bool:
        """Whether the pattern fits; `bound` says how. Raises GaveUpError."""
        step: Step = Goals(pattern, value, None)
        while step is not None:
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise GaveUpError
            if step is not False:
                pattern, value, then = step
                step = pattern.advance(value, then, self)
            elif self.choices:
                step, self.bound = self.choices.pop()
            else:
                return False
        return True


def _plain(value: Any) -> Any:
    return value.id if value.__class__ is ast.Name else value


def _compared(node: ast.AST) -> Iterator[str]:
    return (name for name in node._fields if name not in ("ctx", "kind", "type_comment"))


# Single values


@dataclass(frozen=True, slots=True, eq=False)
class Single:
    """A metavariable, or `...` for one thing: any expression, name, statement or case; no `*args`, which is several.

    name: "" when it need not be the same anywhere else."""

    name: str

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if value is None or value.__class__ is ast.Starred:
            return False
        value = value.value if value.__class__ is ast.Expr else value
        return then if search.bind(self.name, value) else False


@dataclass(frozen=True, slots=True, eq=False)
class Equal:
    """A value that is no node: a name, a number, a flag, nothing."""

    value: object

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        return then if value.__class__ is self.value.__class__ and value == self.value else False


@dataclass(frozen=True, slots=True, eq=False)
class Literally:
    """A constant."""

    value: object

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        return then if isinstance(value, ast.Constant) and self.fits(value.value) else False

    def fits(self, value: object) -> bool:
        return value.__class__ is self.value.__class__ and repr(value) == repr(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Any string literal that is no f-string."""

    name: str

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            return False
        return then if search.bind(self.name, value) else False


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A name or a chain of attributes, as written or as imported."""

    parts: tuple[str, ...]

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        return then if search.around.is_named(value, self.parts) else False


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node of one of these classes whose fields fit. fields: those that the pattern says something about."""

    classes: frozenset[type[ast.AST]]
    fields: tuple[tuple[str, Pattern], ...] = ()

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if value.__class__ not in self.classes:
            return False
        for name, pattern in reversed(self.fields):
            then = Goals(pattern, getattr(value, name, None), then)
        return then


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """Two patterns of the same node."""

    one: Pattern
    other: Pattern

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        return Goals(self.one, value, Goals(self.other, value, then))


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """An assignment; one with an annotation fits as well."""

    targets: Pattern
    value: Pattern

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if isinstance(value, ast.Assign):
            return Goals(self.targets, value.targets, Goals(self.value, value.value, then))
        if isinstance(value, ast.AnnAssign) and value.value is not None:
            return Goals(self.targets, [value.target], Goals(self.value, value.value, then))
        return False


# Lists


class Span(NamedTuple):
    """Where in a list a search is. taken: how many items the `...` at hand takes at least; height, bound: choices and
    bindings when the last `...` was reached (-1: there was none); extra: what a last `$...X` gets besides its items."""

    values: Sequence[Any]
    at: int = 0
    taken: int = 0
    height: int = -1
    bound: Bound | None = None
    extra: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Nothing is left in the list."""

    def advance(self, span: Span, then: Goals | None, search: Search) -> Step:
        return then if span.at == len(span.values) else False


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """Whatever is left in the list; where it begins is remembered."""

    def advance(self, span: Span, then: Goals | None, search: Search) -> Step:
        search.end = span.at
        return then


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    pattern: Pattern
    next: Pattern

    def advance(self, span: Span, then: Goals | None, search: Search) -> Step:
        if span.at >= len(span.values):
            return False
        return Goals(self.pattern, span.values[span.at], Goals(self.next, span._replace(at=span.at + 1), then))


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """`...` or `$...NAME`: any number of items, few before many. least: items that must be left for what follows;
    open: they can be more; last: no other follows."""

    name: str
    next: Pattern
    least: int
    open: bool
    last: bool

    def advance(self, span: Span, then: Goals | None, search: Search) -> Step:
        room = len(span.values) - span.at - self.least
        if room < 0:
            return False
        if not span.taken and span.height >= 0 and span.bound is search.bound:
            del search.choices[span.height :]
        height, before, taken = len(search.choices), search.bound, span.taken
        if not self.open:
            taken = room
        elif taken < room:
            search.choices.append((Goals(self, span._replace(taken=taken + 1), then), before))
        items = tuple(span.values[span.at : span.at + taken]) if self.name else ()
        search.steps += len(items)
        if self.name and not search.bind(self.name, items + (span.extra if self.last else ())):
            return False
        return Goals(self.next, span._replace(at=span.at + taken, taken=0, height=height, bound=before), then)


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """The items of a list in their order. least: how many there must be; exact: no more than that; skips_docstring:
    the first statement is not looked at when it is a docstring."""

    start: Pattern
    least: int
    exact: bool
    skips_docstring: bool = False

    def advance(self, values: Sequence[Any], then: Goals | None, search: Search) -> Step:
        return self.begin(values if isinstance(values, Span) else Span(values), then)

    def begin(self, span: Span, then: Goals | None) -> Step:
        if self.skips_docstring and span.values and is_docstring(span.values[0]):
            span = span._replace(at=1)
        count = len(span.values) - span.at
        if count < self.least or (self.exact and count != self.least):
            return False
        return Goals(self.start, span, then)


@dataclass(frozen=True, slots=True, eq=False)
class Among:
    """Each item stands somewhere in the list, in this order; what else is in it does not matter."""

    item: Pattern
    next: Pattern | None

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        span = value if isinstance(value, Span) else Span(value)
        if span.at >= len(span.values):
            return False
        later = span._replace(at=span.at + 1)
        if later.at < len(span.values):
            search.choices.append((Goals(self, later, then), search.bound))
        return Goals(self.item, span.values[span.at], then if self.next is None else Goals(self.next, later, then))


def is_docstring(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


# Entries whose order does not matter


class Entry(NamedTuple):
    """A keyword argument, an entry of a dictionary, or an imported name. key: None for what is unpacked; node: what
    a `$...NAME` gets of it."""

    key: Any
    value: Any
    node: ast.AST | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EntryPattern:
    """key: None for `**value`."""

    key: Pattern | None
    value: Pattern | None

    def may_fit(self, entry: Entry) -> bool:
        """False when the keys alone tell that it does not."""
        if self.key is None or entry.key is None:
            return self.key is None and entry.key is None
        if isinstance(self.key, Equal):
            return bool(entry.key == self.key.value)
        if isinstance(self.key, Literally):
            return isinstance(entry.key, ast.Constant) and self.key.fits(entry.key.value)
        return True

    def goals(self, entry: Entry, then: Goals | None) -> Goals | None:
        then = Goals(self.value, entry.value, then) if self.value is not None else then
        return then if self.key is None else Goals(self.key, entry.key, then)


class Remaining(NamedTuple):
    """entries: those that no pattern took yet; then_list: items that the pattern behind the entries is about."""

    entries: tuple[Entry, ...]
    then_list: Sequence[Any] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """Any entry fits this pattern; the others go to `next`."""

    entry: EntryPattern
    next: Pattern

    def advance(self, value: Remaining, then: Goals | None, search: Search) -> Step:
        entries = value.entries
        search.steps += len(entries)
        ways = [
            self.entry.goals(entry, Goals(self.next, value._replace(entries=entries[:at] + entries[at + 1 :]), then))
            for at, entry in enumerate(entries)
            if self.entry.may_fit(entry)
        ]
        if not ways:
            return False
        search.choices += [(way, search.bound) for way in reversed(ways[1:]) if way is not None]
        return ways[0]


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """No entry is left, or any (open); then come the items of the list."""

    open: bool
    items: Listed | None

    def advance(self, value: Remaining, then: Goals | None, search: Search) -> Step:
        if value.entries and not self.open:
            return False
        extra = tuple(entry.node for entry in value.entries)
        return then if self.items is None else self.items.begin(Span(value.then_list, extra=extra), then)


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """A call with these arguments, or a class with these bases. positional: field of the others."""

    cls: type[ast.AST]
    fields: tuple[tuple[str, Pattern], ...]
    positional: str
    keywords: Pattern

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if not isinstance(value, ast.Call | ast.ClassDef) or value.__class__ is not self.cls:
            return False
        entries = tuple(Entry(item.arg, item.value, item) for item in value.keywords)
        then = Goals(self.keywords, Remaining(entries, getattr(value, self.positional)), then)
        for name, pattern in reversed(self.fields):
            then = Goals(pattern, getattr(value, name), then)
        return then


@dataclass(frozen=True, slots=True, eq=False)
class Dictionary:
    entries: Pattern

    def advance(self, value: Any, then: Goals | None, search: Search) -> Step:
        if not isinstance(value, ast.Dict):
            return False
        found = tuple(Entry(key, item) for key, item in zip(value.keys, value.values, strict=True))
        return Goals(self.entries, Remaining(found), then)


@dataclass(frozen=True, slots=True, eq=False)
class ImportedNames:
    names: Pattern

    def advance(self, value: Sequence[ast.alias], then: Goals | None, search: Search) -> Step:
        return Goals(self.names, Remaining(tuple(Entry(item.name, item.asname) for item in value)), then)


# Parameters


class Parameter(NamedTuple):
    """kind: "" (by place or name), "/" (by place), "k" (by name), "*", "**"."""

    kind: str
    arg: ast.arg
    default: ast.expr | None


def parameters_of(value: ast.arguments) -> list[Parameter]:
    placed = [*(("/", arg) for arg in value.posonlyargs), *(("", arg) for arg in value.args)]
    missing = len(placed) - len(value.defaults)
    found = [
        Parameter(kind, arg, value.defaults[at - missing] if at >= missing else None)
        for at, (kind, arg) in enumerate(placed)
    ]
    found += [Parameter("*", value.vararg, None)] if value.vararg is not None else []
    found += [Parameter("k", arg, default) for arg, default in zip(value.kwonlyargs, value.kw_defaults, strict=True)]
    return found + ([Parameter("**", value.kwarg, None)] if value.kwarg is not None else [])


@dataclass(frozen=True, slots=True, eq=False)
class ParameterPattern:
    kind: str
    name: Pattern
    annotation: Pattern | None
    default: Pattern | None

    def advance(self, value: Parameter, then: Goals | None, search: Search) -> Step:
        if value.kind != self.kind and not (self.kind == "" and value.kind in ("/", "k")):
            return False
        if self.default is not None and value.default is None:
            return False
        if self.default is not None:
            then = Goals(self.default, value.default, then)
        if self.annotation is not None:
            then = Goals(self.annotation, value.arg.annotation, then)
        return Goals(self.name, value.arg.arg, then)


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    items: Pattern

    def advance(self, value: ast.arguments, then: Goals | None, search: Search) -> Step:
        return Goals(self.items, parameters_of(value), then)
