"""The largest, the next, the mean of nothing."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Direct, Fault, template

_AVERAGES = frozenset(
    {"mean", "fmean", "median", "median_low", "median_high", "mode", "geometric_mean", "harmonic_mean", "pstdev",
     "pvariance", "choice", "reduce"}
)  # fmt: skip
_SPREADS = frozenset({"stdev", "variance", "quantiles"})


@template(errors=("ValueError", "StatisticsError", "StopIteration", "TypeError", "IndexError"), prior=0.85)
def empty_sequence(site: Site) -> Iterator[Fault]:
    """Ask for something to choose from, or give a default."""
    if not _speaks_of_emptiness(site):
        return
    for node in site.at_line:
        match node:
            case ast.Call(func=ast.Name(id="max" | "min"), args=[items], keywords=keywords):
                if not any(keyword.arg in ("default", None) for keyword in keywords):
                    yield _fault(site, node, items, 1, (Direct(_opened(site, node), ")"),))
            case ast.Call(func=ast.Name(id="next"), args=[items]):
                yield _fault(site, node, items, 0, (Direct(_opened(site, node), ")"),))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if args:
                if name in _AVERAGES or name in _SPREADS:
                    items = args[1] if name == "reduce" and len(args) > 1 else args[0]
                    yield _fault(site, node, items, 2 if name in _SPREADS else 1, ())


def _speaks_of_emptiness(site: Site) -> bool:
    words = ("empty", "at least", "no mean", "no median", "no mode", "no data", "zero-length")
    return site.error == "StopIteration" or any(word in site.message.lower() for word in words)


def _fault(site: Site, node: ast.Call, items: ast.expr, needed: int, direct: tuple[Direct, ...]) -> Fault:
    text = site.text(items)
    askable = needed > 0 and repeatable(items)
    few, enough = ("== 0", "> 0") if needed == 1 else (f"< {needed}", f">= {needed}")
    return Fault(
        node,
        items,
        f"len({text}) {few}" if askable else "",
        f"len({text}) {enough}" if askable else "",
        "ValueError" if site.error == "StatisticsError" else site.error,
        frozenset({"empty"} if needed < 2 else {"empty", "range"}),
        f"{text} is empty" if needed < 2 else f"{text} has fewer than {needed} items",
        neutral=("None", "0"),
        direct=direct,
    )


def _opened(site: Site, node: ast.Call) -> str:
    """The call up to where a default goes in. A bare generator needs brackets of its own beside another argument."""
    name = site.text(node.func)
    keyword = "default=" if name in ("max", "min") else ""
    parts = [f"({ast.unparse(a)[1:-1]})" if isinstance(a, ast.GeneratorExp) else site.text(a) for a in node.args]
    parts += [f"{k.arg}={site.text(k.value)}" for k in node.keywords]
    return f"{name}({', '.join(parts)}, {keyword}"
