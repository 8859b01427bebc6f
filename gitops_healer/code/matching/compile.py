"""From the tree of a written pattern to patterns that can be matched."""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from gitops_healer.code.matching.lists import (
    Among,
    Arguments,
    Dictionary,
    End,
    EntryPattern,
    ImportedNames,
    Item,
    Left,
    Listed,
    Parameter,
    ParameterPattern,
    Parameters,
    Rest,
    Stop,
    Taken,
    is_docstring,
    parameters_of,
)
from gitops_healer.code.matching.match import Assigned, Both, Equal, Literally, Named, Node, Pattern, Single, Text
from gitops_healer.code.matching.text import PatternError, Written, written

_ALSO: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.FunctionDef: (ast.AsyncFunctionDef,),
    ast.For: (ast.AsyncFor,),
    ast.With: (ast.AsyncWith,),
    ast.Assign: (ast.AnnAssign,),
}
"""What a pattern that does not say `async` or an annotation fits as well."""
_MAY_BE_LEFT_OUT = frozenset(
    "decorator_list returns annotation type_params orelse finalbody handlers optional_vars cause msg guard".split()
)
_UNSAID = frozenset({"ctx", "kind", "type_comment", "simple", "is_async", "type_ignores"})
_SEQUENCES = frozenset(
    "elts values targets args bases ifs items body orelse finalbody decorator_list handlers cases".split()
)
_IDENTIFIERS = frozenset({"id", "attr", "arg", "name", "names", "module", "asname", "rest", "kwd_attrs"})
_STATEMENTS = frozenset(ast.stmt.__subclasses__())


class Compiled(NamedTuple):
    """A pattern ready to be used.

    root: of one node, or of the statements of a block from the first on (`is_block`); classes: of nodes that can be
    the (first) one; called: last part of the name that is called or read, "" when that is not known; words: names that
    a file must contain; variables: names of metavariables; quoted: those that stand in f-strings; begins_anywhere,
    ends_anywhere: whether a sequence begins or ends with `...`.
    """

    root: Pattern
    is_block: bool
    classes: frozenset[type[ast.AST]]
    called: str
    words: frozenset[str]
    variables: frozenset[str]
    quoted: frozenset[str]
    begins_anywhere: bool = False
    ends_anywhere: bool = False


def compiled(text: str) -> Compiled:
    """Raises PatternError."""
    return _Compiler(written(text)).whole()


