"""A diagnosis on a terminal, as a small tree."""

from rich.tree import Tree

from gitops_healer.core.diagnosis import Diagnosis, Problem
from gitops_healer.report.terminal import clean


def diagnosis_text(diagnosis: Diagnosis) -> Tree:
    tree = Tree(f"[bold]{clean(diagnosis.summary)}[/]")
    for problem in diagnosis.problems:
        _branch(tree, problem)
    for line in diagnosis.related:
        tree.add(f"see also {clean(line)}")
    if diagnosis.model:
        tree.add(f"a model adds: {clean(diagnosis.model)}")
    return tree


def _branch(tree: Tree, problem: Problem) -> None:
    share = f", {problem.share:.0%} of the failures" if problem.cluster else ""
    sure = f", confidence {problem.confidence:.0%}" if problem.confidence else ""
    branch = tree.add(f"[bold]{problem.kind.value}[/]{share}{sure}: {clean(problem.sentence)}")
    if problem.place:
        branch.add(f"at {clean(str(problem.place))} {clean(problem.place.symbol)}")
    for line in problem.evidence:
        branch.add(clean(line))
    for line in problem.ruled_out:
        branch.add(f"not {clean(line)}")
    for proposal in problem.proposals:
        branch.add(f"do: {clean(proposal.title)}. {clean(proposal.detail)}".rstrip())
