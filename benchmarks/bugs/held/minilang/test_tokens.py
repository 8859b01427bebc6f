import pytest

from minilang import MiniError, tokens


def texts(source):
    return [token.text for token in tokens(source)]


def test_signs_and_names():
    assert texts("a+b_2 <= (3)") == ["a", "+", "b_2", "<=", "(", "3", ")", ""]


@pytest.mark.parametrize("number", ["0", "42", "3.25"])
def test_numbers(number):
    assert texts(number) == [number, ""]


def test_positions():
    assert [token.at for token in tokens("12 + x")] == [0, 3, 5, 6]


def test_comment():
    assert texts("1 # one\n+ 2") == ["1", "+", "2", ""]


@pytest.mark.parametrize("source", ["1 ? 2", "1.", "$"])
def test_nonsense(source):
    with pytest.raises(MiniError):
        tokens(source)