class _Compiler:
    def __init__(self, source: Written) -> None:
        self._statements = source.statements
        self._singles = source.singles
        self._rests = source.rests
        self._words: set[str] = set()
        self._quoted: set[str] = set()

    def whole(self) -> Compiled:
        statements = self._statements
        inner = list(statements)
        while inner and self._rest_name(inner[0]) is not None:
            inner.pop(0)
        while inner and self._rest_name(inner[-1]) is not None:
            inner.pop()
        if not inner or (len(inner) == 1 and self._single_name(inner[0]) is not None):
            raise PatternError("must say more than $X or `...` alone, which would fit everything")
        is_block = len(statements) > 1
        root, first = self._root(inner, is_block)
        names = [*self._singles.values(), *self._rests.values()]
        return Compiled(
            root,
            is_block,
            self._classes(first),
            _called(first, self._is_literal),
            frozenset(self._words),
            frozenset(name for name in names if name),
            frozenset(self._quoted),
            inner[0] is not statements[0],
            inner[-1] is not statements[-1],
        )

    def _root(self, inner: list[ast.stmt], is_block: bool) -> tuple[Pattern, ast.AST]:
        if is_block:
            return self._listed(inner, Stop()), inner[0]
        first: ast.AST = inner[0].value if isinstance(inner[0], ast.Expr) else inner[0]
        return self._node(first), first

    def _classes(self, first: ast.AST) -> frozenset[type[ast.AST]]:
        if self._single_name(first) is not None:
            return _STATEMENTS
        if isinstance(first, ast.expr) and self._dotted(first) is not None:
            return frozenset({ast.Name, ast.Attribute} if isinstance(first, ast.Attribute) else {ast.Name})
        if isinstance(first, ast.Set):
            return frozenset({ast.Set, ast.Dict})
        return frozenset({first.__class__, *_ALSO.get(first.__class__, ())})

    # Nodes

    def _node(self, node: ast.AST) -> Pattern:
        if isinstance(node, ast.expr | ast.pattern | ast.Expr):
            name = self._single_name(node)
            if name is not None:
                return Single(name)
            if self._rest_name(node) is not None:
                return self._one_of_many(node)
        match node:
            case ast.Name() | ast.Attribute() if (parts := self._dotted(node)) is not None:
                self._words.update(parts)
                return Named(parts)
            case ast.Constant(value=value):
                return self._constant(value)
            case ast.JoinedStr(values=values):
                return self._formatted(values)
            case ast.Call():
                return self._arguments(node, "args", ("func",))
            case ast.ClassDef():
                return self._class(node)
            case ast.Dict():
                return self._dictionary(node)
            case ast.Set(elts=[only]) if self._rest_name(only) is not None:
                return Node(frozenset({ast.Set, ast.Dict}))
            case ast.arguments():
                return self._parameters(node)
            case ast.Assign(targets=targets, value=value):
                return Assigned(self._listed(targets, End()), self._node(value))
        return self._plain(node)

    def _plain(self, node: ast.AST, skip: frozenset[str] = frozenset()) -> Pattern:
        """A node whose fields are all looked at in the same way."""
        fields = [
            (name, pattern)
            for name in node._fields
            if name not in _UNSAID and name not in skip
            if (pattern := self._field(node, name, getattr(node, name, None))) is not None
        ]
        return Node(frozenset({node.__class__, *_ALSO.get(node.__class__, ())}), tuple(fields))

    def _field(self, node: ast.AST, name: str, value: Any) -> Pattern | None:
        """None: the pattern says nothing about this field."""
        may_be_missing = name in _MAY_BE_LEFT_OUT or (
            name in ("name", "asname") and isinstance(node, ast.ExceptHandler)
        )
        if may_be_missing and not value:
            return None
        if name == "value" and isinstance(node, ast.AnnAssign) and value is None:
            return None
        if name == "names" and isinstance(node, ast.Import | ast.ImportFrom):
            return self._imported_names(value)
        if name == "decorator_list":
            return self._among(value)
        if isinstance(value, list):
            return self._list_field(node, name, value)
        if isinstance(value, ast.AST):
            return self._node(value)
        if isinstance(value, str) and name in _IDENTIFIERS:
            return self._identifier(value)
        return Equal(value)

    def _list_field(self, node: ast.AST, name: str, value: list[Any]) -> Pattern | None:
        if name in _SEQUENCES:
            listed = self._listed(value, End())
            if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                skips = not is_docstring(value[0]) and self._single_name(value[0]) is None
                listed = Listed(listed.start, listed.least, listed.exact, skips)
            if name in ("orelse", "finalbody"):  # it is said, so it must be there
                return Listed(listed.start, max(1, listed.least), listed.exact)
            return None if _fits_any(listed) else listed
        return self._exactly(value)

    def _exactly(self, values: Sequence[Any]) -> Listed:
        """A list in which `...` stands for one item each."""
        start: Pattern = End()
        for value in reversed(values):
            item = self._node(value) if isinstance(value, ast.AST) else self._name_or(value)
            start = Item(item, start)
        return Listed(start, len(values), exact=True)

    def _name_or(self, value: object) -> Pattern:
        return self._identifier(value) if isinstance(value, str) else Equal(value)

    def _one_of_many(self, node: ast.AST) -> Pattern:
        name = self._rest_name(node)
        if name:
            raise PatternError(f"must have $...{name} where any number of things can stand; ${name} is a single one")
        return Single("")

    # Names

    def _is_literal(self, name: str) -> bool:
        return name not in self._singles and name not in self._rests

    def _dotted(self, node: ast.AST) -> tuple[str, ...] | None:
        """The parts of a chain without metavariables."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute) and self._is_literal(node.attr):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or not self._is_literal(node.id):
            return None
        return tuple(reversed([*parts, node.id]))

    def _identifier(self, name: str) -> Pattern:
        if name in self._singles:
            return Single(self._singles[name])
        found = next((key for key in (*self._singles, *self._rests) if key in name.split(".")), None)
        if found is not None:
            shown = self._singles.get(found) or f"...{self._rests.get(found, '')}"
            raise PatternError(f"must have ${shown} where it is a whole name or a whole list")
        self._words.update(name.split("."))
        return Equal(name)

    def _single_name(self, node: ast.AST) -> str | None:
        """The metavariable that a node is nothing but, None when it is something else."""
        match node:
            case ast.Expr(value=ast.Name() as inner):
                return self._singles.get(inner.id)
            case ast.Name(id=name) | ast.MatchAs(pattern=None, name=str(name)):
                return self._singles.get(name)
        return None

    def _rest_name(self, node: Any) -> str | None:
        """ "" for `...`, the name of `$...NAME`, None for anything else."""
        match node:
            case ast.Expr(value=inner) | ast.withitem(context_expr=inner, optional_vars=None):
                return self._rest_name(inner)
            case ast.ExceptHandler(type=ast.expr() as inner, name=None, body=[only]):
                return self._rest_name(inner) if self._rest_name(only) == "" else None
            case ast.match_case(pattern=ast.MatchAs(pattern=None, name=str(name)), guard=None, body=[only]):
                return self._rests.get(name) if self._rest_name(only) == "" else None
            case ast.Constant(value=value):
                return "" if value is ... else None
            case ast.Name(id=name) | Parameter(arg=ast.arg(arg=name)):
                return self._rests.get(name)
        return None

    # Constants

    def _constant(self, value: object) -> Pattern:
        if not isinstance(value, str):
            return Literally(value)
        if value == "...":
            return Text("")
        if value.startswith("$") and _is_variable(value[1:]):
            name = value[1:] if value != "$_" else ""
            self._singles[value] = name
            return Text(name)
        return Literally(value)

    def _formatted(self, values: list[ast.expr]) -> Pattern:
        self._quoted.update(self._quoted_names(values))
        parts = [ast.Constant(...) if _is_dots(value) else value for value in values]
        if len(parts) == 1 and _is_dots(values[0]):
            return Node(frozenset({ast.JoinedStr}))
        return Node(frozenset({ast.JoinedStr}), (("values", self._listed(parts, End())),))

    def _quoted_names(self, values: list[ast.expr]) -> Iterator[str]:
        for value in values:
            for node in ast.walk(value):
                if isinstance(node, ast.Name) and node.id in self._singles:
                    yield self._singles[node.id]

    # Lists

    def _listed(self, values: Sequence[Any], end: Pattern) -> Listed:
        rests = [self._rest_name(value) for value in values]
        start, least, more = end, 0, isinstance(end, Stop)
        last = True
        for value, rest in zip(reversed(values), reversed(rests), strict=True):
            if rest is None:
                start, least = Item(self._item(value), start), least + 1
            elif not (rest == "" and isinstance(start, Rest) and start.name == ""):
                start = Rest(rest, start, least, more, last)
                more, last = True, False
        return Listed(start, least, exact=not more)

    def _item(self, value: Any) -> Pattern:
        if isinstance(value, Parameter):
            return self._parameter(value)
        return self._node(value) if isinstance(value, ast.AST) else self._name_or(value)

    def _among(self, values: Sequence[ast.expr]) -> Pattern | None:
        found: Pattern | None = None
        for value in reversed(values):
            if self._rest_name(value) is None:
                found = Among(self._node(value), found)
        return found

    # Entries

    def _entries(self, pairs: Sequence[tuple[Any, Any]], items: Listed | None, open_: bool = False) -> Pattern:
        """pairs: (key pattern or None, value pattern or None) to be found in any order."""
        start: Pattern = Left(open_, items)
        for key, value in reversed(pairs):
            start = Taken(EntryPattern(key, value), start)
        return start

    def _arguments(self, node: Any, positional: str, fields: tuple[str, ...]) -> Pattern:
        values = list(getattr(node, positional))
        behind = [item.value for item in node.keywords if item.arg is None and self._rest_name(item.value) is not None]
        values += [value for value in behind if not values or self._rest_name(values[-1]) is None]
        pairs = [
            (self._identifier(item.arg) if item.arg is not None else None, self._node(item.value))
            for item in node.keywords
            if item.value not in behind
        ]
        is_open = any(self._rest_name(value) is not None for value in values)
        inner = tuple((name, self._node(getattr(node, name))) for name in fields)
        keywords = self._entries(pairs, self._listed(values, End()), is_open)
        return Arguments(node.__class__, inner, positional, keywords)

    def _class(self, node: ast.ClassDef) -> Pattern:
        if not node.bases and not node.keywords:
            return self._plain(node, frozenset({"bases", "keywords"}))
        rest = self._plain(node, frozenset({"bases", "keywords"}))
        bases = self._arguments(node, "bases", ())
        return Both(rest, bases)

    def _dictionary(self, node: ast.Dict) -> Pattern:
        pairs, is_open = [], False
        for key, value in zip(node.keys, node.values, strict=True):
            rest = self._rest_name(value) if key is None else None
            if rest:
                raise PatternError(f"must have `...` instead of $...{rest} in a dictionary")
            is_open = is_open or rest == ""
            if rest is None:
                pairs.append((self._node(key) if key is not None else None, self._node(value)))
        return Dictionary(self._entries(pairs, None, is_open))

    def _imported_names(self, names: Sequence[ast.alias]) -> Pattern:
        pairs = [
            (self._identifier(item.name), self._identifier(item.asname) if item.asname is not None else None)
            for item in names
        ]
        return ImportedNames(self._entries(pairs, None, open_=True))

    # Parameters

    def _parameters(self, node: ast.arguments) -> Pattern:
        items = [item for item in parameters_of(node) if item.arg.arg not in self._rests]
        needs_default = any(item.default is not None for item in items)
        return Parameters(self._listed(parameters_of(node), End()), needs_default)

    def _parameter(self, value: Parameter) -> Pattern:
        annotation, default = value.arg.annotation, value.default
        return ParameterPattern(
            value.kind,
            self._identifier(value.arg.arg),
            None if annotation is None else self._node(annotation),
            None if default is None else self._node(default),
        )


def _called(first: ast.AST, is_literal: Callable[[str], bool]) -> str:
    node = first.func if isinstance(first, ast.Call) else first
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name if name and is_literal(name) else ""


def _fits_any(listed: Listed) -> bool:
    """Whether it is `...` alone."""
    return isinstance(listed.start, Rest) and not listed.start.name and isinstance(listed.start.next, End)


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == "..."


def _is_variable(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name.upper() == name
