"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from signal_bus import Bus, Signal, matches


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


TOPICS = ["a", "b", "a.x", "a.y", "b.x", "a.x.p", "b.y.q", "c"]
PATTERNS = ["#", "a", "*", "a.*", "*.x", "a.#", "b.#", "*.y.#", "a.*.p", "*.*", "c.d.#", "b.x"]


def listener(log, name, kind):
    def hear(signal):
        log.append(f"{name} {signal.topic} {sorted(signal.values.items())}")
        if kind == "fail":
            raise ValueError(f"{name} cannot")
        if kind == "stop":
            signal.stop()
        if kind == "tag":
            signal.tag("tag", name)

    return hear


def story(seed):
    """Forty random operations on one bus, with what the listeners heard."""
    chance, log = random.Random(seed), []
    bus = Bus(keep=chance.randrange(1, 6))
    seen = []
    for _ in range(40):
        operation = chance.choice("subscribe subscribe emit emit emit emit_all unsubscribe history replay told".split())
        topic, pattern, name = chance.choice(TOPICS), chance.choice(PATTERNS), chance.choice("klmno")
        if operation == "subscribe":
            kind = chance.choice(["plain", "plain", "fail", "stop", "tag"])
            options = {"rank": chance.randrange(-1, 3), "once": chance.random() < 0.3}
            seen.append(observe(bus.subscribe, name, pattern, listener(log, name, kind), **options))
        elif operation in ("emit", "told"):
            values = {"tag": 1} if chance.random() < 0.3 else {}
            seen.append(observe(lambda topic=topic, values=values: bus.emit(topic, **values).told))
        elif operation == "emit_all":
            seen.append(observe(bus.emit_all, chance.sample(TOPICS, chance.randrange(4))))
        elif operation == "unsubscribe":
            seen.append(observe(bus.unsubscribe, *chance.sample("klmno", chance.randrange(3))))
        elif operation == "history":
            seen.append(observe(bus.history, pattern))
        else:
            seen.append(observe(bus.replay, name))
        seen.append(repr(log))
        log.clear()
        seen.append(observe(lambda: list(bus.errors)))
        seen.append(observe(lambda topic=topic: [one.name for one in bus.listeners(topic)]))
    return seen


def tagged(tags, values=None):
    signal = Signal("t") if values is None else Signal("t", dict(values))
    for name, value in tags:
        signal.tag(name, value)
    return signal.values, signal.stopped, signal.told


def behaviours():
    seen = []
    for pattern in [*PATTERNS, "c.#", "a.x", "a.x.p", "*.*.*", "b.*"]:
        seen.extend(observe(matches, pattern, topic) for topic in TOPICS)
    chance = random.Random(3)
    for _ in range(40):
        tags = [(chance.choice("abc"), chance.randrange(3)) for _ in range(chance.randrange(5))]
        seen.append(observe(tagged, tags))
        seen.append(observe(tagged, tags, {"a": 9}))
        seen.append(observe(tagged, []))
    for seed in range(40):
        seen.extend(story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
