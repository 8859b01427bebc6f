"""Which definitions and names a commit changed, whatever moved or was written in another layout."""

import ast
from collections.abc import Iterable
from typing import Final

from gitops_healer.code.parsing import parsed
from gitops_healer.core.codec import digest
from gitops_healer.investigation.reach import FUNCTIONS, Symbol, named_nodes
from gitops_healer.ports import CommitInfo, Repository

LARGEST: Final = 200
"""Files of one commit that are looked into."""


def changed_symbols(repository: Repository, commit: CommitInfo) -> frozenset[Symbol]:
    """Against the first parent. Of a Python file the names that are not the same before and after; of a file that does
    not parse, and of others, the file as a whole."""
    base = commit.parents[0] if commit.parents else ""
    found: set[Symbol] = set()
    for change in repository.file_changes(base, commit.id)[:LARGEST]:
        if not change.path.endswith(".py"):
            found.add(Symbol(change.path, ""))
            continue
        sources = (repository.read_blob(blob) if blob else b"" for blob in (change.old, change.new))
        before, after = (shapes(source) for source in sources)
        if before is None or after is None:
            found.add(Symbol(change.path, ""))
        else:
            names = before.keys() | after.keys()
            found |= {Symbol(change.path, name) for name in names if before.get(name) != after.get(name)}
    return frozenset(found)


def shapes(source: bytes) -> dict[str, str] | None:
    """{qualified name: digest of its code without docstrings}; None when it does not parse. A class stands for what is
    in it besides functions."""
    tree = parsed(source)
    if tree is None:
        return None
    found: dict[str, list[str]] = {}
    for name, node in named_nodes(tree):
        found.setdefault(name, []).append(_spelled(node))
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found.setdefault(bound, []).append(ast.dump(statement))
    return {name: digest(*spelled) for name, spelled in found.items()}


def _spelled(node: ast.AST) -> str:
    if isinstance(node, ast.ClassDef):
        own = [ast.dump(part) for part in _plain(node.body) if not isinstance(part, FUNCTIONS | ast.ClassDef)]
        return "\n".join([*map(ast.dump, node.bases), *map(ast.dump, node.decorator_list), *own])
    if isinstance(node, FUNCTIONS):
        parts = [*node.decorator_list, node.args, *_plain(node.body)]
        return "\n".join(map(ast.dump, parts))
    return ast.dump(node)


def _plain(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    return [part for part in body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
