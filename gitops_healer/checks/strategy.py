"""Which proof fits what changed, and whether a person has to look."""

from gitops_healer.core.strategy import Strategy
from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.proof.changed_lines import changed_lines
from gitops_healer.proof.strategies import StrategyReport, strategy_of
from gitops_healer.proof.subjects import subjects_of
from gitops_healer.registry import Case, Scene, check


@check(order=58)
def strategy(scene: Scene, case: Case) -> CheckResult:
    """Says which proof fits each changed function: SHADOW, REPLAY, SYNTHETIC, or MANUAL.

    It opens and shuts nothing by itself. Where nothing but test cases fits, or nothing at all, a maintainer has to
    accept the change before it is merged. `gitops-healer strategy SYMBOL` tells why.
    """
    changed = changed_lines(scene.repository, case.base, case.head)
    if changed.nothing:
        return CheckResult("strategy", Outcome.SKIPPED, f"there is nothing to prove: {changed.nothing}")
    subjects = [subject for subject in subjects_of(scene, case.base, changed) if subject.changed]
    reports = [strategy_of(scene, subject.tool) for subject in subjects]
    if not reports:
        return CheckResult("strategy", Outcome.SKIPPED, "no function that both versions have was changed")
    told = tuple(_line(report) for report in reports)
    asked = [line for line, report in zip(told, reports, strict=True) if _needs_a_person(report)]
    approval = f"{asked[0]}: see gitops-healer strategy" if asked else ""
    return CheckResult("strategy", Outcome.SKIPPED, "; ".join(told[:3]), details=told[3:], approval=approval)


def _needs_a_person(report: StrategyReport) -> bool:
    return report.choice.needs_approval or not report.choice.automatic


def _line(report: StrategyReport) -> str:
    names = ", ".join(one.name for one in report.choice.strategies)
    why = f" ({report.choice.decision.reason})" if report.choice.strategies == (Strategy.MANUAL,) else ""
    return f"{report.tool}: {names}{why}"
