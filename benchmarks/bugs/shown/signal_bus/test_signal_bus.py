import pytest
from signal_bus import Bus, Signal, matches


@pytest.fixture
def bus():
    return Bus(keep=3)


@pytest.fixture
def heard():
    return []


@pytest.fixture
def listen(bus, heard):
    """Subscribes a listener that writes down what it hears."""

    def subscribe(name, pattern="#", **options):
        bus.subscribe(name, pattern, lambda signal: heard.append((name, signal.topic)), **options)

    return subscribe


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("door", "door", True),
        ("door", "door.front", False),
        ("door.*", "door.front", True),
        ("door.*", "door", False),
        ("door.#", "door.front.open", True),
        ("door.front.#", "door", False),
        ("*.open", "door.closed", False),
        ("#", "anything.at.all", True),
    ],
)
def test_matches(pattern, topic, expected):
    assert matches(pattern, topic) is expected


def test_only_those_who_listen_are_told(bus, heard, listen):
    listen("front", "door.front")
    listen("window", "window.*")
    signal = bus.emit("door.front")
    assert heard == [("front", "door.front")]
    assert signal.told == ["front"]


def test_rank_decides_the_order(bus, listen):
    listen("low", rank=-1)
    listen("first")
    listen("second")
    listen("high", rank=2)
    assert bus.emit("x").told == ["high", "first", "second", "low"]


def test_a_second_subscription_of_a_name_replaces_the_first(bus, listen):
    listen("a", "old")
    listen("a", "new")
    assert bus.emit("old").told == []
    assert bus.emit("new").told == ["a"]


def test_once(bus, heard, listen):
    listen("once", once=True)
    listen("always")
    bus.emit("x")
    bus.emit("y")
    assert heard == [("once", "x"), ("always", "x"), ("always", "y")]


def test_unsubscribe(bus, listen):
    listen("a")
    listen("b")
    listen("c")
    assert bus.unsubscribe("a", "c", "unknown") == 2
    assert bus.emit("x").told == ["b"]


def test_errors_are_noted(bus, listen):
    def fail(signal):
        raise ValueError("no " + signal.topic)

    bus.subscribe("bad", "#", fail, rank=1)
    listen("good")
    assert bus.emit("x").told == ["good"]
    assert bus.errors == ["bad: no x"]


def test_a_listener_can_stop_a_signal(bus, listen):
    bus.subscribe("guard", "secret.#", lambda signal: signal.stop(), rank=9)
    listen("curious")
    assert bus.emit("secret.plan").told == ["guard"]
    assert bus.emit("news").told == ["curious"]


def test_values_reach_the_listeners(bus):
    seen = []
    bus.subscribe("tagger", "#", lambda signal: signal.tag("size", 1), rank=1)
    bus.subscribe("reader", "#", lambda signal: seen.append(signal.values))
    bus.emit("x", colour="red")
    bus.emit("y", size=5)
    assert seen == [{"colour": "red", "size": 1}, {"size": 5}]


def test_signals_do_not_share_values():
    one = Signal("a")
    one.tag("size", 1)
    assert Signal("b").values == {}


def test_emit_all(bus, listen):
    listen("doors", "door.*")
    assert bus.emit_all(["door.a", "window.a", "door.b"]) == 2
    assert bus.emit_all([]) == 0


def test_history_keeps_the_last(bus):
    for topic in ("a.x", "b.x", "a.y", "a.z"):
        bus.emit(topic)
    assert bus.history() == ["b.x", "a.y", "a.z"]
    assert bus.history("a.*") == ["a.y", "a.z"]


def test_replay(bus, heard, listen):
    for topic in ("a.x", "b.x", "a.y"):
        bus.emit(topic)
    listen("other")
    listen("late", "a.*")
    assert bus.replay("late") == 2
    assert heard == [("late", "a.x"), ("late", "a.y")]
    assert bus.replay("nobody") == 0
