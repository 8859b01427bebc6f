import pytest
from minilang.evaluate import names_in

from minilang import MiniError, parse, run


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("12 / 2 / 3", 2),
        ("-2^2", -4),
        ("2^3^2", 512),
        ("2^-1", 0.5),
        ("--3", 3),
        ("1.5 * 4", 6),
    ],
)
def test_arithmetic(text, value):
    assert run(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("1 < 2", True), ("2 <= 1", False), ("3 = 3", True), ("1 + 1 <> 2", False)]
)
def test_comparisons(text, value):
    assert run(text) is value


def test_names():
    assert run("price * (1 + tax)", price=200, tax=0.5) == 300


def test_name_without_value():
    with pytest.raises(MiniError, match="tax"):
        run("tax + 1")


def test_calls():
    assert run("max(1, 5, 3)") == 5
    assert run("MIN(4, 2) + abs(-3)") == 5


def test_if_evaluates_one_branch():
    assert run("if(x = 0, 0, 10 / x)", x=0) == 0
    assert run("if(x = 0, 0, 10 / x)", x=4) == 2.5


@pytest.mark.parametrize("text", ["1 / 0", "foo(1)", "sqrt(-1)", "sqrt()", "if(1, 2)"])
def test_errors_while_running(text):
    with pytest.raises(MiniError):
        run(text)


@pytest.mark.parametrize("text", ["", "1 +", "(1", "1 2", "max(1,)", "max(1", ")"])
def test_errors_while_parsing(text):
    with pytest.raises(MiniError):
        parse(text)


def test_tree():
    assert parse("a - 1 - b") == ("-", ("-", ("name", "a"), ("num", 1.0)), ("name", "b"))


def test_call_without_arguments():
    assert parse("now()") == ("call", "now", [])


def test_names_in():
    assert names_in(parse("a + max(b, -c, 2)")) == {"a", "b", "c"}
    assert names_in(parse("1 + 2")) == set()
