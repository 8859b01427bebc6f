"""What is told of a call, as the JSON of its parts: inputs, result, error, and what called it. Redacted.

Most values are JSON as they stand and hold no secret: they are encoded as they are, and inputs and outcome are looked
through together, once. Only what is not plain, or looks suspicious, is walked through value by value.
"""

# pathlib takes longer to import than all of this
# ruff: noqa: PTH120

from __future__ import annotations

import os
from sys import _getframe

from gitops_healer.recorder.encoding import Walk, json_encoder, json_speller, plain_left
from gitops_healer.recorder.entry import Entry
from gitops_healer.recorder.redaction import Names, is_suspect, redacted, unescaped

TYPE_CHECKING = False  # importing typing takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType, FrameType
    from typing import Any

    from gitops_healer.recorder.entry import Places
    from gitops_healer.recorder.lines import Told

    Rendered = tuple[str, str, bool]  # inputs, why they cannot be replayed, whether secrets must still be looked for

_join = "".join
FRAMES = 50
MESSAGE = 2000
PLACES = 1000
"""Callers and frames that are remembered of each tool."""


class Rendering:
    """redact: a function from text to text that is applied after ours."""

    def __init__(self, redact: Callable[[str], str] | None) -> None:
        self.encode, self._spell = json_encoder(), json_speller()
        self.names = Names()
        self._safe = self.names.safe
        self._hooked = redact is not None
        self._redacted: Callable[[str], str] = redacted if redact is None else lambda text: redact(redacted(text))

    # Inputs

    def inputs(self, entry: Entry, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Rendered:
        """`"args":...,"kwargs":...` of a call."""
        why = ""
        if not entry.simple:
            why = entry.unreplayable
            if entry.owned and not why and not _is_stateless(args):
                why = "it belongs to an object that is not recorded"
            args = args[entry.skip :]
        if not entry.secret and not self._hooked:
            try:
                if plain_left(args, self._safe, self.names) >= 0:
                    text = f'"args":{_join(self._spell(args, 0))}'
                    if not kwargs:
                        return text, why, True
                    if plain_left(kwargs, self._safe, self.names) >= 0:
                        return f'{text},"kwargs":{self.encode(kwargs)}', why, True
            except (ValueError, RuntimeError):  # not a number, infinite, too long to print, changed by another thread
                pass
        return self._walked_inputs(args, kwargs, entry.secret, why)

    def _walked_inputs(
        self, args: tuple[Any, ...] | list[Any], kwargs: Mapping[str, Any], secret: frozenset[int], why: str
    ) -> Rendered:
        walk, names = Walk(self.names, self._redacted), self.names
        text = f'"args":{self.encode([walk.encode(arg, 1, i in secret) for i, arg in enumerate(args)])}'
        if kwargs:
            shown = {walk.encode(key): walk.encode(item, 1, names(key)) for key, item in kwargs.items()}
            text += f',"kwargs":{self.encode(shown)}'
        return text, why or walk.why, False

    def _without_secrets(self, text: str, why: str) -> tuple[str, str]:
        """Inputs that turned out to be suspicious, from their own text: the call may have changed the objects."""
        import json

        found = json.loads(f"{{{text}}}")
        shown, why, _ = self._walked_inputs(found["args"], found.get("kwargs", {}), frozenset(), why)
        return shown, why

    # Outcomes

    def success(self, inputs: Rendered, value: Any) -> Told:
        """Inputs and `"result":...`; what has no encoding is shown by its class."""
        text, why, unseen = inputs
        plain = ""
        try:
            contained = value if type(value) is dict or type(value) is list else (value,)
            if not self._hooked and plain_left(contained, self._safe, self.names) >= 0:
                plain = _join(self._spell(value, 0))
        except (ValueError, RuntimeError):
            plain = ""
        body = f'{text},"result":{plain}'
        looked = body if unseen else plain
        if is_suspect(unescaped(looked) if "\\" in looked else looked):
            text, why = self._without_secrets(text, why) if unseen else (text, why)
            plain = ""
        if not plain:
            body = f'{text},"result":{self.encode(Walk(self.names, self._redacted).encode(value, 1))}'
        return body, why, len(text)

    def failure(self, entry: Entry, inputs: Rendered, error: BaseException) -> Told:
        """Inputs and `"error":{...}`: type, message, and frames with paths from the top of the repository."""
        text, why, unseen = inputs
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        try:
            message = str(error)[:MESSAGE]
        except Exception:
            message = ""
        said = self.encode(message)
        looked = f"{text}{said}" if unseen else said
        if self._hooked or is_suspect(unescaped(looked) if "\\" in looked else looked):
            text, why = self._without_secrets(text, why) if unseen else (text, why)
            said = self.encode(self._redacted(message))
        told = f'{{"type":{self.encode(name)},"message":{said},"frames":[{",".join(self._frames(entry, error))}]}}'
        return f'{text},"error":{told}', why, len(text)

    def _frames(self, entry: Entry, error: BaseException) -> list[str]:
        trace, frames = error.__traceback__, []
        trace = trace.tb_next if trace is not None else None  # the first frame is the recorder's own
        while trace is not None:
            code, at = trace.tb_frame.f_code, trace.tb_lasti
            known = entry.places.get((id(code), at))
            frames.append(
                known[1] if known else _keep(entry.places, code, at, self._place(entry, code, trace.tb_lineno))
            )
            trace = trace.tb_next
        return frames[-FRAMES:]

    # Places

    def caller(self, entry: Entry) -> str:
        """`,"caller":[file, line, function]` of the frame that called the tool, "" when there is none.

        To be called by what the wrapper calls: the frames above are those two and then the caller's.
        """
        try:
            frame = _getframe(3)
        except ValueError:  # a thread that does nothing else
            return ""
        code, at, text = entry.caller
        if frame.f_lasti == at and frame.f_code is code:
            return text
        known = entry.callers.get((id(frame.f_code), frame.f_lasti))
        if known is None:
            return self._new_caller(entry, frame)
        entry.caller = (frame.f_code, frame.f_lasti, known[1])
        return known[1]

    def _new_caller(self, entry: Entry, frame: FrameType) -> str:
        found: FrameType | None = frame
        while found is not None and found.f_code.co_filename.startswith(_HERE):  # a tool around a tool
            found = found.f_back
        if found is None:
            return ""
        # An event loop runs a task: who made it is not known any more.
        looped = found.f_globals.get("__name__") == "asyncio.events"
        text = "" if looped else f',"caller":{self._place(entry, found.f_code, found.f_lineno)}'
        return _keep(entry.callers, frame.f_code, frame.f_lasti, text) if found is frame else text

    def _place(self, entry: Entry, code: CodeType, line: int | None) -> str:
        file, root = code.co_filename, entry.root
        file = file[len(root) :] if root and file.startswith(root) else file
        return self.encode([file, line or 0, code.co_name])


_HERE = os.path.dirname(Rendering.caller.__code__.co_filename) + os.sep


def _keep(places: Places, code: CodeType, at: int, text: str) -> str:
    if len(places) >= PLACES:
        places.clear()
    places[id(code), at] = (code, text)
    return text


def _is_stateless(args: tuple[Any, ...]) -> bool:
    """Whether the object of a method has no attributes of its own, so that one made anew is as good."""
    owner = args[0] if args else None
    looks_up: Any = type(owner).__getattribute__
    if looks_up is not object.__getattribute__:
        return False
    try:
        return not object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return False
