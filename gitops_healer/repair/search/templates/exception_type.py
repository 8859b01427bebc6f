"""The wrong exception is caught or raised."""

import ast
import builtins
import re
from collections.abc import Iterator

from gitops_healer.repair.search.edits import replaced
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template

# What is confused, likeliest first: relatives in the hierarchy of builtin exceptions, and those of the same operation.
_FAMILIES = (
    ("KeyError", "IndexError", "LookupError", "AttributeError"),
    ("ValueError", "TypeError", "KeyError", "IndexError", "AttributeError", "OverflowError", "UnicodeDecodeError"),
    ("ZeroDivisionError", "ArithmeticError", "OverflowError", "ValueError"),
    ("OSError", "FileNotFoundError", "PermissionError", "FileExistsError", "IsADirectoryError", "TimeoutError"),
    ("StopIteration", "StopAsyncIteration", "IndexError", "GeneratorExit"),
    ("RuntimeError", "NotImplementedError", "RecursionError", "ValueError"),
    ("ConnectionError", "TimeoutError", "OSError", "EOFError"),
    ("CancelledError", "TimeoutError", "KeyboardInterrupt"),
    ("ImportError", "ModuleNotFoundError", "AttributeError"),
    ("NameError", "UnboundLocalError", "AttributeError"),
)
_USUAL = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "RuntimeError",
    "LookupError",
    "OSError",
)
_ERROR_NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning|Exists|NotFound|Timeout|Iteration)\b")
_TOO_WIDE = frozenset({"Exception", "BaseException"})


@repair_template(
    prior=0.067,
    examples=(
        Example(
            "def f(d, k):\n    try:\n        return d[k]\n    except IndexError:\n        return None\n",
            "def f(d, k):\n    try:\n        return d[k]\n    except KeyError:\n        return None\n",
        ),
        Example(
            "def f(d, k):\n    try:\n        return int(d[k])\n    except KeyError as e:\n        return e\n",
            "def f(d, k):\n    try:\n        return int(d[k])\n"
            "    except (KeyError, ValueError) as e:\n        return e\n",
        ),
        Example(
            "def f(x):\n    if not x:\n        raise TypeError('empty')\n    return x\n",
            "def f(x):\n    if not x:\n        raise ValueError('empty')\n    return x\n",
        ),
    ),
)
def exception_type(target: Target) -> Iterator[Rewrite]:
    """Catch or raise another exception: `KeyError` for `IndexError`; catch one more; let pass what is not expected."""
    for node in target.nodes:
        match node:
            case ast.ExceptHandler(type=ast.expr() as caught):
                yield from _caught(target, node, caught)
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name() as error]) if error.id in _known(target):
                if target.source.faithful(error):
                    yield from _tested(target, error)
            case ast.Raise(exc=ast.Call(func=ast.Name() as error) | (ast.Name() as error)) if error.id in _known(
                target
            ):
                for rank, name in enumerate(_others(target, error.id)):
                    title = f"Raise {name} instead of {error.id}"
                    yield Rewrite((replaced(target, error, name),), error.lineno, title, 1 / (1 + 0.2 * rank))


def _tested(target: Target, error: ast.expr) -> Iterator[Rewrite]:
    """The class that `isinstance` asks for."""
    for rank, name in enumerate(_others(target, target.text(error))):
        spans = (replaced(target, error, name),)
        yield Rewrite(spans, error.lineno, f"Ask for {name} instead of {target.text(error)}", 0.7 / (1 + 0.2 * rank))


def _caught(target: Target, handler: ast.ExceptHandler, caught: ast.expr) -> Iterator[Rewrite]:
    types = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = [target.text(one) for one in types]
    try_line = target.source.parents[handler].body[0].lineno  # type: ignore[attr-defined]
    for number, one in enumerate(types):
        for rank, name in enumerate(_others(target, names[number])):
            if name in names:
                continue
            title = f"Catch {name} instead of {names[number]}"
            yield Rewrite((replaced(target, one, name),), try_line, title, 0.9 / (1 + 0.2 * rank))
            more = f"({', '.join([*names, name])})"
            caution = "catches more exceptions"
            yield Rewrite((_whole(target, caught, more),), try_line, f"Catch {name} too", 1 / (1 + 0.2 * rank), caution)
        if len(types) > 1:
            fewer = [*names[:number], *names[number + 1 :]]
            new = fewer[0] if len(fewer) == 1 else f"({', '.join(fewer)})"
            yield Rewrite((_whole(target, caught, new),), try_line, f"Do not catch {names[number]}", 0.4)


def _whole(target: Target, caught: ast.expr, new: str) -> Span:
    return replaced(target, caught, new)


def _known(target: Target) -> frozenset[str]:
    """Exception classes by name: builtin ones and those of the module."""
    own = {name for name in target.ingredients.module_names if _ERROR_NAME.fullmatch(name)}
    return frozenset(name for name in dir(builtins) if _is_error(name)) | own


def _is_error(name: str) -> bool:
    value = getattr(builtins, name)
    return isinstance(value, type) and issubclass(value, BaseException)


def _others(target: Target, name: str) -> list[str]:
    """Exceptions that may be meant, likeliest first: named in the docstring, relatives, of the module, usual ones."""
    known = _known(target)
    told = [one for one in _ERROR_NAME.findall(target.docstring) if one in known]
    bare = name.rpartition(".")[2]
    near = [one for family in _FAMILIES if bare in family for one in family if "." not in one]
    own = [one for one in target.ingredients.module_names if _ERROR_NAME.fullmatch(one)]
    return [
        one
        for one in dict.fromkeys([*told, *near, *own, *_USUAL])
        if one != name and one not in _TOO_WIDE and one in known
    ]
