import pytest
from wrapped_calls import (
    CheckError,
    Commands,
    LimitError,
    Tally,
    chain,
    check,
    fallback,
    limited,
    number_or_text,
    overridden,
)


@pytest.fixture
def tally():
    return Tally()


@pytest.fixture
def half(tally):
    @tally.count
    def half(number):
        """Half of a number."""
        return 10 // number

    return half


def test_calls_are_counted(tally, half):
    assert [half(1), half(5)] == [10, 2]
    assert tally.calls == {"half": 2}
    assert tally.errors == {}


def test_errors_are_counted_and_go_on(tally, half):
    half(2)
    with pytest.raises(ZeroDivisionError):
        half(0)
    assert tally.calls == {"half": 2}
    assert tally.errors == {"half": 1}
    assert tally.rate("half") == 0.5


def test_the_name_is_kept(half):
    assert half.__name__ == "half"
    assert half.__doc__ == "Half of a number."


def test_two_tallies_share_nothing(half):
    half(1)
    assert Tally().calls == {}


def test_rate_of_what_was_not_called(tally):
    assert tally.rate("nothing") == 1.0


def test_reset(tally):
    for name in ("get_a", "get_b", "put_a"):

        def function():
            pass

        function.__name__ = name
        tally.count(function)()
    assert tally.reset("get") == ["get_a", "get_b"]
    assert tally.calls == {"put_a": 1}
    assert tally.reset() == ["put_a"]


@pytest.fixture
def area():
    @check(width=int, height=(int, float))
    def area(width, height=2, unit="m"):
        return f"{width * height} {unit}"

    return area


def test_checked_arguments(area):
    assert area(3) == "6 m"
    assert area(3, 1.5, unit=None) == "4.5 None"


def test_a_wrong_argument_by_position(area):
    with pytest.raises(CheckError, match="width: str"):
        area("3")


def test_a_wrong_argument_by_name(area):
    with pytest.raises(CheckError, match="height: list"):
        area(3, height=[])


def test_unknown_names_are_told_at_once():
    with pytest.raises(CheckError, match="no parameter depth, size"):
        check(size=int, depth=int)(lambda width: width)


def test_defaults_are_not_checked():
    @check(name=str)
    def greet(name=None):
        return f"hello {name}"

    assert greet() == "hello None"


def test_limited():
    calls = limited(2)(str.upper)
    assert calls.left() == 2
    assert [calls("a"), calls("b")] == ["A", "B"]
    assert calls.left() == 0
    with pytest.raises(LimitError, match="only 2 calls of upper"):
        calls("c")


def test_failed_calls_do_not_count():
    calls = limited(1)(int)
    with pytest.raises(ValueError):
        calls("x")
    assert calls("7") == 7


def test_limits_are_separate():
    once = limited(1)
    first, second = once(str.upper), once(str.lower)
    assert first("a") == "A"
    assert second("B") == "b"


def test_fallback():
    assert fallback(0, ValueError)(int)("x") == 0
    assert fallback(0, ValueError)(int)("5") == 5
    assert fallback(None)(int)([]) is None


def test_other_errors_are_not_caught():
    with pytest.raises(TypeError):
        fallback(0, ValueError, KeyError)(int)([])


def test_a_fallback_can_be_a_function():
    assert fallback(lambda text: f"<{text}>", ValueError)(int)("x") == "<x>"


def test_chain():
    def around(sign):
        return lambda function: lambda text: sign + function(text) + sign

    assert chain(around("*"), around("-"))(str.upper)("a") == "*-A-*"
    assert chain()(str.upper) is str.upper


@pytest.fixture
def commands():
    commands = Commands()

    @commands.command("mv", "go")
    def move_to(x, y=0):
        """Move to a place.

        Both numbers may be negative.
        """
        return ("moved", x, y)

    @commands.command()
    def echo(*words):
        return words

    return commands


def test_call(commands):
    assert commands.call("move-to 3 -4") == ("moved", 3, -4)
    assert commands.call("mv 1") == ("moved", 1, 0)
    assert commands.call("echo a 1b -") == ("a", "1b", "-")


def test_unknown_command(commands):
    with pytest.raises(LookupError, match="no command jump"):
        commands.call("jump 3")


def test_help(commands):
    assert commands.help() == ["echo: no description", "move-to (go, mv): Move to a place."]


@pytest.mark.parametrize(("word", "expected"), [("12", 12), ("-3", -3), ("1.5", "1.5"), ("", ""), ("--2", "--2")])
def test_number_or_text(word, expected):
    assert number_or_text(word) == expected


def test_overridden():
    settings = {"debug": False, "port": 80}
    with overridden(settings, debug=True, extra=1) as inside:
        assert inside == {"debug": True, "port": 80, "extra": 1}
        assert inside is settings
    assert settings == {"debug": False, "port": 80}


def test_overridden_and_an_error():
    settings = {"debug": False}
    with pytest.raises(KeyError), overridden(settings, debug=True):
        raise KeyError
    assert settings == {"debug": False}
