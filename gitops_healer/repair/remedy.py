"""What a call that fails today could do instead."""

import ast
import re
from dataclasses import dataclass
from enum import Enum

SEPARATORS = {
    ",": "comma", "_": "underscore", "%": "percent", "$": "dollar", "€": "euro", " ": "space", "'": "apostrophe",
}  # fmt: skip
_WORDS = {"[]": "empty-list", "{}": "empty-dict", "()": "empty-tuple", '""': "empty-string", "set()": "empty-set"}


class Kind(Enum):
    """RETURN a value at once; SUBSTITUTE a value for the expression that fails and go on; SKIP the item and go on;
    RAISE a named error; ADAPT: read the input in another way."""

    RETURN = "return"
    SUBSTITUTE = "use"
    SKIP = "skip"
    RAISE = "raise"
    ADAPT = "adapt"


@dataclass(frozen=True)
class Remedy:
    """value: Python source of the value, the class of the error, or for ADAPT the characters to leave out."""

    kind: Kind
    value: str = ""

    @property
    def key(self) -> str:
        """Short, stable, typed by maintainers: `return-0.0`, `use-empty-list`, `skip`, `raise-valueerror`."""
        if self.kind is Kind.ADAPT:
            return f"without-{SEPARATORS.get(self.value, 'marks')}"
        spelled = _WORDS.get(self.value) or re.sub(r"[^a-z0-9.]+", "-", self.value.lower()).strip("-.")
        sign = "minus-" if self.value.startswith("-") else ""
        return f"{self.kind.value}-{sign}{spelled}" if self.value else self.kind.value

    def phrase(self, place: str = "") -> str:
        """What it does, third person."""
        match self.kind:
            case Kind.RETURN:
                return f"returns {self.value}"
            case Kind.SUBSTITUTE:
                return f"goes on with {self.value} in place of {place}" if place else f"goes on with {self.value}"
            case Kind.SKIP:
                return "leaves the item out and goes on"
            case Kind.RAISE:
                return f"raises {self.value}"
            case Kind.ADAPT:
                return f"leaves out {self.value!r} before it converts"


def returns(value: str) -> Remedy:
    return Remedy(Kind.RETURN, value)


def substitutes(value: str) -> Remedy:
    return Remedy(Kind.SUBSTITUTE, value)


def raises(error: str) -> Remedy:
    return Remedy(Kind.RAISE, error)


def spelled(value: object) -> str:
    """Python source of a plain value, strings in double quotes; "" when it has no short one."""
    if isinstance(value, str):
        text = '"' + repr("'" + value)[2:-1] + '"' if '"' not in value else repr(value)
    else:
        text = repr(value)
    try:
        plain = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    return text if len(text) <= 60 and type(plain) is type(value) and "\n" not in text else ""


def as_float(text: str) -> str:
    """`0` as `0.0`; everything else as it is."""
    return f"{text}.0" if re.fullmatch(r"-?\d+", text) else text
