"""One pass over the syntax tree of one file: imports, definitions, measures, uses and the token stream together.

Statements are read by one method each; expressions, which are nine tenths of the nodes, in one loop without calls.
Everything that has to look at every node of a file stands here, because a second walk costs as much as the parser.
"""

import ast
from array import array
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from gitops_healer.code.binding import bound_names, strings_in
from gitops_healer.code.facts import (
    MAX_BYTES,
    ClassFacts,
    Definition,
    Detail,
    Facts,
    Ignore,
    Import,
    ImportKind,
    Method,
    count_lines,
    ignores_in,
    is_final,
    kind_inside,
    kinds_of_branches,
    parse,
)
from gitops_healer.code.flow.cases import cases_of
from gitops_healer.code.flow.cognitive import cognitive_complexity
from gitops_healer.code.tokens import CODE_OF, CODES, CONSTANT_OF, END, STATEMENT, NameBytes
from gitops_healer.code.truth import Truth, TruthTeller

_ACCESSORIES = frozenset({"setter", "deleter", "getter"})
_TESTS = frozenset({ast.Name, ast.Attribute, ast.UnaryOp, ast.BoolOp, ast.Constant})
"""Inside of functions only tests like these can mean `TYPE_CHECKING` or a constant."""
_LONGEST_MENTION = 80
_NAME, _ATTRIBUTE, _CALL, _KEYWORD = CODES["Name"], CODES["Attribute"], CODES["Call"], CODES["keyword"]
_ARG, _WITHITEM, _HANDLER = CODES["arg"], CODES["withitem"], CODES["ExceptHandler"]
_ATOMS = frozenset({ast.Load, ast.Store, ast.Del})
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    cls: tuple(field for field in reversed(cls._fields) if field not in ("ctx", "kind", "type_comment", "conversion"))
    for cls in CODE_OF
}
"""Fields in reverse, as a stack wants them."""
_CODE_NAMES = NameBytes()


class _AttributeOfName(dict[str, bytes]):
    """{attribute: the tokens of `name.attribute`}, the most frequent expression of all."""

    def __missing__(self, attribute: str) -> bytes:
        found = self[attribute] = bytes((_ATTRIBUTE, _CODE_NAMES[attribute], _NAME))
        return found


_ATTRIBUTE_OF_NAME = _AttributeOfName()
_MODULE, _NOBODY = -1, -2


