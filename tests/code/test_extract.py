"""What the one pass sees beyond imports: measures, uses, calls, mentions, comments, the token stream."""

import ast
import textwrap
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.extract import Reading, read_source
from gitops_healer.code.facts import Detail, Facts, Ignore
from gitops_healer.code.tokens import END, STATEMENT, blind


def read(text: str) -> Reading:
    reading = read_source(textwrap.dedent(text).encode())
    assert reading.facts.analyzable, reading.facts.reason
    return reading


def facts(text: str) -> Facts:
    return read(text).facts


# What radon counts, by its own source (visitors.py): `body` of a function and its number.
RADON = {
    "pass": 1,
    "if a:\n pass\nelif b:\n pass\nelse:\n pass": 3,
    "return a if b else c": 2,
    "for x in y:\n pass\nelse:\n pass": 3,
    "while x:\n pass": 2,
    "while x:\n pass\nelse:\n pass": 3,
    "async for x in y:\n pass": 2,
    "try:\n pass\nexcept A:\n pass\nexcept B:\n pass\nelse:\n pass\nfinally:\n pass": 4,
    "return a and b and c or d": 4,
    "return [x for x in y if x if x > 1 for z in x]": 5,
    "return {x: y async for x in y}": 2,
    "assert a and b": 2,
    "assert all(x for x in y), a or b": 2,
    "match a:\n case 1:\n  pass\n case 2:\n  pass\n case _:\n  pass": 3,
    "match a:\n case 1:\n  pass\n case 2 if b or c:\n  pass": 4,
    "match a:\n case x if x:\n  pass": 1,
    "return lambda x: x if x else 0": 2,
    "with a:\n pass": 1,
    "def g(x=a or b):\n  if x:\n   pass": 1,
    "class C:\n  if x:\n   pass": 1,
    "return a < b < c": 1,
}


@pytest.mark.parametrize("body", RADON)
def test_cyclomatic_numbers_are_those_of_radon(body: str) -> None:
    source = "async def f(p=a or b):\n" + textwrap.indent(body, " ")
    assert facts(source).definitions[0].complexity == RADON[body]


def test_decorators_and_defaults_count_for_nobody() -> None:
    found = facts("@deco(a or b)\ndef f(x=c if d else e): pass\n")
    assert (found.definitions[0].complexity, found.complexity) == (1, 1)


def test_what_methods_use_of_their_object() -> None:
    (found,) = facts("""
        class C(Base, metaclass=Meta):
            kind: int = 1
            other = 2
            def one(self):
                self.x = self.helper(self.y)
                callback(self.two)
            def two(this, self):
                return [this.z for _ in self.not_mine]
            @classmethod
            def three(cls): return cls.kind
            @staticmethod
            def four(a): return a.b
            def five(self):
                def inner(): return self.deep
                return inner
            async def six(): pass
    """).classes
    assert found.bases == ("Base",)
    assert found.attributes == ("kind", "other")
    assert {method.name: method.uses for method in found.methods} == {
        "one": ("helper", "two", "x", "y"),
        "two": ("z",),
        "three": ("kind",),
        "four": (),
        "five": ("deep",),
        "six": (),
    }


def test_what_is_called() -> None:
    found = facts("""
        setup()
        def f():
            a.b.c(d(), *e())
            x[0].y()
            "".join(z)
            def g(): h()
            lambda: i()
    """)
    calls = {item.qualname: called for item, called in zip(found.definitions, found.details.calls, strict=True)}
    assert calls == {"f": ("?.join", "?.y", "a.b.c", "d", "e", "i"), "f.<locals>.g": ("h",)}
    assert found.details.outer_calls == ("setup",)


def test_what_is_mentioned() -> None:
    mentions = facts("""
        from m import imported as other
        import module.part
        def defined(parameter: "Annotation") -> Result: return local.attribute
        class Defined(Base): pass
        use("pkg.mod.name", "no name", 'x' * 3, keyword=1)
        assigned = 1
    """).details.mentions
    assert {"imported", "Annotation", "Result", "local", "attribute", "Base", "use", "pkg", "mod", "name"} <= {
        *mentions
    }
    assert not {"defined", "Defined", "no name", "keyword", "part"} & {*mentions}


