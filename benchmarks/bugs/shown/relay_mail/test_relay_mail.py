import asyncio

import pytest
from relay_mail import Relay, Transport, TransportError
from relay_mail.messages import AddressError, Message, by_domain, fold, normal_address


def send(message, **options):
    """Send one message; how many it reached, the transport and what bounced."""

    async def story():
        transport = Transport(**options)
        relay = Relay(transport)
        return await relay.send(message), transport, relay.bounced

    return asyncio.run(story())


def flush(messages, limit=None):
    async def story():
        relay = Relay(Transport())
        places = [relay.post(message) for message in messages]
        report = await relay.flush(limit)
        return places, report, [subject for _, subject in relay.transport.delivered]

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada@Example.ORG ", "Ada@example.org"),
        ("Ada Byron <ada@example.org>", "ada@example.org"),
        ('"Ada@Home"@example.org', '"Ada@Home"@example.org'),
    ],
)
def test_normal_address(text, expected):
    assert normal_address(text) == expected


@pytest.mark.parametrize("text", ["", "ada", "@example.org", "ada@"])
def test_no_address(text):
    with pytest.raises(AddressError):
        normal_address(text)


def test_by_domain():
    assert by_domain(["a@x.org", "b@y.org", "A <a@X.org>", "c@x.org"]) == {
        "x.org": ["a@x.org", "c@x.org"],
        "y.org": ["b@y.org"],
    }


def test_fold():
    assert fold("one two three four", 9) == ["one two", "three", "four"]
    assert fold("incomprehensible it is", 8) == ["incomprehensible", "it is"]
    assert fold("abcd efgh", 9) == ["abcd efgh"]
    assert fold("") == []


def test_send_reaches_all_domains():
    reached, transport, bounced = send(Message(["a@x.org", "b@y.org", "c@x.org"], "hello"))
    assert reached == 3
    assert sorted(transport.delivered) == [("a@x.org", "hello"), ("b@y.org", "hello"), ("c@x.org", "hello")]
    assert transport.opened == 2
    assert bounced == []


def test_a_second_attempt_helps():
    reached, _, bounced = send(Message(["a@x.org", "c@x.org"], "hello"), broken={"x.org": 1})
    assert (reached, bounced) == (2, [])


def test_what_cannot_be_delivered_bounces():
    reached, transport, bounced = send(Message(["a@x.org", "b@y.org"], "hello"), broken={"x.org": 9})
    assert reached == 1
    assert bounced == [("a@x.org", "hello")]
    assert transport.delivered == [("b@y.org", "hello")]


def test_connections_are_limited():
    domains = ["a@1.org", "a@2.org", "a@3.org", "a@4.org"]
    assert send(Message(domains, "hello"), connections=3)[1].most_open == 3


def test_connections_are_given_back():
    async def story():
        transport = Transport(connections=1)
        for _ in range(3):
            async with transport.connect("x.org") as connection:
                await connection.deliver("a@x.org", "hi")
        return transport.opened, transport.most_open

    assert asyncio.run(asyncio.wait_for(story(), 2)) == (3, 1)


def test_errors_come_out_of_a_connection():
    async def story():
        async with Transport(broken={"x.org": 1}).connect("x.org") as connection:
            await connection.deliver("a@x.org", "hi")

    with pytest.raises(TransportError, match=r"x\.org does not answer"):
        asyncio.run(story())


def test_a_transport_does_not_touch_what_it_was_given():
    broken = {"x.org": 1}
    send(Message(["a@x.org"], "hello"), broken=broken)
    assert broken == {"x.org": 1}


def test_urgent_messages_first():
    messages = [
        Message(["a@x.org"], "one"),
        Message(["a@x.org"], "two", urgent=True),
        Message(["a@x.org"], "three"),
        Message(["a@x.org"], "four", urgent=True),
    ]
    places, report, subjects = flush(messages)
    assert places == [1, 1, 3, 2]
    assert subjects == ["two", "four", "one", "three"]
    assert report == {"one": 1, "two": 1, "three": 1, "four": 1}


def test_flush_adds_up_what_has_one_subject():
    messages = [Message(["a@x.org", "b@y.org"], "news"), Message(["c@x.org"], "news")]
    assert flush(messages)[1] == {"news": 3}


def test_flush_with_a_limit():
    messages = [Message(["a@x.org"], subject) for subject in ("one", "two", "three")]
    assert flush(messages, limit=2)[2] == ["one", "two"]


def test_nothing_to_flush():
    assert flush([]) == ([], {}, [])


def test_messages_do_not_share_headers():
    message = Message([], "a")
    message.headers["x"] = "1"
    assert Message([], "b").headers == {}
