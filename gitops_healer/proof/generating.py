"""Inputs that nobody gave yet and that are like those that were given, or that fit the annotations.

Everything is drawn from one seeded generator of Python's. Hypothesis is not asked here: it mixes constants of
whatever modules are loaded into what it draws, so that one seed would not always give the same inputs, and it keeps
tables in the directory in which it runs.
"""

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from random import Random
from typing import Any, Final

from gitops_healer.code.declared import function_of
from gitops_healer.code.literals import json_of, value_of_source
from gitops_healer.code.source import Function, Source
from gitops_healer.core.calls import Input
from gitops_healer.core.codec import canonical
from gitops_healer.core.sampling import fair_order, shape
from gitops_healer.core.shadowing import Origin, Sample
from gitops_healer.proof.annotations import Make, allows_none, literal_places, maker
from gitops_healer.proof.mutations import alike_text, mask, of_list, of_number, of_text, of_typed
from gitops_healer.proof.thresholds import Thresholds, thresholds_of
from gitops_healer.proof.trees import Address, at, inside, items_of, put, spelled

Path = tuple[str, ...]
"""Of a place in the inputs: name of the parameter, then keys; `*` for any item."""

_SEEDS: Final = 200
_VALUES: Final = 60
_NODES: Final = 2000
_LONGEST_LIST: Final = 400
_TRIES: Final = 8
_FEW: Final = 6
_MADE: Final = 12
_BASES: Final = 3
_FEW_PLACES: Final = 40
_EQUAL_SHARE: Final = 4
_EXACT: Final = 2**53
_PLURAL: Final = frozenset({"set", "frozenset"})


