"""The last resort: the statement fails, the reason cannot be asked for beforehand."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site
from gitops_healer.repair.template import Fault, template

_KNOWN = {
    "KeyError": ("KeyError", "missing"),
    "IndexError": ("IndexError", "range"),
    "ZeroDivisionError": ("ZeroDivisionError", "zero"),
    "DivisionByZero": ("ZeroDivisionError", "zero"),
    "InvalidOperation": ("ArithmeticError", "invalid"),
    "JSONDecodeError": ("ValueError", "invalid"),
    "StatisticsError": ("ValueError", "empty"),
    "UnicodeDecodeError": ("UnicodeDecodeError", "invalid"),
    "ValueError": ("ValueError", "invalid"),
}


@template(errors=tuple(_KNOWN), prior=0.4)
def failing_call(site: Site) -> Iterator[Fault]:
    """Catch exactly the error that comes, around the statement that raises it."""
    value = getattr(site.statement, "value", None)
    if isinstance(value, ast.expr):
        catch, trait = _KNOWN[site.error]
        says = f"{site.text(value)} fails"
        yield Fault(value, value, "", "", catch, frozenset({trait}), says, neutral=("None",))
