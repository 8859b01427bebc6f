"""Which variables a new statement may use, and what they are likely to hold."""

import ast
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from gitops_healer.repair.search.blocks import function_of, own_nodes
from gitops_healer.repair.search.target import Target

UNKNOWN: frozenset[str] = frozenset()
NUMBERS = frozenset({"int", "float"})
SIZED = frozenset({"list", "dict", "set", "str", "tuple", "deque", "bytes", "frozenset", "bytearray"})

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CALLED = {
    "len": "int", "int": "int", "ord": "int", "float": "float", "str": "str", "chr": "str", "repr": "str",
    "list": "list", "sorted": "list", "dict": "dict", "set": "set", "tuple": "tuple", "bool": "bool", "deque": "deque",
    "defaultdict": "dict", "Counter": "dict", "OrderedDict": "dict", "input": "str", "frozenset": "frozenset",
    "bytes": "bytes", "range": "range", "isinstance": "bool", "open": "file",
}  # fmt: skip
_GIVEN = {
    "split": "list", "splitlines": "list", "strip": "str", "lstrip": "str", "rstrip": "str", "lower": "str",
    "upper": "str", "join": "str", "replace": "str", "format": "str", "encode": "bytes", "decode": "str",
    "index": "int", "find": "int", "count": "int",
}  # fmt: skip
_METHOD_OF = {
    "append": "list", "extend": "list", "sort": "list", "insert": "list", "add": "set", "items": "dict",
    "keys": "dict", "values": "dict", "setdefault": "dict", "popleft": "deque", "appendleft": "deque",
    "split": "str", "strip": "str", "lower": "str", "upper": "str", "startswith": "str", "endswith": "str",
    "isdigit": "str", "isalpha": "str", "splitlines": "str",
}  # fmt: skip
_SPELT = {
    "List": "list", "Dict": "dict", "Set": "set", "Tuple": "tuple", "Sequence": "list", "Mapping": "dict",
    "MutableMapping": "dict", "Deque": "deque", "None": "None", "NoneType": "None", "OrderedDict": "dict",
    "defaultdict": "dict", "Counter": "dict",
}  # fmt: skip
_PLAIN = frozenset({*_CALLED.values(), "bytearray", "complex"})


