"""What type an expression has: as seen at run time, or as its form tells. An empty set means that nobody knows."""

import ast
from collections.abc import Iterable
from functools import lru_cache

from gitops_healer.repair.search.target import Target

Types = frozenset[str]
UNKNOWN: Types = frozenset()

NUMBERS = frozenset({"int", "float", "bool", "complex", "Decimal", "Fraction"})
SEQUENCES = frozenset({"list", "tuple", "str", "bytes", "range", "deque", "bytearray"})
SIZED = SEQUENCES | {"dict", "set", "frozenset", "defaultdict", "Counter", "OrderedDict"}
_DEPTH = 6

_BUILTINS: dict[str, type] = {
    one.__name__: one for one in (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, bytearray)
}
_CALLS = {
    **{name: name for name in (*_BUILTINS, "bool", "range", "bytearray", "enumerate", "zip", "map", "filter")},
    "len": "int", "ord": "int", "hash": "int", "id": "int", "chr": "str", "repr": "str", "hex": "str", "bin": "str",
    "format": "str", "input": "str", "any": "bool", "all": "bool", "isinstance": "bool", "callable": "bool",
    "hasattr": "bool", "sorted": "list", "divmod": "tuple", "Counter": "Counter", "defaultdict": "defaultdict",
    "deque": "deque", "Decimal": "Decimal", "Fraction": "Fraction", "dir": "list", "vars": "dict", "open": "TextIO",
}  # fmt: skip
_MATH_INT = frozenset({"floor", "ceil", "gcd", "lcm", "factorial", "isqrt", "comb", "perm", "trunc"})
_METHODS = {
    "str": (
        "capitalize casefold center expandtabs format join ljust lower lstrip removeprefix removesuffix replace rjust "
        "rstrip strip swapcase title translate upper zfill"
    ),
    "int": "count find index rfind rindex bit_length bit_count toordinal weekday",
    "bool": "endswith startswith isalnum isalpha isdecimal isdigit isidentifier islower isnumeric isspace isupper "
    "isdisjoint issubset issuperset is_integer",
    "list": "split rsplit splitlines readlines most_common",
    "NoneType": "append extend insert remove clear sort reverse add discard update appendleft",
    "bytes": "encode to_bytes",
}
_ATTRIBUTES = {
    **dict.fromkeys("year month day hour minute second microsecond days seconds microseconds".split(), "int"),
    **dict.fromkeys("numerator denominator lineno maxsize".split(), "int"),
    **dict.fromkeys("real imag pi e inf".split(), "float"), "stem": "str", "suffix": "str",
}  # fmt: skip
# Methods that only one builtin type has: who calls them tells the type of the object.
_ONLY_OF = {
    **dict.fromkeys("append extend sort".split(), "list"),
    **dict.fromkeys("items keys values setdefault".split(), "dict"),
    **dict.fromkeys("add discard".split(), "set"), **dict.fromkeys("popleft appendleft".split(), "deque"),
    **dict.fromkeys("strip lstrip rstrip split rsplit splitlines lower upper startswith endswith".split(), "str"),
}  # fmt: skip
_RESULT = {method: kind for kind, names in _METHODS.items() for method in names.split()}


def heads(types: Iterable[str]) -> Types:
    """Types without what they hold and where they live: `list[str]` -> `list`, `shop.Order` -> `Order`."""
    return frozenset(one.partition("[")[0].rpartition(".")[2] for one in types)


def held(types: Iterable[str]) -> Types:
    """What iterating gives: `list[str]` -> `str`, `str` -> `str`, `dict[str, int]` -> `str`."""
    found: set[str] = set()
    for one in types:
        head, _, inside = one.partition("[")
        if head in ("str", "bytes", "range"):
            found.add("str" if head == "str" else "int")
        elif inside:
            found.update(_parts(inside.removesuffix("]"))[:1])
    return frozenset(found)


