"""What adds to the cognitive complexity of a function; each number stands in the white paper or follows from it."""

import ast
import textwrap

import pytest

from gitops_healer.code.flow.cognitive import cognitive_complexity


def measured(body: str, header: str = "def f(self, a, b, c, xs):") -> int:
    tree = ast.parse(f"{header}\n{textwrap.indent(textwrap.dedent(body), '    ')}")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return cognitive_complexity(function)


STORIES = {
    "nothing": ("x = a\nreturn g(x)", 0),
    "if": ("if a:\n    g()", 1),
    "if and else": ("if a:\n    g()\nelse:\n    h()", 2),
    "a chain is read at one level": ("if a: g()\nelif b: g()\nelif c: g()\nelse: h()", 4),
    "an if in an else is no elif": ("if a: g()\nelse:\n    if b: g()", 4),
    "two levels": ("for x in xs:\n    if x: g()", 3),
    "three levels": ("for x in xs:\n    while a:\n        if x: g()", 6),
    "an elif below pays no nesting": ("for x in xs:\n    if x: g()\n    elif a: g()\n    else: g()", 5),
    "else of a loop": ("for x in xs: g()\nelse: h()", 2),
    "except": ("try: g()\nexcept E: h()\nexcept F: h()", 2),
    "try and finally are free": ("try:\n    if a: g()\nfinally:\n    if b: h()", 2),
    "in an except": ("try: g()\nexcept E:\n    if a: h()", 3),
    "else of a try": ("try: g()\nexcept E: h()\nelse:\n    if a: h()", 4),
    "with is free": ("with a:\n    if b: g()", 1),
    "match counts once": ("match a:\n    case 1: g()\n    case 2:\n        if b: h()", 3),
    "conditional expression": ("return g(1 if a else 2)", 1),
    "conditional in a conditional": ("return 1 if a else 2 if b else 3", 3),
    "like operators": ("return a and b and c", 1),
    "changing operators": ("return a and b or c and a", 3),
    "an inner sequence": ("return a and not (b and c)", 2),
    "the same operator in parentheses": ("return a or (b or c)", 1),
    "operators deep in a call": ("g(x, key=[1, {2: a or b}])", 1),
    "comprehensions are shorthand": ("return [x for x in xs if x]", 0),
    "operators in comprehensions": ("return [x for x in xs if x and a]", 1),
    "early leaving is free": ("if a: return 1\nif b: return 2\nreturn 3", 2),
    "break and continue are free": ("for x in xs:\n    if x: continue\n    break", 3),
    "a nested function": ("def g():\n    if a: h()\nx = g", 2),
    "a lambda": ("return map(lambda x: 1 if x else 2, xs)", 2),
    "a class inside": ("class C:\n    def m(self):\n        if a: h()\nreturn C()", 1),
    "a subscript that is set": ("xs[a or b] = 1", 1),
    "an assertion": ("assert a and b, 1 if c else 2", 2),
    "an f-string": ("return f'{a or b}'", 1),
    "recursion of a method": ("if a: return self.f(a)\nreturn self.f(b)", 2),
    "another object's method": ("if a: return b.f(a)", 1),
    "a function of the same name": ("if a: return f(a)", 1),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_adds(name: str) -> None:
    body, expected = STORIES[name]
    assert measured(body) == expected


def test_recursion_counts_once_and_only_under_a_condition() -> None:
    assert measured("if a: return f(a) + f(b)", "def f(a, b):") == 2
    assert measured("return [f(x) for x in xs]", "def f(xs):") == 1
    assert measured("return f(a)", "def f(a):") == 0


def test_wrappers_make_nothing_deeper() -> None:
    wrapped = "def g(*args):\n    if a: h()\n    return fn(*args)\nreturn g"
    assert measured(wrapped, "def f(fn):") == 1
    assert measured(f'"""Says."""\n{wrapped}', "def f(fn):") == 1
    assert measured(f"def inner(fn):\n{textwrap.indent(wrapped, '    ')}\nreturn inner", "def f(name):") == 1
    assert measured(f"x = 1\n{wrapped}", "def f(fn):") == 2


def test_async_statements_count_the_same() -> None:
    body = "async for x in xs:\n    async with a:\n        if x: g()"
    assert measured(body, "async def f(xs):") == 3


PAPER = """\
    for i in xs:
        if a and b:
            try:
                while c:
                    g()
            except E:
                if not a:
                    return i if b else c
        elif b or c and a:
            continue
    return None
"""


def test_a_whole_function() -> None:
    # for 1; if 2, and 1; while 3; except 3; if 4; conditional 5; elif 1, or-and 2
    assert measured(PAPER) == 22


@pytest.mark.parametrize("branches", [None, 1])
@pytest.mark.parametrize("body", ["return a", "with a:\n    g()", "try:\n    g()\nfinally:\n    h()"])
def test_knowing_that_there_are_no_branches_changes_nothing(body: str, branches: int | None) -> None:
    function = ast.parse(f"def f(a):\n{textwrap.indent(body, '    ')}").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert cognitive_complexity(function, branches) == 0


def test_branches_in_nested_functions_are_found_all_the_same() -> None:
    function = ast.parse("def f(a):\n    with a:\n        def g():\n            if a: h()\n        g()").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert cognitive_complexity(function, branches=1) == 2