@dataclass(frozen=True, eq=False)
class Scope:
    """What is bound in a target, by text and by what was seen at run time. Made by `scope_of`."""

    target: Target

    def visible(self, place: ast.stmt) -> Mapping[str, frozenset[str]]:
        """Variables that are bound when a statement is about to run, attributes of `self` too, with their kinds
        (`list`, `int`, `None`; empty: unknown); names that stand nearest come first."""
        seen = self.target.types_at(place.lineno)
        if seen:
            names = {name: kinds_of_types(types) for name, types in seen.items() if self.spellable(name)}
        else:
            names = {name: self.kinds.get(name, UNKNOWN) for name in self._bound_before(place)}
        near = self._near(place)
        return dict(sorted(names.items(), key=lambda pair: near.get(pair[0], 1000)))

    def spellable(self, name: str) -> bool:
        """Whether the name may be written into the file: a variable or an attribute, in the file's encoding."""
        return name.replace(".", "_").isidentifier() and (
            name.isascii() or self.target.source.encoding in ("utf-8", "utf-8-sig")
        )

    def closeness(self, place: ast.stmt) -> Mapping[str, float]:
        """1 for names in the statement, falling with the lines between to 0.3; names used nowhere are left out."""
        return {name: max(0.3, 1 / (1 + 0.25 * far)) for name, far in self._near(place).items()}

    def _near(self, place: ast.stmt) -> dict[str, int]:
        """Name -> lines between a statement and the nearest place where the name stands, 0 within the statement."""
        first, last = place.lineno, place.end_lineno or place.lineno
        near: dict[str, int] = {}
        for name, lines in self._uses.items():
            at = bisect_left(lines, first)
            before = first - lines[at - 1] if at else 1000
            behind = max(0, lines[at] - last) if at < len(lines) else 1000
            near[name] = min(before, behind)
        return near

    @cached_property
    def _uses(self) -> Mapping[str, list[int]]:
        """Lines, sorted, in which each name stands."""
        uses: dict[str, list[int]] = {}
        for node in self.target.nodes:
            name = node.arg if isinstance(node, ast.arg) else name_of(node)
            if name and isinstance(node, ast.expr | ast.arg):
                uses.setdefault(name, []).append(node.lineno)
        return {name: sorted(lines) for name, lines in uses.items()}

    def _bound_before(self, place: ast.stmt) -> Iterator[str]:
        function = function_of(self.target, place)
        scopes: list[ast.AST] = [function] if function is not None else []
        while scopes and scopes[-1] is not self.target.node:
            outer = function_of(self.target, scopes[-1])
            if outer is None:
                break
            scopes.append(outer)
        for scope in scopes or [self.target.node]:
            for name, line in self._bindings.get(scope, {}).items():
                if (line < place.lineno or scope is not function) and self.spellable(name):
                    yield name
        if "self" in self.target.parameters[:1]:
            yield from (name for name in self.attributes if self.spellable(name))

    @cached_property
    def _bindings(self) -> Mapping[ast.AST, Mapping[str, int]]:
        """Of each function in the target: name -> line from which it is bound."""
        scopes = [self.target.node, *(n for n in self.target.nodes if isinstance(n, _FUNCTIONS))]
        return {scope: _bound_in(scope) for scope in scopes}

    def assigned(self, place: ast.stmt) -> frozenset[str]:
        """Names that are variables of the very function the statement is in."""
        function = function_of(self.target, place)
        return frozenset(self._bindings.get(function, ())) if function is not None else frozenset()

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """`self.x` of all that the methods of the class assign, in the order of the text."""
        owner = self.target.source.parents.get(self.target.node)
        return _attributes_of(owner) if isinstance(owner, ast.ClassDef) else ()

    @cached_property
    def kinds(self) -> Mapping[str, frozenset[str]]:
        """Kinds of names and `self.x` as far as the text tells: by annotation, assignment and the methods called."""
        owner = self.target.source.parents.get(self.target.node)
        return _kinds_in(owner if isinstance(owner, ast.ClassDef) else self.target.node)


@lru_cache(maxsize=8)
def scope_of(target: Target) -> Scope:
    """One for all templates that look at the target."""
    return Scope(target)


@lru_cache(maxsize=32)
def _kinds_in(top: ast.AST) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for node in ast.walk(top):
        for name, kind in _told_by(node):
            found.setdefault(name, set()).add(kind)
    return {name: frozenset(kinds) for name, kinds in found.items()}


@lru_cache(maxsize=32)
def _attributes_of(owner: ast.ClassDef) -> tuple[str, ...]:
    stored = [n for n in ast.walk(owner) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)]
    return tuple(dict.fromkeys(name for n in stored if (name := own_attribute(n))))


def _bound_in(scope: ast.AST) -> dict[str, int]:
    """Comprehensions keep their variables for themselves."""
    bound: dict[str, int] = {}
    if isinstance(scope, _FUNCTIONS):
        bound |= {n.arg: 0 for n in ast.walk(scope.args) if isinstance(n, ast.arg)}
    hidden = {id(n) for made in own_nodes(scope) if isinstance(made, ast.comprehension) for n in ast.walk(made.target)}
    for node in own_nodes(scope):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in hidden:
            bound.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.setdefault(node.name, node.lineno)
    return bound


def _told_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.arg(arg=name, annotation=ast.expr() as annotation):
            yield from ((name, kind) for kind in kinds_of_annotation(annotation))
        case ast.AnnAssign(target=target, annotation=annotation):
            yield from ((name_of(target), kind) for kind in kinds_of_annotation(annotation) if name_of(target))
        case ast.Assign(targets=targets, value=value):
            for place in targets:
                yield from _told_by_assignment(place, value)
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
            yield name, "int"
        case ast.For(target=ast.Tuple(elts=[ast.Name(id=name), *_]), iter=ast.Call(func=ast.Name(id="enumerate"))):
            yield name, "int"
        case ast.Call(func=ast.Attribute(value=owner, attr=method)) if method in _METHOD_OF and name_of(owner):
            yield name_of(owner), _METHOD_OF[method]
        case ast.BinOp(left=left, right=ast.Constant(value=int())) if name_of(left):
            yield name_of(left), "int"
        case ast.AugAssign(target=target, value=ast.Constant(value=int())) if name_of(target):
            yield name_of(target), "int"


