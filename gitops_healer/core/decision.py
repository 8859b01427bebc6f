"""Every yes and every no, with its because."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """A tree of answers: the same tree is printed in replies, pull requests, dashboard, log and JSON.

    gate: the question, in a word or two; reason: why, with the figures; next_action: what a person can do about a no.
    """

    gate: str
    allowed: bool
    reason: str
    children: tuple[Decision, ...] = ()
    next_action: str = ""

    @property
    def blocking(self) -> Decision | None:
        """The deepest first gate that says no, or None."""
        if self.allowed:
            return None
        return next((found for child in self.children if (found := child.blocking)), self)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Decision]]:
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)

    def __str__(self) -> str:
        return "\n".join(
            f"{'  ' * depth}{'yes' if d.allowed else 'no'}  {d.gate}: {d.reason}"
            + (f"  -> {d.next_action}" if d.next_action and not d.allowed else "")
            for depth, d in self.walk()
        )


def yes(gate: str, reason: str) -> Decision:
    return Decision(gate, True, reason)


def no(gate: str, reason: str, next_action: str = "") -> Decision:
    return Decision(gate, False, reason, next_action=next_action)


def all_of(gate: str, children: Iterable[Decision]) -> Decision:
    """Yes when every child says yes; the reason names the first that does not."""
    tree = tuple(children)
    first = next((child for child in tree if not child.allowed), None)
    if first is None:
        return Decision(gate, True, "all gates are open", tree)
    return Decision(gate, False, f"{first.gate}: {first.reason}", tree, first.next_action)
