"""Verdicts for people: which gate let a change pass, with its figures."""

from collections.abc import Iterator
from dataclasses import replace

from gitops_healer.core.fitting import Block, bullets, cell, code_cell, folded
from gitops_healer.core.verdict import CheckResult, Outcome, Verdict
from gitops_healer.core.words import counted

_MOST_CHECKS = 30
_RUNS = frozenset({"tests", "shadow", "replay", "synthetic", "evidence"})  # gates that run the code
_MARKS = {
    Outcome.PASSED: "✅ passed",
    Outcome.FAILED: "❌ failed",
    Outcome.RUNNING: "⏳ running",
    Outcome.UNKNOWN: "❔ unknown",
    Outcome.SKIPPED: "➖ nothing to ask",
}


def why_safe(verdicts: tuple[Verdict, ...], proof: tuple[str, ...]) -> Iterator[Block]:
    """The section of a pull request that says why its change is safe. verdicts: oldest first; proof: what was run and
    seen before there were any."""
    if not verdicts and not proof:
        return
    yield Block("### Why it is safe\n", bullets(proof))
    if not verdicts:
        return
    asked = [{result.check: result for result in verdict.results} for verdict in verdicts]
    names = list(dict.fromkeys(name for known in reversed(asked) for name in known))
    first = [name for name in names if _decides(name, asked)]
    yield gates_table(first, verdicts)
    others = gates_table([name for name in names if name not in first], verdicts)
    if others.items:
        passed = sum(_latest(name, asked).outcome is Outcome.PASSED for name in names if name not in first)
        summary = f"{counted(passed, 'more gate')} passed, {len(others.items) - passed} had nothing to ask"
        yield replace(folded(summary, others.items, others.more), head=f"{folded(summary, ()).head}\n{others.head}")
    for result in verdicts[-1].results[:_MOST_CHECKS]:
        if result.details:
            yield folded(f"{result.check}: figures and examples", bullets(result.details))


def _decides(name: str, asked: list[dict[str, CheckResult]]) -> bool:
    """Whether a reader in a hurry wants to see it: it ran the code, or it did not let the change pass."""
    outcomes = {known[name].outcome for known in asked if name in known}
    return bool(outcomes - {Outcome.PASSED, Outcome.SKIPPED}) or (name in _RUNS and Outcome.PASSED in outcomes)


def gates_table(names: list[str], verdicts: tuple[Verdict, ...]) -> Block:
    """One row a check, one column a time that it was asked; the words are those of the last time."""
    asked = [{result.check: result for result in verdict.results} for verdict in verdicts]
    columns = [_WHEN.get(verdict.phase, f"phase {verdict.phase}") for verdict in verdicts]
    head = f"| gate | {' | '.join(columns)} | what it says |\n|---|{'---|' * len(columns)}---|"
    rows = tuple(f"| {code_cell(name, 60)} | {_row(name, asked)} |" for name in names)
    return Block(head if rows else "", rows, "", "| and {count} more |" + " |" * (len(columns) + 1))


_WHEN = {1: "the change", 2: "what a merge gives"}


def _row(name: str, asked: list[dict[str, CheckResult]]) -> str:
    marks = [_MARKS[known[name].outcome] if name in known else "" for known in asked]
    return f"{' | '.join(marks)} | {cell(_latest(name, asked).reason)}"


def _latest(name: str, asked: list[dict[str, CheckResult]]) -> CheckResult:
    return next(known[name] for known in reversed(asked) if name in known)
