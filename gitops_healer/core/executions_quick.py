"""The quick way through lines that are as a recorder writes them; any other line goes the careful way.

Both give the same call (tested). What makes it quick: one parse by orjson, types compared and not converted, and names
and minutes that were seen before are not looked at again.
"""

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from gitops_healer.core.executions_format import (
    EPOCH,
    LINE_LIMIT,
    LONGEST_MS,
    MICROSECOND,
    NAME_LIMIT,
    PASSED,
    PAYLOAD_LIMIT,
    REASON_LIMIT,
    Call,
    Count,
    LineError,
    call_from,
    is_frame,
    parse_line,
)

REMEMBERED: Final = 20_000
_SECONDS: Final = {f"{second:02}": second * 1_000_000 for second in range(60)}
_UTC: Final = frozenset({"Z", "+00:00"})
_MINUTE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:")
_PLAIN: Final = frozenset({"args", "kwargs", "result"})
_PAYLOAD: Final = frozenset({"args", "kwargs", "result", "unreplayable", "caller"})
_HUGE: Final = re.compile(r"e\+?[1-9][0-9]+[],}]")
"""At the end of a number above 1e10: orjson reads whole numbers of more than 64 bits as floats."""

_new: Final = tuple.__new__
_loads: Final = orjson.loads
_dumps: Final = orjson.dumps


class QuickParser:
    """Parses lines. Raises LineError as `parse_line` does."""

    def __init__(self) -> None:
        self._tools: set[str] = set()
        self._commits: set[str | None] = {None}
        self._minutes: dict[str, int] = {}

    def __call__(self, line: bytes) -> Call | Count:
        if len(line) <= LINE_LIMIT:
            try:
                data = _loads(line)
                made = self._passed(data) if data["ok"] is True else self._failed(data)
            except (ValueError, KeyError, TypeError, AttributeError):
                made = None
            if made is not None:
                return made
        return self._remember(parse_line(line))

    def _passed(self, data: dict[str, Any]) -> Call | None:
        """A successful call with an id, all of whose names were seen before; None for anything else. Takes from the
        data what is no payload."""
        take = data.pop
        tool, commit, given, text = take("tool"), take("commit", None), take("id"), take("ts")
        if tool not in self._tools or commit not in self._commits or take("v", 1) != 1:
            return None
        minute, second, rest = self._minutes.get(text[:17]) or self._minute(text[:17]), text[17:19], text[19:]
        if rest[7:] in _UTC and rest[0] == "." and rest[1:7].isdigit() and rest.isascii():
            ts = minute + _SECONDS[second] + int(rest[1:7])
        elif rest in _UTC:
            ts = minute + _SECONDS[second]
        else:
            return None
        duration = take("duration_ms", None)
        if type(duration) is int:
            duration = float(duration)
        if duration is not None and not (type(duration) is float and 0 <= duration <= LONGEST_MS):
            return None
        if type(given) is not str or not 0 < len(given) <= NAME_LIMIT or not given.isprintable():
            return None
        if given[:5] == "auto-" or ((counted := take("counted", False)) is not True and counted is not False):
            return None
        del data["ok"]
        payload = _payload(data) if data else None
        key = int.from_bytes(blake2b(given.encode(), digest_size=8).digest(), "big", signed=True)
        return _new(Call, (tool, ts, PASSED, duration, commit, key, False, None, None, given, payload, 0, counted))

    def _minute(self, text: str) -> int:
        """Microseconds since 1970 of `YYYY-MM-DDThh:mm:`. Raises ValueError when it is none."""
        if _MINUTE.fullmatch(text) is None:
            raise ValueError(text)
        if len(self._minutes) >= REMEMBERED:
            self._minutes.clear()
        found = self._minutes[text] = (datetime.fromisoformat(f"{text}00+00:00") - EPOCH) // MICROSECOND
        return found

    def _failed(self, data: dict[str, Any]) -> Call | None:
        """A failed call with an id: the careful checks, without another parse."""
        if "counts" in data or data.get("id") is None:
            return None
        try:
            call = call_from(data)
        except LineError:
            return None  # the reason may show a number that orjson reads otherwise
        return None if call.payload is None or call.cut or _HUGE.search(call.payload) else call

    def _remember(self, made: Call | Count) -> Call | Count:
        """Names that passed the careful way need not go it again."""
        for known, word in ((self._tools, made.tool), (self._commits, made.commit)):
            if len(known) >= REMEMBERED:
                known.clear()
                self._commits.add(None)
            known.add(word)  # type: ignore[arg-type]
        return made


def _payload(parts: dict[str, Any]) -> str:
    """Raises TypeError for what the careful way has to look at."""
    if type(parts.get("args", [])) is not list or type(parts.get("kwargs", {})) is not dict:
        raise TypeError
    if not parts.keys() <= _PLAIN:
        if not parts.keys() <= _PAYLOAD or not is_frame(parts.get("caller", ["", 0, ""])):
            raise TypeError
        if "unreplayable" in parts:
            parts["unreplayable"] = parts["unreplayable"][:REASON_LIMIT] + ""
    payload = _dumps(parts).decode()
    if len(payload) > PAYLOAD_LIMIT or _HUGE.search(payload):
        raise TypeError
    return payload
