"""Functions whose control flow is hard to follow or to test."""

from collections.abc import Iterable, Iterator

from gitops_healer.code.facts import Definition
from gitops_healer.core.finding import Finding, Risk, Severity, fingerprint
from gitops_healer.registry import FileView, file_detector
from gitops_healer.settings import Complexity


@file_detector
def complexity(view: FileView) -> Iterable[Finding]:
    """A function with more branches, or more of them in each other, than anybody can keep in mind.

    What it is: cyclomatic complexity above `cyclomatic` (15), which is one more than the number of branches: `if`,
    `for`, `while`, `except`, `and`, `or`, conditional expressions, comprehensions and their conditions, `assert`, as
    radon counts them; or cognitive complexity above `cognitive` (25), which charges more for what is nested, as
    SonarSource defines it (G. Ann Campbell, "Cognitive Complexity", 2023).

    Why it matters: the first number is how many tests it takes to go each way once (McCabe, 1976); the second follows
    how long people take to understand a function.

    Silent: about a function that is over the limit only by a function inside of it that is reported itself.

    How to fix: give inner blocks names as functions of their own, turn `if`s that hold all the rest into guard
    clauses, put cases into a dictionary or a `match`.
    """
    policy = view.settings.detection.complexity
    over = {item.qualname: item for item in view.facts.definitions if not item.is_class and _is_over(item, policy)}
    inner = {outer for name in over for outer in _around(name)}
    for item in over.values():
        if item.qualname not in inner or item.complexity > policy.cyclomatic:
            yield _finding(view, item, policy)


def _is_over(item: Definition, policy: Complexity) -> bool:
    return item.complexity > policy.cyclomatic or item.cognitive > policy.cognitive


def _around(qualname: str) -> Iterator[str]:
    """The functions that a function stands in."""
    parts = qualname.split(".<locals>.")
    return (".<locals>.".join(parts[:count]) for count in range(1, len(parts)))


def _finding(view: FileView, item: Definition, policy: Complexity) -> Finding:
    excess = max(item.complexity / policy.cyclomatic, item.cognitive / policy.cognitive)
    return Finding(
        complexity.name,
        view.path,
        item.qualname,
        item.start,
        item.end,
        Severity.MEDIUM if excess >= 2 and not view.is_test else Severity.LOW,
        f"{item.name} has a cyclomatic complexity of {item.complexity} and a cognitive complexity of {item.cognitive}",
        fingerprint(complexity.name, item.qualname, item.shape),
        risk=Risk.MEDIUM,
        priority=1 if view.is_test else min(6, 2 + int(excess)),
        evidence=(
            f"cyclomatic complexity: {item.complexity}, {policy.cyclomatic} allowed",
            f"cognitive complexity: {item.cognitive}, {policy.cognitive} allowed",
            f"{item.lines:,} lines",
        ),
    )
