"""What the same function, or the same file, already does in a case like this one."""

import ast
from collections import Counter
from collections.abc import Iterator

from gitops_healer.code.source import Function, Source
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight, allows_none
from gitops_healer.repair.inputs import FALLBACKS
from gitops_healer.repair.remedy import Kind, Remedy, returns, substitutes
from gitops_healer.repair.site import names_in, own_nodes

# Which case stands for which: a guard against the one tells what is meant in the other.
_KIN = {
    "none": {"none", "empty", "missing"},
    "empty": {"empty", "none", "missing", "range"},
    "zero": {"zero"},
    "missing": {"missing", "none"},
    "range": {"range"},
}


def read_siblings(circumstance: Circumstance) -> Iterator[Evidence]:
    """Guards, handlers, conditional expressions, default parameters, and `get` with the same key."""
    yield from _guards(circumstance)
    yield from _handlers(circumstance)
    yield from _conditionals(circumstance)
    yield from _default_parameters(circumstance)
    yield from _same_key(circumstance)
    yield from _annotation(circumstance)
    yield from _optional_parameter(circumstance)


def _guards(circumstance: Circumstance) -> Iterator[Evidence]:
    """`if not values: return 0.0` and `if row is None: continue`."""
    for node in own_nodes(circumstance.site.function):
        if not isinstance(node, ast.If) or not node.body:
            continue
        remedy = _outcome(circumstance, node, node.body[-1])
        if remedy is None or len(node.body) > 2:
            continue
        cases = tuple(_cases(node.test))
        alike = [case for case, names in cases if _kin(circumstance, case) and _concerns(circumstance, names)]
        text = circumstance.site.text(node.test)
        reason = f"line {node.lineno} of the function already {remedy.phrase()} if {text}"
        if alike:
            yield Evidence(remedy, Weight.CLEAR, "guard", reason)
        elif cases:
            yield Evidence(remedy, Weight.HINT, "guard", reason)


def _outcome(circumstance: Circumstance, around: ast.AST, last: ast.stmt) -> Remedy | None:
    match last:
        case ast.Return(value=None):
            return returns("None")
        case ast.Return(value=value) if value is not None and _plain(value):
            return returns(circumstance.site.text(value))
        case ast.Continue() if circumstance.site.loop is not None and _inside(around, circumstance.site.loop):
            return Remedy(Kind.SKIP)
        case _:
            return None


def _inside(node: ast.AST, loop: ast.AST) -> bool:
    return any(child is node for child in ast.walk(loop))


def _plain(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _cases(test: ast.expr) -> Iterator[tuple[str, frozenset[str]]]:
    """(what the condition asks for, names it asks about) of each part of an `or`."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            for value in values:
                yield from _cases(value)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Compare(ops=[ast.In()], left=left, comparators=[right])):
            yield "missing", names_in(left) | names_in(right)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Subscript() as operand):
            for case in ("empty", "none"):
                yield case, names_in(operand)
        case ast.Compare(ops=[ast.Is()], left=left, comparators=[ast.Constant(value=None)]):
            yield "none", names_in(left)
        case ast.Compare(ops=[ast.NotIn()], left=left, comparators=[right]):
            yield "missing", names_in(left) | names_in(right)
        case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[items]), ops=[ast.Eq()], comparators=[right]) if (
            _is_zero(right)
        ):
            yield "empty", names_in(items)
        case ast.Compare(left=ast.Call(func=ast.Name(id="len"), args=[items]), ops=[ast.Lt() | ast.LtE()]):
            yield "empty", names_in(items)
            yield "range", names_in(items)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.LtE()], comparators=[right]) if _is_zero(right):
            yield "zero", names_in(left)
        case ast.Compare(left=left, ops=[ast.Lt()], comparators=[right]) if _is_zero(right):
            yield "range", names_in(left)
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant(value="")]):
            yield "empty", names_in(left)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not isinstance(node.value, bool | str) and node.value == 0


def _kin(circumstance: Circumstance, case: str) -> bool:
    """A void guard says nothing of a divisor that is zero for another reason, nor of nonsense."""
    traits = circumstance.traits
    if "invalid" in traits or "zero" in traits:
        traits = traits - {"missing", "range"}
    if case == "empty" and "range" in traits and "empty" not in traits:
        return False
    return bool(_KIN.get(case, set()) & traits)


def _concerns(circumstance: Circumstance, names: frozenset[str]) -> bool:
    return bool(names & circumstance.names)


def _handlers(circumstance: Circumstance) -> Iterator[Evidence]:
    """`except ValueError: return None` elsewhere in the function, for the error that is not caught here."""
    site = circumstance.site
    catches = {fault.catch for fault in circumstance.faults} | {site.error}
    for node in own_nodes(site.function):
        if not isinstance(node, ast.ExceptHandler) or node.type is None or not names_in(node.type) & catches:
            continue
        remedy = _outcome(circumstance, node, node.body[-1])
        if remedy is not None and len(node.body) <= 2:
            what = f"line {node.lineno} of the function already {remedy.phrase()} on {site.text(node.type)}"
            yield Evidence(remedy, Weight.CLEAR, "guard", what)


def _conditionals(circumstance: Circumstance) -> Iterator[Evidence]:
    """`a / n if n else 0.0` beside the division that is not guarded."""
    site = circumstance.site
    divides = any(fault.trigger.endswith("== 0") and "zero" in fault.traits for fault in circumstance.faults)
    for node in own_nodes(site.function):
        if not isinstance(node, ast.IfExp) or not _plain(node.orelse):
            continue
        here = isinstance(node.body, ast.BinOp) and isinstance(node.body.op, ast.Div | ast.FloorDiv | ast.Mod)
        if divides and here and names_in(node.test) & names_in(node.body):
            value = site.text(node.orelse)
            reason = f"line {node.lineno} of the function already divides with {value} for a zero divisor"
            yield Evidence(substitutes(value), Weight.CLEAR, "guard", reason)


def _default_parameters(circumstance: Circumstance) -> Iterator[Evidence]:
    """A parameter named `default` is there for a case like this one. When its own default is a sentinel, leaving it out
    means something else, most often to raise: then it decides nothing alone."""
    site = circumstance.site
    own = dict(_parameter_defaults(site.function))
    for name in fallback_parameters(circumstance):
        constant = isinstance(own.get(name), ast.Constant | ast.UnaryOp | None)
        reason = f"the function takes a parameter `{name}`"
        yield Evidence(returns(name), Weight.CLEAR if constant else Weight.HINT, "default", reason)


def fallback_parameters(circumstance: Circumstance) -> tuple[str, ...]:
    """Parameters that hold what is to be given when there is nothing else, and are not used where it fails."""
    used = names_in(circumstance.site.statement)
    return tuple(name for name in circumstance.site.parameters if name in FALLBACKS and name not in used)


def _parameter_defaults(function: Function) -> Iterator[tuple[str, ast.expr]]:
    """(parameter, its default) of those that have one."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(
        positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True
    ):
        yield argument.arg, default
    for argument, keyword in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword is not None:
            yield argument.arg, keyword


