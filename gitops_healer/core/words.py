"""Words for readers."""

from gitops_healer.core.watching import Count


def counted(number: int, noun: str) -> str:
    """`1 finding`, `1,200 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def out_of(failed: Count, total: Count) -> str:
    """`12 of 40 (30%)`."""
    return f"{figure(failed)} of {figure(total)} ({failed / total:.0%})" if total else "no calls"


def figure(count: Count) -> str:
    """`1,200`, or `0.5` where a small count is not whole."""
    return f"{count:,.0f}" if count == int(count) or count >= 10 else f"{count:,.1f}"
