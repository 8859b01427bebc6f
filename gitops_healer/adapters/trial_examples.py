"""What examples in documentation give, in several versions of a program. Runs inside the sandbox: standard library
only, on any Python from 3.8."""

from __future__ import annotations

import ast
import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .failures import masked, relative, type_name
from .trial_observer import endings_of

MAX_TEXT = 2000


def evaluated(path: str, root: str, sources: Sequence[str], swap: Callable[[], None], until: float) -> list[str] | None:
    """One ending a source (statements, the last one perhaps an expression), each in a copy of the module's names:
    what it printed or `repr` of its value, `! ErrorType: message`; None when the module is not loaded."""
    module = _module(path, root)
    if module is None:
        return None
    return endings_of([_maker(source, module) for source in sources], swap, until)


def _module(path: str, root: str) -> Any:
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and relative(file, root) == path:
            return module
    return None


def _maker(source: str, module: Any) -> Callable[[], str]:
    return lambda: _ending(source, dict(vars(module)))


def _ending(source: str, names: dict[str, Any]) -> str:
    said = io.StringIO()
    try:
        tree = ast.parse(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(said):
            exec(compile(tree, "<example>", "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<example>", "eval"), names)
                print("" if value is None else repr(value), file=said)
    except BaseException as error:
        return f"! {type_name(error)}: {masked(str(error))[:200]}"
    return f"= {masked(said.getvalue())[:MAX_TEXT]}"
