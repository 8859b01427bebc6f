import pytest
from ini_files import IniError, MissingOptionError, Settings, parse, strip_comment


@pytest.mark.parametrize(
    ("line", "content"),
    [("a = 1 # one", "a = 1"), ("; all", ""), ("color = #fff", "color ="), ("a#b", "a#b"), ("  a = 1  ", "a = 1")],
)
def test_strip_comment(line, content):
    assert strip_comment(line) == content


def test_parse(text):
    assert parse(text) == {
        "defaults": {"home": "/srv", "debug": "Off"},
        "paths": {"data": "${home}/data", "logs": "${data}/logs", "names": "one, two,\nthree#3"},
        "mail": {"to": "${paths:data}/box", "debug": "YES"},
    }


def test_parse_value_with_equals_sign():
    assert parse("query = a=b")["defaults"] == {"query": "a=b"}


def test_a_section_in_two_parts():
    assert parse("[a]\nx=1\n[b]\n[A]\ny=2")["a"] == {"x": "1", "y": "2"}


def test_parse_refuses_nonsense():
    with pytest.raises(IniError, match="line 2"):
        parse("[a]\nnonsense")


def test_get(settings):
    assert settings.get("mail", "home") == "/srv"
    assert settings.get("mail", "debug") == "YES"
    assert settings.get("no such section", "debug") == "Off"


def test_missing_option(settings):
    with pytest.raises(MissingOptionError):
        settings.get("mail", "port")


def test_get_bool(settings):
    assert settings.get_bool("mail", "debug") is True
    assert settings.get_bool("paths", "debug") is False
    with pytest.raises(IniError):
        settings.get_bool("mail", "to")


def test_get_list(settings):
    assert settings.get_list("paths", "names") == ["one", "two", "three#3"]


def test_resolve(settings):
    assert settings.resolve("paths", "logs") == "/srv/data/logs"
    assert settings.resolve("mail", "to") == "/srv/data/box"


def test_resolve_in_circles():
    circle = Settings({"a": {"x": "${y}", "y": "${x}"}})
    with pytest.raises(IniError):
        circle.resolve("a", "x")


def test_drop(settings):
    assert settings.drop("mail", "to")
    assert not settings.drop("mail", "to")
    assert settings.drop("mail", "debug")
    assert "mail" not in settings.sections


def test_drop_last_default():
    settings = Settings({"defaults": {"a": "1"}})
    assert settings.drop("defaults", "a")
    assert settings.sections == {"defaults": {}}


def test_set(settings):
    settings.set("mail", "Port", "25")
    assert settings.get("mail", "port") == "25"
    settings.set("extra", "a", "1")
    assert settings.sections["extra"] == {"a": "1"}


def test_merge(settings):
    merged = settings.merge(Settings({"mail": {"debug": "no"}, "new": {"a": "1"}}))
    assert merged.get("mail", "debug") == "no"
    assert merged.get("mail", "to") == "${paths:data}/box"
    assert merged.get("new", "a") == "1"
    assert settings.get("mail", "debug") == "YES"


def test_write(settings):
    assert parse(settings.write()) == settings.sections
    assert Settings({"a": {"x": "1"}}).write() == "[a]\nx = 1\n"
