"""Two values: are they the same for everybody who reads them, and if not, where do they differ?

From the cheapest: `exact` (the same text), `as_json` (the same JSON), `differences` (the same meaning). Meaning:
numbers up to a tolerance, 3 is 3.0 (only the first two tell them apart) and no bool is a number, NaN is NaN, a tuple is
a list, a frozen set a set, sets and lists named by the rules have no order, decimals are equal as numbers, moments by
instant, objects by class and fields. At noisy places types count, and of texts what they had in common while noise was
learned.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from gitops_healer.core.comparing_places import Node, Step, Where, compiled, shown
from gitops_healer.core.comparing_values import Form, Keys, Opened, noisily, opened, outline, same, tells
from gitops_healer.core.quoting import plain
from gitops_healer.core.shadowing import Differences, Rules

TOLD: Final = 20
MOST_VALUES: Final = 1_000_000
_SHOWN: Final = 60
_LINE: Final = 400
_BEFORE: Final = 12
_COMMON: Final = 16
_NEIGHBOURS: Final = 8


class How(Enum):
    """In which way two values differ at a place."""

    VALUE = "value"
    TYPE = "type"
    SHAPE = "shape"
    LENGTH = "length"
    GONE = "gone"
    NEW = "new"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Found:
    """One difference. left, right: what is there, None where there is nothing."""

    how: How
    where: Where | None
    left: Any
    right: Any


def exact(left: str, right: str) -> bool:
    """Whether two texts are the same."""
    return left == right


def as_json(left: str, right: str) -> bool:
    """Whether two texts say the same JSON: order of keys and white space do not count; 3 is not 3.0, and 1 not true."""
    return left == right or _canonical(left) == _canonical(right)


def _canonical(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def decoded(text: str) -> Any:
    """A value to be compared. What is no JSON, or nested deeper than Python reads, is compared as text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def differences(left: Any, right: Any, rules: Rules, root: str = "$") -> Differences:
    """Where two decoded values differ, in at most 20 sentences; none when they are the same under these rules.

    What has more than a million parts is told as different as far as it was not compared. Raises ValueError when a rule
    names no place.
    """
    walk = Walk(rules, root, keep=TOLD)
    walk.over(left, right)
    told = [sentence(root, found) for found in walk.found]
    if walk.more:
        told[-1] = f"and {walk.more + 1:,} more places"
    return Differences(tuple(told), tuple(sorted(walk.noisy)), walk.compared)


_Pair = tuple[Any, Any, Node | None, Where | None]


