"""Rules: patterns that belong together, with what must and must not be true of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gitops_healer.code.matching.compile import Compiled, compiled
from gitops_healer.code.matching.regex import Expression
from gitops_healer.code.matching.text import PatternError


class RuleLike(Protocol):
    """A rule as a policy holds it. patterns: of which one must fit; where: {metavariable: regular expression}."""

    @property
    def id(self) -> str: ...
    @property
    def patterns(self) -> Sequence[str]: ...
    @property
    def not_(self) -> Sequence[str]: ...
    @property
    def inside(self) -> Sequence[str]: ...
    @property
    def not_inside(self) -> Sequence[str]: ...
    @property
    def where(self) -> Mapping[str, str]: ...


class Match(NamedTuple):
    """Where a rule fits. start, end: lines, from 1; symbol: qualified name of the definition that it is or stands in,
    "" at the top of the module; text: its source without layout, at most 2,000 characters; bound: {metavariable:
    source}; complete: False when the search was given up here, so that something may have been missed."""

    rule: str
    start: int
    end: int
    symbol: str
    text: str
    bound: dict[str, str]
    complete: bool = True


@dataclass(frozen=True)
class Rule:
    """A compiled rule."""

    id: str
    patterns: tuple[Compiled, ...]
    not_: tuple[Compiled, ...]
    inside: tuple[Compiled, ...]
    not_inside: tuple[Compiled, ...]
    where: Mapping[str, Expression]


def compile_rule(rule: RuleLike) -> Rule:
    """Raises ValueError (PatternError for what is wrong with a pattern)."""
    if not rule.patterns:
        raise PatternError("must hold code to look for")
    no_such_names(rule.where, rule.patterns, rule.inside)
    return Rule(
        id=rule.id,
        patterns=_all_compiled(rule.patterns),
        not_=_all_compiled(rule.not_),
        inside=_all_compiled(rule.inside),
        not_inside=_all_compiled(rule.not_inside),
        where={name: Expression(text) for name, text in rule.where.items()},
    )


def _all_compiled(texts: Sequence[str]) -> tuple[Compiled, ...]:
    return tuple(compiled(text) for text in texts)


def variables_of(texts: Sequence[str]) -> frozenset[str]:
    """Metavariables that stand in each of these patterns. Raises PatternError."""
    each = [compiled(text).variables for text in texts]
    return frozenset.intersection(*each) if each else frozenset()


def no_such_names(names: Iterable[str], patterns: Sequence[str], inside: Sequence[str]) -> None:
    """Raises PatternError when one of the names is no metavariable that every match binds."""
    known = variables_of(patterns) | variables_of(inside)
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        shown = ", ".join(f"${name}" for name in sorted(known)) or "none there"
        raise PatternError(f"must name metavariables that every pattern has ({shown}), and {unknown} is none of them")
