import pytest

from conffile import (
    ConfigError,
    as_list,
    as_seconds,
    convert,
    dump,
    load,
    logical_lines,
    overlay,
    parse,
    resolve,
    unquote,
)


def test_logical_lines():
    assert list(logical_lines("a\n\n# c\n b # x\nc#d")) == [(1, "a"), (4, "b"), (5, "c#d")]


def test_continued_lines():
    assert list(logical_lines("a = 1, \\\n  2, \\\n  3\nb = 4")) == [(1, "a = 1, 2, 3"), (4, "b = 4")]
    assert list(logical_lines("a \\")) == [(1, "a")]


def test_parse():
    config = parse('name = shop\n[server]\nHost = example.org # public\nport=8080\nnote = "a = b"\n[empty]')
    assert config == {
        "": {"name": "shop"},
        "server": {"host": "example.org", "port": "8080", "note": "a = b"},
        "empty": {},
    }


def test_sections_may_be_continued_later():
    assert parse("[a]\nx=1\n[b]\n[a]\ny=2")["a"] == {"x": "1", "y": "2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nnonsense", "2: key = value expected"),
        ("= 1", "1: key"),
        ("[a", "1: bad section"),
        ("[ ]", "1: bad section"),
        ("\na = 1\nA = 2", "3: a is set twice"),
    ],
)
def test_parse_errors(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("value", "plain"), [('"a b"', "a b"), ("'x'", "x"), ("\"x'", "\"x'"), ('"', '"'), ("", ""), ('""', "")]
)
def test_unquote(value, plain):
    assert unquote(value) == plain


def test_overlay():
    base = {"": {"a": "1"}, "s": {"x": "1", "y": "1"}}
    assert overlay(base, {"s": {"y": "2"}}, {"t": {"z": "3"}}) == {
        "": {"a": "1"},
        "s": {"x": "1", "y": "2"},
        "t": {"z": "3"},
    }


def test_overlay_leaves_its_input_alone():
    base, other = {"s": {"x": "1"}}, {"s": {"x": "2"}, "t": {"y": "1"}}
    overlay(base, other, {"t": {"y": "9"}})
    assert base == {"s": {"x": "1"}}
    assert other == {"s": {"x": "2"}, "t": {"y": "1"}}


CONFIG = {
    "": {"root": "/srv"},
    "web": {"home": "${.root}/www", "logs": "${home}/logs", "loop": "${pool}", "pool": "${loop}", "bad": "${none}"},
    "a.b": {"x": "1"},
    "mail": {"logs": "${web.logs}/mail ${a.b.x}", "twice": "${logs} ${logs}"},
}


def test_resolve():
    assert resolve(CONFIG, "web", "home") == "/srv/www"
    assert resolve(CONFIG, "web", "logs") == "/srv/www/logs"
    assert resolve(CONFIG, "mail", "logs") == "/srv/www/logs/mail 1"


def test_resolve_the_same_key_twice_is_no_circle():
    assert resolve(CONFIG, "mail", "twice") == "/srv/www/logs/mail 1 /srv/www/logs/mail 1"


@pytest.mark.parametrize("key", ["loop", "bad", "missing"])
def test_resolve_errors(key):
    with pytest.raises(ConfigError):
        resolve(CONFIG, "web", key)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1m 30s", 90), ("1h", 3600), ("2d", 172800)])
def test_as_seconds(text, seconds):
    assert as_seconds(text) == seconds


@pytest.mark.parametrize("text", ["1x", "m", "1.5h", "-3"])
def test_as_seconds_refuses(text):
    with pytest.raises(ConfigError):
        as_seconds(text)


def test_as_list():
    assert as_list(" b, a ,,c ") == ["b", "a", "c"]
    assert as_list("") == []
    assert as_list("a;b", ";") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "like", "value"),
    [
        ("8080", 80, 8080),
        ("0.5", 1.0, 0.5),
        ("On", False, True),
        ("no", True, False),
        ("a,b", [], ["a", "b"]),
        ("7", "x", "7"),
    ],
)
def test_convert(text, like, value):
    assert convert(text, like) == value
    assert type(convert(text, like)) is type(value)


@pytest.mark.parametrize(("text", "like"), [("many", 3), ("1.5", 3), ("maybe", True)])
def test_convert_refuses(text, like):
    with pytest.raises(ConfigError):
        convert(text, like)


FILES = {
    "main": "include = base, extra\n[s]\nx = main",
    "base": "include = extra, main\n[s]\nx = base\ny = base",
    "extra": "[s]\ny = extra\nz = extra",
}


def test_load():
    assert load("extra", FILES.get) == {"": {}, "s": {"y": "extra", "z": "extra"}}
    assert load("main", FILES.get)["s"] == {"x": "main", "y": "base", "z": "extra"}


def test_load_again():
    assert load("main", FILES.get) == load("main", FILES.get)


def test_dump():
    assert dump({"s": {"b": "2", "a": " x"}, "": {"k": ""}}) == 'k = ""\n\n[s]\na = " x"\nb = 2'
    assert dump({"s": {"a": "1"}}) == "[s]\na = 1"
