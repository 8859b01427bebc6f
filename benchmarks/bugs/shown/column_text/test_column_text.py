import pytest
from column_text import (
    box,
    columns,
    common_prefix,
    dedented,
    enumeration,
    fill,
    justify,
    ordinal,
    outline_numbers,
    roman,
    shorten,
    slug,
    title,
)


def test_fill():
    assert fill("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert fill("one two three", 9, indent=2) == ["one two", "  three"]
    assert fill("a incredible b", 5) == ["a", "incredible", "b"]
    assert fill("  ", 10) == []


def test_justify():
    assert justify(["a", "b", "c"], 7) == "a  b  c"
    assert justify(["a", "b", "c"], 8) == "a   b  c"
    assert justify(["word"], 6) == "word  "


def test_box():
    assert box(["Stop!"]) == "+-------+\n| Stop! |\n+-------+"
    assert box(["wide", "no"]) == "+------+\n| wide |\n|  no  |\n+------+"


def test_columns():
    assert columns(["a", "bb", "c", "d", "e"], 2) == ["a   d", "bb  e", "c"]
    assert columns(["a", "b", "c", "d"], 2) == ["a  c", "b  d"]
    assert columns([], 3) == []


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("a long sentence here", 12, "a long..."),
        ("unbreakable", 7, "unbr..."),
        ("two words here", 12, "two words..."),
    ],
)
def test_shorten(text, width, expected):
    assert shorten(text, width) == expected


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (21, "21st"), (112, "112th")],
)
def test_ordinal(number, text):
    assert ordinal(number) == text


def test_roman():
    assert [roman(number) for number in (1, 4, 9, 14, 40, 90, 400)] == ["I", "IV", "IX", "XIV", "XL", "XC", "CD"]
    assert roman(1994) == "MCMXCIV"
    assert roman(3888) == "MMMDCCCLXXXVIII"
    for number in (0, 4000, -5):
        with pytest.raises(ValueError):
            roman(number)


def test_outline_numbers():
    assert outline_numbers([1, 2, 2, 1, 2, 3]) == ["1", "1.1", "1.2", "2", "2.1", "2.1.1"]
    assert outline_numbers([1, 3, 2]) == ["1", "1.1.1", "1.2"]
    assert outline_numbers([]) == []


def test_title():
    assert title("the lord of the rings") == "The Lord of the Rings"
    assert title("what are you looking FOR") == "What Are You Looking For"
    assert title("") == ""


def test_slug():
    assert slug("Crème brûlée, 2 ways!") == "creme-brulee-2-ways"
    assert slug("  --Hello   World-- ") == "hello-world"


def test_enumeration():
    assert enumeration(["a", "b", "c"]) == "a, b and c"
    assert enumeration(["a", "b"], "or") == "a or b"
    assert enumeration(["a"]) == "a"
    assert enumeration([]) == ""


def test_dedented():
    assert dedented("  a\n    b\n  c") == "a\n  b\nc"
    assert dedented("  a\n\n  b") == "a\n\nb"
    assert dedented("a\n  b") == "a\n  b"


def test_common_prefix():
    assert common_prefix(["a/b/c", "a/b/d", "a/b"]) == "a/b"
    assert common_prefix(["a/bc/x", "a/bd/x"]) == "a"
    assert common_prefix(["x", "y"]) == ""
    assert common_prefix(["a.b"], ".") == "a.b"
