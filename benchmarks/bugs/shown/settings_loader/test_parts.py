import pytest
from settings_loader.environment import expand, from_environment
from settings_loader.formats import unquote
from settings_loader.merging import flatten, merge
from settings_loader.typing_rules import like


@pytest.mark.parametrize(
    ("value", "example", "expected"),
    [
        ("12", 1, 12),
        ("1.5", 0.0, 1.5),
        ("No", True, False),
        (" yes ", False, True),
        (1, False, True),
        ("a, b,,c", [], ["a", "b", "c"]),
        (5, "text", "5"),
    ],
)
def test_like(value, example, expected):
    result = like(value, example)
    assert result == expected
    assert type(result) is type(expected)


def test_names_of_variables():
    variables = {"APP_A__B__C": "1", "APP_X": "2", "APP_": "3", "OTHER_Y": "4"}
    assert from_environment(variables) == {"a": {"b": {"c": "1"}}, "x": "2"}


def test_another_prefix():
    assert from_environment({"MY_APP_X": "1", "APP_X": "2"}, "MY_APP_") == {"x": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${A}", "1"),
        ("${A}-${B:two}-${A:x}", "1-two-1"),
        ("${C}", "${C}"),
        ("open ${A", "open ${A"),
    ],
)
def test_expand(text, expected):
    assert expand(text, {"A": "1"}) == expected


@pytest.mark.parametrize(("text", "expected"), [('"a"', "a"), ("'a'", "a"), ("\"a'", "\"a'"), ("a", "a"), ('"', '"')])
def test_unquote(text, expected):
    assert unquote(text) == expected


def test_merge_of_sections():
    base = {"a": {"x": 1, "y": 2}, "b": 1}
    assert merge(base, {"a": {"y": 3}, "b": None, "c": {"z": 4}}) == {"a": {"x": 1, "y": 3}, "c": {"z": 4}}


def test_a_section_replaces_a_value():
    assert merge({"a": 1}, {"a": {"x": 2}}) == {"a": {"x": 2}}


def test_flatten():
    settings = {"b": 1, "a": {"y": {"z": 2}, "x": 3, "w": {}}}
    assert list(flatten(settings).items()) == [("a.x", 3), ("a.y.z", 2), ("b", 1)]
