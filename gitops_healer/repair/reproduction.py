"""Calls with known results as a test file: what the search works with, and the regression test of the repair."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from textwrap import fill
from typing import Any, Final

from gitops_healer.code.declared import error_import, function_of
from gitops_healer.code.literals import imports_of, source_of, value_of_json
from gitops_healer.code.source import Function, Source, read_source
from gitops_healer.core.change import Change, Edit
from gitops_healer.registry import Scene
from gitops_healer.repair.house_style import HouseStyle
from gitops_healer.repair.oracle import Expectation

_WIDTH: Final = 88  # columns: the narrowest that common formatters use
_MOST_LINES: Final = 40  # of cases
_AROUND: Final = 44  # lines of the file beside its cases and of the repair, when these are many
_FOR_FAILING: Final = 0.7  # share that calls that fail may take
_LONGEST: Final = 12  # lines of one case


@dataclass(frozen=True)
class Reproduction:
    """A new test file. calls: that it makes, in the order of its tests."""

    path: str
    text: str
    calls: tuple[Expectation, ...]

    @property
    def change(self) -> Change:
        return Change((Edit(self.path, 0, "", self.text),))

    @property
    def module(self) -> str:
        return PurePosixPath(self.path).stem


@dataclass(frozen=True)
class _Call:
    expectation: Expectation
    args: list[Any]
    kwargs: dict[str, Any]

    @property
    def value(self) -> Any:
        return self.expectation.value

    @property
    def error(self) -> str:
        return self.expectation.error


def reproduction(scene: Scene, tool: str, path: str, expectations: Sequence[Expectation]) -> Reproduction | None:
    """Tests that make the calls and compare what they give; None when there is nothing that can be written so.

    Written as the project's tests are: in their folder, named alike, unittest where they are run by that. Calls come
    in the order given as long as there is room; floats are compared nearly.
    """
    source = read_source(path, scene.code.source(path) or b"")
    symbol = tool.partition(":")[2]
    function = function_of(source, symbol) if source is not None else None
    if source is None or function is None or _is_async_generator(function):
        return None
    house = HouseStyle.of(scene, path, tool.partition(":")[0], symbol)
    calls = [call for one in expectations if (call := _read(one)) is not None]
    called = _called(function, symbol)
    writer = _Unittest if house.unittest else _Pytest
    file = writer(house, called, symbol, source)
    room = max(4, min(_MOST_LINES, scene.settings.risk.max_lines - _AROUND))
    kept = tuple(_fitting(calls, file, room))
    if not kept:
        return None
    return Reproduction(house.path, file.text(kept), tuple(call.expectation for call in kept))


def _read(expectation: Expectation) -> _Call | None:
    try:
        args, kwargs = value_of_json(expectation.given[0]), value_of_json(expectation.given[1])
    except ValueError:
        return None
    return _Call(expectation, args, kwargs) if isinstance(args, list) and isinstance(kwargs, dict) else None


def _fitting(calls: Sequence[_Call], file: "_File", room: int) -> Iterator[_Call]:
    """Those for which there is room (lines), failing ones first, the kinds of calls together."""
    chosen: list[_Call] = []
    left = room
    for call in sorted(calls, key=lambda one: not one.expectation.fails):
        lines = file.lines_of(call)
        least = int(room * (1 - _FOR_FAILING)) if call.expectation.fails and chosen else 0
        if lines is not None and lines <= _LONGEST and left - lines >= least:
            chosen.append(call)
            left -= lines
    yield from sorted(chosen, key=lambda one: (not one.expectation.fails, bool(one.error)))


def _called(function: Function, symbol: str) -> str:
    """`f({})`, with what an async function or a generator needs around it."""
    owner = symbol.rpartition(".")[0]
    marks = {mark.id for mark in function.decorator_list if isinstance(mark, ast.Name)}
    method = bool(owner) and not marks & {"staticmethod", "classmethod"}
    call = f"{owner}().{function.name}({{}})" if method else f"{symbol}({{}})"
    if isinstance(function, ast.AsyncFunctionDef):
        return f"asyncio.run({call})"
    return f"list({call})" if _yields(function) else call


def _yields(function: Function) -> bool:
    """Whether it is a generator: a `yield` of its own, not one of a function inside."""

    def own(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, Function | ast.Lambda | ast.ClassDef):
                yield child
                yield from own(child)

    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own(function))


def _is_async_generator(function: Function) -> bool:
    return isinstance(function, ast.AsyncFunctionDef) and _yields(function)


# Writing


@dataclass(frozen=True)
class _File:
    """How calls become the text of a file. called: the call with `{}` for its arguments."""

    house: HouseStyle
    called: str
    symbol: str
    source: Source

    def lines_of(self, call: _Call) -> int | None:
        """Lines that a call takes; None when it cannot be written down."""
        clash = self.symbol.partition(".")[0] in {"datetime", "Decimal", "Fraction", "Path", "PurePosixPath", "UUID"}
        if clash or (call.error and error_import(self.source, call.error, self.house.module) is None):
            return None
        return self.case(call).count("\n")

    def case(self, call: _Call) -> str:
        raise NotImplementedError

    def text(self, calls: Sequence[_Call]) -> str:
        raise NotImplementedError

    def head(self, calls: Sequence[_Call], runner: str) -> str:
        """Docstring and imports, in the order that isort wants."""
        top = self.symbol.partition(".")[0]
        needed = {statement for call in calls for statement in _needed(call)}
        needed |= {"import asyncio"} if "asyncio." in self.called else set()
        needed |= {"from typing import Any"} if self.house.annotated and runner == "pytest" else set()
        standard = needed | ({"import unittest"} if runner == "unittest" else set())
        names = [top, *(call.error for call in calls if call.error and self._foreign(call.error))]
        own = f"from {self.house.module} import {', '.join(sorted(set(names)))}"
        groups = [sorted(standard, key=lambda one: (one.startswith("from"), one))]
        groups += [["import pytest"]] if runner == "pytest" else []
        imports = "\n\n".join("\n".join(group) for group in [*groups, [own]] if group)
        return f'"""{self._about(calls)}"""\n\n{imports}\n'

    def _foreign(self, error: str) -> bool:
        return bool(error_import(self.source, error, self.house.module))

    def _about(self, calls: Sequence[_Call]) -> str:
        mended = [call.expectation for call in calls if call.expectation.fails]
        reasons = " and from ".join(dict.fromkeys(reason for one in mended for reason in one.known_from))
        first = fill(f"Recorded calls of `{self.symbol}`.", _WIDTH - 3)
        said = "What those that failed should give is known from" if mended else "They gave this when recorded"
        return f"{first}\n\n{fill(f'{said} {reasons}.' if reasons else f'{said}.', _WIDTH)}\n"

    def arguments(self, call: _Call, indent: int) -> str:
        """As they are written in a call, on one line when that fits."""
        items = [(("", item)) for item in call.args] + [(f"{name}=", item) for name, item in call.kwargs.items()]
        line = ", ".join(f"{name}{source_of(item, width=10**6)}" for name, item in items)
        if indent + len(line) <= _WIDTH - 20 or not items:
            return line
        inner = " " * (indent + 4)
        rows = (
            f"{inner}{name}{source_of(item, indent=indent + 4, before=len(name), width=_WIDTH)},\n"
            for name, item in items
        )
        return f"\n{''.join(rows)}{' ' * indent}"


def _needed(call: _Call) -> frozenset[str]:
    value = frozenset[str]() if call.error else imports_of(call.value)
    return imports_of(call.args) | imports_of(call.kwargs) | value


@dataclass(frozen=True)
class _Pytest(_File):
    """One parametrised test for calls that failed, one for those that worked, one for errors."""

    def case(self, call: _Call) -> str:
        return f"{self._row(call, with_kwargs=bool(call.kwargs))},\n"

    def _row(self, call: _Call, *, with_kwargs: bool) -> str:
        args = source_of(tuple(call.args), indent=8, before=1, width=_WIDTH - 30)
        parts = [args, *([source_of(call.kwargs, indent=8, width=_WIDTH)] if with_kwargs else [])]
        parts.append(call.error if call.error else source_of(call.value, indent=8, width=_WIDTH, about="pytest.approx"))
        line = f"        ({', '.join(parts)})"
        if "\n" not in line and len(line) < _WIDTH:
            return line
        inner = " " * 12
        wide = [source_of(tuple(call.args), indent=12, width=_WIDTH)]
        wide += [source_of(call.kwargs, indent=12, width=_WIDTH)] if with_kwargs else []
        wide.append(call.error or source_of(call.value, indent=12, width=_WIDTH, about="pytest.approx"))
        return f"        (\n{''.join(f'{inner}{part},{chr(10)}' for part in wide)}        )"

    def text(self, calls: Sequence[_Call]) -> str:
        groups: dict[tuple[bool, bool], list[_Call]] = {}
        for call in calls:
            groups.setdefault((call.expectation.fails, bool(call.error)), []).append(call)
        tests = "".join(self._test(fails, error, group) for (fails, error), group in groups.items())
        return f"{self.head(calls, 'pytest')}{tests}"

    def _test(self, fails: bool, error: bool, calls: Sequence[_Call]) -> str:
        with_kwargs = any(call.kwargs for call in calls)
        names = ["args", *(["kwargs"] if with_kwargs else []), "error" if error else "expected"]
        rows = "".join(f"{self._row(call, with_kwargs=with_kwargs)},\n" for call in calls)
        what = {
            (True, False): "that_failed", (False, False): "that_worked",
            (True, True): "that_should_raise", (False, True): "that_raises",
        }[fails, error]  # fmt: skip
        typed = [f"{name}: Any" if self.house.annotated else name for name in names]
        returns = " -> None" if self.house.annotated else ""
        call = self.called.format("*args, **kwargs" if with_kwargs else "*args")
        body = f"with pytest.raises(error):\n        {call}" if error else f"assert {call} == expected"
        quoted = ", ".join(f'"{name}"' for name in names)
        return (
            f"\n\n@pytest.mark.parametrize(\n    ({quoted}),\n    [\n{rows}    ],\n)\n"
            f"def test_{self.house.name}_{what}({', '.join(typed)}){returns}:\n    {body}\n"
        )


@dataclass(frozen=True)
class _Unittest(_File):
    """One method a call."""

    def case(self, call: _Call) -> str:
        arguments = self.called.format(self.arguments(call, 8))
        if call.error:
            return f"        with self.assertRaises({call.error}):\n            {arguments}\n"
        check = "assertAlmostEqual" if isinstance(call.value, float) else "assertEqual"
        value = source_of(call.value, indent=8, before=40, width=_WIDTH)
        line = f"        self.{check}({arguments}, {value})\n"
        if len(line) <= _WIDTH and line.count("\n") == 1:
            return line
        inner = " " * 12
        wide = source_of(call.value, indent=12, width=_WIDTH)
        spread = self.called.format(self.arguments(call, 12))
        return f"        self.{check}(\n{inner}{spread},\n{inner}{wide},\n        )\n"

    def lines_of(self, call: _Call) -> int | None:
        lines = super().lines_of(call)
        return None if lines is None else lines + 2

    def text(self, calls: Sequence[_Call]) -> str:
        returns = " -> None" if self.house.annotated else ""
        words = self.house.name.split("_")
        title = "".join(word.capitalize() for word in words)
        methods = (
            f"    def test_call_{number:02}{'_that_failed' if call.expectation.fails else ''}(self){returns}:\n"
            f"{self.case(call)}"
            for number, call in enumerate(calls, 1)
        )
        body = "\n".join(methods)
        return f"{self.head(calls, 'unittest')}\n\nclass Recorded{title}Test(unittest.TestCase):\n{body}"
