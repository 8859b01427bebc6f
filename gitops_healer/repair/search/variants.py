"""Statements like a given one with one thing changed, and updates of variables that code like this often has."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from gitops_healer.repair.search.blocks import function_of, is_generator
from gitops_healer.repair.search.scope import NUMBERS, UNKNOWN, Scope, own_attribute, scope_of
from gitops_healer.repair.search.target import Target

_NEAREST = 6
_FORGOTTEN = 1.5  # how much likelier an update is of what nothing else updates
_OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+=", "-="), ast.Sub: ("-=", "+="), ast.Mult: ("*=", "//="), ast.BitOr: ("|=", "&="),
    ast.BitAnd: ("&=", "|="),
}  # fmt: skip
_RESETS = {"int": ("0",), "float": ("0",), "str": ('""',), "list": ("[]",), "dict": ("{}",), "set": ("set()",)}
_COUPLED = {
    "list": ("{0}.append({1})",), "set": ("{0}.add({1})", "{0}.discard({1})", "{0}.remove({1})"),
    "deque": ("{0}.append({1})", "{0}.appendleft({1})"),
}  # fmt: skip
_ALONE = {
    "list": ("{0}.sort()", "{0}.pop()", "{0}.reverse()", "{0}.clear()"), "set": ("{0}.clear()",),
    "dict": ("{0}.clear()",), "deque": ("{0}.popleft()", "{0}.pop()"),
    "str": ("{0} = {0}.strip()", "{0} = {0}.lower()"),
}  # fmt: skip


def variants(target: Target, statement: ast.stmt) -> Iterator[tuple[float, str]]:
    """The text of a simple statement with one variable, constant or operator changed, with weights."""
    visible = {name: kinds for name, kinds in scope_of(target).visible(statement).items() if "." not in name}
    start, _ = target.source.span(statement)
    text = target.source.data[slice(*target.source.span(statement))]
    formatted = {id(n) for top in ast.walk(statement) if isinstance(top, ast.JoinedStr) for n in ast.walk(top)}
    for node in ast.walk(statement):
        if isinstance(node, ast.expr) and id(node) not in formatted:
            first, last = (at - start for at in target.source.span(node))
            for weight, new in (*_instead(node, visible), *_other_methods(target, node)):
                yield weight, (text[:first] + new.encode() + text[last:]).decode("utf-8", "surrogateescape")
        elif isinstance(node, ast.AugAssign) and type(node.op) in _OPERATORS:
            now, new = _OPERATORS[type(node.op)]
            yield 0.8, text.replace(now.encode(), new.encode(), 1).decode("utf-8", "surrogateescape")


def _instead(node: ast.expr, visible: Mapping[str, frozenset[str]]) -> Iterator[tuple[float, str]]:
    match node:
        case ast.Name(id=name):
            kinds = visible.get(name, UNKNOWN)
            alike = [one for one, held in visible.items() if one != name and (not kinds or not held or kinds & held)]
            yield from ((0.8 / (1 + 0.3 * rank), one) for rank, one in enumerate(alike[:_NEAREST]))
        case ast.Constant(value=bool() as value):
            yield 1.0, str(not value)
        case ast.Constant(value=int() as value):
            yield from (
                (0.6, str(one)) for one in dict.fromkeys((0, 1, value + 1, value - 1)) if one not in (value, -1)
            )
            yield from ((0.4, name) for name in list(visible)[:3])


def _other_methods(target: Target, node: ast.expr) -> Iterator[tuple[float, str]]:
    """`self._down` for `self._up`: methods of the class with as many arguments."""
    owner, call = target.source.parents.get(target.node), target.source.parents.get(node)
    if not own_attribute(node) or not isinstance(owner, ast.ClassDef) or not isinstance(call, ast.Call):
        return
    if call.func is node and not call.keywords:
        for method in owner.body:
            name = getattr(method, "name", "")
            fits = isinstance(method, ast.FunctionDef) and len(method.args.args) == 1 + len(call.args)
            if fits and f"self.{name}" != own_attribute(node) and not name.startswith("__") and name.isascii():
                yield 0.7, f"self.{name}"


@lru_cache(maxsize=500)
def updates(target: Target, place: ast.stmt) -> Mapping[str, float]:
    """Statements that could be missing around a statement, made from the variables there, with weights 0 to 1."""
    scope = scope_of(target)
    visible = {**_bound_by(place), **scope.visible(place)}
    near = scope.closeness(place)
    found: dict[str, float] = {}
    for weight, text, names in _all_updates(target, scope, place, visible):
        close = min((near.get(name, 0.3) for name in names), default=0.5)
        found[text] = max(weight * close, found.get(text, 0.0))
    return found


def _bound_by(place: ast.stmt) -> dict[str, frozenset[str]]:
    """What the statement itself binds, for what stands behind it."""
    match place:
        case ast.Assign(targets=targets):
            return {n.id: UNKNOWN for one in targets for n in ast.walk(one) if isinstance(n, ast.Name) and _stored(n)}
    return {}


def _stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


Update = tuple[float, str, tuple[str, ...]]


def _all_updates(
    target: Target, scope: Scope, place: ast.stmt, visible: Mapping[str, frozenset[str]]
) -> Iterator[Update]:
    names = [name for name in visible if name not in ("self", "cls") and scope.spellable(name)][:_NEAREST]
    kinds = {name: visible[name] or scope.kinds.get(name, UNKNOWN) for name in names}
    changeable = {*scope.assigned(place), *scope.attributes}
    for name in names:
        if name in changeable:
            boost = _FORGOTTEN if name in _never_updated(target) else 1.0
            yield from ((boost * weight, text, both) for weight, text, both in _of_one(name, kinds[name]))
        yield from ((0.3, text.format(name), (name,)) for kind in kinds[name] & _ALONE.keys() for text in _ALONE[kind])
        for other in names:
            if other != name:
                yield from _of_two(name, other, kinds, name in changeable)
    yield from _of_self(target, scope, place, visible)
    function = function_of(target, place)
    if function is not None and is_generator(function):
        yield from ((0.7, f"yield {name}", (name,)) for name in names)


@lru_cache(maxsize=16)
def _never_updated(target: Target) -> frozenset[str]:
    """Attributes of the object and variables that are read, but get no value after their first."""
    owner = target.source.parents.get(target.node)
    top = owner if isinstance(owner, ast.ClassDef) else target.node
    stored: Counter[str] = Counter()
    read: set[str] = set()
    for node in ast.walk(top):
        name = own_attribute(node) or (node.id if isinstance(node, ast.Name) else "")
        if name and isinstance(node, ast.Name | ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                read.add(name)
            else:
                stored[name] += 1
    return frozenset(name for name in read if stored[name] == 1 and (name.startswith("self.") or top is target.node))


def _of_one(name: str, kinds: frozenset[str]) -> Iterator[Update]:
    if kinds & NUMBERS:
        yield 1.0, f"{name} += 1", (name,)
        yield 0.7, f"{name} -= 1", (name,)
        yield 0.4, f"{name} = -{name}", (name,)
    if "bool" in kinds:
        yield from ((0.7, f"{name} = {value}", (name,)) for value in ("True", "False"))
        yield 0.3, f"{name} = not {name}", (name,)
    yield from ((0.3, f"{name} = {value}", (name,)) for kind in sorted(kinds) for value in _RESETS.get(kind, ()))
    if "None" in kinds:
        yield 0.3, f"{name} = None", (name,)


def _of_two(name: str, other: str, kinds: Mapping[str, frozenset[str]], changeable: bool) -> Iterator[Update]:
    held, given = kinds[name], kinds[other]
    both = (name, other)
    for kind in sorted(held & _COUPLED.keys()):
        for rank, text in enumerate(_COUPLED[kind]):
            if kind != "set" or not given & {"list", "dict", "set"}:
                yield 0.9 / (1 + rank), text.format(name, other), both
    if changeable and (not held or not given or held & given):
        yield 0.5, f"{name} = {other}", both
        if held & NUMBERS:
            yield 0.4, f"{name} += {other}", both
            yield 0.3, f"{name} -= {other}", both
    if "list" in held and given & {"list", "tuple", "set"}:
        yield 0.6, f"{name}.extend({other})", both
    if "set" in held and given & {"list", "tuple", "set"}:
        yield 0.6, f"{name}.update({other})", both
    if "list" in held and "int" in given:
        yield 0.3, f"del {name}[{other}:]", both
        yield 0.2, f"del {name}[{other}]", both
    yield from _of_entry(name, other, kinds)
    if "dict" in held and not given & {"list", "dict", "set"}:
        values = [value for value in kinds if value not in both][:3]
        yield from ((0.5, f"{name}[{other}] = {value}", (*both, value)) for value in (*values, "1", "True"))


def _of_entry(name: str, key: str, kinds: Mapping[str, frozenset[str]]) -> Iterator[Update]:
    """Entries of a dict taken out, moved, begun, counted, and given to another container."""
    held, given = kinds[name], kinds[key]
    if not held & {"dict", "OrderedDict", "defaultdict", "Counter"} or not given or given & {"list", "dict", "set"}:
        return
    both = (name, key)
    yield 0.5, f"del {name}[{key}]", both
    yield 0.5, f"{name}.pop({key}, None)", both
    yield 0.3, f"{name}.move_to_end({key})", both
    yield 0.3, f"{name}[{key}] += 1", both
    yield 0.2, f"{name}[{key}] -= 1", both
    yield 0.3, f"{name}[{key}] = {name}.get({key}, 0) + 1", both
    for other in [one for one in kinds if one not in both][:3]:
        if kinds[other] & {"list", "deque"}:
            yield 0.5, f"{other}.extend({name}[{key}])", (*both, other)
            yield 0.4, f"{other}.append({name}[{key}])", (*both, other)
        elif "set" in kinds[other]:
            yield 0.5, f"{other}.update({name}[{key}])", (*both, other)
        if not kinds[other] & {"list", "dict", "set"}:
            yield 0.4, f"{name}[{key}].append({other})", (*both, other)
            yield 0.3, f"{name}[{key}].add({other})", (*both, other)


def _of_self(target: Target, scope: Scope, place: ast.stmt, visible: Mapping[str, frozenset[str]]) -> Iterator[Update]:
    """What methods do to their object: `self.x = x`, calls of methods without arguments, the constructor above."""
    owner = target.source.parents.get(target.node)
    if not isinstance(owner, ast.ClassDef) or "self" not in target.parameters[:1] or "self" not in visible:
        return
    here = {name for n in target.nodes if (name := own_attribute(n)) and isinstance(n, ast.Attribute) and _is_store(n)}
    read = _attributes_in(owner)
    for parameter in target.parameters[1:]:
        for attribute in (f"self.{parameter}", f"self._{parameter}"):
            if attribute in read - here and scope.spellable(attribute):
                yield 2.0, f"{attribute} = {parameter}", ()
    for method in owner.body:
        if isinstance(method, ast.FunctionDef) and method is not target.node and _takes_only_self(method):
            yield 0.8, f"self.{method.name}()", ()
    name, arguments = getattr(target.node, "name", ""), ", ".join(target.parameters[1:])
    plain = not isinstance(target.node, ast.Module) and not (target.node.args.vararg or target.node.args.kwarg)
    if owner.bases and name and name != "__init__" and plain and not isinstance(target.node, ast.AsyncFunctionDef):
        yield 0.8, f"super().{name}({arguments})", ()
    if owner.bases and name == "__init__":
        yield from ((1.2, f"super().__init__({given})", ()) for given in dict.fromkeys(("", arguments)))


@lru_cache(maxsize=32)
def _attributes_in(owner: ast.ClassDef) -> frozenset[str]:
    return frozenset(name for n in ast.walk(owner) if (name := own_attribute(n)))


def _is_store(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _takes_only_self(method: ast.FunctionDef) -> bool:
    a = method.args
    plain = not (a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or method.decorator_list)
    return plain and len(a.args) == 1 and not (method.name.startswith("__") and method.name.endswith("__"))
