"""Gives live functions new code. Runs inside the sandbox: standard library only, on any Python from 3.8.

A definition that was edited is compiled by itself, as if it stood in its file and its class (indentation, private
names, `__class__`, `from __future__`), and its code is put into every function object that runs the old code. What is
evaluated when a definition is executed - decorators, defaults, annotations - stays what it was.
"""

from __future__ import annotations
import __future__

import ast
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from .failures import relative

_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class UnfitError(Exception):
    """The new definition cannot be put into the running program."""


class LiveCode:
    """The functions of the tree that are alive now, by file, first line and name."""

    def __init__(self, root: str) -> None:
        self.named: dict[tuple[str, int, str], list[FunctionType]] = {}
        self.running: dict[int, list[FunctionType]] = {}
        places: dict[str, str] = {}
        for function in gc.get_objects():
            if type(function) is not FunctionType:
                continue
            code = function.__code__
            if code.co_filename not in places:
                places[code.co_filename] = relative(code.co_filename, root)
            key = (places[code.co_filename], code.co_firstlineno, code.co_name)
            self.named.setdefault(key, []).append(function)
            self.running.setdefault(id(code), []).append(function)

    def swap(self, part: dict[str, Any]) -> None:
        """part: path; names: of the classes and the function; line: where the old function begins, decorators
        included; text: the new definition without decorators; first: the line of its `def`. Raises UnfitError, and
        SyntaxError when the text is none."""
        functions = self.named.get((part["path"], part["line"], part["names"][-1]), [])
        if not functions:
            raise UnfitError("no function of the program was made by this definition")
        for old in {id(function.__code__): function.__code__ for function in functions}.values():
            new = compiled(part, old)
            for was, now in paired(old, new, self.running):
                for function in self.running.get(id(was), []):
                    function.__code__ = now


def compiled(part: dict[str, Any], old: CodeType) -> CodeType:
    """The code of the definition for the place of the old one. Raises UnfitError, SyntaxError."""
    names, text = part["names"], part["text"]
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    opened = [f"{indent[:depth]}class {name}:\n" for depth, name in enumerate(names[:-1])]
    if indent and not opened:
        opened = ["if 1:\n"]
    tree = ast.parse("".join(opened) + text, old.co_filename)
    definition = _only_definition(tree, len(opened))
    if definition.name != names[-1]:
        raise UnfitError("the definition has another name")
    ast.increment_lineno(tree, part["first"] - 1 - len(opened))
    _strip(definition)
    module = compile(tree, old.co_filename, "exec", old.co_flags & _FUTURE, dont_inherit=True)
    return _inner(module, names)


def _only_definition(tree: ast.Module, depth: int) -> Any:
    body: list[ast.stmt] = tree.body
    for _ in range(depth):
        if len(body) != 1 or not isinstance(body[0], (ast.ClassDef, ast.If)):
            raise UnfitError("the change goes beyond the definition")
        body = body[0].body
    if len(body) != 1 or not isinstance(body[0], _DEFINITIONS):
        raise UnfitError("the change goes beyond the definition")
    return body[0]


def _strip(definition: Any) -> None:
    arguments = definition.args
    definition.decorator_list, definition.returns = [], None
    arguments.defaults, arguments.kw_defaults = [], [None for _ in arguments.kwonlyargs]
    everyone = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    for argument in everyone:
        if argument is not None:
            argument.annotation = None


def _inner(code: CodeType, names: list[str]) -> CodeType:
    for name in names:
        found = [inner for inner in code.co_consts if isinstance(inner, CodeType) and inner.co_name == name]
        if not found:
            raise UnfitError("the definition has no code of its own")
        code = found[-1]
    return code


def paired(old: CodeType, new: CodeType, running: dict[int, list[FunctionType]]) -> Iterator[tuple[CodeType, CodeType]]:
    """Old code that runs, with the new code at the same place: first the function's, then that of functions in it
    which are alive (what a decorator returned, for instance). Raises UnfitError when a place is gone or its variables
    of outer functions are others."""
    if id(old) in running and old.co_freevars != new.co_freevars:
        raise UnfitError("it uses other variables of the functions around it")
    yield old, new
    inside, fresh = _nested(old), _nested(new)
    if [code.co_name for code in inside] == [code.co_name for code in fresh]:
        for place, was in enumerate(inside):
            yield from paired(was, fresh[place], running)
    elif any(id(code) in running for code in _all_nested(old)):
        raise UnfitError("a function inside it that is in use has another place now")


def _nested(code: CodeType) -> list[CodeType]:
    return [inner for inner in code.co_consts if isinstance(inner, CodeType)]


def _all_nested(code: CodeType) -> Iterator[CodeType]:
    for inner in _nested(code):
        yield inner
        yield from _all_nested(inner)


class Watch:
    """Notes which code of the tree runs while the project is imported and its tests are collected: what came of that
    is not made anew when such a function gets new code."""

    def __init__(self) -> None:
        self.codes: dict[int, CodeType] = {}

    def start(self) -> None:
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            monitoring.use_tool_id(monitoring.PROFILER_ID, "gitops-healer")
            monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.PY_START, self._started)
            monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.PY_START)
        else:
            sys.setprofile(self._profile)

    def stop(self, root: str) -> list[tuple[str, int]]:
        """(path, first line) of functions of the tree that ran."""
        if sys.version_info >= (3, 12):
            sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
            sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)
        else:
            sys.setprofile(None)
        found = []
        for code in self.codes.values():
            path = relative(code.co_filename, root)
            if path != code.co_filename and code.co_name != "<module>":
                found.append((path, code.co_firstlineno))
        return sorted(set(found))

    def _started(self, code: CodeType, _offset: int) -> Any:
        self.codes[id(code)] = code
        return getattr(sys, "monitoring").DISABLE  # noqa: B009 - mypy checks for a version without it

    def _profile(self, frame: Any, event: str, _argument: Any) -> None:
        if event == "call":
            self.codes[id(frame.f_code)] = frame.f_code
