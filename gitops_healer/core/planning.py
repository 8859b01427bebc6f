"""From the chosen option to a plan: what will be done, in which order, inside which fence."""

from collections.abc import Mapping

from gitops_healer.core.aim import Aim
from gitops_healer.core.finding import Finding
from gitops_healer.core.plan import Investigation, Option, Plan, Task
from gitops_healer.core.policy import risk_of


def choose(investigation: Investigation, key: str) -> Option | None:
    """The option that is to be carried out: the chosen one, else the first when nothing has to be asked."""
    if key:
        return next((option for option in investigation.options if option.key == key), None)
    if investigation.question or not investigation.options:
        return None
    return investigation.options[0]


def make_plan(finding: Finding, option: Option, sources: Mapping[str, bytes], base: str, aim: Aim) -> Plan:
    """sources: {path: bytes at base} of the files that the option's change edits. Raises StaleEditError."""
    lines = option.change.size(sources)
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
        risk=risk_of(finding, lines, len(paths)),
        priority=finding.priority,
        lines=lines,
        rollback_point=base,
        risks=_risks(option),
        aim=aim,
        criteria=(f"{finding.rule} no longer reports {finding.symbol}", "no test that passed fails"),
    )


def _risks(option: Option) -> tuple[str, ...]:
    """What could go wrong, with what is done about it."""
    risks = ["behaviour that no test and no execution covers may change: the merge is watched and can be taken back"]
    if not option.determined_by:
        risks.append("nothing but a maintainer's choice says that this is the wanted behaviour")
    return tuple(risks)