class Walk:
    """One comparison. found: the first `keep` differences in the order of the values, more: how many came after them;
    compared: leaves; noisy: noisy places that differ."""

    def __init__(self, rules: Rules, root: str = "$", keep: int = TOLD, most: int = MOST_VALUES) -> None:
        self._top = compiled(rules, root)
        self._tolerance = rules.tolerance
        self._keys = Keys(rules.tolerance)
        self._next: list[_Pair] = []
        self._keep = keep
        self._left = most
        self.found: list[Found] = []
        self.more = 0
        self.compared = 0
        self.noisy: set[str] = set()

    def over(self, left: Any, right: Any) -> None:
        self._next.append((left, right, self._top, None))
        while self._next:
            one, other, node, where = self._next.pop()
            self._left -= 1
            if self._left < 0:
                self._next.clear()
                self.found.insert(0, Found(How.TOO_LARGE, where, one, other))
            else:
                self._pair(one, other, node, where)

    def _pair(self, left: Any, right: Any, node: Node | None, where: Where | None) -> None:
        if node is not None and node.ignored:
            return
        one, other = opened(left), opened(right)
        if one.kind != other.kind or one.form is not other.form:
            self._tell(How.TYPE, where, left, right)
        elif node is not None and node.noisy:
            self._noisy(one, other, node, where)
        elif one.form is Form.LEAF:
            self.compared += 1
            if not same(one.content, other.content, self._tolerance):
                self._tell(How.VALUE, where, left, right)
        elif one.form is not Form.NOTHING:
            self._inside(one, other, node, where)

    def _inside(self, one: Opened, other: Opened, node: Node | None, where: Where | None) -> None:
        self._left -= max(len(one.content), len(other.content))
        if not one.content and not other.content:
            self.compared += 1
        elif one.form is Form.KEYS:
            self._by_key(one.content, other.content, node, where)
        elif one.form is Form.SET or (node is not None and node.unordered):
            self._in_any_order(one.content, other.content, node.item if node else None, where)
        else:
            self._by_position(one.content, other.content, node.item if node else None, where)

    def _noisy(self, one: Opened, other: Opened, node: Node, where: Where | None) -> None:
        kept = noisily(one, node)
        self.compared += node.parts is not None and tells(kept)
        if kept != noisily(other, node):
            self._tell(How.SHAPE, where, one.content, other.content)
        elif one.form in (Form.ITEMS, Form.SET, Form.KEYS) or not same(one.content, other.content, 0.0):
            self.noisy.add(node.place)

    def _by_key(self, left: dict[str, Any], right: dict[str, Any], node: Node | None, where: Where | None) -> None:
        later = list[_Pair]()
        for key in left if left.keys() == right.keys() else sorted(left.keys() | right.keys()):
            rule = node.key(key) if node is not None else None
            if rule is not None and rule.ignored:
                continue
            if key not in left or key not in right:
                self._one_sided(key, left, right, rule, where)
            elif rule is not None or not self._alike(left[key], right[key]):
                later.append((left[key], right[key], rule, (where, key)))
        self._next.extend(reversed(later))

    def _one_sided(
        self, key: str, left: dict[str, Any], right: dict[str, Any], rule: Node | None, where: Where | None
    ) -> None:
        if rule is not None and rule.noisy and not rule.shaped:
            self.noisy.add(rule.place)
        else:
            self._tell(How.GONE if key in left else How.NEW, (where, key), left.get(key), right.get(key))

    def _by_position(self, left: list[Any], right: list[Any], rule: Node | None, where: Where | None) -> None:
        begin, end = 0, 0
        if len(left) != len(right):
            self._tell(How.LENGTH, where, left, right)
        if rule is not None and rule.ignored:
            return
        if len(left) != len(right):
            begin, end = self._same_ends(left, right, rule)
            self._surplus(len(right) - end, left[: len(left) - end], How.GONE, where)
            self._surplus(len(left) - end, right[: len(right) - end], How.NEW, where)
        middle = range(begin, min(len(left), len(right)) - end)
        later = [
            (left[index], right[index], rule, (where, index))
            for index in middle
            if rule is not None or not self._alike(left[index], right[index])
        ]
        self._next.extend(reversed(later))

    def _same_ends(self, left: list[Any], right: list[Any], rule: Node | None) -> tuple[int, int]:
        """How many items at the beginning and at the end of two lists of different lengths are the same."""
        before = self._keys.spent
        ours, theirs = ([self._keys.key(item, rule) for item in items] for items in (left, right))
        self._left -= self._keys.spent - before
        self.noisy |= self._keys.noisy
        shorter = min(len(left), len(right))
        begin = next((at for at in range(shorter) if ours[at] != theirs[at]), shorter)
        rest = shorter - begin
        end = next((at for at in range(rest) if ours[-1 - at] != theirs[-1 - at]), rest)
        self.compared += sum(self._keys.sizes[number] for number in ours[:begin] + ours[len(ours) - end :])
        return begin, end

    def _surplus(self, begin: int, items: list[Any], how: How, where: Where | None) -> None:
        """Items beyond the end of the other list."""
        for index in range(begin, len(items)):
            left, right = (items[index], None) if how is How.GONE else (None, items[index])
            self._tell(how, (where, index), left, right)

    def _alike(self, left: Any, right: Any) -> bool:
        """The short way for plain leaves, which most are."""
        kind = type(left)
        if kind is not type(right) or kind is list or kind is dict:
            return False
        if left == right or (kind is float and same(left, right, self._tolerance)):
            self.compared += 1
            return True
        return False

    def _in_any_order(self, left: list[Any], right: list[Any], rule: Node | None, where: Where | None) -> None:
        if rule is not None and rule.ignored:
            if len(left) != len(right):
                self._tell(How.LENGTH, where, left, right)
            return
        before = self._keys.spent
        ours, theirs = self._unmatched(left, right, rule)
        self._left -= self._keys.spent - before
        self.noisy |= self._keys.noisy
        if ours and theirs and self._tolerance and len(ours) + len(theirs) > 2:
            ours, theirs = self._without_near(left, ours, right, theirs, rule)
        pairs = self._partners(left, ours, right, theirs, rule)
        self._next.extend((left[i], right[j], rule, (where, i)) for i, j in sorted(pairs.items(), reverse=True))
        for i in ours:
            if i not in pairs:
                self._tell(How.GONE, (where, i), left[i], None)
        taken = set(pairs.values())
        for j in theirs:
            if j not in taken:
                self._tell(How.NEW, (where, j), None, right[j])

    def _unmatched(self, left: list[Any], right: list[Any], rule: Node | None) -> tuple[list[int], list[int]]:
        """Indices of what has no equal on the other side."""
        waiting = defaultdict[int, list[int]](list)
        for j, item in enumerate(right):
            waiting[self._keys.key(item, rule)].append(j)
        ours = list[int]()
        for i, item in enumerate(left):
            number = self._keys.key(item, rule)
            if waiting[number]:
                waiting[number].pop()
                self.compared += self._keys.sizes[number]
            else:
                ours.append(i)
        return ours, sorted(j for group in waiting.values() for j in group)

    def _without_near(
        self, left: list[Any], ours: list[int], right: list[Any], theirs: list[int], rule: Node | None
    ) -> tuple[list[int], list[int]]:
        """Takes away what is equal up to tolerance but fell into neighbouring buckets."""
        groups = defaultdict[Any, tuple[list[_Numbered], list[_Numbered]]](lambda: ([], []))
        for side, (items, indices) in enumerate(((left, ours), (right, theirs))):
            for index in indices:
                words, numbers = outline(items[index], rule)
                self._left -= len(words)
                if self._left < 0:
                    return ours, theirs
                if numbers:
                    groups[words][side].append((numbers, index))
        pairs = [pair for first, second in groups.values() for pair in _near(first, second, self._tolerance)]
        gone, found = {i for i, _ in pairs}, {j for _, j in pairs}
        self.compared += sum(self._keys.sizes[self._keys.key(left[i], rule)] for i in gone)
        return [i for i in ours if i not in gone], [j for j in theirs if j not in found]

    def _partners(
        self, left: list[Any], ours: list[int], right: list[Any], theirs: list[int], rule: Node | None
    ) -> dict[int, int]:
        """Which unequal items are meant to be the same one: they share parts that few others have."""
        if len(ours) == 1 == len(theirs):
            return {ours[0]: theirs[0]}
        having = defaultdict[tuple[Step, int], list[int]](list)
        for j in theirs:
            for part in self._keys.parts(right[j], rule):
                having[part].append(j)
        pairs, taken = dict[int, int](), set[int]()
        for i in ours:
            votes = Counter[int]()
            for part in self._keys.parts(left[i], rule):
                if len(having.get(part, ())) <= _COMMON:
                    votes.update(j for j in having.get(part, ()) if j not in taken)
            if votes:
                pairs[i] = max(votes, key=lambda j: (votes[j], j == i, -j))
                taken.add(pairs[i])
        return pairs

    def _tell(self, how: How, where: Where | None, left: Any, right: Any) -> None:
        if len(self.found) < self._keep:
            self.found.append(Found(how, where, left, right))
        else:
            self.more += 1


