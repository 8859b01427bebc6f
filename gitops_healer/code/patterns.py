"""Path patterns of the policies: `*` within a directory, `**` across directories."""

import re
from collections.abc import Callable, Sequence


def matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path fits any pattern.

    `*` and `?` stop at `/`, `**` does not, `**/` also stands for nothing; a pattern without `/` fits names at any
    depth; a pattern that names a directory fits all that is below it.
    """
    if not patterns:
        return lambda path: False
    compiled = re.compile("|".join(f"(?:{_expression(pattern)})" for pattern in patterns), re.DOTALL)
    return lambda path: compiled.fullmatch(path) is not None


def _expression(pattern: str) -> str:
    body = pattern.strip("/")
    anywhere = "" if "/" in body or pattern.startswith("/") else "(?:.*/)?"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", body)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return anywhere + "".join(known.get(part) or re.escape(part) for part in parts) + "(?:/.*)?"
