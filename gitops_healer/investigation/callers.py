"""Whether one caller's calls fail where those of the others do not."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from gitops_healer.core.analysis.statistics import fisher_tail
from gitops_healer.core.execution import Execution

MOST_OF: Final = 0.95
LEAST: Final = 3
ALPHA: Final = 0.001
SURE: Final = 0.00001


@dataclass(frozen=True)
class Caller:
    """path and line of the call in the repository, function that holds it; failing: its share of the failures, passing:
    of the calls that passed; others: how many other places call the tool; p: chance of it when the caller does not
    matter (Fisher's exact test)."""

    path: str
    line: int
    function: str
    failing: float
    passing: float
    others: int
    p: float

    @property
    def sentence(self) -> str:
        return (
            f"{self.failing:.0%} of the failing calls come from {self.function} at {self.path}:{self.line}, "
            f"of those that pass {self.passing:.0%}; {self.others} other places call it"
        )


def caller_of(
    failing: Iterable[Execution], passing: Iterable[Execution], own: Callable[[str], str | None]
) -> Caller | None:
    """None when callers were not recorded, or there is only one, or no one stands out. own: the path in the repository
    of a file, None when it lies outside."""
    bad, good = _counts(failing, own), _counts(passing, own)
    places = bad.keys() | good.keys()
    if bad.total() < LEAST or good.total() < LEAST or len(places) < 2:
        return None
    functions = Counter[tuple[str, str]]()
    for (path, _, function), count in bad.items():
        functions[path, function] += count
    (path, function), count = functions.most_common(1)[0]
    share = count / bad.total()
    passing_from = sum(n for (p, _, f), n in good.items() if (p, f) == (path, function))
    chance = fisher_tail(count, count + passing_from, bad.total(), bad.total() + good.total())
    if share < MOST_OF or chance > ALPHA:
        return None
    line = next(line for (p, line, f), _ in bad.most_common() if (p, f) == (path, function))
    others = len({(p, f) for p, _, f in places} - {(path, function)})
    return Caller(path, line, function, share, passing_from / good.total(), others, chance) if others else None


def _counts(calls: Iterable[Execution], own: Callable[[str], str | None]) -> Counter[tuple[str, int, str]]:
    found: Counter[tuple[str, int, str]] = Counter()
    for call in calls:
        caller = call.caller
        path = own(caller.file) if caller is not None else None
        if caller is not None and path is not None:
            found[path, caller.line, caller.function] += 1
    return found
