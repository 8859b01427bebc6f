"""Patterns of what has several parts: items in order with `...` between, entries in any order, parameters."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gitops_healer.code.matching.match import Bound, Equal, Goals, Literally, Pattern, Search, Step


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
        values, at, _, height, bound, extra = span
        behind = Span(values, at + 1, 0, height, bound, extra)
        return Goals(self.pattern, values[at], Goals(self.next, behind, then))


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
        return Goals(self.next, Span(span.values, span.at + taken, 0, height, before, span.extra), then)


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
    """needs_default: some parameter must have one, which most functions have not."""

    items: Pattern
    needs_default: bool

    def advance(self, value: ast.arguments, then: Goals | None, search: Search) -> Step:
        if self.needs_default and not value.defaults and not value.kw_defaults:
            return False
        return Goals(self.items, parameters_of(value), then)
