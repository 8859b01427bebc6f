"""For each import inside a cycle: whether and how it can wait until it is needed."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from gitops_healer.code.facts import Import, ImportKind
from gitops_healer.code.graph import Cycle
from gitops_healer.refactorings._annotation_hazards import AnnotationHazards
from gitops_healer.refactorings._import_edits import Moved, Rewriter, Statement, UneditableError
from gitops_healer.refactorings._import_uses import Function, Use, Uses, When, read_uses
from gitops_healer.refactorings._load_calls import LoadCalls
from gitops_healer.refactorings._name_hazards import NameHazards
from gitops_healer.refactorings._sources import Sources

Pair = tuple[str, str]
_COMPILED = frozenset("jit njit vectorize guvectorize cfunc script script_method compile kernel stencil remote".split())
_WATCHING = ("globals", "eval", "exec")
_LISTING = ("locals", "vars", "dir")


@dataclass(frozen=True)
class Cut:
    """How one module stops importing another at load. moves: nodes of `ModuleCode.tree`; quotes: annotations that
    must become strings when annotations cannot be deferred as a whole; evaluated: some annotation runs now."""

    pair: Pair
    moves: tuple[Moved, ...]
    quotes: tuple[ast.expr, ...]

    @property
    def cost(self) -> float:
        """Less is better: names for type checkers only are free of any effect, each function is one more place."""
        functions = {function for move in self.moves for function in move.functions}
        typing = any(move.typing for move in self.moves)
        return (2 + 0.3 * len(functions) if functions else 0) + typing + 0.2 * len(self.quotes)


class CannotWaitError(Exception):
    """Why an import has to stay where it is, as a sentence."""


class ModuleCode:
    """One module of a cycle, read for editing. Raises UneditableError, SyntaxError or UnicodeError."""

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.rewriter = Rewriter(source)
        self.tree = self.rewriter.tree
        self.text = self.rewriter.text
        self.uses: Uses = read_uses(self.tree, self.text)
        self.calls = LoadCalls(self.tree)

    def statement(self, item: Import) -> Statement | None:
        """The statement of an import when it stands at the top of the module, None when it is inside of a block."""
        for node in self.tree.body:
            if node.lineno == item.line and isinstance(node, ast.Import | ast.ImportFrom) and item in _imports_of(node):
                return node
        return None

    @cached_property
    def doctests(self) -> str:
        """All docstring text that doctest would run in the module's namespace."""
        texts = (
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ">>>" in node.value
        )
        return "\n".join(texts)


def _imports_of(node: Statement) -> list[Import]:
    """The statement as the code model spells it."""
    if isinstance(node, ast.ImportFrom):
        names = tuple((alias.name, alias.asname or alias.name) for alias in node.names)
        return [Import(node.lineno, ImportKind.MODULE, node.level, node.module or "", names)]
    return [
        Import(node.lineno, ImportKind.MODULE, 0, alias.name, (), alias.asname or alias.name.partition(".")[0])
        for alias in node.names
    ]


