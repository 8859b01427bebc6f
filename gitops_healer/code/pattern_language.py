"""User-defined code patterns: rules, and where they fit in a file. The language is described in docs/patterns.md."""

import ast
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, Self

from gitops_healer.code.pattern_compile import Compiled, compiled
from gitops_healer.code.pattern_match import Bound, GaveUpError, Search, Span
from gitops_healer.code.pattern_names import Surroundings, first_line, nodes_of
from gitops_healer.code.pattern_regex import Expression
from gitops_healer.code.pattern_text import PatternError
from gitops_healer.core.codec import digest

LANGUAGE = 1
"""Counts up whenever the same rules give other matches, since matches are remembered."""
MOST_BOUND = 200
"""Characters of the source of a metavariable that a match keeps."""
MOST_TEXT = 2000
"""Characters of its source that a match keeps."""
MOST_CONDITION = 2000
"""Characters of the source of a metavariable that a condition (`where`) looks at; longer ones do not fulfil it."""
STEPS_PER_FILE = 200_000
STEPS_PER_NODE = 30
"""What one rule may take in one file: so many steps, and so many for each node that it is tried at."""


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


_IN_MESSAGE = re.compile(r"\{([A-Z_][A-Z0-9_]*)\}")


def names_in_message(message: str) -> list[str]:
    """The metavariables that a message names, as `{X}`."""
    return _IN_MESSAGE.findall(message)


def filled(message: str, bound: Mapping[str, str]) -> str:
    """The message with the sources of its metavariables, each on one line."""
    return _IN_MESSAGE.sub(lambda found: " ".join(bound.get(found[1], found[0]).split()), message)


class RuleSet:
    """Compiled rules. Made from plain data again in another process: `RuleSet.from_plain(rules.plain())`."""

    def __init__(self, rules: Sequence[RuleLike]) -> None:
        """Raises PatternError."""
        self._plain = [
            [rule.id, list(rule.patterns), list(rule.not_), list(rule.inside), list(rule.not_inside), dict(rule.where)]
            for rule in rules
        ]
        self._rules = tuple(compile_rule(rule) for rule in rules)

    def __bool__(self) -> bool:
        return bool(self._rules)

    @cached_property
    def digest(self) -> str:
        """Changes when the same file could have other matches."""
        return digest("patterns", LANGUAGE, self._plain)

    def plain(self) -> list[Any]:
        """A JSON value."""
        return self._plain

    @classmethod
    def from_plain(cls, plain: Iterable[Sequence[Any]]) -> Self:
        return cls([_PlainRule(*row) for row in plain])

    def matches(self, tree: ast.Module, source: str) -> list[Match]:
        """All matches in the order of the file; one a rule and node."""
        text = source if source.isascii() else unicodedata.normalize("NFKC", source)
        trials = [
            _Trial(rule, possible)
            for rule in self._rules
            if (possible := tuple(pattern for pattern in rule.patterns if all(word in text for word in pattern.words)))
        ]
        if not trials:
            return []
        around = Surroundings(tree, source)
        found = [match for trial, node in _candidates(trials, around) if (match := trial.at(node, around)) is not None]
        return sorted(found, key=lambda match: (match.start, match.end, match.rule))


class _PlainRule(NamedTuple):
    id: str
    patterns: Sequence[str]
    not_: Sequence[str]
    inside: Sequence[str]
    not_inside: Sequence[str]
    where: Mapping[str, str]


def compile_rules(rules: Sequence[RuleLike]) -> RuleSet:
    """Raises PatternError."""
    return RuleSet(rules)


