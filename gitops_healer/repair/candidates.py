"""Which changes are worth a trial, and in which order."""

import ast
from collections.abc import Iterator, Sequence

from gitops_healer.code.source import parse
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight, zero_of
from gitops_healer.repair.forms import forms
from gitops_healer.repair.remedy import Kind, Remedy, raises, returns, substitutes
from gitops_healer.repair.site import Site
from gitops_healer.repair.template import Fault, Template
from gitops_healer.repair.trial import Candidate


def faults_of(site: Site, templates: Sequence[Template]) -> tuple[tuple[Template, Fault], ...]:
    """Every way to see the failure, the likeliest template first. A template that stumbles ends nothing."""
    found = []
    for template in sorted(templates, key=lambda one: (-one.prior, one.name)):
        try:
            found += [(template, fault) for fault in template(site)]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
    return tuple(found)


def telling(faults: Sequence[tuple[Template, Fault]]) -> tuple[Fault, ...]:
    """The faults of the likeliest template: what a vaguer one takes for wrong says less of what is wrong."""
    best = max((template.prior for template, _ in faults), default=0.0)
    return tuple(fault for template, fault in faults if template.prior > 0.6 * best)


def candidates(
    site: Site, faults: Sequence[tuple[Template, Fault]], remedies: Sequence[Remedy]
) -> Iterator[tuple[Remedy, tuple[Candidate, ...]]]:
    """For each remedy its candidates, best first; changes with the same resulting tree come once."""
    seen: set[str] = set()
    for remedy in remedies:
        offered = [
            Candidate(
                remedy, form.change, template.name, form.name, round(template.prior * form.specificity, 4),
                fault.says, site.text(fault.node),
            )
            for template, fault in faults
            for form in forms(site, fault, remedy)
        ]  # fmt: skip
        ordered = sorted(offered, key=lambda c: (-c.score, c.form, c.change.edits))
        yield remedy, tuple(candidate for candidate in ordered if _is_new(site, candidate, seen))


def _is_new(site: Site, candidate: Candidate, seen: set[str]) -> bool:
    after = candidate.change.apply({site.source.path: site.source.data})[site.source.path]
    shape = ast.dump(parse(after))
    if shape in seen:
        return False
    seen.add(shape)
    return True


def voted(evidence: Sequence[Evidence], weight: Weight) -> tuple[Remedy, ...]:
    return tuple(dict.fromkeys(one.remedy for one in evidence if one.weight is weight))


def customary(circumstance: Circumstance, evidence: Sequence[Evidence]) -> tuple[Remedy, ...]:
    """What could be meant when nothing says it: the options of a question."""
    site = circumstance.site
    results = [result for _, result in circumstance.passing] if circumstance.whole else []
    found = [returns("None")]
    if zero := zero_of(site, results):
        found.append(returns(zero))
    found.append(Remedy(Kind.SKIP))
    within = [fault for fault in circumstance.faults if not site.is_result(fault.node)]
    found += [substitutes(value) for fault in within for value in fault.neutral]
    if site.error != "ValueError":
        found.append(raises("ValueError"))
    forbidden = voted(evidence, Weight.FORBIDS)
    return tuple(remedy for remedy in dict.fromkeys(found) if remedy not in forbidden)
