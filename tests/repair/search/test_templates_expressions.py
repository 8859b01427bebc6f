"""Templates for expressions: safe on any code, complete where it counts, silent where a rewrite would make no sense."""

import ast
import random
import sysconfig
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from gitops_healer.code.source import Source, parse, read_source
from gitops_healer.core.trials import Seen
from gitops_healer.registry import discover
from gitops_healer.repair.search.edits import put
from gitops_healer.repair.search.ingredients import Ingredients, gather
from gitops_healer.repair.search.target import Target
from gitops_healer.repair.search.template import RepairTemplate, Rewrite
from tests.repair.search.test_templates import target_of

MINE = """
argument_order arithmetic attribute boolean_operator chained_comparison comparison comprehension condition_parts
constant default_argument function grouping lookup missing_argument missing_await negation operand plus_minus_one
return_value reuse_expression slice_bounds string_format subscript superfluous_argument ternary unwrap_call variable
wrap_call
""".split()
TEMPLATES = {t.name: t for t in discover("gitops_healer.repair.search.templates", RepairTemplate) if t.name in MINE}
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FILES = sorted(path.name for path in LIBRARY.glob("*.py"))
CHUNKS = 6
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ODD = {
    "semicolons": "def f(a, b): c = a; return c + b\n",
    "one line": "def f(a, b):\n    if a: return b\n    else: return -1\n",
    "tabs": "def f(a):\n\tif a and not a.b:\n\t\treturn a[0]\n",
    "carriage returns": "def f(a):\r\n    x = (a +\r\n         1)\r\n    return x\r\n",
    "backslashes": "def f(a, b):\n    return a and \\\n        b or \\\n        1\n",
    "names of the world": "def größe(länge, été):\n    return länge[1:été] if été else 'ß'\n",
    "no spaces": "def f(a,b):\n    return[a]if(a)else-1if not(b)else'x'\n",
    "match": "def f(a, b):\n    match a:\n        case [1, *_] if b: return b\n        case {'k': -1}: return a\n",
    "walrus": "def f(a):\n    if (n := len(a)) > 1: return n\n    return [y := 1, y ** 2]\n",
    "async": "async def f(a):\n    async with a as b, a: await b(1)\n    return [x async for x in a if await x]\n",
    "stars": "def f(*a, k=1, **b):\n    return f(*a, 1, **b, k=k), [*a], {**b, 'x': 1}, print(*a or [])\n",
    "nested": "def f(a):\n    @cache(1)\n    def g(b=a, *, c=2): return lambda d=1: a + b + d\n    return g(a)(1)\n",
    "f-strings": "def f(a, b):\n    return f'{a + 1!r:>{b}} {a[0]}' f'{b}' + f'''\n{a and b}'''\n",
    "annotations": "def f(a: 'int' = 1, *b: int) -> 'str | None':\n    c: int = a + 1\n    return c\n",
    "generators": "def f(a):\n    x = yield a, 1\n    yield from (y for y in a if y)\n    return sum(z for z in a)\n",
    "slices": "def f(a, b):\n    return a[b:], a[::-1], a[b, 1:2], a[...], a[b][0:len(a)]\n",
    "groups": "def f():\n    try: return 1 / 0\n    except* (ValueError, OSError) as e: raise KeyError(e) from e\n",
    "module": "import os\nLIMIT = 10\nclass A:\n    x = 1 if LIMIT > 3 else -LIMIT\ndef f(a=LIMIT, *, b=(1, 2)): a\n",
    "numbers": "def f(a):\n    return 1 .real + 0x1F + 1_000 + 1e3 + 2j + a.b(1)(2)[3]\n",
    "strings": "def f(a):\n    return b'x' in a, r'\\d' + 'a' \"b\", '''x\ny''', u'z', \"it's\", ''\n",
    "lambdas": "def f(a):\n    return sorted(a, key=lambda p: (p[0], -p[1])), (lambda: (yield))\n",
    "ternaries": "def f(a, b):\n    return [x if a else b for x in (a if b else []) if (not a if b else a)]\n",
    "empty": "def f(): ...\n",
    "bytes order mark": "\ufeffdef f(a):\n    return a + 1\n",
}


def rewritten(target: Target, rewrite: Rewrite) -> bytes:
    data = target.source.data
    for span in sorted(rewrite.spans, key=lambda one: -one.start):
        data = data[: span.start] + span.new.encode("utf-8", "surrogateescape") + data[span.end :]
    return data


