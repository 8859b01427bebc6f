"""What recorded calls should give, and from where that is known: the oracle where no test fails."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gitops_healer.code.declared import DeclaredCase, declared_cases
from gitops_healer.code.literals import same, value_of_json, value_of_source
from gitops_healer.code.source import read_source
from gitops_healer.ports import CallOutcome
from gitops_healer.registry import Scene
from gitops_healer.repair.claims import Claim, Today, stable
from gitops_healer.repair.failure import Recorded
from gitops_healer.repair.inputs import Input, neighbours, shown
from gitops_healer.repair.past import EarlierCalls, OlderVersions, Stand
from gitops_healer.repair.stopwatch import Stopwatch

_SEEDS: Final = 4  # failing inputs that others are made from
_NEAR: Final = 20  # inputs made from each
_REGRESSIONS: Final = 60  # passing calls that are kept


@dataclass(frozen=True)
class Expectation:
    """A call of the tool. value: what it should return, when `error` is "", else the name of the exception that it
    should raise; known_from: sentences without a full stop; fails: whether the unchanged code does otherwise."""

    given: Input
    value: Any
    error: str
    known_from: tuple[str, ...]
    fails: bool

    def met_by(self, outcome: CallOutcome) -> bool:
        return Claim(self.value, self.error, "").met_by(outcome) is True


@dataclass(frozen=True)
class Expectations:
    """calls: that fail first; notes: what is not expected although something speaks for it, sentences; older: the
    version of the code that told something."""

    calls: tuple[Expectation, ...] = ()
    notes: tuple[str, ...] = ()
    older: Stand | None = None

    @property
    def failing(self) -> tuple[Expectation, ...]:
        return tuple(call for call in self.calls if call.fails)

    @property
    def known_from(self) -> tuple[str, ...]:
        """From where it is known what failing calls should give."""
        return tuple(dict.fromkeys(reason for call in self.failing for reason in call.known_from))


def expectations_of(scene: Scene, log: Recorded, seconds: float) -> Expectations:
    """What calls should give by declared test cases, by older versions of the code and by what they once gave.

    Where these contradict each other nothing is expected. Recorded calls that work, and that no older version
    contradicts, are to stay as they are. Older versions are also asked for inputs near those that fail, which tells
    repairs apart. seconds: after which no further version is asked.
    """
    watch = Stopwatch(seconds)
    source = read_source(log.path, scene.code.source(log.path) or b"")
    if source is None:
        return Expectations()
    declared = declared_cases(source, log.symbol)
    known = [*(case.given for case in declared), *log.inputs[: len(log.failing) + _REGRESSIONS]]
    near = tuple(given for given in _near(log) if given not in known)
    ends = stable(scene, scene.commit, log.tool, log.path, tuple(dict.fromkeys([*known, *near])))
    today = Today(scene, log, ends, near)
    claims: dict[Input, list[Claim]] = {}
    for case in declared:
        claims.setdefault(case.given, []).append(_declared(case))
    older = OlderVersions(today, watch)
    older.ask()
    earlier = EarlierCalls(today)
    for given in today.failing():
        claims.setdefault(given, []).extend([*older.claims(given), *earlier.claims(given)])
    claims |= {given: older.claims(given) for given in near if given not in claims}
    failing, notes = _settled(today, claims)
    working = _working(today, older.disputed | claims.keys())
    said = dict.fromkeys([*notes, *older.notes, *earlier.notes])
    return Expectations((*failing, *working), tuple(said), older.heard)


def _near(log: Recorded) -> Iterator[Input]:
    """Inputs like the most frequent failing ones, with one value changed for another of its type."""
    for seed, _ in log.failing[:_SEEDS]:
        kinds = _kinds(seed)
        yield from (given for given in neighbours([seed], _NEAR) if _kinds(given) == kinds)


def _kinds(given: Input) -> list[type]:
    args, kwargs = json.loads(given[0]), json.loads(given[1])
    return [type(value) for value in (*args, *kwargs.values())]


def _declared(case: DeclaredCase) -> Claim:
    return Claim(case.value, case.error, f"the test case declared at {case.where}")


def _settled(today: Today, claims: Mapping[Input, Sequence[Claim]]) -> tuple[list[Expectation], list[str]]:
    """Calls for which all claims agree, those that fail first, and words on the others."""
    found: list[Expectation] = []
    notes: list[str] = []
    for given, made in claims.items():
        if not made or given not in today.ends:
            continue
        if not all(made[0].agrees(other) for other in made[1:]):
            reasons = " and ".join(dict.fromkeys(one.reason for one in made))
            notes.append(f"{reasons} contradict each other for {shown(None, given)}: nothing is expected there")
            continue
        met = made[0].met_by(today.ends[given])
        if met is not None:
            known_from = tuple(dict.fromkeys(one.reason for one in made))
            value = value_of_source(today.ends[given].detail) if met and not made[0].error else made[0].value
            found.append(Expectation(given, value, made[0].error, known_from, not met))
    return sorted(found, key=lambda one: not one.fails), notes


def _working(today: Today, without: Iterable[Input]) -> list[Expectation]:
    """Recorded calls that give today what was recorded."""
    left_out = frozenset(without)
    found: list[Expectation] = []
    for given, result in today.log.passing:
        outcome = today.ends.get(given)
        if outcome is None or not outcome.ok or result is None or given in left_out:
            continue
        try:
            value = value_of_source(outcome.detail)
            if same(value, value_of_json(result)):
                found.append(Expectation(given, value, "", ("recorded",), fails=False))
        except ValueError:
            continue
    return found[:_REGRESSIONS]
