"""A call passes an argument too many."""

import ast
import re
from collections.abc import Iterator

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._calls import callee_of, takes
from gitops_healer.repair.search.templates._places import short

_BETWEEN = re.compile(rb"\s*,\s*")


@repair_template(
    prior=0.021,
    examples=(
        Example("def f(a, b):\n    return g(a, b)  # kept\n", "def f(a, b):\n    return g(a)  # kept\n"),
        Example("def f(a, b):\n    return g(a, b)\n", "def f(a, b):\n    return g(b)\n"),
        Example("def f(a):\n    return sorted(a, reverse=True)\n", "def f(a):\n    return sorted(a)\n"),
        Example("def f(a):\n    return a.split(' ')\n", "def f(a):\n    return a.split()\n"),
    ),
)
def superfluous_argument(target: Target) -> Iterator[Rewrite]:
    """Do not pass one of the arguments: `sorted(xs, reverse=True)` -> `sorted(xs)`."""
    for node in target.places:
        if isinstance(node, ast.Call):
            yield from _shorter(target, node)


def _shorter(target: Target, call: ast.Call) -> Iterator[Rewrite]:
    spans = sorted(_spans(target, call))
    callee, count = callee_of(call), len(call.args)
    for number, (start, end) in enumerate(spans):
        if takes(target, callee, count - 1) is False and number < count:
            continue
        if number:
            span = Span(spans[number - 1][1], end, "")
        else:
            span = Span(start, spans[1][0] if len(spans) > 1 else end, "")
        gap = target.source.data[spans[number - 1][1] : start] if number else target.source.data[end : span.end]
        if len(spans) == 1 or _BETWEEN.fullmatch(gap):
            text = target.source.data[start:end].decode("utf-8", "surrogateescape")
            weight = 0.8 if number == len(spans) - 1 else 0.4
            if len(spans) > 1 or _bare(target, call, end):
                yield Rewrite((span,), call.lineno, f"Do not pass {short(text)}", weight)


def _spans(target: Target, call: ast.Call) -> Iterator[tuple[int, int]]:
    yield from (target.source.span(one) for one in call.args if not isinstance(one, ast.GeneratorExp))
    for one in call.keywords:
        assert one.end_lineno is not None
        assert one.end_col_offset is not None
        yield (
            target.source.offset(one.lineno, one.col_offset),
            target.source.offset(one.end_lineno, one.end_col_offset),
        )


def _bare(target: Target, call: ast.Call, end: int) -> bool:
    """Whether nothing stands between the only argument and the end of the call, no comma either."""
    return not target.source.data[end : target.source.span(call)[1] - 1].strip()
