"""Test cases that a tool declares, read from its source and never by import."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_healer.code.literals import json_of, value_of_source
from gitops_healer.code.source import Function, Source
from gitops_healer.core.calls import Input


@dataclass(frozen=True)
class DeclaredCase:
    """error: name of the exception that is to come, "" when `value` is; where: `path:line`."""

    given: Input
    value: Any
    error: str
    where: str


def declared_cases(source: Source, symbol: str) -> tuple[DeclaredCase, ...]:
    """The keyword `examples` of a decorator, and what `get_test_cases` of the tool's class returns, as far as they are
    literals. Cases that do not fit the signature, or say neither result nor error, are left out."""
    function = function_of(source, symbol)
    if function is None:
        return ()
    found: list[DeclaredCase] = []
    for listed in (*_examples(function), *_test_cases(source, symbol)):
        for entry in _entries(source, listed):
            case = _case(source, function, entry, bound=source.parents[function] is not source.tree)
            if case is not None:
                found.append(case)
    return tuple(found)


def function_of(source: Source, symbol: str) -> Function | None:
    """The last definition of a qualified name, as Python takes it."""
    node: ast.AST = source.tree
    for name in symbol.split("."):
        named = [one for one in _definitions(node) if one.name == name]
        if not named:
            return None
        node = named[-1]
    return node if isinstance(node, Function) else None


def _definitions(node: ast.AST) -> Iterator[Function | ast.ClassDef]:
    """Those directly inside, also below `if` and `try`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            yield child
        elif isinstance(child, ast.stmt | ast.ExceptHandler):
            yield from _definitions(child)


def _examples(function: Function) -> Iterator[ast.expr]:
    for mark in function.decorator_list:
        for keyword in mark.keywords if isinstance(mark, ast.Call) else ():
            if keyword.arg == "examples":
                yield keyword.value


def _test_cases(source: Source, symbol: str) -> Iterator[ast.expr]:
    owner, _, name = symbol.rpartition(".")
    method = function_of(source, f"{owner}.get_test_cases") if owner and name == "execute" else None
    for node in ast.walk(method) if method is not None else ():
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _entries(source: Source, listed: ast.expr) -> Iterable[ast.expr]:
    """The items of a list, or of a name that the module binds once, to a list."""
    if isinstance(listed, ast.Name):
        bound = [
            node.value
            for node in source.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _binds(node, listed.id)
        ]
        listed = bound[0] if len(bound) == 1 else listed
    return listed.elts if isinstance(listed, ast.List | ast.Tuple) else ()


def _binds(node: ast.Assign | ast.AnnAssign, name: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _case(source: Source, function: Function, entry: ast.expr, *, bound: bool) -> DeclaredCase | None:
    told = _fields(entry)
    error = told.get("should_raise", "") or ""
    error = error.__name__ if isinstance(error, type) else error
    given = _given(function, told["input"], bound=bound) if "input" in told else None
    if given is None or not isinstance(error, str) or ("expected_output" not in told and not error):
        return None
    return DeclaredCase(given, told.get("expected_output"), error, f"{source.path}:{entry.lineno}")


def _fields(entry: ast.expr) -> dict[str, Any]:
    """{key: value} of what can be read; the class of an error may stand for its name."""
    found: dict[str, Any] = {}
    for key, node in zip(entry.keys, entry.values, strict=True) if isinstance(entry, ast.Dict) else ():
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if key.value == "should_raise" and isinstance(node, ast.Name):
            found[key.value] = node.id
            continue
        try:
            found[key.value] = value_of_source(node)
        except ValueError:
            continue
    return found


def _given(function: Function, value: Any, *, bound: bool) -> Input | None:
    """Keywords for a dict of parameters, positions for a list, None for what does not fit."""
    own = function.args
    names = [one.arg for one in (*own.posonlyargs, *own.args)]
    first = names[:1] if bound and names[:1] in (["self"], ["cls"], ["mcs"]) else []
    names = names[len(first) :]
    try:
        if isinstance(value, dict):
            known = {*names, *(one.arg for one in own.kwonlyargs)} - {one.arg for one in own.posonlyargs}
            fits = all(isinstance(key, str) and (key in known or own.kwarg is not None) for key in value)
            items = {key: json_of(item) for key, item in value.items()} if fits else {}
            inner = ",".join(f"{json_of(key)}:{items[key]}" for key in sorted(items))
            return ("[]", f"{{{inner}}}") if fits else None
        if isinstance(value, list | tuple) and (len(value) <= len(names) or own.vararg is not None):
            return json_of(list(value)), "{}"
    except ValueError:
        return None
    return None


def error_import(source: Source, name: str, module: str) -> str | None:
    """The statement that makes an exception's name known in another file: "" for a builtin, None when the module does
    not have that name."""
    if isinstance(getattr(builtins, name, None), type):
        return ""
    for node in source.tree.body:
        names = [alias.asname or alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        if name in names or (isinstance(node, ast.ClassDef) and node.name == name):
            return f"from {module} import {name}"
    return None