def generated_samples(source: Source, symbol: str, seeds: Sequence[Sample], most: int, seed: int) -> tuple[Sample, ...]:
    """At most `most` different inputs of a function (`symbol`: its qualified name in the file), none of them a seed, in
    fair order; the same for the same seed.

    With seeds: recorded values mixed, and small changes of them. No place gets a type that no seed has there, None only
    where a seed, a default or the annotation has it, keys come and go only where they do in the seeds. Without seeds:
    by the annotations, defaults and comparisons; nothing when a parameter that must be given says nothing.
    """
    function = function_of(source, symbol)
    if function is None or most <= 0:
        return ()
    random = Random(seed)
    parameters = _Parameters.of(source, function)
    thresholds = thresholds_of(source, function)
    given = [call for sample in seeds[:_SEEDS] if (call := _Call.read(sample.given, parameters)) is not None]
    known = {sample.given for sample in seeds}
    found: dict[Input, str] = {}
    if not given:
        first = [one for call in _made(parameters, thresholds, random) if (one := spelled(call.given))]
        given = [call for one in first if (call := _Call.read(one, parameters)) is not None]
        found.update({one: shape(one) for one in first})
    if given:
        column = _Column.of(given, parameters)
        for why, call in islice(_equal(column, given), max(1, most // _EQUAL_SHARE)):
            one = spelled(call.given)
            if one is not None and one not in known:
                found.setdefault(one, why)
        for call in _changed(column, given, thresholds, random, _TRIES * most):
            if len(found) >= 2 * most:
                break
            one = spelled(call.given)
            if one is not None and one not in known:
                found.setdefault(one, shape(one))
    samples = [Sample(one, Origin.GENERATED, stratum=stratum) for one, stratum in found.items()]
    return fair_order(samples)[:most]


# What is called


@dataclass(frozen=True)
class _Parameters:
    """positional, keywords: names, without `self`; required: those without default; made: what makes their values,
    nullable: those whose annotation or default is None; fixed: places that are annotated with their values."""

    positional: tuple[str, ...]
    only_positional: frozenset[str]
    keywords: tuple[str, ...]
    required: frozenset[str]
    made: Mapping[str, Make]
    nullable: frozenset[str]
    fixed: frozenset[Path]

    @staticmethod
    def of(source: Source, function: Function) -> "_Parameters":
        own = function.args
        positional = [*own.posonlyargs, *own.args]
        padded = [None] * (len(positional) - len(own.defaults))
        defaults: list[tuple[ast.arg, ast.expr | None]] = [*zip(positional, [*padded, *own.defaults], strict=True)]
        if source.parents[function] is not source.tree and [a.arg for a in positional[:1]] in (
            ["self"],
            ["cls"],
            ["mcs"],
        ):
            del defaults[0], positional[0]
        defaults += zip(own.kwonlyargs, own.kw_defaults, strict=True)
        made = {arg.arg: make for arg, default in defaults if (make := _make(source, arg, default)) is not None}
        return _Parameters(
            tuple(arg.arg for arg in positional),
            frozenset(arg.arg for arg in own.posonlyargs),
            tuple(arg.arg for arg in own.kwonlyargs),
            frozenset(arg.arg for arg, default in defaults if default is None),
            made,
            frozenset(arg.arg for arg, default in defaults if _is_none(default) or allows_none(source, arg.annotation)),
            frozenset((arg.arg, *place) for arg, _ in defaults for place in literal_places(source, arg.annotation)),
        )

    def name(self, index: int) -> str:
        return self.positional[index] if index < len(self.positional) else "*"


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _make(source: Source, arg: ast.arg, default: ast.expr | None) -> Make | None:
    """By the annotation; without one, the default says what the parameter takes."""
    made = maker(source, arg.annotation)
    if made is not None or default is None or _is_none(default):
        return made
    try:
        value = json_of(value_of_source(default))
    except ValueError:
        return None
    return lambda _: json.loads(value)


@dataclass(frozen=True)
class _Call:
    """Positional and named arguments, as JSON values. parameters: names of the positions."""

    args: list[Any]
    kwargs: dict[str, Any]
    parameters: _Parameters

    @staticmethod
    def read(given: Input, parameters: _Parameters) -> "_Call | None":
        if spelled(given) is None:
            return None
        args, kwargs = json.loads(given[0]), json.loads(given[1])
        return _Call(args, kwargs, parameters) if isinstance(args, list) and isinstance(kwargs, dict) else None

    @property
    def given(self) -> Input:
        return canonical(self.args), canonical(self.kwargs)

    def places(self) -> Iterator[tuple[Address, Path, Any]]:
        """(where, generalised, what stands there) of all values, arguments first; at most 2,000."""
        waiting: list[tuple[Address, Path, Any]] = [
            *((("args", index), (self.parameters.name(index),), value) for index, value in enumerate(self.args)),
            *((("kwargs", key), (key,), value) for key, value in self.kwargs.items()),
        ]
        for number, place in enumerate(waiting):
            yield place
            if len(waiting) < _NODES and number < _NODES:
                address, path, value = place
                waiting += (((*address, *step), (*path, name), item) for step, name, item in inside(value))

    def at(self, address: Address) -> Any:
        return at({"args": self.args, "kwargs": self.kwargs}, address)

    def put(self, address: Address, value: Any) -> "_Call":
        whole = put({"args": self.args, "kwargs": self.kwargs}, address, value)
        return _Call(whole["args"], whole["kwargs"], self.parameters)


def _name(path: Path) -> str:
    """The parameter or key that says what stands at a place."""
    return next((step for step in reversed(path) if step != "*"), "")


# What was seen where


@dataclass(frozen=True)
class _Column:
    """values: different ones at each place; counts: how often a place was seen; always, ever: keys
    that every object at a place has, and that some have; lengths: of lists; masks: of texts; fixed: places for which
    the annotation names the values."""

    values: Mapping[Path, Mapping[str, Any]]
    counts: Mapping[Path, int]
    always: Mapping[Path, frozenset[str]]
    ever: Mapping[Path, frozenset[str]]
    lengths: Mapping[Path, frozenset[int]]
    masks: Mapping[Path, frozenset[str]]
    fixed: frozenset[Path]

    @staticmethod
    def of(calls: Sequence[_Call], parameters: _Parameters) -> "_Column":
        values: defaultdict[Path, dict[str, Any]] = defaultdict(dict)
        lengths: defaultdict[Path, set[int]] = defaultdict(set)
        masks: defaultdict[Path, set[str]] = defaultdict(set)
        ever: defaultdict[Path, frozenset[str]] = defaultdict(frozenset)
        always: dict[Path, frozenset[str]] = {}
        counts: Counter[Path] = Counter()
        for call in calls:
            for _, path, value in [((), (), call.kwargs), *call.places()]:
                if isinstance(value, dict) and "$type" not in value:
                    always[path] = always.get(path, frozenset(value)) & frozenset(value)
                    ever[path] |= frozenset(value)
                if not path:
                    continue
                counts[path] += 1
                if len(values[path]) < _VALUES:
                    values[path].setdefault(canonical(value), value)
                if isinstance(value, str):
                    masks[path].add(mask(value[:100]))
                if (items := items_of(value)) is not None:
                    lengths[path].add(len(items))
        for name in parameters.nullable:
            if (name,) in values:
                values[(name,)].setdefault("null", None)
        return _Column(
            values,
            counts,
            always,
            ever,
            {path: frozenset(found) for path, found in lengths.items()},
            {path: frozenset(found) for path, found in masks.items()},
            parameters.fixed,
        )

    def seen(self, path: Path) -> list[Any]:
        return list(self.values.get(path, {}).values())

    def closed(self, path: Path) -> bool:
        """Whether so few values come back again and again that others are no values of this place."""
        if path in self.fixed:
            return True
        different = len(self.values.get(path, {}))
        return 0 < different <= _FEW and self.counts.get(path, 0) >= 3 * different

    def formed(self, path: Path) -> bool:
        """Whether all texts of a place have one form that is more than a word: a date, a code."""
        masks = self.masks.get(path, frozenset())
        return len(masks) == 1 and self.counts[path] > 1 and any(letter in "0-_:/.@" for letter in next(iter(masks)))

    def kind(self, path: Path, value: Any) -> str:
        """Of values that may be compared with each other: the type of a number, the form of a text; else ""."""
        if isinstance(value, str) and self.formed(path) and path not in self.fixed:
            return next(iter(self.masks[path]))
        if type(value) not in (int, float) or self.closed(path):
            return ""
        return type(value).__name__

    def optional(self, path: Path) -> list[str]:
        """Keys that some objects at a place have and others have not."""
        return sorted(self.ever.get(path, frozenset()) - self.always.get(path, frozenset()))


# Changing


def _equal(column: _Column, calls: Sequence[_Call]) -> Iterator[tuple[str, _Call]]:
    """Calls in which a number, or a text of some form, is that of another place: what a comparison of both takes for
    more or less may be wrong of what is equal. Each two places once, and why."""
    done = set[tuple[Path, Path]]()
    for call in calls:
        places = [
            (address, path, value, kind) for address, path, value in call.places() if (kind := column.kind(path, value))
        ]
        for (address, path, value, kind), (_, source, other, its) in permutations(places[:_FEW_PLACES], 2):
            if kind == its and path != source and value != other and (path, source) not in done:
                done.add((path, source))
                yield f"{_name(path)} is {_name(source)}", call.put(address, other)


def _changed(
    column: _Column, calls: Sequence[_Call], thresholds: Thresholds, random: Random, tries: int
) -> Iterator[_Call]:
    """Calls made from those that were given: first with what the function compares with, then with one change or two,
    or arguments of several."""
    change = _Change(column, thresholds, random)
    for call in calls[:_BASES]:
        yield from islice(change.at_thresholds(call), tries // (4 * _TRIES))
    for number in range(tries):
        call = calls[number % len(calls)] if number < len(calls) else random.choice(calls)
        if number % 4 == 3:
            call = _mixed(call, column, random)
        for _ in range((1, 1, 2, number // 4 % 2)[number % 4]):
            call = change.somewhere(call)
        yield call


def _mixed(call: _Call, column: _Column, random: Random) -> _Call:
    """Each argument, with a chance, is that of another call."""
    args = [
        random.choice(column.seen((call.parameters.name(index),)) or [value]) if random.random() < 0.5 else value
        for index, value in enumerate(call.args)
    ]
    kwargs = {
        key: random.choice(column.seen((key,)) or [value]) if random.random() < 0.5 else value
        for key, value in call.kwargs.items()
    }
    return _Call(args, kwargs, call.parameters)


@dataclass(frozen=True)
class _Change:
    column: _Column
    thresholds: Thresholds
    random: Random

    def somewhere(self, call: _Call) -> _Call:
        """Every place of the data is as likely, however many items stand there."""
        optional = [key for key in self.column.optional(()) if self._goes(key, call)]
        places: defaultdict[Path, list[Address]] = defaultdict(list)
        for address, path, _ in call.places():
            places[path].append(address)
        if optional and (not places or self.random.random() < 0.1):
            return _Call(call.args, self._keys(call.kwargs, optional, ()), call.parameters)
        if not places:
            return call
        path = self.random.choice(list(places))
        address = self.random.choice(places[path])
        return call.put(address, self.value(call.at(address), path))

    def at_thresholds(self, call: _Call) -> Iterator[_Call]:
        """The call with each literal, and each length, at a place that is compared with it."""
        done: set[Path] = set()
        for address, path, value in call.places():
            if path in done or path in self.column.fixed:
                continue
            done.add(path)
            for other in self._near(value, path):
                yield call.put(address, other)
            for length in self.thresholds.lengths.get(_name(path), ()):
                if isinstance(value, str | list):
                    yield call.put(address, self._sized(value, path, length))

    def _goes(self, key: str, call: _Call) -> bool:
        """Whether an argument may come or go: not one that must be given, nor one that stands at its position."""
        position = call.parameters.positional.index(key) if key in call.parameters.positional else len(call.args)
        return key not in call.parameters.required and position >= len(call.args)

    def value(self, value: Any, path: Path) -> Any:
        """Another value for a place: a seen one, a compared one, or this one changed."""
        seen, near = self.column.seen(path), self._thresholds(value, path)
        draw = self.random.random()
        if near and draw < 0.3 and path not in self.column.fixed:
            return self.random.choice(near)
        if seen and (draw < 0.5 or self.column.closed(path)):
            return self.random.choice(seen)
        match value:
            case None | bool():
                return self.random.choice([*seen, *([not value] if isinstance(value, bool) else [])] or [value])
            case int() | float():
                return of_number(value, self.random)
            case str():
                return self._text(value, path)
            case list():
                return self._list(value, path)
            case dict() if "$type" in value:
                return self._typed(value, path)
            case dict():
                return self._keys(value, self.column.optional(path), path)
        return value

    def _near(self, value: Any, path: Path, *, loose: bool = False) -> list[Any]:
        """Literals of the same type that the place is compared with; loose: else any of the function."""
        found = self.thresholds.near(_name(path)) or (self.thresholds.all if loose else ())
        if isinstance(value, float):
            return [float(one) for one in found if isinstance(one, int | float) and abs(one) < _EXACT]
        return [one for one in found if type(one) is type(value)]

    def _thresholds(self, value: Any, path: Path) -> list[Any]:
        """Now and then those of other names too: names change on the way."""
        loose = not (self.column.closed(path) or self.column.formed(path)) and self.random.random() < 0.3
        return self._near(value, path, loose=loose)

    def _text(self, text: str, path: Path) -> str:
        """Where all texts have one form (a date, a code), mostly another one of that form."""
        if self.column.formed(path) and self.random.random() < 0.8:
            return alike_text(text, self.random)
        if (lengths := self.thresholds.all_lengths) and self.random.random() < 0.15:
            return str(self._sized(text, path, self.random.choice(lengths)))
        return of_text(text, self.random)

    def _list(self, items: list[Any], path: Path) -> list[Any]:
        if (lengths := self.thresholds.all_lengths) and self.random.random() < 0.2:
            return list(self._sized(items, path, self.random.choice(lengths)))
        longest = min(_LONGEST_LIST, 2 * max(self.column.lengths.get(path, frozenset({1}))) + 2)
        return of_list(items, self.random, self.column.seen((*path, "*")), max(longest, len(items)))

    def _sized(self, value: str | list[Any], path: Path, length: int) -> Any:
        """Cut or repeated to a length; what has nothing to be repeated stays empty."""
        pool = value or ("x" if isinstance(value, str) else self.column.seen((*path, "*")))
        return (pool * (length // len(pool) + 1))[:length] if pool else value

    def _typed(self, value: dict[str, Any], path: Path) -> Any:
        name, items = value["$type"], items_of(value)
        if items is None:
            changed = of_typed(value, self.random)
            return value if changed is None else changed
        if name == "tuple" and len(self.column.lengths.get(path, ())) < 2:
            return value
        held = self._list(items, path)
        if name in _PLURAL:
            held = list({canonical(item): item for item in held}.values())
        return {"$type": name, "value": held}

    def _keys(self, value: Mapping[str, Any], optional: Sequence[str], path: Path) -> dict[str, Any]:
        """One key more or less, of those that come and go."""
        if not optional:
            return dict(value)
        key = self.random.choice(optional)
        if key in value:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: self.random.choice(self.column.seen((*path, key)))}


# Without seeds


def _made(parameters: _Parameters, thresholds: Thresholds, random: Random) -> list[_Call]:
    """First calls by what the signature says, different ones; none when something that must be given says nothing."""
    names = [*parameters.positional, *parameters.keywords]
    made = {name: make for name in names if (make := _by_anything(name, parameters, thresholds)) is not None}
    if not made or not parameters.required <= made.keys():
        return []
    calls = [_called(parameters, made, random) for _ in range(_MADE)]
    return list({call.given: call for call in calls}.values())


def _by_anything(name: str, parameters: _Parameters, thresholds: Thresholds) -> Make | None:
    make, near = parameters.made.get(name), thresholds.near(name)
    if make is None and near:
        return lambda random: random.choice(near)
    return make


def _called(parameters: _Parameters, made: Mapping[str, Make], random: Random) -> _Call:
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for index, name in enumerate((*parameters.positional, *parameters.keywords)):
        must = name in parameters.required
        if name not in made or (not must and random.random() < 0.5):
            continue
        by_position = (
            index < len(parameters.positional) and index == len(args) and (must or name in parameters.only_positional)
        )
        if by_position:
            args.append(made[name](random))
        elif name not in parameters.only_positional:
            kwargs[name] = made[name](random)
    return _Call(args, kwargs, parameters)