def _parts(text: str) -> list[str]:
    """`int, dict[str, int]` -> its two parts; alternatives (`int | None`) are not taken apart."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [*parts, text[start:].strip()]


def may_be(types: Types, *kinds: str) -> bool:
    """Whether a value may be of one of the kinds; what is unknown may be anything."""
    return not types or not heads(types).isdisjoint(kinds)


def surely(types: Types, *kinds: str) -> bool:
    """Whether it is known that a value is always of one of the kinds, `None` left aside."""
    known = heads(types) - {"NoneType"}
    return bool(known) and known <= frozenset(kinds)


def fits(new: Types, old: Types) -> bool:
    """Whether a value of the one kind could stand for one of the other: unknown, shared, or both numbers."""
    one, other = heads(new) - {"NoneType"}, heads(old) - {"NoneType"}
    if not one or not other:
        return not (new and heads(new) == {"NoneType"} and other)
    return not one.isdisjoint(other) or (bool(one & NUMBERS) and bool(other & NUMBERS))


def type_of(target: Target, expr: ast.expr, depth: int = _DEPTH) -> Types:
    """Types that an expression may have: seen types of names and of `self.x`, else by literals, calls of builtins,
    methods of builtin types, operators, assignments and annotations; empty when unknown."""
    if depth <= 0:
        return UNKNOWN
    match expr:
        case ast.Constant(value=value):
            return frozenset({type(value).__name__})
        case ast.Name() | ast.Attribute():
            return _of_variable(target, expr, depth)
        case ast.Call():
            return _of_call(target, expr, depth)
        case ast.Subscript():
            return _of_subscript(target, expr, depth)
        case ast.BinOp():
            return _of_operation(target, expr, depth)
        case ast.BoolOp(values=values):
            return _either(target, values, depth)
        case ast.IfExp(body=body, orelse=orelse):
            return _either(target, (body, orelse), depth)
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            return frozenset({"bool"})
        case ast.UnaryOp(operand=operand) | ast.NamedExpr(value=operand) | ast.Starred(value=operand):
            return type_of(target, operand, depth - 1)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return _of_display(target, type(expr).__name__.lower(), items, depth)
        case _:
            return _of_form(expr)


def _of_form(expr: ast.expr) -> Types:
    forms = {
        ast.JoinedStr: "str", ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict", ast.Dict: "dict",
        ast.GeneratorExp: "generator", ast.Lambda: "function",
    }  # fmt: skip
    known = forms.get(type(expr))
    return frozenset({known}) if known else UNKNOWN


def _either(target: Target, values: Iterable[ast.expr], depth: int) -> Types:
    found = [type_of(target, value, depth - 1) for value in values]
    return frozenset().union(*found) if all(found) else UNKNOWN


def _of_display(target: Target, kind: str, items: list[ast.expr], depth: int) -> Types:
    inner = {one for item in items[:4] for one in type_of(target, item, depth - 1)}
    return frozenset({f"{kind}[{inner.pop()}]" if len(inner) == 1 and kind != "tuple" else kind})


def _of_variable(target: Target, expr: ast.Name | ast.Attribute, depth: int) -> Types:
    name = ast.unparse(expr) if isinstance(expr, ast.Attribute) else expr.id
    try:
        line = target.statement_of(expr).lineno
    except ValueError:
        return UNKNOWN
    found = target.types_at(line).get(name, UNKNOWN) or _bound(target, name, depth)
    if not found and isinstance(expr, ast.Attribute) and expr.attr in _ATTRIBUTES:
        return frozenset({_ATTRIBUTES[expr.attr]})
    return found


def type_of_name(target: Target, name: str, line: int) -> Types:
    """Types of a variable (or of `self.x`) at a line: seen there, else by how it is bound in the target."""
    return target.types_at(line).get(name, UNKNOWN) or _bound(target, name, _DEPTH - 2)


def _bound(target: Target, name: str, depth: int) -> Types:
    """By the annotation of the name, or by all of its assignments, when each tells; else by what is called on it."""
    return _assigned_types(target, name, depth) or _used_as(target).get(name, UNKNOWN)


@lru_cache(maxsize=16)
def _used_as(target: Target) -> dict[str, Types]:
    """Types of variables on which methods of one builtin type are called."""
    found: dict[str, set[str]] = {}
    for node in target.nodes:
        if (
            isinstance(node, ast.Attribute)
            and node.attr in _ONLY_OF
            and isinstance(node.value, ast.Name | ast.Attribute)
        ):
            found.setdefault(ast.unparse(node.value), set()).add(_ONLY_OF[node.attr])
    return {name: frozenset(kinds) for name, kinds in found.items() if len(kinds) == 1}


def _assigned_types(target: Target, name: str, depth: int) -> Types:
    annotated = _annotations(target).get(name)
    if annotated:
        return annotated
    found: set[str] = set()
    for value, iterated in _bindings(target).get(name, ()):
        types = type_of(target, value, depth - 2) if value is not None else UNKNOWN
        types = held(types) if iterated else types
        if not types:
            return UNKNOWN
        found |= types
    return frozenset(found)


@lru_cache(maxsize=16)
def _annotations(target: Target) -> dict[str, Types]:
    pairs = [(n.arg, n.annotation) for n in target.nodes if isinstance(n, ast.arg)]
    pairs += [(ast.unparse(n.target), n.annotation) for n in target.nodes if isinstance(n, ast.AnnAssign)]
    return {name: types for name, note in pairs if note is not None and (types := _annotated(note))}


def _annotated(note: ast.expr) -> Types:
    """Types that an annotation allows, in the form in which they are seen at run time; empty for what is no type."""
    match note:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            one, other = _annotated(left), _annotated(right)
            return one | other if one and other else UNKNOWN
        case ast.Constant(value=None):
            return frozenset({"NoneType"})
        case ast.Constant(value=str(text)):
            try:
                return _annotated(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return UNKNOWN
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            found = _annotated(inner)
            return found | {"NoneType"} if found else UNKNOWN
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name.lower() in _BUILTINS:
            return frozenset({f"{name.lower()}[{inside_of(inner)}]"})
        case ast.Name(id=name) if name in _BUILTINS or name == "bool" or (name[:1].isupper() and len(name) > 1):
            return UNKNOWN if name in ("Any", "Iterable", "Sequence", "Mapping", "Callable") else frozenset({name})
        case _:
            return UNKNOWN


def inside_of(inner: ast.expr) -> str:
    """What stands in the brackets of an annotation: `str, int` of `dict[str, int]`."""
    return (
        ast.unparse(inner).removeprefix("(").removesuffix(")") if isinstance(inner, ast.Tuple) else ast.unparse(inner)
    )


@lru_cache(maxsize=16)
def _bindings(target: Target) -> dict[str, list[tuple[ast.expr | None, bool]]]:
    """name -> what it is bound to, and whether to the items of that; None for bindings that tell nothing."""
    found: dict[str, list[tuple[ast.expr | None, bool]]] = {name: [(None, False)] for name in target.parameters}
    found |= {name: [(default, False)] for name, default in _defaults(target)}
    for node in target.nodes:
        for place, value, iterated in _assigned(node):
            for name in ast.walk(place):
                if isinstance(name, ast.Name | ast.Attribute) and isinstance(name.ctx, ast.Store):
                    known = value if name is place else None
                    found.setdefault(ast.unparse(name), []).append((known, iterated))
    return found


def _defaults(target: Target) -> list[tuple[str, ast.expr]]:
    """Parameters with constants as defaults, `None` left aside: the default tells the type."""
    if isinstance(target.node, ast.Module):
        return []
    a = target.node.args
    positional = [*a.posonlyargs, *a.args][::-1]
    pairs = [*zip(positional, a.defaults[::-1], strict=False), *zip(a.kwonlyargs, a.kw_defaults, strict=True)]
    return [(one.arg, d) for one, d in pairs if isinstance(d, ast.Constant) and d.value is not None]


def _assigned(node: ast.AST) -> list[tuple[ast.expr, ast.expr | None, bool]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            return [(one, value, False) for one in targets]
        case ast.NamedExpr(target=place, value=value):
            return [(place, value, False)]
        case ast.For(target=place, iter=value) | ast.comprehension(target=place, iter=value):
            return [(place, value, True)]
        case ast.AsyncFor(target=place) | ast.withitem(optional_vars=ast.expr() as place):
            return [(place, None, False)]
        case _:
            return []


def _of_call(target: Target, call: ast.Call, depth: int) -> Types:
    match call.func:
        case ast.Name(id="abs" | "round" | "sum" | "max" | "min" as name):
            return _of_fold(target, name, call, depth)
        case ast.Name(id=name) if name in _CALLS:
            return _made(target, _CALLS[name], call, depth)
        case ast.Name(id=name) if (
            name[:1].isupper() and name in target.ingredients.module_names and name != name.upper()
        ):
            return frozenset({name})
        case ast.Attribute(value=ast.Name(id="math"), attr=name):
            return frozenset({"int" if name in _MATH_INT else "float"})
        case ast.Attribute(value=receiver, attr="copy" | "union" | "intersection" | "difference"):
            return type_of(target, receiver, depth - 1)
        case ast.Attribute(attr=name) if name in _RESULT:
            return frozenset({"list[str]" if name in ("split", "rsplit", "splitlines") else _RESULT[name]})
        case _:
            return UNKNOWN


def _made(target: Target, kind: str, call: ast.Call, depth: int) -> Types:
    """The type that a constructor makes, with what it holds where its argument tells."""
    if kind in ("list", "set", "tuple", "sorted") and len(call.args) == 1:
        inner = held(type_of(target, call.args[0], depth - 1))
        return frozenset({f"{kind}[{one}]" for one in inner}) or frozenset({kind})
    return frozenset({kind})


def _of_fold(target: Target, name: str, call: ast.Call, depth: int) -> Types:
    if not call.args:
        return UNKNOWN
    if name == "round":
        return frozenset({"int" if len(call.args) == 1 else "float"})
    first = type_of(target, call.args[0], depth - 1)
    if name == "abs" or (name in ("min", "max") and len(call.args) > 1):
        return first
    return held(first)


def _of_subscript(target: Target, node: ast.Subscript, depth: int) -> Types:
    whole = type_of(target, node.value, depth - 1)
    if isinstance(node.slice, ast.Slice):
        return whole
    found: set[str] = set()
    for one in whole:
        head, _, inside = one.partition("[")
        if head in ("dict", "defaultdict", "OrderedDict", "Counter") and inside:
            found.update(_parts(inside.removesuffix("]"))[1:2])
        elif head in ("bytes", "bytearray", "range", "Counter"):
            found.add("int")
        else:
            found |= held({one})
    return frozenset(found)


def _of_operation(target: Target, node: ast.BinOp, depth: int) -> Types:
    left, right = type_of(target, node.left, depth - 1), type_of(target, node.right, depth - 1)
    one, other = heads(left), heads(right)
    if isinstance(node.op, ast.Mod) and "str" in one:
        return frozenset({"str"})
    if one and other and one <= NUMBERS and other <= NUMBERS:
        if isinstance(node.op, ast.Div) or "float" in one | other:
            return frozenset({"float"})
        return frozenset({"int"}) if one | other <= {"int", "bool"} else left | right
    if isinstance(node.op, ast.Mult) and other & SEQUENCES:
        return right
    if isinstance(node.op, ast.Add | ast.Mult | ast.BitOr | ast.BitAnd | ast.Sub):
        return left if (one & SIZED) else (right if other & SIZED else UNKNOWN)
    return UNKNOWN
