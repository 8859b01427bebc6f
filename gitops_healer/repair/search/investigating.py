"""A repair by search in the words of the cycle: cause, evidence, options, question."""

from collections.abc import Iterable, Sequence

from gitops_healer.core.plan import Cause, Investigation, Option
from gitops_healer.repair.search.found import Patch, Repair, RepairStatus


def investigation_of(found: Repair, path: str = "", line: int = 0) -> Investigation:
    """path, line: of the finding, for a cause that is not known better."""
    evidence = tuple(_evidence(found))
    if found.status is not RepairStatus.REPAIRED:
        cause = Cause(found.reason, path, line, 0.4)
        return Investigation(cause, evidence, tried=found.candidates, seconds=found.seconds)
    first = found.patches[0]
    cause = Cause(_sentence(first, found), first.path, line if first.path == path else 0, 0.9 if found.certain else 0.6)
    question = "" if found.certain else "\n".join([found.question, *_choices(found.patches)])
    options = tuple(_options(found))
    return Investigation(cause, evidence, options, question, found.candidates, found.seconds)


def _sentence(patch: Patch, found: Repair) -> str:
    title = f"{patch.title[:1].lower()}{patch.title[1:]}"
    count = len(found.failing)
    tests = f"{found.failing[0]} fails" if count == 1 else f"{count} tests fail, {found.failing[0]} first"
    return f"{tests} because of {patch.symbol or patch.path}: it should {title}"


def _evidence(found: Repair) -> Iterable[str]:
    yield found.reason
    yield from found.patches[0].correct_by if found.patches else ()
    yield f"{found.candidates:,} candidates were tried in {found.seconds:.1f} s"
    yield from found.notes


def _options(found: Repair) -> Iterable[Option]:
    for number, patch in enumerate(found.patches):
        yield Option(
            key=key_of(patch, number),
            title=patch.title,
            source="+".join(patch.templates),
            change=patch.change,
            behaviour="; ".join(patch.differs_on) or "the failing tests pass",
            determined_by=patch.correct_by if found.certain and number == 0 else (),
            proof=(*patch.correct_by[:1], *([f"but {patch.caution}"] if patch.caution else [])),
            symbols=(patch.symbol,) if patch.symbol else (),
            prior=0.9 if found.certain and number == 0 else 0.5,
        )


def key_of(patch: Patch, number: int) -> str:
    """What a maintainer types: template and place in the order, `comparison-1`."""
    return f"{patch.templates[-1].replace('_', '-')}-{number + 1}"


def _choices(patches: Sequence[Patch]) -> Iterable[str]:
    for number, patch in enumerate(patches):
        differs = f"; {patch.differs_on[0]}" if patch.differs_on else ""
        yield f"- `{key_of(patch, number)}`: {patch.title}{differs}"