_Numbered = tuple[tuple[float, ...], int]


def _near(left: Sequence[_Numbered], right: Sequence[_Numbered], tolerance: float) -> Iterator[tuple[int, int]]:
    """Pairs of indices whose numbers are all equal up to tolerance. Both sides are gone through
    in the order of their numbers; of those whose first number fits the next eight are tried."""
    waiting = iter(sorted(right))
    window = list[_Numbered]()
    for numbers, index in sorted(left):
        window = [item for item in window if not _passed(item, numbers, tolerance)]
        while len(window) < _NEIGHBOURS and (item := next(waiting, None)) is not None:
            if not _passed(item, numbers, tolerance):
                window.append(item)
        for item in window:
            if all(same(one, other, tolerance) for one, other in zip(numbers, item[0], strict=True)):
                window.remove(item)
                yield index, item[1]
                break


def _passed(item: _Numbered, numbers: tuple[float, ...], tolerance: float) -> bool:
    return item[0][0] < numbers[0] and not same(item[0][0], numbers[0], tolerance)


def sentence(root: str, found: Found) -> str:
    """`$.items[3].qty: 4 → 5`: one line, values cut to where they differ."""
    place = shown(root, found.where)
    match found.how:
        case How.VALUE:
            return _line(place, *_both(found.left, found.right))
        case How.SHAPE:
            return _line(place, *_both(found.left, found.right)) + ", which is of another shape than before"
        case How.TYPE:
            return _line(place, _with_type(found.left), _with_type(found.right))
        case How.LENGTH:
            return _line(place, f"{len(found.left):,} items", f"{len(found.right):,}")
        case How.GONE:
            return plain(f"{place}: {_worded(found.left)} is gone", _LINE)
        case How.NEW:
            return plain(f"{place}: {_worded(found.right)} is new", _LINE)
        case How.TOO_LARGE:
            return f"{place}: the rest is too large to be compared"


