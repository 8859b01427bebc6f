"""A change never takes a tool away that is in use."""

from gitops_healer.core.verdict import CheckResult, Outcome
from gitops_healer.evidence.lost_tools import lost_tools
from gitops_healer.registry import Case, Scene, check


@check(order=15)
def valuable_tools(scene: Scene, case: Case) -> CheckResult:
    """The change deletes and renames no tool that is called often (tools.valuable_uses, tools.valuable_within).

    A name that the module still binds to something after the change is not lost.
    """
    lost = lost_tools(scene, case.base, case.head)
    if lost:
        said = tuple(str(one) for one in lost)
        return CheckResult("valuable_tools", Outcome.FAILED, said[0], details=said[1:])
    return CheckResult("valuable_tools", Outcome.PASSED, "0 tools that are in use are deleted or renamed")
