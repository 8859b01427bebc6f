"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import asyncio
import contextlib
import io
import json
import random
import signal

from relay_mail import Relay, Transport
from relay_mail.messages import Message, by_domain, fold, normal_address


class OutOfTimeError(BaseException):
    """A call took longer than its second."""


def stop(*_):
    raise OutOfTimeError


def observe(call, *arguments, **options):
    """What one call returns, as text; the name of its exception; or that it did not end within 1 s."""
    signal.setitimer(signal.ITIMER_REAL, 1)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return repr(call(*arguments, **options))
    except OutOfTimeError:
        return "! timeout"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"! {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


ADDRESSES = ["a@x.org", "b@x.org", "c@y.net", "B <b@X.org>", "d@mail.y.net", "e@z.com", '"Q@R"@z.com', " f@Z.com "]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 0.9))


async def relay_story(chance):
    """A few rounds of posting and flushing over one transport."""
    broken = {domain: chance.randrange(4) for domain in chance.sample(["x.org", "y.net", "z.com"], 2)}
    given = dict(broken)
    transport = Transport(given, connections=chance.randrange(1, 4))
    relay = Relay(transport, attempts=chance.randrange(1, 4))
    seen = []
    for number in range(chance.randrange(1, 4)):
        for _ in range(chance.randrange(5)):
            to = chance.sample(ADDRESSES, chance.randrange(5))
            subject = chance.choice(["news", f"letter {number}"])
            seen.append(relay.post(Message(to, subject, urgent=chance.random() < 0.4)))
        seen.append(await relay.flush(chance.choice([None, None, 0, 1, 2])))
        seen.append(sorted(relay.bounced))
    seen.append(await relay.send(Message(chance.sample(ADDRESSES, 3), "last")))
    seen.append((sorted(transport.delivered), transport.opened, transport.most_open))
    seen.append((given == broken, sorted(transport.broken.items())))
    return seen


async def connection_story(chance):
    """Connections one after the other; errors are noted by name."""
    transport = Transport({"x.org": chance.randrange(3)}, connections=1)
    seen = []
    for _ in range(5):
        domain = chance.choice(["x.org", "y.net"])
        try:
            async with transport.connect(domain) as connection:
                await connection.deliver(f"a@{domain}", "hi")
                seen.append("delivered")
                if chance.random() < 0.2:
                    raise KeyError(domain)
        except Exception as error:
            seen.append(type(error).__name__)
        else:
            seen.append("no error")
        seen.append((transport.opened, transport.most_open))
    return seen


def behaviours():
    seen = []
    texts = ["", "<@>", "a", "a@", "@a", " A@B ", "x <a@b.C>", "<a@b>", "x <a>", "a@B@C.d", '"X@y" <q@R.s>', "< A@b >"]
    seen.extend(observe(normal_address, text) for text in [*texts, *ADDRESSES])
    chance = random.Random(4)
    for _ in range(40):
        seen.append(observe(lambda: list(by_domain(chance.choices(ADDRESSES, k=chance.randrange(7))).items())))
        text = " ".join("x" * chance.randrange(1, 9) for _ in range(chance.randrange(12)))
        seen.extend(observe(fold, text, width) for width in (1, 5, 9, 10, 16))
    seen.append(observe(by_domain, ["a@x.org", "broken"]))
    seen.append(observe(fold, " a  b\n c "))
    for seed in range(60):
        seen.append(observe(lambda seed=seed: run(relay_story(random.Random(seed)))))
        seen.append(observe(lambda seed=seed: run(connection_story(random.Random(seed)))))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
