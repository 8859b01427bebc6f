"""Statement templates on code that nobody wrote for them: what they yield can be applied and compiled."""

import ast
import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops_healer.code.source import read_source
from gitops_healer.registry import discover
from gitops_healer.repair.search.ingredients import Ingredients
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate, Rewrite

NAMES = {
    "alias_copy", "assignment_target", "augmented_assignment", "borrowed_statement", "cleanup_block",
    "condition_branches", "discarded_result", "exception_type", "if_or_while", "initial_value",
    "instance_attribute", "loop_control", "loop_else", "loop_mutation", "loop_range", "missing_branch",
    "missing_condition", "missing_global", "missing_guard", "missing_raise", "missing_return",
    "missing_statement", "statement_depth", "statement_order", "superfluous_branch", "superfluous_statement",
    "yield_form",
}  # fmt: skip
RARE = {"instance_attribute", "loop_else", "missing_global"}  # their mistakes are not in the standard library
TEMPLATES = {t.name: t for t in discover("gitops_healer.repair.search.templates", RepairTemplate) if t.name in NAMES}
FILES, PARTS, SAMPLE = 60, 45, 1  # how many files, functions and classes of them, rewrites of each by each template
STRANGE = {
    "one line": "def f(x):\n    for i in x: y = i; print(y)\n    if x: return y\n    else: y = 2; return 1\n",
    "tabs": "def f(x):\n\tn = 0\n\tfor i in x:\n\t\tif i:\n\t\t\tn = i\n\t\telse:\n\t\t\treturn 1\n\treturn n\n",
    "windows": "def f(x):\r\n    n = 0\r\n    for i in x:\r\n        n = i\r\n    return n\r\n",
    "no end": "def f(x):\n    n = []\n    for i in x:\n        n.append(i)\n        if i:\n            break",
    "backslash": "def f(x):\n    n = 0; m = \\\n  1\n    if x: \\\n        n = m\n    return \\\n        n\n",
    "strings": 'def f(x):\n    if x:\n        y = """a\n  b"""\n        print(y)\n    return """\nz""", x\n',
    "async": (
        "async def f(x):\n    async for i in x:\n        yield i\n"
        "        n = await i\n    async with x as y:\n        n = y\n"
    ),
    "match": (
        "def f(x):\n    match x:\n        case [a, *_]:\n"
        "            n = a\n        case _:\n            n = 1\n    return n\n"
    ),
    "star": (
        "def f(x):\n    for i in x:\n        try:\n"
        "            n = i\n        except* OSError as e:\n            n = e\n"
    ),
    "scopes": (
        "def f(x):\n    n = 0\n    def g():\n        nonlocal n\n"
        "        global m\n        n = m = x\n    g()\n    return n\n"
    ),
    "class": (
        "def f(x):\n    for i in x:\n        class A:\n"
        "            b = i\n            c = [b]\n        x = A\n    return x\n"
    ),
    "walrus": (
        "def f(x):\n    while (n := next(x)) and not n:\n        x = lambda: n\n"
        "    else:\n        n = 1\n    return x, n\n"
    ),
    "letters": "def größe(ñ):\n    ß = 0  # é\n    for ñn in ñ:\n        ß = ñn\n    return ß\n",
}


def targets(path: str, data: bytes) -> Iterator[Target]:
    """The module and all its outermost functions and methods, every line suspicious."""
    source = read_source(path, data)
    assert source is not None
    lines = dict.fromkeys(range(1, len(source.lines) + 1), 1.0)
    yield Target(source, source.tree, "", lines, Ingredients())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(source.tree):
        if isinstance(node, functions) and not any(isinstance(n, functions) for n in source.above(node)):
            yield Target(source, node, node.name, lines, Ingredients())


def applied(target: Target, rewrite: Rewrite) -> bytes:
    data, end = target.source.data, len(target.source.data) + 1
    for span in sorted(rewrite.spans, key=lambda one: -one.start):
        assert span.start <= span.end <= end, "edits overlap"
        assert span.start < end, "two edits begin at the same place"
        data, end = data[: span.start] + span.new.encode("utf-8", "surrogateescape") + data[span.end :], span.start
    return data


def check(target: Target, rewrite: Rewrite) -> None:
    data = applied(target, rewrite)
    assert data != target.source.data, rewrite
    assert 0 < rewrite.weight <= 1, rewrite
    try:
        compile(data, target.source.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise AssertionError(f"{target.source.path} {rewrite}: {error}") from error


def library() -> list[tuple[str, bytes]]:
    """Functions and classes of the standard library as files of their own, which compile quickly."""
    chosen = random.Random(5).sample(sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")), FILES)
    parts = []
    for path in chosen:
        source = read_source(path.name, path.read_bytes())
        assert source is not None
        for node in source.tree.body:
            text = source.text(node).encode("utf-8", "surrogateescape")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and 100 < len(text) < 6000:
                parts.append((f"{path.name}:{node.name}", text + b"\n"))
    return random.Random(6).sample(parts, PARTS)


def test_all_templates_are_here() -> None:
    assert set(TEMPLATES) == NAMES


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_rewrites_of_the_standard_library_compile() -> None:
    rng, checked = random.Random(7), dict.fromkeys(TEMPLATES, 0)
    for path, data in library():
        for target in targets(path, data):
            for name, template in TEMPLATES.items():
                rewrites = list(template(target))
                for rewrite in rng.sample(rewrites, min(SAMPLE, len(rewrites))):
                    check(target, rewrite)
                    checked[name] += 1
    assert min(number for name, number in checked.items() if name not in RARE) > 5, checked


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_all_rewrites_of_strange_code_compile(text: str) -> None:
    checked = 0
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), ("# coding: latin-1\n" + text).encode("latin-1")):
        for target in targets("strange.py", data):
            for template in TEMPLATES.values():
                for rewrite in template(target):
                    check(target, rewrite)
                    checked += 1
    assert checked