class Extraction:
    """What is gathered while a file is read; `facts` packs it."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._truth = TruthTeller(tree)
        self.imports: list[Import] = []
        self.names: set[str] = set()
        self.exports: list[str] | None = None
        self.tokens = bytearray()
        self.lines = array("I")
        self._qualnames: list[str] = []
        self._nodes: list[Any] = []
        self._spans: list[tuple[int, int]] = []
        self._branches: list[int] = []
        self._structured: set[int] = set()  # functions in which control flow is more than one statement after another
        self._calls: list[set[str]] = []
        self._uses: dict[int, set[str]] = {}
        self._classes: list[tuple[int, ast.ClassDef, list[tuple[str, int]], set[str]]] = []
        self._mentions: set[str] = set()
        self._outer_branches = 0
        self._outer_calls: set[str] = set()
        # Where the reader stands
        self._kind = ImportKind.MODULE
        self._prefix = ""
        self._owner = _MODULE  # definition whose complexity grows
        self._top = True  # whether names bound here are the module's
        self._class = -1  # index into _classes while directly in a class body
        self._self = ""  # what the method at hand calls its object
        self._used: set[str] = set()  # attributes of that object
        self._called = self._outer_calls
        self._block(tree.body)

    # Results

    def facts(self, lines: int, source: bytes) -> Facts:
        definitions = [self._defined(number, node) for number, node in enumerate(self._nodes)]
        return Facts.of(
            total_lines=lines,
            complexity=sum(self._branches) + self._outer_branches,
            imports=tuple(sorted(self.imports, key=lambda item: item.line)),
            exports=None if self.exports is None else tuple(self.exports),
            definitions=tuple(definitions),
            names=frozenset(self.names),
            detail=self._detail(ignores_in(source, definitions)),
        )

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last offset in the token stream of each definition."""
        return self._spans

    def _defined(self, number: int, node: Any) -> Definition:
        is_class = node.__class__ is ast.ClassDef
        is_plain = is_class or number not in self._structured
        decorators = node.decorator_list
        return Definition(
            self._qualnames[number],
            is_class,
            decorators[0].lineno if decorators else node.lineno,
            node.end_lineno,
            self._branches[number],
            bool(decorators) and any(_is_accessory(item, node.name) for item in decorators),
            0 if is_plain else cognitive_complexity(node),
            0 if is_class else _count(node.args),
            bool(decorators),
            self._shape(number),
            node.lineno,
        )

    def _shape(self, number: int) -> str:
        start, end = self._spans[number]
        return blake2b(self.tokens[start:end], digest_size=8).hexdigest()

    def _detail(self, ignores: tuple[Ignore, ...]) -> Detail:
        functions = [
            (qualname, node)
            for qualname, node in zip(self._qualnames, self._nodes, strict=True)
            if node.__class__ is not ast.ClassDef
        ]
        classes = tuple(
            ClassFacts(
                index,
                tuple(_dotted(base) for base in node.bases),
                tuple(_dotted(decorator) for decorator in node.decorator_list),
                tuple(Method(name, own, tuple(sorted(self._uses.get(own, ())))) for name, own in methods),
                tuple(sorted(attributes)),
            )
            for index, node, methods, attributes in self._classes
        )
        return Detail(
            classes=classes,
            calls=tuple(tuple(sorted(called)) for called in self._calls),
            outer_calls=tuple(sorted(self._outer_calls)),
            mentions=tuple(sorted(self._mentions)),
            ignores=ignores,
            cases=tuple(cases_of(functions, self._tree)),
        )

    # Statements

    def _block(self, body: list[ast.stmt]) -> None:
        lines, tokens = self.lines, self.tokens
        for node in body:
            cls = node.__class__
            lines.append(node.lineno)
            tokens.append(STATEMENT)
            handler = _STATEMENTS.get(cls)
            if handler is not None:
                handler(self, node)
            else:
                self._expression(node)
        tokens.append(END)

    def _inner(self, body: list[ast.stmt], kind: ImportKind) -> None:
        """A block whose imports run under another condition."""
        if body:
            outer, self._kind = self._kind, kind_inside(self._kind, kind)
            self._block(body)
            self._kind = outer

    def _branch(self, number: int) -> None:
        if self._owner >= 0:
            self._branches[self._owner] += number
            self._structured.add(self._owner)
        elif self._owner == _MODULE:
            self._outer_branches += number

    def _uncounted(self, *nodes: ast.AST | None) -> None:
        """Expressions whose branches are nobody's: radon, whose numbers ours are, does not look into them."""
        owner, self._owner = self._owner, _NOBODY
        for node in nodes:
            if node is not None:
                self._expression(node)
        self._owner = owner

    def _expression_statement(self, node: Any) -> None:
        value = node.value
        if value.__class__ is ast.Constant and isinstance(value.value, str):
            self.tokens.pop()  # a docstring, or a comment in disguise
            self.lines.pop()
        else:
            self._expression(value)

    def _import(self, node: ast.Import) -> None:
        self.tokens.append(CODES["Import"])
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            self.imports.append(Import(node.lineno, self._kind, 0, alias.name, (), bound))

    def _import_from(self, node: ast.ImportFrom) -> None:
        self.tokens.append(CODES["ImportFrom"])
        names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
        self._mentions.update(name for name, _ in names)
        self.imports.append(Import(node.lineno, self._kind, node.level, node.module or "", names))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        number = self._define(node)
        state = self._owner, self._kind, self._prefix, self._top, self._class, self._self, self._used, self._called
        if self._class >= 0:
            self._classes[self._class][2].append((node.name, number))
            self._self, self._used = _first_argument(node), self._uses.setdefault(number, set())
        self._called = self._calls[number]
        if self._owner >= 0:  # what stands inside of a function makes the outer one harder to follow
            self._structured.add(self._owner)
        self._signature(node.args)
        if node.returns is not None:
            self._mention_only(node.returns)
        self._owner, self._top, self._class = number, False, -1
        self._kind = self._kind if is_final(self._kind) else ImportKind.FUNCTION
        self._prefix = f"{self._prefix}{node.name}.<locals>."
        self._block(node.body)
        self._owner, self._kind, self._prefix, self._top, self._class, self._self, self._used, self._called = state
        self._spans[number] = self._spans[number][0], len(self.tokens)

    def _class_definition(self, node: ast.ClassDef) -> None:
        number = self._define(node)
        for part in (*node.bases, *node.keywords):
            self._expression(part)
        if self._owner >= 0:
            self._structured.add(self._owner)
        state = self._owner, self._prefix, self._top, self._class, self._self
        self._owner, self._prefix, self._top, self._self = number, f"{self._prefix}{node.name}.", False, ""
        self._class = len(self._classes)
        self._classes.append((number, node, [], set()))
        self._block(node.body)
        self._owner, self._prefix, self._top, self._class, self._self = state
        self._spans[number] = self._spans[number][0], len(self.tokens)

    def _define(self, node: Any) -> int:
        """Note the definition; its decorators and name belong to what stands around it."""
        if self._top and not is_final(self._kind):
            self.names.add(node.name)
        number = len(self._nodes)
        self._spans.append((len(self.tokens) - 1, 0))
        self.tokens.append(CODE_OF[node.__class__])
        if node.decorator_list:
            self._uncounted(*node.decorator_list)
        self._qualnames.append(self._prefix + node.name)
        self._nodes.append(node)
        self._branches.append(0 if node.__class__ is ast.ClassDef else 1)
        self._calls.append(set())
        return number

    def _signature(self, arguments: ast.arguments) -> None:
        self.tokens.extend(bytes((_ARG,)) * _count(arguments))
        self._uncounted(*arguments.defaults, *arguments.kw_defaults)
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                self._mention_only(argument.annotation)
        for star in (arguments.vararg, arguments.kwarg):
            if star is not None and star.annotation is not None:
                self._mention_only(star.annotation)

    def _if(self, node: Any) -> None:
        """An `if` with all its `elif`s, which are nested in the tree and not in the file."""
        outer, depth = self._kind, 0
        while True:
            self._branch(1)
            self.tokens.append(CODES["If"])
            self._expression(node.test)
            is_plain = self._owner >= 0 and node.test.__class__ not in _TESTS
            yes, no = kinds_of_branches(Truth.UNKNOWN if is_plain else self._truth.of(node.test))
            self._inner(node.body, yes)
            self._kind = kind_inside(self._kind, no)
            rest = node.orelse
            if not (len(rest) == 1 and rest[0].__class__ is ast.If):
                break
            node = rest[0]
            self.lines.append(node.lineno)
            self.tokens.append(STATEMENT)
            depth += 1
        if rest:
            self._block(rest)
        self.tokens.extend(bytes((END,)) * depth)
        self._kind = outer

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._branch(2 if node.orelse else 1)
        self.tokens.append(CODE_OF[node.__class__])
        self._bind(node)
        self._expression(node.target)
        self._expression(node.iter)
        self._inner(node.body, ImportKind.CONDITIONAL)
        self._inner(node.orelse, ImportKind.CONDITIONAL)

    def _while(self, node: ast.While) -> None:
        self._branch(2 if node.orelse else 1)
        self.tokens.append(CODES["While"])
        self._expression(node.test)
        self._inner(node.body, ImportKind.CONDITIONAL)
        self._inner(node.orelse, ImportKind.CONDITIONAL)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        self.tokens.append(CODE_OF[node.__class__])
        self._bind(node)
        for item in node.items:
            self.tokens.append(_WITHITEM)
            self._expression(item.context_expr)
            if item.optional_vars is not None:
                self._expression(item.optional_vars)
        self._block(node.body)

    def _try(self, node: ast.Try) -> None:
        self._branch(len(node.handlers) + bool(node.orelse))
        self.tokens.append(CODE_OF[node.__class__])
        guarded = ImportKind.TRY if node.handlers else ImportKind.MODULE
        self._inner(node.body, guarded)
        for handler in node.handlers:
            self.tokens.append(_HANDLER)
            if handler.type is not None:
                self._expression(handler.type)
            self._inner(handler.body, guarded)
        for body in (node.orelse, node.finalbody):
            if body:
                self._block(body)

    def _match(self, node: ast.Match) -> None:
        self.tokens.append(CODES["Match"])
        self._expression(node.subject)
        wild = any(isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None for case in node.cases)
        self._branch(max(0, len(node.cases) - wild))
        for case in node.cases:
            self.tokens.append(CODES["match_case"])
            self._expression(case.pattern)
            if case.guard is not None:
                self._expression(case.guard)
            self._inner(case.body, ImportKind.CONDITIONAL)

    def _assert(self, node: ast.Assert) -> None:
        self._branch(1)
        self.tokens.append(CODES["Assert"])
        self._uncounted(node.test, node.msg)

    def _assign(self, node: ast.Assign) -> None:
        if self._top or self._class >= 0:
            self._bind(node)
        self.tokens.append(CODES["Assign"])
        for target in node.targets:
            self._expression(target)
        self._expression(node.value)

    def _assign_more(self, node: ast.AugAssign | ast.AnnAssign) -> None:
        self._bind(node)
        self.tokens.append(CODE_OF[node.__class__])
        if isinstance(node, ast.AugAssign):
            self.tokens.append(CODE_OF[node.op.__class__])
        self._expression(node.target)
        if node.value is not None:
            self._expression(node.value)
        if isinstance(node, ast.AnnAssign):
            self._mention_only(node.annotation)

    def _type_alias(self, node: Any) -> None:
        name, value = node.name, node.value
        if self._top and not is_final(self._kind) and isinstance(name, ast.Name):
            self.names.add(name.id)
        self.tokens.append(CODES["TypeAlias"])
        self._expression(value)

    def _bind(self, node: ast.stmt) -> None:
        if self._class >= 0:
            self._classes[self._class][3].update(bound_names(node))
        if not self._top or is_final(self._kind):
            return
        bound = bound_names(node)
        self.names.update(bound)
        if "__all__" in bound and isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            listed = strings_in(node.value)
            if listed is not None:
                self.exports = [*(self.exports or []), *listed]

    # Expressions

    def _mention_only(self, node: Any) -> None:
        """Names of an annotation: they are used, and no part of the shape."""
        if node.__class__ is ast.Name:
            self._mentions.add(node.id)
            return
        length = len(self.tokens)
        self._uncounted(node)
        del self.tokens[length:]

    def _expression(self, root: Any) -> None:
        """Everything below a node, in the order of the fields, without recursion."""
        cls = root.__class__
        if cls is ast.Name:  # half of all roots: not worth a stack
            self.tokens.append(_NAME)
            self._mentions.add(root.id)
            return
        stack: list[Any] = [root]
        pop, push, extend = stack.pop, stack.append, stack.extend
        tokens = self.tokens
        emit, mention = tokens.append, self._mentions.add
        itself = self._self
        while stack:
            node = pop()
            cls = node.__class__
            if cls is ast.Name:
                emit(_NAME)
                mention(node.id)
            elif cls is ast.Constant:
                value = node.value
                emit(CONSTANT_OF[value.__class__])
                if value.__class__ is str and len(value) < _LONGEST_MENTION and value.replace(".", "_").isidentifier():
                    self._mentions.update(value.split("."))
            elif cls is ast.Attribute:
                attr = node.attr
                mention(attr)
                value = node.value
                if value.__class__ is ast.Name:
                    tokens += _ATTRIBUTE_OF_NAME[attr]
                    name = value.id
                    mention(name)
                    if name == itself and name:
                        self._used.add(attr)
                else:
                    emit(_ATTRIBUTE)
                    emit(_CODE_NAMES[attr])
                    push(value)
            elif cls is ast.Call:
                emit(_CALL)
                func = node.func
                keywords = node.keywords
                if keywords:
                    extend(keywords[::-1])
                args = node.args
                if args:
                    extend(args[::-1])
                if func.__class__ is ast.Name:
                    name = func.id
                    emit(_NAME)
                    emit(_CODE_NAMES[name])
                    mention(name)
                    self._called.add(name)
                else:
                    push(func)
                    if func.__class__ is ast.Attribute:
                        owner = func.value
                        called = f"{owner.id}.{func.attr}" if owner.__class__ is ast.Name else _dotted(func)
                        self._called.add(called)
            elif cls in _ATOMS:
                pass
            elif cls is ast.BinOp:
                emit(CODE_OF[node.op.__class__])
                push(node.right)
                push(node.left)
            elif cls is ast.keyword:
                emit(_KEYWORD)
                if node.arg:
                    emit(_CODE_NAMES[node.arg])
                push(node.value)
            elif cls is ast.BoolOp:
                values = node.values
                emit(CODE_OF[node.op.__class__])
                self._branch(len(values) - 1)
                extend(values[::-1])
            elif cls is ast.Compare:
                for operator in node.ops:
                    emit(CODE_OF[operator.__class__])
                extend(node.comparators[::-1])
                push(node.left)
            elif cls is ast.UnaryOp:
                emit(CODE_OF[node.op.__class__])
                push(node.operand)
            else:
                emit(CODE_OF[cls])
                if cls is ast.comprehension:
                    self._branch(1 + len(node.ifs))
                elif cls is ast.IfExp:
                    self._branch(1)
                for field in _FIELDS[cls]:
                    value = getattr(node, field, None)
                    if value.__class__ is list:
                        extend(item for item in reversed(value) if isinstance(item, ast.AST))
                    elif isinstance(value, ast.AST):
                        push(value)


