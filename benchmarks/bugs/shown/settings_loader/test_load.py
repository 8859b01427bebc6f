import pytest
from settings_loader import load
from settings_loader.formats import SettingsError


def test_defaults_only(defaults):
    assert load(defaults, [], {}) == defaults


def test_a_plain_file(defaults, conf):
    path = conf("app.conf", "# port of the service\nport = 8080\n\ndb.host = 'there'\n")
    settings = load(defaults, [path], {})
    assert settings["port"] == 8080
    assert settings["db"] == {"host": "there", "timeout": 1.5}


def test_comments_with_a_semicolon(defaults, conf):
    path = conf("app.cfg", "; nothing = here\nport = 1\n")
    assert load(defaults, [path], {})["port"] == 1


def test_a_json_file(defaults, conf):
    path = conf("app.json", '{"tags": ["x", "y"], "extra": {"deep": 1}}')
    settings = load(defaults, [path], {})
    assert settings["tags"] == ["x", "y"]
    assert settings["extra"] == {"deep": 1}


def test_later_files_win(defaults, conf):
    first = conf("a.conf", "port = 1\ndb.timeout = 9\n")
    second = conf("b.json", '{"port": 2}')
    settings = load(defaults, [first, second], {})
    assert (settings["port"], settings["db"]["timeout"]) == (2, 9.0)


def test_missing_files_do_not_matter(defaults, tmp_path):
    assert load(defaults, [tmp_path / "nothing.conf"], {}) == defaults


def test_the_environment_wins(defaults, conf):
    path = conf("a.conf", "db.host = file\n")
    settings = load(defaults, [path], {"APP_DB__HOST": "env", "APP_DEBUG": "on", "HOME": "/root"})
    assert settings["db"]["host"] == "env"
    assert settings["debug"] is True
    assert "home" not in settings


def test_null_takes_a_key_away(defaults, conf):
    path = conf("a.json", '{"db": {"host": null}}')
    assert load(defaults, [path], {})["db"] == {"timeout": 1.5}


def test_variables_in_files(defaults, conf):
    path = conf("a.conf", "db.host = ${NAME:db}.${ZONE:local}\n")
    assert load(defaults, [path], {"ZONE": "eu"})["db"]["host"] == "db.eu"


def test_defaults_are_not_changed(defaults, conf):
    path = conf("a.conf", "db.host = there\n")
    load(defaults, [path], {"APP_DB__TIMEOUT": "7"})
    assert defaults["db"] == {"host": "here", "timeout": 1.5}


def test_the_result_is_independent(defaults):
    settings = load(defaults, [], {})
    settings["db"]["host"] = "changed"
    settings["tags"].append("b")
    assert defaults["db"]["host"] == "here"
    assert defaults["tags"] == ["a"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.conf", "no sign here\n"),
        ("a.json", "{"),
        ("a.yaml", "a: 1"),
        ("a.conf", "port = many\n"),
        ("a.conf", "debug = perhaps\n"),
        ("a.conf", "db = 3\n"),
        ("a.conf", "port.x = 3\n"),
    ],
)
def test_what_cannot_be_understood(defaults, conf, name, text):
    with pytest.raises(SettingsError):
        load(defaults, [conf(name, text)], {})
