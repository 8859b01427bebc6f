"""A sequence has fewer items than the index needs."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Direct, Fault, template


@template(errors=("IndexError",), prior=0.8)
def index_out_of_range(site: Site) -> Iterator[Fault]:
    """Ask for the length before taking the item."""
    for node, sequence, index in _items(site):
        where = site.text(sequence)
        askable = repeatable(sequence) and repeatable(index)
        hoist = None if askable or not repeatable(index) else sequence
        name = "{}" if hoist is not None else where
        for trigger, safe, says, traits in _bounds(site, name, index) if askable or hoist is not None else _NOTHING:
            yield Fault(
                node,
                sequence,
                trigger,
                safe,
                "IndexError",
                traits,
                says.replace("{}", where),
                neutral=_neutral(node),
                direct=_direct(site, node, where, index),
                hoist=hoist,
                also=index,
            )


_NOTHING = (("", "", "{} is too short", frozenset({"range"})),)


def _items(site: Site) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """(expression, sequence, index)."""
    for node in site.at_line:
        match node:
            case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice | ast.Tuple):
                yield node, value, index
            case ast.Call(func=ast.Attribute(value=value, attr="pop" | "popleft"), args=[]):
                yield node, value, ast.Constant(-1)
            case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[index]):
                yield node, value, index
            case ast.Call(func=ast.Name(id="choice") | ast.Attribute(attr="choice"), args=[value]):
                yield node, value, ast.Constant(0)


def _bounds(site: Site, name: str, index: ast.expr) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    """(condition that the index is out of range, its opposite, in words, traits)."""
    number = _whole(index)
    if number in (0, -1):
        yield f"len({name}) == 0", f"len({name}) > 0", "{} is empty", frozenset({"range", "empty"})
    elif number is not None and number > 0:
        yield f"len({name}) <= {number}", f"len({name}) > {number}", _short(number + 1), frozenset({"range"})
    elif number is not None:
        yield f"len({name}) < {-number}", f"len({name}) >= {-number}", _short(-number), frozenset({"range"})
    else:
        text = site.text(index)
        beyond = f"{text} is outside {{}}"
        yield f"{text} >= len({name})", f"{text} < len({name})", beyond, frozenset({"range"})
        both = f"-len({name}) <= {text} < len({name})"
        yield f"not {both}", both, beyond, frozenset({"range"})


def _short(needed: int) -> str:
    return f"{{}} has fewer than {needed} items"


def _whole(index: ast.expr) -> int | None:
    match index:
        case ast.Constant(value=int() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return -value
        case _:
            return None


def _direct(site: Site, node: ast.expr, where: str, index: ast.expr) -> tuple[Direct, ...]:
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return ()
    if _whole(index) == 0:
        return (Direct(f"next(iter({where}), ", ")", (), 0.6),)
    return ()


def _neutral(node: ast.expr) -> tuple[str, ...]:
    return ("None", '""', "0")