def _same_key(circumstance: Circumstance) -> Iterator[Evidence]:
    """`d.get("discount", 0)` elsewhere in the file for the key that is missing here."""
    for key in sorted(circumstance.keys):
        found = Counter(_gets(circumstance.site.source, key))
        weight = Weight.CLEAR if len(found) == 1 else Weight.HINT
        for value, count in sorted(found.items()):
            times = "once" if count == 1 else f"{count} times"
            reason = f"the same file reads the key {key!r} with the default {value} ({times})"
            yield Evidence(substitutes(value), weight, "default", reason)


def _gets(source: Source, key: str) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[ast.Constant(value=str() as one), value]
            ):
                if one == key and _plain(value):
                    yield source.text(value)
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as one)], keywords=[]):
                if one == key:
                    yield "None"
            case ast.IfExp(test=ast.Compare(left=ast.Constant(value=str() as one), ops=[ast.In()]), orelse=value) if (
                one == key and _plain(value)
            ):
                yield source.text(value)


def _annotation(circumstance: Circumstance) -> Iterator[Evidence]:
    """Optional allows None; it determines only where the function returns None in another branch already."""
    site = circumstance.site
    allowed = allows_none(site)
    if allowed is False:
        reason = f"the return annotation {site.annotation} leaves no room for None"
        yield Evidence(returns("None"), Weight.FORBIDS, "annotation", reason)
    elif allowed and _returns_none(circumstance):
        reason = f"the return annotation is {site.annotation} and another branch returns None"
        yield Evidence(returns("None"), Weight.CLEAR, "annotation", reason)
    elif allowed:
        yield Evidence(returns("None"), Weight.HINT, "annotation", f"the return annotation is {site.annotation}")


def _returns_none(circumstance: Circumstance) -> bool:
    for node in own_nodes(circumstance.site.function):
        match node:
            case ast.Return(value=None) | ast.Return(value=ast.Constant(value=None)):
                return True
    return False


def _optional_parameter(circumstance: Circumstance) -> Iterator[Evidence]:
    """A parameter that is None unless given, and is gone through: nothing given is nothing to go through."""
    left_out = {
        name
        for name, default in _parameter_defaults(circumstance.site.function)
        if isinstance(default, ast.Constant) and default.value is None
    }
    for fault in circumstance.faults:
        if isinstance(fault.subject, ast.Name) and fault.subject.id in left_out and fault.neutral == ("[]",):
            reason = f"the parameter {fault.subject.id} is None when it is left out: there is nothing to go through"
            yield Evidence(substitutes("[]"), Weight.CLEAR, "default", reason)
