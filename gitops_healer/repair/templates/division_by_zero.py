"""A divisor is zero, plainly or because what is counted or summed is empty."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Fault, template


@template(errors=("ZeroDivisionError", "DivisionByZero", "DivisionUndefined", "InvalidOperation"), prior=0.9)
def division_by_zero(site: Site) -> Iterator[Fault]:
    """Ask whether the divisor is zero before dividing."""
    for node, divisor, whole in _divisions(site):
        trigger, safe, says = _zero(site, divisor)
        neutral = ("0",) if whole else ("0.0", "0")
        traits = frozenset({"zero", *(["empty"] if says.endswith("empty") else [])})
        hoist = None if trigger else divisor
        if hoist is not None:
            trigger, safe = "{} == 0", "{} != 0"
        yield Fault(node, divisor, trigger, safe, _catch(site), traits, says, neutral=neutral, hoist=hoist)


def _divisions(site: Site) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """(expression, divisor, whether the quotient is whole)."""
    match site.statement:
        case ast.AugAssign(op=ast.Div() | ast.FloorDiv() | ast.Mod() as op, value=value):
            yield value, value, not isinstance(op, ast.Div)
    for node in site.at_line:
        match node:
            case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
                continue
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod() as op, right=right):
                yield node, right, not isinstance(op, ast.Div)
            case ast.Call(func=ast.Name(id="divmod" | "Fraction"), args=[_, right]):
                yield node, right, True
            case ast.Call(func=ast.Attribute(attr="Fraction"), args=[_, right]):
                yield node, right, True


def _zero(site: Site, divisor: ast.expr) -> tuple[str, str, str]:
    """(condition that it is zero, its opposite, in words); no conditions when it cannot be asked twice."""
    text = site.text(divisor)
    if not repeatable(divisor):
        return "", "", f"{text} is zero"
    match divisor:
        case ast.Call(func=ast.Name(id="len"), args=[inner]):
            return f"len({site.text(inner)}) == 0", f"len({site.text(inner)}) != 0", f"{site.text(inner)} is empty"
        case ast.BinOp(left=left, op=ast.Sub(), right=right) if not isinstance(right, ast.BinOp):
            one, other = site.text(left), site.text(right)
            return f"{one} == {other}", f"{one} != {other}", f"{one} equals {other}"
        case ast.BinOp() | ast.UnaryOp():
            return f"({text}) == 0", f"({text}) != 0", f"{text} is zero"
        case _:
            return f"{text} == 0", f"{text} != 0", f"{text} is zero"


def _catch(site: Site) -> str:
    return "ArithmeticError" if site.error in ("InvalidOperation", "DivisionUndefined") else "ZeroDivisionError"
