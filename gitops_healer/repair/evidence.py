"""What determines the value that a failing call should give. It is not ours to invent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from gitops_healer.repair.inputs import Culprits, Input, bind
from gitops_healer.repair.remedy import Kind, Remedy, as_float
from gitops_healer.repair.site import Site
from gitops_healer.repair.template import Fault


class Weight(Enum):
    """CLEAR determines unless another clear one contradicts; a HINT ranks and informs; FORBIDS speaks against."""

    CLEAR = "clear"
    HINT = "hint"
    FORBIDS = "forbids"


@dataclass(frozen=True)
class Evidence:
    """One witness. origin: docstring, test, execution, guard, annotation, caller, default; reason: a sentence;
    general: it speaks of every input that fails so, not only of such as were seen."""

    remedy: Remedy
    weight: Weight
    origin: str
    reason: str
    general: bool = True


@dataclass(frozen=True)
class Circumstance:
    """What is known of a failure before anything is tried.

    failing: distinct inputs of the tool; whole: whether the site's function is the tool, so that inputs and results
    are its own; passing: (input, canonical result or None) that were recorded as successful;
    holding: inputs that succeed at this commit.
    """

    site: Site
    faults: tuple[Fault, ...]
    culprits: Culprits
    failing: tuple[Input, ...]
    passing: tuple[tuple[Input, str | None], ...]
    whole: bool
    holding: frozenset[Input] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """The names that the failing operands are computed from; culprits among the parameters when there are any."""
        reached = self.site.sources_of(frozenset().union(*(fault.names for fault in self.faults)))
        return reached & self.culprits.odd.keys() or reached

    @property
    def traits(self) -> frozenset[str]:
        """What is wrong: by the nature of the error, and as the failing inputs show it."""
        return self.nature | self.culprits.traits(self.names)

    @property
    def nature(self) -> frozenset[str]:
        """What follows from the error itself, for every input."""
        return frozenset().union(*(fault.traits for fault in self.faults))

    def repeats(self, bound: Mapping[str, Any]) -> bool:
        """Whether an input has exactly the odd values of a failing one."""
        odd = [name for name in self.culprits.odd if name in self.names]
        for given in self.failing:
            failing = bind(self.site, given) or {}
            if odd and all(name in bound and bound[name] == failing.get(name) for name in odd):
                return True
        return False

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(fault.key for fault in self.faults if fault.key)


def settle(circumstance: Circumstance, found: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Evidence without doubles, whole numbers as floats where the function gives floats."""
    floats = _gives_floats(circumstance)
    settled: dict[Evidence, None] = {}
    for one in found:
        if floats and one.remedy.kind is Kind.RETURN:
            one = replace(one, remedy=Remedy(Kind.RETURN, as_float(one.remedy.value)))
        settled.setdefault(one)
    return tuple(settled)


def _gives_floats(circumstance: Circumstance) -> bool:
    site = circumstance.site
    results = [result for _, result in circumstance.passing if result is not None]
    numbers = [result for result in results if _is_number(result)]
    if numbers:
        return len(numbers) == len(results) and all("." in n or "e" in n for n in numbers)
    quotients = [fault.neutral[:1] == ("0.0",) and site.is_result(fault.node) for fault in circumstance.faults]
    return any(quotients) or site.annotation in ("float", "float | None", "Optional[float]", "None | float")


def _is_number(result: str) -> bool:
    return bool(result) and (result[0].isdigit() or result[0] == "-")


def zero_of(site: Site, results: Iterable[str | None]) -> str:
    """The neutral value of what the function gives: `0.0`, `0`, `""`, `[]`, `{}`, `False`, or "" when it is mixed."""
    seen = [result for result in results if result is not None and result != "null"]
    kinds = {_zero_of_json(result) for result in seen}
    if kinds == {"0", "0.0"}:
        return "0.0" if site.annotation.startswith("float") else "0"
    if len(kinds) == 1:
        return kinds.pop()
    return "" if kinds else _ZERO_OF.get(_bare(site.annotation), "")


def _zero_of_json(result: str) -> str:
    firsts: Mapping[str, str] = {'"': '""', "[": "[]", "{": "{}", "t": "False", "f": "False"}
    return firsts.get(result[:1]) or ("0.0" if "." in result or "e" in result else "0")


def _bare(annotation: str) -> str:
    inner = annotation.removeprefix("typing.").removeprefix("Optional[").removesuffix("]")
    return inner.replace(" | None", "").replace("None | ", "").partition("[")[0].lower()


_ZERO_OF = {
    "float": "0.0", "int": "0", "str": '""', "list": "[]", "dict": "{}", "bool": "False",
    "tuple": "()", "sequence": "[]", "mapping": "{}",
}  # fmt: skip


def allows_none(site: Site) -> bool | None:
    """What the return annotation says about None; None when there is no annotation that tells."""
    annotation = site.annotation
    if not annotation or annotation in ("Any", "object", "typing.Any"):
        return None
    return "None" in annotation or "Optional" in annotation
