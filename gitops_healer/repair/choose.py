"""Which survivor may be taken without asking, or what to ask."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gitops_healer.core.plan import Option
from gitops_healer.repair.callers import covers
from gitops_healer.repair.candidates import voted
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.inputs import shown
from gitops_healer.repair.remedy import Kind, Remedy
from gitops_healer.repair.trial import Survivor, told

_MAX_OPTIONS = 4
_CUSTOM = (Kind.RETURN, Kind.SKIP, Kind.SUBSTITUTE, Kind.ADAPT, Kind.RAISE)  # what people would offer first


@dataclass(frozen=True)
class Verdict:
    """survivors: one a behaviour, best first; reasons: why the first is right, empty when nothing says so; right: why
    failing is right and nothing is to be done; conflict: clear evidence that contradicts itself."""

    survivors: tuple[Survivor, ...] = ()
    reasons: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()


def rightly(circumstance: Circumstance, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """Reasons why the recorded error is what the code promises, when nothing clear says otherwise."""
    error = circumstance.site.error
    clear = [one for one in evidence if one.weight is Weight.CLEAR]
    promised = [one for one in clear if one.remedy.kind is Kind.RAISE and covers(one.remedy.value, error)]
    return tuple(one.reason for one in promised) if len(promised) == len(clear) else ()


def decide(evidence: Sequence[Evidence], survivors: Sequence[Survivor]) -> Verdict:
    """Determined when all clear evidence that can be followed leads to one behaviour and nothing speaks against it."""
    clear = [one for one in evidence if one.weight is Weight.CLEAR]
    forbidden = voted(evidence, Weight.FORBIDS)
    ranked = rank(evidence, survivors)
    led = {one.remedy: _following(one.remedy, ranked) for one in clear}
    reached = {survivor.behaviour for survivor in led.values() if survivor is not None}
    values = {one.remedy.value for one in clear if led[one.remedy] is not None}
    unfollowed = [one for one in clear if led[one.remedy] is None and _contradicts(one.remedy, values)]
    if len(reached) == 1 and not unfollowed and not any(one.remedy in forbidden for one in clear):
        first = next(
            survivor for survivor in ranked if survivor.behaviour in reached and survivor.candidate.remedy in led
        )
        reasons = tuple(one.reason for one in clear if led[one.remedy] is not None)
        return Verdict((first,), reasons)
    options = _one_each(ranked)[:_MAX_OPTIONS]
    return Verdict(options, conflict=tuple(one.reason for one in clear) if clear else ())


def rank(evidence: Sequence[Evidence], survivors: Iterable[Survivor]) -> tuple[Survivor, ...]:
    """Best first: swallows nothing else, then as wide as the evidence reaches, then by prior, then small."""
    weights = {Weight.CLEAR: 0, Weight.HINT: 1, Weight.FORBIDS: 3}
    voted_for = {one.remedy: weights[one.weight] for one in reversed(evidence)}
    general = {one.remedy for one in evidence if one.weight is Weight.CLEAR and one.general}

    def key(survivor: Survivor) -> tuple[object, ...]:
        candidate = survivor.candidate
        reach = survivor.spared if candidate.remedy in general else -survivor.spared
        return (
            voted_for.get(candidate.remedy, 2), survivor.swallowed, _CUSTOM.index(candidate.remedy.kind), reach,
            -candidate.score, survivor.size, candidate.change.edits,
        )  # fmt: skip

    return tuple(sorted(survivors, key=key))


def _following(remedy: Remedy, ranked: Sequence[Survivor]) -> Survivor | None:
    return next((survivor for survivor in ranked if survivor.candidate.remedy == remedy), None)


def _contradicts(remedy: Remedy, values: Collection[str]) -> bool:
    """Whether what nobody could follow wants something else than what others lead to."""
    return remedy.kind is Kind.RAISE or (remedy.kind is Kind.RETURN and remedy.value not in values)


def _one_each(ranked: Sequence[Survivor]) -> tuple[Survivor, ...]:
    """The best survivor of each behaviour."""
    best: dict[tuple[str, ...], Survivor] = {}
    for survivor in ranked:
        best.setdefault(survivor.behaviour, survivor)
    return tuple(best.values())


def options(circumstance: Circumstance, verdict: Verdict) -> tuple[Option, ...]:
    made = [
        option(circumstance, survivor, verdict.reasons if n == 0 else (), verdict.survivors)
        for n, survivor in enumerate(verdict.survivors)
    ]
    return tuple(_with_own_key(one, made[:number]) for number, one in enumerate(made))


def option(
    circumstance: Circumstance, survivor: Survivor, reasons: tuple[str, ...], beside: Sequence[Survivor] = ()
) -> Option:
    """beside: the other survivors that are offered, from which its behaviour has to be told apart."""
    candidate, site = survivor.candidate, circumstance.site
    return Option(
        key=candidate.remedy.key,
        title=title(candidate.remedy, site.qualname, candidate.says, candidate.place),
        source=candidate.template,
        change=candidate.change,
        behaviour=behaviour(circumstance, survivor, beside),
        determined_by=reasons,
        proof=survivor.proof,
        symbols=(site.qualname,),
        prior=candidate.score,
    )


def title(remedy: Remedy, function: str, says: str, place: str) -> str:
    """A sentence in the imperative."""
    match remedy.kind:
        case Kind.RETURN:
            return f"Return {remedy.value} from {function} when {says}"
        case Kind.SUBSTITUTE:
            return f"Use {remedy.value} for {_short(place)} in {function} when {says}"
        case Kind.SKIP:
            return f"Leave the item out in {function} when {says}"
        case Kind.RAISE:
            return f"Raise {remedy.value} from {function} when {says}"
        case Kind.ADAPT:
            return f"Leave out {remedy.value!r} before {function} converts"


def behaviour(circumstance: Circumstance, survivor: Survivor, beside: Sequence[Survivor] = ()) -> str:
    """What happens to a failing input: `values=[] gives 0.0`; and to a second one, where another does the same to the
    first."""
    site = circumstance.site if circumstance.whole else None
    if not circumstance.failing or not survivor.results:
        return f"{circumstance.site.qualname} {survivor.candidate.remedy.phrase(_short(survivor.candidate.place))}"
    alike = [other for other in beside if other is not survivor and other.results[:1] == survivor.results[:1]]
    differing = (
        number
        for other in alike
        for number, (mine, its) in enumerate(zip(survivor.results, other.results, strict=False))
        if mine != its
    )
    shown_inputs = dict.fromkeys([0, *islice(differing, 1)])
    return "; ".join(
        f"{shown(site, circumstance.failing[number])} {_ending(told(survivor.results[number]))}"
        for number in shown_inputs
    )


def _ending(told_result: str) -> str:
    return told_result.replace("return ", "gives ", 1).replace("raise ", "raises ", 1)


def question(circumstance: Circumstance, verdict: Verdict, made: Sequence[Option]) -> str:
    """What is not determined, what happens now, and what each option would mean."""
    site = circumstance.site
    example = shown(site if circumstance.whole else None, circumstance.failing[0]) if circumstance.failing else "it"
    now = f"`{site.qualname}` raises {site.error} for `{example}` ({site.source.path}:{site.line})."
    if verdict.conflict:
        why = "The evidence contradicts itself: " + "; ".join(verdict.conflict) + "."
    else:
        why = "Neither executions, tests, docstring, annotations nor callers say what it should do instead."
    lines = [f"- `{one.key}`: {one.title}; {one.behaviour}" for one in made]
    return "\n".join([f"{now} {why} Which is meant?", *lines])


def _with_own_key(one: Option, before: Sequence[Option]) -> Option:
    taken = {other.key for other in before}
    names = (one.key, *(f"{one.key}-{number}" for number in range(2, len(taken) + 3)))
    return replace(one, key=next(name for name in names if name not in taken))


def _short(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= 60 else f"{text[:59]}…"
