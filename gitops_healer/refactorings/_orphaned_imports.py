"""Imports that only a removed piece of code needed."""

import ast
import warnings
from collections.abc import Iterator
from itertools import accumulate


def orphaned_imports(before: bytes, after: bytes) -> list[tuple[int, int, str]]:
    """(start, end, text instead) in bytes of `before` for imports at its top whose names `after` uses no more.

    after: `before` with a definition cut out. Names that `before` did not use either stay, since others may import
    them from here; so do statements that share their lines with others, and what is no plain spelling.
    """
    lost = _used(_tree(before)) - _used(_tree(after))
    starts = [0, *accumulate(len(line) for line in before.splitlines(keepends=True))]
    found = []
    for node, alone in _imports(_tree(before), before):
        gone = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in lost]
        if gone and alone:
            kept = [alias for alias in node.names if alias not in gone]
            node.names = kept
            end = starts[node.end_lineno or node.lineno]
            found.append((starts[node.lineno - 1], end, f"{ast.unparse(node)}\n" if kept else ""))
    return found


def _tree(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _used(tree: ast.Module) -> set[str]:
    """Names that are read, and words of strings (`__all__`, annotations in quotes)."""
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            used.update(node.value.replace("[", " ").replace("]", " ").replace(".", " ").split())
    return used


def _imports(tree: ast.Module, source: bytes) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Import statements at the top, and whether their lines hold nothing else."""
    lines = source.splitlines()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", "") != "__future__":
            last = lines[(node.end_lineno or node.lineno) - 1][node.end_col_offset or 0 :].strip()
            shared = any(other is not node and other.lineno == node.end_lineno for other in tree.body)
            yield node, not last and not shared and node.col_offset == 0
