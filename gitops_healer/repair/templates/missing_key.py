"""A mapping has no such key."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Direct, Fault, template


@template(errors=("KeyError",), prior=0.85)
def missing_key(site: Site) -> Iterator[Fault]:
    """Look the key up with a default, or ask first whether it is there."""
    lookups = [(node, mapping, key) for node, mapping, key in _lookups(site) if _may_be(site, key)]
    for node, mapping, key in lookups:
        where, what = site.text(mapping), site.text(key)
        askable = repeatable(mapping) and repeatable(key)
        yield Fault(
            node,
            mapping,
            f"{what} not in {where}" if askable else "",
            f"{what} in {where}" if askable else "",
            "KeyError",
            frozenset({"missing"}),
            f"{where} has no {what}",
            key=str(key.value) if isinstance(key, ast.Constant) else "",
            neutral=_neutral(site, node),
            direct=(_direct(site, node, where, what),),
            also=key,
        )


def _lookups(site: Site) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """(expression, mapping, key)."""
    for node in site.at_line:
        match node:
            case ast.Subscript(value=value, slice=index, ctx=ast.Load()) if not isinstance(index, ast.Slice):
                yield node, value, index
            case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[key], keywords=[]):
                yield node, value, key


def _may_be(site: Site, key: ast.expr) -> bool:
    """A constant key must be the one that the message names."""
    return not isinstance(key, ast.Constant) or site.message.strip() in ("", repr(key.value))


def _direct(site: Site, node: ast.expr, where: str, what: str) -> Direct:
    if isinstance(node, ast.Call):
        return Direct(f"{where}.pop({what}, ", ")")
    return Direct(f"{where}.get({what}, ", ")", bare=f"{where}.get({what})")


def _neutral(site: Site, node: ast.expr) -> tuple[str, ...]:
    """What suits the place: a number in sums, text in text, nothing to go through in loops."""
    match site.source.parents.get(node):
        case ast.BinOp(left=ast.Constant(value=str())) | ast.BinOp(right=ast.Constant(value=str())):
            return ('""',)
        case ast.BinOp() | ast.AugAssign() | ast.Compare():
            return ("0",)
        case ast.Call(func=ast.Name(id="int" | "round" | "abs")):
            return ("0",)
        case ast.Call(func=ast.Name(id="float")):
            return ("0.0",)
        case ast.Call(func=ast.Name(id="len" | "sum" | "list" | "sorted" | "set" | "tuple" | "any" | "all")):
            return ("[]",)
        case ast.For() | ast.comprehension():
            return ("[]",)
        case ast.Attribute(attr="items" | "keys" | "values" | "get") | ast.Subscript():
            return ("{}",)
        case ast.Attribute() | ast.FormattedValue():
            return ('""',)
        case _:
            return ("None",)
