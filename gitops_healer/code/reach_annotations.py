"""What an annotation says of the value that it stands at."""

import ast
from dataclasses import replace

from gitops_healer.code.reach_names import Project
from gitops_healer.code.reach_values import NOTHING, UNKNOWN, Kind, Known, Value, made

_TYPING = frozenset({"typing", "collections", "typing_extensions", "t"})
_LISTS = frozenset(
    "list List Sequence MutableSequence Iterable Iterator Generator Collection set Set frozenset FrozenSet AbstractSet "
    "MutableSet tuple Tuple deque Deque AsyncIterator AsyncIterable AsyncGenerator Reversible".split()
)
_DICTS = frozenset("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict Counter".split())


class Annotations:
    """Reads annotations of one file. of: the class (path, name) that `Self` means."""

    def __init__(self, project: Project, path: str, of: tuple[str, str]) -> None:
        self._project = project
        self._path = path
        self._of = of

    def of(self, node: ast.expr | None, depth: int = 6) -> Known:
        """What something of this annotation may be; no values for None."""
        if node is None or not depth:
            return NOTHING
        match node:
            case ast.Constant(value=None):
                return Known()
            case ast.Constant(value=str(text)):
                try:
                    return self.of(ast.parse(text, mode="eval").body, depth - 1)
                except (SyntaxError, ValueError, RecursionError):
                    return NOTHING
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self.of(left, depth - 1) | self.of(right, depth - 1)
            case ast.Subscript(value=value, slice=inner):
                return self._subscripted(value, inner, depth)
            case ast.Name(id="Self"):
                return Known((Value(Kind.OBJECT, self._of[1], self._of[0]),))
        values = tuple(self.instance(value) for value in self._project.dotted(self._path, node))
        return Known(values)

    def _subscripted(self, value: ast.expr, inner: ast.expr, depth: int) -> Known:
        name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name in ("Optional", "Union"):
            found = Known()
            for part in parts:
                found |= self.of(part, depth - 1)
            return found
        if name in ("Annotated", "Final", "ClassVar", "Required", "NotRequired", "Awaitable", "InitVar"):
            return self.of(parts[0], depth - 1)
        if name in _LISTS or name in _DICTS:
            held = [part for part in parts if not (isinstance(part, ast.Constant) and part.value is ...)]
            if name in _DICTS:
                held = held[1:]
            elif name in ("Generator", "AsyncGenerator"):
                held = held[:1]
            items = [item for part in held for item in self.of(part, depth - 1).values]
            return Known((made("dict" if name in _DICTS else "list", *items),))
        if name in ("type", "Type"):
            values = self.of(parts[0], depth - 1).values
            return Known(tuple(replace(one, kind=Kind.CLASS) if one.kind is Kind.OBJECT else UNKNOWN for one in values))
        if name in ("Callable", "Literal"):
            return NOTHING if name == "Callable" else Known((made("str"),))
        return self.of(value, depth - 1)

    def instance(self, value: Value) -> Value:
        if value.kind is Kind.CLASS:
            return Value(Kind.OBJECT, value.name, value.path)
        if value.kind is Kind.OUTER:
            top, _, last = value.name.partition(".")
            last = last.rpartition(".")[2] or top
            if last in _LISTS or last in _DICTS:
                return made("dict" if last in _DICTS else "list")
            return UNKNOWN if top in _TYPING or last in ("Any", "object") else made(value.name)
        return UNKNOWN
