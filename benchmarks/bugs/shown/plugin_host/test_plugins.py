import pytest
from plugin_host import Host, Plugin, Registry
from plugin_host.registry import PluginError
from plugin_host.versions import parse_version, satisfies


def shout(text):
    return text.upper()


def star(text):
    return f"*{text}*"


def broken(text):
    raise RuntimeError("no luck")


@pytest.fixture
def registry():
    registry = Registry()
    registry.add(Plugin("star", star, priority=5))
    registry.add(Plugin("shout", shout, version="1.2", tags=frozenset({"loud"})))
    return registry


def names(registry):
    return [plugin.name for plugin in registry.ordered()]


def test_run(registry):
    assert Host(registry).run("hi") == "*HI*"


def test_priority_decides_the_order(registry):
    registry.add(Plugin("early", str, priority=9))
    registry.add(Plugin("also", str))
    assert names(registry) == ["early", "star", "also", "shout"]


def test_what_is_needed_runs_before(registry):
    registry.add(Plugin("urgent", str, priority=99, needs=("shout",)))
    assert names(registry) == ["shout", "urgent", "star"]


def test_two_registries_share_nothing(registry):
    assert Host(Registry()).run("hi") == "hi"
    assert "star" not in Registry()


def test_the_decorator_keeps_the_function():
    registry = Registry()

    @registry.plugin("double", priority=3)
    def double(text):
        return text + text

    assert double("ab") == "abab"
    assert Host(registry).run("ab") == "abab"


@pytest.mark.parametrize(
    ("version", "taken"),
    [("1.1", False), ("1.2", False), ("1.2.0", False), ("1.10", True), ("2", True)],
)
def test_only_a_higher_version_replaces(registry, version, taken):
    assert registry.add(Plugin("shout", star, version=version)) is taken


def test_a_failure_is_noted(registry):
    registry.add(Plugin("bad", broken, priority=7))
    host = Host(registry)
    assert host.run("hi") == "*HI*"
    assert host.failures == [("bad", "no luck")]


def test_failures_add_up(registry):
    registry.add(Plugin("bad", broken))
    host = Host(registry)
    host.run("a")
    host.run("b")
    assert len(host.failures) == 2


def test_disable_and_enable(registry):
    registry.disable("star")
    assert Host(registry).run("hi") == "HI"
    registry.enable("star")
    assert Host(registry).run("hi") == "*HI*"


def test_disable_an_unknown_plugin(registry):
    with pytest.raises(PluginError):
        registry.disable("nothing")


def test_a_plugin_without_what_it_needs_is_not_active(registry):
    registry.add(Plugin("lonely", str, needs=("missing",)))
    registry.add(Plugin("second", str, needs=("star",)))
    registry.disable("star")
    assert names(registry) == ["shout"]


def test_explain(registry):
    registry.add(Plugin("second", str, needs=("star",)))
    registry.disable("star")
    host = Host(registry)
    assert host.explain("star") == "disabled"
    assert host.explain("second") == "blocked"
    assert host.explain("shout") == "active"
    assert host.explain("other") == "unknown"


def test_remove_by_tag(registry):
    registry.add(Plugin("alarm", str, tags=frozenset({"loud", "new"})))
    assert registry.remove_tagged("loud") == ["alarm", "shout"]
    assert names(registry) == ["star"]


def test_remove_by_an_unknown_tag(registry):
    assert registry.remove_tagged("quiet") == []


def test_a_removed_plugin_comes_back_enabled(registry):
    registry.disable("shout")
    registry.remove_tagged("loud")
    registry.add(Plugin("shout", shout))
    assert names(registry) == ["star", "shout"]


def test_parse_version():
    assert parse_version("1.10.0") == (1, 10)
    assert parse_version("1.9") < parse_version("1.10")
    with pytest.raises(ValueError):
        parse_version("1.x")


@pytest.mark.parametrize(
    ("version", "requirement", "expected"),
    [
        ("1.5", ">=1.2", True),
        ("1.5", ">=1.2, <2", True),
        ("2.1", ">=1.2, <2", False),
        ("1.5", "==1.5.0", True),
        ("1.0", ">=1.2, <2", False),
    ],
)
def test_satisfies(version, requirement, expected):
    assert satisfies(version, requirement) is expected
