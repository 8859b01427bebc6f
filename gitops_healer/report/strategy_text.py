"""Which proofs fit a function, on a terminal and as JSON."""

from typing import Any

from rich.tree import Tree

from gitops_healer.core.decision import Decision
from gitops_healer.proof.strategies import StrategyReport
from gitops_healer.report.documents import decision_document
from gitops_healer.report.terminal import clean

_MOST = 12


def strategy_text(report: StrategyReport) -> Tree:
    fitting = ", ".join(strategy.name for strategy in report.choice.strategies)
    tree = Tree(f"[bold]{clean(report.tool)}[/] at {clean(report.path)}:{report.line}: [bold]{fitting}[/]")
    _add_effects(tree, report)
    for child in report.choice.decision.children:
        _add_decision(tree, child)
    if report.choice.next_action:
        tree.add(f"next: {clean(report.choice.next_action)}")
    return tree


def _add_effects(tree: Tree, report: StrategyReport) -> None:
    effects = report.effects
    looked = f"{effects.functions} {'function' if effects.functions == 1 else 'functions'} looked at"
    branch = tree.add(f"what its code does, {looked}")
    if effects.is_pure:
        branch.add("it only computes")
    for reason in effects.reasons[:_MOST]:
        branch.add(clean(str(reason)))
    if len(effects.reasons) > _MOST:
        branch.add(f"and {len(effects.reasons) - _MOST} more: --format json lists them")
    if effects.mutates:
        branch.add(clean(f"mutates: {', '.join(effects.mutates)}"))
    if effects.cache:
        branch.add("cache: it remembers results, which is harmless")
    if effects.assumed:
        shown = "; ".join(effects.assumed[:3]) + (
            f"; and {len(effects.assumed) - 3} more" if effects.assumed[3:] else ""
        )
        branch.add(clean(f"assumed: {shown}"))


def _add_decision(tree: Tree, decision: Decision) -> None:
    mark = "[green]yes[/]" if decision.allowed else "[red]no[/]"
    action = f"  [bold]→ {clean(decision.next_action)}[/]" if decision.next_action and not decision.children else ""
    branch = tree.add(f"{mark} {clean(decision.gate)}: {clean(decision.reason)}{action}")
    for child in decision.children:
        _add_decision(branch, child)


def strategy_document(report: StrategyReport) -> dict[str, Any]:
    effects, evidence, declared = report.effects, report.evidence, report.characteristics.declared
    return {
        "tool": report.tool,
        "path": report.path,
        "symbol": report.symbol,
        "line": report.line,
        "strategies": [strategy.value for strategy in report.choice.strategies],
        "automatic": report.choice.automatic,
        "needs_approval": report.choice.needs_approval,
        "next_action": report.choice.next_action,
        "declared": vars(declared),
        "contradicted": list(report.choice.contradicted),
        "effects": [
            {
                "effect": reason.effect.value,
                "callee": reason.callee,
                "functions": list(reason.path_of_functions),
                "file": reason.file,
                "line": reason.line,
            }
            for reason in effects.reasons
        ],
        "mutates": list(effects.mutates),
        "cache": effects.cache,
        "assumed": list(effects.assumed),
        "functions_looked_at": effects.functions,
        "evidence": {
            "recorded": evidence.recorded,
            "needed": evidence.least,
            "days": evidence.days,
            "cases": evidence.cases,
            "tests": list(evidence.tests),
            "answers": dict(evidence.answers),
            "forbidden": sorted(evidence.forbidden),
            "problems": list(evidence.problems),
            "sandbox": evidence.sandbox,
        },
        "decision": decision_document(report.choice.decision),
    }
