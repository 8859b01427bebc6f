"""Two sides that changed one text, line by line, as git merges them."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

_Edit = tuple[int, int, tuple[str, ...]]
_MOST_LINES = 5_000


def merged_text(ancestor: str, ours: str, theirs: str) -> str | None:
    """Both changes in one text; None when they meet: no line that stayed the same stands between them."""
    before, left, right = (text.splitlines(keepends=True) for text in (ancestor, ours, theirs))
    if max(map(len, (before, left, right))) > _MOST_LINES:
        return None
    edits = sorted({*_edits(before, left), *_edits(before, right)})
    if any(two[0] <= one[1] for one, two in pairwise(edits)):
        return None
    for start, end, new in reversed(edits):
        before[start:end] = new
    return "".join(before)


def _edits(before: Sequence[str], after: Sequence[str]) -> list[_Edit]:
    """(first, behind last, new lines) of what differs."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(i, j, tuple(after[k:m])) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
