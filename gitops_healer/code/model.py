"""The code at one commit: which modules there are, what stands in them, where a symbol is.

Work follows what changed: facts are kept by blob id, so that a file that stays the same is never parsed again.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Location:
    """Where a symbol stands. symbol: its qualified name inside the module; start, end: lines, from 1."""

    path: str
    symbol: str
    start: int
    end: int


class CodeModel:
    """The modules of one commit. (Signatures first; the body follows.)"""

    def locate(self, tool: str) -> Location | None:
        """The place of `pkg.mod:qualname`, or None when the code has no such function."""
        raise NotImplementedError

    def path_of(self, module: str) -> str | None:
        """The file of a dotted module name, wherever its package root lies (src layout, nested roots)."""
        raise NotImplementedError

    def module_name(self, path: str) -> str | None:
        """The dotted name under which a file is imported."""
        raise NotImplementedError

    def source(self, path: str) -> bytes | None:
        """The bytes of a file of this commit."""
        raise NotImplementedError
