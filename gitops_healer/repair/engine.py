"""The search: where it fails, what could be done, what survives, what the evidence says of it.

`Bench` is the seam for other ways to prove a candidate: what judges it, on which ground.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gitops_healer.code.source import Source, read_source
from gitops_healer.core.execution import Frame
from gitops_healer.core.plan import Cause
from gitops_healer.registry import Scene, discover
from gitops_healer.repair.candidates import candidates, customary, faults_of, telling, voted
from gitops_healer.repair.choose import Verdict, rightly
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.expectations import Expectation, read_expectations
from gitops_healer.repair.failure import Failure, is_test, places
from gitops_healer.repair.inputs import Input, culprits
from gitops_healer.repair.remedy import Remedy
from gitops_healer.repair.site import Site, find_site
from gitops_healer.repair.stopwatch import Stopwatch
from gitops_healer.repair.template import Fault, Template
from gitops_healer.repair.trial import Candidate, Survivor
from gitops_healer.repair.witnesses import hear

_MAX_SOURCE = 1_000_000
_ENOUGH = 4  # behaviours that a question offers
_PER_REMEDY = 12  # candidates tried for one remedy at one place


Faults = Sequence[tuple[Template, Fault]]


class Bench(Protocol):
    """Judges candidates for one failure."""

    @property
    def failing(self) -> tuple[Input, ...]: ...

    @property
    def passing(self) -> tuple[tuple[Input, str | None], ...]: ...

    @property
    def holding(self) -> frozenset[Input]:
        """Inputs that succeed without a change."""
        ...

    @property
    def tool(self) -> tuple[str, str]:
        """Path and qualified name of the function that the inputs belong to."""
        ...

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """What the bench itself suggests, to be tried before what is customary."""
        ...

    def heed(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The evidence as far as it tells candidates apart that pass here."""
        ...

    def judge(self, candidate: Candidate) -> Survivor | None: ...

    def decide(self, evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict: ...


@dataclass
class Budget(Stopwatch):
    """Time that is left, how many candidates were tried, and why some could not be."""

    tried: int = 0
    stumbled: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Examined:
    """One place with what was found there."""

    circumstance: Circumstance
    evidence: tuple[Evidence, ...]
    verdict: Verdict

    @property
    def determined(self) -> bool:
        return bool(self.verdict.reasons)


def search(scene: Scene, failure: Failure, bench: Bench, budget: Budget) -> Examined | None:
    """The place where the failure is to be treated: the innermost one that is determined, else the innermost one where
    anything survives, else the one where failing is right. None when no place is known."""
    found: list[Examined] = []
    for frame in places(failure):
        site = site_at(scene, failure, frame)
        if site is None:
            continue
        examined = examine(scene, site, bench, budget)
        found.append(examined)
        if examined.determined:
            return examined
    for wanted in (_survives, _is_right):
        chosen = next((examined for examined in found if wanted(examined)), None)
        if chosen is not None:
            return chosen
    return found[0] if found else None


def _survives(examined: Examined) -> bool:
    return bool(examined.verdict.survivors)


def _is_right(examined: Examined) -> bool:
    return bool(examined.verdict.right)


def site_at(scene: Scene, failure: Failure, frame: Frame) -> Site | None:
    data = scene.code.source(frame.file)
    source = read_source(frame.file, data) if data is not None else None
    return find_site(source, frame.line, failure.error, failure.message) if source is not None else None


def examine(scene: Scene, site: Site, bench: Bench, budget: Budget) -> Examined:
    """Hear the evidence about one place, try the candidates for it, decide."""
    templates = discover("gitops_healer.repair.templates", Template)
    faults = faults_of(site, templates)
    whole = bench.tool == (site.source.path, site.qualname)
    odd = culprits(site, bench.failing if whole else ())
    passing = bench.passing if whole else ()
    circumstance = Circumstance(site, telling(faults), odd, bench.failing, passing, whole, bench.holding)
    if not faults:
        return Examined(circumstance, (), Verdict())
    tests, callers = readers(scene, site)
    evidence = bench.heed(hear(circumstance, tests, callers))
    if reasons := rightly(circumstance, evidence):
        return Examined(circumstance, evidence, Verdict(right=reasons))
    scene.progress(f"trying repairs of {site.qualname} ({site.source.path}:{site.line})")
    verdict = _tried(site, faults, circumstance, evidence, bench, budget)
    return Examined(circumstance, evidence, verdict)


def _tried(
    site: Site, faults: Faults, circumstance: Circumstance, evidence: Sequence[Evidence], bench: Bench, budget: Budget
) -> Verdict:
    """What clear evidence asks for first; everything else only when that decides nothing."""
    clear = voted(evidence, Weight.CLEAR)
    survivors = [one for group in surviving(site, faults, clear, evidence, bench, budget) for one in group]
    if survivors and (verdict := bench.decide(evidence, survivors)).reasons:
        return verdict
    settled = {*clear, *voted(evidence, Weight.FORBIDS)}
    others = [*voted(evidence, Weight.HINT), *bench.remedies, *customary(circumstance, evidence)]
    others = [remedy for remedy in dict.fromkeys(others) if remedy not in settled]
    for group in surviving(site, faults, others, evidence, bench, budget):
        survivors += group
        if len({survivor.behaviour for survivor in survivors}) >= _ENOUGH:
            break
    return bench.decide(evidence, survivors)


def surviving(
    site: Site,
    faults: Faults,
    remedies: Sequence[Remedy],
    evidence: Sequence[Evidence],
    bench: Bench,
    budget: Budget,
) -> Iterator[tuple[Survivor, ...]]:
    """The survivors of each remedy. The search for a remedy ends with the first that cannot be bettered."""
    general = {one.remedy for one in evidence if one.weight is Weight.CLEAR and one.general}
    for remedy, offered in candidates(site, faults, remedies):
        found: list[Survivor] = []
        for candidate in offered[:_PER_REMEDY]:
            if not budget.left:
                break
            budget.tried += 1
            survivor = _judged(bench, candidate, budget)
            if survivor is not None:
                found.append(survivor)
                reached = survivor.spared == 0 if remedy in general else survivor.spared == len(survivor.kin)
                if survivor.swallowed == 0 and reached:
                    break
        yield tuple(found)


def _judged(bench: Bench, candidate: Candidate, budget: Budget) -> Survivor | None:
    """Whatever goes wrong with one candidate is its own end, never that of the search; it is told at the end."""
    try:
        return bench.judge(candidate)
    except Exception as error:
        budget.stumbled.append(f"{type(error).__name__}: {error}")
        return None


def readers(scene: Scene, site: Site) -> tuple[tuple[Expectation, ...], tuple[Source, ...]]:
    """What tests expect of the site's function, and the other modules that name it."""
    name = site.function.name
    expectations: list[Expectation] = []
    callers: list[Source] = []
    for file in scene.repository.files(scene.commit):
        if not file.path.endswith(".py") or file.size > _MAX_SOURCE:
            continue
        data = scene.repository.read_blob(file.blob)
        if name.encode() not in data or (source := read_source(file.path, data)) is None:
            continue
        if is_test(file.path):
            expectations += read_expectations(source, name)
        else:
            callers.append(source)
    return tuple(expectations), tuple(callers)


def cause_of(examined: Examined, reproduced: bool = True) -> Cause:
    site = examined.circumstance.site
    chosen = [survivor.candidate.says for survivor in examined.verdict.survivors]
    says = next(iter([*chosen, *dict.fromkeys(fault.says for fault in examined.circumstance.faults)]), "")
    when = f" when {says}" if says and not says.endswith(" fails") else ""
    sentence = f"{site.qualname} raises {site.error}{when}: {' '.join(site.message.split())}"
    return Cause(sentence, site.source.path, site.line, 0.9 if reproduced and says else 0.6)
