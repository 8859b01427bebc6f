"""The answer that was given before: the same command on the same commit, policy and version is not worked out again.

Only what starts in milliseconds is imported here. Whatever is not plain makes it step aside.
"""

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gitops_healer.adapters.glance import Glance
from gitops_healer.adapters.printed import Printed
from gitops_healer.adapters.version import code_stamp
from gitops_healer.core.naming import OVERRIDES
from gitops_healer.report.stats import stats_json

_VALUES = frozenset({"--ref", "--path", "--format", "--fail-on", "--new-since"})
_OUTPUTS = frozenset({"--output", "-o"})
_UNIMPORTANT = frozenset({"--jobs"})


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
        head, _, text = (Printed(glance.state).get(slot_of(asked)) or b"").partition(b"\n")
        known = json.loads(head) if head else {}
        if not known or known["key"] != key_of(asked, glance):
            return None
    except Exception:  # whatever it is, the long way says what is wrong
        return None
    pieces = [text]
    if stats := known["stats"]:  # of this run: everything was known
        stats |= {"cached": stats["cached"] + stats["parsed"], "parsed": 0}
        pieces.append(stats_json(stats | {"seconds": round(time.perf_counter() - began, 3)}))
    deliver(pieces, asked.output)
    return int(known["exit_code"])


def remember(
    arguments: Sequence[str], exit_code: int, pieces: Sequence[bytes], stats: Mapping[str, Any] | None
) -> None:
    """Keep what was printed, for the next time that the same is asked of the same commit.

    stats: what the last piece is about, if that is said anew each time.
    """
    asked = understood(arguments)
    if asked is None:
        return
    with contextlib.suppress(Exception):  # whatever it is, the next time takes longer
        glance = Glance(asked.repository)
        head = {"key": key_of(asked, glance), "exit_code": exit_code, "stats": stats}
        kept = pieces[:-1] if stats else pieces
        Printed(glance.state).put(slot_of(asked), [json.dumps(head).encode() + b"\n", *kept])


def slot_of(asked: Asked) -> str:
    """Where the answer to these options is kept, the newest alone."""
    return json.dumps(asked.options)


def key_of(asked: Asked, glance: Glance) -> str:
    """Everything that the answer depends on. Raises KeyError when a ref is not there."""
    refs = [glance.commit(value) for name, value in asked.options if name in ("--ref", "--new-since")]
    parts = [code_stamp(), sys.version, asked.options, refs, glance.commit("HEAD"), glance.policy(OVERRIDES)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40]


def deliver(pieces: Sequence[bytes], output: str) -> None:
    """Write to a file, or to stdout."""
    if output:
        with open(output, "wb") as file:  # noqa: PTH123
            file.writelines(pieces)
        sys.stderr.write(f"wrote {output} ({sum(map(len, pieces)):,} bytes)\n")
    else:
        sys.stdout.buffer.writelines(pieces)
        sys.stdout.buffer.flush()
