"""What a code pattern fits, what it does not, what is said of a wrong one, and what the worst of them may cost."""

import ast
import json
import re
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.matching.language import Match, PatternError, RuleSet, compile_rules
from gitops_healer.code.matching.message import filled
from gitops_healer.code.matching.names import nodes_of
from gitops_healer.code.matching.regex import Expression

SOURCES = sorted((Path(__file__).parents[2] / "gitops_healer").rglob("*.py"))


class Rule(NamedTuple):
    patterns: tuple[str, ...]
    not_: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    not_inside: tuple[str, ...] = ()
    where: dict[str, str] = {}  # noqa: RUF012  # never changed
    id: str = "rule"


def find(code: str, *patterns: str, **more: object) -> list[Match]:
    return compile_rules([Rule(patterns, **more)]).matches(ast.parse(code), code)  # type: ignore[arg-type]


def lines(code: str, *patterns: str, **more: object) -> list[int]:
    return [match.start for match in find(code, *patterns, **more)]


# pattern, code that it fits, code that it does not fit
PAIRS = {
    "anything": ("f($X)", "f(a + b)", "f()"),
    "one argument is not several": ("f($X)", "f(g(1))", "f(1, 2)"),
    "one argument is not unpacked ones": ("f($X)", "f(1)", "f(*a)"),
    "unpacked arguments": ("f(*$X)", "f(*a)", "f(a)"),
    "the same twice": ("$X == $X", "a.b[0] == a.b[0]", "a.b[0] == a.b[1]"),
    "the same, read and written": ("$X = $X + 1", "a[0] = a[0] + 1", "a[0] = b[0] + 1"),
    "anonymous ones need not be the same": ("f($_, $_)", "f(1, 2)", "f(1)"),
    "any arguments": ("f(...)", "f(1, *a, k=2, **b)", "g(1)"),
    "no argument": ("f()", "f()", "f(1)"),
    "first argument": ("f($X, ...)", "f(1, 2, k=3)", "f(k=3)"),
    "last argument": ("f(..., 0)", "f(1, 2, 0)", "f(0, 1)"),
    "argument somewhere": ("f(..., 0, ...)", "f(1, 0, 2)", "f(1, 2)"),
    "keywords in any order": ("f(a=1, b=2)", "f(b=2, a=1)", "f(a=2, b=1)"),
    "no other keyword": ("f(a=1)", "f(a=1)", "f(a=1, b=2)"),
    "other keywords": ("f(a=1, ...)", "f(0, b=2, a=1)", "f(0, b=2)"),
    "a keyword between": ("f(..., shell=True, ...)", "f(x, shell=True, cwd=y)", "f(x, shell=False)"),
    "any keyword": ("f($K=None)", "f(timeout=None)", "f(timeout=0)"),
    "unpacked keywords": ("f(**$K)", "f(**kw)", "f(kw=kw)"),
    "method of anything": ("$X.save()", "a.b().save()", "save()"),
    "any attribute": ("self.$A = None", "self.x = None", "other.x = None"),
    "chain": ("$X.filter(...).first()", "q.filter(a=1).first()", "q.filter(a=1).last()"),
    "called result": ("$F(...)(...)", "make(1)(2)", "make(1)"),
    "operators": ("$A < $B", "1 < x", "1 <= x"),
    "chained comparison": ("$A < $B < $C", "1 < x < 2", "1 < x"),
    "any of and": ("... and $X is None and ...", "a and b is None", "a or b is None"),
    "numbers by kind": ("f(1)", "f(1)", "f(True)"),
    "integers are no floats": ("x = 1", "x = 1", "x = 1.0"),
    "quotes do not matter": ("f('a')", 'f("a")', "f('b')"),
    "bytes are no text": ("f('a')", "f('a')", "f(b'a')"),
    "any string": ('f("...")', "f('x')", "f(x)"),
    "no f-string": ('f("...")', "f('x')", "f(f'{x}')"),
    "any f-string": ('f(f"...")', "f(f'a {x}')", "f('a')"),
    "field of an f-string": ('f"...{$X}..."', "f'a {b} c {d}'", "f'a'"),
    "whole f-string": ('f"{$X}!"', "f'{name}!'", "f'{name}?'"),
    "string metavariable": ('$A + "$B"', "x + 'y'", "x + y"),
    "list with more": ("[..., 0, ...]", "[1, 0]", "[1, 2]"),
    "list of two": ("[$A, $B]", "[1, 2]", "[1, 2, 3]"),
    "lists are no tuples": ("[$A]", "[1]", "(1,)"),
    "entry of a dictionary": ("{..., 'debug': True, ...}", "{'a': 1, 'debug': True}", "{'debug': False}"),
    "exact dictionary in any order": ("{'a': $X, 'b': $Y}", "{'b': 1, 'a': 2}", "{'a': 1, 'b': 2, 'c': 3}"),
    "unpacked dictionary": ("{**$A, **$B}", "{**x, **y}", "{'x': 1, **y}"),
    "slice": ("$X[1:]", "a[1:]", "a[1:2]"),
    "comprehension": ("[$X for $X in $Y]", "[a for a in b]", "[a.c for a in b]"),
    "comprehension with any condition": ("[$X for $X in $Y if ...]", "[a for a in b if c]", "[a.d for a in b]"),
    "lambda": ("lambda $X: $F($X)", "lambda a: g(a)", "lambda a: g(b)"),
    "lambda with any parameters": ("lambda ...: None", "lambda a, *b: None", "lambda a: 0"),
    "await": ("await $X.close()", "async def f():\n    await a.close()", "async def f():\n    a.close()"),
    "assignment": ("$X = open(...)", "f = open(p)", "open(p)"),
    "assignment with an annotation": ("$X = []", "x: list[int] = []", "x: list[int]"),
    "annotation": ("$X: int = ...", "x: int = 3", "x = 3"),
    "expression wherever it stands": ("eval(...)", "x = [g(eval(y))]", "x.eval(y)"),
    "bare return": ("return", "def f():\n    return", "def f():\n    return 1"),
    "return of something": ("return $X", "def f():\n    return 1", "def f():\n    return"),
    "bare except": ("try: ...\nexcept: ...", "try:\n  a\nexcept:\n  b", "try:\n  a\nexcept E:\n  b"),
    "except with and without name": (
        "try: ...\nexcept $E: pass",
        "try:\n  a\nexcept E as e:\n  pass",
        "try:\n  a\nexcept E:\n  b",
    ),
    "one handler among others": (
        "try: ...\nexcept ...: ...\nexcept ValueError: ...",
        "try:\n  a\nexcept K:\n  b\nexcept ValueError:\n  c",
        "try:\n  a\nexcept ValueError:\n  c\nexcept K:\n  b",
    ),
    "else may be there": ("if $X: return 1", "def f():\n  if a: return 1\n  else: b", "def f():\n  if a: return 2"),
    "else must be there": ("if $X: ...\nelse: ...", "if a: b\nelse: c", "if a: b"),
    "body ends with": (
        "for $X in $Y:\n    ...\n    $X.save()",
        "for a in b:\n  c\n  a.save()",
        "for a in b:\n  a.save()\n  c",
    ),
    "body holds": (
        "while True:\n    ...\n    break\n    ...",
        "while True:\n  a\n  break",
        "while True:\n  if a: break",
    ),
    "whole body": ("with $X: pass", "with a: pass", "with a:\n  pass\n  b"),
    "with and without as": ("with open(...): ...", "with open(p) as f: pass", "with read(p) as f: pass"),
    "any statement": (
        "if $X:\n    $S\n    return",
        "def f():\n  if a:\n    b = 1\n    return",
        "def f():\n  if a:\n    return",
    ),
    "asynchronous ones too": ("for $X in $Y: ...", "async def f():\n  async for a in b: c", "while a: b"),
    "asynchronous ones only": ("async def $F(...): ...", "async def f(): pass", "def f(): pass"),
    "function by name": ("def test(...): ...", "def test(a, *, b=1): pass", "def test2(): pass"),
    "no parameter": ("def $F(): ...", "def f(): pass", "def f(a): pass"),
    "default": ("def $F(..., $A=[], ...): ...", "def f(a, b=[], *c): pass", "def f(a, b=()): pass"),
    "default of a keyword": ("def $F(..., $A=[], ...): ...", "def f(*, a=[]): pass", "def f(*, a): pass"),
    "parameter with any annotation": ("def f($A): ...", "def f(x: int = 1): pass", "def f(*x): pass"),
    "parameter of a type": ("def $F(..., $A: int, ...): ...", "def f(a, b: int): pass", "def f(a: str): pass"),
    "parameters after a default": ("def $F(a=1, ...): ...", "def f(a=1, b=2): pass", "def f(b=2): pass"),
    "collected parameters": ("def $F(*$A, **$K): ...", "def f(*a, **k): pass", "def f(a, k): pass"),
    "return type": ("def $F(...) -> None: ...", "def f(a) -> None: pass", "def f(a): pass"),
    "docstrings may be there": ("def $F(): return 1", "def f():\n  'doc'\n  return 1", "def f():\n  g()\n  return 1"),
    "decorator among others": ("@cache\ndef $F(...): ...", "@a\n@cache\n@b\ndef f(): pass", "@a\ndef f(): pass"),
    "decorator with arguments": (
        "@route($P, ...)\ndef $F(...): ...",
        "@route('/', a=1)\ndef f(): pass",
        "@route\ndef f(): pass",
    ),
    "class with any bases": ("class $C: ...", "class A(B, metaclass=M): pass", "def A(): pass"),
    "class with a base": ("class $C(..., Model, ...): ...", "class A(B, Model): pass", "class A(B): pass"),
    "class with this base only": ("class $C(Model): ...", "class A(Model): pass", "class A(B, Model): pass"),
    "method": (
        "class $C:\n    ...\n    def close(self): ...\n    ...",
        "class A:\n  x = 1\n  def close(self): pass",
        "class A: pass",
    ),
    "import": ("import os", "import sys, os as o", "import os.path"),
    "import from": ("from $M import get", "from a.b import c, get as g", "from a.b import c"),
    "import as": ("import numpy as $N", "import numpy as np", "import numpy"),
    "global": ("global $X", "def f():\n  global a", "def f():\n  a"),
    "statements that follow each other": (
        "$F = open(...)\n...\n$F.close()",
        "f = open(p)\na\nf.close()",
        "f = open(p)\ng.close()",
    ),
    "assert of a tuple": ("assert ($A, $B)", "assert (a, 'b')", "assert a, 'b'"),
    "raise": ("raise $E(...)", "raise A('b') from c", "raise A"),
    "match": (
        "match $X:\n    case $...C: ...\n    case None: ...",
        "match a:\n  case 1: b\n  case None: c",
        "match a:\n  case None: c\n  case 1: b",
    ),
    "walrus": ("if ($X := f()): ...", "if (a := f()): b", "if f(): b"),
    "star in a target": ("$A, *$B = $C", "a, *b = c", "a, b = c"),
    "yield": ("yield $X", "def f():\n  yield 1", "def f():\n  yield"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pattern_fits_what_it_says_and_nothing_else(name: str) -> None:
    pattern, fits, fits_not = PAIRS[name]
    assert len(find(fits, pattern)) == 1
    assert find(fits_not, pattern) == []


IMPORTS = {
    "as written": ("import requests\nrequests.get(u)", 1),
    "from": ("from requests import get\nget(u)", 1),
    "from, renamed": ("from requests import get as g\ng(u)", 1),
    "renamed module": ("import requests as r\nr.get(u)", 1),
    "inside of a function": ("def f():\n    import requests as r\n    r.get(u)", 1),
    "one of two imports": ("try:\n    from fast import get\nexcept E:\n    from requests import get\nget(u)", 1),
    "missing module": ("try:\n    import requests as r\nexcept E:\n    r = None\nr.get(u)", 1),
    "for all methods": ("import requests as r\nclass A:\n    def f(self): r.get(u)", 1),
    "another module": ("from httpx import get\nget(u)", 0),
    "relative": ("from .requests import get\nget(u)", 0),
    "parameter of that name": ("from requests import get\ndef f(get): get(u)", 0),
    "variable of that name": ("from requests import get as g\ndef f():\n    g = h\n    g(u)", 0),
    "loop variable of that name": ("from requests import get as g\n[g(u) for g in h]", 0),
    "import in another function": ("def a():\n    from requests import get\ndef f(): get(u)", 0),
    "attribute of something else": ("import requests\nself.requests.get(u)", 0),
    "deeper": ("import requests\nrequests.get.cache(u)", 0),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_names_are_followed_to_their_imports(name: str) -> None:
    code, count = IMPORTS[name]
    assert len(find(code, "requests.get(...)")) == count


def test_a_longer_name_is_followed_as_well() -> None:
    assert lines("from os import path as p\nimport os.path as q\np.join(a)\nq.join(a)", "os.path.join(...)") == [3, 4]


def test_not_takes_matches_away_with_the_same_metavariables() -> None:
    code = "get(u)\nget(u, timeout=3)\nget(u, proxies=p)\n"
    assert lines(code, "get(...)", not_=("get(..., timeout=$T, ...)",)) == [1, 3]
    assert lines("a == a\na == b\n", "$X == $Y", not_=("$X == $X",)) == [2]


def test_one_of_several_patterns_is_enough_and_counts_once() -> None:
    assert lines("f(1)\ng(2)\nh(3)\n", "f(...)", "g(...)", "f($X)") == [1, 2]


def test_inside_asks_for_what_stands_around() -> None:
    code = "def a(x):\n    g(x)\ndef b(y):\n    g(x)\ng(x)\n"
    assert lines(code, "g($X)", inside=("def $F(...): ...",)) == [2, 4]
    assert lines(code, "g($X)", inside=("def $F($X): ...",)) == [2]
    assert lines(code, "g($X)", not_inside=("def $F(...): ...",)) == [5]
    assert lines(code, "g($X)", inside=("class $C: ...",)) == []


def test_nothing_stands_inside_of_itself() -> None:
    assert lines("f(f(1))\nf(2)\n", "f(...)", inside=("f(...)",)) == [1]


def test_inside_knows_statements_that_follow_each_other() -> None:
    code = "a\nlock()\nb\ng()\nif c:\n    g()\nunlock()\ng()\n"
    assert lines(code, "g()", inside=("lock()\n...\nunlock()",)) == [4, 6]
    assert lines(code, "g()", inside=("lock()\n...",)) == [4, 6, 8]
    assert lines(code, "g()", not_inside=("...\nunlock()",)) == [8]


def test_what_stands_around_is_bound_too() -> None:
    (match,) = find("def a():\n    g(1)\n", "g($X)", inside=("def $F(...): ...",))
    assert match.bound == {"X": "1", "F": "a"}
    assert filled("{F} calls g({X}), {nobody}", match.bound) == "a calls g(1), {nobody}"


def test_where_asks_for_the_source_of_a_metavariable() -> None:
    code = "get('http://a')\nget('https://a')\nget(url)\n"
    assert lines(code, "get($U)", where={"U": "^['\"]http:"}) == [1]
    assert lines(code, "get($U)", where={"U": "a.$|r"}) == [1, 2, 3]


def test_a_match_says_where_it_is() -> None:
    code = (
        "class A:\n    @d\n    def f(self):\n        def g():\n            return h(\n                1, 'ä', k = 2)\n"
    )
    (call,) = find(code, "h($X, $...MORE)")
    assert call == Match("rule", 5, 6, "A.f.<locals>.g", "h( 1, 'ä', k = 2)", {"X": "1", "MORE": "'ä', k = 2"})
    (method,) = find(code, "@d\ndef $F(...): ...")
    assert (method.start, method.end, method.symbol) == (2, 6, "A.f")
    (module,) = find("x = 1\n", "$X = 1")
    assert module.symbol == ""


def test_a_match_of_several_statements_ends_with_the_last() -> None:
    (match,) = find("x\na = open(p)\nb\na.close()\nc\n", "$F = open(...)\n...\n$F.close()")
    assert (match.start, match.end, match.text) == (2, 4, "a = open(p); b; a.close()")


def test_code_in_an_f_string_is_found_on_the_line_of_the_string() -> None:
    (match,) = find("x = 1\ny = f'''\n{g(a)}\n'''\n", "g($X)")
    assert (match.start, match.text, match.bound) == (2, "g(a)", {"X": "a"})


def test_what_many_stand_for_can_be_the_same_too() -> None:
    assert lines("f(1, 2)\ng(1, 2)\n\nf(1)\ng(2)\n", "f($...A)\ng($...A)") == [1]


def test_an_earlier_choice_is_taken_back_when_a_later_part_does_not_fit() -> None:
    assert lines("f(1, 2, 3) + g(2)\n", "f(..., $X, ...) + g($X)") == [1]
    assert lines("f(1, 2, 3) + g(4)\n", "f(..., $X, ...) + g($X)") == []
    assert lines("f(a=1, b=2) + g(b=2)\n", "f($K=$V, ...) + g($K=$V)") == [1]


def test_line_ends_and_encodings_do_not_matter() -> None:
    code = "x = 'ä'; f('ö', y)\r\nf('ü', z)\r\n"
    assert [match.bound["X"] for match in find(code, "f($_, $X)")] == ["y", "z"]


def test_rules_survive_the_way_to_another_process() -> None:
    rules = compile_rules([Rule(("f($X)",), not_=("f(1)",), inside=("def $F(...): ...",), where={"X": "^[a-z]"})])
    again = RuleSet.from_plain(json.loads(json.dumps(rules.plain())))
    code = "def a():\n    f(b)\n    f(1)\n    f(2)\n"
    assert again.digest == rules.digest
    assert again.matches(ast.parse(code), code) == rules.matches(ast.parse(code), code)
    assert lines(code, "f($X)", not_=("f(1)",), where={"X": "^[a-z]"}) == [2]


def test_the_digest_follows_what_could_change_matches() -> None:
    digests = {
        compile_rules([rule]).digest
        for rule in (
            Rule(("f($X)",)),
            Rule(("f($Y)",)),
            Rule(("f($X)",), not_=("f(1)",)),
            Rule(("f($X)",), inside=("f(1)",)),
            Rule(("f($X)",), not_inside=("f(1)",)),
            Rule(("f($X)",), where={"X": "a"}),
            Rule(("f($X)",), id="other"),
        )
    }
    assert len(digests) == 7


# Errors

WRONG = {
    "f(": r"must be Python: '\(' was never closed in `f\(`",
    "if $X:": r"A block needs a body: write `\.\.\.`",
    "except $E: ...": r"`except` is a part of a statement",
    "$X": r"must say more than \$X",
    "...": r"must say more than \$X",
    "$...A\n...": r"must say more than \$X",
    "": r"must hold an expression or a statement",
    "# nothing": r"must hold an expression or a statement",
    "f($x)": r"metavariables like \$X.*\$x is none",
    "f($X$Y)": r"metavariables like",
    "f(a$X)": r"metavariables like",
    "$1": r"metavariables like",
    "f($...ARGS + 1)": r"\$\.\.\.ARGS where any number of things can stand",
    "{**$...X}": r"must have `\.\.\.` instead of \$\.\.\.X in a dictionary",
    "from a.$X import b": r"must have \$X where it is a whole name",
    "f(" * 70 + ")" * 70: r"nested at most 60 deep",
    "f(a, " + "b, " * 2000 + ")": r"at most 4,000 characters",
    "a\0b": r"must be Python",
    "'\ud800'": r"must be Python",
}


@pytest.mark.parametrize("pattern", WRONG, ids=lambda pattern: ascii(pattern[:20]))
def test_what_is_wrong_with_a_pattern_is_said(pattern: str) -> None:
    with pytest.raises(PatternError, match=WRONG[pattern]):
        find("f(1)", pattern)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"where": {"Y": "a"}}, r"every pattern has \(\$X\), and Y is none of them"),
        ({"not_": ("f(",)}, "must be Python"),
        ({"inside": ("$Z",)}, "must say more"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(more: dict[str, object], said: str) -> None:
    with pytest.raises(PatternError, match=said):
        find("f(1)", "f($X)", **more)
    with pytest.raises(PatternError, match="must hold code"):
        find("f(1)")


@given(st.text(max_size=40) | st.text("$X.(){}[],:=*f'\"\n ad", max_size=25))
def test_any_text_is_a_pattern_or_one_clear_error(text: str) -> None:
    try:
        assert all(match.complete for match in find("f(X, a=1)\nd = {}\n", text))
    except PatternError as error:
        assert str(error).startswith("must ")


# Any code is a pattern of itself


def expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["a", "b.c", "1", "'s'", "None", "0.5", "b'x'", "...", "-1", "f'{a}!'", "x.y.z"])

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.tuples(inner, inner)
        return st.one_of(
            two.map(lambda p: f"({p[0]} + {p[1]})"),
            two.map(lambda p: f"({p[0]} < {p[1]} <= {p[0]})"),
            two.map(lambda p: f"({p[0]} and {p[1]} and not {p[0]})"),
            two.map(lambda p: f"g({p[0]}, *h, k={p[1]}, **m)"),
            two.map(lambda p: f"({p[0]} if {p[1]} else a)"),
            two.map(lambda p: f"{{{p[0]}: {p[1]}, 'k': 1, **m}}"),
            two.map(lambda p: f"[{p[0]}, {p[1]}]"),
            two.map(lambda p: f"(lambda q, *r, s={p[0]}: {p[1]})"),
            two.map(lambda p: f"[u for u in {p[0]} if {p[1]}]"),
            two.map(lambda p: f"(a)[{p[0]}:{p[1]}]"),
            inner.map(lambda p: f"({p}).attr.call()"),
            inner.map(lambda p: f"{{{p}}}"),
        )

    return st.recursive(leaves, larger, max_leaves=12)


@given(expressions(), st.data())
def test_an_expression_fits_itself_with_any_part_as_a_metavariable(code: str, data: st.DataObject) -> None:
    tree = ast.parse(code, mode="eval")
    whole = ast.unparse(tree)
    if whole != "...":
        assert 1 in lines(whole, whole)
    parts = [
        node for node in ast.walk(tree.body)
        if isinstance(node, ast.expr) and node is not tree.body and not isinstance(node, ast.Starred)
        and not isinstance(getattr(node, "ctx", None), ast.Store)
    ]  # fmt: skip
    in_strings = {id(node) for part in ast.walk(tree) if isinstance(part, ast.JoinedStr) for node in ast.walk(part)}
    parts = [part for part in parts if id(part) not in in_strings]
    if parts:
        pattern = ast.unparse(_Swap(data.draw(st.sampled_from(parts))).visit(tree)).replace("METAVARIABLE", "$PART")
        found = find(whole, pattern)
        assert any(match.bound.get("PART") for match in found)


class _Swap(ast.NodeTransformer):
    def __init__(self, part: ast.AST) -> None:
        self._part = part

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.Name("METAVARIABLE", ast.Load()) if node is self._part else super().generic_visit(node)


@pytest.mark.parametrize("path", SOURCES[::6], ids=lambda path: path.stem)
def test_every_third_statement_of_this_program_fits_itself(path: Path) -> None:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    for statement in statements[::3]:
        text = ast.unparse(statement)
        if len(text) < 3000 and text != "...":
            assert any(first <= statement.lineno <= last for first, last in _spans(tree, source, text)), text


def _spans(tree: ast.Module, source: str, pattern: str) -> list[tuple[int, int]]:
    return [(match.start, match.end) for match in compile_rules([Rule((pattern,))]).matches(tree, source)]


def test_all_nodes_are_walked_that_python_knows_of() -> None:
    """Contexts and operators apart, which no pattern is about alone."""
    apart = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop)
    for path in SOURCES[::5]:
        tree = ast.parse(path.read_text("utf-8"))
        for statement in (node for node in ast.walk(tree) if isinstance(node, ast.stmt)):
            walked = set(nodes_of(statement))
            expected, waiting = set(), [ast.iter_child_nodes(statement)]
            while waiting:
                for child in waiting.pop():
                    if not isinstance(child, (ast.stmt, *apart)):
                        expected.add(child)
                        waiting.append(ast.iter_child_nodes(child))
            assert walked == {statement, *expected}


