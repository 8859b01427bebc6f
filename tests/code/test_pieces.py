"""Files as pieces, and pieces that go back."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.pieces import Cut, Fate, cut, turned_back
from gitops_healer.core.three_way import merged_text

BEFORE = '''\
"""Doc."""
import os

A = 1


class C:
    """D."""

    x = 1

    # about f
    def f(self):
        return 1

    def g(self):
        return 2


def h():
    return 3
'''


def made(source: str) -> Cut:
    known = cut(source.encode())
    assert known is not None
    return known


def test_the_pieces_of_a_file() -> None:
    assert [piece.key for piece in made(BEFORE).pieces] == [
        'statement """Doc."""', "import os", "constant A", "class C", "constant C.x", "def C.f", "def C.g", "def h",
    ]  # fmt: skip
    assert made(BEFORE).by_key["def C.f"].text.startswith("    # about f\n")


def test_what_nobody_touched_since_goes_back_and_the_rest_stays() -> None:
    changed = BEFORE.replace("return 1", "return 11").replace("return 3", "return 33")
    changed = changed.replace("A = 1\n", "A = 1\nB = 2\n").replace("\n    def g(self):\n        return 2\n", "")
    now = changed.replace("return 33", "return 333").replace("x = 1", "x = 7")
    turned = turned_back(made(BEFORE), made(changed), made(now))
    assert turned.text == BEFORE.replace("return 3", "return 333").replace("x = 1", "x = 7")
    fates = {one.piece.key: one.fate for one in turned.turned}
    assert fates == {"constant B": Fate.REMOVED, "def C.f": Fate.BACK, "def C.g": Fate.BACK, "def h": Fate.CHANGED}


def test_what_is_kept_stays_and_a_class_stays_with_what_is_in_it() -> None:
    changed = BEFORE + "\n\nclass D:\n    def one(self):\n        return 1\n\n    def two(self):\n        return 2\n"
    kept = turned_back(made(BEFORE), made(changed), made(changed), keep={"def D.two"})
    assert "class D:\n    def two" in kept.text.replace("\n\n    def two", "\n    def two")
    assert "def one" not in kept.text
    later = changed + "\n    def three(self):\n        pass\n"
    assert "class D:" in turned_back(made(BEFORE), made(changed), made(later)).text
    assert "class D" not in turned_back(made(BEFORE), made(changed), made(changed)).text


def test_later_work_on_other_lines_of_a_function_stays() -> None:
    before = "def f(x):\n    one = 1\n    two = 2\n    three = 3\n    return one\n"
    changed, now = before.replace("one = 1", "one = 11"), before.replace("one = 1", "one = 11").replace("= 3", "= 33")
    turned = turned_back(made(before), made(changed), made(now))
    assert turned.text == before.replace("= 3", "= 33")
    assert [one.fate for one in turned.turned] == [Fate.BACK]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("a\nB\nc\nd\n", "a\nb\nc\nD\n", "a\nB\nc\nD\n"),
        ("a\nB\nc\nd\n", "a\nx\nc\nd\n", None),
        ("a\nB\nc\nd\n", "a\nb\nC\nd\n", None),
        ("a\nB\nc\nd\n", "a\nB\nc\nd\n", "a\nB\nc\nd\n"),
        ("a\nb\nc\nd\n", "", ""),
        ("z\na\nb\nc\nd\n", "a\nb\nc\nd\ne\n", "z\na\nb\nc\nd\ne\n"),
    ],
)
def test_two_sides_of_a_text(ours: str, theirs: str, expected: str | None) -> None:
    assert merged_text("a\nb\nc\nd\n", ours, theirs) == expected


def test_what_is_no_python_has_no_pieces() -> None:
    assert cut(b"def f(:\n") is None
    assert cut("# latin\nx = 'é'\n".encode("latin-1")) is None


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
BODIES = st.integers(0, 3)


@st.composite
def modules(draw: st.DrawFn) -> str:
    parts = []
    for name in draw(st.lists(NAMES, unique=True, max_size=5)):
        value = draw(BODIES)
        match draw(st.sampled_from(["def", "class", "constant", "import"])):
            case "def":
                parts.append(f"def {name}():\n    return {value}\n")
            case "class":
                methods = "".join(
                    f"\n    def {inner}(self):\n        return {draw(BODIES)}\n"
                    for inner in draw(st.lists(NAMES, unique=True, max_size=2))
                )
                parts.append(f"class {name}:\n    size = {value}\n{methods}")
            case "constant":
                parts.append(f"{name} = {value}\n")
            case _:
                parts.append(f"import {name}\n")
    return "\n\n".join(parts)


@given(before=modules(), changed=modules(), now=modules())
def test_going_back_at_once_gives_what_was_and_later_work_is_never_lost(before: str, changed: str, now: str) -> None:
    one, two, three = made(before), made(changed), made(now)
    assert made(before).joined() == before
    at_once = turned_back(one, two, two).text
    assert {p.key: p.text for p in made(at_once).pieces} == {p.key: p.text for p in one.pieces}
    after = turned_back(one, two, three).text
    ast.parse(after)
    stands = made(after).by_key
    for key, piece in three.by_key.items():
        was, came = (known.by_key[key].text if key in known.by_key else "" for known in (one, two))
        if came != piece.text and merged_text(came, piece.text, was) is None:
            assert stands[key].text == piece.text
