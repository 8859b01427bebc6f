"""Prints how the program behaves on held-out inputs: one JSON list of texts."""

import contextlib
import io
import json
import random
import signal

from plugin_host import Host, Plugin, Registry
from plugin_host.versions import parse_version, satisfies


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


NAMES = ["ant", "bee", "cat", "dog", "elk"]
VERSIONS = ["0", "0.0", "1", "1.0", "1.0.1", "1.2", "1.9", "1.10", "1.10.0", "2", "10.0", "0.9.9"]


def marker(name, version):
    def run(text):
        if len(text) > 60:
            raise ValueError(name + " had enough")
        return f"{text}{name[0]}{version} "

    return run


def decorate(registry, name, options):
    decorated = registry.plugin(name, **options)(marker(name, options["version"]))
    return decorated("go ")


def names(registry):
    return [plugin.name for plugin in registry.ordered()]


def story(seed):
    chance = random.Random(seed)
    registry = Registry()
    host = Host(registry)
    seen = []
    for _ in range(30):
        position = chance.randrange(len(NAMES))
        name, version = NAMES[position], chance.choice(VERSIONS)
        operation = chance.choice(["add", "add", "add", "decorate", "disable", "enable", "remove", "explain"])
        options = {
            "version": version,
            "priority": chance.randrange(3),
            "needs": tuple(chance.sample(NAMES[:position], min(position, chance.randrange(3)))),
            "tags": frozenset(chance.sample(["red", "blue", "green"], chance.randrange(3))),
        }
        if operation == "add":
            seen.append(observe(registry.add, Plugin(name, marker(name, version), **options)))
        elif operation == "decorate":
            seen.append(observe(decorate, registry, name, options))
        elif operation == "disable":
            seen.append(observe(registry.disable, name))
        elif operation == "enable":
            seen.append(observe(registry.enable, name))
        elif operation == "remove":
            seen.append(observe(registry.remove_tagged, chance.choice(["red", "blue", "green", "none"])))
        else:
            seen.append(observe(host.explain, name))
        seen.append(observe(names, registry))
        seen.append(observe(host.run, chance.choice(["", "go ", "x" * 55])))
        seen.append(observe(lambda: list(host.failures)))
    return seen


def behaviours():
    seen = [observe(parse_version, text) for text in [*VERSIONS, "1.", ".1", "", "1.x", "1.0.0.0", "3.20.100"]]
    for one in VERSIONS:
        for other in VERSIONS:
            seen.append(observe(lambda one=one, other=other: parse_version(one) < parse_version(other)))
            seen.append(observe(satisfies, one, f">={other}"))
            seen.append(observe(satisfies, one, f"<{other}"))
            seen.append(observe(satisfies, one, f"=={other}"))
            seen.append(observe(satisfies, one, f">=1, <{other}"))
            seen.append(observe(satisfies, one, f"<{other},>=0.9 , <10"))
    seen.append(observe(satisfies, "1.0", "~1"))
    for seed in range(30):
        seen.extend(story(seed))
    return seen


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(behaviours()))
