"""From a fault and a remedy to changes: guard, conditional expression, rewriting, filter, narrow try.

Every form is a minimal span edit in the file's own indentation and line ends; whatever does not parse is dropped.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_healer.code.source import parse
from gitops_healer.core.change import Change, Edit, replace_span
from gitops_healer.errors import StaleEditError
from gitops_healer.repair.remedy import Kind, Remedy, spelled
from gitops_healer.repair.site import Site
from gitops_healer.repair.template import Fault

_SIMPLE = (ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete)
_NO_BRACKETS = (ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.List, ast.Dict, ast.FormattedValue, ast.For)


@dataclass(frozen=True)
class Form:
    """name: of the form; specificity: 0 to 1, how little it does beside the remedy."""

    name: str
    specificity: float
    change: Change


def forms(site: Site, fault: Fault, remedy: Remedy) -> Iterator[Form]:
    """All changes that give the failing place this remedy and still are Python."""
    for name, specificity, edits in _all(site, fault, remedy):
        try:
            change = Change(edits)
            parse(change.apply({site.source.path: site.source.data})[site.source.path])
        except (SyntaxError, ValueError, StaleEditError, RecursionError):
            continue
        yield Form(name, specificity, change)


_Drafts = Iterator[tuple[str, float, tuple[Edit, ...]]]


def _all(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    if remedy.kind is Kind.RETURN and (site.is_generator or site.function.name == "__init__"):
        return
    yield from _rewritten(site, fault, remedy)
    yield from _guarded(site, fault, remedy)
    yield from _filtered(site, fault, remedy)
    yield from _conditional(site, fault, remedy)
    yield from _attempted(site, fault, remedy)
    yield from _adapted(site, fault, remedy)


def _rewritten(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """`d[k]` to `d.get(k, value)`."""
    fits = remedy.kind is Kind.SUBSTITUTE or (remedy.kind is Kind.RETURN and site.is_result(fault.node))
    for direct in fault.direct if fits and site.source.faithful(fault.node) else ():
        if not direct.values or remedy.value in direct.values:
            text = direct.text(remedy.value)
            yield "rewrite", direct.specificity, (_replaced(site, fault.node, text, " or " in direct.before),)


def _guarded(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """`if condition: return value` on lines of its own before the statement."""
    action = _action(site, fault, remedy)
    if not (action and fault.trigger and _may_precede(site)) or _bound_inside(site, fault):
        return
    specificity = 0.95 * _fit(site, fault, remedy)
    if fault.hoist is None:
        yield "guard", specificity, (_before(site, _block(site, fault.trigger, action)),)
    elif not site.conditional(fault.hoist) and site.source.faithful(fault.hoist):
        name = _name_for(site, fault.hoist)
        named = f"{site.indent}{name} = {site.source.text(fault.hoist)}{site.newline}"
        block = named + _block(site, fault.trigger.replace("{}", name), action)
        edits = (_before(site, block), _replaced(site, fault.hoist, name))
        yield "named guard", specificity * 0.95, edits


def _filtered(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """`[f(x) for x in xs]` to `[f(x) for x in xs if condition]`."""
    if remedy.kind is not Kind.SKIP or not fault.safe or fault.hoist is not None:
        return
    generator = site.comprehension(fault.node)
    if generator is not None:
        last = generator.ifs[-1] if generator.ifs else generator.iter
        end = site.source.span(last)[1]
        text = f" and {fault.safe}" if generator.ifs else f" if {fault.safe}"
        yield "filter", 0.95, (replace_span(site.source.path, site.source.data, end, end, text),)


def _conditional(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """`value` to `value if condition else other`."""
    node = _conditioned(site, fault, remedy)
    if node is None or not fault.safe or not site.source.faithful(node):
        return
    text = site.source.text(node)
    text = f"({text})" if isinstance(node, ast.IfExp | ast.Lambda | ast.NamedExpr) else text
    safe = fault.safe
    if fault.hoist is not None:
        if safe.count("{}") != 1 or not site.source.faithful(fault.hoist):
            return
        name, operand = _name_for(site, fault.hoist), site.source.text(fault.hoist)
        text = text.replace(operand, name, 1)
        safe = safe.replace("{}", f"({name} := {operand})")
    edit = _replaced(site, node, f"{text} if {safe} else {remedy.value}", brackets=True)
    yield "conditional", 0.8 if fault.hoist is None else 0.65, (edit,)


def _conditioned(site: Site, fault: Fault, remedy: Remedy) -> ast.expr | None:
    if remedy.kind is Kind.SUBSTITUTE:
        return fault.node
    if remedy.kind is Kind.RETURN and isinstance(site.statement, ast.Return) and not _bound_inside(site, fault):
        return site.statement.value
    return None


def _attempted(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """`try` around the one statement, with an `except` for exactly the error that comes."""
    statement = site.statement
    if not fault.catch or not isinstance(statement, _SIMPLE) or not site.own_lines or _holds_long_text(statement):
        return
    action = _action(site, fault, remedy, caught=True) or _assignment(site, fault, remedy)
    if not action:
        return
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    start = site.source.starts[first - 1]
    lines = site.source.lines[first - 1 : last]
    body = "".join(_deeper(site, line) for line in lines)
    end = start + sum(map(len, lines))
    tail = "" if body.endswith(("\n", "\r")) else site.newline
    error = " as error" if action.endswith("from error") else ""
    text = (
        f"{site.indent}try:{site.newline}{body}{tail}"
        f"{site.indent}except {fault.catch}{error}:{site.newline}"
        f"{site.indent}{site.unit}{action}{'' if tail else site.newline}"
    )
    edit = replace_span(site.source.path, site.source.data, start, end, text)
    yield "try", (0.7 if not fault.trigger else 0.5) * _fit(site, fault, remedy), (edit,)


def _adapted(site: Site, fault: Fault, remedy: Remedy) -> _Drafts:
    """The operand read in another way."""
    for left_out, text in fault.adapt if remedy.kind is Kind.ADAPT else ():
        if left_out == remedy.value and site.source.faithful(fault.subject):
            yield "adapt", 1.0, (_replaced(site, fault.subject, text),)


def _action(site: Site, fault: Fault, remedy: Remedy, caught: bool = False) -> str:
    """The statement of a guard, "" when the remedy cannot be had by one."""
    match remedy.kind:
        case Kind.RETURN:
            return f"return {remedy.value}"
        case Kind.SKIP if isinstance(site.loop, ast.For | ast.AsyncFor):
            return "continue"
        case Kind.RAISE:
            text = spelled(fault.says) or '"this input cannot be used"'
            return f"raise {remedy.value}({text}){' from error' if caught else ''}"
        case _:
            return ""


def _assignment(site: Site, fault: Fault, remedy: Remedy) -> str:
    match site.statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is fault.node:
            return f"{name} = {remedy.value}" if remedy.kind is Kind.SUBSTITUTE else ""
        case _:
            return ""


def _fit(site: Site, fault: Fault, remedy: Remedy) -> float:
    """A return out of a loop, or a guard for what may not even be evaluated, is seldom meant."""
    out_of_loop = remedy.kind is Kind.RETURN and site.loop is not None
    return (0.5 if out_of_loop else 1.0) * (0.6 if site.conditional(fault.node) else 1.0)


def _may_precede(site: Site) -> bool:
    """Whether lines before the statement run exactly when it does."""
    return site.own_lines and not site.is_elif and not isinstance(site.statement, ast.While)


def _bound_inside(site: Site, fault: Fault) -> bool:
    return bool(fault.names & site.inner_names(fault.node))


def _block(site: Site, condition: str, action: str) -> str:
    return f"{site.indent}if {condition}:{site.newline}{site.indent}{site.unit}{action}{site.newline}"


def _before(site: Site, text: str) -> Edit:
    start = site.source.starts[site.statement.lineno - 1]
    return replace_span(site.source.path, site.source.data, start, start, text)


def _replaced(site: Site, node: ast.expr, text: str, brackets: bool = False) -> Edit:
    start, end = site.source.span(node)
    if brackets and not _stands_free(site, node, text):
        text = f"({text})"
    return replace_span(site.source.path, site.source.data, start, end, text)


def _stands_free(site: Site, node: ast.expr, text: str) -> bool:
    """Whether an expression of lowest precedence needs no brackets there."""
    match site.source.parents.get(node):
        case ast.Call(func=func, args=args) if func is not node:
            return not any(isinstance(argument, ast.GeneratorExp) for argument in args)
        case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
            return elt is node
        case ast.keyword():
            return True
        case ast.comprehension(iter=items):
            return items is node and " if " not in text
        case parent:
            return isinstance(parent, _NO_BRACKETS)


def _deeper(site: Site, line: bytes) -> str:
    text = line.decode("utf-8", "surrogateescape")
    return site.unit + text if text.strip() else text


def _holds_long_text(statement: ast.stmt) -> bool:
    """A text over several lines would change when it is indented."""
    constants = (node for node in ast.walk(statement) if isinstance(node, ast.Constant | ast.JoinedStr))
    return any(node.lineno != node.end_lineno for node in constants)


def _name_for(site: Site, operand: ast.expr) -> str:
    """`match` for re.match(…), `user` for get_user(…), `parts` for text.split(…)."""
    match operand:
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)):
            pass
        case _:
            called = ""
    known = {"split": "parts", "rsplit": "parts", "splitlines": "lines", "search": "match", "fullmatch": "match"}
    name = known.get(called) or called.removeprefix("get_").removeprefix("find_").removeprefix("load_")
    usable = name.isidentifier() and name not in ("get", "find", "load", "pop", "read") and name != called
    return site.fresh(name if usable or name == "match" else "found")