# The worst

MANY = ", ".join("a" for _ in range(3000))
HOSTILE = {
    "many dots without metavariables": (f"f({MANY})\nb", "f(" + "..., a, " * 40 + "b)", True),
    "dots between metavariables": (f"f({MANY})\nb", "f(" + "..., $X, " * 20 + "..., $X, b)", False),
    "three that must be the same": (
        f"f({', '.join(map(str, range(3000)))})",
        "f(..., $A, ..., $B, ..., $A, ...)",
        False,
    ),
    "named dots": (f"f({MANY})\nb", "f($...A, $...B, $...A, $...B, b)", False),
    "keywords": ("f(" + ", ".join(f"k{i}={i}" for i in range(2000)) + ")", "f($A=$V, $B=$V, ...)", False),
    "entries": ("{" + ", ".join(f"'k{i}': {i}" for i in range(2000)) + "}", "{$A: $B, $C: $B, ...}", False),
    "statements": ("foo()\n" * 10000 + "bar", "foo()\n...\nfoo()\n...\nbar()", False),
    "decorators": ("@a\n" * 2000 + "def f(): b", "@$A\n@$B\n@$C\n@$A\n@b\ndef f(): ...", False),
    "terms": (" and ".join("a" * 500) + "\nb", "... and $X and ... and $X and ... and $Y and ... and b", False),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_pattern_takes_little_time_and_says_when_it_gave_up(name: str) -> None:
    code, pattern, decided = HOSTILE[name]
    tree = ast.parse(code)
    rules = compile_rules([Rule((pattern,))])
    begin = time.process_time()
    found = rules.matches(tree, code)
    assert time.process_time() - begin < 5
    assert found == [] if decided else [match.complete for match in found] == [False]


def test_deep_code_is_no_problem() -> None:
    chain = "a" + ".b" * 2000
    assert [match.complete for match in find(f"{chain}\n", "$X.b.b.b")][:3] == [True] * 3
    # deeper than any parser allows, so built by hand
    place = {"lineno": 1, "end_lineno": 1, "col_offset": 0, "end_col_offset": 1}
    node: ast.expr = ast.Name("a", ast.Load(), **place)
    for _ in range(20_000):
        node = ast.Attribute(node, "b", ast.Load(), **place)
    tree = ast.Module([ast.Expr(node, **place), ast.Expr(node, **place)], [])
    found = compile_rules([Rule(("$X\n$X", "$S\n$X"))]).matches(tree, "a.b")
    assert [match.complete for match in found] == [False]


# Conditions


@pytest.mark.parametrize(
    "text", ["(a+)+$", "(a|a)*c", "(a|aa|a*)*c", "a*a*a*a*a*a*c", "((a{1,10}){1,10})c", "(.*)*(.*)*(.*)*c"]
)
def test_no_condition_takes_long(text: str) -> None:
    begin = time.process_time()
    assert Expression(text).found_in("a" * 1000 + "b") is False
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("(a", r"a \( without its \)"),
        ("a)", r"a \) without its \("),
        ("*a", r"a \* with nothing to repeat"),
        ("{2}a", r"nothing to repeat"),
        ("a**", "repeats a repetition"),
        ("a{3,2}", "m above n"),
        (r"(a)\1", r"has \\1, which is not among"),
        ("(?=a)", r"has \(\?=a"),
        ("(?P<x>a)", r"has \(\?P<"),
        ("[b-a]", "bad character range"),
        ("[a", r"cannot be read at '\[a'"),
        ("((a{1,99}){1,99}){1,99}", "is too large"),
        ("(" * 60 + ")" * 60, "nested more than 50 deep"),
        ("a" * 501, "at most 500"),
    ],
)
def test_what_is_wrong_with_a_condition_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Expression(text)


PIECES = ["a", "b", ".", r"\w", r"\d", r"\s", "[ab]", "[^a]", "^", "$", r"\b", "(", "(?:", ")", "|", "*", "+", "?",
          "{2}", "{1,2}", "{,2}", "{1,}", "-", r"\.", "\n", "A", "[]a]"]  # fmt: skip


@given(
    st.sampled_from(["", "(?i)", "(?m)", "(?s)"]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.text("abA1-. \n]", max_size=7),
)
def test_conditions_say_what_re_says(flags: str, text: str, subject: str) -> None:
    try:
        expression = Expression(flags + text)
    except ValueError:
        return
    assert expression.found_in(subject) is (re.search(flags + text, subject) is not None)
