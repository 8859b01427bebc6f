"""What names of a project's files stand for: functions, classes, objects of known classes, things from outside.

Nothing runs. Files are parsed when a question leads to them.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from gitops_healer.code.model import CodeModel
from gitops_healer.code.parsing import parsed
from gitops_healer.code.reach_values import MUTATING, UNKNOWN, Kind, Value

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_REEXPORTS = 8
BUILTINS = frozenset(dir(builtins))


class ModuleNames:
    """One parsed file. definitions: functions and classes at any depth, by qualified name."""

    def __init__(self, model: CodeModel, path: str) -> None:
        self.path = path
        self.name = model.module_name(path) or path
        self.tree = parsed(model.source(path) or b"") or ast.Module([], [])
        self.definitions: dict[str, ast.AST] = {}
        self.lambdas: dict[str, ast.Lambda] = {}
        self._collect(self.tree, "")

    def _collect(self, node: ast.AST, prefix: str) -> None:
        waiting = [(node, prefix)]
        while waiting:
            above, inside = waiting.pop()
            for child in ast.iter_child_nodes(above):
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    name = f"{inside}{child.name}"
                    if name not in self.definitions or not _accessory(child):
                        self.definitions[name] = child
                    waiting.append((child, f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."))
                elif not isinstance(child, ast.expr):
                    waiting.append((child, inside))

    @cached_property
    def assigned(self) -> dict[str, list[ast.expr]]:
        """{name: what is assigned to it} at the top of the module."""
        found: dict[str, list[ast.expr]] = {}
        for node in _statements(self.tree.body):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    for name in names_in(target):
                        found.setdefault(name, []).append(node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, []).append(node.value or node.annotation)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, []).append(node.value)
        return found

    @cached_property
    def annotated(self) -> dict[str, ast.expr]:
        return {
            node.target.id: node.annotation
            for node in _statements(self.tree.body)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }

    @cached_property
    def changed(self) -> frozenset[str]:
        """Module level names that a function of this file binds again or whose value it changes, told by its text."""
        found: set[str] = set()
        for name, node in self.definitions.items():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "<locals>" not in name:
                found |= _changed_by(node)
        return frozenset(found & self.assigned.keys())

    def class_body(self, qualname: str) -> list[ast.stmt]:
        node = self.definitions.get(qualname)
        return node.body if isinstance(node, ast.ClassDef) else []


def _changed_by(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    bound: set[str] = {arg.arg for node in ast.walk(function) if isinstance(node, ast.arguments) for arg in every(node)}
    rebound: set[str] = set()
    changed: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Global(names=names):
                rebound.update(names)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.Attribute(ctx=ast.Store() | ast.Del()):
                changed.add(root_of(node))
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in MUTATING:
                changed.add(root_of(value))
    return rebound | (changed - bound)


def every(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (one for one in (arguments.vararg, arguments.kwarg) if one is not None)


def root_of(node: ast.expr) -> str:
    """The name that a chain of attributes and items begins with, "" where it begins with something else."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_in(target: ast.expr) -> Iterator[str]:
    waiting = [target]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting += parts
            case ast.Starred(value=part):
                waiting.append(part)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of a body, also below `if`, `try` and `with`, not those of functions and classes."""
    waiting = list(reversed(list(body)))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.ExceptHandler)]
            waiting += [
                one
                for child in reversed(inner)
                for one in (reversed(child.body) if isinstance(child, ast.ExceptHandler) else [child])
            ]


def _accessory(node: ast.AST) -> bool:
    marks = getattr(node, "decorator_list", [])
    return any(isinstance(mark, ast.Attribute) and mark.attr in ("setter", "deleter") for mark in marks) or any(
        (isinstance(mark, ast.Name) and mark.id == "overload")
        or (isinstance(mark, ast.Attribute) and mark.attr == "overload")
        for mark in marks
    )


class Project:
    """The files of a model, parsed as they are needed."""

    def __init__(self, model: CodeModel) -> None:
        self.model = model
        self._modules: dict[str, ModuleNames] = {}
        self._imports: dict[str, dict[str, tuple[Value, ...]]] = {}
        self._setters: dict[tuple[str, str], Mapping[str, tuple[str, ...]]] = {}
        self._near: dict[str, frozenset[str]] = {}
        self._lines: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}

    def module(self, path: str) -> ModuleNames:
        if path not in self._modules:
            self._modules[path] = ModuleNames(self.model, path)
        return self._modules[path]

    def label(self, path: str, qualname: str) -> str:
        return f"{self.module(path).name}:{qualname}"

    def named(self, path: str, name: str, depth: int = _REEXPORTS) -> tuple[Value, ...]:
        """What a name at the top of a file stands for; assigned names are not followed, they are () here."""
        module = self.module(path)
        node = module.definitions.get(name)
        if isinstance(node, ast.ClassDef):
            return (Value(Kind.CLASS, name, path),)
        if node is not None:
            return (Value(Kind.FUNCTION, name, path),)
        if name in module.assigned:
            return ()
        found = self.imported(path, depth).get(name)
        if found is not None:
            return found
        for star in self._stars(path) if depth else ():
            inner = self.named(star, name, depth - 1)
            if inner and inner != (UNKNOWN,):
                return inner
            if name in self.module(star).assigned:
                return (Value(Kind.MODULE, name, star),)
        if name in BUILTINS:
            return (Value(Kind.OUTER, name),)
        return (UNKNOWN,)

    def imported(self, path: str, depth: int = _REEXPORTS) -> dict[str, tuple[Value, ...]]:
        """{name: what it stands for}. A variable of another module is a MODULE with the name of the variable."""
        if path in self._imports:
            return self._imports[path]
        found: dict[str, list[Value]] = {}
        facts = self.model.facts(path)
        self._imports[path] = {}
        for item in facts.imports:
            reached = sorted(self.model.targets(path, item), key=lambda target: not target.package)
            targets = {target.bound: target.path for target in reached if target.bound}
            if not item.names:
                found.setdefault(item.bound, []).append(self._plain(item.module, item.bound, targets.get(item.bound)))
            for original, bound in item.names:
                if original != "*":
                    dotted = f"{'.' * item.level}{item.module}{'.' if item.module else ''}{original}"
                    where = targets.get(bound)
                    values = self._from(where, original, depth) if where else (Value(Kind.OUTER, dotted),)
                    found.setdefault(bound, []).extend(values)
        self._imports[path] = {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
        return self._imports[path]

    def _plain(self, dotted: str, bound: str, path: str | None) -> Value:
        if path is None:
            top = dotted if bound != dotted.partition(".")[0] else bound
            return Value(Kind.OUTER, top)
        if bound == dotted.partition(".")[0] and bound != dotted:
            top_path = self.model.path_of(bound)
            return Value(Kind.MODULE, "", top_path) if top_path else Value(Kind.OUTER, bound)
        return Value(Kind.MODULE, "", path)

    def _from(self, path: str, original: str, depth: int) -> tuple[Value, ...]:
        module = self.module(path)
        if original in module.definitions or original in module.assigned:
            return self.named(path, original) or (Value(Kind.MODULE, original, path),)
        if module.name.rpartition(".")[2] == original and original not in self._names_imported(path):
            return (Value(Kind.MODULE, "", path),)
        return self.named(path, original, depth - 1) if depth else (UNKNOWN,)

    def _names_imported(self, path: str) -> set[str]:
        return {bound for item in self.model.facts(path).imports for _, bound in item.names}

    def _stars(self, path: str) -> list[str]:
        return [
            target.path
            for item in self.model.facts(path).imports
            if any(original == "*" for original, _ in item.names)
            for target in self.model.targets(path, item)
            if not target.package and target.path != path
        ]

    def attribute_of_module(self, path: str, name: str) -> tuple[Value, ...]:
        """`module.name`: something of the module, else its submodule; () for a variable of it."""
        found = self.named(path, name)
        if found == (UNKNOWN,) or (found and found[0].kind is Kind.OUTER and name in BUILTINS):
            inner = self.model.path_of(f"{self.module(path).name}.{name}")
            return (Value(Kind.MODULE, "", inner),) if inner else (UNKNOWN,)
        return found

    # Classes

    def bases(self, path: str, qualname: str) -> Iterator[tuple[Value, ...]]:
        node = self.module(path).definitions.get(qualname)
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            yield self.dotted(path, base)

    def dotted(self, path: str, node: ast.expr, depth: int = 4) -> tuple[Value, ...]:
        """What a chain of names at the top of a file stands for, subscripts left away; also one that is assigned."""
        match node:
            case ast.Subscript(value=value) if depth:
                return self.dotted(path, value, depth - 1)
            case ast.Name(id=name) if depth:
                found = self.named(path, name)
                if found and found[0].kind is Kind.MODULE and found[0].name:
                    path, name, found = found[0].path, found[0].name, ()
                return found or self._assigned(path, name, depth - 1) or (UNKNOWN,)
            case ast.Attribute(value=value, attr=attr):
                return tuple(inner for one in self.dotted(path, value, depth) for inner in self._inside(one, attr))
        return (UNKNOWN,)

    def _assigned(self, path: str, name: str, depth: int) -> tuple[Value, ...]:
        """What a name stands for that is assigned other names, as `Alias = module.Class` does."""
        given = self.module(path).assigned.get(name, ())
        return tuple(dict.fromkeys(value for node in given for value in self.dotted(path, node, depth)))

    def _inside(self, value: Value, attr: str) -> tuple[Value, ...]:
        if value.kind is Kind.MODULE and not value.name:
            return self.attribute_of_module(value.path, attr) or self._assigned(value.path, attr, 2) or (UNKNOWN,)
        if value.kind is Kind.OUTER:
            return (replace(value, name=f"{value.name}.{attr}"),)
        if value.kind is Kind.CLASS and f"{value.name}.{attr}" in self.module(value.path).definitions:
            return (replace(value, name=f"{value.name}.{attr}"),)
        return (UNKNOWN,)

    def line_of(self, path: str, qualname: str) -> tuple[tuple[str, str], ...]:
        """A class and its bases in the order in which attributes are looked for (depth first). ("", dotted) is one from
        outside, ("", "") one that nobody knows."""
        key = path, qualname
        if key in self._lines:
            return self._lines[key]
        self._lines[key] = (key,)
        found = [key]
        for values in self.bases(path, qualname):
            for value in values:
                if value.kind is Kind.CLASS:
                    found += self.line_of(value.path, value.name)
                else:
                    found.append(("", value.name if value.kind is Kind.OUTER else ""))
        self._lines[key] = tuple(reversed(dict.fromkeys(reversed(found))))
        return self._lines[key]

    def method(self, of: tuple[str, str], name: str, after: tuple[str, str] | None = None) -> Value | None:
        """A function in the body of a class or of a base. after: begin behind this class, as `super()` does."""
        line = self.line_of(*of)
        begin = line.index(after) + 1 if after in line else 0
        for path, qualname in line[begin:]:
            node = self.module(path).definitions.get(f"{qualname}.{name}") if path else None
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return Value(Kind.FUNCTION, f"{qualname}.{name}", path, of)
        return None

    def outer_bases(self, of: tuple[str, str]) -> tuple[str, ...]:
        return tuple(name for path, name in self.line_of(*of) if not path)

    def setters(self, path: str, qualname: str) -> Mapping[str, tuple[str, ...]]:
        """{attribute: methods in the body of a class that set one of that name}"""
        key = path, qualname
        if key not in self._setters:
            found: dict[str, dict[str, None]] = {}
            for method in self.module(path).class_body(qualname):
                if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                for node in ast.walk(method):
                    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                        found.setdefault(node.attr, {})[method.name] = None
            self._setters[key] = {attr: tuple(methods) for attr, methods in found.items()}
        return self._setters[key]

    def methods_near(self, path: str) -> frozenset[str]:
        """Names of methods of classes in a file and in those that it imports."""
        if path not in self._near:
            paths = {path, *(t.path for item in self.model.facts(path).imports for t in self.model.targets(path, item))}
            self._near[path] = frozenset(
                item.qualname.rpartition(".")[2]
                for one in paths
                for item in self.model.facts(one).definitions
                if not item.is_class and "." in item.qualname and ".<locals>" not in item.qualname
            )
        return self._near[path]


def is_abstract(node: ast.AST) -> bool:
    """Whether a function has no body of its own: `...`, a docstring, `raise NotImplementedError`, `@abstractmethod`."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    if any("abstract" in (mark.attr if isinstance(mark, ast.Attribute) else getattr(mark, "id", ""))
           for mark in node.decorator_list):  # fmt: skip
        return True
    rest = [item for item in node.body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))]
    if len(rest) == 1 and isinstance(rest[0], ast.Raise) and rest[0].exc is not None:
        raised = rest[0].exc.func if isinstance(rest[0].exc, ast.Call) else rest[0].exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    ellipsis = [item for item in node.body if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)]
    return not rest and any(isinstance(item.value, ast.Constant) and item.value.value is ... for item in ellipsis)
