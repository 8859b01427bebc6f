from stock import Bus


def test_listeners_hear_their_topic():
    bus, heard = Bus(), []
    bus.listen("a.b", lambda topic, details: heard.append(("exact", topic, details)))
    bus.listen("c", lambda topic, details: heard.append("never"))
    assert bus.tell("a.b", number=3) == 1
    assert heard == [("exact", "a.b", {"number": 3})]


def test_wildcards():
    bus, heard = Bus(), []
    bus.listen("a.*", lambda topic, details: heard.append("wild"))
    bus.listen("a.b", lambda topic, details: heard.append("exact"))
    assert bus.tell("a.b") == 2
    assert heard == ["exact", "wild"]
    assert bus.tell("ab.c") == 0
    assert bus.tell("a.c.d") == 1


def test_leaving():
    bus, heard = Bus(), []
    leave = bus.listen("a", lambda topic, details: heard.append(1))
    leave()
    leave()
    assert bus.tell("a") == 0
    assert heard == []


def test_failing_listener():
    bus, heard = Bus(), []

    def broken(topic, details):
        raise RuntimeError("oh")

    bus.listen("a", broken)
    bus.listen("a", lambda topic, details: heard.append(1))
    assert bus.tell("a") == 1
    assert heard == [1]
    assert bus.failures == [("a", "oh")]


def test_buses_are_separate():
    Bus().listen("a", print)
    assert Bus().tell("a") == 0
