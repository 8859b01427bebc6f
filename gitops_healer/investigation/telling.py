"""What few failing inputs have in common, where there are too few of them to count with.

A bug often shows with one input that comes again and again, such as an empty list. No statistics can be made of one;
but a condition that holds for every failing input and for hardly any of those that pass, of an argument that the
failing line uses, is more than chance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gitops_healer.core.analysis.features import Inputs, inputs_of
from gitops_healer.core.analysis.types import Literal
from gitops_healer.core.execution import Execution

MOST: Final = 30
LEAST_CALLS: Final = 3
LEAST_PASSING: Final = 8
FEW_PASSING: Final = 2
OFTEN: Final = 20
"""Calls that passed, from which on two different inputs are enough: each input then always passes or always fails."""
_PLAIN: Final = (
    "is of type", "is empty", "is blank", "<", "is missing", "is given", "is", "is not a number", "is no whole number",
    "has characters beyond ASCII", "has a line break", "has a quote", "has a percent sign", "=",
)  # fmt: skip
"""Of conditions that divide the calls in the same way, what says more comes first."""


@dataclass(frozen=True)
class Telling:
    """literal: the plainest of the conditions; fits: how many hold; inputs: different failing ones, seen `calls` times;
    passing: different inputs that passed, of which `exceptions` fulfil the condition as well; named: the failing line
    uses the argument."""

    literal: Literal
    fits: int
    inputs: int
    calls: int
    passing: int
    exceptions: int
    named: bool

    @property
    def sentence(self) -> str:
        others = f"{self.exceptions} of {self.passing}" if self.exceptions else f"none of {self.passing}"
        return f"{self.literal} in all {self.inputs} different failing inputs, and in {others} that passed"


def telling(
    failing: Sequence[Execution], passing: Iterable[Execution], parameters: Sequence[str], words: frozenset[str]
) -> Telling | None:
    """None when the inputs do not tell, or an input that failed passed as well. words: of the failing code."""
    bad = _distinct(call for call in failing if call.replayable)
    passing = list(passing)
    good = _distinct(passing)
    least = FEW_PASSING if len(passing) >= OFTEN and len(failing) >= OFTEN // 4 else LEAST_PASSING
    if not bad or len(bad) > MOST or len(failing) < LEAST_CALLS or len(good) < least or bad.keys() & good.keys():
        return None
    wrong = [inputs for call in bad.values() if (inputs := inputs_of(call, parameters)) is not None]
    right = [inputs for call in good.values() if (inputs := inputs_of(call, parameters)) is not None]
    if len(wrong) != len(bad) or len(right) < least:
        return None
    common = set.intersection(*(_conditions(one, right) for one in wrong))
    limit = len(right) // 50
    rated = [(literal, sum(literal in _conditions(one, right) for one in right)) for literal in common]
    fitting = [(literal, exceptions) for literal, exceptions in rated if exceptions <= limit]
    if not fitting:
        return None
    literal, exceptions = min(fitting, key=lambda pair: (not _named(pair[0], words), pair[1], *_plainness(pair[0])))
    named = _named(literal, words)
    return Telling(literal, len(fitting), len(wrong), len(failing), len(right), exceptions, named)


def _distinct(calls: Iterable[Execution]) -> dict[tuple[str | None, str | None], Execution]:
    return {(call.args, call.kwargs): call for call in calls if call.args is not None or call.kwargs is not None}


def _conditions(inputs: Inputs, others: Sequence[Inputs]) -> set[Literal]:
    """What holds, with what can only be said beside others: below zero, missing where others have it."""
    found = set(inputs.literals)
    found |= {
        Literal(path, "<", 0) for (path, what), number in inputs.measures.items() if what == "value" and number < 0
    }
    paths = {path for other in others for path in other.paths}
    return found | {Literal(path, "is missing", None) for path in paths - inputs.paths}


def _named(literal: Literal, words: frozenset[str]) -> bool:
    parts = literal.feature.replace("[]", "").rpartition(" of ")[2].split(".")
    return any(part in words for part in parts)


def _plainness(literal: Literal) -> tuple[int, int, str]:
    derived = 20 * (".min" in literal.feature or ".any" in literal.feature)  # what is missing in an empty list
    place = derived + (_PLAIN.index(literal.test) if literal.test in _PLAIN else len(_PLAIN))
    return place, len(literal.feature), str(literal)
