"""What one file says of its functions and classes as possible tools, read by one parse and never by import."""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gitops_healer.code import fast_json
from gitops_healer.code.facts import parse

_LONGEST_DOC = 4000
_MOST_WORDS = 200
_SAID = ("idempotent", "side_effects", "safe_for_shadow_testing", "requires_mocking")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NAME = re.compile(r"[^\W\d]\w*")


class Row(NamedTuple):
    """One definition. marks: dotted names of decorators (functions) or bases (classes), with the names that imports
    and assignments at the top bind put in (`.pkg.x` for relative imports); told: (characteristic, literal) pairs;
    examples: whether it declares any; aliased: the name that the decorator gives (`name="a:b"`), else ""."""

    qualname: str
    is_class: bool
    start: int
    end: int
    marks: tuple[str, ...]
    signature: str
    docstring: str
    told: tuple[tuple[str, str], ...]
    examples: bool
    aliased: str
    words: tuple[str, ...]


class Sheet(NamedTuple):
    """bound: {name at the top: dotted name that it stands for}; stars: modules of `from x import *`."""

    rows: tuple[Row, ...] = ()
    bound: tuple[tuple[str, str], ...] = ()
    stars: tuple[str, ...] = ()

    def pack(self) -> bytes:
        return fast_json.dumps(self)

    @classmethod
    def unpack(cls, data: bytes) -> "Sheet | None":
        """None when the bytes are not what `pack` makes."""
        try:
            rows, bound, stars = fast_json.loads(data)
            return cls(tuple(_row(row) for row in rows), tuple((name, to) for name, to in bound), tuple(stars))
        except (ValueError, TypeError):
            return None


def _row(row: list[Any]) -> Row:
    name, is_class, start, end, marks, signature, doc, told, examples, aliased, words = row
    pairs = tuple((key, value) for key, value in told)
    return Row(name, is_class, start, end, tuple(marks), signature, doc, pairs, examples, aliased, tuple(words))


def sheet_of(source: bytes) -> Sheet:
    """Empty for what is no Python."""
    tree = parse(source)
    if isinstance(tree, str):
        return Sheet()
    bound, stars = _bindings(tree)
    try:
        return Sheet(tuple(_rows(tree, "", bound)), tuple(sorted(bound.items())), tuple(stars))
    except RecursionError:
        return Sheet()


def _bindings(tree: ast.Module) -> tuple[dict[str, str], list[str]]:
    bound: dict[str, str] = {}
    stars: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                if alias.name == "*":
                    stars.append(module)
                else:
                    joint = "" if module.endswith(".") else "."
                    bound[alias.asname or alias.name] = f"{module}{joint}{alias.name}"
    for item in tree.body:
        if isinstance(item, ast.Assign) and len(item.targets) == 1 and isinstance(item.targets[0], ast.Name):
            value = item.value.func if isinstance(item.value, ast.Call) else item.value
            name = _dotted(value, bound)
            if name and name.partition(".")[0] != item.targets[0].id:
                bound[item.targets[0].id] = name
    return bound, stars


def _dotted(node: ast.expr, bound: dict[str, str]) -> str:
    """The name behind `a.b`, `a.b(...)` or `A[T]`, or "" for what is no name."""
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return ""
    return ".".join([bound.get(node.id, node.id), *reversed(parts)])


def _rows(node: ast.AST, prefix: str, bound: dict[str, str]) -> Iterator[Row]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            name = f"{prefix}{child.name}"
            yield _definition(child, name, bound)
            inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
            yield from _rows(child, inner, bound)
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _rows(child, prefix, bound)


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, name: str, bound: dict[str, str]) -> Row:
    is_class = isinstance(node, ast.ClassDef)
    marks = [_dotted(mark, bound) for mark in (node.bases if isinstance(node, ast.ClassDef) else node.decorator_list)]
    start = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    told, examples, aliased = _told(node)
    doc = (ast.get_docstring(node) or "")[:_LONGEST_DOC]
    signature = "" if isinstance(node, ast.ClassDef) else _signature(node)
    words = () if isinstance(node, ast.ClassDef) else _words(node)
    return Row(
        name, is_class, start, node.end_lineno or node.lineno, tuple(mark for mark in marks if mark), signature, doc,
        told, examples, aliased, words,
    )  # fmt: skip


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    try:
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"({ast.unparse(node.args)}){result}"
    except (RecursionError, ValueError):
        return "(...)"


def _told(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> tuple[tuple[tuple[str, str], ...], bool, str]:
    """What decorators with keywords say, and for a class whether it has test cases."""
    if isinstance(node, ast.ClassDef):
        methods = {item.name for item in node.body if isinstance(item, _FUNCTIONS)}
        return (), "get_test_cases" in methods, ""
    told: list[tuple[str, str]] = []
    examples, aliased = False, ""
    for mark in node.decorator_list:
        for keyword in mark.keywords if isinstance(mark, ast.Call) else ():
            if keyword.arg in _SAID:
                told.append((keyword.arg, _literal(keyword.value)))
            elif keyword.arg == "examples":
                examples = True
            elif keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                aliased = str(keyword.value.value) if ":" in str(keyword.value.value) else ""
    return tuple(told), examples, aliased


def _literal(node: ast.expr) -> str:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "unknown"
    return ", ".join(sorted(map(str, value))) if isinstance(value, list | tuple | set) else str(value)


def _words(node: ast.AST) -> tuple[str, ...]:
    """Names of parameters, variables, attributes and keywords, in the order of their first use."""
    found: dict[str, None] = {}
    for child in ast.walk(node):
        match child:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                found.setdefault(name)
    return tuple(found)[:_MOST_WORDS]
