"""One line of recorded executions (JSON Lines) to a `Call` or a `Count`, or a reason why not.

Nothing is guessed: a line that does not say what it must say is refused with a sentence. Extra keys are allowed.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from json import JSONDecodeError, JSONDecoder, JSONEncoder
from typing import Any, Final, NamedTuple, NoReturn

import orjson

from gitops_healer.core.execution import Execution, ExecutionFailure, Frame

LINE_LIMIT: Final = 1024 * 1024
PAYLOAD_LIMIT: Final = 64 * 1024
MESSAGE_LIMIT: Final = 4000
FRAME_LIMIT: Final = 64
NAME_LIMIT: Final = 500
CUT_NAMES: Final = ("inputs", "result", "message", "frames")

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

FAILED: Final = 0
PASSED: Final = 1
INTERRUPTED: Final = 2
INTERRUPTIONS: Final = frozenset({"KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError"})

_KNOWN: Final = frozenset(
    {"v", "tool", "ts", "ok", "duration_ms", "args", "kwargs", "result", "error", "commit", "id", "counted", "caller"}
)
MINUTE: Final = 60_000_000
LONGEST_MS: Final = 1e12
HOUR: Final = 60 * MINUTE
"""Microseconds, both."""
REASON_LIMIT: Final = 200
_MADE: Final = re.compile(r"auto-[0-9a-f]+-([0-9a-f]{16})")


class LineError(ValueError):
    """Why a line is skipped, in words that fit after its number."""


class Call(NamedTuple):
    """One execution as it is stored.

    ts: microseconds since 1970 UTC; outcome: FAILED, PASSED, or INTERRUPTED (stopped from outside: it counts neither
    as success nor as failure); key: tells calls of one tool at one microsecond apart; numbered: whether the key was
    made from the contents, so that equal lines have to be numbered; input: tells failing inputs apart; payload:
    JSON object of what was recorded of args, kwargs, result, error ([type, message, frames]), caller ([file, line,
    function]) and why the inputs are not those of the call (unreplayable); cut: bit i set when CUT_NAMES[i] was too
    long to be kept; counted: whether a `Count` holds this call as well, so that it must not be counted twice.
    """

    tool: str
    ts: int
    outcome: int
    duration: float | None
    commit: str | None
    key: int
    numbered: bool
    error_type: str | None
    input: int | None
    id: str | None
    payload: str | None
    cut: int
    counted: bool = False


class Count(NamedTuple):
    """Calls of one tool and commit in one minute of which no single one was written down.

    ts: microseconds since 1970 of the minute; key: from the line's id; latency: {bucket: calls}, see `core.latency`.
    """

    tool: str
    ts: int
    commit: str | None
    key: int
    passed: int
    failed: int
    interrupted: int
    latency: dict[int, int]


class Payload(NamedTuple):
    """What a stored payload holds: canonical JSON texts, and the error read."""

    args: str | None = None
    kwargs: str | None = None
    result: str | None = None
    error: ExecutionFailure | None = None
    unreplayable: str = ""
    caller: Frame | None = None


def _refuse_constant(name: str) -> NoReturn:
    raise LineError(f"holds {name}, which JSON does not know: leave the value out or write null")


_decode = JSONDecoder(parse_constant=_refuse_constant).decode
_encode = JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def hash64(text: str) -> int:
    """A signed 64-bit hash that is the same everywhere and always."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def renumbered(key: int, number: int) -> int:
    """The key of the `number`-th further line that equals one with this key."""
    return hash64(f"{key}#{number}")


def parse_line(line: bytes) -> Call | Count:
    """The call, or count of calls, that a line records. Raises LineError. CRLF and a byte order mark are harmless."""
    data = _object(line)
    return _count(data) if "counts" in data else call_from(data)