def _line(place: str, left: str, right: str) -> str:
    return plain(f"{place}: {left} → {right}", _LINE)


def _both(left: Any, right: Any) -> tuple[str, str]:
    one, other = _full(left), _full(right)
    differ = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    differ = differ or min(len(one), len(other)) * (one.startswith(other) or other.startswith(one))
    start = max(0, differ - _BEFORE) if max(len(one), len(other)) > _SHOWN else 0
    quotes = '"' * isinstance(left, str) if isinstance(right, str) else ""
    return _cut(one, start, quotes), _cut(other, start, quotes)


def _cut(text: str, start: int, quotes: str) -> str:
    part = text[start : start + _SHOWN]
    spelled = json.dumps(part, ensure_ascii=False)[1:-1] if quotes else part
    return f"{quotes}{'…' * (start > 0)}{spelled}{'…' * (start + _SHOWN < len(text))}{quotes}"


def _full(value: Any) -> str:
    """A leaf in words, whole."""
    content = opened(value).content
    if isinstance(content, bool) or content is None:
        return str(content)
    if isinstance(content, int) and content.bit_length() > 300:
        return hex(content)
    if isinstance(value, dict):
        return str(value.get("value", content))
    return content if isinstance(content, str) else repr(content)


def _worded(value: Any) -> str:
    it = opened(value)
    match it.form:
        case Form.ITEMS | Form.SET:
            return f"a {it.kind} of {len(it.content):,}"
        case Form.KEYS:
            return f"a dict of {len(it.content):,}" if it.kind == "dict" else it.kind
        case Form.NOTHING:
            return it.kind
        case Form.LEAF:
            return _cut(_full(value), 0, '"' * isinstance(value, str))


def _with_type(value: Any) -> str:
    it = opened(value)
    return f"{it.kind} {_worded(value)}" if it.form is Form.LEAF and it.kind != "None" else _worded(value)