@dataclass(eq=False)
class _Trial:
    """One rule in one file. steps: how many are left."""

    rule: Rule
    patterns: tuple[Compiled, ...]
    steps: int = STEPS_PER_FILE
    gave_up: bool = False

    def at(self, node: ast.AST, around: Surroundings) -> Match | None:
        """The match of a node, if it is one; the first place where the search is given up is reported once."""
        if self.steps <= 0:
            return None
        self.steps += STEPS_PER_NODE
        try:
            return self._fit(node, around)
        except GaveUpError:
            first, self.gave_up = not self.gave_up, True  # once is enough to say
            return _match(self.rule, node, node, {}, around, frozenset())._replace(complete=False) if first else None

    def _fit(self, node: ast.AST, around: Surroundings) -> Match | None:
        for pattern in self.patterns:
            if node.__class__ not in pattern.classes:
                continue
            fitted = self._search(pattern, node, around, {})
            if fitted is None:
                continue
            bound, last = fitted
            surrounded = self._surrounded(node, around, bound)
            if surrounded is None or any(self._search(item, node, around, bound) for item in self.rule.not_):
                continue
            match = _match(self.rule, node, last, surrounded, around, pattern.quoted)
            if all(self._fulfils(name, surrounded, around, pattern) for name in self.rule.where):
                return match
        return None

    def _search(
        self, pattern: Compiled, node: ast.AST, around: Surroundings, bound: Bound
    ) -> tuple[Bound, ast.AST] | None:
        """What was bound and the last node of the match."""
        if self.steps <= 0:
            raise GaveUpError
        search = Search(around, bound)
        try:
            if not pattern.is_block:
                return (search.bound, node) if search.run(pattern.root, node) else None
            place = around.place(node)
            if place is None or not search.run(pattern.root, Span(place.block, place.at)):
                return None
            return search.bound, place.block[place.at + search.end - 1]
        finally:
            self.steps -= search.steps

    def _surrounded(self, node: ast.AST, around: Surroundings, bound: Bound) -> Bound | None:
        """What is bound with what stands around, None when it is not what the rule asks for."""
        if any(self._around(pattern, node, around, bound) is not None for pattern in self.rule.not_inside):
            return None
        if not self.rule.inside:
            return bound
        found = (self._around(pattern, node, around, bound) for pattern in self.rule.inside)
        return next((more for more in found if more is not None), None)

    def _around(self, pattern: Compiled, node: ast.AST, around: Surroundings, bound: Bound) -> Bound | None:
        if pattern.is_block:
            return self._in_block(pattern, node, around, bound)
        for ancestor in around.ancestors(node):
            if ancestor.__class__ in pattern.classes:
                fitted = self._search(pattern, ancestor, around, bound)
                if fitted is not None:
                    return fitted[0]
        return None

    def _in_block(self, pattern: Compiled, node: ast.AST, around: Surroundings, bound: Bound) -> Bound | None:
        """Statements that follow each other, one of which holds the node."""
        for part in (node, *around.ancestors(node)):
            place = around.place(part)
            if place is None or not isinstance(part, ast.stmt):
                continue
            for begin in range(len(place.block) if pattern.begins_anywhere else place.at + 1):
                first = place.block[begin]
                if first.__class__ not in pattern.classes:
                    continue
                fitted = self._search(pattern, first, around, bound)
                if fitted is not None and (pattern.ends_anywhere or fitted[1] in place.block[place.at :]):
                    return fitted[0]
        return None

    def _fulfils(self, name: str, bound: Bound, around: Surroundings, pattern: Compiled) -> bool:
        text = _text_of(bound[name], around, quoted=name in pattern.quoted)
        self.steps -= len(text)
        return len(text) <= MOST_CONDITION and self.rule.where[name].found_in(text)


def _match(rule: Rule, node: Any, last: Any, bound: Bound, around: Surroundings, quoted: frozenset[str]) -> Match:
    string: Any = next((item for item in around.ancestors(node) if isinstance(item, ast.JoinedStr)), None)
    texts = {
        name: _short(_text_of(value, around, quoted=name in quoted or string is not None), MOST_BOUND)
        for name, value in bound.items()
    }
    symbol = around.qualname(node)
    if string is not None:
        text = around.text(node, quoted=True)
        return Match(rule.id, string.lineno, string.end_lineno, symbol, _short(text, MOST_TEXT), texts)
    text = " ".join(around.text(node).split()) if node is last else _text_between(node, last, around)
    return Match(rule.id, first_line(node), last.end_lineno, symbol, _short(text, MOST_TEXT), texts)


def _text_between(first: Any, last: Any, around: Surroundings) -> str:
    place = around.place(first)
    assert place is not None  # the module is no part of a block
    statements = place.block[place.at : _index_of(last, around) + 1]
    return "; ".join(" ".join(around.text(statement).split()) for statement in statements)


def _index_of(statement: ast.AST, around: Surroundings) -> int:
    """In its block."""
    place = around.place(statement)
    return -1 if place is None else place.at


def _text_of(value: Any, around: Surroundings, *, quoted: bool) -> str:
    """The source of what a metavariable is bound to."""
    if isinstance(value, tuple):
        between = "\n" if value and isinstance(value[0], ast.stmt) else ", "
        return between.join(_text_of(item, around, quoted=quoted) for item in value)
    return value if isinstance(value, str) else around.text(value, quoted=quoted)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


_WITH_NAMES = frozenset({ast.Call, ast.Attribute, ast.Name})
_Called = dict[str, list[_Trial]]


def _candidates(trials: Sequence[_Trial], around: Surroundings) -> Iterator[tuple[_Trial, ast.AST]]:
    """What to try where: by the class of a node and the name that it calls or reads."""
    index = _index(trials)
    only_statements = all(issubclass(cls, ast.stmt) for cls in index)
    for statement in around.statements:
        around.near = statement
        for node in (statement,) if only_statements else nodes_of(statement):
            by_name = index.get(node.__class__)
            if by_name is not None:
                for trial in by_name.get("", ()):
                    yield trial, node
                if node.__class__ in _WITH_NAMES:
                    for name in _names_of(node, around):
                        for trial in by_name.get(name, ()):
                            yield trial, node


def _names_of(node: ast.AST, around: Surroundings) -> Iterable[str]:
    """Names that a pattern could know a node by."""
    read = node.func if isinstance(node, ast.Call) else node
    if isinstance(read, ast.Attribute):
        return (read.attr,)
    if isinstance(read, ast.Name):
        meant = around.aliases.get(read.id, ())
        return {read.id, *(target.rpartition(".")[2] for target in meant)} if meant else (read.id,)
    return ()


def _index(trials: Sequence[_Trial]) -> dict[type[ast.AST], _Called]:
    """{class of a node: {name: trials}}; a trial whose patterns differ in their names stands under "" alone."""
    found: dict[type[ast.AST], _Called] = {}
    for trial in trials:
        for cls in frozenset[type[ast.AST]]().union(*(pattern.classes for pattern in trial.patterns)):
            names = {pattern.called for pattern in trial.patterns if cls in pattern.classes}
            for name in {""} if "" in names else names:
                found.setdefault(cls, {}).setdefault(name, []).append(trial)
    return found
