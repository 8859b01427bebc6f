"""An event and its line in the ledger."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

from cattrs import BaseValidationError

from gitops_healer.core.codec import from_json, to_json
from gitops_healer.core.upgrade import Event, Fact, RepositoryFact

VERSION = 1
_MARKERS = (b"<<<<<<< ", b"=======", b">>>>>>> ", b"||||||| ")
_FACTS: dict[str, type[Fact | RepositoryFact]] = {
    kind.__name__: kind for kind in (*get_args(Fact), *get_args(RepositoryFact))
}


class BadLineError(ValueError):
    """A line that is no event; the text says why and what to do."""


def encode_event(event: Event) -> bytes:
    """One line, with its newline. ASCII only; lone surrogates (undecodable bytes) survive."""
    line = {
        "v": event.v,
        "id": event.id,
        "ts": event.ts.astimezone(UTC).isoformat(),
        "upgrade": event.upgrade,
        "run": event.run,
        "actor": event.actor,
        "event": event.name,
        "data": to_json(event.fact),
    }
    return json.dumps(line, separators=(",", ":"), ensure_ascii=True).encode("ascii") + b"\n"


def decode_event(line: bytes) -> Event:
    """The event of one line, without its newline. Raises BadLineError."""
    if line.startswith(_MARKERS):
        raise BadLineError("a merge-conflict marker: the ledger is appended to, never merged")
    try:
        value = json.loads(line)
        if not isinstance(value, dict):
            raise BadLineError("not a JSON object")
        return _event(value)
    except BadLineError:
        raise
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"not an event in JSON ({error})") from error
    except (BaseValidationError, KeyError, TypeError, AttributeError) as error:
        raise BadLineError(f"a field is missing or of the wrong kind ({_first_cause(error)!r})") from error


def decode_lines(data: bytes, first: int = 1) -> Iterator[Event]:
    """The events of a month's file. Raises BadLineError, which names the line; `first` is the number of the first."""
    lines = data.split(b"\n")
    if lines.pop():
        raise BadLineError(f"line {first + len(lines)}: cut off, its newline is missing")
    for number, line in enumerate(lines, first):
        try:
            yield decode_event(line)
        except BadLineError as error:
            raise BadLineError(f"line {number}: {error}") from error


def blob_id(data: bytes) -> str:
    """The id that git gives to these bytes; shows that a version began a later one without reading it."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _event(value: dict[str, Any]) -> Event:
    kind = _FACTS.get(value["event"])
    if kind is None or value["v"] > VERSION:
        raise BadLineError(
            f"an event {value['event']!r} of format {value['v']} that this version does not know: "
            "upgrade the healer (pip install --upgrade gitops-healer)"
        )
    moment = datetime.fromisoformat(value["ts"])
    if moment.tzinfo is None:
        raise BadLineError(f"the time {value['ts']!r} has no zone")
    names = value["id"], value["upgrade"], value["run"], value["actor"]
    if not all(isinstance(name, str) for name in names) or not value["id"]:
        raise BadLineError("id, upgrade, run and actor must be texts")
    return Event(names[0], moment.astimezone(UTC), *names[1:], from_json(value["data"], kind), value["v"])


def _first_cause(error: BaseException) -> BaseException:
    """The innermost first of the errors that a validation collects."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