_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    ast.Expr: Extraction._expression_statement,
    ast.Import: Extraction._import,
    ast.ImportFrom: Extraction._import_from,
    ast.FunctionDef: Extraction._function,
    ast.AsyncFunctionDef: Extraction._function,
    ast.ClassDef: Extraction._class_definition,
    ast.If: Extraction._if,
    ast.For: Extraction._loop,
    ast.AsyncFor: Extraction._loop,
    ast.While: Extraction._while,
    ast.With: Extraction._with,
    ast.AsyncWith: Extraction._with,
    ast.Try: Extraction._try,
    ast.TryStar: Extraction._try,
    ast.Match: Extraction._match,
    ast.Assert: Extraction._assert,
    ast.Assign: Extraction._assign,
    ast.AugAssign: Extraction._assign_more,
    ast.AnnAssign: Extraction._assign_more,
}
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = Extraction._type_alias


def _dotted(node: Any) -> str:
    """`a.b.c`; what the chain begins with is `?` when it is no name. A call stands for what it calls."""
    parts: list[str] = []
    while True:
        if node.__class__ is ast.Attribute:
            parts.append(node.attr)
            node = node.value
        elif node.__class__ is ast.Name:
            parts.append(node.id)
            break
        elif not parts and node.__class__ in (ast.Call, ast.Subscript):
            node = node.func if isinstance(node, ast.Call) else node.value
        else:
            parts.append("?")
            break
    if len(parts) == 2:
        return f"{parts[1]}.{parts[0]}"
    return ".".join(reversed(parts))