def results(template: str, target: Target) -> set[str]:
    return {rewritten(target, rewrite).decode() for rewrite in TEMPLATES[template](target)}


def targets(source: Source) -> Iterator[Target]:
    """Every function that stands in no other, and the module."""
    found = gather(source)
    yield Target(source, source.tree, "", {}, found)
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTIONS) and not any(isinstance(above, FUNCTIONS) for above in source.above(node)):
            yield Target(source, node, node.name, {}, found)


def problem(target: Target, rewrite: Rewrite) -> str:
    """What is wrong with a rewrite, "" when nothing is."""
    spans = sorted(rewrite.spans, key=lambda span: span.start)
    if any(one.end > other.start for one, other in pairwise(spans)):
        return "spans overlap"
    after = rewritten(target, rewrite)
    if after == target.source.data:
        return "nothing changes"
    try:
        parse(after)
    except (SyntaxError, ValueError) as error:
        return f"{error}"
    if not rewrite.title or not 0 < rewrite.weight <= 1:
        return "no title or weight"
    return ""


def sole(target: Target) -> Target:
    """The same function in a file of its own, so that reading it again takes no time."""
    lines = target.source.lines
    assert isinstance(target.node, ast.FunctionDef | ast.AsyncFunctionDef)
    first = min([target.node.lineno, *(one.lineno for one in target.node.decorator_list)])
    data = b"".join(lines[first - 1 : target.node.end_lineno])
    indent = target.source.indent_at(first)
    source = read_source("m.py", (b"if 1:\n" if indent else b"") + data)
    assert source is not None
    body = source.tree.body[0]
    node = body.body[0] if isinstance(body, ast.If) else body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return Target(source, node, target.qualname, {}, target.ingredients)


def library_functions(chunk: int) -> Iterator[Target]:
    chosen = random.Random(7).sample(FILES, 60)[chunk::CHUNKS]
    for name in chosen:
        source = read_source(name, (LIBRARY / name).read_bytes())
        if source is not None and len(source.lines) < 3000:
            found = [target for target in targets(source) if not isinstance(target.node, ast.Module)]
            for target in random.Random(name).sample(found, min(6, len(found))):
                if (target.node.end_lineno or 0) - target.node.lineno < 60:  # type: ignore[union-attr]
                    yield sole(target)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_on_functions_of_the_standard_library_every_rewrite_is_python_and_changes_something(chunk: int) -> None:
    tried = 0
    for number, target in enumerate(library_functions(chunk)):
        for name, template in TEMPLATES.items():
            found = list(template(target))
            for rewrite in random.Random(number).sample(found, min(3, len(found))):
                wrong = problem(target, rewrite)
                assert not wrong, f"{name} {rewrite} of {target.source.data.decode()!r}: {wrong}"
                tried += 1
    assert tried > 200


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_on_odd_code_every_rewrite_is_python_and_changes_something(text: str) -> None:
    check_all(text.encode())


def test_in_files_of_other_encodings_nothing_is_written_that_cannot_be_read() -> None:
    text = "# coding: latin-1\n" + ODD["names of the world"].replace("'ß'", "g(länge, [é for é in été if é < 1])")
    assert check_all(text.encode("latin-1")) > 20


def check_all(data: bytes) -> int:
    """Every rewrite of every template is tried; how many there were."""
    source = read_source("m.py", data)
    assert source is not None
    count = 0
    for target in targets(source):
        for name, template in TEMPLATES.items():
            for rewrite in template(target):
                assert not problem(target, rewrite), f"{name}: {rewrite}: {problem(target, rewrite)}"
                assert "Ã" not in rewritten(target, rewrite).decode(source.encoding), f"{name}: {rewrite}"
                count += 1
    return count


@pytest.mark.parametrize("name", ["pprint.py", "calendar.py"])
def test_whole_modules_are_targets_too(name: str) -> None:
    source = read_source(name, (LIBRARY / name).read_bytes())
    assert source is not None
    module = next(targets(source))
    for template in TEMPLATES.values():
        for rewrite in islice(template(module), 0, 200, 20):
            assert not problem(module, rewrite), f"{template.name}: {rewrite}"
    assert list(TEMPLATES["constant"](module))


def test_every_template_of_this_file_is_there() -> None:
    assert sorted(TEMPLATES) == sorted(MINE)


