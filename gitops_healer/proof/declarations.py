"""Test cases that functions declare themselves, run on two versions."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_healer.code.declared import DeclaredCase, declared_cases
from gitops_healer.code.literals import same, value_of_json, value_of_source
from gitops_healer.code.model import CodeModel, Location
from gitops_healer.code.source import Function, Source, read_source
from gitops_healer.core.calls import Call, Conditions, Input, Seen
from gitops_healer.core.evidence import Changed
from gitops_healer.core.trials import Line
from gitops_healer.evidence.models import model_at
from gitops_healer.proof.subjects import subjects_of
from gitops_healer.registry import Scene

_MOST_FUNCTIONS = 20
_MOST_CASES = 200  # of one function
_SHOWN = 200


@dataclass(frozen=True)
class Held:
    """A case in both versions. before, after: whether it holds, None when that cannot be told or there was no such
    function; fresh: the base does not declare it; disputed: both versions declare the input and expect different
    things; told: what came, or why it cannot be told."""

    tool: str
    case: DeclaredCase
    before: bool | None
    after: bool | None
    fresh: bool = False
    disputed: bool = False
    told: str = ""

    @property
    def broken(self) -> bool:
        """It does not hold, and is not one that has never held."""
        return self.after is False and (self.fresh or self.before is not False)

    @property
    def mended(self) -> bool:
        return self.after is True and self.before is False

    def __str__(self) -> str:
        args, kwargs = self.case.given
        wanted = self.case.error or repr(self.case.value)
        given = " ".join(part[:_SHOWN] for part in (args, kwargs) if part not in ("[]", "{}")) or "nothing"
        return f"{self.tool} given {given} ({self.case.where}): {wanted[:_SHOWN]} is declared, {self.told}"


@dataclass(frozen=True)
class Declarations:
    """held: all cases; ran: changed lines that they ran; left: functions with cases that were left out, being many."""

    held: tuple[Held, ...] = ()
    ran: frozenset[Line] = frozenset()
    left: int = 0


@dataclass(frozen=True)
class _Declaring:
    """A function with cases, at head and, when it is there, at base."""

    tool: str
    path: str
    before: Location | None
    now: Mapping[Input, DeclaredCase]
    then: Mapping[Input, DeclaredCase]


def declarations(scene: Scene, base: str, changed: Changed) -> Declarations:
    """Cases of functions in changed files and of recorded tools that load these, from the version of the scene and
    from the base, run in both. A case that the scene's version does not declare any more is asked all the same."""
    found = list(_declaring(scene, model_at(scene, base), base, changed))
    held: list[Held] = []
    ran: set[Line] = set()
    for one in found[:_MOST_FUNCTIONS]:
        inputs = list(dict.fromkeys([*one.then, *one.now]))[:_MOST_CASES]
        after = _seen(scene, scene.commit, one.tool, one.path, inputs, tuple(changed.lines))
        before = _seen(scene, base, one.tool, one.before.path, inputs, ()) if one.before is not None else ()
        ran |= {line for seen in after for line in changed.ran_by(seen.lines)}
        for number, given in enumerate(inputs):
            held.append(_held(one, given, before[number] if before else None, after[number]))
    return Declarations(tuple(held), frozenset(ran), max(0, len(found) - _MOST_FUNCTIONS))


def _declaring(scene: Scene, before: CodeModel, base: str, changed: Changed) -> Iterator[_Declaring]:
    asked: set[tuple[str, str]] = set()
    for tool, path, symbol in _candidates(scene, base, changed):
        if (path, symbol) in asked:
            continue
        asked.add((path, symbol))
        place = before.locate(tool)
        now = _cases(scene.code, path, symbol)
        then = _cases(before, place.path, place.symbol) if place is not None else {}
        if now or then:
            yield _Declaring(tool, path, place, now, then)


def _candidates(scene: Scene, base: str, changed: Changed) -> Iterator[tuple[str, str, str]]:
    """(tool, path, qualified name)"""
    for path in sorted(changed.lines):
        module = scene.code.module_name(path)
        source = read_source(path, scene.code.source(path) or b"")
        if module is not None and source is not None:
            yield from ((f"{module}:{name}", path, name) for name in _functions(source))
    for subject in subjects_of(scene, base, changed):
        yield subject.tool, subject.path, subject.symbol


def _functions(source: Source) -> Iterator[str]:
    """Qualified names of functions that are not inside of others."""
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            around = list(source.above(node))
            if not any(isinstance(outer, Function) for outer in around):
                classes = [outer.name for outer in around if isinstance(outer, ast.ClassDef)]
                yield ".".join([*reversed(classes), node.name])


def _cases(code: CodeModel, path: str, symbol: str) -> dict[Input, DeclaredCase]:
    source = read_source(path, code.source(path) or b"")
    return {case.given: case for case in declared_cases(source, symbol)} if source is not None else {}


def _seen(
    scene: Scene, commit: str, tool: str, path: str, inputs: Sequence[Input], traced: tuple[str, ...]
) -> tuple[Seen, ...]:
    seconds = scene.settings.testing.timeout.total_seconds()
    with scene.caller.open(commit, tool, path, conditions=Conditions(traced=traced)) as session:
        if session.refused:
            return tuple(Seen(False, detail=session.refused, error_type="gitops_healer.Uncallable") for _ in inputs)
        return session.call([Call(given) for given in inputs], seconds)


def _held(one: _Declaring, given: Input, before: Seen | None, after: Seen) -> Held:
    case = one.now.get(given) or one.then[given]
    known = one.then.get(given)
    disputed = known is not None and not _alike(known, case)
    then = _meets(known or case, before) if before is not None else None
    return Held(one.tool, case, then, _meets(case, after), known is None, disputed, _told(after))


def _alike(one: DeclaredCase, other: DeclaredCase) -> bool:
    return one.error == other.error and (bool(one.error) or same(one.value, other.value))


def _meets(case: DeclaredCase, seen: Seen) -> bool | None:
    """Whether a call ends as declared; None when it did not end by itself or its result cannot be read."""
    if seen.lost:
        return None
    if case.error or not seen.ok:
        return not seen.ok and bool(case.error) and _last(seen.error_type) == _last(case.error)
    try:
        return same(value_of_json(seen.value), case.value) if seen.value is not None else None
    except (ValueError, LookupError):
        return _reads_as(seen.detail, case.value)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _reads_as(text: str, value: object) -> bool | None:
    try:
        return same(value_of_source(text), value)
    except ValueError:
        return None


def _told(seen: Seen) -> str:
    if seen.ok:
        return f"{seen.detail[:_SHOWN]} was returned"
    return (
        f"{seen.error_type} came: {seen.detail[:_SHOWN]}" if not seen.lost else f"nothing came: {seen.detail[:_SHOWN]}"
    )
