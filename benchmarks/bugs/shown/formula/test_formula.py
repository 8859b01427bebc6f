import pytest
from formula import FormulaError, evaluate, names_used, parse, show, tokenize


def value(text, **variables):
    return evaluate(parse(text), variables)


def test_tokens_have_kinds_and_positions():
    tokens = tokenize("rate_1 * 2.5")
    assert [(token.kind, token.text, token.position) for token in tokens] == [
        ("name", "rate_1", 0),
        ("symbol", "*", 7),
        ("number", "2.5", 9),
    ]


def test_a_number_has_one_point_only():
    assert [token.text for token in tokenize("1.2.3")] == ["1.2", ".3"]


def test_strange_characters_are_refused():
    with pytest.raises(FormulaError):
        tokenize("2 $ 3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("8 / 4 / 2", 1),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("2 ^ -1", 0.5),
        ("min(3, 1, 2) + sqrt(16)", 5),
    ],
)
def test_values(text, expected):
    assert value(text) == expected


def test_variables():
    assert value("price * count", price=2.5, count=4) == 10


def test_unknown_names_are_refused():
    with pytest.raises(FormulaError, match="unknown name y"):
        value("x + y", x=1)


def test_unknown_functions_are_refused():
    with pytest.raises(FormulaError):
        value("sin(1)")


def test_division_by_zero():
    with pytest.raises(FormulaError):
        value("1 / (2 - 2)")


@pytest.mark.parametrize("text", ["1 +", "(1", "1 2", "", "a b", "2 )"])
def test_what_is_not_a_formula(text):
    with pytest.raises(FormulaError):
        parse(text)


def test_names_used():
    assert names_used(parse("a + 2 * -b")) == {"a", "b"}
    assert names_used(parse("max(a, b + c, 1)")) == {"a", "b", "c"}
    assert names_used(parse("1 + 2")) == set()


def test_show_puts_brackets():
    assert show(parse("1 + 2.5 * x")) == "(1 + (2.5 * x))"
    assert show(parse("-max(1, y)")) == "-max(1, y)"