def _first_argument(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What a method calls its object or class, "" for a static method."""
    if any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in node.decorator_list):
        return ""
    arguments = node.args.posonlyargs or node.args.args
    return arguments[0].arg if arguments else ""


def _count(arguments: ast.arguments) -> int:
    stars = (arguments.vararg is not None) + (arguments.kwarg is not None)
    return len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs) + stars


def _is_accessory(decorator: ast.expr, name: str) -> bool:
    """`@overload`, and `@name.setter` and the like of a property."""
    match decorator:
        case ast.Name(id="overload") | ast.Attribute(attr="overload"):
            return True
        case ast.Attribute(value=ast.Name(id=owner), attr=attr):
            return owner == name and attr in _ACCESSORIES
    return False


class Reading(NamedTuple):
    """One file read once. tree: None when it could not be parsed; tokens, lines: see `code.tokens`; spans: first and
    last offset in the stream of each definition."""

    facts: Facts
    tree: ast.Module | None = None
    tokens: bytes = b""
    lines: Sequence[int] = ()
    spans: Sequence[tuple[int, int]] = ()


def read_source(source: bytes) -> Reading:
    """Everything that can be known of a Python file. Never raises: what cannot be read says why."""
    lines = count_lines(source)
    tree = parse(source)
    if isinstance(tree, str):
        return Reading(Facts(False, tree, 0 if len(source) > MAX_BYTES else lines, detail=Detail()))
    try:
        found = Extraction(tree)
        return Reading(found.facts(lines, source), tree, bytes(found.tokens), found.lines, found.spans)
    except RecursionError:
        return Reading(Facts(False, "nested too deeply for the reader", lines, detail=Detail()))


def extract(source: bytes) -> Facts:
    """The facts alone."""
    return read_source(source).facts
