import ast
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.code.shape import shape_of

CODE = '''\
def price(items, rate=0.2):
    """What it costs."""
    # sum first
    total = sum(item["price"] for item in items)
    if total > 100 and rate:
        return round(total * (1 - rate), 2)
    elif not items:
        raise ValueError("empty")
    return total
'''


def whole(text: str) -> str:
    return shape_of(text.encode(), 1, len(text.splitlines()))


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("    # sum first\n", ""),
        CODE.replace("# sum first", "# another remark"),
        CODE.replace("What it costs", "What all of it costs"),
        CODE.replace("    ", "\t"),
        CODE.replace("\n", "\r\n"),
        CODE.replace('"price"', "'price'"),
        CODE.replace("sum(item", "sum(\n        item").replace("items)\n    if", "items\n    )\n\n    if"),
        CODE.replace("total > 100 and rate", "(total > 100) and (rate)"),
    ],
)
def test_looks_do_not_matter(same: str) -> None:
    assert whole(same) == whole(CODE)


def test_the_place_does_not_matter() -> None:
    moved = "import os\n\n\nclass Shop:\n    x = 1\n\n" + textwrap.indent(CODE, "    ") + "\n    y = 2\n"
    assert shape_of(moved.encode(), 7, 15) == whole(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [("100", "101"), ("and rate", "or rate"), ("total * (1 - rate)", "total * 1 - rate"), ('"price"', '"prize"'),
     ("rate=0.2", "rate=0.3"), ("elif not", "elif"), ("ValueError", "TypeError"), ("    return total\n", "")],
)  # fmt: skip
def test_meaning_matters(old: str, new: str) -> None:
    assert old in CODE
    assert whole(CODE.replace(old, new)) != whole(CODE)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (b"elif b:\n    y = 1\n", b"  elif b :  # why\n      y = 1\n"),
        (b"except E as e:\n  y\n", b"      except E as e:\n        y\n"),
        (b"def f(a, b):\n", b"    def f(a,b):\n"),
        (b"a, b)\n", b"   a,\n      b)\n"),
        (b"return 'a\n", b"  return   'a\n"),
        (b"case 1:\n  y\n", b"    case 1:\n      y\n"),
    ],
)
def test_fragments_that_are_no_statements(left: bytes, right: bytes) -> None:
    assert shape_of(left, 1, 2) == shape_of(right, 1, 2)
    assert shape_of(left, 1, 2) != shape_of(left.replace(b"b", b"c").replace(b"y", b"z").replace(b"'a", b"'d"), 1, 2)


def test_the_end_of_a_block_is_part_of_the_shape() -> None:
    assert shape_of(b"if a:\n  b\nc\n", 1, 3) != shape_of(b"if a:\n  b\n  c\n", 1, 3)
    assert shape_of(b"  b\nc\n", 1, 2) != shape_of(b"  b\n  c\n", 1, 2)


def test_declared_encodings() -> None:
    latin = "# coding: latin-1\nx = 'é'\n"
    assert shape_of(latin.encode("latin-1"), 2, 2) == shape_of("x = 'é'".encode(), 1, 1)


@given(st.binary(max_size=200), st.integers(-2, 9), st.integers(-2, 9))
def test_anything_has_a_shape(data: bytes, start: int, end: int) -> None:
    assert len(shape_of(data, start, end)) == 40


def test_constants_are_not_punctuation() -> None:
    texts = [
        "x = '.a'",
        "x = 'a'",
        "x = ')'",
        "x = ['']",
        "x = []",
        "x = b'a'",
        "x = 1",
        "x = 1.0",
        "x = True",
        "x = None",
    ]
    assert len({whole(text) for text in texts}) == len(texts)


def test_deep_code_has_a_shape() -> None:
    deep = "x = " + "-" * 5000 + "1\n"
    assert whole(deep) != whole(deep.replace("1", "2"))


def test_own_source_of_ast_is_stable() -> None:
    """A real, long file: same when reformatted by the compiler's own printer."""
    source = Path(ast.__file__).read_text("utf-8")
    printed = ast.unparse(ast.parse(source))
    assert whole(printed) == whole(source)