def test_comments_that_say_what_not_to_report() -> None:
    ignores = facts("""\
        # healer: ignore-file[dead_code] called by name
        @deco
        @deco
        def f():  # healer: ignore[god_class, complexity]  it is a table
            pass
        # healer: ignore
        x = 1
        text = "healer: ignore"
    """).details.ignores
    assert ignores == (
        Ignore(0, ("dead_code",), "called by name"),
        Ignore(4, ("complexity", "god_class"), "it is a table", 2),
        Ignore(7, (), "", 7),
    )


def test_detail_survives_the_cache() -> None:
    detail = facts("class A:\n def f(self): self.x()  # healer: ignore[a] b\nA()\n").details
    assert Detail.unpack(detail.pack()) == detail
    assert len(detail.classes) == 1


# The token stream

SAME = [
    ("def f(a):\n    return a + 1\n", "def g(b):\n    # comment\n\n    return (b +\n        2)\n"),
    ("x = y.z(1, k='s')\n", "a = b.z(22, k='other')\n"),
    ("if a:\n  b = 1\n", "if c:\n    d = 3\n"),
    ('def f():\n    """Docs."""\n    g()\n', "def f():\n    g()\n"),
    ("x: int = f(1)\n", "y: List[str] = f(2)\n"),
]
OTHER = [
    ("x = a + b\n", "x = a - b\n"),
    ("x.y\n", "x.z\n"),
    ("f(x)\n", "g(x)\n"),
    ("f(k=1)\n", "f(l=1)\n"),
    ("if a:\n  b = 1\n  c = 1\n", "if a:\n  b = 1\nc = 1\n"),
    ("x = 1\n", "x = 'a'\n"),
    ("return_ = a < b\n", "return_ = a <= b\n"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_names_and_literals_and_layout_are_not_in_the_stream(one: str, two: str) -> None:
    assert read(one).tokens == read(two).tokens


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_is_different_has_another_stream(one: str, two: str) -> None:
    assert read(one).tokens != read(two).tokens


def test_the_stream_has_a_line_for_each_statement_and_a_span_for_each_definition() -> None:
    reading = read("import a\nclass C:\n    def f(self):\n        x = 1\n        return x\n\n\ndef g(): pass\n")
    assert list(reading.lines) == [1, 2, 3, 4, 5, 8, 8]
    assert reading.tokens.count(STATEMENT) == 7
    assert reading.tokens.count(END) == 4
    starts = [reading.tokens[start] for start, _ in reading.spans]
    assert starts == [STATEMENT] * 3
    (outer, inner, last) = reading.spans
    assert outer[0] < inner[0] < inner[1] <= outer[1] == last[0]


def test_shapes_stay_when_names_change() -> None:
    before = facts("def f(a, b):\n    return a.x + b\n").definitions[0]
    after = facts("\n\ndef other(c, d):\n    # why\n    return (c.x\n            + d)\n").definitions[0]
    assert before.shape == after.shape
    assert before.shape != facts("def f(a, b):\n    return a.y + b\n").definitions[0].shape


@given(
    st.lists(
        st.sampled_from(["x = f(1)", "if a:\n  b.c()", "def g(h=1):\n  return h", "class D(E):\n  y = 1", "lambda: 0"])
    )
)
def test_whatever_the_file_the_stream_is_whole(parts: list[str]) -> None:
    source = "\n".join(parts)
    reading = read(source)
    statements = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]
    assert reading.tokens.count(STATEMENT) == len(statements) == len(reading.lines)
    assert all(first <= second for first, second in pairwise(reading.lines))
    assert blind(reading.tokens) == bytes(token for token in reading.tokens if token < 128)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("type X = int\n", "Python 3.12"),
        ("def f[T](x: T): pass\n", "Python 3.12"),
        ("try:\n    pass\nexcept A, B:\n    pass\n", "Python 3.14"),
        ("print 'x'\n", "Python 2"),
    ],
)
def test_newer_and_older_syntax_is_told(source: str, hint: str) -> None:
    found = read_source(source.encode()).facts
    assert found.analyzable or hint in found.reason


def test_a_pointer_is_no_python() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    assert "git lfs fetch" in read_source(pointer).facts.reason
