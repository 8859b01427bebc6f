"""Control flow that does more work than it has to, or that never runs; what kinds there are stands in `flow.kinds`."""

import ast
from collections.abc import Sequence
from contextlib import suppress

from gitops_healer.code.facts import Case
from gitops_healer.code.flow.blocks import BlockReader, Function
from gitops_healer.code.flow.names import ModuleNames

_LONGEST = 80


def cases_of(functions: Sequence[tuple[str, Function]], module: ast.Module) -> list[Case]:
    """What is inefficient in a file, in its order.

    functions: every function with its qualified name, nested ones and methods too; what stands outside of functions
    is looked at as well, as far as order of statements goes (symbol ""), since anybody may change names of a module.
    """
    names = ModuleNames(module, functions)
    found: list[Case] = []
    symbol = ""

    def note(kind: str, first: ast.AST, last: ast.AST, detail: str) -> None:
        start: int = first.lineno  # type: ignore[attr-defined]
        end: int = last.end_lineno  # type: ignore[attr-defined]
        text = " ".join(detail.split())
        found.append(Case(kind, start, end, symbol, text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."))

    reader = BlockReader(note, names)
    with suppress(RecursionError):
        reader.read_module(module)
    for symbol, function in functions:
        with suppress(RecursionError):  # an expression a thousand levels deep, which somebody's program wrote
            reader.read_function(function, symbol)
    return sorted(set(found), key=lambda case: (case.start, case.end, case.kind, case.detail))
