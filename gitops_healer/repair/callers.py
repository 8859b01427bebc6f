"""What the callers in the repository do with the result: compare it with None or a sentinel, or catch the error."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitops_healer.code.source import Function, Source
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.remedy import raises, returns
from gitops_healer.repair.siblings import fallback_parameters
from gitops_healer.repair.site import own_nodes

_BASES = {
    "KeyError": ("LookupError",),
    "IndexError": ("LookupError",),
    "ZeroDivisionError": ("ArithmeticError",),
    "StatisticsError": ("ValueError",),
    "JSONDecodeError": ("ValueError",),
    "UnicodeDecodeError": ("ValueError",),
    "InvalidOperation": ("ArithmeticError", "DecimalException"),
    "DivisionByZero": ("ZeroDivisionError", "ArithmeticError"),
}


def covers(caught: str, error: str) -> bool:
    """Whether a class name stands for an error, itself or as a base that is not all-embracing."""
    return caught == error or caught in _BASES.get(error, ())


def read_callers(circumstance: Circumstance, sources: Iterable[Source]) -> Iterator[Evidence]:
    """Evidence in modules that call the function, tests left out."""
    name = circumstance.site.function.name
    for source in sources:
        if not _knows(source, circumstance, name):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and (weight := _meant(circumstance, source, node)) is not None:
                for one in _of_call(circumstance, source, node):
                    yield one if weight is Weight.CLEAR else replace(one, weight=weight)


def _knows(source: Source, circumstance: Circumstance, name: str) -> bool:
    """Whether the name means this function there: the same file, an import of it, or a method of that name."""
    if source.path == circumstance.site.source.path or circumstance.site.is_method:
        return True
    *folders, file = circumstance.site.source.path.split("/")
    module = file.removesuffix(".py")
    for node in ast.walk(source.tree):
        match node:
            case ast.ImportFrom(module=origin, names=names) if any(alias.name in (name, module) for alias in names):
                last = (origin or "").rpartition(".")[2]
                # From the module itself, from its package, or relative: all else is a namesake.
                if last in ("", module, *folders) or any(alias.name == module for alias in names):
                    return True
            case ast.Import(names=names) if any(alias.name.rpartition(".")[2] == module for alias in names):
                return True
    return False


def _meant(circumstance: Circumstance, source: Source, call: ast.Call) -> Weight | None:
    """Whether the call is one of this function. `x.get(...)` is a method of some other class unless it is shown not to
    be: a function is called by its name or through its module, a method for certain only through `self`."""
    site, name = circumstance.site, circumstance.site.function.name
    match call.func:
        case ast.Name(id=called):
            return Weight.CLEAR if called == name and not site.is_method else None
        case ast.Attribute(value=receiver, attr=called) if called == name:
            if not site.is_method:
                return Weight.CLEAR if _names_module(site.source.path, source, receiver) else None
            own = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")
            return Weight.CLEAR if own and source.path == site.source.path else Weight.HINT
        case _:
            return None


def _names_module(path: str, source: Source, receiver: ast.expr) -> bool:
    """Whether an expression is the module in `path`, or the package that may export its functions, as imported here."""
    *folders, file = path.split("/")
    modules = {file.removesuffix(".py"), *folders}
    written = ast.unparse(receiver)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == written and alias.name.rpartition(".")[2] in modules:
                    return True
    return False


def _of_call(circumstance: Circumstance, source: Source, call: ast.Call) -> Iterator[Evidence]:
    where = f"{source.path}:{call.lineno}"
    error = circumstance.site.error
    caught = _caught(source, call, error)
    if caught:
        yield Evidence(raises(error), Weight.CLEAR, "caller", f"{where} calls it and catches {caught}")
        return
    none_already = _gives_none(circumstance) or fallback_parameters(circumstance)
    for value in dict.fromkeys(_compared(source, call)):
        weight = Weight.HINT if none_already and value == "None" else Weight.CLEAR
        yield Evidence(returns(value), weight, "caller", f"{where} compares the result with {value}")


def _gives_none(circumstance: Circumstance) -> bool:
    """Whether the function gives None today, so that the comparison is not about the failing case."""
    function = circumstance.site.function
    returned = [node for node in own_nodes(function) if isinstance(node, ast.Return)]
    explicit = any(r.value is None or (isinstance(r.value, ast.Constant) and r.value.value is None) for r in returned)
    recorded = circumstance.whole and any(result == "null" for _, result in circumstance.passing)
    return explicit or recorded or not isinstance(function.body[-1], ast.Return | ast.Raise | ast.Try | ast.With)


def _caught(source: Source, call: ast.Call, error: str) -> str:
    below: ast.AST = call
    for above in source.above(call):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return ""
        if isinstance(above, ast.Try) and below in above.body:
            for handler in above.handlers:
                for node in ast.walk(handler.type) if handler.type is not None else ():
                    if isinstance(node, ast.Name | ast.Attribute):
                        name = node.id if isinstance(node, ast.Name) else node.attr
                        if covers(name, error):
                            return name
        below = above
    return ""


def _compared(source: Source, call: ast.Call) -> Iterator[str]:
    """Values that the result is compared with: at once, or by the name that it is given."""
    parent = source.parents.get(call)
    if isinstance(parent, ast.Await):
        parent = source.parents.get(parent)
    match parent:
        case ast.Compare():
            yield from _sentinel(parent)
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.NamedExpr(target=ast.Name(id=name)):
            scope = next((a for a in source.above(call) if isinstance(a, Function)), source.tree)
            for node in ast.walk(scope):
                if isinstance(node, ast.Compare) and _mentions(node.left, name):
                    yield from _sentinel(node)


def _mentions(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Name(id=one) | ast.NamedExpr(target=ast.Name(id=one)):
            return one == name
        case _:
            return False


def _sentinel(compare: ast.Compare) -> Iterator[str]:
    match compare:
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield "None"
        case ast.Compare(
            ops=[ast.Eq() | ast.NotEq()], comparators=[ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))]
        ):
            yield "-1"
