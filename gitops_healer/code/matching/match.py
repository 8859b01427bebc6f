"""Does a pattern fit a node? A search over goals, with bounded effort.

A goal is a pattern and the value that it must fit. Each kind of pattern turns its goal into smaller ones, or fails;
where there are several ways to go on (how much `...` takes, which keyword is meant), the others are kept as choices
to come back to. Nothing here recurses, so that neither code nor pattern can be nested too deeply.

Two things bound the effort. Once a second `...` of a list is reached and nothing was bound since the first, the
choices of the first are forgotten: an earlier fit leaves the second more to take, so no other can be better. What is
left, searches with metavariables that occur twice, can take exponential time, and is given up after `MOST_STEPS`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from gitops_healer.code.matching.names import Surroundings

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
