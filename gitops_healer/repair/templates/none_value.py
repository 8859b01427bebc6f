"""`None` where something else was needed."""

import ast
from collections.abc import Iterator

from gitops_healer.repair.site import Site, repeatable
from gitops_healer.repair.template import Direct, Fault, template

_ITERATES = frozenset(
    {"sum", "list", "sorted", "set", "tuple", "max", "min", "any", "all", "dict", "enumerate", "zip", "map", "filter",
     "reversed", "iter", "frozenset", "Counter", "fsum", "mean", "median", "join", "extend", "update"}
)  # fmt: skip

_NEVER_NONE = (
    ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp, ast.Compare, ast.Lambda, ast.UnaryOp, ast.BinOp,
)  # fmt: skip


@template(errors=("AttributeError", "TypeError"), prior=0.8)
def none_value(site: Site) -> Iterator[Fault]:
    """Ask for None before the value is used."""
    if "None" not in site.message:
        return
    seen: set[ast.expr] = set()
    for subject, iterated in _subjects(site):
        if subject in seen or isinstance(subject, _NEVER_NONE):
            continue
        seen.add(subject)
        text = site.text(subject)
        askable = repeatable(subject)
        name = text if askable else "{}"
        shown = f"{text} or " if not isinstance(subject, ast.BoolOp | ast.IfExp | ast.Lambda) else f"({text}) or "
        chain = subject if iterated else _whole(site, subject)
        yield Fault(
            chain,
            subject,
            f"{name} is None",
            f"{name} is not None",
            "",
            frozenset({"none"}),
            f"{text} is None",
            neutral=("[]",) if iterated else ("None", '""') if site.error == "AttributeError" else ("0",),
            direct=(Direct(shown, "", ("[]", "()", "{}", '""')),) if iterated else (),
            hoist=None if askable else subject,
        )


def _subjects(site: Site) -> Iterator[tuple[ast.expr, bool]]:
    """(operand that may be None, whether it is only gone through or counted)."""
    message = site.message
    if site.error == "AttributeError":
        for node in site.at_line:
            if isinstance(node, ast.Attribute) and f"'{node.attr}'" in message:
                yield node.value, False
    elif "subscriptable" in message or "item assignment" in message:
        yield from ((node.value, False) for node in site.at_line if isinstance(node, ast.Subscript))
    elif "callable" in message:
        yield from ((node.func, False) for node in site.at_line if isinstance(node, ast.Call))
    elif "no len()" in message:
        for node in site.at_line:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len":
                yield from ((argument, True) for argument in node.args)
    elif "iterable" in message or "unpack" in message:
        yield from ((node, True) for node in _iterated(site))
    else:
        yield from ((node, False) for node in _operands(site))


def _iterated(site: Site) -> Iterator[ast.expr]:
    match site.statement:
        case ast.For(iter=value) | ast.AsyncFor(iter=value):
            yield value
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=value):
            yield value
    for node in site.at_line:
        match node:
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from (generator.iter for generator in node.generators)
            case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]):
                yield right
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in _ITERATES:
                yield from (argument for argument in args if not isinstance(argument, ast.Starred))
            case ast.Starred(value=value) | ast.YieldFrom(value=value):
                yield value


def _operands(site: Site) -> Iterator[ast.expr]:
    match site.statement:
        case ast.AugAssign(value=value):
            yield value
    for node in site.at_line:
        match node:
            case ast.BinOp(left=left, right=right):
                yield left
                yield right
            case ast.Compare(left=left, comparators=rights):
                yield left
                yield from rights
            case ast.UnaryOp(operand=operand):
                yield operand
            case ast.Call(args=args):
                yield from (argument for argument in args if not isinstance(argument, ast.Starred))


def _whole(site: Site, subject: ast.expr) -> ast.expr:
    """What a substitute would replace: all that is built on the value (`a.b.upper()[0]` for `a.b`), the call that
    refuses it as an argument, or the operand alone."""
    node: ast.expr = subject
    while (above := site.source.parents.get(node)) is not None:
        match above:
            case ast.Attribute(ctx=ast.Load()):
                node = above
            case ast.Call(func=func) if func is node or (node is subject and _refused(site)):
                node = above
            case ast.Subscript(value=value, ctx=ast.Load()) if value is node:
                node = above
            case _:
                break
    return node


def _refused(site: Site) -> bool:
    return site.error == "TypeError" and "operand" not in site.message and "subscriptable" not in site.message
