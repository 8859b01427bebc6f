"""One way to parse a file of a user's: whatever is in it, no error and no warning comes of it."""

import ast
import warnings

from gitops_healer.code.facts import MAX_BYTES


def parsed(source: bytes) -> ast.Module | None:
    """None when it does not parse, or is larger than what is read of any file."""
    if len(source) > MAX_BYTES:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
