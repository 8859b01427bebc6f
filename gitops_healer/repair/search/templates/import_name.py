"""A wrong module or a wrong name is imported, or none at all."""

import ast
import builtins
import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache

from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import Example, Rewrite, Span, repair_template
from gitops_healer.repair.search.templates._places import alike, short

_CLOSE = 0.6
_MOST = 5
# Modules of the standard library that are asked for their names; to import them does nothing.
_USUAL = (
    "math re json os os.path sys time datetime calendar random string textwrap collections collections.abc itertools "
    "functools operator typing dataclasses enum abc contextlib copy heapq bisect decimal fractions statistics pathlib "
    "io csv hashlib base64 uuid logging argparse shutil tempfile subprocess threading queue asyncio warnings inspect "
    "types secrets struct urllib.parse unicodedata weakref zlib configparser html shlex numbers pprint traceback"
).split()
_FROM = re.compile(rb"from\s+(?P<module>[.\w]+)\s+import\b")


@repair_template(
    prior=0.1,
    examples=(
        Example("from maths import sqrt\n", "from math import sqrt\n"),
        Example("import jsn as json\n", "import json as json\n"),
        Example(
            "from collections import dataclass, deque\n",
            "from collections import deque\nfrom dataclasses import dataclass\n",
        ),
        Example("from itertools import acumulate  # kept\n", "from itertools import accumulate  # kept\n"),
        Example(
            "import json as jsn\n\ndef f(x):\n    return json.loads(x)\n",
            "import json\n\ndef f(x):\n    return json.loads(x)\n",
        ),
        Example(
            "import re\n\ndef f(x):\n    return math.sqrt(x)\n",
            "import re\nimport math\n\ndef f(x):\n    return math.sqrt(x)\n",
        ),
        Example(
            '"""Doc."""\n\ndef f(x):\n    return deque(x)\n',
            '"""Doc."""\nfrom collections import deque\n\ndef f(x):\n    return deque(x)\n',
        ),
    ),
)
def import_name(target: Target) -> Iterator[Rewrite]:
    """Import another module or name, or one more: `from math import sqrt` for `from maths import sqrt`."""
    for node in target.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _other_module(target, alias)
        elif isinstance(node, ast.ImportFrom):
            yield from _other_source(target, node)
            for alias in node.names:
                yield from _other_name(target, node, alias)
    yield from _unbound(target)


def _other_module(target: Target, alias: ast.alias) -> Iterator[Rewrite]:
    start = target.source.offset(alias.lineno, alias.col_offset)
    for new, weight in _close(alias.name, _modules(target)):
        span = Span(start, start + len(alias.name.encode()), new)
        yield from _made(target, span, alias.lineno, f"Import {short(new)} instead of {short(alias.name)}", weight)


def _other_source(target: Target, node: ast.ImportFrom) -> Iterator[Rewrite]:
    """Another module to import from: one that binds the names, or one that is spelt alike."""
    span = _module_span(target, node)
    if span is None or any(alias.name == "*" for alias in node.names):
        return
    names = [alias.name for alias in node.names]
    lead, now = "." * node.level, node.module or ""
    found = dict(_close(now, _relatives(target, node)))
    for module in _that_bind(target, names):
        found[module] = max(found.get(module, 0.0), 0.5 + 0.5 * alike(module, now))
    for module, weight in found.items():
        new = module if module in _USUAL or not lead else lead + module
        title = f"Import from {short(new)} instead of {short(lead + now)}"
        yield from _made(target, Span(*span, new), node.lineno, title, weight)
    if len(names) > 1 and not node.level:
        for alias in node.names:
            yield from _apart(target, node, alias)


def _apart(target: Target, node: ast.ImportFrom, alias: ast.alias) -> Iterator[Rewrite]:
    """One of several names comes from a module of its own."""
    start, end = target.source.span(node)
    now = _names_of(node.module or "")
    if node.lineno != node.end_lineno or (now and alias.name in now) or not _ends_line(target, end):
        return
    kept = ", ".join(_written(one) for one in node.names if one is not alias)
    indent = target.source.indent_at(node.lineno)
    for module in _that_bind(target, [alias.name])[:_MOST]:
        lines = f"from {node.module} import {kept}{target.source.newline_at(node.lineno)}{indent}"
        text = f"{lines}from {module} import {_written(alias)}"
        title = f"Import {short(alias.name)} from {short(module)}"
        yield from _made(target, Span(start, end, text), node.lineno, title, 0.7 if module != node.module else 0.0)


def _ends_line(target: Target, end: int) -> bool:
    return target.source.data[end : end + 1] in (b"", b"\n", b"\r")


