"""What a decoded JSON value stands for, when two are the same, and keys under which equal ones are found.

Values are what `json.loads` gives; what is no JSON is spelled `{"$type": ...}` as docs/recorder.md says, objects
`{"$type": "object", "class": ..., "fields": {...}}`. Nothing here calls itself: values may be
nested as deep as they like.
"""

import json
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from math import frexp, isfinite
from typing import Any, Final, NamedTuple

from gitops_healer.core.comparing_places import ANY_ITEM, Node, Step

TYPE: Final = "$type"
_WHOLE: Final = 2.0**53
_FLAT_LEVELS: Final = 2


class Form(Enum):
    LEAF = "leaf"
    ITEMS = "items"
    SET = "set"
    KEYS = "keys"
    NOTHING = "nothing"


class Opened(NamedTuple):
    """kind: its type in words; content: of a LEAF what is compared, of ITEMS and SET a list, of KEYS a dict by text."""

    kind: str
    form: Form
    content: Any


_JSON: Final = {
    str: ("text", Form.LEAF),
    bool: ("bool", Form.LEAF),
    int: ("number", Form.LEAF),
    float: ("number", Form.LEAF),
    type(None): ("None", Form.LEAF),
    list: ("list", Form.ITEMS),
    dict: ("dict", Form.KEYS),
}


def opened(value: Any) -> Opened:
    """Tuples are lists, frozen sets are sets, a dict is one whatever its keys are; what was cut or leads back to itself
    says NOTHING."""
    if type(value) is dict and type(value.get(TYPE)) is str:
        return _typed(value[TYPE], value)
    kind, form = _JSON.get(type(value)) or (type(value).__name__, Form.NOTHING)
    return Opened(kind, form, value)


def _typed(name: str, value: dict[str, Any]) -> Opened:
    inner = value.get("value")
    match name, inner:
        case "tuple" | "list", list():
            return Opened("list", Form.ITEMS, inner)
        case "set" | "frozenset", list():
            return Opened("set", Form.SET, inner)
        case "dict", list():
            return Opened("dict", Form.KEYS, _paired(inner))
        case "float", str():
            return Opened("number", Form.LEAF, _float(inner))
        case "Decimal", str():
            return Opened("Decimal", Form.LEAF, _decimal(inner))
        case "datetime", str():
            return Opened("datetime", Form.LEAF, _instant(inner))
        case "cut" | "cycle", _:
            return Opened(name, Form.NOTHING, None)
        case "object", _:
            return _object(value)
        case _, list() | dict():
            return Opened(name, Form.KEYS, {key: item for key, item in value.items() if key != TYPE})
        case _:
            return Opened(name, Form.LEAF, inner if len(value) == 2 else _text(value))


def _object(value: dict[str, Any]) -> Opened:
    fields = value.get("fields")
    kind = f"a {value.get('class', 'class without a name')}"
    known = fields if isinstance(fields, dict) else {}
    rest = {key: item for key, item in value.items() if key not in (TYPE, "class", "fields")}
    rest = {f"({key})" if key in known else key: item for key, item in rest.items()}
    if not isinstance(fields, dict) and not rest:
        return Opened(kind, Form.NOTHING, None)
    return Opened(kind, Form.KEYS, {**known, **rest})


def _paired(pairs: list[Any]) -> dict[str, Any]:
    """Keys that are no texts are spelled in parentheses."""
    found = dict[str, Any]()
    for number, pair in enumerate(pairs):
        match pair:
            case [str(key), item] if not key.startswith("("):
                found[key] = item
            case [key, item]:
                found[f"({_text(int(key) if isinstance(key, float) and key.is_integer() else key)})"] = item
            case _:
                found[f"(pair {number})"] = pair
    return found


