"""A case of a `match` is never reached, as a wider one stands above it."""

import ast
from collections.abc import Iterator
from itertools import pairwise

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template


@repair_template(
    prior=0.02,
    examples=(
        Example(
            "def f(x):\n    match x:\n        case [*a]:\n            return 1  # kept\n"
            "        case [a, b]:\n            return 2\n",
            "def f(x):\n    match x:\n        case [a, b]:\n            return 2\n"
            "        case [*a]:\n            return 1  # kept\n",
        ),
    ),
)
def case_order(target: Target) -> Iterator[Rewrite]:
    """Ask for the cases of a `match` in another order, so that the narrower one comes first."""
    for node in target.statements:
        if isinstance(node, ast.Match):
            blocks = [_lines(target, case) for case in node.cases]
            for number, (one, other) in enumerate(pairwise(blocks)):
                if one is not None and other is not None and _ends(target, other):
                    new = target.source.data[slice(*other)] + target.source.data[slice(*one)]
                    text = new.decode("utf-8", "surrogateescape")
                    line = node.cases[number].pattern.lineno
                    yield Rewrite((Span(one[0], other[1], text),), line, f"Ask for the case below line {line} first")


def _lines(target: Target, case: ast.match_case) -> tuple[int, int] | None:
    """The bytes of the lines of a case, None when it shares a line with another one or is a catch-all."""
    open_ = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None
    source, first = target.source, case.pattern.lineno
    end = case.body[-1].end_lineno or first
    head = source.data[source.starts[first - 1] :].lstrip(b" \t")
    if open_ or not head.startswith(b"case"):
        return None
    return source.starts[first - 1], source.starts[end - 1] + len(source.lines[end - 1])


def _ends(target: Target, span: tuple[int, int]) -> bool:
    return target.source.data[: span[1]].endswith((b"\n", b"\r"))
