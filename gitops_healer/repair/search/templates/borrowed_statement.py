"""A statement is missing that stands elsewhere in the code already, perhaps about another variable."""

import ast
from collections.abc import Iterator, Mapping
from functools import partial

from gitops_healer.repair.search.blocks import (
    Draft,
    always_leaves,
    by_size,
    function_of,
    is_movable,
    lines_of,
    suspects,
    written,
)  # fmt: skip
from gitops_healer.repair.search.edits import after, before
from gitops_healer.repair.search.scope import UNKNOWN, names_in, renamed, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template

_MOST = 300
_EACH = 16  # for each statement of the function
_LONGEST = 4  # lines of a statement that is borrowed
_FIXED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass,
)  # fmt: skip
_BOUND_TO_PLACE = (
    ast.Return,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.Break,
    ast.Continue,
    ast.AsyncFor,
    ast.AsyncWith,
)


@repair_template(
    prior=0.017,
    examples=(
        Example(
            "def f(a, b):\n    out = []\n    while a:\n        out.append(a.pop())\n    return out\n",
            "def f(a, b):\n    out = []\n    while a:\n        out.append(a.pop())\n"
            "    while b:\n        out.append(b.pop())\n    return out\n",
        ),
        Example(
            "def f(x, log):\n    if x:\n        log.write(x)\n        return 1\n    return 2\n",
            "def f(x, log):\n    if x:\n        log.write(x)\n        return 1\n    log.write(x)\n    return 2\n",
        ),
    ),
)
def borrowed_statement(target: Target) -> Iterator[Rewrite]:
    """Add a statement that stands elsewhere in the function or module, as it is or about another variable."""
    yield from written(target, _insertions(target), by_size(target, _EACH, _MOST))


def _insertions(target: Target) -> Iterator[Draft]:
    texts = _sources(target)
    for place in suspects(target):
        if isinstance(place, _FIXED) or function_of(target, place) is None:
            continue
        for text, weight in _fitting(target, place, texts).items():
            if place is target.block_of(place)[0] or always_leaves([place]):
                yield Draft(weight, place.lineno, partial(_added, target, place, text, False, weight))
            if not always_leaves([place]):
                yield Draft(weight, place.lineno, partial(_added, target, place, text, True, weight))


def _added(target: Target, place: ast.stmt, text: str, behind: bool, weight: float) -> Rewrite:
    span = after(target, place, text) if behind else before(target, place, text)
    return Rewrite((span,), place.lineno, f"Add `{text.splitlines()[0]}` as elsewhere", weight)


def _sources(target: Target) -> Mapping[str, float]:
    """Texts of statements with weights: of the function first, then of the module and of other files."""
    found: dict[str, float] = {}
    for statement in target.statements:
        short = (statement.end_lineno or 0) - statement.lineno < _LONGEST
        if short and not isinstance(statement, _FIXED) and is_movable(target, statement) and _is_free(statement):
            found.setdefault(lines_of(target, [statement]), 0.8)
    for text, _ in target.ingredients.statements:
        if "\n" not in text:
            found.setdefault(text, 0.4)
    return found


def _is_free(statement: ast.stmt) -> bool:
    """Whether the statement means the same in other functions: no return, yield, await, jump."""
    return not any(isinstance(n, _BOUND_TO_PLACE) for n in ast.walk(statement))


def _fitting(target: Target, place: ast.stmt, texts: Mapping[str, float]) -> Mapping[str, float]:
    """Texts whose variables are all bound at a place, or all but one, for which those that stand near are tried."""
    scope = scope_of(target)
    visible, near = scope.visible(place), scope.closeness(place)
    local = {*target.locals, *scope.attributes}
    own = target.text(place)
    found: dict[str, float] = {}
    for text, weight in texts.items():
        names = names_in(text)
        if names is None or text == own:
            continue
        here = [name for name in names if name in local]
        missing = [name for name in here if name not in visible]
        if not missing and names & visible.keys():
            close = max(near.get(name, 0.3) for name in names & visible.keys())
            found[text] = max(weight * close, found.get(text, 0.0))
        for name in missing if len(missing) == 1 else here if not missing else ():
            for other in _alike(scope.kinds.get(name, UNKNOWN), name, visible):
                found.setdefault(renamed(text, name, other), 0.6 * weight * near.get(other, 0.3))
    return found


def _alike(kinds: frozenset[str], name: str, visible: Mapping[str, frozenset[str]]) -> list[str]:
    fitting = [one for one, held in visible.items() if not kinds or not held or kinds & held]
    return [one for one in fitting if one not in (name, "self", "cls") and "." not in one][:4]