def _text(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except (RecursionError, ValueError, TypeError):
        return "too deep"


def _float(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _decimal(text: str) -> Any:
    """Equal as numbers: 1.10 is 1.1."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _instant(text: str) -> Any:
    """A moment with an offset is the same everywhere; one without is what it says."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.utcoffset() is not None else text
    except (ValueError, OverflowError):
        return text


def same(left: Any, right: Any, tolerance: float) -> bool:
    """Contents of two leaves. A bool is no number; NaN is NaN; 3 is 3.0."""
    if type(left) is float or type(right) is float:
        return _close(left, right, tolerance)
    return type(left) is type(right) and bool(left == right)


def _close(left: Any, right: Any, tolerance: float) -> bool:
    if type(left) not in (int, float) or type(right) not in (int, float):
        return False
    if left == right:
        return True
    if left != left or right != right:
        return bool(left != left and right != right)
    try:
        first, second = float(left), float(right)
    except OverflowError:
        return False
    size = max(1.0, abs(first), abs(second))
    return isfinite(size) and bool(abs(first - second) <= tolerance * size)


_MASKED: Final = re.compile(
    r"""(?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)
    |(?P<moment>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+|,\d{3}(?!\d))?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)
        |\b\d\d?:\d\d:\d\d(?:\.\d+)?\b)
    |(?P<address>\b0x[0-9a-f]+\b)
    |(?P<temporary>(?<![\w/])/(?:private/)?(?:var/)?(?:tmp|temp|run|folders)/[^\s'"<>,;:()]+)
    |(?P<hex>\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b)
    |(?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)""",
    re.VERBOSE | re.IGNORECASE,
)
_CONTEXT: Final = 40
_LAST_WORD: Final = re.compile(r"[^\W\d_]+[\W_]*\Z")
_MASK: Final = re.compile(r"<(?:uuid|moment|address|temporary|hex|number)>")
_TELLING: Final = re.compile(r"[^\W\d_]{3}")
_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]+\b")


def shape(text: str, parts: Container[str] | None = None) -> str:
    """A text without what differs from run to run: uuids, moments, addresses, temporary paths, digests, numbers.

    parts: names of those that do differ (see `parts_of`), the others stay; None for all.
    """
    if parts is None:
        return _MASKED.sub(lambda match: f"<{match.lastgroup}>", text)
    names = (name for name, _ in parts_of(text))
    return _MASKED.sub(lambda match: f"<{match.lastgroup}>" if next(names) in parts else match[0], text)


def parts_of(text: str) -> Iterator[tuple[str, str]]:
    """(name, part) of all that a shape leaves out. A part is named by the word before it in its line, `total": ` or
    `T-`, and where another part is nearer, by its number in the line, as in a table."""
    end, number = 0, -1
    for match in _MASKED.finditer(text):
        before, end = text[end : match.start()], match.end()
        line = before.rfind("\n") + 1
        number = 0 if line else number + 1
        near = before[line:][-_CONTEXT:]
        word = _LAST_WORD.search(near)
        yield word[0] if word else f"{number}{near}", match[0]


_WORD: Final = re.compile(r"[^\W_]+")
_FIRST_WORD: Final = re.compile(r"[^\W\d_]*[\W_]*")


def _words(text: str) -> str:
    return _WORD.sub(lambda match: f"<{len(match[0])}>", text)


def _beginning(text: str) -> str:
    match = _FIRST_WORD.match(text)
    return match[0] if match and len(match[0]) < len(text) else ""


def _alphabet(text: str) -> str:
    """`a`, `A` and `0` for letters and digits, signs as they are, each once."""
    kinds = ("0" if sign.isdigit() else "A" if sign.isupper() else "a" if sign.isalpha() else sign for sign in text)
    return "".join(sorted(set(kinds)))


FACETS: Final[Mapping[str, Callable[[str], Any]]] = {
    "length": len,
    "words": _words,
    "beginning": _beginning,
    "alphabet": _alphabet,
}
"""What noisy texts may have in common: how long they are, how long each word is and what stands between words, with
which letters and signs they begin (`T-` of `T-0815`), of which kinds of signs they are made."""


def without_addresses(text: str) -> str:
    return _ADDRESS.sub("0x…", text)


def noisily(value: Opened, node: Node) -> Any:
    """What still counts of a value at a noisy place."""
    if value.kind != "text":
        return None
    return shape(value.content, node.parts) if node.shaped else None, *(
        FACETS[facet](value.content) for facet in node.facets
    )


def tells(kept: Any) -> bool:
    """Whether what still counts at a noisy place has words, so that something was compared."""
    return isinstance(kept, tuple) and _TELLING.search(_MASK.sub("", kept[0] or "")) is not None


class Keys:
    """Gives equal values the same number. Values that are equal up to tolerance mostly get the same: floats that lie in
    one bucket, which is no wider than the tolerance. left: how many more values may be looked at, told by `spent`.

    sizes: leaves below each number; noisy: noisy places that were passed.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._numbers: dict[Any, int] = {}
        self._known: dict[tuple[int, int], int] = {}
        self._kept: list[Any] = []
        self.sizes: list[int] = []
        self.noisy: set[str] = set()
        self.spent = 0

    def key(self, value: Any, node: Node | None) -> int:
        found = self._quick(value, node)
        if found is not None:
            return found
        frames = [self._frame(value, node)]
        while True:
            frame = frames[-1]
            quick, take, below = self._quick, frame.found.append, frame.below
            for at, child in frame.children:
                found = quick(child, below[at] if below else None)
                if found is None:
                    frames.append(self._frame(child, below[at] if below else None))
                    break
                take(found)
            else:
                frames.pop()
                found = self._closed(frame)
                if not frames:
                    return found
                frames[-1].found.append(found)

    def parts(self, value: Any, node: Node | None) -> tuple[tuple[Step, int], ...]:
        """Each child of a container with its number, by step; nothing for a leaf."""
        return tuple((step, self.key(child, below)) for step, child, below in children_of(opened(value), node))

    def _quick(self, value: Any, node: Node | None) -> int | None:
        """The number of a leaf, or of what was seen before."""
        if node is None:
            kind = type(value)
            if kind is str or kind is int or kind is bool or value is None:
                return self._number((kind, value), 1)
            if kind is float:
                return self._number(self._bucket(value), 1)
            if kind is dict or kind is list:
                found = self._flat(value, _FLAT_LEVELS)
                if found is not None:
                    return found
        return self._known.get((id(value), id(node)))

    def _flat(self, value: Any, levels: int) -> int | None:
        """The short way for plain containers of few levels, which most are; None for others."""
        names: tuple[str, ...] | str
        if type(value) is list:
            names, items = "in order", value
        elif type(value) is dict and TYPE not in value:
            names = tuple(sorted(value))
            items = [value[name] for name in names]
        else:
            return None
        found = list[int]()
        for item in items:
            kind = type(item)
            if kind is str or kind is int or kind is bool or item is None:
                number = self._number((kind, item), 1)
            elif kind is float:
                number = self._number(self._bucket(item), 1)
            else:
                inner = self._flat(item, levels - 1) if levels else None
                if inner is None:
                    return None
                number = inner
            found.append(number)
        size = sum(map(self.sizes.__getitem__, found))
        return self._number((type(value).__name__, names, *found), max(1, size))

    def _frame(self, value: Any, node: Node | None) -> "_Frame":
        self.spent += 1
        self._kept.append(value)
        it = opened(value)
        if it.form is Form.LEAF or it.form is Form.NOTHING or (node is not None and node.noisy):
            return _Frame(value, node, it, (), iter(()), [], [])
        if node is not None:
            parts = list(children_of(it, node))
            names = tuple(step for step, _, _ in parts)
            return _Frame(
                value, node, it, names, enumerate([part[1] for part in parts]), [part[2] for part in parts], []
            )
        if it.form is Form.KEYS:
            names = tuple(sorted(it.content))
            return _Frame(value, node, it, names, enumerate(map(it.content.__getitem__, names)), [], [])
        return _Frame(value, node, it, (), enumerate(it.content), [], [])

    def _closed(self, frame: "_Frame") -> int:
        it, node = frame.it, frame.node
        size = sum(map(self.sizes.__getitem__, frame.found))
        if node is not None and node.noisy:
            self.noisy.add(node.place)
            number = self._number((it.kind, "~", noisily(it, node)), 0)
        elif it.form in (Form.LEAF, Form.NOTHING):
            number = self._number(self._leaf(it), int(it.form is Form.LEAF))
        elif it.form is Form.KEYS:
            number = self._number((it.kind, frame.names, *frame.found), max(1, size))
        elif it.form is Form.SET or (node is not None and node.unordered):
            number = self._number((it.kind, *sorted(frame.found)), max(1, size))
        else:
            number = self._number((it.kind, "in order", *frame.found), max(1, size))
        self._known[id(frame.value), id(node)] = number
        return number

    def _leaf(self, it: Opened) -> Any:
        if it.kind == "number" and type(it.content) is float:
            return self._bucket(it.content)
        if it.kind in ("text", "bool", "None") or type(it.content) is int:
            return (type(it.content), it.content)
        return (it.kind, type(it.content), it.content)

    def _bucket(self, value: float) -> Any:
        if value.is_integer() and abs(value) < _WHOLE:
            return (int, int(value))
        if not isfinite(value) or not self._tolerance:
            return (float, repr(value))
        _, exponent = frexp(value)
        place = value / (self._tolerance * max(1.0, 2.0 ** (exponent - 1)))
        return (float, exponent, round(place)) if isfinite(place) else (float, repr(value))

    def _number(self, content: Any, size: int) -> int:
        numbers = self._numbers
        self.spent += 1
        number = numbers.get(content)
        if number is None:
            number = numbers[content] = len(numbers)
            self.sizes.append(size)
        return number


@dataclass(slots=True)
class _Frame:
    """A container whose children get their numbers. below: the rules at each child, nothing when there are none."""

    value: Any
    node: Node | None
    it: Opened
    names: tuple[Step, ...]
    children: Iterator[tuple[int, Any]]
    below: list[Node | None]
    found: list[int]


def children_of(it: Opened, node: Node | None) -> Iterator[tuple[Step, Any, Node | None]]:
    """What is compared below a container, with the rules that hold there. Of a list every item has the same step."""
    if it.form is Form.KEYS:
        for key in sorted(it.content):
            below = node.key(key) if node is not None else None
            if below is None or not below.ignored:
                yield key, it.content[key], below
    elif it.form in (Form.ITEMS, Form.SET):
        below = node.item if node is not None else None
        if below is None or not below.ignored:
            yield from ((ANY_ITEM, child, below) for child in it.content)


def outline(value: Any, node: Node | None) -> tuple[Any, tuple[float, ...]]:
    """A value without its numbers, and the numbers in order: two values whose outlines are the same are equal when each
    number is. NaN is no number here: it cannot be sorted."""
    words, numbers = list[Any](), list[float]()
    left: list[tuple[Any, Node | None]] = [(value, node)]
    while left:
        item, at = left.pop()
        it = opened(item)
        if at is not None and at.noisy:
            words.append((it.kind, noisily(it, at)))
        elif it.kind == "number" and it.content == it.content and type(it.content) is not str:
            words.append(it.kind)
            numbers.append(it.content)
        elif it.form in (Form.LEAF, Form.NOTHING):
            words.append((it.kind, str(it.content)))
        else:
            below = list(children_of(it, at))
            words.append((it.kind, tuple(step for step, _, _ in below)))
            left.extend((child, rule) for _, child, rule in reversed(below))
    return tuple(words), tuple(numbers)
