"""Small mistakes, and whether tests notice them."""

import ast
from itertools import islice
from textwrap import dedent

import pytest

from gitops_healer.proof.mutating import mutants_of


def titles(text: str, *lines: int) -> set[str]:
    source = dedent(text).encode()
    numbers = lines or range(1, source.count(b"\n") + 1)
    return {mutant.title for mutant in mutants_of(source, "m.py", set(numbers))}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("x = a < b", {"`a < b` becomes `a <= b`", "`a < b` becomes `a >= b`", "`x = a < b` becomes `x = None`"}),
        ("if a in b: pass", {"`a in b` becomes `not (a in b)`"}),
        ("if (a  # < b\n    >= b): pass", {"`a # < b >= b` becomes `a # < b > b`",
                                          "`a # < b >= b` becomes `not (a # < b >= b)`"}),
        ("if not a: pass", {"`not a` becomes `a`"}),
        ("while a is not None: pass", {"`a is not None` becomes `not (a is not None)`"}),
        ("f(a or b)", {"`a or b` becomes `a and b`", "`f(a or b)` is left out"}),
        ("f((a) ** (b))", {"`(a) ** (b)` becomes `(a) * (b)`", "`f((a) ** (b))` is left out"}),
        ("a += 1", {"`a += 1` becomes `a -= 1`", "`1` becomes `2`", "`a += 1` is left out"}),
        ("a += 'x'", {"`'x'` becomes `\"\"`", "`a += 'x'` is left out"}),
        ("self.a = True", {"`True` becomes `False`", "`self.a = True` becomes `self.a = None`",
                           "`self.a = True` is left out"}),
        ("raise ValueError('no', 1)", {"`raise ValueError('no', 1)` is left out"}),
        ("log.info('%s' % (a < 1))", set()),
        ("print(a < 1)", set()),
        ("x: int", set()),
        ("'a text'", set()),
        ("pass", set()),
        ("del a[-n]", {"`-n` becomes `n`", "`del a[-n]` is left out"}),
        ("f'{a < b}'.strip()", {"`f'{a < b}'.strip()` is left out"}),
        ("é = ü < 1.5", {"`ü < 1.5` becomes `ü <= 1.5`", "`ü < 1.5` becomes `ü >= 1.5`", "`ü < 1.5` becomes `ü < 2.5`",
                         "`é = ü < 1.5` becomes `é = None`"}),
        ("for x in y: break", {"`y` becomes `()`", "`break` becomes `continue`"}),
        ("try: pass\nexcept KeyError: pass", {"`KeyError` becomes `()`"}),
        ("x = [a for a in b if a == c]", {"`a == c` becomes `not (a == c)`",
                                          "`x = [a for a in b if a == c]` becomes `x = None`"}),
    ],
)  # fmt: skip
def test_each_kind_of_mistake(statement: str, expected: set[str]) -> None:
    assert titles(f"{statement}\n") == expected


def test_only_the_statements_of_the_lines_are_touched() -> None:
    text = """\
        def f(x, y=3):
            if x < 1:
                return 0
            total = (
                x * y
            )
            return total
        """
    assert titles(text, 1) == {"`3` becomes `4`"}
    assert titles(text, 2) == {
        "`x < 1` becomes `x <= 1`",
        "`x < 1` becomes `not (x < 1)`",
        "`x < 1` becomes `x < 2`",
    }
    assert titles(text, 3) == {"`0` becomes `1`", "`return 0` becomes `return None`"}
    assert "`x * y` becomes `x / y`" in titles(text, 4)
    assert titles(text, 9) == set()


def test_what_stands_in_classes_is_touched_as_well() -> None:
    text = """\
        class A(Base, metaclass=make(1 < 2)):
            size = 3
            @mark
            def f(self):
                return self.size
            if size: limit = 4
        """
    assert "`1 < 2` becomes `1 <= 2`" in titles(text, 1)
    assert titles(text, 2) == {"`3` becomes `4`", "`size = 3` becomes `size = None`"}
    assert titles(text, 5) == {"`return self.size` becomes `return None`"}
    assert "`size` becomes `not size`" in titles(text, 6)


def test_few_mutants_come_from_everywhere() -> None:
    source = "".join(f"a{n} = b < {n}\n" for n in range(64)).encode()
    first = list(islice(mutants_of(source, "m.py", range(1, 65)), 8))
    assert sorted(mutant.line for mutant in first) == [1, 9, 17, 25, 33, 41, 49, 57]
    every = list(islice(mutants_of(source, "m.py", range(1, 65)), 64))
    assert len({mutant.line for mutant in every}) == 64
    assert {mutant.operator for mutant in every} == {"relational", "constant"}
    assert list(islice(mutants_of(source, "m.py", range(1, 65)), 8)) == first


def test_mutants_are_programs_of_their_own() -> None:
    source = (
        b"def f(a, b, *c, d=1, **e):\n    if a > b and not c or d:\n        return a if b else -d\n"
        b"    while (a\n           <\n           b):\n        a, b = b, a + 1\n    return {a: [b, e]}\n"
    )
    made = [mutant.change.apply({"m.py": source})["m.py"] for mutant in mutants_of(source, "m.py", range(1, 20))]
    shapes = {ast.dump(ast.parse(data)) for data in made}
    assert len(shapes) == len(made) > 12
    assert ast.dump(ast.parse(source)) not in shapes


@pytest.mark.parametrize("source", [b"def (", b"# coding: latin-1\nx = 1 < 2 # \xe9\n", b"", b"x = 1\x00"])
def test_what_cannot_be_read_has_none(source: bytes) -> None:
    assert list(mutants_of(source, "m.py", {1, 2})) == []
