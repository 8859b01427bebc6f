"""One rule in one file: where it fits, within what it may cost."""

import ast
from dataclasses import dataclass
from typing import Any

from gitops_healer.code.matching.compile import Compiled
from gitops_healer.code.matching.lists import Span
from gitops_healer.code.matching.match import Bound, GaveUpError, Search
from gitops_healer.code.matching.names import Surroundings, first_line, qualname
from gitops_healer.code.matching.rules import Match, Rule

MOST_BOUND = 200
"""Characters of the source of a metavariable that a match keeps."""
MOST_TEXT = 2000
"""Characters of its source that a match keeps."""
MOST_CONDITION = 1000
"""Characters of the source of a metavariable that a condition (`where`) looks at; longer ones do not fulfil it."""
STEPS_PER_FILE = 200_000
STEPS_PER_NODE = 30
"""What one rule may take in one file: so many steps, and so many for each node that it is tried at."""


@dataclass(eq=False)
class Trial:
    """One rule in one file. steps: how many are left."""

    rule: Rule
    patterns: tuple[Compiled, ...]
    steps: int = STEPS_PER_FILE
    gave_up: bool = False

    def at(self, node: ast.AST, around: Surroundings) -> Match | None:
        """The match of a node, if it is one; the first place where the search is given up is reported once."""
        if self.steps <= 0 and self.gave_up:
            return None
        self.steps += STEPS_PER_NODE
        try:
            return self._fit(node, around)
        except GaveUpError:
            first, self.gave_up = not self.gave_up, True  # once is enough to say
            return self._gave_up_at(node) if first else None

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
            if all(self._fulfils(name, surrounded, around, pattern) for name in self.rule.where):
                return self._match(node, last, surrounded, around, pattern.quoted)
        return None

    def _search(
        self, pattern: Compiled, node: ast.AST, around: Surroundings, bound: Bound
    ) -> tuple[Bound, ast.AST] | None:
        """What was bound and the last node of the match."""
        self._spend(1)
        search = Search(around, bound)
        try:
            if not pattern.is_block:
                return (search.bound, node) if search.run(pattern.root, node) else None
            place = around.place(node)
            if place is None or not search.run(pattern.root, Span(place.block, place.at)):
                return None
            return search.bound, place.block[search.end - 1]
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
            self._spend(1)
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
                if fitted is not None and (pattern.ends_anywhere or _index_of(fitted[1], around) >= place.at):
                    return fitted[0]
        return None

    def _fulfils(self, name: str, bound: Bound, around: Surroundings, pattern: Compiled) -> bool:
        text = _text_of(bound[name], around, quoted=name in pattern.quoted)
        if len(text) > MOST_CONDITION:
            return False
        expression = self.rule.where[name]
        self._spend(len(text) * expression.size // 10)
        return expression.found_in(text)

    def _spend(self, steps: int) -> None:
        """Raises GaveUpError once nothing is left."""
        self.steps -= steps
        if self.steps <= 0:
            raise GaveUpError

    def _match(self, node: Any, last: Any, bound: Bound, around: Surroundings, quoted: frozenset[str]) -> Match:
        chain = [node, *around.ancestors(node)]
        string: Any = next((item for item in chain[1:] if isinstance(item, ast.JoinedStr)), None)
        text = around.text(node, quoted=string is not None) if node is last else _text_between(node, last, around)
        self._spend(len(chain) + len(text) // 100)
        texts = {
            name: _short(_text_of(value, around, quoted=name in quoted or string is not None), MOST_BOUND)
            for name, value in bound.items()
        }
        first, final = (first_line(node), last) if string is None else (string.lineno, string)
        return Match(self.rule.id, first, final.end_lineno, qualname(chain), _short(_flat(text), MOST_TEXT), texts)

    def _gave_up_at(self, node: Any) -> Match:
        return Match(self.rule.id, first_line(node), node.end_lineno, "", "", {}, complete=False)


def _text_between(first: Any, last: Any, around: Surroundings) -> str:
    place = around.place(first)
    assert place is not None  # the module is no part of a block
    statements = place.block[place.at : _index_of(last, around) + 1]
    return "; ".join(around.text(statement) for statement in statements)


def _flat(text: str) -> str:
    return " ".join(text.split())


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
