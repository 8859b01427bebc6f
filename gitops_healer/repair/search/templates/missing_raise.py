"""Bad input is not refused."""

import ast
import builtins
import re
from collections.abc import Iterator
from functools import partial

from gitops_healer.repair.search.blocks import Draft, by_size, function_of, suspects, written
from gitops_healer.repair.search.conditions import conditions
from gitops_healer.repair.search.edits import before, replaced, unit_of
from gitops_healer.repair.search.scope import names_in, scope_of
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, repair_template
from gitops_healer.repair.search.truth import outcomes

_MOST = 150
_EACH = 8  # for each statement of the function
_NEVER = 0.2  # weight that is left to a condition that held for none of the values seen
_UNGUARDED = (ast.Raise, ast.Pass, ast.Import, ast.ImportFrom)
_USUAL = (("ValueError", 0.5), ("TypeError", 0.3), ("KeyError", 0.2), ("IndexError", 0.2))
_ERROR_NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Exists|NotFound|Interrupt|Iteration)\b")


@repair_template(
    prior=0.013,
    examples=(
        Example(
            'def f(n):\n    """Raise ValueError for n below 0."""\n    return n ** 0.5\n',
            'def f(n):\n    """Raise ValueError for n below 0."""\n    if n < 0:\n'
            '        raise ValueError(f"unexpected n: {n!r}")\n    return n ** 0.5\n',
        ),
        Example(
            'def f(a, b):\n    if a is None:\n        raise KeyError("a missing")\n    return a[b]\n',
            'def f(a, b):\n    if a is None:\n        raise KeyError("a missing")\n    if b is None:\n'
            '        raise KeyError("a missing")\n    return a[b]\n',
        ),
    ),
)
def missing_raise(target: Target) -> Iterator[Rewrite]:
    """Refuse bad input: `if n < 0: raise ValueError(...)`, with exceptions that are named nearby."""
    yield from written(target, _refusals(target), by_size(target, _EACH, _MOST))


def _refusals(target: Target) -> Iterator[Draft]:
    scope, unit = scope_of(target), unit_of(target)
    told, named = dict(_written(target)), dict(_named(target))
    for place in suspects(target):
        if isinstance(place, _UNGUARDED) or function_of(target, place) is None:
            continue
        visible = scope.visible(place)
        if isinstance(place, ast.Return):
            yield from _instead(target, place, told, named, frozenset(visible))
        first = 1.0 if place is target.block_of(place)[0] else 0.6
        raises = {text: fit for text, (fit, names) in told.items() if names <= {*visible, "self", "cls"}}
        values = target.values_at(place.lineno)
        for condition, likely in conditions(target, place).items():
            weight = likely * (_NEVER if outcomes(condition, values) == {False} else 1.0)
            about = (names_in(condition) or frozenset()) & frozenset(visible)
            for text, fit in (*raises.items(), *_raises(target, named, about)):
                write = partial(_refusal, target, place, condition, text, unit, weight * fit * first)
                yield Draft(weight * fit * first, place.lineno, write)


def _instead(
    target: Target,
    place: ast.Return,
    told: dict[str, tuple[float, frozenset[str]]],
    named: dict[str, float],
    visible: frozenset[str],
) -> Iterator[Draft]:
    """An exception instead of a value that stands for failure."""
    raises = {text: fit for text, (fit, names) in told.items() if names <= {*visible, "self", "cls"}}
    about = frozenset([name for name in target.parameters if name in visible and name not in ("self", "cls")][:1])
    for text, fit in (*raises.items(), *_raises(target, named, about)):
        weight = fit * (0.8 if place.value is None or isinstance(place.value, ast.Constant) else 0.3)
        yield Draft(weight, place.lineno, partial(_raised, target, place, text, weight))


def _raised(target: Target, place: ast.Return, text: str, weight: float) -> Rewrite:
    return Rewrite((replaced(target, place, text),), place.lineno, f"Refuse with `{text}` instead of returning", weight)


def _refusal(target: Target, place: ast.stmt, condition: str, text: str, unit: str, weight: float) -> Rewrite:
    span = before(target, place, f"if {condition}:\n{unit}{text}")
    return Rewrite((span,), place.lineno, f"Refuse with `{text}` if {condition}", weight)


def _raises(target: Target, named: dict[str, float], about: frozenset[str]) -> Iterator[tuple[str, float]]:
    """With a message; exceptions of the module also without one, as their constructors may take none."""
    for error, fit in named.items():
        yield _raise(error, about), fit
        if error in target.ingredients.module_names:
            yield f"raise {error}", 0.8 * fit


def _raise(error: str, about: frozenset[str]) -> str:
    """The message names the value that was refused."""
    name = min(about, default="")
    return f'raise {error}(f"unexpected {name}: {{{name}!r}}")' if name else f"raise {error}"


def _written(target: Target) -> Iterator[tuple[str, tuple[float, frozenset[str]]]]:
    """Raise statements of the function and of the module, with the variables that they need."""
    texts = [(target.text(n), 1.0) for n in target.nodes if isinstance(n, ast.Raise) and n.exc is not None]
    texts += [(text, 0.6) for text, _ in target.ingredients.statements if text.startswith("raise ")]
    globals_ = {*target.ingredients.module_names, *dir(builtins)}
    for text, weight in texts:
        names = names_in(text)
        if names is not None and "\n" not in text:
            yield text, (weight, frozenset(names - globals_))


def _named(target: Target) -> Iterator[tuple[str, float]]:
    """Exceptions by name: usual ones, those that the module knows, those that the docstring speaks of."""
    yield from _USUAL
    known = [name for name in target.ingredients.module_names if _ERROR_NAME.fullmatch(name)]
    yield from ((name, 0.5) for name in known)
    for name in _ERROR_NAME.findall(target.docstring):
        if hasattr(builtins, name) or name in known:
            yield name, 1.0
