"""The quick way through lines that are as a recorder writes them; any other line goes the careful way.

Both give the same call (tested). What makes it quick: one parse by orjson, types compared and not converted, and names
and minutes that were seen before are not looked at again.
"""

import re
from datetime import datetime
from hashlib import blake2b
from math import inf
from typing import Any, Final

import orjson

from gitops_healer.core.executions_format import (
    EPOCH,
    LINE_LIMIT,
    MICROSECOND,
    NAME_LIMIT,
    PASSED,
    PAYLOAD_LIMIT,
    REASON_LIMIT,
    Call,
    Count,
    is_frame,
    parse_line,
)

REMEMBERED: Final = 20_000
_SECONDS: Final = {f"{second:02}": second * 1_000_000 for second in range(60)}
_UTC: Final = ("Z", "+00:00")
_MINUTE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:")
_new: Final = tuple.__new__


class QuickParser:
    """Parses lines. Raises LineError as `parse_line` does."""

    def __init__(self) -> None:
        self._tools: set[str] = set()
        self._commits: set[str | None] = {None}
        self._minutes: dict[str, int] = {}

    def __call__(self, line: bytes) -> Call | Count:
        if len(line) <= LINE_LIMIT:
            try:
                call = self._call(orjson.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                call = None
            if call is not None:
                return call
        return self._remember(parse_line(line))

    def _call(self, data: dict[str, Any]) -> Call | None:
        """A successful call with an id, all of whose names were seen before; None for anything else."""
        get = data.get
        tool, commit, given, text, duration = data["tool"], get("commit"), data["id"], data["ts"], get("duration_ms")
        if data["ok"] is not True or tool not in self._tools or commit not in self._commits or get("v", 1) != 1:
            return None
        ts = self._moment(text)
        if ts is None:
            return None
        if type(duration) is int:
            duration = float(duration)
        if duration is not None and not (type(duration) is float and 0 <= duration < inf):
            return None
        if type(given) is not str or not 0 < len(given) <= NAME_LIMIT or not given.isprintable():
            return None
        if given.startswith("auto-") or "error" in data or "counts" in data:
            return None
        if (counted := get("counted", False)) is not True and counted is not False:
            return None
        payload = self._payload(data)
        if payload is not None and len(payload) > PAYLOAD_LIMIT:
            return None
        key = int.from_bytes(blake2b(given.encode(), digest_size=8).digest(), "big", signed=True)
        fields = (tool, ts, PASSED, duration, commit, key, False, None, None, given, payload, 0, counted)
        return _new(Call, fields)

    def _moment(self, text: str) -> int | None:
        """Microseconds since 1970 of `YYYY-MM-DDThh:mm:ss[.ffffff](Z|+00:00)` in a minute that was seen before."""
        minute = self._minutes.get(text[:17])
        if minute is None:
            minute = self._minute(text[:17])
        second, rest = text[17:19], text[19:]
        if minute is None or second not in _SECONDS:
            return None
        if rest[7:] in _UTC and rest[0] == "." and rest[1:7].isdigit() and rest.isascii():
            return minute + _SECONDS[second] + int(rest[1:7])
        return minute + _SECONDS[second] if rest in _UTC else None

    def _minute(self, text: str) -> int | None:
        """Of `YYYY-MM-DDThh:mm:`, None when it is none."""
        if _MINUTE.fullmatch(text) is None:
            return None
        if len(self._minutes) >= REMEMBERED:
            self._minutes.clear()
        try:
            found = (datetime.fromisoformat(f"{text}00+00:00") - EPOCH) // MICROSECOND
        except ValueError:
            return None
        self._minutes[text] = found
        return found

    def _payload(self, data: dict[str, Any]) -> str | None:
        """Raises TypeError for what the careful way has to look at."""
        parts: dict[str, Any] = {}
        if (args := data.get("args")) is not None:
            if type(args) is not list:
                raise TypeError
            parts["args"] = args
        if (kwargs := data.get("kwargs")) is not None:
            if type(kwargs) is not dict:
                raise TypeError
            parts["kwargs"] = kwargs
        if "result" in data:
            parts["result"] = data["result"]
        if (reason := data.get("unreplayable")) is not None:
            if type(reason) is not str:
                raise TypeError
            parts["unreplayable"] = reason[:REASON_LIMIT]
        if (caller := data.get("caller")) is not None:
            if not is_frame(caller):
                raise TypeError
            parts["caller"] = caller
        return orjson.dumps(parts).decode() if parts else None

    def _remember(self, made: Call | Count) -> Call | Count:
        """Names that passed the careful way need not go it again."""
        for known, word in ((self._tools, made.tool), (self._commits, made.commit)):
            if len(known) >= REMEMBERED:
                known.clear()
                self._commits.add(None)
            known.add(word)  # type: ignore[arg-type]
        return made
