"""A text (or a missing value) that cannot be read as a number, a date, a member, a document."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.remedy import SEPARATORS
from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Fault, template

_NUMBERS = {"int": "0", "float": "0.0", "Decimal": "Decimal(0)", "complex": "0", "Fraction": "Fraction(0)"}
_PARSERS = frozenset({"strptime", "fromisoformat", "fromtimestamp", "loads", "UUID", "fromhex", "literal_eval"})


@template(errors=("ValueError", "TypeError", "InvalidOperation", "JSONDecodeError", "OverflowError"), prior=0.75)
def bad_conversion(site: Site) -> Iterator[Fault]:
    """Convert only what can be converted."""
    for node, name in _conversions(site):
        argument = node.args[0]
        text = site.text(argument)
        for trigger, safe, says, traits in _ways(site, node, text) if repeatable(argument) else _BLIND:
            yield Fault(
                node,
                argument,
                trigger,
                safe,
                _catch(site),
                frozenset(traits),
                says.format(text),
                neutral=(_NUMBERS.get(name, "None"),),
                adapt=tuple(_adapted(site, argument, text)) if not trigger else (),
            )


_BLIND = (("", "", "{} cannot be converted", ("invalid",)),)


def _conversions(site: Site) -> Iterator[tuple[ast.Call, str]]:
    """Calls with one or more plain arguments at the line; converters that we know come first."""
    calls = [node for node in site.at_line if isinstance(node, ast.Call) and node.args and not _starred(node)]
    named = [(node, _name(node)) for node in calls]
    known = [(node, name) for node, name in named if name in _NUMBERS or name in _PARSERS]
    # A class of the project (an enum, say) converts as well; other calls are not conversions.
    classes = [(node, name) for node, name in named if name[:1].isupper() and (node, name) not in known]
    yield from known or classes


def _starred(node: ast.Call) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in node.args)


def _name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _ways(site: Site, node: ast.Call, text: str) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """(condition, opposite, in words, traits): empty and missing inputs can be asked for, nonsense only tried."""
    if site.error == "TypeError" and "None" in site.message:
        yield f"{text} is None", f"{text} is not None", "{} is None", ("none", "invalid")
    elif site.error != "TypeError":
        yield f'{text} == ""', f'{text} != ""', "{} is empty", ("invalid",)
        yield f"not {text}.strip()", f"{text}.strip()", "{} is blank", ("invalid",)
    yield from _BLIND


def _catch(site: Site) -> str:
    """The nearest builtin class: nothing has to be imported to catch it."""
    return {"InvalidOperation": "ArithmeticError", "JSONDecodeError": "ValueError"}.get(site.error, site.error)


def _adapted(site: Site, argument: ast.expr, text: str) -> Iterator[tuple[str, str]]:
    """(characters left out, the operand without them), for separators that the docstring speaks of."""
    doc = site.docstring.lower()
    for mark, word in SEPARATORS.items():
        if word in doc or (mark == "," and "thousand" in doc):
            quoted = f'"{mark}"'
            yield mark, f'{text}.replace({quoted}, "")'
