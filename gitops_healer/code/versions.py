"""Whether one function is the same in two versions of its file."""

from gitops_healer.code.extract import extract
from gitops_healer.code.facts import MAX_BYTES
from gitops_healer.code.shape import shape_of


def span_of(source: bytes, qualname: str) -> tuple[int, int] | None:
    """First and last line of a function, as `CodeModel.locate` counts them, or None when the file has none so named."""
    if len(source) > MAX_BYTES:
        return None
    found = [item for item in extract(source).definitions if item.qualname == qualname and not item.is_class]
    if not found:
        return None
    last = next((item for item in reversed(found) if not item.accessory), found[-1])
    return last.start, last.end


def moved_by(before: bytes, after: bytes, qualname: str) -> int | None:
    """By how many lines a function moved down from one version to the other; None when it is not the same in both.

    The same means: the same shape, whatever its place, layout, comments and docstrings.
    """
    if before == after:
        return 0
    old, new = span_of(before, qualname), span_of(after, qualname)
    if old is None or new is None or shape_of(before, *old) != shape_of(after, *new):
        return None
    return new[0] - old[0]