def _told_by_assignment(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    match target, value:
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, given in zip(targets, values, strict=True):
                yield from _told_by_assignment(one, given)
        case _ if name_of(target) and (kind := kind_of(value)):
            yield name_of(target), kind


def own_attribute(node: ast.AST) -> str:
    """`self.x` of an attribute of self, else ""."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            return f"self.{attribute}"
    return ""


def name_of(node: ast.AST) -> str:
    """`x` or `self.x`, else ""."""
    return node.id if isinstance(node, ast.Name) else own_attribute(node)


def kinds_of_types(types: frozenset[str]) -> frozenset[str]:
    """`list[str]` -> `list`, `NoneType` -> `None`, `collections.deque` -> `deque`."""
    bare = {one.partition("[")[0].rpartition(".")[2] for one in types}
    return frozenset(_SPELT.get(one, one) for one in bare)


def kinds_of_annotation(annotation: ast.expr) -> frozenset[str]:
    """Builtin kinds that an annotation allows; empty when it names anything else."""
    match annotation:
        case ast.Constant(value=None):
            return frozenset({"None"})
        case ast.Name(id=name) | ast.Attribute(attr=name):
            spelt = _SPELT.get(name, name)
            return frozenset({spelt}) if spelt in _PLAIN or spelt == "None" else UNKNOWN
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            kinds = kinds_of_annotation(inner)
            return kinds | {"None"} if kinds else UNKNOWN
        case ast.Subscript(value=value):
            return kinds_of_annotation(value)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            one, other = kinds_of_annotation(left), kinds_of_annotation(right)
            return one | other if one and other else UNKNOWN
    return UNKNOWN


def kind_of(value: ast.expr) -> str:
    """The kind of what an expression gives, by its text alone; "" when unknown."""
    match value:
        case ast.Constant(value=None):
            return "None"
        case ast.Constant(value=constant):
            return type(constant).__name__
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Tuple():
            return "tuple"
        case ast.JoinedStr():
            return "str"
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.UnaryOp(operand=operand):
            return kind_of(operand)
        case ast.Call(func=ast.Name(id=name)):
            return _CALLED.get(name, "")
        case ast.Call(func=ast.Attribute(attr=name)):
            return _GIVEN.get(name, "")
        case ast.BinOp(left=left, right=right):
            return kind_of(left) or kind_of(right)
    return ""


@lru_cache(maxsize=20_000)
def names_in(text: str) -> frozenset[str] | None:
    """Names and `self.x` that an expression or statement reads; None when it does not parse or keeps names for itself
    (comprehensions, lambdas), which cannot be moved blindly."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    owned = {n.value for n in ast.walk(tree) if own_attribute(n) and isinstance(n, ast.Attribute)}
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n not in owned}
    inner = {
        n.id
        for c in ast.walk(tree)
        if isinstance(c, ast.comprehension)
        for n in ast.walk(c.target)
        if isinstance(n, ast.Name)
    }
    return frozenset(names - inner | {name for n in ast.walk(tree) if (name := own_attribute(n))})


@lru_cache(maxsize=20_000)
def renamed(text: str, name: str, other: str) -> str:
    """The source text with one variable (or `self.x`) for another; unchanged where the variable stands in an f-string,
    whose parts have no true positions."""
    tree = ast.parse(text)
    formatted = {id(n) for top in ast.walk(tree) if isinstance(top, ast.JoinedStr) for n in ast.walk(top)}
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Name | ast.Attribute) and name_of(n) == name]
    if any(id(n) in formatted for n in found):
        return text
    lines = [line.encode("utf-8", "surrogateescape") for line in text.split("\n")]
    for node in sorted(found, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        line = lines[node.lineno - 1]
        if node.lineno == node.end_lineno:
            lines[node.lineno - 1] = line[: node.col_offset] + other.encode() + line[node.end_col_offset :]
    return b"\n".join(lines).decode("utf-8", "surrogateescape")
