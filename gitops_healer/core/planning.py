"""From the chosen option to a plan: what will be done, in which order, inside which fence."""

from collections.abc import Callable, Sequence

from gitops_healer.core.aim import Aim
from gitops_healer.core.finding import Finding, Risk
from gitops_healer.core.plan import Investigation, Option, Plan, Task
from gitops_healer.core.policy import risk_of
from gitops_healer.core.revising import Measure, Use, Wish, fitting

Read = Callable[[str], bytes]
"""The bytes of a file, by its path; empty when there is none."""


def choose(
    investigation: Investigation, key: str, wishes: Sequence[Wish] = (), measure: Measure | None = None
) -> Option | None:
    """The option that is to be carried out: the chosen one, else the first when nothing has to be asked.

    wishes: of maintainers (`revising.standing`); what does not fit them is not taken, and to name an option is to
    choose it. measure: needed when a wish is about size or risk (`revising.measured`).
    """
    decisions = fitting(investigation.options, tuple(wishes), measure)
    fit = [option for option, decision in zip(investigation.options, decisions, strict=True) if decision.allowed]
    chosen = next((option for option in fit if option.key == key), None)
    if chosen is not None or (key and not wishes):
        return chosen
    if investigation.question and not any(isinstance(wish, Use) for wish in wishes):
        return None
    return fit[0] if fit else None


def sized(finding: Finding, option: Option, read: Read) -> tuple[int, Risk]:
    """(lines, risk) of an option. read: the bytes of a file at the base. Raises StaleEditError."""
    lines = option.change.size({path: read(path) for path in option.change.paths})
    return lines, risk_of(finding, lines, len(option.change.paths))


def make_plan(
    finding: Finding,
    option: Option,
    read: Read,
    base: str,
    aim: Aim,
    version: int = 1,
    notes: tuple[str, ...] = (),
) -> Plan:
    """read: the bytes of a file at the base; version, notes: see `Plan`. Raises
    StaleEditError."""
    lines, risk = sized(finding, option, read)
    paths = option.change.paths
    where = ", ".join(paths)
    return Plan(
        option=option.key,
        title=option.title,
        tasks=(
            Task(1, f"{option.title} ({where})", "the files compile and the diff stays inside the plan"),
            Task(2, "run lint, types and tests on the change", "nothing fails that did not fail before", (1,)),
            Task(3, "open a pull request", "CI is green on exactly the proposed head", (2,)),
            Task(4, "merge it and run the checks again on the merge commit", "the same verdict as before", (3,)),
            Task(5, "watch what it does, take it back when it got worse", "the watch ends without a regression", (4,)),
        ),
        paths=paths,
        symbols=option.symbols,
        risk=risk,
        priority=finding.priority,
        lines=lines,
        rollback_point=base,
        risks=_risks(option),
        aim=aim,
        criteria=(f"{finding.rule} no longer reports {finding.symbol}", "no test that passed fails"),
        version=version,
        notes=notes,
    )


def _risks(option: Option) -> tuple[str, ...]:
    """What could go wrong, with what is done about it."""
    risks = ["behaviour that no test and no execution covers may change: the merge is watched and can be taken back"]
    if not option.determined_by:
        risks.append("nothing but a maintainer's choice says that this is the wanted behaviour")
    return tuple(risks)
