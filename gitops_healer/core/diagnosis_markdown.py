"""The section of a pull request that says why a tool fails."""

from collections.abc import Iterator

from gitops_healer.core.diagnosis import Diagnosis, Problem
from gitops_healer.core.quoting import quoted

MOST = 5


def diagnosis_section(diagnosis: Diagnosis) -> str:
    """Markdown. Sentences hold words of messages and inputs, so each of them is quoted."""
    return "\n".join(_lines(diagnosis))


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    yield "### Root cause"
    yield ""
    yield quoted(diagnosis.summary)
    for problem in diagnosis.problems[:MOST]:
        yield ""
        yield from _problem(problem)
    if diagnosis.model:
        yield ""
        yield f"A model adds: {quoted(diagnosis.model)}"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"**{problem.kind.value}**, confidence {problem.confidence:.0%}: {quoted(problem.sentence)}"
    for line in problem.evidence[:MOST]:
        yield f"- {quoted(line)}"
    for line in problem.ruled_out[:MOST]:
        yield f"- ruled out: {quoted(line)}"
    for proposal in problem.proposals[:MOST]:
        yield f"- to do: {quoted(proposal.title)}"