class Surgeon:
    """Finds the cuts of one cycle. refused: for each pair that cannot be cut, where and why."""

    def __init__(self, sources: Sources, cycle: Cycle) -> None:
        self._sources = sources
        self._model = sources.model
        self._cycle = cycle
        self._hazards = NameHazards(sources)
        self._annotations = AnnotationHazards(sources)
        self.modules: dict[str, ModuleCode] = {}
        self.refused: dict[Pair, str] = {}
        self.cuts: dict[Pair, Cut] = {}
        self._open()
        for pair in sorted({(edge.source, edge.target) for edge in cycle.edges}):
            self._try(pair)

    def _open(self) -> None:
        for path in self._cycle.paths:
            try:
                self.modules[path] = ModuleCode(path, self._model.source(path) or b"")
            except (UneditableError, SyntaxError, ValueError, RecursionError) as error:
                for edge in self._cycle.edges:
                    if edge.source == path:
                        self.refused[(path, edge.target)] = f"{path} cannot be edited: {error}"

    def _try(self, pair: Pair) -> None:
        if pair in self.refused:
            return
        try:
            self.cuts[pair] = self._cut(pair)
        except CannotWaitError as reason:
            self.refused[pair] = str(reason)

    def _cut(self, pair: Pair) -> Cut:
        path, target = pair
        code = self.modules[path]
        moves: list[Moved] = []
        quotes: list[ast.expr] = []
        for statement, alias in self._aliases(code, target):
            uses = self._uses(code, statement, alias)
            moves.append(self._move(code, target, statement, alias, uses))
            quotes += [use.annotation for use in uses if use.when is When.TYPE and use.annotation is not None]
        return Cut(pair, tuple(moves), tuple(dict.fromkeys(quotes)))

    def _aliases(self, code: ModuleCode, target: str) -> Iterator[tuple[Statement, ast.alias]]:
        """The imported names that lead to the other module."""
        for item in self._model.facts(code.path).imports:
            if not item.kind.at_load:
                continue
            bound = {found.bound for found in self._model.targets(code.path, item) if _leads(found, target)}
            if not bound:
                continue
            statement = code.statement(item)
            if statement is None or item.kind is not ImportKind.MODULE:
                raise CannotWaitError(f"line {item.line}: the import stands inside of a block, which decides about it")
            for alias in statement.names:
                if alias.name == "*":
                    raise CannotWaitError(f"line {item.line}: it imports *")
                name = alias.asname or (alias.name if item.names else alias.name.partition(".")[0])
                if name in bound and (item.names or alias.name == item.module):
                    yield statement, alias

    def _uses(self, code: ModuleCode, statement: Statement, alias: ast.alias) -> list[Use]:
        """Where the bound name is used; of `import a.b` only what begins with `a.b` when others bind `a` too."""
        name = _bound(statement, alias)
        reads = code.uses.reads.get(name, [])
        others = [line for line in code.uses.rebound.get(name, []) if line != statement.lineno]
        if isinstance(statement, ast.ImportFrom) or alias.asname or "." not in alias.name:
            if others:
                raise CannotWaitError(f"line {others[0]}: {name} is bound there as well")
            return reads
        parts = tuple(alias.name.split("."))
        plain = {line for line in others if self._binds_package(code, line, name)}
        for line in others:
            if line not in plain:
                raise CannotWaitError(f"line {line}: {name} is bound there as well")
        for use in reads:
            if use.chain[: len(parts)] != parts and (not self._stays(code, statement, alias) or len(use.chain) < 2):
                raise CannotWaitError(f"line {use.line}: {name} is used as more than {alias.name}")
        return [use for use in reads if use.chain[: len(parts)] == parts]

    def _stays(self, code: ModuleCode, statement: Statement, alias: ast.alias) -> bool:
        """Whether the name is bound by another `import name.other` at the top of the module as well."""
        if isinstance(statement, ast.ImportFrom) or alias.asname:
            return False
        name = _bound(statement, alias)
        tops = {node.lineno for node in code.tree.body if isinstance(node, ast.Import)}
        others = {line for line in code.uses.rebound.get(name, ()) if line != statement.lineno}
        return any(self._binds_package(code, line, name) for line in others & tops)

    def _binds_package(self, code: ModuleCode, line: int, name: str) -> bool:
        """Whether a line binds a name to a package of that name, as `import name.anything` does."""
        return any(
            item.line == line and item.bound == name and item.module.partition(".")[0] == name
            for item in self._model.facts(code.path).imports
        )

    def _move(self, code: ModuleCode, target: str, statement: Statement, alias: ast.alias, uses: list[Use]) -> Moved:
        name = _bound(statement, alias)
        where = f"line {statement.lineno}"
        if not uses:
            raise CannotWaitError(f"{where}: {name} is not used here, so it is imported for its effect or for others")
        self._refuse_load(uses, name)
        stays = self._stays(code, statement, alias)
        if not stays:
            self._refuse_public(code, name, where)
        self._refuse_dynamic(code, name, uses)
        functions = self._functions(code, name, uses)
        typed = [use for use in uses if use.when in (When.TYPE, When.TEXT)]
        if typed:
            self._refuse_evaluated(code, name, typed)
        reason = "" if stays else self._hazards.reliance(code.path, name)
        if not reason and functions and isinstance(statement, ast.ImportFrom):
            reason = self._late(target, alias.name)
        if reason:
            raise CannotWaitError(f"{where}: {reason}")
        return Moved(statement, alias, functions, bool(typed))

    def _refuse_load(self, uses: list[Use], name: str) -> None:
        for use in uses:
            if use.when is When.LOAD:
                raise CannotWaitError(f"line {use.line}: {name} is used while the module is imported")

    def _refuse_public(self, code: ModuleCode, name: str, where: str) -> None:
        exports = self._model.facts(code.path).exports
        if exports is not None and name in exports:
            raise CannotWaitError(f"{where}: {name} is in __all__")
        if name.startswith("_"):
            return
        if code.path.endswith("__init__.py"):
            raise CannotWaitError(f"{where}: {name} is part of what the package offers")
        if exports is None and "__all__" in code.uses.rebound:
            raise CannotWaitError(f"{where}: {name} may be in __all__, which is computed")

    def _refuse_dynamic(self, code: ModuleCode, name: str, uses: list[Use]) -> None:
        if name in code.uses.declared_global:
            raise CannotWaitError(f"{name} is declared global in a function")
        for watching in _WATCHING:
            found = code.uses.reads.get(watching)
            if found:
                raise CannotWaitError(f"line {found[0].line}: {watching}() may look for {name}")
        callers = {use.function for use in uses}
        for listing in _LISTING:
            for use in code.uses.reads.get(listing, ()):
                if use.function is None or use.function in callers:
                    raise CannotWaitError(f"line {use.line}: {listing}() may look for {name}")
        if re.search(r"sys\.modules\[\s*__name__\s*\]|import_module\(\s*__name__\s*\)", code.text):
            raise CannotWaitError(f"the module looks itself up, which may be for {name}")
        if re.search(rf"\b{re.escape(name)}\b", code.doctests):
            raise CannotWaitError(f"a doctest uses {name}")

    def _functions(self, code: ModuleCode, name: str, uses: list[Use]) -> tuple[Function, ...]:
        """The functions that import the name from now on: the innermost that use it, unless one around them does."""
        direct = {use.function for use in uses if use.when is When.CALL and use.function is not None}
        running = self._running[code.path]
        for function in sorted(direct, key=lambda node: node.lineno):
            if function in running:
                raise CannotWaitError(f"line {function.lineno}: {function.name} uses {name} and may run during import")
            if function.name in ("__del__", "__getattr__"):
                raise CannotWaitError(f"line {function.lineno}: {function.name} is no place for an import")
            for decorator in function.decorator_list:
                if any(_COMPILED & {part} for part in re.findall(r"\w+", ast.unparse(decorator))):
                    raise CannotWaitError(f"line {function.lineno}: {function.name} is compiled by its decorator")
        kept = [function for function in direct if not self._is_inside(code, function, direct)]
        return tuple(sorted(kept, key=lambda node: node.lineno))

    def _is_inside(self, code: ModuleCode, function: Function, others: set[Function]) -> bool:
        outer = code.uses.parents.get(function)
        while outer is not None:
            if outer in others:
                return True
            outer = code.uses.parents.get(outer)
        return False

    def _refuse_evaluated(self, code: ModuleCode, name: str, uses: list[Use]) -> None:
        if self._hazards.evaluator:
            raise CannotWaitError(
                f"line {uses[0].line}: {name} annotates, and annotations are read at {self._hazards.evaluator}"
            )
        reader = self._hazards.runtime_typed(code.path)
        if reader:
            raise CannotWaitError(f"line {uses[0].line}: {name} annotates, and annotations may be read by {reader}")
        for use in uses:
            reason = self._annotations.of(code.path, use)
            if reason:
                raise CannotWaitError(f"line {use.line}: {name} annotates, and {reason}")

    def _late(self, target: str, original: str) -> str:
        """Why taking a name from a module later could give another object than taking it at import."""
        code = self.modules.get(target)
        if code is not None and original in code.uses.declared_global:
            return f"{original} is set by functions of {target}"
        return self._hazards.replacement(target, original)

    def defers_all(self, path: str) -> bool:
        """Whether `from __future__ import annotations` may be added to a module."""
        return not self._annotations.anywhere(path, self.modules[path].tree)

    @cached_property
    def _running(self) -> dict[str, set[Function]]:
        """{path: its functions that may run while modules of the cycle are imported}, called across modules as well."""
        called: dict[str, set[str]] = {path: set() for path in self.modules}
        while True:
            running: dict[str, set[Function]] = {}
            further: dict[str, set[str]] = {path: set(names) for path, names in called.items()}
            for path, code in self.modules.items():
                running[path], chains = code.calls.running(called[path])
                for target, name in self._calls_out(path, chains):
                    further.get(target, set()).add(name)
            if further == called:
                return running
            called = further

    def _calls_out(self, path: str, chains: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        """(file, name) of the functions and classes of other modules that these chains may mean."""
        by_name: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for chain in chains:
            by_name[chain[0]].append(chain)
        for item in self._model.facts(path).imports:
            originals = {bound: name for name, bound in item.names} or {item.bound: item.bound}
            if not by_name.keys() & originals.keys():
                continue
            for target in self._model.targets(path, item):
                for chain in () if target.package else by_name.get(target.bound, ()):
                    yield target.path, originals.get(target.bound, "") if len(chain) == 1 else chain[-1]


def _leads(found: object, target: str) -> bool:
    return getattr(found, "path", None) == target and not getattr(found, "package", True)


def _bound(statement: Statement, alias: ast.alias) -> str:
    if isinstance(statement, ast.ImportFrom):
        return alias.asname or alias.name
    return alias.asname or alias.name.partition(".")[0]
