"""The imports that say how a project is built: those between its modules, without tests."""

from collections.abc import Iterator

from gitops_healer.code.graph import Edge, EdgeKind
from gitops_healer.code.model import CodeModel
from gitops_healer.code.roles import is_test_path


def module_names(code: CodeModel) -> dict[str, str]:
    """Dotted names by path, of all modules that are no tests."""
    names = {path: code.module_name(path) for path in code.included if not is_test_path(path)}
    return {path: name for path, name in names.items() if name}


def imports_among(code: CodeModel, names: dict[str, str]) -> Iterator[Edge]:
    """The edges between these modules that run at load time or later, not those for type checkers alone."""
    load, lazy = EdgeKind.LOAD, EdgeKind.LAZY
    for edge in code.edges():
        kind = edge.kind
        if (kind is load or kind is lazy) and edge.source in names and edge.target in names:
            yield edge
