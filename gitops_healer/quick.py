"""The answer that was given before: the same command on the same commit, policy and version is not worked out again.

Only what starts in milliseconds is imported here. Whatever is not plain makes it step aside.
"""

import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from gitops_healer.adapters.cache import scan_cache
from gitops_healer.adapters.glance import Glance
from gitops_healer.adapters.version import code_stamp

OVERRIDES = ".github/gitops-healer.yml"
STATS = '"stats":'

_VALUES = frozenset({"--ref", "--path", "--format", "--fail-on", "--new-since"})
_OUTPUTS = frozenset({"--output", "-o"})
_UNIMPORTANT = frozenset({"--jobs"})


class Answer(NamedTuple):
    """What a command printed, and its exit code. stats: the end of a JSON document, which is of its own run."""

    exit_code: int
    text: str
    stats: str = ""


class Shelf(Protocol):
    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, values: Mapping[str, bytes]) -> None: ...


class Asked(NamedTuple):
    """A command line as far as it is understood. options: what the answer depends on, in order."""

    repository: str
    output: str
    options: tuple[tuple[str, str], ...]


def understood(arguments: Sequence[str]) -> Asked | None:
    """`scan` with options that are known here, else None."""
    if arguments[:1] != ["scan"]:
        return None
    repository, output, options = "", "", []
    rest = iter(arguments[1:])
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in _VALUES | _OUTPUTS | _UNIMPORTANT:
            value = value if equals else next(rest, "")
            if name in _VALUES:
                options.append((name, value))
            elif name in _OUTPUTS:
                output = value
        elif argument.startswith("-") or repository:
            return None
        else:
            repository = argument
    formats = [value for name, value in options if name == "--format"]
    if formats in ([], ["text"]) and not output and sys.stdout.isatty():
        return None  # in colours, for the width of the window
    return Asked(repository or ".", output, tuple(options))


def answer(arguments: Sequence[str]) -> int | None:
    """Print what was printed before and return its exit code, or None when that is not known."""
    began = time.perf_counter()
    asked = understood(arguments)
    if asked is None:
        return None
    try:
        glance = Glance(asked.repository)
        if not glance.has_cache():
            return None
        with scan_cache(glance.state) as cache:
            found = cache.get(key_of(asked, glance))
        known = None if found is None else Answer(*json.loads(found))
    except Exception:  # whatever it is, the long way says what is wrong
        return None
    return None if known is None else _given(known, asked.output, began)


def remember(arguments: Sequence[str], shelf: Shelf, given: Answer) -> None:
    """Keep what was printed, for the next time that the same is asked."""
    asked = understood(arguments)
    if asked is not None:
        text, stats = given.text, ""
        if given.text.startswith("{") and STATS in given.text:
            text, stats = given.text[: given.text.rindex(STATS)], given.text[given.text.rindex(STATS) + len(STATS) :]
        kept = json.dumps([given.exit_code, text, stats])
        shelf.put_many({key_of(asked, Glance(asked.repository)): kept.encode("ascii")})


def key_of(asked: Asked, glance: Glance) -> str:
    """Everything that the answer depends on. Raises KeyError when a ref is not there."""
    refs = [glance.commit(value) for name, value in asked.options if name in ("--ref", "--new-since")]
    parts = [code_stamp(), sys.version, asked.options, refs, glance.commit("HEAD"), glance.policy(OVERRIDES)]
    return f"printed:{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]}"


def _given(known: Answer, output: str, began: float) -> int:
    text = known.text
    if known.stats:  # of this run: everything was known
        stats = json.loads(known.stats.rstrip()[:-1])
        stats |= {
            "cached": stats["cached"] + stats["parsed"],
            "parsed": 0,
            "seconds": round(time.perf_counter() - began, 3),
        }
        text += f"{STATS}{json.dumps(stats, separators=(',', ':'))}}}\n"
    deliver(text, output)
    return known.exit_code


def deliver(text: str, output: str) -> None:
    """Write to a file, or to stdout."""
    data = text.encode("utf-8", "surrogateescape")
    if output:
        with open(output, "wb") as file:  # noqa: PTH123
            file.write(data)
        sys.stderr.write(f"wrote {output} ({len(data):,} bytes)\n")
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
