"""User-defined code patterns: rules, and where they fit in a file. The language is described in docs/patterns.md."""

import ast
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

from gitops_healer.code.matching.names import Surroundings, nodes_of
from gitops_healer.code.matching.rules import Match, RuleLike, compile_rule
from gitops_healer.code.matching.text import PatternError
from gitops_healer.code.matching.trial import Trial
from gitops_healer.core.codec import digest

__all__ = ["LANGUAGE", "Match", "PatternError", "RuleSet", "compile_rules"]

LANGUAGE = 1
"""Counts up whenever the same rules give other matches, since matches are remembered."""


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
            Trial(rule, possible)
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


_WITH_NAMES = frozenset({ast.Call, ast.Attribute, ast.Name})
_Called = dict[str, list[Trial]]


def _candidates(trials: Sequence[Trial], around: Surroundings) -> Iterator[tuple[Trial, ast.AST]]:
    """What to try where: by the class of a node and the name that it calls or reads."""
    index = _index(trials)
    only_statements = all(issubclass(cls, ast.stmt) for cls in index)
    for statement in around.statements:
        around.near = statement
        for node in (statement,) if only_statements else nodes_of(statement, index):
            by_name = index.get(node.__class__, {})
            for trial in by_name.get("", ()):
                yield trial, node
            if node.__class__ in _WITH_NAMES:
                named = [trial for name in _names_of(node, around) for trial in by_name.get(name, ())]
                for trial in dict.fromkeys(named):  # one that knows the node by two names is tried once
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


def _index(trials: Sequence[Trial]) -> dict[type[ast.AST], _Called]:
    """{class of a node: {name: trials}}; a trial whose patterns differ in their names stands under "" alone."""
    found: dict[type[ast.AST], _Called] = {}
    for trial in trials:
        for cls in frozenset[type[ast.AST]]().union(*(pattern.classes for pattern in trial.patterns)):
            names = {pattern.called for pattern in trial.patterns if cls in pattern.classes}
            for name in {""} if "" in names else names:
                found.setdefault(cls, {}).setdefault(name, []).append(trial)
    return found
