"""The texts and trees of a commit, and who is who in them: what a name in one module means."""

import ast
import builtins
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_healer.code.facts import MAX_BYTES, Import
from gitops_healer.code.model import CodeModel

_READ_AS_TEXT = (".py", ".pyi", ".toml", ".cfg", ".ini", ".yml", ".yaml", ".json")
_HOPS = 8
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Meaning:
    """What a name stands for. path and node: a definition of this tree; outside: a dotted name of another
    distribution or the standard library; neither: nobody can tell."""

    path: str = ""
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | None = None
    outside: str = ""

    @property
    def is_standard(self) -> bool:
        """Whether it is a builtin or of the standard library."""
        return bool(self.outside) and self.outside.partition(".")[0] in sys.stdlib_module_names | {"builtins"}


class Sources:
    """Reads each file once."""

    def __init__(self, model: CodeModel) -> None:
        self.model = model
        self._bound: dict[str, tuple[tuple[str, str], ...]] = {}
        self._trees: dict[str, ast.Module | None] = {}
        self._words: dict[str, dict[str, None]] = {}

    def text(self, path: str) -> str:
        """The text of a file by its declared encoding, line ends as they are; "" when it is missing or too big."""
        return self.model.text(path)

    def tree(self, path: str) -> ast.Module | None:
        """The syntax tree of a Python file, None when it does not parse."""
        if path not in self._trees:
            self._trees[path] = _parse(self.model.source(path) or b"")
        return self._trees[path]

    def mentioning(self, *words: str) -> Iterator[tuple[str, str]]:
        """(path, text) of Python and configuration files that hold all these words."""
        known = [self._holding(word) for word in words]
        for path in min(known, key=len):
            if all(path in others for others in known):
                yield path, self.text(path)

    def _holding(self, word: str) -> dict[str, None]:
        if word not in self._words:
            readable = (path for path in self.model.paths() if path.endswith(_READ_AS_TEXT))
            self._words[word] = {path: None for path in readable if word in self.text(path)}
        return self._words[word]

    def expressions(self, path: str, module: str) -> tuple[str, ...]:
        """How a file spells another module of the tree (`pkg.mod`, an alias, `package.mod`), as regular expressions."""
        dotted = self.model.module_name(module)
        if dotted is None:
            return ()
        if path not in self._bound:
            imports = self.model.facts(path).imports
            self._bound[path] = tuple({pair for item in imports for pair in self._modules(path, item)})
        spelled = {
            bound + dotted[len(meant) :]
            for bound, meant in self._bound[path]
            if meant == dotted or dotted.startswith(f"{meant}.")
        }
        return tuple(r"\s*\.\s*".join(map(re.escape, text.split("."))) for text in sorted(spelled))

    def meaning(self, path: str, chain: tuple[str, ...], hops: int = _HOPS) -> Meaning:
        """What a dotted name means at the module level of a file; imports are followed."""
        tree = self.tree(path)
        if tree is None or not chain or not hops:
            return Meaning()
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == chain[0]:
                return Meaning(path, node) if len(chain) == 1 else Meaning()
        for item in self.model.facts(path).imports:
            if item.bound == chain[0]:
                return self._through_module(path, item.module, item.bound, chain, hops)
            for name, bound in item.names:
                if bound == chain[0]:
                    for target in self.model.targets(path, item):
                        if target.bound == bound and not target.package and target.path != path:
                            whole = self.model.module_name(target.path) or ""
                            rest = chain[1:] if whole.endswith(f".{name}") and len(chain) > 1 else (name, *chain[1:])
                            return self.meaning(target.path, rest, hops - 1)
                    return Meaning() if item.level else Meaning(outside=".".join([item.module, name, *chain[1:]]))
        if chain[0] in _BUILTINS:
            return Meaning(outside=".".join(["builtins", *chain]))
        return Meaning()

    def _through_module(self, path: str, module: str, bound: str, chain: tuple[str, ...], hops: int) -> Meaning:
        """`import a.b as m; m.x` and `import a.b; a.b.x`."""
        spelled = (module if bound != module.partition(".")[0] else bound, *chain[1:])
        dotted = ".".join(spelled).split(".")
        for cut in range(len(dotted) - 1, 0, -1):
            file = self.model.layout.resolve(path, ".".join(dotted[:cut]))
            if file is not None:
                return self.meaning(file, tuple(dotted[cut:]), hops - 1)
        return Meaning(outside=".".join(dotted))

    def _modules(self, path: str, item: Import) -> Iterator[tuple[str, str]]:
        """(bound name, dotted name of the module that it is) for each module that an import statement binds."""
        if not item.names:
            top = item.module.partition(".")[0]
            meant = top if item.bound == top else item.module
            file = self.model.layout.resolve(path, meant)
            name = self.model.module_name(file) if file else meant
            yield item.bound, name or meant
            return
        for target in self.model.targets(path, item):
            name = self.model.module_name(target.path) or ""
            original = next((name for name, bound in item.names if bound == target.bound), "")
            if not target.package and original and name.rpartition(".")[2] == original:
                yield target.bound, name


def _parse(source: bytes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source) if len(source) <= MAX_BYTES else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