def _written(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _other_name(target: Target, node: ast.ImportFrom, alias: ast.alias) -> Iterator[Rewrite]:
    start = target.source.offset(alias.lineno, alias.col_offset)
    names = _names_of(node.module or "") if not node.level else ()
    known = names or _names_of_project(target, node.module or "")
    if alias.name == "*" or alias.name in known:
        return
    for new, weight in _close(alias.name, known):
        used = alias.asname or not _is_used(target, alias.name)
        text = new if used else f"{new} as {alias.name}"
        title = f"Import {short(new)} instead of {short(alias.name)}"
        yield from _made(target, Span(start, start + len(alias.name.encode()), text), alias.lineno, title, weight)


def _unbound(target: Target) -> Iterator[Rewrite]:
    """Imports for names that nothing in the file binds."""
    done: set[tuple[str, int]] = set()
    for node in target.nodes:
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id in _bound(target):
            continue
        if (node.id, node.lineno) not in done:
            done.add((node.id, node.lineno))
            yield from _renamed(target, node)
            yield from _added(target, node)


def _renamed(target: Target, node: ast.Name) -> Iterator[Rewrite]:
    """An import binds the module to the name by which it is used."""
    for statement in ast.walk(target.source.tree):
        for alias in statement.names if isinstance(statement, ast.Import | ast.ImportFrom) else ():
            if alias.name == "*" or not (alias.asname or alias.name == node.id or alike(alias.name, node.id) > _CLOSE):
                continue
            weight = 1.0 if alias.name == node.id else 0.8 * alike(alias.asname or alias.name, node.id)
            text = alias.name if alias.name == node.id else f"{alias.name} as {node.id}"
            span = Span(*target.source.span(alias), text)  # type: ignore[arg-type]
            yield from _made(target, span, node.lineno, f"Import {short(alias.name)} as {short(node.id)}", weight)


def _added(target: Target, node: ast.Name) -> Iterator[Rewrite]:
    found = [f"import {node.id}"] if node.id in sys.stdlib_module_names or node.id in _modules(target) else []
    found += [f"from {module} import {node.id}" for module in _that_bind(target, [node.id])]
    at = _import_place(target)
    if at is None:
        return
    start, indent = at
    newline = target.source.newline_at(1)
    for rank, text in enumerate(found[:_MOST]):
        span = Span(start, start, f"{indent}{text}{newline}")
        yield from _made(target, span, node.lineno, f"Add `{text}`", 1 / (1 + 0.3 * rank))


def _import_place(target: Target) -> tuple[int, str] | None:
    """The start of the line behind the last import of the module, else behind its docstring; its indentation."""
    source, last = target.source, 0
    for number, statement in enumerate(source.tree.body):
        documents = number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not isinstance(statement, ast.Import | ast.ImportFrom) and not documents:
            break
        last = statement.end_lineno or statement.lineno
    if last and not _ends_line(target, source.offset(last, len(source.lines[last - 1].rstrip(b"\r\n")))):
        return None
    if last >= len(source.starts):
        return None
    first = last == 0 and source.data.startswith((b"\xef\xbb\xbf", b"#"))
    return None if first else (source.starts[last], "")


def _made(target: Target, span: Span, line: int, title: str, weight: float) -> Iterator[Rewrite]:
    """The rewrite, when what it replaces stands there and the result is Python."""
    data = target.source.data
    if data[span.start : span.end].decode("utf-8", "surrogateescape") == span.new or weight <= 0:
        return
    if target.source.encoding.startswith("utf-8") or span.new.isascii():
        yield Rewrite((span,), line, title, min(1.0, weight))


def _module_span(target: Target, node: ast.ImportFrom) -> tuple[int, int] | None:
    start, _ = target.source.span(node)
    found = _FROM.match(target.source.data, start)
    now = "." * node.level + (node.module or "")
    return found.span("module") if found is not None and found["module"] == now.encode() else None


def _close(name: str, known: Iterable[str]) -> list[tuple[str, float]]:
    """Names that are spelt nearly so, with weights: nearest first."""
    found = get_close_matches(name, set(known), _MOST, _CLOSE)
    return [(one, 1 / (1 + 0.3 * rank)) for rank, one in enumerate(found) if one != name]


def _modules(target: Target) -> tuple[str, ...]:
    public = [name for name in sys.stdlib_module_names if not name.startswith("_")]
    return (*public, *_USUAL, *target.ingredients.modules)


def _relatives(target: Target, node: ast.ImportFrom) -> tuple[str, ...]:
    if not node.level:
        return _modules(target)
    return tuple({name.rpartition(".")[2] for name in target.ingredients.modules})


def _that_bind(target: Target, names: list[str]) -> list[str]:
    """Modules of the project, then of the standard library, that bind all the names."""
    own = [module for module, bound in target.ingredients.modules.items() if set(names) <= set(bound)]
    return [*own, *(module for module in _USUAL if set(names) <= set(_names_of(module)))][:_MOST]


def _names_of_project(target: Target, module: str) -> tuple[str, ...]:
    found = [bound for name, bound in target.ingredients.modules.items() if f".{name}".endswith(f".{module}")]
    return found[0] if module and len(found) == 1 else ()


@lru_cache(maxsize=128)
def _names_of(module: str) -> tuple[str, ...]:
    """Public names of a usual module; none of others, which are not imported."""
    if module not in _USUAL:
        return ()
    return tuple(name for name in dir(importlib.import_module(module)) if not name.startswith("_"))


def _is_used(target: Target, name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target.source.tree))


@lru_cache(maxsize=16)
def _bound(target: Target) -> frozenset[str]:
    """All names that anything in the file binds anywhere, and builtins; with a star import nobody knows."""
    found = {*dir(builtins), "__file__", "__path__", "__builtins__", "__class__"}
    for node in ast.walk(target.source.tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found.update(alias.asname or alias.name.partition(".")[0] for alias in aliases)
    if "*" in found:
        found.update(n.id for n in ast.walk(target.source.tree) if isinstance(n, ast.Name))
    return frozenset(found)