def call_of(execution: Execution) -> Call:
    """The same for an execution that a program made. Raises LineError when it could not have been a line."""
    data: dict[str, Any] = {"tool": execution.tool, "ts": execution.ts.isoformat(), "ok": execution.ok}
    data |= {"duration_ms": execution.duration_ms, "commit": execution.commit, "id": execution.id or None}
    for name in ("args", "kwargs", "result"):
        text = getattr(execution, name)
        if text is not None:
            data[name] = _json(text)
    if execution.unreplayable:
        data["unreplayable"] = execution.unreplayable
    if execution.caller is not None:
        data["caller"] = [execution.caller.file, execution.caller.line, execution.caller.function]
    if execution.error is not None:
        frames = [[frame.file, frame.line, frame.function] for frame in execution.error.frames]
        data["error"] = {"type": execution.error.type, "message": execution.error.message, "frames": frames}
    call = call_from(data)
    return call._replace(cut=call.cut | sum(1 << bit for bit, name in enumerate(CUT_NAMES) if name in execution.cut))


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > LINE_LIMIT:
        raise LineError(f"is longer than {LINE_LIMIT:,} bytes: record smaller payloads")
    try:
        text = line.decode("utf-8")
        data = _json(text.removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        encoding = "is UTF-16" if line.startswith((b"\xff\xfe", b"\xfe\xff")) else f"byte {error.start + 1}"
        raise LineError(f"is not UTF-8 ({encoding}): save the file as UTF-8") from None
    except LineError:
        if b"\0" in line:
            raise LineError("holds a NUL byte: the file was not written to its end, or is not UTF-8") from None
        if not line.endswith((b"\n", b"}")):
            raise LineError("is cut off before its end: import the file again when it is complete") from None
        raise
    if not isinstance(data, dict):
        raise LineError(f"must be a JSON object, not {_kind(data)}")
    return data


def _json(text: str) -> Any:
    try:
        return _decode(text)
    except JSONDecodeError as error:
        raise LineError(f"is not JSON ({error.msg.rstrip(':').lower()}, column {error.colno})") from None
    except RecursionError:
        raise LineError("is nested too deeply") from None
    except LineError:
        raise
    except ValueError:
        raise LineError("holds a number with too many digits") from None


def call_from(data: dict[str, Any]) -> Call:
    """The call that a parsed line records. Raises LineError."""
    ok = data.get("ok")
    if ok is not True and ok is not False:
        raise _ill("ok", "true or false", data)
    if data.get("v", 1) != 1:
        raise LineError(f"is of version {_shown(data['v'])}, and only 1 is known: update gitops-healer")
    counted = data.get("counted") or False
    if counted is not True and counted is not False:
        raise _ill("counted", "true or false", data)
    parts, error_type, cut = _parts(data)
    outcome = PASSED if ok else INTERRUPTED if (error_type or "").rpartition(".")[2] in INTERRUPTIONS else FAILED
    tool, ts, commit, given, duration = _tool(data), _moment(data), _name(data, "commit"), _id(data), _duration(data)
    payload = payload_text(parts) if parts else None
    key = _key_of(given) if given is not None else _content_key(data, outcome, duration, commit, parts)
    failing = _failing_input(parts, key) if outcome == FAILED else None
    if payload is not None and len(payload) > PAYLOAD_LIMIT:
        payload, cut = _capped(parts, cut)
    return Call(
        tool, ts, outcome, duration, commit, key, given is None, error_type, failing, given, payload, cut, counted
    )


def _count(data: dict[str, Any]) -> Count:
    """A line that only counts. It has to say which one it is, or a file that is read again would count twice."""
    if data.get("v", 1) != 1:
        raise LineError(f"is of version {_shown(data['v'])}, and only 1 is known: update gitops-healer")
    given = _id(data)
    if given is None:
        raise _ill("id", "a text that no other line of counts has", data)
    counts = data["counts"]
    if not isinstance(counts, dict):
        raise _ill("counts", 'an object such as {"ok": 12, "failed": 1}', data)
    passed, failed, interrupted = (_whole(counts, name) for name in ("ok", "failed", "interrupted"))
    ts = _moment(data)
    return Count(
        _tool(data),
        ts - ts % MINUTE,
        _name(data, "commit"),
        _key_of(given),
        passed,
        failed,
        interrupted,
        _latency(data),
    )


def _whole(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name, 0)
    if type(value) is not int or not 0 <= value < 2**53:
        raise LineError(f"counts.{name} must be a whole number, 0 or more, not {_shown(value)}")
    return value


def _latency(data: Mapping[str, Any]) -> dict[int, int]:
    """{bucket: calls}; buckets that no duration has are refused."""
    found: dict[int, int] = {}
    latency = data.get("latency") or {}
    if not isinstance(latency, dict):
        raise _ill("latency", "an object of buckets and calls", data)
    for bucket, calls in latency.items():
        if not (
            bucket.isascii() and bucket.isdigit() and 40 <= int(bucket[:4]) < 512 and type(calls) is int and calls > 0
        ):
            raise LineError(
                f"latency holds {_shown(bucket)}: {_shown(calls)}, which is no bucket and a number of calls"
            )
        found[int(bucket)] = calls
    return found


def payload_text(parts: Mapping[str, Any]) -> str:
    """What is stored of a payload: compact JSON, the same for the same contents in the same order."""
    try:
        return orjson.dumps(parts).decode()
    except TypeError:  # numbers and texts that only the standard library spells
        return _text(parts)


def _parts(data: dict[str, Any]) -> tuple[dict[str, Any], str | None, int]:
    """(what is kept of args, kwargs, result and error; type of the error for grouping; what was cut)."""
    parts: dict[str, Any] = {}
    error_type, cut = None, 0
    if (args := data.get("args")) is not None:
        if not isinstance(args, list):
            raise _ill("args", "an array", data)
        parts["args"] = args
    if (kwargs := data.get("kwargs")) is not None:
        if not isinstance(kwargs, dict):
            raise _ill("kwargs", "an object", data)
        parts["kwargs"] = kwargs
    if "result" in data:
        parts["result"] = data["result"]
    if (error := data.get("error")) is not None:
        error_type, parts["error"], cut = _error(error)
    if (reason := data.get("unreplayable")) is not None:
        if not isinstance(reason, str):
            raise _ill("unreplayable", "a text that says why", data)
        parts["unreplayable"] = reason[:REASON_LIMIT]
    if (caller := data.get("caller")) is not None:
        if not is_frame(caller):
            raise _ill("caller", "[file, line, function]", data)
        parts["caller"] = caller
    return {name: parts[name] for name in data if name in parts}, error_type, cut  # as it was written


def _capped(parts: dict[str, Any], cut: int) -> tuple[str, int]:
    """The payload without what is too long. Args and kwargs go together: half an input would be another input."""
    inputs = [name for name in ("args", "kwargs") if name in parts]
    for bit, names in ((1, inputs), (2, ["result"] if "result" in parts else [])):
        if sum(len(_text(parts[name])) for name in names) > PAYLOAD_LIMIT:
            cut |= bit
            parts = {name: value for name, value in parts.items() if name not in names}
    return payload_text(parts), cut


def _content_key(
    data: dict[str, Any], outcome: int, duration: float | None, commit: str | None, parts: Mapping[str, Any]
) -> int:
    """For calls without an id. What is in keys that we do not know tells calls apart as well."""
    rest = "" if data.keys() <= _KNOWN else _text({name: data[name] for name in data.keys() - _KNOWN})
    payload = _text(parts) if parts else ""
    return hash64(f"{outcome}\n{duration!r}\n{commit or ''}\n{payload}\n{rest}")


def _key_of(given: str) -> int:
    """Ids that were made here carry their key, so that what is read from one store can be added to another."""
    made = _MADE.fullmatch(given)
    return int.from_bytes(bytes.fromhex(made[1]), "big", signed=True) if made else hash64(given)


def made_id(ts: int, key: int) -> str:
    """Unique for a tool, as (ts, key) is; ts in microseconds since 1970."""
    return f"auto-{ts & (1 << 64) - 1:x}-{key & (1 << 64) - 1:016x}"


def _failing_input(parts: Mapping[str, Any], key: int) -> int:
    """Calls without arguments have the world as their input: each is its own. When inputs were not recorded, the
    error stands for them: the same error twice may be the same input twice."""
    args, kwargs = parts.get("args"), parts.get("kwargs")
    if args or kwargs:
        return hash64(_text([args or [], kwargs or {}]))
    return hash64(_text(parts.get("error"))) if args is None and kwargs is None else key


def _tool(data: Mapping[str, Any]) -> str:
    tool = data.get("tool")
    if not isinstance(tool, str) or not 0 < len(tool) <= NAME_LIMIT or not tool.isprintable():
        raise _ill("tool", f"a name such as pkg.mod:function (at most {NAME_LIMIT} printable characters)", data)
    return tool


def _name(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > NAME_LIMIT or not value.isprintable():
        raise _ill(name, f"a text of at most {NAME_LIMIT} printable characters", data)
    return value


def _id(data: Mapping[str, Any]) -> str | None:
    value = data.get("id")
    if type(value) is int:
        return str(value)
    return _name(data, "id")


def _moment(data: Mapping[str, Any]) -> int:
    text = data.get("ts")
    try:
        if not isinstance(text, str):
            raise ValueError
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise _ill("ts", "a time such as 2026-01-31T12:00:00Z", data) from None
    if moment.tzinfo is None:
        raise LineError(f"ts has no time zone: {_shown(text)}; write Z or an offset such as +02:00 after it")
    if not 2000 <= moment.year < 2100:
        raise LineError(f"ts is absurd: {_shown(text)}; years 2000 to 2099 are allowed (was the clock set?)")
    return (moment - EPOCH) // MICROSECOND


def _duration(data: Mapping[str, Any]) -> float | None:
    value = data.get("duration_ms")
    if value is None:
        return None
    if type(value) is float or type(value) is int:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if 0 <= number <= LONGEST_MS:
            return number
    raise _ill("duration_ms", "a number of milliseconds from 0 to 10^12 (thirty years)", data)


def _text(value: Any) -> str:
    try:
        return _encode(value)
    except ValueError:
        raise LineError("holds a number that is too large for a float") from None
    except RecursionError:
        raise LineError("is nested too deeply") from None


def _error(value: Any) -> tuple[str, list[Any], int]:
    """(type for grouping, [type, message, frames] as they are kept, what was cut)."""
    if not isinstance(value, dict):
        raise LineError(f"error must be an object with type, message and frames, not {_kind(value)}")
    kind, message, frames = value.get("type") or "", value.get("message") or "", value.get("frames") or []
    if not isinstance(kind, str) or not isinstance(message, str):
        raise LineError("error.type and error.message must be texts")
    if not isinstance(frames, list) or not all(is_frame(frame) for frame in frames):
        raise LineError("error.frames must be an array of [file, line, function]")
    cut = 4 * (len(message) > MESSAGE_LIMIT) | 8 * (len(frames) > FRAME_LIMIT)
    kind = kind[:NAME_LIMIT]
    kept = [kind, message[:MESSAGE_LIMIT], frames[-FRAME_LIMIT:]]
    return (kind if kind.isprintable() else ascii(kind)), kept, cut


def is_frame(frame: Any) -> bool:
    """Whether it is [file, line, function]."""
    match frame:
        case [str(), int(line), str()]:
            return type(line) is int and 0 <= line < 2**31
        case _:
            return False


def payload_of(text: str | None) -> Payload:
    """The reverse of what is stored as a payload."""
    if text is None:
        return Payload()
    parts = _decode(text)
    args, kwargs, result = (_text(parts[name]) if name in parts else None for name in ("args", "kwargs", "result"))
    why, caller = parts.get("unreplayable", ""), Frame(*parts["caller"]) if "caller" in parts else None
    if "error" not in parts:
        return Payload(args, kwargs, result, None, why, caller)
    kind, message, frames = parts["error"]
    failure = ExecutionFailure(kind, message, tuple(Frame(*frame) for frame in frames))
    return Payload(args, kwargs, result, failure, why, caller)


def cut_names(cut: int) -> tuple[str, ...]:
    return tuple(name for bit, name in enumerate(CUT_NAMES) if cut >> bit & 1)


def _ill(name: str, allowed: str, data: Mapping[str, Any]) -> LineError:
    if name not in data:
        return LineError(f"has no {name}: it must be {allowed}")
    return LineError(f"{name} must be {allowed}, not {_shown(data[name])}")


def _shown(value: Any) -> str:
    text = ascii(value) if isinstance(value, str) else repr(value) if isinstance(value, int | float) else _kind(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a text", bool: "true or false", int: "a number"}
    return "null" if value is None else names.get(type(value), "a number")
