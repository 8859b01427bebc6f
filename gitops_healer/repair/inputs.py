"""Recorded inputs: which parameter holds what, what is odd about it, and which other inputs lie near."""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_healer.core.calls import Input as Input
from gitops_healer.core.codec import canonical
from gitops_healer.repair.site import Site

FALLBACKS = frozenset(
    {"default", "fallback", "otherwise", "default_value", "if_empty", "if_missing", "missing", "fill_value"}
)
"""Names of parameters that hold what is to be given when there is nothing else."""
_VOID = frozenset({"none", "empty"})


@dataclass(frozen=True)
class Culprits:
    """Parameters that are odd in the same way in every failing input: {name: none, empty, zero or negative}."""

    odd: Mapping[str, str]

    def traits(self, names: frozenset[str]) -> frozenset[str]:
        """What is odd about those of the names that are culprits."""
        return frozenset(oddity for name, oddity in self.odd.items() if name in names)

    def like(self, bound: Mapping[str, Any], names: frozenset[str]) -> bool:
        """Whether another input is odd in the same parameters and in an alike way: empty is like None, zero is not."""
        odd = [name for name in self.odd if name in names]
        return bool(odd) and all(name in bound and _alike(self.odd[name], oddity_of(bound[name])) for name in odd)


def _alike(one: str, other: str) -> bool:
    return bool(other) and (one == other or {one, other} <= _VOID)


def oddity_of(value: object) -> str:
    """`none`, `empty`, `zero`, `negative` or ""."""
    match value:
        case None:
            return "none"
        case bool():
            return ""
        case str() if not value.strip():
            return "empty"
        case list() | dict() | tuple() if not value:
            return "empty"
        case int() | float() if value == 0:
            return "zero"
        case int() | float() if value < 0:
            return "negative"
        case _:
            return ""


def bind(site: Site, given: Input) -> dict[str, Any] | None:
    """{parameter: value} of a recorded input, defaults left out; None when it does not fit the signature."""
    try:
        args, kwargs = json.loads(given[0]), json.loads(given[1])
    except ValueError:
        return None
    names = [argument.arg for argument in [*site.function.args.posonlyargs, *site.function.args.args]]
    names = names[1:] if site.is_method and names[:1] in (["self"], ["cls"], ["mcs"]) else names
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return None
    if len(args) > len(names) and site.function.args.vararg is None:
        return None
    bound = dict(zip(names, args, strict=False))
    if site.function.args.vararg is not None:
        bound[site.function.args.vararg.arg] = args[len(names) :]
    return bound | kwargs


def culprits(site: Site, inputs: Sequence[Input]) -> Culprits:
    bounds = [bind(site, given) for given in inputs]
    known = [bound for bound in bounds if bound is not None]
    if not known or len(known) < len(bounds):
        return Culprits({})
    names = set.intersection(*(set(bound) for bound in known))
    odd = {name: {oddity_of(bound[name]) for bound in known} for name in sorted(names)}
    return Culprits({name: next(iter(kinds)) for name, kinds in odd.items() if len(kinds) == 1 and kinds != {""}})


def shown(site: Site | None, given: Input, limit: int = 70) -> str:
    """The input as a reader wants it: `values=[], scale=2`."""
    bound = bind(site, given) if site is not None else None
    if bound is None:
        text = f"{given[0][1:-1]}{', ' if given[0] != '[]' and given[1] != '{}' else ''}"
        text += "" if given[1] == "{}" else given[1]
    else:
        text = ", ".join(f"{name}={value!r}" for name, value in bound.items())
    return (text or "no arguments") if len(text) <= limit else f"{text[: limit - 1]}…"


def echoes(bound: Mapping[str, Any], value: str) -> bool:
    """Whether a value (Python source) is rather an argument that came back than a constant: that of a parameter such
    as `default`, or one that is too special to be a coincidence (not 0, 1, None, empty)."""
    try:
        plain = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return False
    same = [name for name, given in bound.items() if type(given) is type(plain) and given == plain]
    return any(name in FALLBACKS for name in same) or (bool(same) and bool(plain) and plain not in (0, 1, -1))


def neighbours(inputs: Iterable[Input], limit: int) -> tuple[Input, ...]:
    """Inputs near the given ones, one value changed at a time: None, empty, zero, one, one item less. Deterministic."""
    given = list(inputs)
    found: dict[Input, None] = {}
    for one in given:
        for other in _variants(one):
            if other not in given:
                found.setdefault(other)
            if len(found) >= limit:
                return tuple(found)
    return tuple(found)


def _variants(given: Input) -> Iterator[Input]:
    args, kwargs = json.loads(given[0]), json.loads(given[1])
    for index, value in enumerate(args):
        for other in _near(value):
            yield canonical([*args[:index], other, *args[index + 1 :]]), given[1]
    for name, value in kwargs.items():
        for other in _near(value):
            yield given[0], canonical({**kwargs, name: other})


def _near(value: Any) -> Iterator[Any]:
    """None first: what swallows a None that was not meant shows at once."""
    if value is not None:
        yield None
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (other for other in (0, 1, -1) if other != value)
        case str():
            yield from (other for other in ("", " ", "x", value[:-1]) if other != value)
        case list() | dict():
            yield from _near_container(value)
        case _:
            yield from ([], 0, "")


def _near_container(value: list[Any] | dict[str, Any]) -> Iterator[Any]:
    if not value:
        yield [0] if isinstance(value, list) else {"x": 0}
    elif isinstance(value, list):
        yield from ([], value[:-1], [None, *value[1:]])
    else:
        yield {}
        for key in sorted(value)[:6]:
            yield {name: held for name, held in value.items() if name != key}
            yield {**value, key: None}