def with_seen(text: str, types: dict[str, str], line: int = 2) -> Target:
    found = target_of(text)
    seen = Seen({("m.py", line): {name: frozenset({one}) for name, one in types.items()}})
    return Target(found.source, found.node, found.qualname, found.lines, Ingredients(), seen)


def test_variables_of_another_type_are_not_offered() -> None:
    target = with_seen("def f(a, b, c):\n    return a\n", {"a": "int", "b": "str", "c": "float"})
    assert results("variable", target) == {"def f(a, b, c):\n    return c\n"}


def test_what_alone_is_known_to_be_text_is_not_counted_one_up() -> None:
    target = with_seen("def f(a, b):\n    return [a, b]\n", {"a": "int", "b": "str"})
    found = results("plus_minus_one", target)
    assert "def f(a, b):\n    return [a + 1, b]\n" in found
    assert not any("b + 1" in one for one in found)


@pytest.mark.parametrize(
    ("text", "new", "after"),
    [
        ("x * y", "a + b", "(a + b) * y"),
        ("x + y", "a * b", "a * b + y"),
        ("x - y", "a - b", "a - b - y"),
        ("x ** y", "-a", "(-a) ** y"),
        ("x.y", "a or b", "(a or b).y"),
        ("x[0]", "await_", "await_[0]"),
        ("x and y", "a or b", "(a or b) and y"),
        ("x and y", "a < b", "a < b and y"),
        ("f(x)", "a if b else c", "f(a if b else c)"),
        ("x if y else z", "a if b else c", "(a if b else c) if y else z"),
        ("[z for z in x]", "a if b else c", "[z for z in (a if b else c)]"),
        ("not x", "a == b", "not a == b"),
        ("f(x)", "a, b", "f((a, b))"),
        ("x", "a, b", "a, b"),
    ],
)
def test_parentheses_stand_where_the_place_needs_them_and_nowhere_else(text: str, new: str, after: str) -> None:
    target = target_of(f"def f(x, y, z):\n    return {text}\n")
    node = next(n for n in target.places if isinstance(n, ast.Name) and n.id == "x")
    changed = rewritten(target, Rewrite((put(target, node, new),), 2, "Try it"))
    assert changed.decode() == f"def f(x, y, z):\n    return {after}\n"


def test_what_a_comprehension_binds_is_offered_inside_of_it_only() -> None:
    target = target_of("def f(a):\n    return [b + a for b in g(a)], a\n")
    found = results("variable", target)
    assert "def f(a):\n    return [b + b for b in g(a)], a\n" in found
    assert not any(one.endswith(", b\n") for one in found)


def test_defaults_are_not_replaced_by_what_only_the_body_knows() -> None:
    target = target_of("def f(a, b=1):\n    c = a\n    return c + b\n")
    assert not any("b=a" in one or "b=c" in one for one in results("variable", target))


def test_calls_that_the_type_does_not_have_are_not_offered() -> None:
    known = results("wrap_call", with_seen("def f(a):\n    return a\n", {"a": "int"}))
    assert "def f(a):\n    return abs(a)\n" in known
    assert not any(".strip()" in one or "sorted" in one for one in known)
    assert not any(".join" in one for one in results("function", target_of("def f(a: list):\n    a.append(1)\n")))


def test_fields_of_the_same_class_are_offered_also_when_nothing_reads_them() -> None:
    text = "class Stay:\n    start: int\n    end: int\n\ndef f(stay: Stay):\n    return stay.end\n"
    source = read_source("m.py", text.encode())
    assert source is not None
    target = list(targets(source))[-1]
    assert text.replace("stay.end", "stay.start") in results("attribute", target)


def test_parts_that_weaken_a_condition_say_so() -> None:
    target = target_of("def f(a, b):\n    if a and b:\n        return 1\n")
    dropped = [
        r for r in TEMPLATES["condition_parts"](target) if rewritten(target, r).endswith(b"if a:\n        return 1\n")
    ]
    assert [rewrite.caution for rewrite in dropped] == ["widens a condition"]


def test_an_f_string_keeps_its_quotation_marks() -> None:
    target = target_of("def f(d):\n    k = 'x'\n    return f'{d[k]} {d}'\n")
    for template in TEMPLATES.values():
        for rewrite in template(target):
            ast.parse(rewritten(target, rewrite))
    assert "def f(d):\n    k = 'x'\n    return f'{d[k]} {k}'\n" in results("variable", target)
